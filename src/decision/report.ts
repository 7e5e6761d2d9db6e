/** What who redeemed a token reports of the execution: one record of a kind, the same report again the same receipt. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { ExecutionState, RecordKind } from "../ledger/kinds.ts"
import { type FoundExecution, type LineageStore, readBody, versionOf } from "../ledger/lineage.ts"
import type { Call } from "./authorize.ts"
import { assertMaySpeak } from "./caller.ts"
import { assertExecutionId, readContent, readRedemption, sameContent } from "./executions.ts"
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "./limits.ts"
import type { Rate } from "./rate.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

const MAX_ATTEMPTS = 16
const MAX_DETAILS_BYTES = 16 * 1024
const DIGEST_BYTES = 32

export interface Reported {
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
  /** What the report made of the execution. */
  readonly state: ExecutionState
}

export interface ReportDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly lineage: Pick<LineageStore, "findExecution">
  readonly rate: Rate
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

export interface Report {
  readonly executionId: string
  /** Kinds that are this report; there is one record of them in a lineage at most. */
  readonly kinds: readonly RecordKind[]
  /** For the leaf: numbers and codes. */
  readonly data: JsonObject
  /** For the payload. */
  readonly content: JsonObject
  /** Throws where it says something that was not authorized. */
  assertAuthorized?(found: FoundExecution): void
  /** What the report is and makes of the execution; null: it cannot be made in this state. `isOver`: the time to execute is. */
  step(state: ExecutionState, isOver: boolean): { readonly kind: RecordKind; readonly state: ExecutionState } | null
}

/** Throws NOT_FOUND, FORBIDDEN for any other caller than the one that redeemed, INVALID_TRANSITION. */
export function createReport(deps: ReportDependencies): (report: Report, call: Call) => Promise<Reported> {
  const { clock } = deps
  return async ({ executionId, kinds, data, content, assertAuthorized, step }, { caller, timeoutMs, signal }) => {
    assertExecutionId(executionId)
    const payload = encodeCanonicalJson(content)
    const deadlineMs = clock.now().monotonicMs + Math.min(timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const state = deps.control()
      const { epoch } = state
      const found = await deps.lineage.findExecution(executionId)
      const now = clock.now() // after the last wait before the append: a log's records stand in the order of their times
      if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      if (!found) throw new WritError("NOT_FOUND", "There is no execution with this id.")
      const redemption = readRedemption(found)
      if (!redemption)
        throw new WritError("INVALID_TRANSITION", "The execution's token was not redeemed, so nothing was started.")
      if (redemption.callerId !== caller.id)
        throw new WritError("FORBIDDEN", "Only the caller that redeemed the token reports about the execution.")
      assertMaySpeak(state, caller, { audiences: audienceOf(found) }, now.wallMs)
      assertAuthorized?.(found)
      const earlier = findReport(found, kinds)
      if (earlier) {
        const { data: known, state: reached } = readBody(earlier.body)
        if (encodeCanonicalJson(known ?? {}) === encodeCanonicalJson(data) && sameContent(earlier, content))
          return { receipt: earlier, state: reached as ExecutionState }
        throw new WritError("INVALID_TRANSITION", "Something else than this was reported before.")
      }
      const isOver = now.wallMs >= redemption.executeUntilMs
      const next = found.state && step(found.state, isOver)
      if (!next)
        throw new WritError(
          "INVALID_TRANSITION",
          `The execution is ${found.state === "REDEEMED" && isOver ? "LOST" : found.state}.`,
        )
      const record = seal(
        {
          kind: next.kind,
          actor: { id: caller.id, proof: caller.proof },
          execution_id: executionId,
          state: next.state,
          previous: toHex(found.last.leafHash),
          epoch: String(epoch),
          data,
        },
        payload,
        now.wallMs,
      )
      deps.rate.take(caller.keyId, record.body.length + (record.payload?.length ?? 0), now.monotonicMs)
      const effects = [{ kind: "execution", executionId, previous: versionOf(found), to: next.state } as const]
      const change = { effects, raisesEpoch: false }
      const result = await deps.ledger.append({ record, epoch, deadlineMs, ...(signal && { signal }), change })
      if (result.kind === "written")
        return { receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash }, state: next.state }
      // stale or conflict: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The execution's state kept changing. Try again.")
  }
}

/** Empty, which no limited scope covers, once it has been erased. */
function audienceOf({ decision }: FoundExecution): string {
  const request = readContent(decision)?.["request"] as { readonly audience?: string } | undefined
  return request?.audience ?? ""
}

function findReport({ records }: FoundExecution, kinds: readonly RecordKind[]) {
  return records.find(({ body }) => {
    const { kind } = readBody(body)
    return kind !== undefined && kinds.includes(kind)
  })
}

/** Throws INVALID_REQUEST. Empty: none. */
export function assertDigest(field: string, digest: Uint8Array): void {
  if (digest.length !== 0 && digest.length !== DIGEST_BYTES)
    throw new WritError("INVALID_REQUEST", `${field} must be ${DIGEST_BYTES} bytes, or empty.`)
}

/** Throws REQUEST_TOO_LARGE. */
export function assertDetails(details: JsonObject): void {
  if (Buffer.byteLength(encodeCanonicalJson(details)) > MAX_DETAILS_BYTES)
    throw new WritError("REQUEST_TOO_LARGE", `details are larger than ${MAX_DETAILS_BYTES} bytes of JSON.`)
}
