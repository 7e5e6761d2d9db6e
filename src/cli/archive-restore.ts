/** `writ ledger archive restore FILE`: as the owner of the tables, beside a daemon that goes on. */
import { restoreArchive } from "../store/archive/restore.ts"
import { withTool } from "../store/connect.ts"
import type { Flags } from "./cli.ts"
import { withDatabase } from "./offline-database.ts"
import { print, printJson } from "./output.ts"
import { readTrust } from "./read-trust.ts"

export async function archiveRestoreCommand(file: string, flags: Flags): Promise<number> {
  const trust = readTrust(flags)
  const { origin, first, past } = await withDatabase(flags, (connection) =>
    withTool(connection, (client) => restoreArchive(client, file, trust)),
  )
  if (flags["json"]) printJson({ log: origin, first, past })
  else print(`Records ${first} to ${past - 1} of ${origin} are in the database again.`)
  return 0
}
