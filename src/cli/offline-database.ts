/** The database for commands that work beside a daemon or without one. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { defaultDataFolder } from "../config.ts"
import { WritError } from "../errors.ts"
import { type Connection, parseDatabaseUrl } from "../store/connect.ts"
import { startEmbedded } from "../store/embedded.ts"
import { isAlive } from "../store/folder-lock.ts"
import type { Flags } from "./cli.ts"
import { readDaemonFile } from "./remote.ts"

/** That of --database-url, or of the data folder. An embedded Postgres that runs already is used as it is, and stays; one that we start, we stop. */
export async function withDatabase<T>(flags: Flags, work: (connection: Connection) => Promise<T>): Promise<T> {
  const url = (flags["databaseUrl"] as string | undefined) ?? process.env["DATABASE_URL"]
  if (url) return await work(parseDatabaseUrl(url))
  const data = (flags["data"] as string | undefined) ?? defaultDataFolder()
  if (!existsSync(join(data, "postgres", "cluster")))
    throw new WritError(
      "CONFIG_INVALID",
      `There is no embedded Postgres in ${data}. Name the daemon's data folder with --data, or its database with --database-url.`,
    )
  const embedded = await startEmbedded({ dataFolder: data })
  try {
    return await work(embedded.connection)
  } finally {
    if (!hasDaemon(data)) await embedded.stop()
  }
}

function hasDaemon(data: string): boolean {
  try {
    return isAlive(readDaemonFile(data).pid)
  } catch {
    return false
  }
}
