/** All logs of the database: their newest signed heads, who writes them, and who has last observed what. */
import type pg from "pg"
import type { OtherLog, OtherLogs } from "../decision/observe-heads.ts"
import type { DescribedLog } from "../ledger/observed-heads.ts"
import { readTilesOnce } from "../ledger/proofs.ts"
import { tileReader } from "./tile-reader.ts"

/** Further records than these are news whatever they are: nobody reads them all to find out. */
const MAX_LOOK_RECORDS = 256
const ONLY_HEADS = Buffer.from('"kind":"heads_observed"')

/** Of one log, as it is described. */
const MAX_OBSERVERS = 16

const NEWEST = `
  LEFT JOIN LATERAL (SELECT size, note FROM checkpoint c WHERE c.log_id = l.log_id ORDER BY size DESC LIMIT 1) c ON true`

interface OtherRow {
  readonly log_id: number
  readonly origin: string | null
  readonly verifier_key: string | null
  readonly signed: bigint | null
  readonly note: Buffer | null
  readonly size: bigint | null
  readonly root: Buffer | null
}

/** As the log `logId` sees them. */
export function createOtherLogs(pool: pg.Pool, logId: number): OtherLogs {
  return {
    async read(): Promise<readonly OtherLog[]> {
      // Also those that were observed and are not there any more.
      const { rows } = await pool.query<OtherRow>(
        `SELECT log_id, l.origin, l.verifier_key, c.size AS signed, c.note, o.size, o.root
           FROM log l FULL JOIN (SELECT * FROM observed_head WHERE by_log_id = $1) o USING (log_id) ${NEWEST}
          WHERE log_id <> $1 ORDER BY o.idx NULLS FIRST, log_id`,
        [logId],
      )
      return rows.map((row) => ({
        logId: row.log_id,
        log: row.origin && row.verifier_key ? { origin: row.origin, verifierKey: row.verifier_key } : null,
        checkpoint: row.note && { size: Number(row.signed), note: row.note.toString("utf8") },
        seen: row.size !== null && row.root ? { size: Number(row.size), root: row.root } : null,
      }))
    },

    async hasNews(other, from, to) {
      if (to - from > MAX_LOOK_RECORDS) return true
      const { rowCount } = await pool.query(
        `SELECT FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 AND position($4::bytea IN body) = 0 LIMIT 1`,
        [other, from, to, ONLY_HEADS],
      )
      return rowCount === 1
    },

    tiles: (other) => readTilesOnce(tileReader(pool, other)),
  }
}

export interface LogDescriptions {
  /** Logs after this one, in the order in which they were begun. */
  list(after: number, limit: number): Promise<readonly DescribedLog[]>
}

interface DescribedRow {
  readonly log_id: number
  readonly origin: string
  readonly verifier_key: string
  readonly size: bigint
  readonly signed: bigint | null
  readonly note: Buffer | null
  readonly is_leased: boolean
  readonly closed_by: string | null
  readonly closed_idx: bigint | null
}

export function createLogDescriptions(pool: pg.Pool): LogDescriptions {
  return {
    async list(after, limit) {
      const { rows } = await pool.query<DescribedRow>(
        `SELECT l.log_id, l.origin, l.verifier_key, h.size, c.size AS signed, c.note, coalesce(s.is_held AND s.fence = h.fence, false) AS is_leased,
                b.origin AS closed_by, k.idx AS closed_idx
           FROM log l JOIN log_head h USING (log_id) LEFT JOIN log_lease s USING (log_id) LEFT JOIN log_closing k USING (log_id)
           LEFT JOIN log b ON b.log_id = k.by_log_id ${NEWEST}
          WHERE l.log_id > $1 ORDER BY l.log_id LIMIT $2`,
        [after, limit],
      )
      const observed = await pool.query<{ log_id: number; by: string; idx: bigint; size: bigint; root: Buffer }>(
        `SELECT o.log_id, b.origin AS by, o.idx, o.size, o.root
           FROM unnest($1::smallint[]) AS l (log_id) CROSS JOIN LATERAL (
             SELECT * FROM observed_head o WHERE o.log_id = l.log_id ORDER BY size DESC, by_log_id LIMIT $2) o
           JOIN log b ON b.log_id = o.by_log_id ORDER BY o.log_id, o.size DESC, o.by_log_id`,
        [rows.map(({ log_id }) => log_id), MAX_OBSERVERS],
      )
      return rows.map((row) => ({
        logId: row.log_id,
        origin: row.origin,
        verifierKey: row.verifier_key,
        size: Number(row.size),
        checkpoint: row.note && { size: Number(row.signed), note: row.note.toString("utf8") },
        isLeased: row.is_leased,
        closed: row.closed_by === null ? null : { by: row.closed_by, index: Number(row.closed_idx) },
        observed: observed.rows
          .filter(({ log_id }) => log_id === row.log_id)
          .map(({ by, idx, size, root }) => ({ by, index: Number(idx), size: Number(size), root })),
      }))
    },
  }
}
