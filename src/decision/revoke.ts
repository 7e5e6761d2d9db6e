/** RevokeExecution: a record, the execution's new state and a higher control epoch, in one transaction; then what descends from it. */
import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Consumables } from "../ledger/consumables.ts"
import { type ExecutionState, isTransition } from "../ledger/kinds.ts"
import { type FoundExecution, type LineageStore, receiptOf, type StoredRecord, versionOf } from "../ledger/lineage.ts"
import type { Actor } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import { runtimeKey } from "../runtime/runtime.ts"
import type { Call } from "./authorize.ts"
import type { Directive } from "./directives.ts"
import { assertExecutionId, readContent } from "./executions.ts"
import { MAX_TIMEOUT_MS } from "./limits.ts"
import { areKnown, loadRows, PastView, rowsOfSteps, stepsAfter } from "./past.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"
import type { InTurn } from "./turns.ts"

const MAX_ATTEMPTS = 16
const MAX_REASON_BYTES = 1_024

type Receipt = FoundExecution["last"]

export interface Revoked {
  readonly receipt: Receipt
  readonly alreadyRevoked: boolean
}

/** Why one execution is revoked, and by whom. */
export interface Revocation {
  readonly actor: Actor
  /** Codes and ids for the leaf. */
  readonly data: JsonObject
  /** What somebody wrote about it, for the payload; null: nobody did. */
  readonly reason: string | null
  /** Monotonic milliseconds after which nothing is begun. */
  readonly deadlineMs: number
}

/** "revoked" says whether it was so before; "ended": there was nothing to revoke, or nothing was allowed (null). */
export type Revocable =
  | { readonly kind: "revoked"; readonly receipt: Receipt; readonly before: boolean }
  | { readonly kind: "ended"; readonly state: ExecutionState | null }
export type RevokeOne = (executionId: string, revocation: Revocation) => Promise<Revocable>

export interface RevokeDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly lineage: Pick<LineageStore, "findExecution">
  /** Budgets, which get back what was held back for an execution that never starts. */
  readonly consumables: Consumables
  control(): ControlState
  /** Of all changes that raise the control epoch. */
  readonly inTurn: InTurn
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

/** Revokes one execution. Throws NOT_FOUND, DEADLINE_EXCEEDED. */
export function createRevokeOne(deps: RevokeDependencies): RevokeOne {
  return (executionId, revocation) => deps.inTurn(() => revoke(executionId, revocation))

  async function revoke(executionId: string, { actor, data, reason, deadlineMs }: Revocation): Promise<Revocable> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { epoch } = deps.control()
      const found = await deps.lineage.findExecution(executionId)
      const held = found?.state === "AUTHORIZED" ? stepsAfter("release", found.decision) : []
      while (!areKnown(deps.consumables, rowsOfSteps(held))) await loadRows(deps.consumables, rowsOfSteps(held))
      const now = deps.clock.now() // after the last wait before the append: a log's records stand in the order of their times
      if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      if (!found) throw new WritError("NOT_FOUND", "There is no execution with this id.")
      if (found.state === "REVOKED") return { kind: "revoked", receipt: receiptOf(found, "revoked"), before: true }
      if (!isTransition("revoked", found.state, "REVOKED")) return { kind: "ended", state: found.state }
      // Null: it is free again already, since the token has ended.
      const released = new PastView(deps.consumables, now.wallMs).consume(held)
      const content = { ...(reason !== null && { reason }), ...(released?.record as JsonObject | undefined) }
      const directive = directiveTo(runtimeOf(found.decision), executionId, epoch + 1n, now.wallMs)
      const record = seal(
        {
          kind: "revoked",
          actor: { id: actor.id, proof: actor.proof },
          execution_id: executionId,
          state: "REVOKED",
          previous: toHex(found.last.leafHash),
          epoch: String(epoch + 1n),
          data: {
            ...data,
            ...(directive && { directive_sha256: toHex(sha256(directive.content)), runtime: directive.runtime }),
          },
        },
        Object.keys(content).length === 0 ? null : encodeCanonicalJson(content),
        now.wallMs,
      )
      const revoked = { kind: "execution", executionId, previous: versionOf(found), to: "REVOKED" } as const
      const effects: Effect[] = directive ? [revoked, directive] : [revoked]
      const uses = released?.uses ?? []
      const change = { effects, raisesEpoch: true }
      const result = await deps.ledger.append({ record, epoch, deadlineMs, change, ...(uses.length > 0 && { uses }) })
      if (result.kind === "written")
        return {
          kind: "revoked",
          receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash },
          before: false,
        }
      if (result.kind === "moved") attempt-- // others drew on the budget first: the deadline is the limit
      // stale or conflict: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }
}

/**
 * Throws NOT_FOUND, INVALID_TRANSITION. When it resolves, the execution and all that descends from it are revoked, and every
 * replica refuses what starts from then on. When it throws DEADLINE_EXCEEDED the execution may be revoked: what descends from
 * it is revoked all the same, by whoever finds it next, and the same call again waits for that.
 */
export function createRevoke(
  deps: Pick<RevokeDependencies, "clock"> & {
    readonly revokeOne: RevokeOne
    /** Revokes what descends from an execution that was revoked by this record. */
    readonly cascade: (executionId: string, record: Receipt, deadlineMs: number) => Promise<void>
  },
): (executionId: string, reason: string, call: Call) => Promise<Revoked> {
  return async (executionId, reason, { caller, timeoutMs }) => {
    assertExecutionId(executionId)
    if (Buffer.byteLength(reason) > MAX_REASON_BYTES)
      throw new WritError("REQUEST_TOO_LARGE", `reason is larger than ${MAX_REASON_BYTES} bytes.`)
    if (!reason.isWellFormed()) throw new WritError("INVALID_REQUEST", "reason is not valid text.")
    const deadlineMs = deps.clock.now().monotonicMs + Math.min(timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS)
    const actor = { id: caller.id, proof: caller.proof }
    const outcome = await deps.revokeOne(executionId, { actor, data: {}, reason, deadlineMs })
    if (outcome.kind === "ended")
      throw new WritError(
        "INVALID_TRANSITION",
        outcome.state === null
          ? "The decision allowed nothing, so there is nothing to revoke."
          : outcome.state === "APPROVAL_PENDING"
            ? "The execution waits for an approval, so there is nothing to revoke: refuse the approval."
            : `The execution is ${outcome.state}: it has ended, and there is nothing to revoke.`,
      )
    await deps.cascade(executionId, outcome.receipt, deadlineMs)
    return { receipt: outcome.receipt, alreadyRevoked: outcome.before }
  }
}

/** Key of the runtime that a decision named; null where it named none, or its payload is gone. */
function runtimeOf(decision: StoredRecord): string | null {
  const request = readContent(decision)?.["request"] as { readonly runtime_id?: string } | undefined
  return request?.runtime_id ? runtimeKey(request.runtime_id) : null
}

/** Tells the runtime to stop it, in the same transaction. */
function directiveTo(runtime: string | null, executionId: string, epoch: bigint, nowMs: number) {
  if (runtime === null) return null
  const directive: Directive = {
    code: "EXECUTION_REVOKED",
    execution_id: executionId,
    issued_at: nowMs,
    kind: "stop_execution",
    text: "The execution was revoked: stop it.",
  }
  return { kind: "directive", epoch, runtime, content: utf8(encodeCanonicalJson(directive)) } as const
}
