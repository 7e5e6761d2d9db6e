/** The folder that a policy bundle is loaded from. */
import { readdirSync, readFileSync, watch } from "node:fs"
import { join } from "node:path"
import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { loadPolicy } from "../policy/load.ts"
import type { LoadResult } from "../policy/types.ts"

const SETTLE_MS = 200

/** The bundle's files, by path relative to the folder. */
export function readPolicyFolder(folder: string): Record<string, string> {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.ya?ml$/.test(name))
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]))
  } catch (cause) {
    throw new WritError(
      "POLICY_INVALID",
      `The policy folder ${folder} cannot be read (${(cause as NodeJS.ErrnoException).code}). Name another with --policy.`,
      { cause },
    )
  }
}

/** Throws POLICY_INVALID, which shows every problem at its place. */
export function compilePolicyFolder(folder: string): Extract<LoadResult, { ok: true }> {
  const loaded = loadPolicy(readPolicyFolder(folder), sha256)
  if (loaded.ok) return loaded
  throw new WritError(
    "POLICY_INVALID",
    `The policy in ${folder} is not valid:\n${loaded.problems.map(formatProblem).join("\n")}`,
  )
}

/** An editor writes a file in several steps: `onChange` comes once they are over. The answer ends the watch. */
export function watchPolicyFolder(path: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(path, { persistent: false }, () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, SETTLE_MS)
  })
  watcher.on("error", () => {}) // the folder went away: SIGHUP still reloads
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
