/** Compiles what a bundle says of the past: keys, values and amounts, and which windows its conditions ask for. */
import type { Type } from "../cel/type.ts"
import { type Budget, type Bundle, createActionMatcher, type History, MAX_WINDOWS, type Rule } from "./bundle.ts"
import type { Condition, Wanted } from "./condition.ts"

/** T: what an expression was compiled to. */
export interface HistoryOf<T> {
  readonly name: string
  /** Null: it is counted once. */
  readonly key: T | null
  /** Null: it has no sum. */
  readonly value: T | null
  readonly actions: readonly string[]
  readonly decisions: History["decisions"]
  /** Milliseconds, that conditions ask for, ascending. */
  readonly windows: readonly number[]
}
export interface BudgetOf<T> {
  readonly name: string
  readonly budget: Budget
  readonly key: T | null
  readonly amount: T
}
/** By name; null: the bundle declares neither. */
export interface PastOf<T> {
  readonly histories: readonly HistoryOf<T>[]
  readonly budgets: readonly BudgetOf<T>[]
}

/** A rule that stands for all that an expression may be asked about. */
export type AskedOf = Pick<Rule, "subjects" | "actions" | "resources" | "parameters">
/** Undefined where a problem was told. */
export type CompileOne<T> = (
  path: string,
  source: string,
  asked: AskedOf | null,
  wants: Wanted,
) => { readonly condition: Condition; readonly kept: T } | undefined
type Fault = (path: string, message: string) => void
type Windowless<T> = Omit<HistoryOf<T>, "windows"> & { readonly sum: Type | null }

/** Before the conditions: what they may ask for. */
export function compileHistories<T>(bundle: Bundle, compile: CompileOne<T>, fault: Fault): readonly Windowless<T>[] {
  const { types } = bundle
  const matching = createActionMatcher(Object.keys(types.actions))
  const any = (table: object) => Object.keys(table).map((type) => ({ type, id: "*" }))
  return Object.entries(bundle.history ?? {}).map(([name, history]) => {
    const path = `/history/${name}`
    const key = history.key === undefined ? undefined : compile(`${path}/key`, history.key, null, "text")
    const { actions } = history
    const asked: AskedOf = {
      subjects: any(types.subjects),
      resources: any(types.resources),
      actions,
      parameters: "decoded",
    }
    const value = history.value === undefined ? undefined : compile(`${path}/value`, history.value, asked, "number")
    refuseUnrecorded(bundle, `${path}/key`, key?.condition, fault)
    refuseUnrecorded(bundle, `${path}/value`, value?.condition, fault)
    return {
      name,
      key: key?.kept ?? null,
      value: value?.kept ?? null,
      sum: value?.condition.type ?? null,
      actions: [...new Set(actions.flatMap(matching))],
      decisions: history.decisions,
    }
  })
}

export function compileBudgets<T>(bundle: Bundle, compile: CompileOne<T>, fault: Fault): readonly BudgetOf<T>[] {
  return Object.entries(bundle.budgets ?? {}).map(([name, budget]) => {
    const path = `/budgets/${name}`
    const drawing = bundle.rules.filter((rule) => rule.budgets?.includes(name))
    const asked: AskedOf = {
      subjects: drawing.flatMap(({ subjects }) => subjects),
      actions: drawing.flatMap(({ actions }) => actions),
      resources: drawing.flatMap(({ resources }) => resources),
      parameters: drawing.some(({ parameters }) => parameters === "opaque") ? "opaque" : "decoded",
    }
    const key = budget.key === undefined ? undefined : compile(`${path}/key`, budget.key, asked, "text")
    const amount = compile(`${path}/amount`, budget.amount, asked, "number")
    refuseUnrecorded(bundle, `${path}/key`, key?.condition, fault)
    refuseUnrecorded(bundle, `${path}/amount`, amount?.condition, fault)
    return { name, budget, key: key?.kept ?? null, amount: amount?.kept as T }
  })
}

/** After the conditions: which windows they ask for. */
export function withWindows<T>(
  histories: readonly Windowless<T>[],
  windows: ReadonlyMap<string, ReadonlySet<number>>,
  fault: Fault,
): readonly HistoryOf<T>[] {
  return histories.map(({ sum: _, ...history }) => {
    const { name } = history
    const asked = [...(windows.get(name) ?? [])].sort((a, b) => a - b)
    if (asked.length > MAX_WINDOWS)
      fault(`/history/${name}`, `Conditions ask for ${asked.length} windows of it; there are at most ${MAX_WINDOWS}.`)
    return { ...history, windows: asked }
  })
}

/** The same past, its expressions changed to something else. */
export function mapPast<T, U>(past: PastOf<T>, change: (of: T) => U): PastOf<U> {
  const changed = (of: T | null) => (of === null ? null : change(of))
  return {
    histories: past.histories.map((history) => ({
      ...history,
      key: changed(history.key),
      value: changed(history.value),
    })),
    budgets: past.budgets.map((budget) => ({ ...budget, key: changed(budget.key), amount: change(budget.amount) })),
  }
}

/** What a decision read of the past is recorded, and with it what it was counted for. */
function refuseUnrecorded({ types }: Bundle, path: string, condition: Condition | undefined, fault: Fault): void {
  if (!condition) return
  const never = new Set<string>()
  const collect = (prefix: string, properties: Bundle["types"]["context"]) => {
    for (const [name, { record }] of Object.entries(properties)) if (record === "never") never.add(`${prefix}.${name}`)
  }
  for (const { properties } of Object.values(types.subjects)) collect("subject.properties", properties)
  for (const { properties } of Object.values(types.resources)) collect("resource.properties", properties)
  for (const { properties, parameters } of Object.values(types.actions)) {
    collect("action.properties", properties)
    collect("parameters", parameters ?? {})
  }
  collect("context", types.context)
  const read = condition.paths.find((name) => never.has(name))
  if (read !== undefined) fault(path, `"${read}" is never recorded, and what this comes to is.`)
}
