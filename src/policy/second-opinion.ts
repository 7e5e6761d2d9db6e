/**
 * cel-js as an independent second opinion: every condition inside its subset is evaluated by both engines on the same
 * made-up inputs. Two different values are a disagreement; its error is no opinion. It can block, never allow, and its
 * error texts, which hold whole inputs, are never shown.
 */
import { evaluate as secondEvaluate } from "cel-js"
import { type Expr, pathOf } from "../cel/ast.ts"
import type { Type } from "../cel/type.ts"
import { Double, isInt, toNumber, type Value } from "../cel/value.ts"
import type { Condition } from "./condition.ts"
import type { Roots } from "./layout.ts"

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
  readonly disagreements: readonly Disagreement[]
}

/** A condition that the engines read differently: on this input, each answers another value. */
export interface Disagreement {
  /** Of the rule or signal. */
  readonly id: string
  readonly source: string
  /** JSON. */
  readonly input: string
  /** The test of the bundle that has the input; absent: it is made up. */
  readonly test?: string
  readonly mine: boolean
  readonly other: boolean
}

export function formatDisagreement({ id, source, input, test, mine, other }: Disagreement): string {
  const where = test === undefined ? "the made-up input" : `what the test "${test}" has,`
  return `${id}: ${source}: this engine says ${mine}, cel-js says ${other} (on ${where} ${input})`
}

/** Of each condition once, however many rules over the same types say it; of the first `limit` of them. */
export function countOpinions(
  conditions: readonly { readonly id: string; readonly condition: Condition }[],
  limit = Number.POSITIVE_INFINITY,
): Opinions {
  let confirmed = 0
  let outside = 0
  const disagreements: Disagreement[] = []
  const seen = new Set<Condition>()
  const distinct = conditions.filter(({ condition }) => !seen.has(condition) && seen.add(condition))
  for (const { id, condition } of distinct.slice(0, limit)) {
    const paths = inSubset(condition)
    const pools = poolsFor(condition)
    if (paths === null || magnitude(condition, condition.ast, pools.numbers) > Number.MAX_SAFE_INTEGER) {
      outside++
      continue
    }
    const agreed = compare(condition, paths, pools)
    if (agreed.disagreement !== null) disagreements.push({ id, source: condition.source, ...agreed.disagreement })
    else if (agreed.count > 0) confirmed++
    else outside++ // it had no opinion on any input
  }
  return { confirmed, outside, disagreements }
}

/** The attributes that the condition reads, or null when it is outside the subset that cel-js gets right. */
export function inSubset({ ast, source, constants, typeAt }: Condition): ReadonlySet<string> | null {
  // cel-js reads escapes wrongly, counts and orders texts by UTF-16 units, and knows two zeros.
  if (source.includes("variables.") || /[\\\ud800-\udfff]|-\s*0/.test(source)) return null
  const paths = new Set<string>()
  const isPlain = (value: Value): boolean =>
    Array.isArray(value) ? value.every((item) => isPlain(item as Value)) : typeof value !== "object" && !isOdd(value)
  const visit = (node: Expr): boolean => {
    switch (node.kind) {
      case "const":
        return typeof node.value !== "object"
      case "ident":
        return node.name === "audience" && paths.add("audience") !== undefined
      case "select": {
        const path = pathOf(node)
        if (path === null || path.some((name) => name in Object.prototype)) return false
        const constant = constantOf(constants, path)
        if (constant !== undefined) return isPlain(constant)
        if (kindOf(typeAt(path)) === null) return false
        paths.add(path.join("."))
        return true
      }
      case "call":
        return !node.target && FUNCTIONS.has(node.name) && node.args.every(visit)
      case "list":
        return node.items.every(({ value, isOptional }) => !isOptional && visit(value))
      default:
        return false
    }
  }
  return visit(ast) ? paths : null
}
/** A text that cel-js would order or count otherwise. */
function isOdd(value: Value): boolean {
  return typeof value === "string" && /[\ud800-\udfff]/.test(value)
}
function constantOf(constants: Condition["constants"], [root, name, ...rest]: readonly string[]): Value | undefined {
  return root === "constants" && name !== undefined && rest.length === 0 ? constants.get(name) : undefined
}

interface Pools {
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
  readonly lists: readonly (readonly string[])[]
  readonly truths: readonly boolean[]
  /** What paths hold by their types or, where that is open, by their use; one that tells nothing gets texts and numbers. */
  readonly kinds: ReadonlyMap<string, Kind>
}
type Kind = "texts" | "numbers" | "lists" | "truths"

/** Undefined where anything may be there, null for what has no pool. */
function kindOf(type: Type): Kind | undefined | null {
  if (type.kind === "string") return "texts"
  if (type.kind === "int" || type.kind === "double") return "numbers"
  if (type.kind === "bool") return "truths"
  if (type.kind === "list") return type.element.kind === "string" ? "lists" : null
  return type.kind === "dyn" ? undefined : null
}

/** What the condition itself names is tried most, with what lies beside it: that is where `<` and `<=` part. */
function poolsFor({ ast, constants, typeAt }: Condition): Pools {
  const texts: string[] = []
  const numbers: number[] = []
  const kinds = new Map<string, Kind>()
  const use = (node: Expr | undefined, as: Kind | undefined) => {
    const path = node && pathOf(node)
    const kind = path && (kindOf(typeAt(path)) ?? as)
    if (path && kind) kinds.set(path.join("."), kind)
  }
  const collect = (value: Value) => {
    if (typeof value === "string") texts.push(value, value, `${value}a`)
    if (isInt(value)) numbers.push(Number(value), Number(value), Number(value) - 1, Number(value) + 1)
    if (Array.isArray(value)) value.forEach((item) => collect(item as Value))
  }
  const visit = (node: Expr): void => {
    use(node, undefined)
    const path = pathOf(node)
    const constant = path && constantOf(constants, path)
    if (constant !== null && constant !== undefined) collect(constant)
    if (node.kind === "const") collect(node.value)
    else if (node.kind === "call") {
      const { name, args } = node
      if (name === "_[_]") use(args[0], "lists")
      else if (name === "@in" && args[1] && pathOf(args[1])) use(args[1], "lists")
      else
        for (const arg of args)
          use(
            arg,
            args.map(literalKind).find((found) => found !== undefined),
          )
      args.forEach(visit)
    } else if (node.kind === "list") for (const { value } of node.items) visit(value)
  }
  visit(ast)
  const all = [...texts, ...TEXTS]
  const lists = [[], ...all.map((text) => [text]), ...all.map((text) => [text, "a", text])]
  return { texts: all, numbers: [...numbers, ...NUMBERS], lists, truths: [true, false], kinds }
}

/** Of a literal, or of the first in a list of them. */
function literalKind(expr: Expr): Kind | undefined {
  if (expr.kind === "list") return expr.items[0] && literalKind(expr.items[0].value)
  if (expr.kind !== "const") return undefined
  return typeof expr.value === "string" ? "texts" : isInt(expr.value) ? "numbers" : undefined
}

/** No number in it can become larger than this; cel-js counts in doubles, exact up to 2^53. */
export function magnitude(condition: Condition, expr: Expr, numbers: readonly number[]): number {
  const sizeOf = (value: Value): number =>
    Array.isArray(value)
      ? Math.max(0, ...value.map((item) => sizeOf(item as Value)))
      : Math.abs(Number(toNumber(value) ?? 0))
  const path = pathOf(expr)
  const constant = path && constantOf(condition.constants, path)
  if (constant !== null && constant !== undefined) return sizeOf(constant)
  if (expr.kind === "const") return sizeOf(expr.value)
  if (expr.kind === "list") return Math.max(0, ...expr.items.map(({ value }) => magnitude(condition, value, numbers)))
  if (expr.kind !== "call") return Math.max(...numbers.map(Math.abs))
  const sizes = expr.args.map((arg) => magnitude(condition, arg, numbers))
  if (expr.name === "_+_" || expr.name === "_-_") return sizes.reduce((sum, size) => sum + size, 0)
  return Math.max(0, ...sizes)
}

/** Where types do not fit, both err and nobody has an opinion. */
function compare(
  condition: Condition,
  paths: ReadonlySet<string>,
  pools: Pools,
): { readonly count: number; readonly disagreement: Pick<Disagreement, "input" | "mine" | "other"> | null } {
  let count = 0
  const trials = Math.min(MAX_TRIALS, TRIALS_PER_PATH * (1 + paths.size))
  for (let trial = 0; trial < trials; trial++) {
    const first: Record<string, unknown> = {}
    const second: Record<string, unknown> = {}
    for (const [name, value] of condition.constants) place(second, ["constants", name], toPlain(value))
    let at = 0
    for (const path of paths) {
      const dice = scatter(trial * 31 + at)
      const kind = pools.kinds.get(path) ?? (dice % 2 === 0 ? "texts" : "numbers")
      const value = pick<string | number | boolean | readonly string[]>(pools[kind], dice >>> 1)
      const names = path.split(".")
      const isDouble = typeof value === "number" && condition.typeAt(names).kind === "double"
      place(first, names, isDouble ? new Double(value) : value)
      place(second, names, value)
      at++
    }
    const mine = condition.evaluate(condition.bind(first as Roots))
    let other: unknown
    try {
      other = secondEvaluate(condition.source, second)
    } catch {
      continue
    }
    if (typeof mine !== "boolean" || typeof other !== "boolean") continue
    if (mine !== other) {
      const { constants: _, ...input } = second
      return { count, disagreement: { input: JSON.stringify(input), mine, other } }
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

export function place(object: Record<string, unknown>, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    object[name] = value
    return
  }
  object[name] ??= {}
  place(object[name] as Record<string, unknown>, rest, value)
}
export function toPlain(value: Value): unknown {
  return Array.isArray(value) ? value.map((item) => toPlain(item as Value)) : isInt(value) ? Number(value) : value
}
