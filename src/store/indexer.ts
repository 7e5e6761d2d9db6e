/** Derives lookup rows from the log, in order, after the commit; `lookup_mark` says how far. */
import type pg from "pg"

const PAGE = 2_000

/** One page. Answers how many records are still to be derived. migrations/0003_lookups.sql */
export async function deriveLookups(pool: pg.Pool, logId: number, size: number): Promise<number> {
  const { rows } = await pool.query<{ left: bigint }>("SELECT writ_derive_lookups($1, $2, $3) AS left", [
    logId,
    size,
    PAGE,
  ])
  return Number(rows[0]?.left ?? 0)
}

/** Forgets request ids whose life is over, a page at a time. */
export async function forgetRequests(pool: pg.Pool): Promise<void> {
  await pool.query("DELETE FROM request WHERE key IN (SELECT key FROM request WHERE expires_at <= now() LIMIT 5000)")
}
