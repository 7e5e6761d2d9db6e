/**
 * Which logs nobody writes any more, seen by one replica with its own clock alone. A lease that stands still counts only
 * while this replica looks at it regularly: after a pause of its own, or of the database, it begins anew, so that replicas
 * that were all held up together do not close one another's logs.
 */
import type { Head } from "./store.ts"

/** The lease on another log, as it was read. */
export interface Lease extends Head {
  readonly origin: string
  /** C2SP verifier key of its checkpoints. */
  readonly verifierKey: string
  /** Rises twice a second while the log's writer lives. */
  readonly beat: bigint
}

export const LEASE_BEAT_MS = 500
export const LEASE_LOOK_MS = 250
/** Two looks more, and the append: a dead replica's log is closed within five seconds. */
export const LEASE_LIFE_MS = 3_500
/** Without a look for so long, what was seen before counts no more. */
const MAX_GAP_MS = 1_000

interface Seen {
  readonly sign: string
  readonly sinceMs: number
}

export class LeaseWatch {
  #seen = new Map<number, Seen>()
  #lookedMs = Number.NEGATIVE_INFINITY

  /** `leases`: all that are held, read just now; `nowMs`: monotonic. Answers those that have stood still for their life. */
  look(leases: readonly Lease[], nowMs: number): Lease[] {
    const before = nowMs - this.#lookedMs > MAX_GAP_MS ? new Map<number, Seen>() : this.#seen
    this.#lookedMs = nowMs
    this.#seen = new Map()
    return leases.filter(({ logId, fence, beat, size }) => {
      const sign = `${fence} ${beat} ${size}` // an append is a sign of life as well
      const known = before.get(logId)
      const seen = known?.sign === sign ? known : { sign, sinceMs: nowMs }
      this.#seen.set(logId, seen)
      return nowMs - seen.sinceMs >= LEASE_LIFE_MS
    })
  }
}
