/** Makes the log if it is new, and takes it over: whoever wrote it before is fenced from here on. */
export const OPEN_LOG = `
  WITH known AS (SELECT log_id, verifier_key FROM log WHERE origin = $1),
  made AS (
    INSERT INTO log (log_id, origin, verifier_key)
    SELECT coalesce((SELECT max(log_id) FROM log), 0) + 1, $1, $2 WHERE NOT EXISTS (SELECT FROM known)
    RETURNING log_id)
  SELECT log_id, verifier_key FROM known UNION ALL SELECT log_id, $2 FROM made`

/** $2: SHA-256 of nothing, the root of the empty tree (RFC 6962 section 2.1). */
export const MAKE_HEAD = `
  INSERT INTO log_head (log_id, size, root, fence)
  SELECT $1, 0, $2, 0 WHERE NOT EXISTS (SELECT FROM log_head WHERE log_id = $1)`

export const MAKE_MARK = `
  INSERT INTO lookup_mark (log_id, size)
  SELECT $1, 0 WHERE NOT EXISTS (SELECT FROM lookup_mark WHERE log_id = $1)`

/** What a closed log has (migrations/0021_log_lease.sql); it cannot be raised, so neither statement finds such a log. */
const CLOSED_FENCE = "9223372036854775807"

/** `which`: the head to take over. The lease is taken in the same transaction. No row: there is no such head. */
const takeOver = (which: string) => `
  WITH taken AS (
    UPDATE log_head SET fence = fence + 1 WHERE log_id = $1 AND ${which} RETURNING log_id, size, root, fence),
  leased AS (
    INSERT INTO log_lease AS l (log_id, fence, beat, is_held) SELECT log_id, fence, 0, true FROM taken
    ON CONFLICT (log_id) DO UPDATE SET fence = excluded.fence, beat = l.beat + 1, is_held = true)
  SELECT size, root, fence FROM taken`

/** No row: the log is closed. */
export const TAKE_OVER = takeOver(`fence < ${CLOSED_FENCE}`)

/** Waits for a statement of the lost connection that may still hold the row. No row: somebody else took over, or closed it. */
export const TAKE_OVER_FROM = takeOver("fence = $2")
