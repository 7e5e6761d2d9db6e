/** RevokeExecution: a record, the execution's new state and a higher control epoch, in one transaction. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { isTransition } from "../ledger/kinds.ts"
import { type LineageStore, receiptOf, versionOf } from "../ledger/lineage.ts"
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
      const record = seal(
        {
          kind: "revoked",
          actor: { id: actor.id, proof: actor.proof },
          execution_id: executionId,
          state: "REVOKED",
          previous: toHex(found.last.leafHash),
          epoch: String(epoch + 1n),
          data: {},
        },
        encodeCanonicalJson({ reason }),
        deps.clock.now().wallMs,
      )
      const effects = [{ kind: "execution", executionId, previous: versionOf(found), to: "REVOKED" } as const]
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
