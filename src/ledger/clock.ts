/**
 * One clock read per call: wall and monotonic together. Wall time never runs backwards within a log, so `floorMs` is set
 * from the newest record at start, and a step of the system clock only holds time still until it has caught up.
 */
export interface Instant {
  /** Unix milliseconds, integral. */
  readonly wallMs: number
  /** Milliseconds of a monotonic clock, with fractions; comparable only within this process. */
  readonly monotonicMs: number
}

export interface Clock {
  now(): Instant
}

export function createClock(floorMs = 0): Clock {
  let last = floorMs
  return {
    now() {
      last = Math.max(last, Date.now())
      return { wallMs: last, monotonicMs: performance.now() }
    },
  }
}

let written = { ms: Number.NaN, text: "" }

/** RFC 3339 UTC with milliseconds, as records have it. */
export function toRecordTime(wallMs: number): string {
  if (wallMs !== written.ms) written = { ms: wallMs, text: new Date(wallMs).toISOString() } // many in one millisecond
  return written.text
}
