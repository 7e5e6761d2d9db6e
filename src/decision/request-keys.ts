/**
 * What the decision path remembers of request ids, by the claim's key (random hex, so its digits spread evenly). Neither
 * is a Map or Set: V8 leaves behind a table with each growth and shrinking, and the first of them that has become old
 * keeps all later ones, and the calls in them, until the next major collection.
 */
const BUCKETS = 4_096
const SLOTS = 65_536

/** The calls in flight. */
export class InFlight<T> {
  readonly #buckets: { readonly key: string; readonly value: T }[][] = Array.from({ length: BUCKETS }, () => [])

  get(key: string): T | undefined {
    for (const entry of this.#bucket(key)) if (entry.key === key) return entry.value
    return undefined
  }

  /** Replaces what was there. */
  set(key: string, value: T): void {
    this.delete(key)
    this.#bucket(key).push({ key, value })
  }

  delete(key: string): void {
    const bucket = this.#bucket(key)
    for (let i = 0; i < bucket.length; i++) if (bucket[i]?.key === key) bucket.splice(i, 1)
  }

  #bucket(key: string): { readonly key: string; readonly value: T }[] {
    return this.#buckets[Number.parseInt(key.slice(0, 3), 16)] as { readonly key: string; readonly value: T }[]
  }
}

/**
 * Keys that were used lately, tens of thousands of them. A newer one takes the slot of an older, and one in a
 * billion is taken for another: it is a hint.
 */
export class RecentKeys {
  /** Per slot 32 further bits of its key. */
  readonly #marks = new Uint32Array(SLOTS)

  has(key: string): boolean {
    return this.#marks[slotOf(key)] === markOf(key)
  }

  add(key: string): void {
    this.#marks[slotOf(key)] = markOf(key)
  }
}

function slotOf(key: string): number {
  return Number.parseInt(key.slice(0, 8), 16) % SLOTS
}

/** Never 0, which is an empty slot. */
function markOf(key: string): number {
  return (Number.parseInt(key.slice(-8), 16) | 1) >>> 0
}
