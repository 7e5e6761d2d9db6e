/** FindDecisions on the wire. */
import type { Find, FoundDecision } from "../decision/found-decisions.ts"
import { WritError } from "../errors.ts"
import type { Named } from "../ledger/facets.ts"
import { readBody } from "../ledger/lineage.ts"
import type { DecisionData } from "../ledger/record.ts"
import { toReceipt, toState } from "./authorization.ts"
import { toMilliseconds, toTimestamp, type WireTime } from "./timestamp.ts"

/** As those of Authorize: what is longer was never recorded. */
const MAX_VALUE_CHARS = 512

export interface WireFindRequest {
  readonly subject: Named | null
  readonly action: string
  readonly resource: Named | null
  readonly runtime_id: string
  readonly since: WireTime | null
  readonly until: WireTime | null
  readonly page_size: number
  readonly page_token: string
}

export async function answerFind(find: Find, request: WireFindRequest): Promise<object> {
  const query = {
    subject: toNamed("subject", request.subject),
    action: limited("action", request.action),
    resource: toNamed("resource", request.resource),
    runtimeId: limited("runtime_id", request.runtime_id),
    sinceMs: request.since && toMilliseconds(request.since),
    untilMs: request.until && toMilliseconds(request.until),
  }
  const { decisions, unreadable, nextPageToken } = await find(query, request.page_size, request.page_token)
  return {
    decisions: decisions.map(fromFound),
    next_page_token: nextPageToken,
    unreadable: unreadable.map(toReceipt),
  }
}

/** A copy: what else an Entity may hold is not asked for. Values of control characters are in no record, and in no facet. */
function toNamed(field: string, named: Named | null): Named | null {
  if (!named) return null
  if (named.type === "" || named.id === "")
    throw new WritError("INVALID_REQUEST", `${field} needs both type and id: values are compared as a whole.`)
  return { type: limited(`${field}.type`, named.type), id: limited(`${field}.id`, named.id) }
}

function limited(field: string, value: string): string {
  if (value.length > MAX_VALUE_CHARS || /\p{Cc}/u.test(value) || !value.isWellFormed())
    throw new WritError("INVALID_REQUEST", `${field} is longer than ${MAX_VALUE_CHARS} characters, or no plain text.`)
  return value
}

function fromFound({ record, asked, state }: FoundDecision): object {
  const { time = "", execution_id, data, payload } = readBody(record.body)
  return {
    receipt: toReceipt(record),
    time: toTimestamp(Date.parse(time)),
    execution_id,
    decision: `DECISION_${(data as unknown as DecisionData).decision}`,
    state: toState(state),
    ...(asked && {
      subject: asked.subject,
      action: asked.action,
      resource: asked.resource,
      runtime_id: asked.runtimeId,
    }),
    payload_erased: record.payload === null && typeof payload === "string",
  }
}
