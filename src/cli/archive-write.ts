/** `writ ledger archive write FIRST FILE`: reads only, so that an auditor's role does. */
import { WritError } from "../errors.ts"
import { exportArchive } from "../store/archive/export.ts"
import { writeArchiveFile } from "../store/archive/file.ts"
import { findPartition } from "../store/archive/partitions.ts"
import { withTool } from "../store/connect.ts"
import { withSnapshot } from "../store/fsck/snapshot.ts"
import type { Flags } from "./cli.ts"
import { withDatabase } from "./offline-database.ts"
import { print, printJson } from "./output.ts"

const DIGEST_BYTES = 32

export async function archiveWriteCommand(first: string, file: string, flags: Flags): Promise<number> {
  if (!/^[0-9]{1,15}$/.test(first))
    throw new WritError(
      "CONFIG_INVALID",
      `"${first}" is no index of a record. \`writ ledger archive list\` shows them.`,
    )
  const log = (flags["log"] as string | undefined) ?? ""
  const { partition, digest, bytes } = await withDatabase(flags, async (connection) => {
    const partition = await withTool(connection, (client) => findPartition(client, log, Number(first)))
    if (partition.archive !== null)
      throw new WritError("RECORD_ARCHIVED", `These records are in the archive ${partition.archive} already.`)
    let last = new Uint8Array()
    let bytes = 0
    await withSnapshot(connection, (store) =>
      writeArchiveFile(
        file,
        (async function* () {
          for await (const chunk of exportArchive(store, partition)) {
            bytes += chunk.length
            last = Uint8Array.from(chunk.subarray(-DIGEST_BYTES))
            yield chunk
          }
        })(),
      ),
    )
    return { partition, digest: Buffer.from(last).toString("hex"), bytes }
  })
  const { origin, past } = partition
  if (flags["json"]) printJson({ log: origin, first: partition.first, past, digest, bytes, file })
  else {
    print(`Records ${partition.first} to ${past - 1} of ${origin}: ${bytes} bytes in ${file}, digest ${digest}.`)
    print("They are still in the database. Keep a copy elsewhere, then: writ ledger archive detach FILE")
  }
  return 0
}
