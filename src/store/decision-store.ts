/** Decisions by their facets: the index as far as it goes, and the log itself from there on. */
import type pg from "pg"
import { sha256 } from "../crypto.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { BEATS_FACET, FACET_BLOCK, type FacetKey, facetKey, UNREADABLE_FACET } from "../ledger/facets.ts"
import type { DecisionStore } from "../ledger/find-decisions.ts"
import type { LedgerReader } from "../ledger/lineage.ts"
import { assertNotArchived } from "./archived.ts"
import { type EntryRow, toRecord } from "./reader.ts"
import { FACET_BLOCKS, FACET_MARK, READ_PLACES, SCAN_DECISIONS } from "./sql/find-decisions.ts"

/** Of one step: records read where there is no index, blocks looked through where there is one, and records answered. */
const STEP_RECORDS = 2_000
const STEP_BLOCKS = 512
const STEP_HITS = 100
const STEP_HIT_BLOCKS = 64

export function createDecisionStore(pool: pg.Pool, { logs, records }: LedgerReader): DecisionStore {
  async function markOf(logId: number): Promise<{ readonly mark: number; readonly size: number } & FacetKey> {
    const { rows } = await pool.query<{ facets: bigint; size: bigint; inner_pad: Buffer; outer_pad: Buffer }>({
      ...FACET_MARK,
      values: [logId],
    })
    const [row] = rows
    if (!row) return { mark: 0, size: 0, innerPad: Buffer.alloc(0), outerPad: Buffer.alloc(0) }
    return { mark: Number(row.facets), size: Number(row.size), innerPad: row.inner_pad, outerPad: row.outer_pad }
  }

  async function scan(logId: number, facets: readonly string[], from: number, before: number) {
    await assertNotArchived(pool, logId, from, before)
    const { rows } = await pool.query<EntryRow>(SCAN_DECISIONS, [
      logId,
      from,
      before,
      facets.flatMap(toNeedles),
      STEP_HITS,
      Buffer.from(`"kind":"${facets.includes(BEATS_FACET) ? "beats" : "decision"}"`),
    ])
    const found = rows.map(toRecord)
    return { records: found, next: rows.length === STEP_HITS ? (found.at(-1)?.index ?? from) : from }
  }

  /** `unreadable`: the name of that facet, whose records are answered too; null: none are. */
  async function lookUp(
    logId: number,
    keys: readonly string[],
    unreadable: string | null,
    from: number,
    before: number,
  ) {
    const newest = blockOf(before - 1)
    const oldest = Math.max(blockOf(from), newest - STEP_BLOCKS + 1)
    const { rows } = await pool.query<{ block: bigint; hits: string }>({
      ...FACET_BLOCKS,
      values: [logId, keys, oldest, newest, STEP_HIT_BLOCKS, unreadable],
    })
    const all = rows.flatMap(({ block, hits }) => placesOf(Number(block), hits, from, before))
    const places = all.slice(0, STEP_HITS)
    const { rows: entries } = await pool.query<EntryRow>(READ_PLACES, [logId, places])
    if (entries.length < places.length) {
      const here = new Set(entries.map(({ idx }) => Number(idx)))
      for (const place of places) if (!here.has(place)) await assertNotArchived(pool, logId, place)
    }
    const last = rows.length === STEP_HIT_BLOCKS ? Number(rows.at(-1)?.block) : oldest
    const next = all.length > STEP_HITS ? (places.at(-1) as number) : last * FACET_BLOCK
    return { records: entries.map(toRecord), next: Math.max(from, next) }
  }

  return {
    logs,
    records,
    async recordsWith(logId, facets, from, before) {
      // The mark first: what is below it was in the index before, and stays there.
      const { mark, size, ...key } = await markOf(logId)
      const end = Math.min(before, size)
      if (end <= from) return { records: [], next: from }
      if (facets.length === 0) return await scan(logId, facets, Math.max(from, end - STEP_RECORDS), end)
      if (end > mark) return await scan(logId, facets, Math.max(from, mark, end - STEP_RECORDS), end)
      const keys = facets.map((facet) => facetKey(sha256, key, facet))
      const unreadable = facets.includes(BEATS_FACET) ? null : facetKey(sha256, key, UNREADABLE_FACET)
      return await lookUp(logId, keys, unreadable, from, end)
    },
  }
}

const blockOf = (index: number) => Math.floor(index / FACET_BLOCK)

/** Indexes of the records that are meant, the newest first. */
function placesOf(block: number, hits: string, from: number, before: number): number[] {
  const places: number[] = []
  for (let i = FACET_BLOCK - 1; i >= 0; i--) {
    const index = block * FACET_BLOCK + i
    if (hits[i] === "1" && index >= from && index < before) places.push(index)
  }
  return places
}

/** What a payload with this facet has to hold: RFC 8785 writes a text in one way. */
function toNeedles(facet: string): Buffer[] {
  return facet
    .split("\n")
    .slice(1)
    .map((text) => Buffer.from(encodeCanonicalJson(text)))
}
