import { readFileSync } from "node:fs"
import { parseTrust } from "../verify/trust.ts"
import type { Trust } from "../verify/types.ts"
import type { Flags } from "./cli.ts"

/** The keys of --trust; undefined where none are named. */
export function readTrust(flags: Flags): Trust | undefined {
  const file = flags["trust"] as string | undefined
  return file === undefined ? undefined : parseTrust(readFileSync(file, "utf8"))
}
