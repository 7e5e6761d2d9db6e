/**
 * Directives reach a runtime twice: by its watch, which brings all of them in order, and on the answers to its beats, which
 * may leave older ones out. Here each is taken once, and only what is carried out with everything before it is acknowledged.
 */
export class DirectiveLog {
  /** Those above the mark. */
  readonly #open = new Map<bigint, { isWatched: boolean; isDone: boolean }>()
  #acknowledged = 0n

  /** The highest directive up to which all are carried out, as far as the watch has told of them. */
  get acknowledged(): bigint {
    return this.#acknowledged
  }

  /** True: it is new, and is to be carried out. */
  take(number: bigint, from: "watch" | "beat"): boolean {
    if (number <= this.#acknowledged) return false
    const known = this.#open.get(number)
    if (known) {
      if (from === "watch") known.isWatched = true
      this.#advance()
      return false
    }
    this.#open.set(number, { isWatched: from === "watch", isDone: false })
    return true
  }

  carriedOut(number: bigint): void {
    const known = this.#open.get(number)
    if (known) known.isDone = true
    this.#advance()
  }

  /** What only a beat has brought does not move the mark: there may be an older one that the watch has yet to bring. */
  #advance(): void {
    const numbers = [...this.#open.keys()].sort((a, b) => (a < b ? -1 : 1))
    for (const number of numbers) {
      const { isDone, isWatched } = this.#open.get(number) as { isWatched: boolean; isDone: boolean }
      if (!isDone) break
      if (isWatched) this.#acknowledged = number
    }
    for (const number of numbers) if (number <= this.#acknowledged) this.#open.delete(number)
  }
}
