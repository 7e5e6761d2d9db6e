/**
 * A process in a group and session of its own, where no PID namespace can be made. A watcher outside the group holds the
 * end of a pipe: when the guard dies, however it does, the pipe closes and the watcher kills the group; but for the
 * moment between the process's start and the watcher's. What leaves the group is out of reach; it is still found as long
 * as its parents live.
 */
import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { WritError } from "../errors.ts"
import type { Guarded } from "./guarded.ts"
import type { Isolation } from "./isolation.ts"
import { findDescendants, listProcesses, type ProcessRow, readProcess } from "./process-table.ts"
import type { StartPlan } from "./start.ts"

// Not "kill -KILL --", which dash does not know.
const WATCH = 'trap "" HUP INT QUIT TERM; cat >/dev/null; kill -s KILL -- "-$1"'
const POLL_MS = 5
const TOOLS = { PATH: "/usr/bin:/bin" }

export async function startInGroup(isolation: Isolation, plan: StartPlan): Promise<Guarded> {
  const [file, ...args] = plan.command
  const startedMs = performance.now()
  const child = spawn(file, args, { ...plan.spawn, cwd: plan.workingFolder, detached: true })
  const exited = new Promise<Awaited<Guarded["exited"]>>((resolve, reject) => {
    child.once("error", (cause) => reject(new WritError("GUARD_FAILED", undefined, { cause })))
    child.once("exit", (code, signal) => resolve({ code, signal, endedMs: performance.now() }))
  })
  const { pid } = child
  if (pid === undefined) return await exited.then((exit) => Promise.reject(exit)) // there was an error: it rejects
  const watcher = isolation.shell
    ? spawn(isolation.shell, ["-c", WATCH, "sh", String(pid)], {
        stdio: ["pipe", "ignore", "ignore"],
        detached: true,
        env: TOOLS,
      })
    : null
  watcher?.on("error", () => {})
  watcher?.stdin?.on("error", () => {})

  /** What was found once stays known when its parents die: by then it is nobody's descendant. */
  const known = new Map<string, ProcessRow>()
  const living = () => {
    const rows = isolation.proc ? listProcesses() : []
    const roots = [pid, ...[...known.values()].filter(isAlive).map((row) => row.pid)]
    for (const row of findDescendants(rows, roots, [pid])) known.set(`${row.pid} ${row.startTicks}`, row)
    return [...known.values()].filter(isAlive)
  }
  const kill = () => {
    killPid(-pid)
    for (const row of living()) killPid(row.pid)
  }
  const gone = exited.then(async () => {
    while (isolation.proc ? living().length > 0 : killPid(-pid, 0)) await sleep(POLL_MS)
    watcher?.kill("SIGKILL") // before its pipe closes: the group's number may be another's by then
    watcher?.stdin?.destroy()
  })
  const signal = (name: NodeJS.Signals) => child.kill(name)
  return { pid, startedMs, keepsOrphans: false, exited, gone, signal, descendants: living, kill }
}

function isAlive({ pid, startTicks }: ProcessRow): boolean {
  const row = readProcess(pid)
  return row !== null && row.startTicks === startTicks && row.state !== "Z" && row.state !== "X"
}

/** False: there is no such process or group. */
function killPid(pid: number, signal: NodeJS.Signals | 0 = "SIGKILL"): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
