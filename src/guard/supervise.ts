/** Holds a started process to its end: forwards signals, ends it when told to, says how and when it ended. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Exit } from "./exit-codes.ts"
import type { Guarded } from "./guarded.ts"

/** From TERM to KILL. */
export const STOP_GRACE_MS = 5_000
const POLL_MS = 10
/** After KILL the kernel needs no longer, unless a process hangs in it (state D). */
const DEATH_TIMEOUT_MS = 10_000
const FORWARDED = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR2", "SIGCONT", "SIGWINCH"] as const

/** Milliseconds since stop() was called. */
export interface StopTimes {
  /** TERM was sent to the process and all its descendants. */
  readonly termMs: number
  /** KILL was sent; null: all had ended within the grace. */
  readonly killMs: number | null
  /** The process itself had ended; negative: before stop() was called. */
  readonly mainEndedMs: number
  /** The last of them had ended. */
  readonly lastEndedMs: number
}

export interface Outcome extends Exit {
  /** From the start to the end of the process itself. */
  readonly durationMs: number
  /** Null: it was not stopped. */
  readonly stopped: StopTimes | null
  /** Descendants that could not be ended in time: 0 but for those that hang in the kernel. */
  readonly survivors: number
}

export interface Supervisor {
  /** Resolves when the process and everything that it left has ended. What it left is killed: nothing outlives its writ. */
  readonly outcome: Promise<Outcome>
  /** TERM to all, then KILL to what lives after the grace. A second call gets the first one's outcome. */
  stop(graceMs?: number): Promise<StopTimes>
}

/** `source`: whose signals are forwarded to the process; the guard's own by default. SIGUSR1 is Node's. */
export function supervise(guarded: Guarded, source: Pick<NodeJS.Process, "on" | "off"> = process): Supervisor {
  const forward = (signal: NodeJS.Signals) => void guarded.signal(signal)
  for (const signal of FORWARDED) source.on(signal, forward)
  let stopping: Promise<StopTimes> | null = null
  let died: Promise<number> | null = null

  /** Answers the number of survivors. */
  const killAll = () => {
    died ??= (async () => {
      guarded.kill()
      const deadline = performance.now() + DEATH_TIMEOUT_MS
      let gone = false
      const ended = guarded.gone.then(() => (gone = true))
      while (!gone && performance.now() < deadline) {
        await Promise.race([ended, sleep(POLL_MS)])
        if (!gone) guarded.kill() // what a dying process forked meanwhile, where there is no namespace
      }
      return gone ? 0 : guarded.descendants().length
    })()
    return died
  }

  const stop = async (graceMs: number): Promise<StopTimes> => {
    const startMs = performance.now()
    const since = () => performance.now() - startMs
    // The process itself at once: the more processes the machine has, the longer it takes to find the others.
    const isFirst = guarded.keepsOrphans && guarded.signal("SIGTERM") && guarded.signal("SIGCONT")
    for (const { pid } of guarded.descendants()) if (!isFirst || pid !== guarded.pid) sendTerm(pid)
    const termMs = since()
    while (guarded.descendants().length > 0 && since() < graceMs)
      await sleep(Math.min(POLL_MS, Math.max(1, graceMs - since())))
    const killMs = guarded.descendants().length > 0 ? since() : null
    await killAll()
    const lastEndedMs = since()
    const { endedMs } = await guarded.exited
    return { termMs, killMs, mainEndedMs: endedMs - startMs, lastEndedMs }
  }

  const outcome = (async () => {
    try {
      const { code, signal, endedMs } = await guarded.exited
      const stopped = stopping ? await stopping : null
      const survivors = await killAll()
      return { code, signal, durationMs: endedMs - guarded.startedMs, stopped, survivors }
    } finally {
      for (const signal of FORWARDED) source.off(signal, forward)
    }
  })()
  outcome.catch(() => {}) // for its caller to see, who may come later

  return {
    outcome,
    stop(graceMs = STOP_GRACE_MS) {
      stopping ??= stop(graceMs)
      return stopping
    },
  }
}

function sendTerm(pid: number): void {
  try {
    process.kill(pid, "SIGTERM")
    process.kill(pid, "SIGCONT") // a stopped process sees its TERM only when it goes on
  } catch {
    // it ended meanwhile
  }
}
