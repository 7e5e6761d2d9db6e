/** Wakes the daemon when another replica changed something. Only a hint: every append proves freshness by itself. */
import pg from "pg"
import type { Connection } from "./connect.ts"

const RETRY_MS = 1_000

export function startFeed(connection: Connection, onWake: () => void): { stop(): void } {
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function listen(): Promise<void> {
    const fresh = new pg.Client({
      ...connection,
      connectionTimeoutMillis: 2_000,
      keepAlive: true,
      application_name: "writ-feed",
    })
    client = fresh // from the start: stop() also ends one that is still connecting
    const retry = () => {
      if (client === fresh) client = null
      clearTimeout(timer)
      if (!stopped) timer = setTimeout(() => void listen(), RETRY_MS)
    }
    fresh.on("error", retry)
    fresh.on("end", retry)
    fresh.on("notification", onWake)
    try {
      await fresh.connect()
      await fresh.query("LISTEN writ_control")
      onWake()
    } catch {
      fresh.end().catch(() => {}) // it may live, and only not listen
      retry()
    }
  }
  void listen()
  return {
    /** Does not wait for the server, which may be frozen. */
    stop() {
      stopped = true
      clearTimeout(timer)
      client?.end().catch(() => {})
    },
  }
}
