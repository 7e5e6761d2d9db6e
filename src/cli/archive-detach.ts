/** `writ ledger archive detach FILE`: as the owner of the tables, beside a daemon that goes on. */
import { detachArchive } from "../store/archive/detach.ts"
import { withTool } from "../store/connect.ts"
import type { Flags } from "./cli.ts"
import { withDatabase } from "./offline-database.ts"
import { print, printJson } from "./output.ts"
import { readTrust } from "./read-trust.ts"

export async function archiveDetachCommand(file: string, flags: Flags): Promise<number> {
  const trust = readTrust(flags)
  const { partition, digest, kept } = await withDatabase(flags, (connection) =>
    withTool(connection, (client) => detachArchive(client, file, trust, Date.now())),
  )
  const { origin, first, past } = partition
  if (flags["json"]) printJson({ log: origin, first, past, digest, kept })
  else
    print(
      `Records ${first} to ${past - 1} of ${origin} left the database; ${kept} of them stay, because its tables rest on them. What is asked for them is answered with the archive's digest, ${digest}.`,
    )
  return 0
}
