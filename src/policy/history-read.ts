/** `history.count(NAME, WINDOW)` and `history.sum(NAME, WINDOW)`: both are literals, so that it is known beforehand what is read. */
import type { Call, Expr } from "../cel/ast.ts"
import type { Problem } from "../cel/problem.ts"
import { nanosOf, textToDuration } from "../cel/time.ts"
import type { Type } from "../cel/type.ts"
import { suggest } from "../formats/suggest.ts"

export const MIN_WINDOW_MS = 60_000
export const MAX_WINDOW_MS = 30 * 24 * 3_600_000

export interface HistoryRead {
  readonly kind: "count" | "sum"
  readonly name: string
  readonly windowMs: number
}
export class HistoryReadProblem {
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}

/** Null: the call is another one. `histories`: what each that is declared gives as a sum; null where it has no values. */
export function asHistoryRead(
  { name: kind, target, args, at, offset }: Call,
  histories: ReadonlyMap<string, Type | null> | undefined,
): HistoryRead | HistoryReadProblem | null {
  if (target?.kind !== "ident" || target.name !== "history") return null
  const refuse = (where: number, message: string, suggestion?: string) =>
    new HistoryReadProblem({ offset: where, message, suggestion })
  if (kind !== "count" && kind !== "sum")
    return refuse(at, `A history has no ${kind}().`, suggest(kind, ["count", "sum"]))
  const [first, second] = args
  if (args.length !== 2 || !first || !second)
    return refuse(at, `history.${kind}() takes a name and a window.`, `Write history.${kind}("NAME", duration("1h")).`)
  if (!histories) return refuse(offset, "What a history or a budget is made of cannot ask a history.")
  const name = first.kind === "const" && typeof first.value === "string" ? first.value : null
  if (name === null) return refuse(first.offset, "The name of a history is a literal text.")
  const sum = histories.get(name)
  if (sum === undefined)
    return refuse(first.offset, `No history "${name}" is declared.`, suggest(name, [...histories.keys()]))
  if (kind === "sum" && sum === null)
    return refuse(first.offset, `The history "${name}" declares no value, so it has no sum.`)
  const windowMs = windowOf(second)
  if (windowMs === null)
    return refuse(second.offset, "A window is a literal duration of whole seconds.", 'Write duration("1h").')
  if (windowMs < MIN_WINDOW_MS || windowMs > MAX_WINDOW_MS)
    return refuse(second.offset, "A window is of one minute (60s) to 30 days (720h).")
  return { kind, name, windowMs }
}

function windowOf(expr: Expr): number | null {
  const [text] = expr.kind === "call" && expr.name === "duration" && !expr.target ? expr.args : []
  if (text?.kind !== "const" || typeof text.value !== "string") return null
  try {
    const nanos = nanosOf(textToDuration(text.value))
    return nanos % 1_000_000_000n === 0n ? Number(nanos / 1_000_000n) : null
  } catch {
    return null // not a duration: said by the caller
  }
}

/** The name under which the bindings hold it. */
export function toHistoryField({ kind, name, windowMs }: HistoryRead): string {
  return `${kind} ${name} ${windowMs}`
}
export function parseHistoryField(field: string): HistoryRead | null {
  const match = /^(count|sum) (\w+) (\d+)$/.exec(field)
  return match && { kind: match[1] as HistoryRead["kind"], name: match[2] as string, windowMs: Number(match[3]) }
}
