/** In which order the daemon stops. */
import type { Logger } from "./log.ts"

/** The stop order: the doors close first and drain, then what they used; the folder is released last. */
const STOP_ORDER = [
  "daemon file",
  "health",
  "policy watch",
  "TLS files",
  "HTTP",
  "gRPC",
  "bundle thread",
  "replay thread",
  "shadow",
  "feed",
  "policy thread",
  "background work",
  "acknowledgement",
  "beats",
  "appender",
  "lease",
  "signing thread",
  "writer",
  "pool",
  "embedded Postgres",
  "folder lock",
] as const
/** They have limits of their own. */
const STOP_OWN_LIMIT: readonly string[] = ["gRPC", "embedded Postgres"]
/** How each part that was started is stopped. */
export type Stops = Partial<Record<(typeof STOP_ORDER)[number], () => Promise<unknown> | unknown>>

/** What fails, or takes longer than `limitMs`, is logged and left. Each part is stopped once. */
export async function stopInOrder(stops: Stops, log: Logger, limitMs: number): Promise<void> {
  for (const part of STOP_ORDER) {
    const stopPart = stops[part]
    delete stops[part]
    try {
      await within(STOP_OWN_LIMIT.includes(part) ? null : limitMs, stopPart?.())
    } catch (err) {
      log.error({ err, part }, "a part did not stop cleanly")
    }
  }
}

async function within(limitMs: number | null, work: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((_, reject) => {
    if (limitMs !== null) timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs} ms`)), limitMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
