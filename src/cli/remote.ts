/** How a command reaches a daemon: --target and --key, else what the data folder says. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { connect, type WritClient } from "../client/connect.ts"
import type { Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import { readApiKey } from "../store/data-folder.ts"
import type { Flags } from "./cli.ts"

export interface DaemonFile {
  readonly pid: number
  readonly grpc: string
  readonly http: string
  readonly tls: boolean
  readonly version: string
}

export function readDaemonFile(dataFolder: string): DaemonFile {
  try {
    return JSON.parse(readFileSync(join(dataFolder, "daemon.json"), "utf8")) as DaemonFile
  } catch {
    throw new WritError(
      "CONFIG_INVALID",
      `No daemon is running on the data folder ${dataFolder}. Start one with \`writ serve\`, or name one with --target HOST:PORT and --key KEY.`,
    )
  }
}

export async function withClient<T>(flags: Flags, role: Role, work: (client: WritClient) => Promise<T>): Promise<T> {
  const data = flags["data"] as string
  const target = (flags["target"] as string | undefined) ?? process.env["WRIT_TARGET"] ?? readDaemonFile(data).grpc
  const key = (flags["key"] as string | undefined) ?? process.env["WRIT_KEY"] ?? readApiKey(data, role)
  const client = connect({ target, key, caFile: (flags["ca"] as string | undefined) ?? null, maxTries: 1 })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}
