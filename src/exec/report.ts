/**
 * What the guard says: a few lines for people on stderr, and every event as a JSON line where that was asked for. stdout is
 * the process's. Writing never blocks the guard: a reader that does not read must not cost the lease.
 */
import { write } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

const STDERR = 2
const FLUSH_LIMIT_MS = 1_000
const FULL_MS = 20

export interface Report {
  /** For people: one line. */
  say(text: string): void
  /** The same, quiet or not. */
  warn(text: string): void
  /** For programs: one JSON line. */
  event(name: string, data?: object): void
  /** Resolves when what was said is written, or cannot be. */
  flush(): Promise<void>
}

export interface ReportOptions {
  readonly quiet: boolean
  /** An open descriptor; null: no events are asked for. */
  readonly events: number | null
}

export function createReport({ quiet, events }: ReportOptions): Report {
  const lines = createWriter(STDERR)
  const json = events === null ? null : createWriter(events)
  const warn = (text: string) => lines.write(`writ: ${text}\n`)
  return {
    say(text) {
      if (!quiet) warn(text)
    },
    warn,
    event(name, data = {}) {
      json?.write(`${JSON.stringify({ event: name, time: new Date().toISOString(), ...data })}\n`)
    },
    async flush() {
      await Promise.race([
        Promise.all([lines.written(), json?.written()]),
        sleep(FLUSH_LIMIT_MS, undefined, { ref: false }),
      ])
    },
  }
}

/** In order, off the main thread. What the reader will never read is dropped. */
function createWriter(fd: number): { write(text: string): void; written(): Promise<void> } {
  let last: Promise<void> = Promise.resolve()
  return {
    write(text) {
      last = last.then(() => writeAll(fd, Buffer.from(text)))
    },
    written: () => last,
  }
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const wrote = await new Promise<number | null>((resolve) =>
      write(fd, bytes, at, bytes.length - at, null, (error, count) => {
        resolve(!error ? count : error.code === "EAGAIN" ? 0 : null)
      }),
    )
    if (wrote === null) return // its reader is gone
    if (wrote === 0) await sleep(FULL_MS, undefined, { ref: false })
    at += wrote
  }
}
