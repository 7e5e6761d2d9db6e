/** The folder that a policy bundle is loaded from. */
import { readdirSync, readFileSync, watch } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { CompiledPolicy, CompileFiles } from "../decision/policy-thread.ts"
import { WritError } from "../errors.ts"
import { formatProblem } from "../policy/format-problem.ts"

const SETTLE_MS = 200

/** The bundle's files, by path relative to the folder. */
export function readPolicyFolder(folder: string): Record<string, string> {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(isPolicyFile)
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]))
  } catch (cause) {
    throw unreadable(folder, cause)
  }
}

export type FolderPolicy = Extract<CompiledPolicy, { ok: true }>

/**
 * Reads and compiles it without holding up decisions. Throws POLICY_INVALID, which shows every problem at its place, or what
 * two engines read differently in a bundle that is not the active one.
 */
export async function compilePolicyFolder(
  folder: string,
  compile: CompileFiles,
  confirm: Parameters<CompileFiles>[1],
): Promise<FolderPolicy> {
  const compiled = await compile(await readBytes(folder), confirm)
  if (!compiled.ok)
    throw new WritError(
      "POLICY_INVALID",
      `The policy in ${folder} is not valid:\n${compiled.problems.map(formatProblem).join("\n")}`,
    )
  const [disagreement] = compiled.opinions.disagreements
  if (disagreement) {
    const { formatDisagreement } = await import("../policy/second-opinion.ts") // cel-js takes long to load
    throw new WritError(
      "POLICY_INVALID",
      `Two engines read a condition differently, so it may mean either. ${formatDisagreement(disagreement)}`,
    )
  }
  return compiled
}

async function readBytes(folder: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  try {
    for (const name of await readdir(folder, { recursive: true, encoding: "utf8" })) {
      // A copy of its own memory, which can be given away: what is read is of Node's pool where it is small.
      if (isPolicyFile(name)) files[name] = new Uint8Array(await readFile(join(folder, name)))
    }
  } catch (cause) {
    throw unreadable(folder, cause)
  }
  return files
}

function isPolicyFile(name: string): boolean {
  return /\.ya?ml$/.test(name)
}

function unreadable(folder: string, cause: unknown): WritError {
  return new WritError(
    "POLICY_INVALID",
    `The policy folder ${folder} cannot be read (${(cause as NodeJS.ErrnoException).code}). Name another with --policy.`,
    { cause },
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
