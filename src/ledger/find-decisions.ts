/** FindDecisions: decisions of all logs by what was asked for and when, the newest first, page after page. */
import { WritError } from "../errors.ts"
import { fromBase64Url, fromUtf8, toBase64Url, toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { Sha256 } from "../formats/ports.ts"
import { type Asked, facetsOf, toFacets, UNREADABLE_FACET } from "./facets.ts"
import { firstSince } from "./first-since.ts"
import { type LedgerReader, readBody, type StoredRecord } from "./lineage.ts"

export const MAX_FOUND = 500
const DEFAULT_FOUND = 50
/** For one page; each is bounded by its store. */
export const MAX_STEPS = 64
const MAX_TOKEN_CHARS = 100_000
const MAX_LOGS = 2 ** 15

export interface DecisionQuery extends Asked {
  /** Unix milliseconds: of this time or later, and of before; null: any. */
  readonly sinceMs: number | null
  readonly untilMs: number | null
}

export interface DecisionStore extends Pick<LedgerReader, "logs" | "records"> {
  /**
   * One bounded step down a log, from below `before` to `next`, which is `from` at the lowest: among the records there are all
   * decisions that have these facets or UNREADABLE_FACET (of BEATS_FACET: all `beats` records), and possibly others; the newest first. Complete at
   * every moment.
   */
  recordsWith(
    logId: number,
    facets: readonly string[],
    from: number,
    before: number,
  ): Promise<{ readonly records: readonly StoredRecord[]; readonly next: number }>
}

export interface FoundPage {
  /** Newest first. May be fewer than asked for, or none, although more follow. */
  readonly records: readonly StoredRecord[]
  /** Damaged decisions that this page came by, of which nobody can say whether they are meant; possibly named again by the next. */
  readonly unreadable: readonly StoredRecord[]
  /** Empty on the last page. */
  readonly nextPageToken: string
}

/** What is still to be read of a log: records from `from` to below `before`. */
interface Cursor {
  readonly logId: number
  readonly from: number
  before: number
  /** Read already, and newer than `before`. */
  ahead: readonly StoredRecord[]
}

/** Throws INVALID_REQUEST. A page token is good for what was asked for, and holds the time range; what is recorded later is on no further page. */
export async function findDecisions(
  store: DecisionStore,
  sha256: Sha256,
  query: DecisionQuery,
  pageSize: number,
  pageToken: string,
): Promise<FoundPage> {
  if (pageSize < 0 || pageSize > MAX_FOUND)
    throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_FOUND}.`)
  const limit = pageSize || DEFAULT_FOUND
  const facets = toFacets(query)
  const name = toHex(sha256(utf8(encodeCanonicalJson(facets)))).slice(0, 16)
  const cursors = pageToken === "" ? await open(store, query) : parseToken(pageToken, name)
  const records: StoredRecord[] = []
  const unreadable: StoredRecord[] = []
  let steps = 0
  page: while (records.length < limit) {
    for (const cursor of cursors)
      while (cursor.ahead.length === 0 && cursor.before > cursor.from) {
        if (steps++ === MAX_STEPS) break page
        const step = await store.recordsWith(cursor.logId, facets, cursor.from, cursor.before)
        cursor.before = step.next
        cursor.ahead = step.records.filter((record) => isFound(record, facets))
        if (facets.length > 0) unreadable.push(...step.records.filter((record) => isFound(record, [UNREADABLE_FACET])))
      }
    const newest = cursors.reduce<Cursor | null>((best, cursor) => (isNewer(cursor, best) ? cursor : best), null)
    const [record, ...ahead] = newest?.ahead ?? []
    if (!newest || !record) return { records, unreadable, nextPageToken: "" }
    records.push(record)
    newest.ahead = ahead
  }
  return { records, unreadable, nextPageToken: formatToken(cursors, name) }
}

async function open(store: DecisionStore, { sinceMs, untilMs }: DecisionQuery): Promise<Cursor[]> {
  const cursors: Cursor[] = []
  for (const { logId, size } of await store.logs()) {
    const from = sinceMs === null ? 0 : await firstSince(store, logId, 0, size, sinceMs)
    const before = untilMs === null ? size : await firstSince(store, logId, from, size, untilMs)
    cursors.push({ logId, from, before, ahead: [] })
  }
  return cursors
}

/** The index only says where to look. */
function isFound({ body, payload }: StoredRecord, facets: readonly string[]): boolean {
  const { kind } = readBody(body)
  if (kind !== "decision") return false
  const own = facetsOf(kind, payload)
  return facets.every((facet) => own.includes(facet))
}

function isNewer({ ahead: [record] }: Cursor, best: Cursor | null): boolean {
  const other = best?.ahead[0]
  return record !== undefined && (other === undefined || timeOf(record) > timeOf(other))
}

function timeOf({ body }: StoredRecord): string {
  return readBody(body).time ?? ""
}

function formatToken(cursors: readonly Cursor[], name: string): string {
  const left = cursors
    .map(({ logId, from, before, ahead: [record] }) => [logId, from, record ? record.index + 1 : before] as const)
    .filter(([, from, before]) => before > from)
  return left.length === 0 ? "" : toBase64Url(utf8(JSON.stringify([name, ...left])))
}

function parseToken(token: string, name: string): Cursor[] {
  try {
    if (token.length > MAX_TOKEN_CHARS) throw new Error("too long")
    const [query, ...left] = JSON.parse(fromUtf8(fromBase64Url(token))) as [string, ...[number, number, number][]]
    const isPlace = (place: readonly number[]) =>
      place.length === 3 && place.every((n) => Number.isSafeInteger(n) && n >= 0) && (place[0] as number) < MAX_LOGS
    if (query === name && left.every(isPlace))
      return left.map(([logId, from, before]) => ({ logId, from, before, ahead: [] }))
  } catch {} // of another shape: said below
  throw new WritError("INVALID_REQUEST", "page_token is not one that a page of this query gave.")
}
