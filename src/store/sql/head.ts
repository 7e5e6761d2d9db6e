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

export const TAKE_OVER = `UPDATE log_head SET fence = fence + 1 WHERE log_id = $1 RETURNING size, root, fence`

/** Waits for a statement of the lost connection that may still hold the row. No row: somebody else took over. */
export const TAKE_OVER_FROM = `UPDATE log_head SET fence = fence + 1 WHERE log_id = $1 AND fence = $2 RETURNING size, root, fence`
