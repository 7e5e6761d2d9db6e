/** Expressions, in the shapes and with the function names of cel.expr. Macros over collections stay as they are written. */
import type { Value } from "./value.ts"

interface Node {
  /** Where it begins, in UTF-16 units of the source. */
  readonly offset: number
  /** Where its operator, field or function name stands. */
  readonly at: number
}
export interface Const extends Node {
  readonly kind: "const"
  readonly value: Value
}
export interface Ident extends Node {
  readonly kind: "ident"
  /** With a leading dot where it was written so: not looked for in the container. */
  readonly name: string
}
export interface Select extends Node {
  readonly kind: "select"
  readonly operand: Expr
  readonly field: string
  /** has() of it. */
  readonly isTest: boolean
}
export interface Call extends Node {
  readonly kind: "call"
  readonly name: string
  readonly target: Expr | undefined
  readonly args: readonly Expr[]
}
export interface Item {
  readonly value: Expr
  /** `?`: an optional, left out where it has no value. */
  readonly isOptional: boolean
}
export interface List extends Node {
  readonly kind: "list"
  readonly items: readonly Item[]
}
export interface MapEntry extends Item {
  readonly key: Expr
}
export interface MapExpr extends Node {
  readonly kind: "map"
  readonly entries: readonly MapEntry[]
}
export type Form =
  | "all"
  | "exists"
  | "existsOne"
  | "map"
  | "filter"
  | "sortBy"
  | "transformList"
  | "transformMap"
  | "transformMapEntry"
  | "bind"
  | "optMap"
  | "optFlatMap"
/** What binds names: over a collection, over an optional, or (`bind`) to a value. */
export interface Comprehension extends Node {
  readonly kind: "comprehension"
  readonly form: Form
  readonly range: Expr
  readonly variables: readonly string[]
  readonly filter: Expr | undefined
  readonly body: Expr
}
export type Expr = Const | Ident | Select | Call | List | MapExpr | Comprehension

export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "const":
    case "ident":
      return []
    case "select":
      return [expr.operand]
    case "call":
      return expr.target ? [expr.target, ...expr.args] : expr.args
    case "list":
      return expr.items.map(({ value }) => value)
    case "map":
      return expr.entries.flatMap(({ key, value }) => [key, value])
    case "comprehension":
      return expr.filter ? [expr.range, expr.filter, expr.body] : [expr.range, expr.body]
  }
}

/** The same node over other children. */
export function mapChildren(expr: Expr, change: (child: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "const":
    case "ident":
      return expr
    case "select":
      return { ...expr, operand: change(expr.operand) }
    case "call":
      return { ...expr, target: expr.target && change(expr.target), args: expr.args.map(change) }
    case "list":
      return { ...expr, items: expr.items.map((item) => ({ ...item, value: change(item.value) })) }
    case "map":
      return {
        ...expr,
        entries: expr.entries.map((entry) => ({ ...entry, key: change(entry.key), value: change(entry.value) })),
      }
    case "comprehension":
      return {
        ...expr,
        range: change(expr.range),
        filter: expr.filter && change(expr.filter),
        body: change(expr.body),
      }
  }
}

/** `a.b.c` as names, or null where it is not that. */
export function pathOf(expr: Expr): readonly string[] | null {
  if (expr.kind === "ident") return [expr.name]
  if (expr.kind !== "select" || expr.isTest) return null
  const before = pathOf(expr.operand)
  return before && [...before, expr.field]
}

export function countNodes(expr: Expr): number {
  let nodes = 1
  for (const child of childrenOf(expr)) nodes += countNodes(child)
  return nodes
}
