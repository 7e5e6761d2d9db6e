import type pg from "pg"

const PARTITION_LEAVES = 2 ** 20

/** The partition that the log of this size appends to, and the next one, so that no append ever waits for it. */
export async function ensurePartitions(pool: pg.Pool, logId: number, size: number): Promise<void> {
  const now = Math.floor(size / PARTITION_LEAVES)
  for (const number of [now, now + 1])
    await pool.query("SELECT writ_ensure_partition($1::smallint, $2::bigint)", [logId, number])
}
