/** ListApprovals: what waits for a decision, the oldest first. */
import { WritError } from "../errors.ts"
import { toBase64Url, utf8 } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Clock } from "../ledger/clock.ts"
import { readBody, type StoredRecord } from "../ledger/lineage.ts"
import type { DecisionData } from "../ledger/record.ts"
import { isExecutionId, MAX_PAGE, readContent } from "./executions.ts"

const DEFAULT_PAGE = 50
/** Requests are up to 128 KiB each: a page of more bytes than this ends early. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024
const READ_AHEAD = 16

export interface WaitingPlace {
  readonly requestedAtMs: number
  readonly approvalId: string
}

export interface WaitingStore {
  /** Approvals that wait for decisions under the active bundle, after this place, in its order. */
  waiting(
    after: WaitingPlace,
    nowMs: number,
    limit: number,
  ): Promise<readonly { readonly decision: StoredRecord; readonly given: number; readonly place: WaitingPlace }[]>
  count(nowMs: number): Promise<number>
}

/** An approval as those who decide it see it. */
export interface ApprovalView {
  readonly approvalId: string
  /** As it was recorded; null when it was erased. */
  readonly request: JsonObject | null
  readonly requester: string
  readonly rules: readonly string[]
  /** Unix milliseconds. */
  readonly requestedAtMs: number
  readonly expiresAtMs: number
  readonly given: number
  readonly needed: number
}

export interface ApprovalPage {
  readonly approvals: readonly ApprovalView[]
  /** Empty on the last page. */
  readonly nextPageToken: string
}

export function createWaiting(deps: {
  readonly clock: Clock
  readonly store: Pick<WaitingStore, "waiting">
}): (pageSize: number, pageToken: string) => Promise<ApprovalPage> {
  return async (pageSize, pageToken) => {
    if (pageSize < 0 || pageSize > MAX_PAGE)
      throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
    let place = pageToken === "" ? START : parsePageToken(pageToken)
    const limit = pageSize || DEFAULT_PAGE
    const nowMs = deps.clock.now().wallMs
    const approvals: ApprovalView[] = []
    let bytes = 0
    for (;;) {
      const count = Math.min(READ_AHEAD, limit - approvals.length + 1) // one more tells whether more follow
      const rows = await deps.store.waiting(place, nowMs, count)
      for (const row of rows) {
        if (approvals.length === limit || bytes >= MAX_PAGE_BYTES)
          return {
            approvals,
            nextPageToken: toBase64Url(utf8(JSON.stringify([place.requestedAtMs, place.approvalId]))),
          }
        approvals.push(toView(row.decision, row.given))
        bytes += row.decision.payload?.length ?? 0
        place = row.place
      }
      if (rows.length < count) return { approvals, nextPageToken: "" }
    }
  }
}

/** `decision`: the one that asked. */
export function toView(decision: StoredRecord, given: number): ApprovalView {
  const { actor, time, data } = readBody(decision.body)
  const content = readContent(decision)
  const { approval } = data as unknown as DecisionData
  return {
    approvalId: approval?.id ?? "",
    request: (content?.["request"] as JsonObject | undefined) ?? null,
    requester: actor?.id ?? "",
    rules: (content?.["approval"] as { readonly rules?: readonly string[] } | undefined)?.rules ?? [],
    requestedAtMs: Date.parse(time ?? ""),
    expiresAtMs: Date.parse(approval?.expires_at ?? ""),
    given,
    needed: approval?.needed ?? 0,
  }
}

const START: WaitingPlace = { requestedAtMs: 0, approvalId: "00000000-0000-0000-0000-000000000000" }

/** A page token is what the page before ended with; it is checked like any input. */
function parsePageToken(token: string): WaitingPlace {
  try {
    const [requestedAtMs, approvalId] = JSON.parse(Buffer.from(token.slice(0, 200), "base64url").toString()) as [
      number,
      string,
    ]
    if (
      Number.isSafeInteger(requestedAtMs) &&
      requestedAtMs >= 0 &&
      requestedAtMs < 8.64e15 &&
      isExecutionId(approvalId)
    )
      return { requestedAtMs, approvalId }
  } catch {} // of another shape: said below
  throw new WritError("INVALID_REQUEST", "page_token is not one that a page gave.")
}
