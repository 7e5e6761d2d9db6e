/** What records are found by: each row of the index names a record that is so, and each record has its rows. */
import { uuidOfHex } from "../../formats/bytes.ts"
import type { Sha256 } from "../../formats/ports.ts"
import { FACET_BLOCK, type FacetKey, facetKey } from "../../ledger/facets.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

/** Names of facets that are remembered: many records share few actions and subjects. */
const MAX_KNOWN = 20_000

export interface CheckedRecord {
  readonly index: number
  /** Undefined: of none. Null: in an archive that was not given, what it is found by is taken at its word. */
  readonly executionId: string | undefined | null
  readonly facets: readonly string[]
}

/** How far a log's lookups and facets are derived. */
export interface Marks {
  readonly lookups: number
  readonly facets: number
}

interface LogPlace {
  readonly log_id: number
  readonly origin: string
}

export async function readMarks(
  store: FsckStore,
  { log_id, origin, size: logSize }: LogRow,
  find: (finding: Finding) => void,
): Promise<Marks> {
  const size = Number(logSize)
  const says = (text: string) => find({ table: "lookup_mark", text, log: origin })
  const [row] = await store.query<{ size: bigint; facets: bigint; redo: bigint }>(
    "SELECT size, facets, redo FROM lookup_mark WHERE log_id = $1",
    [log_id],
  )
  const [mark, facets, redo] = [Number(row?.size ?? -1), Number(row?.facets ?? 0), Number(row?.redo ?? 0)]
  if (mark < 0 || mark > size) says(`the mark is ${mark}, the log has ${size} records`)
  if (facets < 0 || facets > size || facets % FACET_BLOCK !== 0 || redo < 0 || redo > size)
    says(`facets are marked as derived to ${facets}, lookups as derived anew to ${redo}, of ${size}`)
  return { lookups: mark, facets }
}

/**
 * `records` follow one another from `start` on, a multiple of 256, and fill whole blocks unless the log ends with them.
 * `unread` takes in the executions of records that cannot be read.
 */
export async function checkLookups(
  store: FsckStore,
  { log_id, origin }: LogPlace,
  marks: Marks,
  start: number,
  records: readonly CheckedRecord[],
  nameOf: (facet: string) => string,
  unread: Set<string>,
  find: (finding: Finding) => void,
): Promise<void> {
  const says = (table: string, text: string, index: number) => find({ table, text, log: origin, index })

  async function checkExecutions(): Promise<void> {
    const keys: string[][] = records.map(() => [])
    await store.copy(
      `SELECT key, idx FROM lookup WHERE log_id = ${log_id} AND idx >= ${start} AND idx < ${start + records.length}`,
      2,
      ([key, idx]) =>
        keys[Number((idx as Buffer).readBigInt64BE()) - start]?.push(uuidOfHex((key as Buffer).toString("hex"))),
    )
    for (const [i, { index, executionId }] of records.entries()) {
      const found = keys[i] ?? []
      if (executionId === null) {
        for (const key of found) unread.add(key)
        continue
      }
      const others = found.filter((key) => key !== executionId)
      const isMissing = index < marks.lookups && executionId !== undefined && others.length === found.length
      if (isMissing && others.length > 0) says("lookup", "the row of the record names another execution", index)
      else if (isMissing) says("lookup", "the lookup row of the record is missing", index)
      else if (others.length > 0) says("lookup", "a row names a record that is not of that execution", index)
      if (index >= marks.lookups && others.length < found.length)
        says("lookup_mark", "the mark is behind lookup rows that exist", index)
    }
  }

  async function checkFacets(): Promise<void> {
    const derived = records.filter(({ index }) => index < marks.facets)
    const first = start / FACET_BLOCK
    const rows = await store.query<{ key: string; block: bigint; hits: string }>(
      "SELECT key, block, hits::text AS hits FROM facet WHERE log_id = $1 AND block >= $2 AND block < $3",
      [log_id, first, first + Math.ceil(derived.length / FACET_BLOCK)],
    )
    const blocks = groupBy(rows, ({ block }) => Number(block))
    for (const { index, executionId, facets } of derived) {
      if (executionId === null) continue
      const block = blocks.get(Math.floor(index / FACET_BLOCK)) ?? []
      const named = new Set(block.filter(({ hits }) => hits[index % FACET_BLOCK] === "1").map(({ key }) => key))
      const missing = facets.filter((facet) => !named.delete(nameOf(facet)))
      const lacks = missing.map((facet) => facet.split("\n", 1)).join(", ")
      if (missing.length > 0 && named.size > 0)
        says("facet", `the record is found by something else than its ${lacks}`, index)
      else if (missing.length > 0) says("facet", `the record is not found by its ${lacks}`, index)
      else if (named.size > 0) says("facet", "a row says that the record has a facet that it has not", index)
    }
  }

  await checkExecutions()
  await checkFacets()
}

/** Rows that name what is not in the log. */
export async function checkBeyond(
  store: FsckStore,
  { log_id, origin, size: logSize }: LogRow,
  find: (finding: Finding) => void,
): Promise<void> {
  const size = Number(logSize)
  const says = (table: string, text: string, index: number) => find({ table, text, log: origin, index })
  const [lookup] = await store.query<{ idx: bigint }>(
    "SELECT idx FROM lookup WHERE log_id = $1 AND (idx < 0 OR idx >= $2) ORDER BY idx LIMIT 1",
    [log_id, size],
  )
  if (lookup) says("lookup", "a row names a record that does not exist", Number(lookup.idx))
  const [facet] = await store.query<{ block: bigint }>(
    "SELECT block FROM facet WHERE log_id = $1 AND (block < 0 OR block >= $2) ORDER BY block LIMIT 1",
    [log_id, Math.floor(size / FACET_BLOCK)],
  )
  if (facet) says("facet", "a row names records that fill no block", Number(facet.block) * FACET_BLOCK)
}

export async function createNames(store: FsckStore, sha256: Sha256): Promise<(facet: string) => string> {
  const [row] = await store.query<{ inner_pad: Buffer; outer_pad: Buffer }>(
    "SELECT inner_pad, outer_pad FROM facet_key",
  )
  // Without a key nothing is found by anything: each record is then blamed.
  const key: FacetKey = { innerPad: row?.inner_pad ?? Buffer.alloc(0), outerPad: row?.outer_pad ?? Buffer.alloc(0) }
  const known = new Map<string, string>()
  return (facet) => {
    const name = known.get(facet) ?? facetKey(sha256, key, facet)
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(facet, name)
    return name
  }
}

function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => number): Map<number, Row[]> {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group) group.push(row)
    else groups.set(keyOf(row), [row])
  }
  return groups
}
