/** Whether a user may use a folder, as its mode and those above it say. For a hint: access control lists are not looked at. */
import { statSync } from "node:fs"
import { dirname } from "node:path"
import type { User } from "./measurement.ts"

const SEARCH = 0o1

export function mayEnter(folder: string, { uid, gid }: User): boolean {
  if (uid === 0) return true
  for (let path = folder; ; path = dirname(path)) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return false
    const shift = stat.uid === uid ? 6 : stat.gid === gid ? 3 : 0
    if (((stat.mode >> shift) & SEARCH) === 0) return false
    if (path === dirname(path)) return true
  }
}
