/**
 * Gives open files names of their own. A program executed as /proc/self/fd/3 would find "3" where it looks for its name (busybox, python and
 * others choose by it what they do), so a folder of the guard's holds links with the right names to the descriptors.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import type { Measured } from "./measure.ts"

/** The first descriptor after stdio; file i of a Measured is at FIRST_FD + i in the process. */
const FIRST_FD = 3

export interface Stage {
  /** The command line: the program, then its arguments. */
  readonly command: readonly [string, ...string[]]
  /** What goes behind stdio. */
  readonly descriptors: readonly number[]
  remove(): void
}

/** `proc`: /proc/self/fd exists. Without it the files are named by the paths that they were found at. */
export function createStage({ files, words }: Measured, proc: boolean): Stage {
  if (!proc) return { command: toCommand(files.map(({ path }) => path)), descriptors: [], remove: () => {} }
  const folder = mkdtempSync(join(tmpdir(), "writ-exec-"))
  chmodSync(folder, 0o711) // another user passes through it and can change nothing in it
  const links = files.map(({ path }, index) => {
    const own = join(folder, String(index)) // two files may have the same name
    mkdirSync(own)
    chmodSync(own, 0o711)
    const link = join(own, basename(path))
    symlinkSync(`/proc/self/fd/${FIRST_FD + index}`, link)
    return link
  })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  return { command: toCommand(links), descriptors: files.map(({ fd }) => fd), remove }

  function toCommand(names: readonly string[]): [string, ...string[]] {
    return words.map((word) => (typeof word === "string" ? word : (names[word.file] as string))) as [
      string,
      ...string[],
    ]
  }
}
