/** CompleteExecution: who redeemed the token says, once, how the execution ended. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { type LineageStore, readBody, versionOf } from "../ledger/lineage.ts"
import type { Call } from "./authorize.ts"
import type { ByteRate } from "./byte-rate.ts"
import { assertExecutionId, readRedemption, sameContent } from "./executions.ts"
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "./limits.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

const MAX_ATTEMPTS = 16
const MAX_DETAILS_BYTES = 16 * 1024
const DIGEST_BYTES = 32

export interface CompleteRequest {
  readonly executionId: string
  readonly succeeded: boolean
  /** SHA-256, 32 bytes; empty: none. */
  readonly resultDigest: Uint8Array
  readonly details: JsonObject
}

export interface Completed {
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
}

export interface CompleteDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly lineage: Pick<LineageStore, "findExecution">
  readonly rate: ByteRate
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

/**
 * Throws NOT_FOUND, FORBIDDEN for any other caller than the one that redeemed, INVALID_TRANSITION. Once the execution had
 * to have ended it is lost: the report is recorded as late, and changes nothing of that.
 */
export function createComplete(
  deps: CompleteDependencies,
): (request: CompleteRequest, call: Call) => Promise<Completed> {
  const { clock } = deps
  return async (request, { caller, timeoutMs, signal }) => {
    const { executionId, succeeded } = request
    const content = contentOf(request)
    const payload = encodeCanonicalJson(content)
    const deadlineMs = clock.now().monotonicMs + Math.min(timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { epoch } = deps.control()
      const found = await deps.lineage.findExecution(executionId)
      const now = clock.now() // after the last wait before the append: a log's records stand in the order of their times
      if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      if (!found) throw new WritError("NOT_FOUND", "There is no execution with this id.")
      const redemption = readRedemption(found)
      if (!redemption)
        throw new WritError("INVALID_TRANSITION", "The execution's token was not redeemed, so nothing was started.")
      if (redemption.callerId !== caller.id)
        throw new WritError("FORBIDDEN", "Only the caller that redeemed the token reports how the execution ended.")
      const earlier = found.records.find(({ body }) => readBody(body).kind?.startsWith("completed"))
      if (earlier) {
        if (readBody(earlier.body).data?.["succeeded"] === succeeded && sameContent(earlier, content))
          return { receipt: earlier }
        throw new WritError("INVALID_TRANSITION", "It was reported before, and otherwise, how the execution ended.")
      }
      if (found.state !== "REDEEMED" && found.state !== "LOST")
        throw new WritError("INVALID_TRANSITION", `The execution is ${found.state}.`)
      const isLate = found.state === "LOST" || now.wallMs >= redemption.executeUntilMs
      const state = isLate ? "LOST" : succeeded ? "COMPLETED" : "FAILED"
      const record = seal(
        {
          kind: isLate ? "completed_late" : "completed",
          actor: { id: caller.id, proof: caller.proof },
          execution_id: executionId,
          state,
          previous: toHex(found.last.leafHash),
          epoch: String(epoch),
          data: { succeeded },
        },
        payload,
        now.wallMs,
      )
      deps.rate.take(caller.keyId, record.body.length + (record.payload?.length ?? 0), now.monotonicMs)
      const effects = [{ kind: "execution", executionId, previous: versionOf(found), to: state } as const]
      const change = { effects, raisesEpoch: false }
      const result = await deps.ledger.append({ record, epoch, deadlineMs, ...(signal && { signal }), change })
      if (result.kind === "written")
        return { receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash } }
      // stale or conflict: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The execution's state kept changing. Try again.")
  }
}

function contentOf({ executionId, resultDigest, details }: CompleteRequest): JsonObject {
  assertExecutionId(executionId)
  if (resultDigest.length !== 0 && resultDigest.length !== DIGEST_BYTES)
    throw new WritError("INVALID_REQUEST", `result_digest must be ${DIGEST_BYTES} bytes, or empty.`)
  if (Buffer.byteLength(encodeCanonicalJson(details)) > MAX_DETAILS_BYTES)
    throw new WritError("REQUEST_TOO_LARGE", `details are larger than ${MAX_DETAILS_BYTES} bytes of JSON.`)
  return { details, ...(resultDigest.length > 0 && { result_digest: toHex(resultDigest) }) }
}
