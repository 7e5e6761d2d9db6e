/** The checkpoint signer's memory: one small file, replaced atomically, fsynced with its folder. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs"
import { open, rename } from "node:fs/promises"
import { dirname } from "node:path"
import { WritError } from "../errors.ts"
import { equalBytes, fromHex, toHex } from "../formats/bytes.ts"
import type { SignedState, SignerState } from "../ledger/checkpointer.ts"

export function createSignerState(path: string): SignerState {
  function read(): SignedState | null {
    if (!existsSync(path)) return null
    const match = /^([0-9]{1,16}) ([0-9a-f]{64})\n$/.exec(readFileSync(path, "utf8"))
    if (!match)
      throw new WritError(
        "DATA_FOLDER_UNFIT",
        `${path} is damaged: it must hold what was signed last. Restore it from a backup; never delete it.`,
      )
    return { size: Number(match[1]), root: fromHex(match[2] as string) }
  }
  /** Written from here, and maybe not known to be: an fsync that failed leaves it open. */
  let tried: SignedState | null = null
  return {
    read,
    // Every second beside decisions, which an fsync of some milliseconds would hold up.
    async write({ size, root }, before) {
      const found = read()
      if (!isSame(found, before) && !(tried && isSame(found, tried)))
        throw new WritError(
          "LEDGER_FROZEN",
          `${path} does not hold what was signed last here: something else writes it, or has put it back. Nothing more is signed. Find out who else has this key.`,
        )
      tried = { size, root }
      const temporary = `${path}.new`
      await writeSynced(temporary, `${size} ${toHex(root)}\n`)
      await rename(temporary, path)
      await syncFolder(dirname(path))
    },
  }
}

function isSame(a: SignedState | null, b: SignedState | null): boolean {
  return a === null || b === null ? a === b : a.size === b.size && equalBytes(a.root, b.root)
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Replaces the file: after a crash it holds either the old text or the new one. */
export function writeDurably(path: string, text: string, mode = 0o600): void {
  const temporary = `${path}.new`
  const file = openSync(temporary, "w", mode)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(temporary, path)
  fsyncFolder(dirname(path))
}

/** What was made, renamed or removed in the folder survives a power cut. */
export function fsyncFolder(path: string): void {
  const folder = openSync(path, "r")
  fsyncSync(folder)
  closeSync(folder)
}
