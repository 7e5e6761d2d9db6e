/** How a command reaches a daemon: --target, and --key or a certificate, else what the data folder says. */
import { type ConnectOptions, connect, type WritClient } from "../client/connect.ts"
import { type DaemonFile, readDaemonFile } from "../client/data-folder.ts"
import type { Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import { readApiKey } from "../store/data-folder.ts"
import type { Flags } from "./cli.ts"

export { type DaemonFile, readDaemonFile }

/** Throws INVALID_REQUEST. */
function toClientCert({ tlsCert, tlsKey }: Flags): ConnectOptions["clientCert"] | null {
  if (typeof tlsCert === "string" && typeof tlsKey === "string") return { certFile: tlsCert, keyFile: tlsKey }
  if (tlsCert === undefined && tlsKey === undefined) return null
  throw new WritError("INVALID_REQUEST", "--tls-cert and --tls-key go together: pass both, or neither.")
}

export async function withClient<T>(flags: Flags, role: Role, work: (client: WritClient) => Promise<T>): Promise<T> {
  const data = flags["data"] as string
  const target = (flags["target"] as string | undefined) ?? process.env["WRIT_TARGET"] ?? readDaemonFile(data).grpc
  const clientCert = toClientCert(flags)
  const given = (flags["key"] as string | undefined) ?? process.env["WRIT_KEY"]
  const key = given ?? (clientCert ? undefined : readApiKey(data, role))
  const caFile = (flags["ca"] as string | undefined) ?? null
  const client = connect({ target, key, caFile, maxTries: 1, ...(clientCert && { clientCert }) })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}
