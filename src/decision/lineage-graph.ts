/** GetLineageGraph: an execution, all that it descends from, and what descends from it, so far as one answer may hold. */
import { WritError } from "../errors.ts"
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from "../formats/bytes.ts"
import { buildGraph, type Graph, type Relative } from "../ledger/graph.ts"
import { type LedgerReader, orderLineage, readBody, readLineages, type StoredRecord } from "../ledger/lineage.ts"
import { isExecutionId, readRedemption, tokenEndOf } from "./executions.ts"
import { type BeatSource, beatsOf } from "./lease-beats.ts"

export const MAX_RELATIVES = 200
const DEFAULT_RELATIVES = 50
/** Of each descendant; of the execution itself as many as there is room for. */
const MAX_CHILDREN = 20
const MAX_TOKEN_CHARS = 200

/** The place of a child among its parent's: the oldest first. */
export interface ChildPlace {
  /** Unix milliseconds. */
  readonly authorizedAtMs: number
  readonly childId: string
}

export interface ChildRow extends ChildPlace {
  readonly parentId: string
}

export interface FamilyStore extends Pick<LedgerReader, "recordsOf" | "executionRows"> {
  /** Of each parent so many children at most, the oldest first, behind a place; parents in the order in which they are named. */
  childrenOf(parentIds: readonly string[], limit: number, after: ChildPlace | null): Promise<readonly ChildRow[]>
  /** Records of all of them, in no particular order; complete at every moment. */
  recordsOfAll(executionIds: readonly string[]): Promise<readonly StoredRecord[]>
}

export interface FamilyGraph extends Graph {
  /** Executions that have more children: the same call of them, with the token, gives these. */
  readonly more: readonly { readonly executionId: string; readonly pageToken: string }[]
}

/** Throws NOT_FOUND, INVALID_REQUEST. */
export async function readLineageGraph(
  store: FamilyStore & BeatSource,
  nowMs: number,
  executionId: string,
  maxExecutions: number,
  pageToken: string,
): Promise<FamilyGraph> {
  if (maxExecutions < 0 || maxExecutions > MAX_RELATIVES)
    throw new WritError("INVALID_REQUEST", `max_executions must be 0 to ${MAX_RELATIVES}.`)
  const after = pageToken === "" ? null : parseToken(pageToken)
  const upward = await readLineages(store, executionId)
  const { taken, more } = await findDescendants(store, executionId, maxExecutions || DEFAULT_RELATIVES, after)
  const records = new Map(upward.map((lineage) => [lineage.executionId, lineage.records]))
  for (const id of taken) records.set(id, [])
  const below = taken.length > 0 ? await store.recordsOfAll(taken) : []
  for (const record of below) {
    const id = readBody(record.body).execution_id ?? ""
    records.set(id, [...(records.get(id) ?? []), record])
  }
  const rows = await store.executionRows([...records.keys()])
  const relatives = [...records].map(([id, own]) => toRelative(id, orderLineage(own), rows.get(id)))
  return { ...buildGraph(relatives, await beatsOf(store, relatives[0] as Relative, nowMs), nowMs), more }
}

/** Generation by generation, until there is no more room. */
async function findDescendants(store: FamilyStore, executionId: string, max: number, after: ChildPlace | null) {
  const taken: string[] = []
  const more: { executionId: string; pageToken: string }[] = []
  const seen = new Set([executionId])
  for (let parents: string[] = [executionId]; parents.length > 0; ) {
    const isFirst = taken.length === 0
    const limit = isFirst ? max : Math.min(MAX_CHILDREN, max - taken.length)
    const rows = await store.childrenOf(parents, limit + 1, isFirst ? after : null)
    const next: string[] = []
    for (const parent of parents) {
      const children = rows.filter(({ parentId }) => parentId === parent)
      const some = children.slice(0, Math.min(limit, max - taken.length))
      for (const { childId } of some) {
        if (seen.has(childId)) continue // a circle is possible in a table that was altered only
        seen.add(childId)
        taken.push(childId)
        next.push(childId)
      }
      const last = some.at(-1) ?? (isFirst ? after : null)
      if (children.length > some.length) more.push({ executionId: parent, pageToken: last ? formatToken(last) : "" })
    }
    parents = next
  }
  return { taken, more }
}

function toRelative(
  executionId: string,
  records: readonly StoredRecord[],
  row: { readonly state: Relative["state"]; readonly executeUntilMs: number | null } | undefined,
): Relative {
  const decisions = records.filter(({ body }) => readBody(body).kind === "decision")
  const decision = decisions.find(({ body }) => readBody(body).state === "AUTHORIZED") ?? decisions[0]
  const state = row?.state ?? (decision && readBody(decision.body).state) ?? null
  const untilMs = readRedemption({ records })?.executeUntilMs ?? (decision ? tokenEndOf(decision) : 0)
  return { executionId, records, state, untilMs }
}

function formatToken({ authorizedAtMs, childId }: ChildPlace): string {
  return toBase64Url(utf8(JSON.stringify([authorizedAtMs, childId])))
}

function parseToken(token: string): ChildPlace {
  try {
    if (token.length > MAX_TOKEN_CHARS) throw new Error("too long")
    const [authorizedAtMs, childId] = JSON.parse(fromUtf8(fromBase64Url(token))) as [number, string]
    if (Number.isSafeInteger(authorizedAtMs) && Math.abs(authorizedAtMs) < 8.64e15 && isExecutionId(childId))
      return { authorizedAtMs, childId }
  } catch {} // of another shape: said below
  throw new WritError("INVALID_REQUEST", "page_token is not one that an answer gave.")
}
