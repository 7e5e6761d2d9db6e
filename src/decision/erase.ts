/** ErasePayload: the payload is gone and a record says who did it, in one transaction. Leaf, proofs and lineage stay. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { RecordKind } from "../ledger/kinds.ts"
import { type LedgerReader, readBody } from "../ledger/lineage.ts"
import { seal } from "./seal.ts"
import type { Caller, ControlState } from "./state.ts"

const MAX_ATTEMPTS = 16
const MAX_REASON_BYTES = 1_024
/** Kinds whose payload holds what somebody wrote. The others' hold what the tables are checked against. */
const ERASABLE: readonly (RecordKind | undefined)[] = [
  "decision",
  "approval_decided",
  "redeemed",
  "redeem_refused",
  "completed",
  "completed_late",
  "revoked",
  "payload_erased",
  "bundle_published",
  "bundle_signed",
  "activation_requested",
  "activation_refused",
  "bundle_activated",
  "shadow_changed",
]

export interface EraseDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly reader: Pick<LedgerReader, "logs" | "record">
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

export interface EraseRequest {
  /** Empty: this daemon's own. */
  readonly log: string
  readonly index: number
  readonly reason: string
}

export interface Erased {
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
}

/** Throws NOT_FOUND, INVALID_REQUEST, INVALID_TRANSITION when there is nothing left to erase. */
export function createErase(deps: EraseDependencies): (request: EraseRequest, actor: Caller) => Promise<Erased> {
  return async ({ log, index, reason }, { id, proof }) => {
    if (Buffer.byteLength(reason) > MAX_REASON_BYTES)
      throw new WritError("REQUEST_TOO_LARGE", `reason is larger than ${MAX_REASON_BYTES} bytes.`)
    if (!reason.isWellFormed()) throw new WritError("INVALID_REQUEST", "reason is not valid text.")
    const origin = log || deps.origin
    const row = (await deps.reader.logs()).find((candidate) => candidate.origin === origin)
    if (!row) throw new WritError("NOT_FOUND", "There is no log of this origin.")
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const record = await deps.reader.record(row.logId, index)
      if (!record) throw new WritError("NOT_FOUND", "There is no record at this index.")
      const { kind, payload } = readBody(record.body)
      if (!ERASABLE.includes(kind))
        throw new WritError("INVALID_REQUEST", `Only payloads of ${ERASABLE.join(", ")} can be erased, not of ${kind}.`)
      if (payload === null) throw new WritError("INVALID_TRANSITION", "The record has no payload.")
      if (record.payload === null) throw new WritError("INVALID_TRANSITION", "The payload has been erased already.")
      const { epoch } = deps.control()
      const erasure = seal(
        {
          kind: "payload_erased",
          actor: { id, proof },
          epoch: String(epoch),
          data: { log: origin, index: String(index), leaf_hash: toHex(record.leafHash) },
        },
        encodeCanonicalJson({ reason }),
        deps.clock.now().wallMs,
      )
      const effects = [{ kind: "erase_payload", logId: row.logId, index } as const]
      const result = await deps.ledger.append({ record: erasure, epoch, change: { effects, raisesEpoch: false } })
      if (result.kind === "written")
        return { receipt: { origin: deps.origin, index: result.index, leafHash: erasure.leafHash } }
      // stale or conflict: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }
}
