/** DecideApproval: a principal grants or refuses, once; nobody decides what it asked for itself. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { stateAt } from "../ledger/kinds.ts"
import { type FoundExecution, type LineageStore, openingOf, readBody, readLineages } from "../ledger/lineage.ts"
import type { Effect } from "../ledger/store.ts"
import { type Approval, isGranted, readApproval } from "./approval.ts"
import type { Call } from "./authorize.ts"
import { assertUsable } from "./caller.ts"
import { assertExecutionId, readContent } from "./executions.ts"
import { MAX_TIMEOUT_MS } from "./limits.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"
import { type ApprovalView, toView } from "./waiting.ts"

const MAX_ATTEMPTS = 16
const MAX_REASON_BYTES = 1_024

export interface DecideRequest {
  readonly approvalId: string
  readonly approve: boolean
  /** For people, in the payload. */
  readonly reason: string
}

export interface Decided {
  readonly approval: ApprovalView
  readonly receipt: FoundExecution["last"]
}

export interface DecideApprovalDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly lineage: Pick<LineageStore, "findExecution" | "recordsOf">
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
  /** Told of every decision that became durable. */
  observe?(outcome: "granted" | "refused"): void
}

/** Throws NOT_FOUND, FORBIDDEN, INVALID_TRANSITION. The same decision by the same principal again gets the same receipt. */
export function createDecideApproval(
  deps: DecideApprovalDependencies,
): (request: DecideRequest, call: Call) => Promise<Decided> {
  return async ({ approvalId, approve, reason }, { caller, timeoutMs }) => {
    assertExecutionId(approvalId)
    if (Buffer.byteLength(reason) > MAX_REASON_BYTES)
      throw new WritError("REQUEST_TOO_LARGE", `reason is larger than ${MAX_REASON_BYTES} bytes.`)
    if (!reason.isWellFormed()) throw new WritError("INVALID_REQUEST", "reason is not valid text.")
    const deadlineMs = deps.clock.now().monotonicMs + Math.min(timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const state = deps.control() // its epoch is proved by the append, the chain's newest record by its effect
      const found = await deps.lineage.findExecution(approvalId)
      const approval = found && readApproval(found)
      if (!approval) throw new WritError("NOT_FOUND", "There is no approval with this id.")
      const requesters = await requestersOf(deps.lineage, found, approval)
      const now = deps.clock.now() // after the last wait before the append
      if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      assertUsable(state, caller, now.wallMs)
      if (requesters.has(caller.id))
        throw new WritError("FORBIDDEN", "Whoever asked for this, or for what it descends from, may not decide it.")
      const earlier = found.records.find(({ body }) => {
        const { kind, actor } = readBody(body)
        return kind === "approval_decided" && actor?.id === caller.id
      })
      if (earlier && readBody(earlier.body).data?.["approve"] === approve)
        return { approval: viewOf(found, approval), receipt: earlier }
      assertOpen(approval, approve, earlier !== undefined, state, now.wallMs)
      const to = approve ? "APPROVAL_PENDING" : "REJECTED"
      const record = seal(
        {
          kind: "approval_decided",
          actor: { id: caller.id, proof: caller.proof },
          execution_id: approvalId,
          state: to,
          previous: toHex(found.last.leafHash),
          epoch: String(state.epoch),
          data: { approve },
        },
        encodeCanonicalJson({ reason }),
        now.wallMs,
      )
      const effects: Effect[] = [{ kind: "execution", executionId: approvalId, previous: approval.version, to }]
      if (approve) effects.push({ kind: "approval_given", approvalId })
      const change = { effects, raisesEpoch: false }
      const result = await deps.ledger.append({ record, epoch: state.epoch, deadlineMs, change })
      if (result.kind === "written") {
        deps.observe?.(approve ? "granted" : "refused")
        const decisions = [...approval.decisions, { by: caller.id, approve }]
        return {
          approval: viewOf(found, { ...approval, decisions }),
          receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash },
        }
      }
      // stale or conflict: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The approval kept changing. Try again.")
  }
}

function assertOpen(
  approval: Approval,
  approve: boolean,
  hasDecided: boolean,
  { active }: ControlState,
  nowMs: number,
): void {
  const refuse = (text: string) => new WritError("INVALID_TRANSITION", text)
  const state = stateAt(approval.state, approval.expiresAtMs, nowMs)
  if (state === "REJECTED") throw refuse("The approval has been refused.")
  if (state === "EXPIRED" && approval.state === "APPROVAL_PENDING") throw refuse("The approval has lapsed.")
  if (state !== "APPROVAL_PENDING") throw refuse("The approval has been used.")
  if (hasDecided) throw refuse("You have decided this approval already, the other way.")
  if (active?.policy.digest !== approval.bundleDigest)
    throw refuse(
      "The policy has changed since the approval was asked for, so that it cannot be used. It has to be asked for again.",
    )
  if (approve && isGranted(approval)) throw refuse("The approval has been granted already.")
}

/** Who asked, and who asked for or started what it descends from. Throws NOT_FOUND when that can no longer be told. */
async function requestersOf(
  store: Pick<LineageStore, "recordsOf">,
  found: FoundExecution,
  { requester }: Approval,
): Promise<ReadonlySet<string>> {
  const request = readContent(openingOf(found))?.["request"] as JsonObject | undefined
  if (!request) throw new WritError("NOT_FOUND", "What was asked for has been erased, so that it cannot be approved.")
  const parent = request["parent_execution_id"]
  const ancestors = typeof parent === "string" ? await readLineages(store, parent) : []
  const actors = ancestors.flatMap(({ records }) =>
    records.flatMap(({ body }) => {
      const { kind, actor } = readBody(body)
      return (kind === "decision" || kind === "redeemed") && actor ? [actor.id] : []
    }),
  )
  return new Set([requester, ...actors])
}

function viewOf(found: FoundExecution, { decisions }: Approval): ApprovalView {
  return toView(openingOf(found), decisions.filter(({ approve }) => approve).length)
}
