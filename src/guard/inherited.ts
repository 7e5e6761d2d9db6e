/**
 * Descriptors that the guard's own parent left open and that each child of the guard would inherit. Node marks those below 16 itself; the
 * rest are those without FD_CLOEXEC, since everything that Node opens has it.
 */
import { closeSync, readdirSync, readFileSync } from "node:fs"

const O_CLOEXEC = 0o2000000

/** Closes them and answers which they were. Only in a process that holds no native library with descriptors of its own. */
export function closeInherited(): number[] {
  const closed: number[] = []
  for (const name of readdirSync("/proc/self/fd")) {
    const fd = Number(name)
    if (fd <= 2 || !isInherited(fd)) continue
    closeSync(fd)
    closed.push(fd)
  }
  return closed
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0
  } catch {
    return false // the descriptor of the listing itself
  }
}
