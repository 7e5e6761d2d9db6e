/** How much a caller may take a second, of bytes of records or of calls: one caller cannot take it from all. A token bucket each. */
import { WritError } from "../errors.ts"

const BURST_SECONDS = 4
const MAX_CALLERS = 10_000

export interface Rate {
  /** Throws RATE_LIMITED when the caller has used up what it may take. */
  take(callerId: string, amount: number, monotonicMs: number): void
}

export function createRate(perSecond: number): Rate {
  const full = perSecond * BURST_SECONDS
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take(callerId, amount, monotonicMs) {
      let bucket = buckets.get(callerId)
      if (!bucket) {
        if (buckets.size >= MAX_CALLERS) buckets.clear()
        bucket = { left: full, atMs: monotonicMs }
        buckets.set(callerId, bucket)
      }
      bucket.left = Math.min(full, bucket.left + ((monotonicMs - bucket.atMs) / 1000) * perSecond)
      bucket.atMs = monotonicMs
      if (bucket.left < amount) throw new WritError("RATE_LIMITED")
      bucket.left -= amount
    },
  }
}
