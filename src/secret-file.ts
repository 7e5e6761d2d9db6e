/** Secrets in the data folder: read only from files that nobody else may read. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { WritError } from "./errors.ts"

/** Throws DATA_FOLDER_UNFIT when others can read it. */
export function readSecret(path: string): string {
  if ((statSync(path).mode & 0o077) !== 0)
    throw new WritError("DATA_FOLDER_UNFIT", `${path} can be read by others. Run: chmod 600 ${path}`)
  return readFileSync(path, "utf8")
}

/** The API key that first start wrote for this role. Throws CONFIG_INVALID, DATA_FOLDER_UNFIT. */
export function readApiKey(dataFolder: string, role: string): string {
  const advice = "Name the daemon's data folder with --data, or pass --key."
  return readRoleKey(
    join(dataFolder, "api-keys"),
    role,
    `There is no API key for role ${role} in ${dataFolder}. ${advice}`,
  )
}

/** A folder holds one file per role, named for it. CONFIG_INVALID with `missing` when it cannot be read. */
export function readRoleKey(folder: string, role: string, missing: string): string {
  try {
    return readSecret(join(folder, role)).trim()
  } catch (cause) {
    if (cause instanceof WritError) throw cause
    throw new WritError("CONFIG_INVALID", missing, { cause })
  }
}
