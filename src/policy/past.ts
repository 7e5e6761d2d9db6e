/**
 * The past that decisions lean on: what was read of it, and what a record adds to it. Both are in the record's payload, so
 * that a decision can be made again from it and the rows beside the log can be derived from the log. Pure.
 */
import type { JsonObject } from "../formats/ports.ts"
import { advance, type BudgetRow, release, reserve, spend, UNTOUCHED, usedOf } from "./budget.ts"
import type { Counted } from "./bundle.ts"
import { addTo, countWithin, type HistoryRow, NO_HISTORY, sumWithin } from "./history.ts"

/** A row: what it is, by its name in the bundle, and what it is counted for. */
export type RowOf = {
  readonly kind: "history" | "budget"
  readonly name: string
  /** Empty: it is counted once. */
  readonly key: string
}

/** What is asked. `window_ms` 0: a budget without a window. */
export type Question = {
  readonly kind: "count" | "sum" | "budget"
  readonly name: string
  readonly key: string
  readonly window_ms: number
}
/** What was read: decisions (count), millionths (sum), millionths reserved and spent (budget); and in which version of the row. */
export type Reading = Question & { readonly value: number; readonly version: number }

/** Null: it cannot be told. */
export type Past = (question: Question) => { readonly value: number; readonly version: number } | null
export const NO_PAST: Past = () => null

/** The past as a record says that it was read. */
export function recordedPast(readings: readonly Reading[]): Past {
  return ({ kind, name, key, window_ms }) =>
    readings.find(
      (reading) =>
        reading.kind === kind && reading.name === name && reading.key === key && reading.window_ms === window_ms,
    ) ?? null
}

const COUNTED = { ALLOW: "allow", DENY: "deny", REQUIRE_APPROVAL: "require_approval" } as const
/** Of the histories that may count a request, those that count this decision on it. */
export function countsOf<T extends { readonly decisions: readonly Counted[] }>(
  counts: readonly T[],
  decision: keyof typeof COUNTED,
): readonly T[] {
  return counts.filter(({ decisions }) => decisions.includes(COUNTED[decision]))
}

/** What a record does to a row; `version` is the one that it makes. */
export type Consumed = Step & { readonly version: number }
export type Step =
  /** One decision more, of so many millionths; `windows_ms`: those that the bundle asks for. */
  | Named<"count", { readonly micros: number; readonly windows_ms: readonly number[] }>
  /** `exp`, Unix seconds: until then unless it is redeemed; absent: nobody redeems it, so it is spent at once. */
  | Named<"reserve", { readonly micros: number; readonly window_ms: number; readonly exp?: number }>
  /** What was reserved until `exp` is spent (the token was redeemed), or free again (it was revoked). */
  | Named<"spend" | "release", { readonly micros: number; readonly window_ms: number; readonly exp: number }>
  /** A row that was not there was read, by a decision that changes others. */
  | Named<"note", { readonly kind: RowOf["kind"] }>
type Named<Op extends string, More> = { readonly op: Op; readonly name: string; readonly key: string } & More

export function kindOf(step: Step): RowOf["kind"] {
  return step.op === "count" ? "history" : step.op === "note" ? step.kind : "budget"
}

/** The content of the row after it; null when it cannot be: the reservation has ended. */
export function applyStep(content: JsonObject | null, step: Step, nowMs: number): JsonObject | null {
  const budget = (content ?? UNTOUCHED) as BudgetRow
  switch (step.op) {
    case "count":
      return addTo((content ?? NO_HISTORY) as HistoryRow, step.windows_ms, step.micros, nowMs)
    case "reserve":
      return reserve(budget, step.micros, step.exp ?? null, step.window_ms, nowMs) as unknown as JsonObject
    case "spend":
      return spend(budget, step.micros, step.exp, step.window_ms, nowMs) as unknown as JsonObject
    case "release":
      return release(budget, step.micros, step.exp, step.window_ms, nowMs) as unknown as JsonObject
    case "note":
      return content ?? ((step.kind === "history" ? NO_HISTORY : UNTOUCHED) as unknown as JsonObject)
  }
}

/** Null: more than a number holds exactly. */
export function readRow(content: JsonObject | null, { kind, window_ms }: Question, nowMs: number): number | null {
  if (kind === "budget") return usedOf(advance((content ?? UNTOUCHED) as BudgetRow, window_ms, nowMs))
  const row = (content ?? NO_HISTORY) as HistoryRow
  return kind === "count" ? countWithin(row, window_ms, nowMs) : sumWithin(row, window_ms, nowMs)
}
