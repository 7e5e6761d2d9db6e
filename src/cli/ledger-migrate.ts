/** `writ ledger migrate`: as the owner of the tables, so that the daemon's own role need not be. */
import { join } from "node:path"
import { WritError } from "../errors.ts"
import { parseDatabaseUrl } from "../store/connect.ts"
import { prepareDatabase } from "../store/migrate.ts"
import { grantToDaemon } from "../store/privileges.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"

const MIGRATIONS = join(import.meta.dirname, "..", "..", "migrations")

export async function migrateCommand(flags: Flags): Promise<number> {
  const url = (flags["databaseUrl"] as string | undefined) ?? process.env["DATABASE_URL"]
  if (!url)
    throw new WritError("CONFIG_INVALID", "Name the database with --database-url, as the role that owns its tables.")
  const role = flags["daemonRole"] as string | undefined
  const { applied, version } = await prepareDatabase(parseDatabaseUrl(url), MIGRATIONS, async (client) => {
    if (role !== undefined) await grantToDaemon(client, role)
  })
  if (flags["json"]) printJson({ applied, version, daemon_role: role ?? null })
  else {
    print(
      `Schema version ${version}: ${applied.length === 0 ? "nothing was missing" : `${applied.length} migrations applied`}.`,
    )
    if (role !== undefined)
      print(`${role} may append to the log, and not change it. Give that role's URL to \`writ serve\`.`)
  }
  return 0
}
