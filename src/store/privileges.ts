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

export interface Rights {
  readonly role: string
  /** Version of PostgreSQL. */
  readonly server: string
  /** The newest migration that was applied; null: none. */
  readonly schema: number | null
  /** May it change the tables of the ledger as their owner? */
  readonly owns: boolean
  readonly isSuperuser: boolean
  readonly isEncrypted: boolean
  readonly isLocal: boolean
}

/** What the role of this connection is, and how it is connected. */
export async function readRights(client: pg.Client): Promise<Rights> {
  const { rows } = await client.query<Omit<Rights, "schema"> & { readonly has_schema: boolean }>(`
    SELECT current_user AS role, current_setting('server_version') AS server,
           coalesce((SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('public.entry')), false) AS owns,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS "isEncrypted",
           coalesce(inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1', true) AS "isLocal",
           to_regclass('public.schema_migration') IS NOT NULL AS has_schema`)
  const { has_schema, ...rights } = rows[0] as (typeof rows)[number]
  if (!has_schema) return { ...rights, schema: null }
  const { rows: versions } = await client.query<{ version: number | null }>(
    "SELECT max(version) AS version FROM schema_migration",
  )
  return { ...rights, schema: versions[0]?.version ?? null }
}
