/**
 * Keeps a runtime's lease alive: beats when the daemon says that the next beat is due, sends the very same bytes again until
 * they are answered, watches for directives, and knows by the monotonic clock until when the lease is good at least.
 *
 * It never revives a lease: once `onLeaseLost` was called the daemon allows and redeems nothing more for it, what runs
 * because of it must stop, and a new registration is a new agent. A suspended machine's clock stands still: the lease counts
 * as good until the first beat after waking, which is refused.
 */
import type { COUNTERS, Environment, Measurements } from "../formats/runtime-messages.ts"
import { backoffMs } from "./backoff.ts"
import { CallError } from "./call-error.ts"
import type { WritClient } from "./connect.ts"
import { DirectiveLog } from "./directive-log.ts"
import {
  type Directive,
  type HeartbeatReply,
  type RuntimeDescription,
  type RuntimeSession,
  registerRuntime,
  toMs,
} from "./runtime-session.ts"
import { watchDirectives } from "./watch-directives.ts"

/** One try of a beat; then the same bytes go again. */
const BEAT_TIMEOUT_MS = 3_000
const START_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 2_000
const STATE_PREFIX = "RUNTIME_STATE_"
/** Refusals after which no beat of this lease will ever be taken. */
const FINAL = ["LEASE_UNKNOWN", "LEASE_ENDED", "LEASE_LAPSED"]

export type RuntimeStateName =
  | "PROVISIONAL"
  | "TRUSTED"
  | "SUSPECT"
  | "QUARANTINED"
  | "REVOKED"
  | "ENDED"
  | "UNSPECIFIED"
export type CounterName = (typeof COUNTERS)[number]

/** The lease is over. `code`: UNANSWERED when no answer came in time, else why the daemon ended it. */
export class LeaseLostError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = "LeaseLostError"
    this.code = code
  }
}

export type DirectiveListener = (directive: Directive) => Promise<void> | void

export interface HeartbeatAgentOptions {
  /**
   * Measures what runs at this moment; called before each new beat. While it fails or hangs there is no beat, and the lease
   * runs out. Absent: each beat repeats what was registered.
   */
  measure?(): Promise<Measured> | Measured
  /**
   * Carries out a directive: called once for each, in the order of their numbers, except that one which a beat's answer
   * brings first is not held back. It is acknowledged in the next beat after the promise is fulfilled; a failure goes to
   * `onError`, and is not acknowledged.
   */
  onDirective?: DirectiveListener
  onState?(state: RuntimeStateName, before: RuntimeStateName): void
  /** Once. */
  onLeaseLost?(error: LeaseLostError): void
  /** What failed and will be tried again; for a log. */
  onError?(error: Error): void
}

export interface Measured {
  readonly measurements: Measurements
  /** Absent: as registered. */
  readonly environment?: Environment
}

export interface HeartbeatAgent {
  readonly session: RuntimeSession
  /** As the daemon said last. */
  readonly state: RuntimeStateName
  /** Milliseconds that the lease is good for, at least; 0 once it is lost. */
  readonly leaseLeftMs: number
  /** Aborted with a LeaseLostError when the lease is lost. */
  readonly signal: AbortSignal
  /** As `onDirective`, for whoever comes and goes: a directive is carried out when all who listen have. Answers how to stop. */
  listen(onDirective: DirectiveListener): () => void
  /** Adds to a counter of the next beat. */
  count(counter: CounterName, by?: number | bigint): void
  /** Beats now rather than when the next beat is due. */
  beatNow(): void
  /** Resolves when the runtime is TRUSTED. Rejects with what it is instead after the limit, or when the lease is lost. */
  trusted(timeoutMs?: number): Promise<void>
  /** Ends the runtime. True when the daemon confirmed it within the limit; else the lease lapses, blameless. Never rejects. */
  close(timeoutMs?: number): Promise<boolean>
}

/**
 * Registers the runtime, or takes over a session that nobody else beats for, and resolves when its first beat was answered.
 * Rejects when it may not register, or with a LeaseLostError.
 */
export async function startHeartbeatAgent(
  client: WritClient,
  runtime: RuntimeDescription | RuntimeSession,
  options: HeartbeatAgentOptions = {},
): Promise<HeartbeatAgent> {
  const session = "registered" in runtime ? runtime : await registerRuntime(client, runtime)
  const agent = createAgent(client, session, options)
  try {
    await agent.answered
  } catch (error) {
    await agent.close()
    throw error
  }
  return agent
}

function createAgent(
  client: WritClient,
  session: RuntimeSession,
  options: HeartbeatAgentOptions,
): HeartbeatAgent & { readonly answered: Promise<void> } {
  const log = new DirectiveLog()
  const lost = new AbortController()
  const changed = new Set<() => void>()
  const listeners = new Set<DirectiveListener>()
  if (options.onDirective) listeners.add(options.onDirective)
  const registeredEnvironment = session.environment
  let state = toState(session.registered.state)
  let isClosed = false
  let isStarted = false
  let failures = 0
  let refusals = 0
  let leaseTimer: NodeJS.Timeout | undefined
  let beatTimer: NodeJS.Timeout | undefined
  let isBeating = false
  let isDueNow = false

  const isOver = () => isClosed || lost.signal.aborted
  const stopWatching = watchDirectives(client, {
    runtimeId: session.runtime.id,
    leaseId: session.registered.lease_id,
    acknowledged: () => log.acknowledged.toString(),
    onDirective: (directive) => deliver(directive, "watch"),
    onReopened: beatNow, // a daemon that was restarted takes the runtime for stale until it beats
    onBroken(error) {
      if (error) report(error)
      else beatNow() // the daemon ends it with the lease: the answer to a beat says so
    },
  })
  armLease()
  beatNow()

  const agent = {
    session,
    signal: lost.signal,
    answered: until(
      () => isStarted,
      START_TIMEOUT_MS,
      () => "The first beat was not answered in time.",
    ),
    get state() {
      return state
    },
    get leaseLeftMs() {
      return isOver() ? 0 : Math.max(0, session.leaseGoodUntilMs - performance.now())
    },
    listen(onDirective: DirectiveListener) {
      listeners.add(onDirective)
      return () => void listeners.delete(onDirective)
    },
    count(counter: CounterName, by: number | bigint = 1) {
      session.counters = { ...session.counters, [counter]: String(BigInt(session.counters[counter]) + BigInt(by)) }
    },
    beatNow,
    trusted: (timeoutMs = START_TIMEOUT_MS) =>
      until(
        () => state === "TRUSTED",
        timeoutMs,
        () => `The runtime is ${state}, not TRUSTED, after ${timeoutMs} ms.`,
      ),
    async close(timeoutMs = CLOSE_TIMEOUT_MS) {
      if (isOver()) return false
      stop()
      isClosed = true
      notify()
      return await end(timeoutMs)
    },
  }
  return agent

  function beatNow(): void {
    if (isOver()) return
    if (isBeating) {
      isDueNow = true
      return
    }
    clearTimeout(beatTimer)
    isBeating = true
    void beat().then((waitMs) => {
      isBeating = false
      if (isOver()) return
      beatTimer = setTimeout(beatNow, isDueNow ? 0 : waitMs)
      isDueNow = false
    })
  }

  /** One try. Answers how long to wait before the next; never rejects. */
  async function beat(): Promise<number> {
    try {
      if (!session.isUnanswered && options.measure) {
        const { measurements, environment = registeredEnvironment } = await options.measure()
        if (isOver()) return 0
        Object.assign(session, { measurements, environment })
      }
      session.acknowledged = log.acknowledged.toString()
      const reply = await session.beat(BEAT_TIMEOUT_MS)
      failures = 0
      return isOver() ? 0 : take(reply)
    } catch (error) {
      if (!isOver()) report(error)
      failures += 1
      return backoffMs(failures)
    }
  }

  function take(reply: HeartbeatReply): number {
    const [refused] = reply.accepted ? [] : reply.reasons
    if (refused && FINAL.includes(refused.code)) {
      lose(new LeaseLostError(refused.code, `The daemon ended the lease: ${refused.text}`))
      return 0
    }
    armLease()
    isStarted ||= reply.accepted
    for (const directive of reply.directives) deliver(directive, "beat")
    enter(toState(reply.state))
    refusals = reply.accepted ? 0 : refusals + 1
    if (refused) report(new CallError(refused.code, `A beat was refused: ${refused.text}`))
    // The first refusal is answered at once, with the nonce that it brought; what is refused again is not hammered at.
    return reply.accepted ? toMs(reply.next_beat_in) : refusals === 1 ? 0 : toMs(session.registered.interval)
  }

  function deliver(directive: Directive, from: "watch" | "beat"): void {
    const number = BigInt(directive.number)
    if (isOver() || !log.take(number, from)) return
    // Each hears of it, whatever the others make of it.
    const all = [...listeners].map(async (listener) => await listener(directive))
    void Promise.all(all).then(() => log.carriedOut(number), report)
  }

  function enter(next: RuntimeStateName): void {
    const before = state
    state = next
    if (next === "REVOKED" || next === "ENDED")
      lose(new LeaseLostError(`RUNTIME_${next}`, `The runtime is ${next}. A new one must register.`))
    if (next !== before) attempt(() => options.onState?.(next, before))
    notify()
  }

  /** The answer may come a moment before the timer fires: the timer looks again. */
  function armLease(): void {
    clearTimeout(leaseTimer)
    const leftMs = session.leaseGoodUntilMs - performance.now()
    if (leftMs > 0) leaseTimer = setTimeout(armLease, Math.ceil(leftMs))
    else if (!isOver())
      lose(new LeaseLostError("UNANSWERED", "No beat was answered in time, and the lease is over. Register again."))
  }

  function lose(error: LeaseLostError): void {
    if (isOver()) return
    stop()
    lost.abort(error)
    attempt(() => options.onLeaseLost?.(error))
    notify()
  }

  function stop(): void {
    clearTimeout(leaseTimer)
    clearTimeout(beatTimer)
    stopWatching()
  }

  async function end(timeoutMs: number): Promise<boolean> {
    try {
      await session.end(timeoutMs)
      return true
    } catch (error) {
      // Its first answer was lost: it has ended already.
      if (error instanceof CallError && error.code === "INVALID_TRANSITION" && error.message.includes("ENDED"))
        return true
      report(error)
      return false
    }
  }

  function until(isSo: () => boolean, timeoutMs: number, why: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(() => reject(new CallError("DEADLINE_EXCEEDED", why()))), timeoutMs)
      const done = (settle: () => void) => {
        clearTimeout(timer)
        changed.delete(look)
        settle()
      }
      const look = () => {
        if (lost.signal.aborted) done(() => reject(lost.signal.reason))
        else if (isClosed) done(() => reject(new CallError("CANCELLED", "The agent was closed.")))
        else if (isSo()) done(resolve)
      }
      changed.add(look)
      look()
    })
  }

  function notify(): void {
    for (const look of [...changed]) look()
  }

  function report(error: unknown): void {
    const cause = error instanceof Error ? error : new Error(String(error))
    try {
      options.onError?.(cause)
    } catch {} // a log that fails must not end the beats
  }

  /** What the owner's callback throws is reported, and never ends the beats. */
  function attempt(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      report(error)
    }
  }
}

function toState(state: string): RuntimeStateName {
  return state.slice(STATE_PREFIX.length) as RuntimeStateName
}
