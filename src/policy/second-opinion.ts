/**
 * cel-js as an independent second opinion: every condition inside its subset is evaluated by both engines on the same
 * made-up inputs. Two different values are a disagreement; its error is no opinion. It can block, never allow, and its
 * error texts, which hold whole inputs, are never shown.
 */
import type { CelInput } from "@bufbuild/cel"
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js"
import { evaluate as secondEvaluate } from "cel-js"
import type { Bindings, Condition } from "./condition.ts"

const TRIALS_PER_PATH = 32
const MAX_TRIALS = 160
/** Not `*`: it gives cel-js a negative zero, which it holds for another number than zero. */
const FUNCTIONS = new Set([
  "_&&_",
  "_||_",
  "!_",
  "_==_",
  "_!=_",
  "_<_",
  "_<=_",
  "_>_",
  "_>=_",
  "_+_",
  "_-_",
  "@in",
  "_?_:_",
  "size",
  "_[_]",
])
const TEXTS = ["", "a", "b", "research", "ops"]
const NUMBERS = [-2, -1, 0, 1, 2, 3, 8]

export interface Opinions {
  readonly confirmed: number
  readonly outside: number
  readonly disagreements: readonly string[]
}

export function countOpinions(conditions: readonly { readonly id: string; readonly condition: Condition }[]): Opinions {
  let confirmed = 0
  let outside = 0
  const disagreements: string[] = []
  for (const { id, condition } of conditions) {
    const paths = inSubset(condition.ast, condition.source)
    const pools = poolsFor(condition.ast)
    if (paths === null || magnitude(condition.ast, pools.numbers) > Number.MAX_SAFE_INTEGER) {
      outside++
      continue
    }
    const agreed = compare(condition, paths, pools)
    if (agreed.disagreement !== null) disagreements.push(`${id}: ${condition.source}: ${agreed.disagreement}`)
    else if (agreed.count > 0) confirmed++
    else outside++ // it had no opinion on any input
  }
  return { confirmed, outside, disagreements }
}

/** The attributes that the condition reads, or null when it is outside the subset that cel-js gets right. */
function inSubset(expr: Expr | undefined, source: string): ReadonlySet<string> | null {
  // cel-js reads escapes wrongly, counts and orders texts by UTF-16 units, and knows two zeros.
  if (source.includes("variables.") || /[\\\ud800-\udfff]|-\s*0/.test(source)) return null
  const paths = new Set<string>()
  const visit = (node: Expr | undefined): boolean => {
    const kind = node?.exprKind
    switch (kind?.case) {
      case undefined:
        return true
      case "constExpr":
        return ["boolValue", "stringValue", "int64Value"].includes(kind.value.constantKind.case ?? "")
      case "identExpr":
        return kind.value.name === "audience" && paths.add("audience") !== undefined
      case "selectExpr": {
        const path = pathOf(node as Expr)
        if (path === null || kind.value.testOnly || path.some((name) => name in Object.prototype)) return false
        paths.add(path.join("."))
        return true
      }
      case "callExpr":
        return !kind.value.target && FUNCTIONS.has(kind.value.function) && kind.value.args.every(visit)
      case "listExpr":
        return kind.value.elements.every(visit)
      default:
        return false
    }
  }
  return visit(expr) ? paths : null
}

function pathOf(expr: Expr): string[] | null {
  if (expr.exprKind.case === "identExpr") return [expr.exprKind.value.name]
  if (expr.exprKind.case !== "selectExpr" || !expr.exprKind.value.operand) return null
  const before = pathOf(expr.exprKind.value.operand)
  return before && [...before, expr.exprKind.value.field]
}

interface Pools {
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
  readonly lists: readonly (readonly string[])[]
  /** As what paths are used; one whose use tells nothing gets texts and numbers. */
  readonly kinds: ReadonlyMap<string, Kind>
}
type Kind = "texts" | "numbers" | "lists"

/** What the condition itself names is tried most, with what lies beside it: that is where `<` and `<=` part. */
function poolsFor(expr: Expr): Pools {
  const texts: string[] = []
  const numbers: number[] = []
  const kinds = new Map<string, Kind>()
  const use = (node: Expr | undefined, as: Kind | undefined) => {
    const path = node && pathOf(node)
    if (path && as) kinds.set(path.join("."), as)
  }
  const visit = (node: Expr | undefined): void => {
    const kind = node?.exprKind
    if (kind?.case === "constExpr") {
      const { case: type, value } = kind.value.constantKind
      if (type === "stringValue") texts.push(value, value, `${value}a`)
      if (type === "int64Value") numbers.push(Number(value), Number(value), Number(value) - 1, Number(value) + 1)
    } else if (kind?.case === "callExpr") {
      const { function: name, args } = kind.value
      if (name === "_[_]") use(args[0], "lists")
      else if (name === "@in" && args[1] && pathOf(args[1])) use(args[1], "lists")
      else
        for (const arg of args)
          use(
            arg,
            args.map(literalKind).find((found) => found !== undefined),
          )
      args.forEach(visit)
    } else if (kind?.case === "listExpr") kind.value.elements.forEach(visit)
  }
  visit(expr)
  const all = [...texts, ...TEXTS]
  const lists = [[], ...all.map((text) => [text]), ...all.map((text) => [text, "a", text])]
  return { texts: all, numbers: [...numbers, ...NUMBERS], lists, kinds }
}

/** Of a literal, or of the first in a list of them. */
function literalKind(expr: Expr): Kind | undefined {
  const kind = expr.exprKind
  if (kind.case === "listExpr") return kind.value.elements[0] && literalKind(kind.value.elements[0])
  if (kind.case !== "constExpr") return undefined
  const type = kind.value.constantKind.case
  return type === "stringValue" ? "texts" : type === "int64Value" ? "numbers" : undefined
}

/** No number in it can become larger than this; cel-js counts in doubles, exact up to 2^53. */
function magnitude(expr: Expr, numbers: readonly number[]): number {
  const kind = expr.exprKind
  if (kind.case === "constExpr")
    return kind.value.constantKind.case === "int64Value" ? Math.abs(Number(kind.value.constantKind.value)) : 0
  if (kind.case === "listExpr") return Math.max(0, ...kind.value.elements.map((item) => magnitude(item, numbers)))
  if (kind.case !== "callExpr") return Math.max(...numbers.map(Math.abs))
  const sizes = kind.value.args.map((arg) => magnitude(arg, numbers))
  if (kind.value.function === "_+_" || kind.value.function === "_-_") return sizes.reduce((sum, size) => sum + size, 0)
  return Math.max(0, ...sizes)
}

/** Where types do not fit, both err and nobody has an opinion. */
function compare(
  condition: Condition,
  paths: ReadonlySet<string>,
  pools: Pools,
): { readonly count: number; readonly disagreement: string | null } {
  let count = 0
  const trials = Math.min(MAX_TRIALS, TRIALS_PER_PATH * (1 + paths.size))
  for (let trial = 0; trial < trials; trial++) {
    const first = emptyBindings()
    const second: Record<string, unknown> = {}
    let at = 0
    for (const path of paths) {
      const dice = scatter(trial * 31 + at)
      const kind = pools.kinds.get(path) ?? (dice % 2 === 0 ? "texts" : "numbers")
      const value = pick<string | number | readonly string[]>(pools[kind], dice >>> 1)
      place(
        first as unknown as Map<string, unknown>,
        path.split("."),
        typeof value === "number" ? BigInt(value) : value,
      )
      placePlain(second, path.split("."), value)
      at++
    }
    const mine = condition.evaluate(Object.fromEntries(first) as unknown as Bindings)
    let other: unknown
    try {
      other = secondEvaluate(condition.source, second)
    } catch {
      continue
    }
    if (typeof mine !== "boolean" || typeof other !== "boolean") continue
    if (mine !== other)
      return {
        count,
        disagreement: `this engine says ${mine}, cel-js says ${other} (on made-up input number ${trial})`,
      }
    count++
  }
  return { count, disagreement: null }
}

/** The same number for the same seed, everywhere, and bits that look independent (the finish of MurmurHash3). */
function scatter(seed: number): number {
  let mixed = seed | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function pick<T>(items: readonly T[], dice: number): T {
  return items[dice % items.length] as T
}

function emptyBindings(): Map<string, CelInput> {
  return new Map<string, CelInput>()
}

function place(map: Map<string, unknown>, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    map.set(name, value)
    return
  }
  const inner = (map.get(name) as Map<string, unknown> | undefined) ?? new Map<string, unknown>()
  map.set(name, inner)
  place(inner, rest, value)
}

function placePlain(object: Record<string, unknown>, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    object[name] = value
    return
  }
  object[name] ??= {}
  placePlain(object[name] as Record<string, unknown>, rest, value)
}
