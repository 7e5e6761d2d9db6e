/** Processes as /proc of Linux shows them. */
import { readdirSync, readFileSync } from "node:fs"

export interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** R, S, D, T, Z and so on: proc(5). */
  readonly state: string
  /** In clock ticks since boot: with the pid, it names a process for good. */
  readonly startTicks: string
}

/** Null: there is no such process. */
export function readProcess(pid: number): ProcessRow | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return null // it ended meanwhile
  }
}

/** A line of /proc/PID/stat. The name, in parentheses, may hold anything, parentheses too. */
export function parseStat(line: string): ProcessRow {
  const after = line.slice(line.lastIndexOf(")") + 2).split(" ")
  const [state = "", parent, group] = after
  return {
    pid: Number.parseInt(line, 10),
    state,
    parent: Number(parent),
    group: Number(group),
    startTicks: after[19] ?? "",
  }
}

export function listProcesses(): ProcessRow[] {
  const rows: ProcessRow[] = []
  for (const name of readdirSync("/proc")) {
    const row = /^\d+$/.test(name) ? readProcess(Number(name)) : null
    if (row) rows.push(row)
  }
  return rows
}

/**
 * What descends from `roots`, and the members of `groups` with what descends from them; no roots unless they are in a group, no
 * zombies. Pure.
 */
export function findDescendants(
  rows: readonly ProcessRow[],
  roots: readonly number[],
  groups: readonly number[] = [],
): ProcessRow[] {
  const found = new Set(rows.filter(({ group }) => groups.includes(group)))
  const parents = new Set([...roots, ...[...found].map(({ pid }) => pid)])
  for (const parent of parents) // which grows meanwhile
    for (const row of rows)
      if (row.parent === parent && !parents.has(row.pid)) {
        parents.add(row.pid)
        found.add(row)
      }
  return [...found].filter(({ state }) => state !== "Z" && state !== "X")
}
