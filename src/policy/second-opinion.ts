/**
 * cel-js as an independent second opinion: every condition inside its subset is evaluated by both engines on the same
 * made-up inputs. Two different values are a disagreement; its error is no opinion. It can block, never allow, and its
 * error texts, which hold whole inputs, are never shown.
 */
import type { CelInput } from "@bufbuild/cel"
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js"
import { evaluate as secondEvaluate } from "cel-js"
import type { Bindings, Condition } from "./condition.ts"

const TRIALS = 64
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
  "_*_",
  "@in",
  "_?_:_",
  "size",
  "_[_]",
])
const POOL = ["", "a", "b", "research", "ops"]

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
    if (paths === null) {
      outside++
      continue
    }
    const agreed = compare(condition, paths)
    if (agreed.disagreement !== null) disagreements.push(`${id}: ${condition.source}: ${agreed.disagreement}`)
    else if (agreed.count > 0) confirmed++
    else outside++ // it had no opinion on any input
  }
  return { confirmed, outside, disagreements }
}

/** The attributes that the condition reads, or null when it is outside the subset that cel-js gets right. */
function inSubset(expr: Expr | undefined, source: string): ReadonlySet<string> | null {
  if (source.includes("variables.") || source.includes("\\")) return null
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

/** Each path gets texts in some trials and numbers in others: where types do not fit, both err and nobody has an opinion. */
function compare(
  condition: Condition,
  paths: ReadonlySet<string>,
): { readonly count: number; readonly disagreement: string | null } {
  let count = 0
  for (let trial = 0; trial < TRIALS; trial++) {
    const first = emptyBindings()
    const second: Record<string, unknown> = {}
    let at = 0
    for (const path of paths) {
      const pick = (trial * 7 + at * 3) % 11
      const asText = ((trial >> (at % 5)) & 1) === 0
      const value = asText ? (POOL[pick % POOL.length] as string) : pick - 2
      place(first as unknown as Map<string, unknown>, path.split("."), asText ? value : BigInt(value))
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
