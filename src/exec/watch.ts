/**
 * Watches a run from its registration to its end: measures what runs for each beat, and says once why it has to stop. What
 * makes it stop is a directive, the end of the lease, or the end of the time that was granted.
 */
import type { HeartbeatAgent, HeartbeatAgentOptions } from "../client/heartbeat-agent.ts"
import type { Directive } from "../client/runtime-session.ts"
import type { Measurements } from "../formats/runtime-messages.ts"
import { GUARD_EXITS } from "../guard/exit-codes.ts"
import type { Measured } from "../guard/measure.ts"
import { type Change, createMeasureRunning, type MeasureRunning } from "../guard/measure-running.ts"
import { readProcess } from "../guard/process-table.ts"
import type { Started } from "../guard/start.ts"
import { NothingRan } from "./nothing-ran.ts"
import { toMeasurements } from "./register.ts"

/** TERM comes this long before the end of a lease, or of the granted time, and KILL at the end of it. */
const LAST_MS = 2_000
/** KILL comes this long before the end of the granted time, so that the report of the end is still in time. */
const REPORT_MS = 1_000
/** Of a time that is short, the last parts. */
const LAST_PART = 0.25
const REPORT_PART = 0.1
const LOOK_MS = 100

export type Ending =
  | { readonly cause: "directive"; readonly directive: Directive }
  | { readonly cause: "state"; readonly state: string }
  | { readonly cause: "lease"; readonly code: string; readonly graceMs: number }
  | { readonly cause: "time"; readonly graceMs: number }

export interface WatchObserver {
  /** Something about the running image changed; once for each thing. */
  changed(change: Change): void
  /** What failed and is tried again. */
  failed(error: Error): void
}

export class Watch {
  /** Why it has to stop; at most once. */
  readonly ending: Promise<Ending>
  /** The last measurement differs from the one that was registered. */
  image: "same" | "changed" = "same"
  measurements = 0
  readonly #measured: Measured
  readonly #observer: WatchObserver
  readonly #registered: Measurements
  #end: (ending: Ending) => void = () => {}
  #measureRunning: MeasureRunning | null = null
  #pid: number | null = null
  #executionId: string | null = null
  /** Resolves when nothing runs any more, so that a directive is acknowledged no earlier. */
  readonly #stopped: Promise<void>
  #stop: () => void = () => {}
  readonly #seen = new Set<string>()

  constructor(measured: Measured, observer: WatchObserver) {
    this.#measured = measured
    this.#observer = observer
    this.#registered = toMeasurements(measured)
    this.ending = new Promise((resolve) => (this.#end = resolve))
    this.#stopped = new Promise((resolve) => (this.#stop = resolve))
  }

  /** For the agent that beats. */
  get options(): HeartbeatAgentOptions {
    return {
      measure: () => ({ measurements: this.#measure() }),
      onDirective: async (directive) => await this.#obey(directive),
      // Told at once by a directive, where the watch of them stands.
      onState: (state) => {
        if (state === "QUARANTINED" || state === "REVOKED") this.#end({ cause: "state", state })
      },
      onError: (error) => this.#observer.failed(error),
      onLeaseLost: ({ code }) => this.#end({ cause: "lease", code, graceMs: 0 }),
    }
  }

  /** From the authorization on: directives to this execution concern what runs. */
  concerns(executionId: string): void {
    this.#executionId = executionId
  }

  /** The process runs: it is measured at each beat from now on. */
  follows({ pid, notGuaranteed }: Started): void {
    this.#pid = pid
    if (pid !== null && !notGuaranteed.includes("running-image"))
      this.#measureRunning = createMeasureRunning(this.#measured, pid)
  }

  /** Ends what runs in time with the lease and with what was granted. Answers how to stop looking. */
  bound(agent: HeartbeatAgent, untilMs: number): () => void {
    const wholeMs = untilMs - performance.now()
    const killMs = untilMs - Math.min(REPORT_MS, wholeMs * REPORT_PART)
    const lastMs = Math.min(LAST_MS, wholeMs * LAST_PART)
    const timer = setInterval(() => {
      const leftMs = killMs - performance.now()
      const { leaseLeftMs } = agent
      if (leftMs <= lastMs) this.#end({ cause: "time", graceMs: Math.max(0, leftMs) })
      else if (leaseLeftMs <= LAST_MS) this.#end({ cause: "lease", code: "UNANSWERED", graceMs: leaseLeftMs })
    }, LOOK_MS)
    return () => clearInterval(timer)
  }

  /** Before the start: the work, or a rejection when it would have to stop already. */
  async orEnded<T>(work: Promise<T>): Promise<T> {
    return await Promise.race([work, this.ending.then((ending) => Promise.reject(toRefusal(ending)))])
  }

  /** Nothing runs any more. */
  over(): void {
    this.#measureRunning = null
    this.#stop()
  }

  #measure(): Measurements {
    if (!this.#measureRunning) return this.#registered
    const running = this.#measureRunning()
    if (running) {
      this.measurements += 1
      for (const change of running.changes) this.#notice(change)
      if (running.code !== this.#registered.code) this.image = "changed"
      return { ...this.#registered, code: running.code }
    }
    if (!isAlive(this.#pid)) return this.#registered // it has ended, and is about to be reported
    // It lives and cannot be read: what runs is not known, and is not said to be what was measured.
    this.image = "changed"
    const { code: _, ...rest } = this.#registered
    return rest
  }

  #notice(change: Change): void {
    const key = `${change.kind} ${change.path}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#observer.changed(change)
  }

  async #obey(directive: Directive): Promise<void> {
    const { kind, execution_id } = directive
    if (kind === "measure_again" || kind === "reload_policy") return // each beat measures; the daemon has the policy
    if (execution_id !== "" && execution_id !== this.#executionId) return // of an earlier run
    this.#end({ cause: "directive", directive })
    await this.#stopped
  }
}

function toRefusal(ending: Ending): NothingRan {
  if (ending.cause === "directive") {
    const { kind, reason } = ending.directive
    return new NothingRan(GUARD_EXITS.DENIED, reason?.code ?? kind, reason?.text ?? `Writ says ${kind}.`)
  }
  if (ending.cause === "state")
    return new NothingRan(GUARD_EXITS.DENIED, `RUNTIME_${ending.state}`, `The runtime is ${ending.state}.`)
  const code = ending.cause === "lease" ? ending.code : "LEASE_LOST"
  const isSilent = code === "UNANSWERED"
  return new NothingRan(
    isSilent ? GUARD_EXITS.UNREACHABLE : GUARD_EXITS.DENIED,
    code,
    "The lease was over before the start.",
  )
}

function isAlive(pid: number | null): boolean {
  const row = pid === null ? null : readProcess(pid)
  return row !== null && row.state !== "Z" && row.state !== "X"
}
