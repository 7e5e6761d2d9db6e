/** How a command reaches a daemon: --target and --key, else what the data folder says. */
import { connect, type WritClient } from "../client/connect.ts"
import { type DaemonFile, readDaemonFile } from "../client/data-folder.ts"
import type { Role } from "../decision/state.ts"
import { readApiKey } from "../store/data-folder.ts"
import type { Flags } from "./cli.ts"

export { type DaemonFile, readDaemonFile }

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
