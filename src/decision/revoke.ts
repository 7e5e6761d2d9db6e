/** RevokeExecution: a record, the execution's new state and a higher control epoch, in one transaction. */

import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { fromUtf8, toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { isTransition } from "../ledger/kinds.ts"
import { type LineageStore, receiptOf, type StoredRecord, versionOf } from "../ledger/lineage.ts"
import { PAYLOAD_SALT_BYTES } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import { runtimeKey } from "../runtime/runtime.ts"
import type { Directive } from "./directives.ts"
import { assertExecutionId } from "./executions.ts"
import { seal } from "./seal.ts"
import type { Caller, ControlState } from "./state.ts"

const MAX_ATTEMPTS = 16
const MAX_REASON_BYTES = 1_024

export interface Revoked {
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
  readonly alreadyRevoked: boolean
}

export interface RevokeDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly lineage: LineageStore
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

/** Throws NOT_FOUND, INVALID_TRANSITION. When it resolves, every replica refuses what starts from then on. */
export function createRevoke(
  deps: RevokeDependencies,
): (executionId: string, reason: string, actor: Caller) => Promise<Revoked> {
  return async (executionId, reason, actor) => {
    assertExecutionId(executionId)
    if (Buffer.byteLength(reason) > MAX_REASON_BYTES)
      throw new WritError("REQUEST_TOO_LARGE", `reason is larger than ${MAX_REASON_BYTES} bytes.`)
    if (!reason.isWellFormed()) throw new WritError("INVALID_REQUEST", "reason is not valid text.")
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const found = await deps.lineage.findExecution(executionId)
      if (!found) throw new WritError("NOT_FOUND", "There is no execution with this id.")
      if (found.state === "REVOKED") return { receipt: receiptOf(found, "revoked"), alreadyRevoked: true }
      if (!isTransition("revoked", found.state, "REVOKED"))
        throw new WritError(
          "INVALID_TRANSITION",
          found.state === null
            ? "The decision allowed nothing, so there is nothing to revoke."
            : `The execution is ${found.state}: it has ended, and there is nothing to revoke.`,
        )
      const { epoch } = deps.control()
      const nowMs = deps.clock.now().wallMs
      const directive = directiveTo(runtimeOf(found.decision), executionId, epoch + 1n, nowMs)
      const record = seal(
        {
          kind: "revoked",
          actor: { id: actor.id, proof: actor.proof },
          execution_id: executionId,
          state: "REVOKED",
          previous: toHex(found.last.leafHash),
          epoch: String(epoch + 1n),
          data: directive ? { directive_sha256: toHex(sha256(directive.content)), runtime: directive.runtime } : {},
        },
        encodeCanonicalJson({ reason }),
        nowMs,
      )
      const revoked = { kind: "execution", executionId, previous: versionOf(found), to: "REVOKED" } as const
      const effects: Effect[] = directive ? [revoked, directive] : [revoked]
      const result = await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch: true } })
      if (result.kind === "written")
        return {
          receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash },
          alreadyRevoked: false,
        }
      // stale or conflict: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }
}

/** Key of the runtime that a decision named; null where it named none, or its payload is gone. */
function runtimeOf({ payload }: StoredRecord): string | null {
  if (!payload) return null
  const { request } = JSON.parse(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES))) as {
    request?: { runtime_id?: string }
  }
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
