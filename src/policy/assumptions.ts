/** What is taken to be so of all that only a daemon knows, where there is none: in a test, and in an explanation. Plain data. */
import type { HistoryRead } from "./history-read.ts"
import type { Past } from "./past.ts"
import type { LoadResult } from "./types.ts"

/** The request names no runtime, or one that is trusted and alive. */
export type AssumedRuntime = "none" | "trusted"

/** Decisions and millionths that were counted within a window; null: nothing is said of it. */
export interface AssumedWindow {
  readonly windowMs: number
  readonly count: number | null
  readonly micros: number | null
}

/** An approval that was asked for by this very request, under this bundle, and that the request now names. */
export interface AssumedApproval {
  /** Principals, each once. */
  readonly grantedBy: readonly string[]
  readonly refusedBy: string | null
  /** Since it was asked for. Milliseconds. */
  readonly waitedMs: number
}

export interface Assumptions {
  readonly runtime: AssumedRuntime
  /** Histories by name, for what this request is counted for. What is not there was never counted. */
  readonly history: ReadonlyMap<string, readonly AssumedWindow[]>
  /** Millionths that are reserved and spent, by the budget's name, for what this request draws on. What is not there is untouched. */
  readonly used: ReadonlyMap<string, number>
  /** Null: the request names none. */
  readonly approval: AssumedApproval | null
}

/** A window that nothing is said of holds what the shorter ones hold, since it holds them. */
export function assumedPast({ history, used }: Assumptions): Past {
  return ({ kind, name, window_ms }) => {
    if (kind === "budget") return { value: used.get(name) ?? 0, version: 0 }
    const within = (history.get(name) ?? []).filter(({ windowMs }) => windowMs <= window_ms)
    const said = within.map(({ count, micros }) => (kind === "count" ? count : micros) ?? 0)
    return { value: Math.max(0, ...said), version: 0 }
  }
}

/** What conditions ask of each history. */
export function asksOf({ conditions }: Extract<LoadResult, { ok: true }>): ReadonlyMap<string, readonly HistoryRead[]> {
  const asks = new Map<string, HistoryRead[]>()
  for (const { condition } of conditions)
    for (const read of condition.histories) asks.set(read.name, [...(asks.get(read.name) ?? []), read])
  return asks
}
