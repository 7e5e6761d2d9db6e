/**
 * One CEL condition: parsed, its names checked against the declared types, planned once. Behind this file stands
 * @bufbuild/cel; docs/adr/0003 says why, and what is refused because of it.
 */
import { type CelInput, CelScalar, celEnv, celFunc, isCelError, parse, plan } from "@bufbuild/cel"
import type { Expr, ParsedExpr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js"
import { RE2JS } from "@bufbuild/re2"
import { MAX_COMPREHENSION_DEPTH, MAX_CONDITION_CHARS, MAX_CONDITION_NESTING, MAX_CONDITION_NODES } from "./bundle.ts"
import { suggest } from "./reader.ts"

export const ROOTS = ["subject", "resource", "action", "context", "parameters", "audience", "now", "constants"] as const
export type Bindings = Readonly<Record<(typeof ROOTS)[number], CelInput>>

/** What may be asked of a name: always there, there for some requests, never. */
export type Presence = "required" | "optional" | "unknown"

export interface Scope {
  /** `path` is what follows the root, e.g. ["properties", "team"]. */
  presence(root: string, path: readonly string[]): Presence
  /** Names that could have been meant. */
  known(root: string, path: readonly string[]): readonly string[]
  readonly variables: Readonly<Record<string, string>>
  /** Items of the longest list among the constants. */
  readonly largestConstant: number
}

export interface ConditionProblem {
  /** Characters from the start of the condition. */
  readonly offset: number
  readonly message: string
  readonly suggestion?: string
}

export interface Condition {
  readonly source: string
  /** Units, when the largest collection of the request has `largest` items. */
  cost(largest: number): number
  /** true or false, or the error as text. */
  evaluate(bindings: Bindings): boolean | { readonly error: string; readonly isTypeError: boolean }
  /** Is this root read anywhere in it, variables included? */
  mentions(root: string): boolean
  /** For the second opinion. */
  readonly ast: Expr
}

/** Timestamp getters read the machine's time zone in this engine unless one is named. */
const ZONED = new Set([
  "getFullYear",
  "getMonth",
  "getDate",
  "getDayOfMonth",
  "getDayOfWeek",
  "getDayOfYear",
  "getHours",
  "getMinutes",
  "getSeconds",
  "getMilliseconds",
])

/** This engine orders strings by UTF-16 units; CEL orders them by code points. */
const byCodePoints = (holds: (order: number) => boolean, name: string) =>
  celFunc(name, [CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, (a: string, b: string) =>
    holds(compareCodePoints(a, b)),
  )

const ENV = celEnv({
  variables: Object.fromEntries(ROOTS.map((root) => [root, CelScalar.DYN])),
  funcs: [
    byCodePoints((order) => order < 0, "_<_"),
    byCodePoints((order) => order <= 0, "_<=_"),
    byCodePoints((order) => order > 0, "_>_"),
    byCodePoints((order) => order >= 0, "_>=_"),
  ],
  re2: {
    compile(pattern) {
      const compiled = RE2JS.compile(pattern)
      return { test: (text) => compiled.test(text) }
    },
  },
})

export function compileCondition(
  source: string,
  scope: Scope,
): Condition | { readonly problems: readonly ConditionProblem[] } {
  if (source.length > MAX_CONDITION_CHARS)
    return { problems: [{ offset: 0, message: `A condition has at most ${MAX_CONDITION_CHARS} characters.` }] }
  const problems: ConditionProblem[] = []
  const parsed = parseSource(source, problems)
  if (!parsed?.expr) return { problems }
  const room = { nodes: MAX_CONDITION_NODES }
  const expanded = expandVariables(parsed.expr, scope, problems, [], room)
  if (room.nodes < 0) return { problems }
  const walk = new Walk(parsed, scope, problems)
  walk.visit(parsed.expr, new Set())
  if (problems.length > 0 || !expanded) return { problems }
  const shape = measure(expanded)
  if (shape.depth > MAX_COMPREHENSION_DEPTH)
    problems.push({
      offset: 0,
      message: `Comprehensions may be nested ${MAX_COMPREHENSION_DEPTH} deep; these are ${shape.depth} deep.`,
    })
  if (problems.length > 0) return { problems }
  const run = plan(ENV, expanded)
  const widest = Math.max(1, shape.widest, mentions(expanded, "constants") ? scope.largestConstant : 0)
  return {
    source,
    ast: expanded,
    mentions: (root) => mentions(expanded, root),
    cost: (largest) => shape.nodes * Math.max(widest, largest) ** shape.depth,
    evaluate(bindings) {
      try {
        const value = run(bindings as never)
        if (value === true || value === false) return value
        if (!isCelError(value)) return { error: "the condition is not true or false", isTypeError: true }
        return toError(value.message)
      } catch (error) {
        return toError((error as Error).message)
      }
    },
  }
}

function toError(message: string): { error: string; isTypeError: boolean } {
  return { error: message, isTypeError: /no matching overload|unbound function|unresolved attribute/.test(message) }
}

function parseSource(source: string, problems: ConditionProblem[]): ParsedExpr | null {
  const tooDeep = deepestBracket(source)
  if (tooDeep !== null) {
    problems.push({ offset: tooDeep, message: `Brackets may be nested ${MAX_CONDITION_NESTING} deep.` })
    return null
  }
  try {
    return parse(source)
  } catch (error) {
    const { location, rawMessage } = error as { location?: { start?: { offset?: number } }; rawMessage?: string }
    problems.push({
      offset: location?.start?.offset ?? 0,
      message: `This is not CEL: ${rawMessage ?? (error as Error).message}.`,
    })
    return null
  }
}

/** Where brackets outside of texts are nested too deep, before the parser's stack is. */
function deepestBracket(source: string): number | null {
  let depth = 0
  for (const { 0: token, index } of source.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[([{)\]}]/g)) {
    if ("([{".includes(token)) depth++
    else if (")]}".includes(token)) depth--
    if (depth > MAX_CONDITION_NESTING) return index
  }
  return null
}

/** Checks every name; a property that may be absent must stand under a has() of the same path. */
class Walk {
  readonly #parsed: ParsedExpr
  readonly #scope: Scope
  readonly #problems: ConditionProblem[]
  readonly #locals: string[] = []

  constructor(parsed: ParsedExpr, scope: Scope, problems: ConditionProblem[]) {
    this.#parsed = parsed
    this.#scope = scope
    this.#problems = problems
  }

  visit(expr: Expr | undefined, guarded: ReadonlySet<string>): void {
    const kind = expr?.exprKind
    if (!expr || !kind) return
    switch (kind.case) {
      case "constExpr":
        this.#checkConstant(expr, kind.value.constantKind)
        return
      case "identExpr":
        if (!this.#locals.includes(kind.value.name)) this.#checkPath(expr, [kind.value.name], guarded, false)
        return
      case "selectExpr": {
        const path = toPath(expr)
        if (path && !this.#locals.includes(path[0] as string)) this.#checkPath(expr, path, guarded, kind.value.testOnly)
        else this.visit(kind.value.operand, guarded)
        return
      }
      case "callExpr":
        this.#visitCall(expr, guarded)
        return
      case "listExpr":
        for (const item of kind.value.elements) this.visit(item, guarded)
        return
      case "structExpr":
        for (const entry of kind.value.entries) {
          if (entry.keyKind.case === "mapKey") this.visit(entry.keyKind.value, guarded)
          this.visit(entry.value, guarded)
        }
        return
      case "comprehensionExpr": {
        const { iterRange, accuInit, loopCondition, loopStep, result, iterVar, iterVar2, accuVar } = kind.value
        this.visit(iterRange, guarded)
        this.visit(accuInit, guarded)
        this.#locals.push(iterVar, iterVar2, accuVar)
        for (const part of [loopCondition, loopStep, result]) this.visit(part, guarded)
        this.#locals.splice(-3)
        return
      }
      default:
        return
    }
  }

  #visitCall(expr: Expr, guarded: ReadonlySet<string>): void {
    if (expr.exprKind.case !== "callExpr") return
    const { function: name, args, target } = expr.exprKind.value
    const [first, second, third] = args
    if (name === "_&&_") {
      this.visit(first, guarded)
      this.visit(second, union(guarded, guardsOf(first, true)))
    } else if (name === "_||_") {
      this.visit(first, guarded)
      this.visit(second, union(guarded, guardsOf(first, false)))
    } else if (name === "_?_:_") {
      this.visit(first, guarded)
      this.visit(second, union(guarded, guardsOf(first, true)))
      this.visit(third, union(guarded, guardsOf(first, false)))
    } else {
      if (target && ZONED.has(name) && args.length === 0) {
        this.#report(
          expr,
          `${name}() needs a time zone here, so that it means the same on every machine.`,
          `Write ${name}("UTC").`,
        )
      }
      if (name === "matches") this.#checkPattern(expr, args.at(-1))
      this.visit(target, guarded)
      for (const arg of args) this.visit(arg, guarded)
    }
  }

  /** This parser takes numbers of any size. */
  #checkConstant(
    expr: Expr,
    { case: type, value }: { readonly case?: string | undefined; readonly value?: unknown },
  ): void {
    if (type === "int64Value" && BigInt.asIntN(64, value as bigint) !== value)
      this.#report(expr, "This number does not fit into an int of 64 bits.")
    if (type === "uint64Value" && BigInt.asUintN(64, value as bigint) !== value)
      this.#report(expr, "This number does not fit into a uint of 64 bits.")
  }

  #checkPattern(expr: Expr, pattern: Expr | undefined): void {
    const constant = pattern?.exprKind.case === "constExpr" ? pattern.exprKind.value.constantKind : undefined
    if (constant?.case !== "stringValue") {
      this.#report(expr, "matches() takes a literal pattern.")
      return
    }
    try {
      RE2JS.compile(constant.value)
    } catch (error) {
      this.#report(expr, `The pattern is not RE2: ${(error as Error).message}.`)
    }
  }

  #checkPath(expr: Expr, path: readonly string[], guarded: ReadonlySet<string>, isTest: boolean): void {
    const [root = "", ...rest] = path
    if (root === "variables") {
      const [name = ""] = rest
      if (isTest && rest.length === 1) this.#report(expr, "has() asks for a property; a variable is always there.")
      if (!Object.hasOwn(this.#scope.variables, name))
        this.#report(expr, `There is no variable "${name}".`, suggest(name, Object.keys(this.#scope.variables)))
      return
    }
    if (!(ROOTS as readonly string[]).includes(root)) {
      this.#report(
        expr,
        `There is no "${root}" here.`,
        suggest(root, [...ROOTS, "variables"]) ?? `Names begin with one of ${[...ROOTS, "variables"].join(", ")}.`,
      )
      return
    }
    const presence = this.#scope.presence(root, rest)
    if (presence === "unknown") {
      this.#report(
        expr,
        `The types declare no "${path.join(".")}".`,
        suggest(rest.at(-1) ?? "", this.#scope.known(root, rest)),
      )
      return
    }
    if (presence === "optional" && !isTest && !guarded.has(path.join("."))) {
      this.#report(
        expr,
        `"${path.join(".")}" may be absent.`,
        `Write has(${path.join(".")}) && … before it, or declare it required.`,
      )
    }
  }

  #report(expr: Expr, message: string, suggestion?: string): void {
    this.#problems.push({ offset: this.#offsetOf(expr), message, ...(suggestion && { suggestion }) })
  }

  /** A select's own position is its dot: go to where its first name begins. */
  #offsetOf(expr: Expr): number {
    let at: Expr = expr
    while (at.exprKind.case === "selectExpr" && at.exprKind.value.operand) at = at.exprKind.value.operand
    const positions = this.#parsed.sourceInfo?.positions as Record<string, number> | undefined
    return positions?.[String(at.id)] ?? positions?.[String(expr.id)] ?? 0
  }
}

/** Names from the root on, or null when it does not begin with a name. */
function toPath(expr: Expr): string[] | null {
  if (expr.exprKind.case === "identExpr") return [expr.exprKind.value.name]
  if (expr.exprKind.case !== "selectExpr" || !expr.exprKind.value.operand) return null
  const before = toPath(expr.exprKind.value.operand)
  return before && [...before, expr.exprKind.value.field]
}

/** Paths that are surely present where `expr` came out as `outcome`. */
function guardsOf(expr: Expr | undefined, outcome: boolean): ReadonlySet<string> {
  const kind = expr?.exprKind
  if (kind?.case === "selectExpr" && kind.value.testOnly && outcome)
    return new Set([(toPath(expr as Expr) ?? []).join(".")])
  if (kind?.case !== "callExpr") return new Set()
  const { function: name, args } = kind.value
  if (name === "!_") return guardsOf(args[0], !outcome)
  if (name === (outcome ? "_&&_" : "_||_")) return union(guardsOf(args[0], outcome), guardsOf(args[1], outcome))
  return new Set()
}

function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return b.size === 0 ? a : new Set([...a, ...b])
}

/** `variables.x` becomes the expression of x. Null when one of them is in a cycle or does not parse, or `room` is used up. */
function expandVariables(
  expr: Expr,
  scope: Scope,
  problems: ConditionProblem[],
  within: readonly string[],
  room: { nodes: number },
): Expr | null {
  room.nodes -= countNodes(expr, room.nodes + 1)
  if (room.nodes < 0) {
    const message = `A condition has at most ${MAX_CONDITION_NODES} parts, variables included.`
    if (problems.every((problem) => problem.message !== message)) problems.push({ offset: 0, message })
    return null
  }
  let failed = false
  const expand = (node: Expr): Expr => {
    const kind = node.exprKind
    if (
      kind.case === "selectExpr" &&
      kind.value.operand?.exprKind.case === "identExpr" &&
      kind.value.operand.exprKind.value.name === "variables"
    ) {
      const name = kind.value.field
      const source = scope.variables[name]
      if (source === undefined) return node
      if (within.includes(name)) {
        problems.push({
          offset: 0,
          message: `The variables ${[...within, name].join(" -> ")} refer to each other in a circle.`,
        })
        failed = true
        return node
      }
      const parsed = parseSource(source, []) // what is wrong with it is reported where it is declared
      room.nodes += 2 // `variables` and the name give way to what they stand for
      const expanded = parsed?.expr ? expandVariables(parsed.expr, scope, problems, [...within, name], room) : null
      if (!expanded) failed = true
      return expanded ?? node
    }
    for (const child of childrenOf(node)) child.set(expand(child.get))
    return node
  }
  const expanded = expand(structuredCloneExpr(expr))
  return failed ? null : expanded
}

interface Child {
  readonly get: Expr
  set(expr: Expr): void
}

function childrenOf(expr: Expr): Child[] {
  const children: Child[] = []
  const field = <T extends object>(owner: T, key: keyof T) => {
    const value = owner[key] as Expr | undefined
    const set = (next: Expr) => {
      owner[key] = next as T[keyof T]
    }
    if (value) children.push({ get: value, set })
  }
  const kind = expr.exprKind
  if (kind.case === "selectExpr") field(kind.value, "operand")
  else if (kind.case === "callExpr") {
    field(kind.value, "target")
    kind.value.args.forEach((_, i) => field(kind.value.args, i))
  } else if (kind.case === "listExpr") kind.value.elements.forEach((_, i) => field(kind.value.elements, i))
  else if (kind.case === "structExpr") {
    for (const entry of kind.value.entries) {
      if (entry.keyKind.case === "mapKey") field(entry.keyKind, "value")
      field(entry, "value")
    }
  } else if (kind.case === "comprehensionExpr") {
    for (const key of ["iterRange", "accuInit", "loopCondition", "loopStep", "result"] as const) field(kind.value, key)
  }
  return children
}

function structuredCloneExpr(expr: Expr): Expr {
  return structuredClone(expr)
}

/** Up to `limit`, and without recursion: what is too large is also too deep for that. */
function countNodes(expr: Expr, limit: number): number {
  const open = [expr]
  let nodes = 0
  while (nodes < limit) {
    const next = open.pop()
    if (!next) break
    nodes++
    open.push(...childrenOf(next).map((child) => child.get))
  }
  return nodes
}

function mentions(expr: Expr, root: string): boolean {
  if (expr.exprKind.case === "identExpr" && expr.exprKind.value.name === root) return true
  return childrenOf(expr).some((child) => mentions(child.get, root))
}

/** `widest` is the size of the largest list or map that is written out in it. */
function measure(expr: Expr): { readonly nodes: number; readonly depth: number; readonly widest: number } {
  let nodes = 1
  let depth = 0
  let widest = 0
  if (expr.exprKind.case === "listExpr") widest = expr.exprKind.value.elements.length
  else if (expr.exprKind.case === "structExpr") widest = expr.exprKind.value.entries.length
  for (const child of childrenOf(expr)) {
    const inner = measure(child.get)
    nodes += inner.nodes
    depth = Math.max(depth, inner.depth)
    widest = Math.max(widest, inner.widest)
  }
  return { nodes, depth: depth + (expr.exprKind.case === "comprehensionExpr" ? 1 : 0), widest }
}

export function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // Surrogates stand for code points above all other units.
    const xs = x >= 0xd800 && x <= 0xdfff
    const ys = y >= 0xd800 && y <= 0xdfff
    return xs === ys ? x - y : xs ? 1 : -1
  }
  return a.length - b.length
}
