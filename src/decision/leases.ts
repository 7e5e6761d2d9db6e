/**
 * Leases as this process knows them, by its monotonic clock: a step of the wall clock neither ends nor extends one. What it
 * does not know since its start is stale until the next good beat.
 */
import type { Counters } from "../formats/runtime-messages.ts"
import { BEAT_CREDIT_MS, BEAT_INTERVAL_MS, LATE_AFTER_MS, LEASE_TTL_MS, MAX_BEAT_CREDIT } from "../runtime/runtime.ts"

export interface LeaseRow {
  readonly leaseId: string
  readonly sequence: bigint
  readonly hash: Uint8Array | null
  readonly leftMs: number
}

export interface LeaseStore {
  write(leases: readonly LeaseRow[]): Promise<void>
  /** Those that other replicas hold, still alive, and that beat in the last so many milliseconds. */
  readOthers(withinMs: number): Promise<readonly LeaseRow[]>
  /** Forgets those that ended long ago. */
  forget(): Promise<void>
}

export interface Lease<Answer> {
  readonly leaseId: string
  /** Monotonic milliseconds. */
  endsAtMs: number
  /** Nothing was heard of it since this process started. */
  stale: boolean
  /** Null: not known. */
  sequence: bigint | null
  hash: Uint8Array | null
  counters: Counters | null
  /** The answer to the last beat, for when its bytes come again. */
  answer: Answer | Promise<Answer> | null
  /** Beats in a row without a doubt. */
  clean: number
  /** Digest of the bundle that the last answer told of. */
  toldBundle: string | null
  /** To be written for the other replicas. */
  dirty: boolean
  /** The last answer asked for measurements and environment in full. */
  askedInFull: boolean
  /** Executions that were redeemed under it through this process. */
  redeemedHere: bigint
  /** At least so many were, through any. */
  redeemed: bigint
  /** Beats that it may send at once, as of `creditAtMs`. */
  credit: number
  creditAtMs: number
}

/** The daemon was held up when its own clock was this late: then late beats are not the runtimes' doing. */
const HELD_UP_MS = 2_500

export class Leases<Answer> {
  readonly #leases = new Map<string, Lease<Answer>>()
  #tickAtMs = Number.POSITIVE_INFINITY
  #excusedUntilMs = Number.NEGATIVE_INFINITY

  get(leaseId: string): Lease<Answer> | undefined {
    return this.#leases.get(leaseId)
  }

  /** The lease, stale when it was not known. */
  open(leaseId: string, nowMs: number): Lease<Answer> {
    let lease = this.#leases.get(leaseId)
    if (!lease) {
      lease = {
        leaseId,
        endsAtMs: nowMs + LEASE_TTL_MS,
        stale: true,
        sequence: null,
        hash: null,
        counters: null,
        answer: null,
        clean: 0,
        toldBundle: null,
        dirty: false,
        askedInFull: false,
        redeemedHere: 0n,
        redeemed: 0n,
        credit: MAX_BEAT_CREDIT,
        creditAtMs: nowMs,
      }
      this.#leases.set(leaseId, lease)
    }
    return lease
  }

  /** A beat of this sequence was taken, or the lease was given (sequence 0). */
  extend(leaseId: string, sequence: bigint, hash: Uint8Array | null, nowMs: number): Lease<Answer> {
    const lease = this.open(leaseId, nowMs)
    lease.endsAtMs = nowMs + LEASE_TTL_MS
    lease.stale = false
    lease.sequence = sequence
    lease.hash = hash
    lease.dirty = true
    return lease
  }

  /** Milliseconds until this lease may beat again; 0: now. */
  waitMs(leaseId: string, nowMs: number): number {
    const lease = this.#leases.get(leaseId)
    return lease ? Math.max(0, Math.ceil((1 - creditOf(lease, nowMs)) * BEAT_CREDIT_MS)) : 0
  }

  /** A beat of this lease was taken: one less that may follow at once. */
  charge(lease: Lease<Answer>, nowMs: number): void {
    lease.credit = creditOf(lease, nowMs) - 1
    lease.creditAtMs = nowMs
  }

  /** Longer silent than an honest runtime is, by nobody else's fault. */
  isLate(leaseId: string, nowMs: number): boolean {
    const lease = this.#leases.get(leaseId)
    if (!lease || lease.stale || nowMs < this.#excusedUntilMs) return false
    return nowMs - (lease.endsAtMs - LEASE_TTL_MS) > LATE_AFTER_MS
  }

  /** Called about every second. When it was not, this process, its machine or its database stood still. */
  tick(nowMs: number): void {
    if (nowMs - this.#tickAtMs > HELD_UP_MS) this.#excusedUntilMs = nowMs + BEAT_INTERVAL_MS
    this.#tickAtMs = nowMs
  }

  /** Milliseconds; null when it is stale. Not above zero: it has lapsed. */
  leftMs(leaseId: string, nowMs: number): number | null {
    const lease = this.#leases.get(leaseId)
    return !lease || lease.stale ? null : lease.endsAtMs - nowMs
  }

  /** What other replicas heard later than this one. */
  learn(rows: readonly LeaseRow[], nowMs: number): void {
    for (const row of rows) {
      const lease = this.open(row.leaseId, nowMs)
      if (!lease.stale && (lease.sequence ?? -1n) >= row.sequence) continue
      if (lease.sequence !== row.sequence) lease.answer = null
      Object.assign(lease, {
        endsAtMs: nowMs + row.leftMs,
        stale: false,
        sequence: row.sequence,
        hash: row.hash,
        counters: null,
        toldBundle: null,
        askedInFull: false,
      })
    }
  }

  takeDirty(nowMs: number): LeaseRow[] {
    const rows: LeaseRow[] = []
    for (const lease of this.#leases.values()) {
      if (!lease.dirty || lease.sequence === null) continue
      lease.dirty = false
      rows.push({ leaseId: lease.leaseId, sequence: lease.sequence, hash: lease.hash, leftMs: lease.endsAtMs - nowMs })
    }
    return rows
  }

  ids(): readonly string[] {
    return [...this.#leases.keys()]
  }

  forget(leaseId: string): void {
    this.#leases.delete(leaseId)
  }
}

function creditOf({ credit, creditAtMs }: Lease<unknown>, nowMs: number): number {
  return Math.min(MAX_BEAT_CREDIT, credit + (nowMs - creditAtMs) / BEAT_CREDIT_MS)
}
