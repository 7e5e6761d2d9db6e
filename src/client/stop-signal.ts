/** When what runs must stop: told so, without a lease, without time, or with what it descends from. */

import { StoppedError } from "./guard-errors.ts"
import type { HeartbeatAgent } from "./heartbeat-agent.ts"

/** Directives that stop an execution, if they name it or none. */
const STOPS = new Set(["stop_execution", "stop_all", "quarantine"])
const MAX_TIMER_MS = 2 ** 31 - 1

export interface StopSignal {
  /** Aborted with a StoppedError; once. */
  readonly signal: AbortSignal
  stop(error: StoppedError): void
  /** From when on the time is counted, by `performance.now()`, and how long. */
  limit(fromMs: number, durationMs: number): void
  /** It has ended: nothing stops it any more, and directives about it are carried out. */
  close(): void
}

export function createStopSignal(
  executionId: string,
  agent: HeartbeatAgent | null,
  caller: AbortSignal | null,
  parent: AbortSignal | null,
): StopSignal {
  const controller = new AbortController()
  const { signal } = controller
  let ended = () => {}
  const hasEnded = new Promise<void>((resolve) => {
    ended = resolve
  })
  let timer: NodeJS.Timeout | undefined
  const stop = (error: StoppedError) => controller.abort(error) // the first one's reason stays
  const leaves = [
    agent?.listen(async ({ kind, execution_id, number, reason }) => {
      if (!STOPS.has(kind) || (execution_id !== "" && execution_id !== executionId)) return
      stop(new StoppedError("DIRECTIVE", reason?.text ?? `The runtime was told: ${kind}.`, { directive: number }))
      await hasEnded
    }),
    on(agent?.signal, (cause) => stop(new StoppedError("LEASE_LOST", (cause as Error).message, { cause }))),
    on(caller, (cause) => stop(new StoppedError("CANCELLED", "The caller cancelled.", { cause }))),
    on(parent, (cause) => stop(new StoppedError("PARENT_STOPPED", "What this was part of was stopped.", { cause }))),
  ]
  return {
    signal,
    stop,
    limit(fromMs, durationMs) {
      const leftMs = fromMs + durationMs - performance.now()
      const over = () =>
        stop(new StoppedError("TIME_LIMIT", `The execution may last ${durationMs} ms, which are over.`))
      if (leftMs <= 0) over()
      else timer = setTimeout(over, Math.min(leftMs, MAX_TIMER_MS))
    },
    close() {
      clearTimeout(timer)
      for (const leave of leaves) leave?.()
      ended()
    },
  }
}

function on(signal: AbortSignal | null | undefined, aborted: (reason: unknown) => void): () => void {
  if (!signal) return () => {}
  const listener = () => aborted(signal.reason)
  if (signal.aborted) listener()
  else signal.addEventListener("abort", listener)
  return () => signal.removeEventListener("abort", listener)
}
