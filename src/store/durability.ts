/** "Committed" must mean "on disk": read at every connect of the writer, refused otherwise. */
import type pg from "pg"
import { WritError } from "../errors.ts"

const OLDEST_VERSION_NUM = 150_000

interface Settings {
  readonly version: number
  readonly fsync: string
  readonly full_page_writes: string
  readonly synchronous_commit: string
  readonly read_only: string
  readonly standby: boolean
  readonly encoding: string
}

/** Throws DATABASE_UNFIT with one line that says which setting and the fix. */
export async function assertDurable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Settings>(`
    SELECT current_setting('server_version_num')::integer AS version, current_setting('fsync') AS fsync,
           current_setting('full_page_writes') AS full_page_writes,
           set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') = 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false) AS synchronous_commit,
           current_setting('transaction_read_only') AS read_only, pg_is_in_recovery() AS standby,
           current_setting('server_encoding') AS encoding`)
  const settings = rows[0] as Settings
  const refuse = (what: string) => new WritError("DATABASE_UNFIT", `The database cannot hold a ledger: ${what}`)
  if (settings.version < OLDEST_VERSION_NUM)
    throw refuse(`it is PostgreSQL ${Math.floor(settings.version / 10_000)}, and 15 or newer is needed.`)
  if (settings.fsync !== "on") throw refuse("fsync is off. Set fsync = on in postgresql.conf and reload.")
  if (settings.full_page_writes !== "on")
    throw refuse("full_page_writes is off. Set full_page_writes = on in postgresql.conf and reload.")
  if (settings.synchronous_commit !== "on" && settings.synchronous_commit !== "remote_apply") {
    throw refuse(`synchronous_commit is ${settings.synchronous_commit}. Set synchronous_commit = on for this role.`)
  }
  if (settings.standby || settings.read_only === "on")
    throw refuse("it is read-only. Point DATABASE_URL at the primary.")
  if (settings.encoding !== "UTF8")
    throw refuse(`its encoding is ${settings.encoding}. Create a database with ENCODING 'UTF8'.`)
}

/** What a bench or a summary says of durability. */
export async function describeDurability(client: pg.Client | pg.Pool): Promise<string> {
  const { rows } = await client.query<{ fsync: string; commit: string }>(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
  )
  return `fsync=${rows[0]?.fsync} synchronous_commit=${rows[0]?.commit}`
}
