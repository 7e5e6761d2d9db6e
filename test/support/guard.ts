/** A real guard process over a real program, run as root or as another user; and what lives of it. */
import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { cpSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { RunningMeasurement } from "../../src/guard/measure-running.ts"
import type { Measurement } from "../../src/guard/measurement.ts"
import type { Shortfall } from "../../src/guard/shortfalls.ts"
import type { Outcome, StopTimes } from "../../src/guard/supervise.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const EVENT_TIMEOUT_MS = 10_000

export const isRoot = process.getuid?.() === 0
/** Who runs the guard: root tests itself and `nobody`; anyone else can only be himself. */
export const USERS = isRoot ? (["root", "nobody"] as const) : (["self"] as const)
export type Who = "root" | "nobody" | "self"

export interface GuardOptions {
  readonly command: readonly string[]
  readonly workingFolder?: string
  readonly user?: { uid: number; gid: number }
  /** No PID namespace, as where there are no rights for it. */
  readonly group?: boolean
  /** The guard starts the process when this file exists. */
  readonly waitFor?: string
  readonly stopAfterMs?: number
  readonly graceMs?: number
  readonly beatMs?: number
}

export interface GuardEvents {
  readonly probed: { readonly namespace: readonly string[] | null; readonly setpriv: string | null }
  readonly measured: { readonly measurement: Measurement }
  readonly started: { readonly pid: number; readonly notGuaranteed: readonly Shortfall[] }
  readonly beat: { readonly running: RunningMeasurement | null }
  readonly stopped: { readonly times: StopTimes }
  readonly ended: { readonly outcome: Outcome }
  readonly failed: { readonly code: string; readonly message: string }
}

export interface GuardProcess {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  /** The next event of that name which passes; fails when the guard ends without. */
  next<N extends keyof GuardEvents>(name: N, passes?: (event: GuardEvents[N]) => boolean): Promise<GuardEvents[N]>
  /** What was printed, by the guarded process too. */
  output(): string
  /** Pids that live with this guard's mark in their environment, the guard's own among them. */
  living(): number[]
  /** Kills what lives. */
  clean(): void
}

/** The built guard where every user can read it. */
export function installGuard(folder: string): void {
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true })
  cpSync(join(ROOT, "test", "support", "guard-program.mjs"), join(folder, "guard-program.mjs"))
  writeFileSync(join(folder, "package.json"), '{"type":"module"}')
  mkdirSync(join(folder, "work"), { mode: 0o777 })
}

/** `wrapper`: what the guard's command line stands behind. */
export function startGuard(
  folder: string,
  who: Who,
  options: GuardOptions,
  wrapper: readonly string[] = [],
): GuardProcess {
  const mark = randomUUID()
  const asUser = who === "nobody" ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"] : []
  const program = [process.execPath, join(folder, "guard-program.mjs"), JSON.stringify(options), join(folder, "dist")]
  const [command, ...args] = [...asUser, ...wrapper, ...program] as [string, ...string[]]
  const fillers = Array.from({ length: 15 }, () => "ignore" as const)
  const child = spawn(command, args, {
    cwd: join(folder, "work"),
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", GUARD_MARK: mark, WRIT_SECRET: "runtime-key" },
    // Descriptor 19 is one that the guard itself inherits and the process must not.
    stdio: ["pipe", "pipe", "pipe", "pipe", ...fillers, "pipe"],
  })
  let output = ""
  child.stdout?.on("data", (chunk) => (output += chunk))
  child.stderr?.on("data", (chunk) => (output += chunk))
  const events: Record<string, unknown>[] = []
  let rest = ""
  child.stdio[3]?.on("data", (chunk) => {
    const lines = `${rest}${chunk}`.split("\n")
    rest = lines.pop() as string
    events.push(...lines.map((line) => JSON.parse(line)))
  })
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)))
  const living = () => findMarked(mark)
  return {
    child,
    exited,
    living,
    output: () => output,
    async next(name, passes = () => true) {
      for (const startMs = performance.now(); performance.now() - startMs < EVENT_TIMEOUT_MS; await sleep(5)) {
        const index = events.findIndex((event) => event["event"] === name && passes(event as never))
        if (index >= 0) return events.splice(index, 1)[0] as never
        const failed = events.find(({ event }) => event === "failed")
        if (failed) throw new Error(`the guard failed: ${JSON.stringify(failed)}`)
      }
      throw new Error(`no ${name} in ${JSON.stringify(events)}; ${output}`)
    },
    clean: () => living().forEach(kill),
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // it ended meanwhile
  }
}

/** Pids that have this text in their environment. */
export function findMarked(mark: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return readFileSync(`/proc/${name}/environ`, "latin1").includes(mark) ? [Number(name)] : []
    } catch {
      return [] // it ended meanwhile, or is another user's
    }
  })
}

/**
 * Helpers of guards: the PID 1 of a namespace, the watcher of a group. They have no mark, since the guard gives them no environment; they
 * are in the guard's working folder, by which those of one test are told from others.
 */
export function findHelpers(folder: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/cmdline`, "latin1").includes("; cat >/dev/null;") &&
        readlinkSync(`/proc/${name}/cwd`).startsWith(folder)
        ? [Number(name)]
        : []
    } catch {
      return [] // it ended meanwhile
    }
  })
}

/** Milliseconds until `condition` holds; fails after `limitMs`. */
export async function until(condition: () => boolean, limitMs: number, what: string): Promise<number> {
  const startMs = performance.now()
  while (!condition()) {
    if (performance.now() - startMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`)
    await sleep(5)
  }
  return performance.now() - startMs
}
