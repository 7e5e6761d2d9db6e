/** What the daemon's role may do where another role owns the tables: append to the log, and change what is derived from it. */
import pg from "pg"
import { WritError } from "../errors.ts"

/** Written once, and never changed. */
const APPEND_ONLY = ["log", "entry", "tile", "checkpoint", "cosigned_checkpoint", "facet_key", "log_closing"]
/** Written by the owner alone. */
const OWNERS = ["archived"]

/** `client`: as the owner. Throws CONFIG_INVALID when there is no such role. */
export async function grantToDaemon(client: pg.Client, role: string): Promise<void> {
  const known = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [role])
  if (known.rowCount === 0)
    throw new WritError("CONFIG_INVALID", `There is no role "${role}". CREATE ROLE … LOGIN makes it.`)
  const to = pg.escapeIdentifier(role)
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
        AND relname <> 'schema_migration'`,
  )
  await client.query("BEGIN")
  await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${to}`)
  await client.query(`GRANT USAGE ON SCHEMA public TO ${to}`)
  await client.query(`GRANT SELECT ON schema_migration TO ${to}`)
  for (const { name } of rows) {
    await client.query(`GRANT ${rightsOn(name)} ON ${pg.escapeIdentifier(name)} TO ${to}`)
  }
  await client.query(`GRANT UPDATE (payload) ON entry TO ${to}`) // a trigger takes nothing but its erasure
  await client.query(`GRANT EXECUTE ON FUNCTION writ_ensure_partition(smallint, bigint) TO ${to}`)
  await client.query("COMMIT")
}

function rightsOn(table: string): string {
  if (OWNERS.includes(table)) return "SELECT"
  return APPEND_ONLY.includes(table) ? "SELECT, INSERT" : "SELECT, INSERT, UPDATE, DELETE"
}
