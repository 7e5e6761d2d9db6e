/** Derives lookup rows from the log, in order, after the commit; `lookup_mark` says how far. */
import type pg from "pg"
import { readBody } from "../ledger/lineage.ts"

const PAGE = 2_000

/** One page. Answers how many records are still to be derived. */
export async function deriveLookups(pool: pg.Pool, logId: number, size: number): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query("BEGIN")
    const mark = await client.query<{ size: bigint }>("SELECT size FROM lookup_mark WHERE log_id = $1 FOR UPDATE", [
      logId,
    ])
    const from = Number(mark.rows[0]?.size ?? 0)
    const to = Math.min(size, from + PAGE)
    if (to > from) {
      const { rows } = await client.query<{ idx: bigint; body: Buffer }>(
        "SELECT idx, body FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
        [logId, from, to],
      )
      const keyed = rows.flatMap(({ idx, body }) => {
        const id = readBody(body).execution_id
        return id === undefined ? [] : [{ id, idx }]
      })
      await client.query(
        "INSERT INTO lookup (key, log_id, idx) SELECT k, $1, i FROM unnest($2::uuid[], $3::bigint[]) AS t (k, i)",
        [logId, keyed.map(({ id }) => id), keyed.map(({ idx }) => idx.toString())],
      )
      await client.query("UPDATE lookup_mark SET size = $2 WHERE log_id = $1", [logId, to])
    }
    await client.query("COMMIT")
    return size - to
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** Forgets request ids whose life is over, a page at a time. */
export async function forgetRequests(pool: pg.Pool): Promise<void> {
  await pool.query("DELETE FROM request WHERE key IN (SELECT key FROM request WHERE expires_at <= now() LIMIT 5000)")
}
