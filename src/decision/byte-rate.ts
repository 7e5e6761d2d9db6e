/** How many bytes of records a caller may add a second: one caller cannot fill the disk for all. A token bucket each. */
import { WritError } from "../errors.ts"

const BURST_SECONDS = 4
const MAX_CALLERS = 10_000

export interface ByteRate {
  /** Throws RATE_LIMITED when the caller has used up its bytes. */
  take(callerId: string, bytes: number, monotonicMs: number): void
}

export function createByteRate(bytesPerSecond: number): ByteRate {
  const full = bytesPerSecond * BURST_SECONDS
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take(callerId, bytes, monotonicMs) {
      let bucket = buckets.get(callerId)
      if (!bucket) {
        if (buckets.size >= MAX_CALLERS) buckets.clear()
        bucket = { left: full, atMs: monotonicMs }
        buckets.set(callerId, bucket)
      }
      bucket.left = Math.min(full, bucket.left + ((monotonicMs - bucket.atMs) / 1000) * bytesPerSecond)
      bucket.atMs = monotonicMs
      if (bucket.left < bytes) throw new WritError("RATE_LIMITED")
      bucket.left -= bytes
    },
  }
}
