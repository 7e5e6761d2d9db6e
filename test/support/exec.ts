/** A real `writ exec` from the built command line, its output and events, and what lives of it. */
import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import type { Readable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import type { Measurement } from "../../src/guard/measurement.ts"
import type { Shortfall } from "../../src/guard/shortfalls.ts"
import type { Outcome } from "../../src/guard/supervise.ts"
import { MAIN } from "./built-daemon.ts"
import { findMarked, kill } from "./guard.ts"

const EVENT_TIMEOUT_MS = 30_000
const EVENTS_FD = 9

export interface ExecEvents {
  readonly measured: { readonly measurement: Measurement; readonly digest: string }
  readonly registered: { readonly runtime_id: string }
  readonly allowed: {
    readonly execution_id: string
    readonly rules: readonly string[]
    readonly isolation: string
    readonly not_guaranteed: readonly Shortfall[]
  }
  readonly started: { readonly pid: number | null }
  readonly changed: { readonly kind: string; readonly path: string }
  readonly unanswered: { readonly message: string }
  readonly stopping: { readonly cause: string; readonly directive?: { readonly kind: string } }
  readonly ended: {
    readonly execution_id: string
    readonly outcome: Outcome
    readonly cause: string | null
    readonly measured: number
    readonly image: string
    readonly recorded: boolean
  }
  readonly nothing_ran: { readonly code: string; readonly message: string; readonly exit_code: number }
}

export interface ExecProcess {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  stdout(): string
  stderr(): string
  /** The next event of that name, in the order in which they happened; fails when the run ends without. */
  next<N extends keyof ExecEvents>(name: N): Promise<ExecEvents[N]>
  /** Pids that live with this run's mark in their environment, the guard's own among them. */
  living(): number[]
  /** Kills what lives. */
  clean(): void
}

export interface ExecOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** What the guard's command line stands behind. */
  readonly wrapper?: readonly string[]
  /** The command line's folder, where users who may not read this one's run it. */
  readonly main?: string
  /** The command line that runs `writ LINE` elsewhere, with this environment. */
  readonly launch?: (line: readonly string[], env: NodeJS.ProcessEnv) => readonly string[]
}

/** `args`: what follows `writ exec`. */
export function startExec(args: readonly string[], options: ExecOptions = {}): ExecProcess {
  const { env, cwd, wrapper = [], main = MAIN, launch } = options
  const mark = randomUUID()
  const words = ["exec", "--events", String(EVENTS_FD), ...args]
  const given = { PATH: process.env["PATH"], HOME: "/nonexistent", GUARD_MARK: mark, ...env }
  const line = launch ? launch(words, given) : [...wrapper, process.execPath, main, ...words]
  const [command, ...rest] = line as [string, ...string[]]
  const fillers = Array.from({ length: EVENTS_FD - 3 }, () => "ignore" as const)
  const child = spawn(command, rest, {
    env: given,
    stdio: ["pipe", "pipe", "pipe", ...fillers, "pipe"],
    ...(cwd !== undefined && { cwd }),
  })
  child.stdin?.on("error", () => {}) // it may end before it has read all
  let out = ""
  let err = ""
  child.stdout?.setEncoding("latin1").on("data", (text: string) => (out += text))
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text))
  const events: Record<string, unknown>[] = []
  let part = ""
  ;(child.stdio as Readable[])[EVENTS_FD]?.on("data", (chunk) => {
    const lines = `${part}${chunk}`.split("\n")
    part = lines.pop() as string
    events.push(...lines.map((text) => JSON.parse(text)))
  })
  let isOver = false
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)))
  void exited.then(() => (isOver = true))
  return {
    child,
    exited,
    stdout: () => out,
    stderr: () => err,
    async next(name) {
      for (const startMs = performance.now(); performance.now() - startMs < EVENT_TIMEOUT_MS; await sleep(5)) {
        const index = events.findIndex(({ event }) => event === name)
        if (index >= 0) return events.splice(0, index + 1)[index] as never
        if (isOver) break
      }
      throw new Error(`no ${name} in ${JSON.stringify(events)}; ${out} ${err}`)
    },
    living: () => findMarked(mark),
    clean: () => findMarked(mark).forEach(kill),
  }
}
