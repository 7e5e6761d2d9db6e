/**
 * Logs that this data folder writes no more, each with the key that signed its checkpoints and what that signed last. A log
 * has one key for all its life (ADR 0031): another key means another log, whose first record names what this one signed.
 */
import { createPublicKey } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs"
import { join } from "node:path"
import type { PreviousLog } from "../decision/log-opened.ts"
import { WritError } from "../errors.ts"
import { readSecret } from "../secret-file.ts"
import { createSignerState, fsyncFolder } from "./signer-state.ts"

const KEY = "checkpoint.key"
const STATE = /^checkpoint(?:-[0-9]+)?\.state$/

/**
 * The key goes first: while what it signed is still here and it is not, nothing can be signed by it. Answers where both are
 * kept. Throws DATA_FOLDER_UNFIT when nothing was signed yet.
 */
export function retireLog(dataFolder: string): string {
  finishRetiring(dataFolder)
  if (statesIn(dataFolder).length === 0 || !existsSync(join(dataFolder, "keys", KEY)))
    throw new WritError("DATA_FOLDER_UNFIT", `${dataFolder} has no log that signed anything: there is none to end.`)
  const all = join(dataFolder, "retired-logs")
  const kept = join(all, String(numbersIn(all).length + 1))
  mkdirSync(kept, { recursive: true, mode: 0o700 })
  fsyncFolder(all)
  fsyncFolder(dataFolder)
  move(KEY, join(dataFolder, "keys"), kept)
  finishRetiring(dataFolder)
  return kept
}

/** What was retired last; null where nothing was. Finishes what a crash has left half done, before another key is made. */
export function previousLog(dataFolder: string): PreviousLog | null {
  finishRetiring(dataFolder)
  const kept = newestIn(dataFolder)
  const newest = kept === null ? undefined : statesIn(kept).at(-1)
  const signed = kept === null || newest === undefined ? null : createSignerState(join(kept, newest)).read()
  if (kept === null || signed === null) return null
  const { x } = createPublicKey(readSecret(join(kept, KEY))).export({ format: "jwk" })
  return { key: x as string, signed }
}

function finishRetiring(dataFolder: string): void {
  const kept = newestIn(dataFolder)
  if (kept === null || !existsSync(join(kept, KEY)) || existsSync(join(dataFolder, "keys", KEY))) return
  for (const state of statesIn(dataFolder)) if (!existsSync(join(kept, state))) move(state, dataFolder, kept)
}

function move(name: string, from: string, to: string): void {
  renameSync(join(from, name), join(to, name))
  fsyncFolder(to)
  fsyncFolder(from)
}

function newestIn(dataFolder: string): string | null {
  const all = join(dataFolder, "retired-logs")
  const newest = numbersIn(all).at(-1)
  return newest === undefined ? null : join(all, String(newest))
}

function numbersIn(folder: string): readonly number[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^[1-9][0-9]{0,8}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

/** In the order of their numbers; the first has none. */
function statesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => STATE.test(name))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
}
