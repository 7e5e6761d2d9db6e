/** What a daemon's data folder tells those on its machine that may read it: where it answers, and API keys. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { WritError } from "../errors.ts"
import { readApiKey } from "../secret-file.ts"
import type { Keys, Role } from "./connect.ts"

/** Written by a daemon that runs, removed when it stops. */
export interface DaemonFile {
  readonly pid: number
  readonly grpc: string
  readonly http: string
  readonly tls: boolean
  readonly httpTls: boolean
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

/** For `connect`: the running daemon's address, and the keys of these roles. Throws CONFIG_INVALID, DATA_FOLDER_UNFIT. */
export function fromDataFolder(
  dataFolder: string,
  roles: readonly Role[] = ["pep", "runtime", "executor"],
): { readonly target: string; readonly key: Keys } {
  const { grpc: target } = readDaemonFile(dataFolder)
  return { target, key: Object.fromEntries(roles.map((role) => [role, readApiKey(dataFolder, role)])) }
}
