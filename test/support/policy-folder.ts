/** The example bundle with changes, in a folder that a daemon can be started with. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { PACKAGE_ROOT } from "../../src/rpc/api.ts"
import { makeFolder } from "./folder.ts"

/** `change` is asked for each file's text; at least one must come out changed. */
export function changedExample(change: (text: string) => string): { readonly path: string; remove(): void } {
  const example = join(PACKAGE_ROOT, "examples", "agent-tools")
  const folder = makeFolder()
  let changed = 0
  for (const file of readdirSync(example).filter((name) => name.endsWith(".yaml"))) {
    const text = readFileSync(join(example, file), "utf8")
    const made = change(text)
    if (made !== text) changed++
    writeFileSync(join(folder.path, file), made)
  }
  if (changed === 0) throw new Error("the example has nothing of what was to be changed")
  return folder
}
