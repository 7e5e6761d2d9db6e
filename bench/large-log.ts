/** Logs of millions of records, written into the database beside the daemon: what is measured begins after. */
import type pg from "pg"
import { sha256 } from "../src/crypto.ts"
import { TreeTail } from "../src/formats/tiles.ts"

const TILE = 256
/** Odd, so that the trees on the way are of every shape. */
const AT_ONCE = 60_013
const PARTITION_BITS = 20
/** Replaced by an id of its own in each record. */
export const ID_IN_TEMPLATE = "00000000-0000-4000-8000-000000000000"

export interface GrowOptions {
  readonly logId: number
  readonly to: number
  /** A leaf's text, in which ID_IN_TEMPLATE stands. */
  readonly template: string
  readonly payload: Buffer | null
  /** Told of the tree's root after each statement. */
  onRoot?(size: number, root: Uint8Array): void
}

/**
 * Appends up to `to` records, hashed by Postgres, with tiles and head; neither lookup rows nor executions. `tree`: as it is
 * before; answers it as it is then.
 */
export async function growLog(client: pg.Client, tree: TreeTail, options: GrowOptions): Promise<TreeTail> {
  const { logId, to, template, payload, onRoot } = options
  for (let number = tree.size >> PARTITION_BITS; number <= to >> PARTITION_BITS; number++)
    await client.query("SELECT writ_ensure_partition($1::smallint, $2)", [logId, number])
  const grown = tree.clone()
  while (grown.size < to) {
    const end = Math.min(to, grown.size + AT_ONCE)
    const { rows } = await client.query<{ leaf_hash: Buffer }>(
      `INSERT INTO entry (log_id, idx, leaf_hash, body, payload)
         SELECT $1, i, sha256('\\x00'::bytea || body), body, $6 FROM generate_series($2::bigint, $3::bigint - 1) AS i,
         LATERAL (SELECT convert_to(replace($4, $5, '00000000-0000-4000-8000-' || lpad(to_hex(i), 12, '0')), 'UTF8') AS body) AS b
       RETURNING leaf_hash`,
      [logId, grown.size, end, template, ID_IN_TEMPLATE, payload],
    )
    const { fullTiles } = grown.append(rows.map(({ leaf_hash }) => leaf_hash))
    await client.query(
      `INSERT INTO tile (log_id, last_leaf, level, hashes, root)
         SELECT $1, t.* FROM unnest($2::bigint[], $3::smallint[], $4::bytea[], $5::bytea[]) AS t`,
      [
        logId,
        fullTiles.map(({ level, index }) => (index + 1) * TILE ** (level + 1) - 1),
        fullTiles.map(({ level }) => level),
        fullTiles.map(({ hashes }) => Buffer.from(hashes)),
        fullTiles.map(({ root }) => Buffer.from(root)),
      ],
    )
    onRoot?.(grown.size, grown.root())
  }
  await client.query("UPDATE log_head SET size = $2, root = $3 WHERE log_id = $1", [
    logId,
    to,
    Buffer.from(grown.root()),
  ])
  return grown
}

export interface LargeLog {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  /** By size, of trees that it was. */
  readonly roots: ReadonlyMap<number, Uint8Array>
}

/** A log of nobody. */
export async function makeLog(client: pg.Client, logId: number, origin: string, size: number): Promise<LargeLog> {
  const empty = TreeTail.empty(sha256)
  const roots = new Map<number, Uint8Array>()
  await client.query("INSERT INTO log (log_id, origin, verifier_key) VALUES ($1, $2, 'bench')", [logId, origin])
  await client.query("INSERT INTO log_head (log_id, size, root, fence) VALUES ($1, 0, $2, 1)", [
    logId,
    Buffer.from(empty.root()),
  ])
  await client.query("INSERT INTO lookup_mark (log_id, size) VALUES ($1, 0)", [logId])
  const tree = await growLog(client, empty, {
    logId,
    to: size,
    template: `{"id":"${ID_IN_TEMPLATE}"}`,
    payload: null,
    onRoot: (at, root) => roots.set(at, root),
  })
  return { origin, size, root: tree.root(), roots }
}
