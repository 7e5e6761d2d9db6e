/** The lease on this daemon's log, and those that others hold on theirs. */
import type pg from "pg"
import type { Lease } from "../ledger/lease-watch.ts"

export interface LogLease {
  /** A sign of life. False: another fence is on the log, or the lease was ended. */
  beat(fence: bigint): Promise<boolean>
  /** A clean stop: nobody has to close the log. */
  release(fence: bigint): Promise<void>
  /** Those on other logs that are held and count. */
  others(): Promise<readonly Lease[]>
}

interface LeaseRow {
  readonly log_id: number
  readonly origin: string
  readonly verifier_key: string
  readonly size: bigint
  readonly root: Buffer
  readonly fence: bigint
  readonly beat: bigint
}

export function createLogLease(pool: pg.Pool, logId: number): LogLease {
  return {
    async beat(fence) {
      // One statement, and no wait for the disk: a beat that a crash of Postgres loses is followed by the next.
      const { rows } = await pool.query<{ is_held: boolean }>(
        `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
         beat AS (UPDATE log_lease SET beat = beat + 1 FROM quick WHERE log_id = $1 AND fence = $2 AND is_held RETURNING log_id)
         SELECT count(*) = 1 AS is_held FROM beat`,
        [logId, fence.toString()],
      )
      return rows[0]?.is_held === true
    },

    async release(fence) {
      await pool.query("UPDATE log_lease SET is_held = false WHERE log_id = $1 AND fence = $2", [
        logId,
        fence.toString(),
      ])
    },

    async others() {
      // Another fence than the lease's: a daemon that knows no leases has the log. It is not closed.
      const { rows } = await pool.query<LeaseRow>(
        `SELECT l.log_id, l.origin, l.verifier_key, h.size, h.root, h.fence, s.beat
           FROM log_lease s JOIN log_head h USING (log_id) JOIN log l USING (log_id)
          WHERE s.is_held AND s.fence = h.fence AND s.log_id <> $1 ORDER BY s.log_id`,
        [logId],
      )
      return rows.map((row) => ({
        logId: row.log_id,
        origin: row.origin,
        verifierKey: row.verifier_key,
        size: Number(row.size),
        root: row.root,
        fence: row.fence,
        beat: row.beat,
      }))
    },
  }
}
