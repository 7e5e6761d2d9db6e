/** A bundle's canonical bytes in the database, in parts: each is written, read and decoded in a short turn. */
import type pg from "pg"
import { asBuffer } from "../crypto.ts"

/** migrations/0014_bundle_parts.sql */
const PART_BYTES = 256 * 1024

/** What stands there already and differs, which no daemon has written, is replaced. */
export async function putBundleContent(pool: pg.Pool, digest: Uint8Array, content: Uint8Array): Promise<void> {
  for (let part = 0; part * PART_BYTES < content.length; part++) {
    await pool.query(
      `INSERT INTO bundle_part AS stored (digest, part, content) VALUES ($1, $2, $3)
       ON CONFLICT (digest, part) DO UPDATE SET content = excluded.content WHERE stored.content <> excluded.content`,
      [asBuffer(digest), part, asBuffer(content.subarray(part * PART_BYTES, (part + 1) * PART_BYTES))],
    )
  }
}

/** Null: no bundle of this digest was published. What it is worth, who compiles it finds out. */
export async function bundleContent(pool: pg.Pool, digest: Uint8Array): Promise<Uint8Array | null> {
  const { rows } = await pool.query<{ part: number }>(
    "SELECT part FROM bundle JOIN bundle_part USING (digest) WHERE digest = $1 ORDER BY part",
    [asBuffer(digest)],
  )
  if (rows.length === 0) return null
  const parts: Buffer[] = []
  for (const { part } of rows) {
    const found = await pool.query<{ content: Buffer }>(
      "SELECT content FROM bundle_part WHERE digest = $1 AND part = $2",
      [asBuffer(digest), part],
    )
    if (found.rows[0]) parts.push(found.rows[0].content)
  }
  return Buffer.concat(parts)
}
