/**
 * How many calls are in hand at once: what comes on top is refused before anything is done for it, so that what was
 * taken is answered in time. A limit each for all and for one caller; where a time to answer in is given, the limit for
 * all follows it (additive increase, multiplicative decrease).
 *
 * At the limit for all, a caller that has less than its equal share may still enter: one that fills the daemon does not
 * shut out the others.
 */
import type { Config } from "../config.ts"
import { createRate, type Rate } from "../decision/rate.ts"
import { WritError } from "../errors.ts"

export interface LaneOptions {
  /** Calls in hand at once, of all callers. */
  readonly most: number
  /** Calls in hand at once, of one caller. */
  readonly callerMost: number
  /** Above this mean time in hand, milliseconds, the limit for all falls, not below `least`. Null: it stays as it is. */
  readonly target: { readonly ms: number; readonly least: number } | null
  /** Calls a second, of one caller; null for no limit. */
  readonly rate: Rate | null
}

/** How often the limit is looked at, milliseconds. */
const WINDOW_MS = 100
/** By how much the limit falls at once, at least and at most: what takes ten times too long is not waited for ten times. */
const DECREASE = { least: 0.8, most: 0.5 }
const INCREASE = 1.1
/** How far beyond the limit for all the shares of those who have less than theirs may lead. */
const SHARED_BEYOND = 2

export class Lane {
  readonly #options: LaneOptions
  readonly #callers = new Map<string, number>()
  #inHand = 0
  #limit: number
  #refused = 0
  readonly #window = { sinceMs: 0, sumMs: 0, count: 0 }

  constructor(options: LaneOptions) {
    this.#options = options
    this.#limit = options.most
  }

  get inHand(): number {
    return this.#inHand
  }
  /** How many calls of all may be in hand now. */
  get limit(): number {
    return this.#limit
  }
  /** How many were refused since the start. */
  get refused(): number {
    return this.#refused
  }

  /** Throws OVERLOADED, CALLER_AT_LIMIT, RATE_LIMITED. What has entered leaves once. */
  enter(callerId: string, nowMs: number): void {
    const own = this.#callers.get(callerId) ?? 0
    try {
      if (own >= this.#options.callerMost) throw new WritError("CALLER_AT_LIMIT")
      if (this.#inHand >= this.#limit && !this.#hasShareLeft(own)) throw new WritError("OVERLOADED")
      this.#options.rate?.take(callerId, 1, nowMs)
    } catch (error) {
      this.#refused++
      throw error
    }
    this.#callers.set(callerId, own + 1)
    this.#inHand++
  }

  #hasShareLeft(own: number): boolean {
    const callers = this.#callers.size + (own === 0 ? 1 : 0)
    return own < this.#limit / callers && this.#inHand < this.#limit * SHARED_BEYOND
  }

  /** When it entered and when it leaves: monotonic milliseconds. */
  leave(callerId: string, enteredMs: number, nowMs: number): void {
    const own = this.#callers.get(callerId) as number
    if (own === 1) this.#callers.delete(callerId)
    else this.#callers.set(callerId, own - 1)
    this.#inHand--
    if (this.#options.target) this.#learn(this.#options.target, nowMs - enteredMs, nowMs)
  }

  #learn(target: NonNullable<LaneOptions["target"]>, tookMs: number, nowMs: number): void {
    const window = this.#window
    window.sumMs += tookMs
    window.count++
    if (nowMs - window.sinceMs < WINDOW_MS) return
    const meanMs = window.sumMs / window.count
    const factor = Math.max(DECREASE.most, Math.min(DECREASE.least, target.ms / meanMs))
    this.#limit =
      meanMs > target.ms
        ? Math.max(Math.min(target.least, this.#options.most), Math.floor(this.#limit * factor))
        : Math.min(this.#options.most, Math.ceil(this.#limit * INCREASE))
    window.sinceMs = nowMs
    window.sumMs = 0
    window.count = 0
  }
}

/** Decisions have a lane of their own: what else is asked does not keep them waiting. Streams are counted while they are open. */
export type Admission = {
  readonly decisions: Lane
  readonly others: Lane
  readonly streams: Lane
}

/** Decisions in hand that are never too many: a connection by itself keeps below it, and so does one stream. */
export const LEAST_DECISIONS = 128

export function createAdmission(limits: Config["limits"]): Admission {
  const rate = limits.callerCallsPerSecond > 0 ? createRate(limits.callerCallsPerSecond) : null
  const calls = { most: limits.maxCalls, callerMost: limits.callerMaxCalls, rate }
  return {
    decisions: new Lane({ ...calls, target: { ms: limits.targetLatencyMs, least: LEAST_DECISIONS } }),
    others: new Lane({ ...calls, target: null }),
    streams: new Lane({ most: limits.maxStreams, callerMost: limits.callerMaxStreams, target: null, rate: null }),
  }
}
