/** Histories and budgets, from untyped data. */
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { suggest } from "../formats/suggest.ts"
import {
  type Budget,
  type Bundle,
  type History,
  MAX_BUDGETS,
  MAX_HISTORIES,
  MAX_MICROS,
  MAX_UNIT_CHARS,
  MICROS,
  type Rule,
} from "./bundle.ts"
import { MAX_WINDOW_MS, MIN_WINDOW_MS } from "./history-read.ts"
import { CHOICES, KEYS } from "./keys.ts"
import { actionGlobs, mapValues, NAME } from "./parse-parts.ts"
import type { Reader } from "./reader.ts"

/** So many units, as a text. */
export const UNITS = /^(\d{1,16})(?:\.(\d{1,6}))?$/
const DAY_MS = 86_400_000

/** Undefined: there are none. */
export function parseHistories(
  read: Reader,
  raw: JsonValue | undefined,
  actions: readonly string[],
): Bundle["history"] | undefined {
  const histories = mapValues(read, "/history", raw, NAME, (path, value): History => {
    const history = read.object(path, value, KEYS.history)
    const decisions = read
      .list(`${path}/decisions`, history["decisions"])
      .map((item, i) => read.oneOf(`${path}/decisions/${i}`, item, CHOICES.counted, "allow"))
    return {
      actions: actionGlobs(read, `${path}/actions`, history["actions"], actions, "history"),
      decisions:
        decisions.length === 0 ? ["allow"] : CHOICES.counted.filter((decision) => decisions.includes(decision)),
      ...optionalText(read, path, history, "key"),
      ...optionalText(read, path, history, "value"),
    }
  })
  return bounded(read, "/history", histories, MAX_HISTORIES, "histories")
}

/** Undefined: there are none. */
export function parseBudgets(
  read: Reader,
  raw: JsonValue | undefined,
  rules: readonly Rule[],
): Bundle["budgets"] | undefined {
  const budgets = mapValues(read, "/budgets", raw, NAME, (path, value): Budget => {
    const budget = read.object(path, value, KEYS.budget)
    const unit = read.text(`${path}/unit`, budget["unit"], "executions")
    if (unit.length > MAX_UNIT_CHARS) read.fault(`${path}/unit`, `A unit has at most ${MAX_UNIT_CHARS} characters.`)
    const windowMs = read.duration(`${path}/window`, budget["window"])
    if (windowMs !== undefined && (windowMs < MIN_WINDOW_MS || windowMs > MAX_WINDOW_MS))
      read.fault(`${path}/window`, `A window is of one minute to ${MAX_WINDOW_MS / DAY_MS} days.`)
    return {
      unit,
      limit_micros: microsOf(read, `${path}/limit`, budget["limit"], "A limit"),
      ...(windowMs !== undefined && { window_ms: windowMs }),
      ...optionalText(read, path, budget, "key"),
      amount: read.text(`${path}/amount`, budget["amount"], "1"),
    }
  })
  const names = Object.keys(budgets)
  rules.forEach((rule, i) => {
    for (const name of rule.budgets ?? [])
      if (!names.includes(name))
        read.fault(`/rules/${i}/budgets`, `No budget "${name}" is declared.`, suggest(name, names))
    if (rule.budgets && rule.effect !== "allow")
      read.fault(`/rules/${i}/budgets`, "Only what is allowed draws on a budget.")
  })
  for (const name of names)
    if (!rules.some((rule) => rule.budgets?.includes(name)))
      read.fault(`/budgets/${name}`, `No rule draws on the budget "${name}".`, `Add budgets: [${name}] to an allow.`)
  return bounded(read, "/budgets", budgets, MAX_BUDGETS, "budgets")
}

function bounded<T>(read: Reader, path: string, table: { readonly [name: string]: T }, max: number, what: string) {
  const count = Object.keys(table).length
  if (count > max) read.fault(path, `A bundle has at most ${max} ${what}.`)
  return count === 0 ? undefined : table
}

function optionalText<Name extends string>(read: Reader, path: string, from: JsonObject, name: Name) {
  const text = from[name] === undefined ? undefined : read.text(`${path}/${name}`, from[name])
  return (text === undefined ? {} : { [name]: text }) as { readonly [name in Name]?: string }
}

/** In units, at most six decimals: whole millionths. */
export function microsOf(read: Reader, path: string, raw: JsonValue | undefined, what: string): number {
  const match = typeof raw === "number" || typeof raw === "string" ? UNITS.exec(String(raw)) : null
  const micros = match ? Number(match[1]) * MICROS + Number((match[2] ?? "").padEnd(6, "0")) : Number.NaN
  if (Number.isSafeInteger(micros)) return micros
  read.fault(path, `${what} is a number from 0 to ${Math.floor(MAX_MICROS / MICROS)}, with at most six decimals.`)
  return 0
}

/** The inverse, for canonical bytes. */
export function limitText(micros: number): string {
  const whole = Math.floor(micros / MICROS)
  return `${whole}.${String(micros - whole * MICROS).padStart(6, "0")}`
}
