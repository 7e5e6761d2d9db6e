/** What runs now, for each beat: the image of the process, the files that it was started from, the code that it has mapped. */
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync, statSync } from "node:fs"
import type { Measured } from "./measure.ts"
import { toCodeDigest } from "./measurement.ts"
import { type ProcessRow, readProcess } from "./process-table.ts"

const DELETED = " (deleted)"

/** `image-replaced`: the process executes another program; the others name a file. */
export type ChangeKind =
  | "image-replaced"
  | "file-rewritten"
  | "file-replaced"
  | "file-deleted"
  | "mapping-rewritten"
  | "mapping-deleted"

export interface Change {
  readonly kind: ChangeKind
  readonly path: string
}

export interface Mapping {
  readonly path: string
  /** Null: the file is deleted or cannot be read. */
  readonly sha256: string | null
}

export interface RunningMeasurement {
  /** As Measurement.code, of what runs now: the same digest as long as nothing changed. */
  readonly code: string
  /** Other executable files in the process: its libraries. */
  readonly mappings: readonly Mapping[]
  /** Empty: it is what was measured. */
  readonly changes: readonly Change[]
}

/** Answers null when the process has ended, or cannot be read: then nothing is known of it. */
export type MeasureRunning = () => RunningMeasurement | null

/** `measured` must stay open as long as this is used. What was hashed once is hashed again only when it was written to. */
export function createMeasureRunning(measured: Measured, pid: number): MeasureRunning {
  const first = readProcess(pid)
  const mapped = new Map<string, string>()

  return () => {
    try {
      if (!isSame(first, readProcess(pid))) return null
      const image = hashPath(`/proc/${pid}/exe`)
      const files = measured.files.map(({ fd }) => measured.hasher.hash(fd))
      const changes: Change[] = measured.files.flatMap(({ path, fd, sha256 }, index) =>
        toFileChanges(path, fd, files[index] !== sha256),
      )
      const last = files.length - 1
      if (image !== files[last]) {
        changes.unshift({ kind: "image-replaced", path: readlinkSync(`/proc/${pid}/exe`) })
        files[last] = image
      }
      const mappings = readMappings(changes)
      // An ended process has no image: what was read before its end may be half of it.
      return isSame(first, readProcess(pid)) ? { code: toCodeDigest(files), mappings, changes } : null
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return null
      throw error
    }
  }

  function hashPath(path: string): string {
    const fd = openSync(path, "r")
    try {
      return measured.hasher.hash(fd)
    } finally {
      closeSync(fd)
    }
  }

  function readMappings(changes: Change[]): Mapping[] {
    const image = readlinkSync(`/proc/${pid}/exe`)
    const paths = parseExecutableMappings(readFileSync(`/proc/${pid}/maps`, "utf8")).filter((path) => path !== image)
    return paths.map((path) => {
      if (path.endsWith(DELETED)) {
        changes.push({ kind: "mapping-deleted", path: path.slice(0, -DELETED.length) })
        return { path: path.slice(0, -DELETED.length), sha256: null }
      }
      let sha256: string
      try {
        sha256 = hashPath(path)
      } catch {
        return { path, sha256: null }
      }
      const before = mapped.get(path)
      if (before !== undefined && before !== sha256) changes.push({ kind: "mapping-rewritten", path })
      else mapped.set(path, sha256)
      return { path, sha256 }
    })
  }
}

function isSame(first: ProcessRow | null, now: ProcessRow | null): boolean {
  return first !== null && now !== null && now.startTicks === first.startTicks && now.state !== "Z" && now.state !== "X"
}

/** What became of a file since it was opened. */
function toFileChanges(path: string, fd: number, isRewritten: boolean): Change[] {
  const changes: Change[] = isRewritten ? [{ kind: "file-rewritten", path }] : []
  const opened = fstatSync(fd, { bigint: true })
  const named = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (!named) changes.push({ kind: "file-deleted", path })
  else if (named.ino !== opened.ino || named.dev !== opened.dev) changes.push({ kind: "file-replaced", path })
  return changes
}

/** The files mapped executable in a /proc/PID/maps, each once, in order. The kernel writes a newline in a name as \012. */
export function parseExecutableMappings(maps: string): string[] {
  const paths = new Set<string>()
  for (const line of maps.split("\n")) {
    const [, permissions, path] = /^\S+ (\S{4}) \S+ \S+ \d+ +(\/.*)$/.exec(line) ?? []
    if (permissions?.[2] === "x" && path) paths.add(path.replaceAll("\\012", "\n"))
  }
  return [...paths].sort()
}
