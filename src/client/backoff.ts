/** How long to wait before the next try: exponential with full jitter, so that many who failed together do not return together. */
const FIRST_MS = 50
const MOST_MS = 2_000

/** `failures` in a row, from 1. Milliseconds, from 0 to 50 ms × 2^(failures − 1), never above 2 s; `random` is in [0, 1). */
export function backoffMs(failures: number, random: number = Math.random()): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 16)
  return Math.min(FIRST_MS * 2 ** exponent, MOST_MS) * random
}
