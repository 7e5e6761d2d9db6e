/** Work that repeats beside the decisions: never twice at once, and what fails is tried again. */
import type { Logger } from "./log.ts"

export interface Background {
  repeat(everyMs: number, what: string, work: () => Promise<unknown>): void
  /** Begins nothing more, and waits for what runs. */
  stop(): Promise<void>
}

export function createBackground(log: Logger): Background {
  const timers: NodeJS.Timeout[] = []
  const running = new Map<string, Promise<unknown>>()
  return {
    repeat(everyMs, what, work) {
      const begin = () => {
        if (running.has(what)) return
        const done = work()
          .catch((err: unknown) => log.warn({ err }, `${what} failed; it is tried again`))
          .finally(() => running.delete(what))
        running.set(what, done)
      }
      timers.push(setInterval(begin, everyMs))
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running.values())
    },
  }
}

/**
 * Never twice at once. Who calls while it runs waits for a run that begins afterwards, which all who wait share: what was so
 * when he called is done when it resolves.
 */
export function inSeries(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let waiting: Promise<void> | null = null
  return () => {
    if (!waiting) {
      waiting = running.then(() => {
        waiting = null
        return work()
      })
      running = waiting.catch(() => {})
    }
    return waiting
  }
}
