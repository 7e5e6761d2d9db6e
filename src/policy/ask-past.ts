/** What one request asks of the past, and what its decision would add to it. */
import { Double, isInt, type Struct, type Value } from "../cel/value.ts"
import { utf8 } from "../formats/bytes.ts"
import { MAX_KEY_BYTES, MICROS } from "./bundle.ts"
import type { LinkedCondition } from "./condition.ts"
import { type HistoryRead, toHistoryField } from "./history-read.ts"
import type { BudgetOf, HistoryOf, PastOf } from "./load-past.ts"
import type { Past, Question, Reading, RowOf } from "./past.ts"
import type { CompiledRule } from "./rule-index.ts"
import type { Charge, Count, PolicyReason } from "./types.ts"

/** Evaluates one expression, within the decision's cost; a fault is a reason to deny. */
export type Evaluate = (expression: LinkedCondition) => Value | PolicyReason

export interface Asked {
  /** For `history` in conditions; what could not be read is not in it. */
  readonly values: Struct
  readonly counts: readonly Count[]
  readonly faults: readonly PolicyReason[]
  /** Of all that was asked, also by `charge` later on. */
  readonly readings: readonly Reading[]
  /** What an execution that these rules allow draws on budgets; a fault where that cannot be told. */
  charge(allows: readonly CompiledRule[]): readonly (Charge | PolicyReason)[]
}

/** By name. */
export interface PastIndex {
  readonly histories: ReadonlyMap<string, HistoryOf<LinkedCondition>>
  readonly budgets: ReadonlyMap<string, BudgetOf<LinkedCondition>>
}
export function indexPast({ histories, budgets }: PastOf<LinkedCondition>): PastIndex {
  return {
    histories: new Map(histories.map((history) => [history.name, history])),
    budgets: new Map(budgets.map((budget) => [budget.name, budget])),
  }
}

type Signals = readonly { readonly when: LinkedCondition }[]

/** Rows that evaluating the request may ask for or add to. What has no key is a fault when it is evaluated. */
export function rowsOf(
  past: PastIndex,
  action: string,
  rules: readonly CompiledRule[],
  signals: Signals,
  evaluate: Evaluate,
): readonly RowOf[] {
  const names = new Set(readsOf(rules, signals).map(({ name }) => name))
  for (const { name, actions } of past.histories.values()) if (actions.includes(action)) names.add(name)
  const rows: RowOf[] = []
  const add = (kind: RowOf["kind"], name: string, expression: LinkedCondition | null | undefined) => {
    const key = expression === undefined ? null : keyOf(expression, evaluate)
    if (typeof key === "string") rows.push({ kind, name, key })
  }
  for (const name of names) add("history", name, past.histories.get(name)?.key)
  for (const name of budgetsOf(rules)) add("budget", name, past.budgets.get(name)?.key)
  return rows
}

export function askPast(
  past: PastIndex,
  action: string,
  rules: readonly CompiledRule[],
  signals: Signals,
  read: Past,
  evaluate: Evaluate,
): Asked {
  const faults: PolicyReason[] = []
  const readings: Reading[] = []
  const keys = new Map<string, string | null>()
  const keyFor = (name: string): string | null => {
    const known = keys.get(name)
    if (known !== undefined) return known
    const key = keyOf(past.histories.get(name)?.key ?? null, evaluate)
    if (typeof key !== "string") faults.push(key)
    keys.set(name, typeof key === "string" ? key : null)
    return keys.get(name) ?? null
  }
  const ask = (question: Question): Reading | null => {
    const answer = read(question)
    const reading = answer && { ...question, value: answer.value, version: answer.version }
    if (reading) readings.push(reading)
    return reading
  }

  const values: Record<string, Value> = {}
  for (const asked of readsOf(rules, signals)) {
    const { kind, name, windowMs } = asked
    const key = keyFor(name)
    if (key === null) continue
    const reading = ask({ kind, name, key, window_ms: windowMs })
    if (!reading) faults.push(fault(`The history "${name}" could not be read.`))
    else if (kind === "count") values[toHistoryField(asked)] = reading.value
    else {
      const isDouble = past.histories.get(name)?.value?.type.kind === "double"
      values[toHistoryField(asked)] = isDouble ? new Double(reading.value / MICROS) : Math.ceil(reading.value / MICROS)
    }
  }

  const counts: Count[] = []
  for (const { name, actions, decisions, value, windows } of past.histories.values()) {
    if (!actions.includes(action)) continue
    const key = keyFor(name)
    const micros = value === null ? 0 : microsOf(value, evaluate)
    if (key !== null && typeof micros === "number") counts.push({ name, key, micros, windows_ms: windows, decisions })
    else if (typeof micros !== "number") faults.push(micros)
  }

  return {
    values,
    counts,
    faults,
    readings,
    charge: (allows) =>
      budgetsOf(allows).map((name): Charge | PolicyReason => {
        const { budget, ...expressions } = past.budgets.get(name) as NonNullable<
          ReturnType<PastIndex["budgets"]["get"]>
        >
        const key = keyOf(expressions.key, evaluate)
        if (typeof key !== "string") return key
        const micros = microsOf(expressions.amount, evaluate)
        if (typeof micros !== "number") return micros
        const window_ms = budget.window_ms ?? 0
        const reading = ask({ kind: "budget", name, key, window_ms })
        if (!reading) return fault(`The budget "${name}" could not be read.`)
        return { name, key, micros, window_ms, used: reading.value, limit: budget.limit_micros, unit: budget.unit }
      }),
  }
}

/** Each once, in an order that is always the same. */
function readsOf(rules: readonly CompiledRule[], signals: Signals): readonly HistoryRead[] {
  const reads = new Map<string, HistoryRead>()
  for (const { when } of signals) for (const read of when.histories) reads.set(toHistoryField(read), read)
  for (const { when } of rules) for (const read of when.histories) reads.set(toHistoryField(read), read)
  return [...reads.values()]
}
function budgetsOf(rules: readonly CompiledRule[]): readonly string[] {
  return [...new Set(rules.flatMap(({ rule }) => rule.budgets ?? []))].sort()
}

function keyOf(expression: LinkedCondition | null, evaluate: Evaluate): string | PolicyReason {
  if (expression === null) return ""
  const key = evaluate(expression)
  if (typeof key !== "string") return isReason(key) ? key : fault("What is counted has a key that is not a text.")
  if (key.length * 3 <= MAX_KEY_BYTES || utf8(key).length <= MAX_KEY_BYTES) return key
  return fault(`What it is counted for is longer than ${MAX_KEY_BYTES} bytes.`)
}

/** Whole millionths, never negative. */
function microsOf(expression: LinkedCondition, evaluate: Evaluate): number | PolicyReason {
  const value = evaluate(expression)
  if (isReason(value)) return value
  const micros = isInt(value) ? Number(value) * MICROS : value instanceof Double ? Math.round(value.value * MICROS) : -1
  return micros >= 0 && Number.isSafeInteger(micros)
    ? micros + 0
    : fault("What is counted or spent is negative, or more than can be counted exactly.")
}

function isReason(value: Value | PolicyReason): value is PolicyReason {
  return typeof value === "object" && value !== null && "code" in value && "text" in value
}
function fault(text: string): PolicyReason {
  return { code: "CONDITION_ERROR", text }
}
