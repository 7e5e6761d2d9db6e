/**
 * The way of live decisions to the shadow's thread: a decision costs the copy of its record into a batch that is there
 * already. There are two batches, which take turns; while the thread has the one and the other is full, decisions are dropped
 * and counted. Nothing comes back but the batch.
 */
import type { SealedRecord } from "../ledger/store.ts"

/** Room for records whole: one of the largest fits. */
export const BATCH_BYTES = 256 * 1024
export const MAX_BATCH_RECORDS = 256
/** How long a batch is filled at least: so often at most is the main thread interrupted for it. */
export const FILL_MS = 20

/** Leaf and payload of each record, one after the other; `lengths`: of each leaf, then of its payload. */
export interface ShadowBatch {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly lengths: readonly number[]
}

export class ShadowFeed {
  /** What is sent is given away; `giveBack` returns it. */
  readonly #send: (batch: ShadowBatch) => void
  /** Of 2^32. */
  readonly #share: number
  #filling = new Uint8Array(BATCH_BYTES)
  #lengths: number[] = []
  #filled = 0
  /** Null while the thread has it. */
  #spare: Uint8Array<ArrayBuffer> | null = new Uint8Array(BATCH_BYTES)
  #timer: NodeJS.Timeout | null = null
  #isClosed = false
  /** Decisions that found no room. */
  dropped = 0

  /** `samplePerMillion`: of the decisions, by their leaf hashes. */
  constructor(send: (batch: ShadowBatch) => void, samplePerMillion: number) {
    this.#send = send
    this.#share = (samplePerMillion / 1_000_000) * 2 ** 32
  }

  /** Of a decision that is durable. Never throws. */
  offer({ leafHash, body, payload }: SealedRecord): void {
    if (!payload || first32(leafHash) >= this.#share) return
    const end = this.#filled + body.length + payload.length
    if (end > BATCH_BYTES || this.#lengths.length >= 2 * MAX_BATCH_RECORDS) {
      this.dropped++
      return
    }
    this.#filling.set(body, this.#filled)
    this.#filling.set(payload, this.#filled + body.length)
    this.#filled = end
    this.#lengths.push(body.length, payload.length)
    if (this.#spare) this.#schedule()
  }

  /** The thread is through with it. `dropped`: how many of them it did not get to. */
  giveBack(bytes: Uint8Array<ArrayBuffer>, dropped: number): void {
    this.#spare = bytes
    this.dropped += dropped
    if (this.#lengths.length > 0) this.#schedule()
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (!this.#timer && !this.#isClosed) this.#timer = setTimeout(() => this.#flush(), FILL_MS).unref()
  }

  #flush(): void {
    this.#timer = null
    const next = this.#spare as Uint8Array<ArrayBuffer>
    const batch = { bytes: this.#filling, lengths: this.#lengths }
    this.#filling = next
    this.#spare = null
    this.#lengths = []
    this.#filled = 0
    this.#send(batch)
  }
}

/** Of a hash, so that it is as good as drawn by lot. */
function first32(hash: Uint8Array): number {
  return (
    (((hash[0] as number) << 24) | ((hash[1] as number) << 16) | ((hash[2] as number) << 8) | (hash[3] as number)) >>> 0
  )
}
