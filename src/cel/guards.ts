/** What a condition has made sure of before a part of it: `has(a.b) && a.b != ""` may read a.b. */
import { type Call, type Expr, pathOf, type Select } from "./ast.ts"

/** Paths that are surely present here. */
export type Guards = ReadonlySet<string>
export const NOTHING: Guards = new Set()

export function union(a: Guards, b: Guards): Guards {
  return b.size === 0 ? a : new Set([...a, ...b])
}

/** Which of several bindings of a name is meant. */
type BindingOf = (root: string) => number

/** Paths that are surely present where `expr` came out as `outcome`. */
export function guardsOf(expr: Expr, outcome: boolean, bindingOf: BindingOf): Guards {
  if (expr.kind === "select" && expr.isTest) {
    const key = outcome ? guardKey(expr, bindingOf) : null
    return key === null ? NOTHING : new Set([key])
  }
  if (expr.kind !== "call") return NOTHING
  const [first, second] = expr.args as [Expr, Expr]
  if (expr.name === "!_") return guardsOf(first, !outcome, bindingOf)
  if (expr.name === (outcome ? "_&&_" : "_||_"))
    return union(guardsOf(first, outcome, bindingOf), guardsOf(second, outcome, bindingOf))
  return NOTHING
}

/** The path, with which of several bindings of its first name is meant; null for what is no path. */
export function guardKey(expr: Select | Call, bindingOf: BindingOf): string | null {
  if (expr.kind !== "select") return null
  const [root, ...rest] = pathOf({ ...expr, isTest: false }) ?? []
  return root === undefined ? null : [`${root}#${bindingOf(root)}`, ...rest].join(".")
}
