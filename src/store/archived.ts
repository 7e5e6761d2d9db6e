/** Ranges of logs whose records are in archive files, and what is said to whoever asks for one of them. */
import type pg from "pg"
import { WritError } from "../errors.ts"

/**
 * Throws RECORD_ARCHIVED when the record, or one of [index, before), was moved into an archive. `details`: log, first, past,
 * digest, newest.
 */
export async function assertNotArchived(
  pool: pg.Pool,
  logId: number,
  index: number,
  before = index + 1,
): Promise<void> {
  const { rows } = await pool.query<{ origin: string; first: bigint; past: bigint; digest: string; newest: Date }>(
    `SELECT l.origin, a.first, a.past, encode(a.digest, 'hex') AS digest, a.newest FROM archived a JOIN log l USING (log_id)
      WHERE a.log_id = $1 AND a.first < $3 AND a.past > $2 ORDER BY a.first DESC LIMIT 1`,
    [logId, index, before],
  )
  const [row] = rows
  if (!row) return
  const { origin: log, digest } = row
  const [first, past] = [String(row.first), String(row.past)]
  const asked = before === index + 1 ? `Record ${index}` : "What is asked for"
  throw new WritError(
    "RECORD_ARCHIVED",
    `${asked} of ${log} was moved into an archive: records ${first} to ${row.past - 1n}, digest ${digest}. ` +
      "Read that file with `writ ledger archive evidence`, or bring its records back with `writ ledger archive restore`. " +
      `Records from ${past} on are looked for in the database.`,
    { details: { log, first, past, digest, newest: row.newest.toISOString() } },
  )
}
