/** Derives lookup rows and facets from the log, in order, after the commit; `lookup_mark` says how far. */
import type pg from "pg"

const PAGE = 2_000
const MAX_PAGES = 16
const REQUESTS_PAGE = 5_000

/** At most so many pages in one go, each a transaction of its own. Answers how many records are still to be derived. */
export async function deriveLookups(pool: pg.Pool, logId: number, size: number): Promise<number> {
  let left = 0
  for (let page = 0; page < MAX_PAGES; page++) {
    // migrations/0003_lookups.sql
    const { rows } = await pool.query<{ left: bigint }>("SELECT writ_derive_lookups($1, $2, $3) AS left", [
      logId,
      size,
      PAGE,
    ])
    left = Number(rows[0]?.left ?? 0)
    if (left === 0) break
  }
  return left
}

/**
 * One page of the facets of any log, so many blocks of 256 records. Answers how many records of all logs are still to be derived,
 * but for those that fill no block.
 */
export async function deriveFacets(client: pg.Pool | pg.Client, blocks: number): Promise<number> {
  const { rows } = await client.query<{ left: bigint }>("SELECT writ_derive_facets($1) AS left", [blocks])
  return Number(rows[0]?.left ?? 0)
}

/** Forgets request ids whose life is over, a page in each transaction, until none is left. */
export async function forgetRequests(pool: pg.Pool): Promise<void> {
  const text = `DELETE FROM request WHERE ctid = ANY (ARRAY (SELECT ctid FROM request WHERE expires_at <= now() LIMIT ${REQUESTS_PAGE}))`
  while ((await pool.query(text)).rowCount === REQUESTS_PAGE);
}
