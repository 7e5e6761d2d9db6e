/** Reads of published bundles. Implements the port of decision/bundles.ts. */
import type pg from "pg"
import { asBuffer } from "../crypto.ts"
import type { BundleStore, StoredBundle } from "../decision/bundles.ts"

interface BundleRow {
  readonly digest: Buffer
  readonly published_at: Date
  readonly origin: string
  readonly log_id: number
  readonly idx: bigint
  readonly leaf_hash: Buffer
  readonly body: Buffer
  readonly payload: Buffer | null
  readonly keys: readonly Buffer[]
  readonly signatures: readonly Buffer[]
}

const BUNDLE = `
  SELECT b.digest, b.published_at, l.origin, e.log_id, e.idx, e.leaf_hash, e.body, e.payload, s.keys, s.signatures
    FROM bundle b JOIN log l USING (log_id) JOIN entry e ON e.log_id = b.log_id AND e.idx = b.idx
    CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(public_key ORDER BY public_key), '{}') AS keys,
             coalesce(array_agg(signature ORDER BY public_key), '{}') AS signatures
        FROM bundle_signature WHERE digest = b.digest) AS s`

export function createBundleStore(pool: pg.Pool): BundleStore {
  return {
    async find(digest) {
      const { rows } = await pool.query<BundleRow>(`${BUNDLE} WHERE b.digest = $1`, [asBuffer(digest)])
      return rows[0] ? toBundle(rows[0]) : null
    },

    async content(digest) {
      const { rows } = await pool.query<{ content: Buffer }>("SELECT content FROM bundle WHERE digest = $1", [
        asBuffer(digest),
      ])
      return rows[0]?.content ?? null
    },

    async list(before, limit) {
      const newestFirst = "ORDER BY b.published_at DESC, b.digest DESC LIMIT $1"
      const { rows } =
        before === null
          ? await pool.query<BundleRow>(`${BUNDLE} ${newestFirst}`, [limit])
          : await pool.query<BundleRow>(`${BUNDLE} WHERE (b.published_at, b.digest) < ($2, $3) ${newestFirst}`, [
              limit,
              new Date(before.publishedAtMs),
              asBuffer(before.digest),
            ])
      return rows.map(toBundle)
    },

    async activeDigest() {
      const { rows } = await pool.query<{ active_bundle: Buffer | null }>("SELECT active_bundle FROM control")
      return rows[0]?.active_bundle ?? null
    },
  }
}

function toBundle(row: BundleRow): StoredBundle {
  return {
    digest: row.digest,
    signatures: row.keys.map((publicKey, i) => ({ publicKey, signature: row.signatures[i] as Buffer })),
    record: {
      origin: row.origin,
      logId: row.log_id,
      index: Number(row.idx),
      leafHash: row.leaf_hash,
      body: row.body,
      payload: row.payload,
    },
    publishedAtMs: row.published_at.getTime(),
  }
}
