/** Hashes of the tree from the database: all that a proof needs in one statement. */
import type pg from "pg"
import type { TileReader } from "../ledger/proofs.ts"

const TILE_WIDTH = 256
const HASH_BYTES = 32
/** Parameters of each range: first hash, how many, the last leaf below its tile, where it begins in the tile. */
const WIDTH = 4
/** Ranges of one statement; a proof needs up to a dozen, those of a lineage more. Its name tells their levels, and holds 63 bytes. */
const MAX_RANGES = 16

/** A pool, a connection, or the snapshot of a check. */
export interface HashStore {
  query<Row extends pg.QueryResultRow>(statement: {
    readonly name: string
    readonly text: string
    readonly values: unknown[]
  }): Promise<{ readonly rows: readonly Row[] }>
}

interface Wish {
  readonly level: number
  readonly start: number
  readonly count: number
  readonly resolve: (hashes: readonly Uint8Array[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * A range within one tile: from the tile where it is full; at the right edge from the leaves, or from the roots of the tiles
 * below, up to the first gap. Each range has parameters of its own, so that the planner sees in which partition it lies: as
 * rows of one array they were planned for all of the log's, which took longer than to read them. And each tile below is
 * looked up by itself, in a form that cannot become a join: a join reads past the tiles of all levels below.
 */
function rangeOf(level: number, place: number): string {
  const [start, count, lastLeaf, skip] = [2, 3, 4, 5].map((n) => `$${n + place * WIDTH}`)
  const span = `${TILE_WIDTH ** level}::bigint`
  const below =
    level === 0
      ? `SELECT idx AS at, leaf_hash AS hash FROM entry WHERE log_id = $1 AND idx >= ${start}::bigint AND idx < ${start}::bigint + ${count}::integer`
      : `SELECT g.at, (SELECT root FROM tile WHERE log_id = $1 AND last_leaf = (g.at + 1) * ${span} - 1 AND level = ${level - 1}) AS hash
           FROM generate_series(${start}::bigint, ${start}::bigint + ${count}::integer - 1) AS g (at)`
  return `SELECT ${place} AS place, coalesce(
    (SELECT substring(hashes FROM ${skip}::integer + 1 FOR ${count}::integer * ${HASH_BYTES}) FROM tile
      WHERE log_id = $1 AND last_leaf = ${lastLeaf}::bigint AND level = ${level}),
    (SELECT string_agg(hash, '' ORDER BY at) FROM
      (SELECT at, hash, row_number() OVER (ORDER BY at) AS n FROM (${below}) AS b WHERE hash IS NOT NULL) AS c
      WHERE at = ${start}::bigint + n - 1)) AS hashes`
}

/** What is asked for in one turn is read by one statement, or by as few as hold it. */
export function tileReader(pool: HashStore, logId: number): TileReader {
  let wishes: Wish[] = []
  return {
    hashes: (level, start, count) =>
      new Promise((resolve, reject) => {
        if (wishes.length === 0)
          queueMicrotask(() => {
            const asked = wishes
            wishes = []
            for (let i = 0; i < asked.length; i += MAX_RANGES) void readAll(pool, logId, asked.slice(i, i + MAX_RANGES))
          })
        wishes.push({ level, start, count, resolve, reject })
      }),
  }
}

async function readAll(pool: HashStore, logId: number, wishes: readonly Wish[]): Promise<void> {
  try {
    const { rows } = await pool.query<{ place: number; hashes: Buffer | null }>({
      name: `writ_hashes_${wishes.map(({ level }) => level).join("")}`,
      text: wishes.map(({ level }, place) => rangeOf(level, place)).join(" UNION ALL "),
      values: [
        logId,
        ...wishes.flatMap(({ level, start, count }) => {
          const lastLeaf = (Math.floor(start / TILE_WIDTH) + 1) * TILE_WIDTH ** (level + 1) - 1
          return [start, count, lastLeaf, (start % TILE_WIDTH) * HASH_BYTES]
        }),
      ],
    })
    const found = new Map(rows.map(({ place, hashes }) => [place, hashes]))
    for (const [place, { resolve }] of wishes.entries()) resolve(cut(found.get(place) ?? Buffer.alloc(0)))
  } catch (error) {
    for (const { reject } of wishes) reject(error)
  }
}

function cut(bytes: Buffer): Uint8Array[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}
