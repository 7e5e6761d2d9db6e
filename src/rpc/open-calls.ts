/** Streams that are open: one timer looks whether their callers still may, since one that is silent is never asked otherwise. */
const LOOK_MS = 500

export class OpenCalls {
  readonly #checks = new Set<() => void>()
  #timer: NodeJS.Timeout | null = null

  /** `check` does not throw: it ends its stream. The answer takes it out again. */
  add(check: () => void): () => void {
    this.#checks.add(check)
    this.#timer ??= setInterval(() => {
      for (const look of [...this.#checks]) look()
    }, LOOK_MS).unref()
    return () => {
      this.#checks.delete(check)
      if (this.#checks.size > 0 || this.#timer === null) return
      clearInterval(this.#timer)
      this.#timer = null
    }
  }
}
