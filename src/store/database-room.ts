/** Whether the database's disk is full: as a failed append says, and until there is room again. */
import type pg from "pg"

/** SQLSTATE disk_full. */
const DISK_FULL = "53100"

export function isDiskFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if ("code" in at && at.code === DISK_FULL) return true
  return false
}

/** A megabyte that is written and forgotten: more than what the next appends need. Throws where the database cannot answer. */
export async function hasRoom(pool: pg.Pool): Promise<boolean> {
  try {
    await pool.query(
      "CREATE TEMPORARY TABLE writ_room ON COMMIT DROP AS SELECT repeat(md5(n::text), 32) AS filler FROM generate_series(1, 1000) AS n",
    )
    return true
  } catch (error) {
    if (isDiskFull(error)) return false
    throw error
  }
}
