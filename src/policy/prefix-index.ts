/**
 * Texts by what they begin with, in one table for each length that occurs: with many of them a tree would be waited for at each
 * of its nodes, which are in no cache. Lengths are few whatever is held, since long prefixes are held by a part of them.
 */
export class PrefixIndex<T> {
  readonly #byPrefix = new Map<string, T | T[]>()
  /** Those that occur, ascending. */
  #lengths: number[] = []

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
    const known = this.#byPrefix.get(held)
    if (Array.isArray(known)) known.push(item)
    else this.#byPrefix.set(held, known === undefined ? item : [known, item])
  }

  /** Calls for each item whose prefix the text begins with, and for some of which it only begins as they do. */
  visit(text: string, visit: (item: T) => void): void {
    for (const length of this.#lengths) {
      if (length > text.length) return
      const found = this.#byPrefix.get(text.slice(0, length))
      if (Array.isArray(found)) found.forEach(visit)
      else if (found !== undefined) visit(found)
    }
  }
}

/** Each up to 64, then four to each power of two: at most a hundred lengths up to 64 KiB. */
function heldLength(length: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(length)) - 2)
  return length <= 64 ? length : length - (length % step)
}
