/**
 * A process in a PID namespace of its own. Two processes of the guard make it, neither of which is the process itself:
 *
 *   guard ─ setpriv → unshare ─ sh, PID 1 of the namespace ─ cat, which reads the lifeline
 *         └ nsenter ─ the process, and all that descends from it
 *
 * PID 1 runs one command in the foreground, so its wait() reaps every orphan of the namespace. When it ends, the kernel kills what is left.
 * It ends when the lifeline, a pipe that only the guard holds open, closes; and by parent-death signals (guard → unshare → PID 1), should
 * something stop `cat`. The process is nsenter's child, so that its exact exit status or signal reaches the guard: a shell would fold the two.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { WritError } from "../errors.ts"
import type { Guarded } from "./guarded.ts"
import { type Isolation, inUserNamespace } from "./isolation.ts"
import { findDescendants, listProcesses, type ProcessRow, readProcess } from "./process-table.ts"
import type { StartPlan } from "./start.ts"

/** Ignored signals stay ignored in `cat`: what ends the others must not end the lifeline. */
const INIT = 'trap "" HUP INT QUIT TERM USR1 USR2; echo; cat >/dev/null; exit 0'
const READY_TIMEOUT_MS = 5_000
const POLL_MS = 1
const RESUME_MS = 250

export async function startInNamespace(isolation: Isolation, plan: StartPlan): Promise<Guarded> {
  const holder = await startHolder(isolation, plan.workingFolder)
  const { nsenter } = isolation.namespace as NonNullable<Isolation["namespace"]>
  const user = inUserNamespace(isolation) ? ["--user", "--preserve-credentials"] : []
  const startedMs = performance.now()
  const entry = spawn(
    nsenter,
    // Its root and working folder are PID 1's, seen through the namespace's own mounts.
    [...user, "--target", String(holder.init), "--mount", "--pid", "--root", "--wd", "--", ...plan.command],
    { ...plan.spawn, detached: true },
  )
  const exited = new Promise<Awaited<Guarded["exited"]>>((resolve, reject) => {
    entry.once("error", (cause) => reject(new WritError("GUARD_FAILED", undefined, { cause })))
    entry.once("exit", (code, signal) => resolve({ code, signal, endedMs: performance.now() }))
  })
  exited.catch(() => holder.end())
  if (entry.pid === undefined) await exited // which rejects
  const main = await findChild(entry)
  // nsenter stops itself when the process stops. Continued by another than the guard, the process could end unseen.
  const resume = setInterval(() => {
    if (main && readProcess(main.pid)?.state !== "T" && readProcess(entry.pid as number)?.state === "T")
      entry.kill("SIGCONT")
  }, RESUME_MS)
  exited.finally(() => clearInterval(resume)).catch(() => {})

  const signal = (name: NodeJS.Signals) => {
    // The start time: the pid may be another's by now.
    if (!main || readProcess(main.pid)?.startTicks !== main.startTicks) return false
    try {
      process.kill(main.pid, name)
      // nsenter stops when the process stops, and would not see it end.
      if (name === "SIGCONT" || name === "SIGKILL") entry.kill("SIGCONT")
      return true
    } catch {
      return false
    }
  }
  return {
    pid: main?.pid ?? null,
    startedMs,
    keepsOrphans: true,
    exited,
    gone: Promise.all([exited, holder.gone]).then(() => {}),
    signal,
    descendants: () =>
      findDescendants(listProcesses(), [holder.init, entry.pid as number]).filter(({ pid }) => pid !== holder.lifeline),
    kill() {
      holder.end()
      entry.kill("SIGCONT")
    },
  }
}

interface Holder {
  readonly init: number
  readonly lifeline: number
  readonly gone: Promise<void>
  end(): void
}

/** GUARD_FAILED when the namespace is not ready in time. */
async function startHolder({ namespace, setpriv, shell }: Isolation, workingFolder: string): Promise<Holder> {
  const { unshare, options } = namespace as NonNullable<Isolation["namespace"]>
  const holder = spawn(
    setpriv as string,
    ["--pdeathsig", "KILL", "--", unshare, ...options, shell as string, "-c", INIT],
    // Its environment can be read by a process of the same user: nothing is in it.
    { stdio: ["pipe", "pipe", "pipe"], detached: true, cwd: workingFolder, env: { PATH: "/usr/bin:/bin" } },
  )
  let said = ""
  holder.stderr.on("data", (chunk) => (said = `${said}${chunk}`.slice(0, 1_000)))
  holder.stdin.on("error", () => {}) // it is gone already
  const gone = new Promise<void>((resolve) => {
    holder.once("exit", () => resolve())
    holder.once("error", (error) => {
      said = error.message
      resolve()
    })
  })
  const timeout = AbortSignal.timeout(READY_TIMEOUT_MS)
  const ready = once(holder.stdout, "data", { signal: timeout }).then(
    () => true,
    () => false,
  )
  const isReady = await Promise.race([ready, gone.then(() => false)])
  const init = isReady ? await findChild(holder) : null
  const lifeline = init && (await findChild(holder, init.pid))
  if (!init || !lifeline) {
    holder.kill("SIGKILL")
    throw new WritError("GUARD_FAILED", `The PID namespace could not be made: ${said.trim() || "no answer in time"}.`)
  }
  const end = () => {
    try {
      // The lifeline alone would do, but not while `cat` is stopped.
      if (readProcess(init.pid)?.startTicks === init.startTicks) process.kill(init.pid, "SIGKILL")
    } catch {
      // it ended meanwhile
    }
    holder.stdin.destroy()
  }
  return { init: init.pid, lifeline: lifeline.pid, gone, end }
}

/** The one child of a process, by default of `running` itself; null when `running` ends before it can be seen. */
async function findChild(running: ChildProcess, parent = running.pid): Promise<ProcessRow | null> {
  while (running.exitCode === null && running.signalCode === null) {
    const row = listProcesses().find((other) => other.parent === parent)
    if (row) return row
    await sleep(POLL_MS)
  }
  return null
}
