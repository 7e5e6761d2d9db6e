/** migrations/0007_append.sql says why. `text` changes rows and has no RETURNING of its own. */
export function requireOne(text: string, sqlState: string): string {
  return `WITH done AS (${text} RETURNING 1) SELECT writ_require_one(count(*), '${sqlState}') FROM done`
}

/** SQLSTATE that says the database is not what the change assumed. */
export const CONFLICT = "WR003"
