/** `writ ledger archive list`: the partitions of each log, and what keeps each in the database. */
import { findObstacles } from "../store/archive/obstacles.ts"
import { listPartitions } from "../store/archive/partitions.ts"
import { withTool } from "../store/connect.ts"
import type { Flags } from "./cli.ts"
import { withDatabase } from "./offline-database.ts"
import { print, printJson } from "./output.ts"

const MIB = 1024 * 1024

export async function archiveListCommand(flags: Flags): Promise<number> {
  const partitions = await withDatabase(flags, (connection) =>
    withTool(connection, async (client) => {
      const listed = []
      for (const partition of await listPartitions(client)) {
        const needed = partition.archive === null ? await findObstacles(client, partition, Date.now()) : []
        listed.push({ ...partition, needed })
      }
      return listed
    }),
  )
  if (flags["json"]) printJson(partitions)
  else
    for (const { origin, first, past, size, bytes, archive, needed } of partitions) {
      if (first > size) continue // made ahead
      const state =
        archive !== null
          ? `in the archive ${archive}`
          : needed.length > 0
            ? `here: ${needed.join("; ")}`
            : "here, and may be archived and detached"
      print(`${origin} ${first} to ${past - 1}, ${(bytes / MIB).toFixed(1)} MiB: ${state}`)
    }
  return 0
}
