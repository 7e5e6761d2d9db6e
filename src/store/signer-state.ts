/** The checkpoint signer's memory: one small file, replaced atomically, fsynced with its folder. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs"
import { open, rename } from "node:fs/promises"
import { dirname } from "node:path"
import { WritError } from "../errors.ts"
import { fromHex, toHex } from "../formats/bytes.ts"
import type { SignedState, SignerState } from "../ledger/checkpointer.ts"

export function createSignerState(path: string): SignerState {
  return {
    read(): SignedState | null {
      if (!existsSync(path)) return null
      const match = /^([0-9]{1,16}) ([0-9a-f]{64})\n$/.exec(readFileSync(path, "utf8"))
      if (!match)
        throw new WritError(
          "DATA_FOLDER_UNFIT",
          `${path} is damaged: it must hold what was signed last. Restore it from a backup; never delete it.`,
        )
      return { size: Number(match[1]), root: fromHex(match[2] as string) }
    },
    // Every second beside decisions, which an fsync of some milliseconds would hold up.
    async write({ size, root }) {
      const temporary = `${path}.new`
      await writeSynced(temporary, `${size} ${toHex(root)}\n`)
      await rename(temporary, path)
      await syncFolder(dirname(path))
    },
  }
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
