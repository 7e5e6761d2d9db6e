/** The data folder: keys, API keys, policy, what was signed last. Made at first start; read strictly afterwards. */
import type { KeyObject } from "node:crypto"
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, statfsSync } from "node:fs"
import { dirname, join } from "node:path"
import { makeApiKey } from "../decision/caller-keys.ts"
import type { PreviousLog } from "../decision/log-opened.ts"
import type { Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import { readApiKey, readRoleKey, readSecret } from "../secret-file.ts"
import { type KeyFiles, openKey, openKeyFiles } from "./key-files.ts"
import { previousLog } from "./retired-logs.ts"
import { writeDurably } from "./signer-state.ts"

export { readApiKey, readRoleKey }

export interface DataFolder {
  readonly path: string
  /** True when it was made just now. */
  readonly isNew: boolean
  readonly keys: { readonly checkpoint: KeyObject; readonly policy: KeyObject }
  readonly tokenKeys: KeyFiles
  /** Text of the API key file of each role. */
  readonly apiKeys: ReadonlyMap<Role, string>
  /** What was signed last of the daemon's first log, of its second one, and so on. */
  signerStateFile(log: number): string
  /** The highest number for which there is such a file, or 1. */
  readonly newestLog: number
  /** The log that it wrote before this one, under another key; null: none. */
  readonly previousLog: PreviousLog | null
  readonly daemonFile: string
}

/** Throws DATA_FOLDER_UNFIT with one line that says what to do. */
export function openDataFolder(path: string, roles: readonly Role[], examplePolicy: string): DataFolder {
  const keys = join(path, "keys")
  const isNew = !existsSync(keys)
  try {
    makeFolder(path)
    // As root, the embedded Postgres runs as another user and must pass through; every secret is in a folder of its own.
    if (process.getuid?.() === 0) chmodSync(path, 0o711)
    mkdirSync(keys, { recursive: true, mode: 0o700 })
    mkdirSync(join(path, "api-keys"), { recursive: true, mode: 0o700 })
    if (!existsSync(join(path, "policy"))) {
      cpSync(examplePolicy, join(path, "policy.new"), { recursive: true })
      renameSync(join(path, "policy.new"), join(path, "policy")) // whole or not at all
    }
  } catch (cause) {
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `The data folder ${path} cannot be written (${(cause as NodeJS.ErrnoException).code}). Choose another with --data, or change its owner.`,
      { cause },
    )
  }
  const previous = previousLog(path) // before a key is made in the place of one that was retired
  const signerStateFile = (log: number) => join(path, log === 1 ? "checkpoint.state" : `checkpoint-${log}.state`)
  let newestLog = 1
  while (existsSync(signerStateFile(newestLog + 1))) newestLog++
  return {
    path,
    isNew,
    keys: { checkpoint: openKey(join(keys, "checkpoint.key")), policy: openKey(join(keys, "policy.key")) },
    tokenKeys: openKeyFiles(keys, "token"),
    apiKeys: new Map(roles.map((role) => [role, openApiKey(join(path, "api-keys", role), role)])),
    signerStateFile,
    newestLog,
    previousLog: previous,
    daemonFile: join(path, "daemon.json"),
  }
}

/** Step by step: Node's `recursive` never returns where a parent exists and cannot hold folders, as in /proc. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function openApiKey(path: string, role: Role): string {
  if (!existsSync(path)) writeDurably(path, `${makeApiKey(role)}\n`)
  return readSecret(path).trim()
}

export function isDiskLow(folder: string, minFreeBytes: number): boolean {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize < minFreeBytes
}
