/**
 * Texts by what they begin with: one walk over a text hashes all its beginnings, and each length that occurs is looked up in
 * one small table of numbers. With many texts a tree, or a Map of strings for each length, would be waited for at every step,
 * since its nodes are in no cache. Lengths are few whatever is held: long prefixes are held by a part of them.
 */
export class PrefixIndex<T> {
  /** Those that occur, ascending. */
  #lengths: number[] = []
  /** Open addressing: of each slot the hash, then one more than the place in the two lists below; 0: free. */
  #slots = new Int32Array(2 * 16)
  readonly #prefixes: string[] = []
  readonly #items: (T | T[])[] = []

  get isEmpty(): boolean {
    return this.#lengths.length === 0
  }

  /** Are texts that begin with this the only ones for which the item will be visited? Not where it is held by a part. */
  isHeldWhole(prefix: string): boolean {
    return heldLength(prefix.length) === prefix.length
  }

  /** The item is no array. */
  add(prefix: string, item: T): void {
    const length = heldLength(prefix.length)
    if (!this.#lengths.includes(length)) this.#lengths = [...this.#lengths, length].sort((a, b) => a - b)
    const held = prefix.slice(0, length)
    const hash = hashPart(SEED, held, 0, length)
    const known = this.#find(hash, held)
    if (known === undefined) {
      this.#prefixes.push(held)
      this.#items.push(item)
      if (4 * this.#items.length > this.#slots.length) this.#grow()
      occupy(this.#slots, hash, this.#items.length)
    } else {
      const items = this.#items[known] as T | T[]
      if (Array.isArray(items)) items.push(item)
      else this.#items[known] = [items, item]
    }
  }

  /** Calls for each item whose prefix the text begins with, and for some of which it only begins as they do. */
  visit(text: string, visit: (item: T) => void): void {
    let hash = SEED
    let done = 0
    for (const length of this.#lengths) {
      if (length > text.length) return
      hash = hashPart(hash, text, done, length)
      done = length
      const known = this.#find(hash, text)
      if (known === undefined) continue
      const found = this.#items[known] as T | T[]
      if (Array.isArray(found)) found.forEach(visit)
      else visit(found)
    }
  }

  /** Where the prefix with this hash is with which the text begins. */
  #find(hash: number, text: string): number | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let at = (2 * spread(hash)) & mask; slots[at + 1] !== 0; at = (at + 2) & mask) {
      if (slots[at] !== hash) continue
      const known = (slots[at + 1] as number) - 1
      if (text.startsWith(this.#prefixes[known] as string)) return known
    }
    return undefined
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length)
    for (let at = 0; at < this.#slots.length; at += 2) {
      const place = this.#slots[at + 1] as number
      if (place !== 0) occupy(slots, this.#slots[at] as number, place)
    }
    this.#slots = slots
  }
}

/** Another in each process: nobody can write prefixes that all fall into one place. */
const SEED = (Math.random() * 2 ** 32) | 0

/** FNV-1a, 32 bits, over UTF-16 units (draft-eastlake-fnv); of a longer beginning it is carried on. */
function hashPart(start: number, text: string, from: number, to: number): number {
  let hash = start
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/** The low bits of FNV say little of the last units' high ones. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15)
}

function occupy(slots: Int32Array, hash: number, place: number): void {
  const mask = slots.length - 1
  let at = (2 * spread(hash)) & mask
  while (slots[at + 1] !== 0) at = (at + 2) & mask
  slots[at] = hash
  slots[at + 1] = place
}

/** Each up to 64, then four to each power of two: at most a hundred lengths up to 64 KiB. */
function heldLength(length: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(length)) - 2)
  return length <= 64 ? length : length - (length % step)
}
