/** `writ ledger new-log`: the way on where a log may not go on, and to another checkpoint key. */
import { existsSync } from "node:fs"
import { WritError } from "../errors.ts"
import { lockFolder } from "../store/folder-lock.ts"
import { retireLog } from "../store/retired-logs.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"

export async function newLogCommand(flags: Flags): Promise<number> {
  const data = flags["data"] as string
  if (!existsSync(data)) throw new WritError("CONFIG_INVALID", `There is no data folder ${data}. Name it with --data.`)
  const unlock = lockFolder(data) // no daemon may sign meanwhile
  try {
    const kept = retireLog(data)
    if (flags["json"]) printJson({ kept })
    else {
      print(`This folder's log has ended. Its checkpoint key, and what that signed last, are kept in ${kept}.`)
      print(
        "The next `writ serve` makes another key and begins another log, whose first record names what the old one signed.",
      )
      print(
        "Where the configuration names an origin, name another: a log keeps its key. Then give the new keys to auditors and witnesses: writ trust.",
      )
    }
    return 0
  } finally {
    unlock()
  }
}
