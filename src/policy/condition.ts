/**
 * One condition: parsed, its variables and constants put in, checked against the declared types, lowered once. What the
 * language allows and a policy must not say is refused here.
 */
import { childrenOf, countNodes, type Expr, mapChildren, pathOf } from "../cel/ast.ts"
import { compile, FUNCTIONS, link, type Program, toIr } from "../cel/compile.ts"
import type { Ir } from "../cel/ir.ts"
import type { Watch } from "../cel/lower.ts"
import { parse, SHORTER } from "../cel/parse.ts"
import { print } from "../cel/print.ts"
import { type Problem, SyntaxProblem } from "../cel/problem.ts"
import { DYN, formatType, INT, STRING, type StructType, TIMESTAMP, type Type } from "../cel/type.ts"
import { CelError, type Value } from "../cel/value.ts"
import { suggest } from "../formats/suggest.ts"
import {
  MAX_COMPREHENSION_DEPTH,
  MAX_CONDITION_CHARS,
  MAX_CONDITION_NESTING,
  MAX_CONDITION_NODES,
  MAX_COST,
} from "./bundle.ts"
import {
  asHistoryRead,
  type HistoryRead,
  HistoryReadProblem,
  parseHistoryField,
  toHistoryField,
} from "./history-read.ts"
import { type Bindings, type Layout, ROOTS, type Root, type Roots, UNNUMBERED } from "./layout.ts"

/** What may be asked of a name: always there, there for some requests, never. */
export type Presence = "required" | "optional" | "unknown"

export interface Scope {
  /** `path` is what follows the root, e.g. ["properties", "team"]. */
  presence(root: string, path: readonly string[]): Presence
  /** Names that could have been meant. */
  known(root: string, path: readonly string[]): readonly string[]
  /** What a path holds; "group": further names. Without it anything. */
  typeOf?(root: string, path: readonly string[]): Type | "group"
  readonly variables: Readonly<Record<string, string>>
  /** Those whose values are known, which then stand in their place. */
  readonly constants?: ReadonlyMap<string, Value>
  /** Without it all is read by name. */
  readonly layout?: Layout
  /** What may be asked of the past: by the history's name, what `history.sum` gives; null: it has no values. */
  readonly histories?: ReadonlyMap<string, Type | null>
}
/** What an expression must come to; a variable may come to anything. */
export type Wanted = "truth" | "text" | "number" | "anything"

export type ConditionProblem = Problem

/** All that a decision needs. */
export interface LinkedCondition {
  readonly source: string
  readonly type: Type
  /** What it asks of the past, each once. */
  readonly histories: readonly HistoryRead[]
  /** true or false, or the error; at most `limit` units. */
  evaluate(bindings: Bindings, limit?: number): boolean | CelError
  /** What it comes to, or the error. */
  value(bindings: Bindings, limit?: number): Value | CelError
  /** Units that the last evaluation cost. */
  spent(): number
}

/** As it was compiled from its source. */
export interface Condition extends LinkedCondition {
  /** What it is on every request, where that is known. */
  readonly constant: Value | undefined
  bind(roots: Roots): Bindings
  /** Is this root read anywhere in it, variables included? */
  mentions(root: string): boolean
  /** All that it reads, variables included: "subject.properties.team". */
  readonly paths: readonly string[]
  /** For `linkCondition`, which gets the same lists by these names. */
  toIr(lists: ReadonlyMap<Value, string>): Ir
  /** For the second opinion: as it is written, with what its constants are and its paths hold. */
  readonly ast: Expr
  readonly constants: ReadonlyMap<string, Value>
  typeAt(path: readonly string[]): Type
  /** The same condition, compiled once more so that it tells what each of its parts comes out as: slower. */
  watched(watch: Watch): Watched
}

export interface Watched extends LinkedCondition {
  /** What is evaluated: variables and constants are what they stand for. */
  readonly expr: Expr
  /** Of those parts: `variables.x`, `constants.x`, `history.count("x", duration("1h"))`. */
  readonly names: ReadonlyMap<Expr, string>
}

/** An author who writes no zone means a place, and the machine's is never meant. */
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
const TOO_MANY_PARTS = `A condition has at most ${MAX_CONDITION_NODES} parts, variables included.`
const NAMES = [...ROOTS, "variables"]

const WANTED: Readonly<Record<Exclude<Wanted, "anything">, readonly [kinds: readonly Type["kind"][], what: string]>> = {
  truth: [["bool", "dyn"], "A condition is true or false"],
  text: [["string"], "This must be a text"],
  number: [["int", "double"], "This must be an int or a double"],
}

export function compileCondition(
  source: string,
  scope: Scope,
  wants: Wanted = "truth",
): Condition | { readonly problems: readonly ConditionProblem[] } {
  const problems: Problem[] = []
  const parsed = parseSource(source, problems)
  if (!parsed) return { problems }
  refuse(parsed, scope, problems)
  const expanding = new Expansion(scope, problems, "use")
  const expr = expanding.expand(parsed)
  if (problems.length > 0 || !expr) return { problems }
  const depth = comprehensionDepth(expr)
  if (depth > MAX_COMPREHENSION_DEPTH) {
    const message = `Comprehensions may be nested ${MAX_COMPREHENSION_DEPTH} deep; these are ${depth} deep.`
    return { problems: [{ offset: 0, message }] }
  }
  const { layout = UNNUMBERED } = scope
  const variables = new Map(ROOTS.map((root) => [root, rootType(scope, root)]))
  const hint = `Names begin with one of ${NAMES.join(", ")}.`
  const names = { functions: FUNCTIONS, variables, container: "", hint }
  const program = compile(expr, names, layout.numberOf)
  if ("problems" in program) return { problems: program.problems.map((problem) => expanding.locate(problem)) }
  if (program.faults.length > 0) return { problems: program.faults.map((problem) => expanding.locate(problem)) }
  const [kinds, what] = wants === "anything" ? [null, ""] : WANTED[wants]
  if (kinds && !kinds.includes(program.type.kind)) {
    const message = `${what}; this is ${formatType(program.type)}.`
    return { problems: [{ offset: 0, message }] }
  }
  return {
    ...toCondition(source, program, historiesOf(expr)),
    constant: program.constant,
    ast: parsed,
    constants: scope.constants ?? new Map(),
    typeAt: (path) => typeAt(variables.get(path[0] as Root) ?? DYN, path.slice(1)),
    mentions: (root) => mentions(expr, root),
    paths: pathsOf(expr),
    bind: (roots) => layout.bind(roots),
    toIr: (lists) => toIr(expr, program.checked, lists),
    watched(watch) {
      const naming = new Expansion(scope, [], "declaration")
      const parts = naming.expand(parsed)
      const twin = parts && compile(parts, names, layout.numberOf, watch)
      if (!twin || "problems" in twin) throw new Error("a condition that compiled once does not compile again")
      return { ...toCondition(source, twin, historiesOf(parts)), expr: parts, names: naming.names }
    },
  }
}

/** The condition that was compiled in another thread, for the same layout. */
export function linkCondition(
  source: string,
  ir: Ir,
  { numberOf }: Layout,
  lists: ReadonlyMap<string, Value>,
  histories: readonly HistoryRead[],
): LinkedCondition {
  return new ProgramCondition(source, link(ir, numberOf, lists), histories)
}

/** As an object to add to. */
function toCondition(source: string, program: Program, histories: readonly HistoryRead[]): LinkedCondition {
  const condition = new ProgramCondition(source, program, histories)
  return {
    source,
    type: program.type,
    histories,
    value: (bindings, limit) => condition.value(bindings, limit),
    spent: () => condition.spent(),
    evaluate: (bindings, limit) => condition.evaluate(bindings, limit),
  }
}

/** Its methods are shared by all: a condition that was not evaluated lately is in no cache, and each object is waited for. */
class ProgramCondition implements LinkedCondition {
  readonly source: string
  readonly histories: readonly HistoryRead[]
  readonly #program: Program

  constructor(source: string, program: Program, histories: readonly HistoryRead[]) {
    this.source = source
    this.histories = histories
    this.#program = program
  }

  get type(): Type {
    return this.#program.type
  }
  spent(): number {
    return this.#program.spent
  }
  value({ roots, values }: Bindings, limit = MAX_COST): Value | CelError {
    return this.#program.run(roots, limit, values)
  }
  evaluate({ roots, values }: Bindings, limit = MAX_COST): boolean | CelError {
    const value = this.#program.run(roots, limit, values)
    return typeof value === "boolean" || value instanceof CelError ? value : NO_TRUTH
  }
}
const NO_TRUTH = new CelError("the condition is not true or false")

function parseSource(source: string, problems: Problem[]): Expr | null {
  if (source.length > MAX_CONDITION_CHARS) {
    problems.push({
      offset: 0,
      message: `A condition has at most ${MAX_CONDITION_CHARS} characters.`,
      suggestion: SHORTER,
    })
    return null
  }
  try {
    return parse(source, {
      nesting: MAX_CONDITION_NESTING,
      nodes: MAX_CONDITION_NODES,
      tooManyNodes: TOO_MANY_PARTS,
    })
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    const { offset, message, suggestion } = error
    problems.push({ offset, message, suggestion })
    return null
  }
}

/** What the types do not tell. What is wrong within a variable is told where it is declared. */
function refuse(expr: Expr, scope: Scope, problems: Problem[]): void {
  const visit = (node: Expr) => {
    if (node.kind === "select" && node.operand.kind === "ident" && node.operand.name === "variables") {
      const { field, offset, isTest } = node
      if (isTest) problems.push({ offset, message: "has() asks for a property; a variable is always there." })
      if (!Object.hasOwn(scope.variables, field))
        problems.push({
          offset: node.at,
          message: `There is no variable "${field}".`,
          suggestion: suggest(field, Object.keys(scope.variables)),
        })
    }
    if (node.kind === "comprehension") {
      const taken = node.variables.find((name) => NAMES.includes(name))
      if (taken !== undefined)
        problems.push({
          offset: node.at,
          message: `"${taken}" is taken: bind another name.`,
          suggestion: "Write x, for example.",
        })
    }
    if (node.kind === "call") {
      const { name, target, args, at } = node
      const read = asHistoryRead(node, scope.histories)
      if (read instanceof HistoryReadProblem) problems.push(read.problem)
      if (target && args.length === 0 && ZONED.has(name))
        problems.push({
          offset: at,
          message: `${name}() needs a time zone here, so that no one has to guess which is meant.`,
          suggestion: `Write ${name}("UTC").`,
        })
      if (name === "matches" && !isLiteral(args.at(-1)))
        problems.push({
          offset: at,
          message: "matches() takes a literal pattern.",
          suggestion: "Write it in quotes, or as a constant.",
        })
    }
    for (const child of childrenOf(node)) visit(child)
  }
  visit(expr)
}
/** A text, or a constant: known when the policy is loaded. */
function isLiteral(expr: Expr | undefined): boolean {
  return expr?.kind === "const" || (expr !== undefined && pathOf(expr)?.[0] === "constants")
}

/** `variables.x` becomes the expression of x, `constants.x` its value. */
class Expansion {
  readonly #scope: Scope
  readonly #problems: Problem[]
  /** Where a variable is used: all that stands for it has this place. */
  readonly #uses = new Map<number, string>()
  /** What stands for a variable, a constant or a reading of the past, and which. */
  readonly names = new Map<Expr, string>()
  readonly #places: "use" | "declaration"
  #room = MAX_CONDITION_NODES

  /** `places`: is what stands for a variable where the variable is used, or where it is declared? */
  constructor(scope: Scope, problems: Problem[], places: "use" | "declaration") {
    this.#scope = scope
    this.#problems = problems
    this.#places = places
  }

  /** Null when a variable is in a circle or does not parse, or there are too many parts. */
  expand(expr: Expr, within: readonly string[] = []): Expr | null {
    this.#room -= countNodes(expr)
    if (this.#room < 0) {
      if (this.#problems.every(({ message }) => message !== TOO_MANY_PARTS))
        this.#problems.push({ offset: 0, message: TOO_MANY_PARTS, suggestion: SHORTER })
      return null
    }
    let isWhole = true
    const visit = (node: Expr): Expr => {
      const read = node.kind === "call" ? asHistoryRead(node, this.#scope.histories) : null
      if (read && !(read instanceof HistoryReadProblem)) {
        const { offset, at } = node
        const operand: Expr = { kind: "ident", name: "history", offset, at: offset }
        const field = toHistoryField(read)
        return this.#named(print(node), { kind: "select", operand, field, isTest: false, offset, at })
      }
      const owner = node.kind === "select" && node.operand.kind === "ident" ? node.operand.name : null
      if (node.kind !== "select" || (owner !== "variables" && owner !== "constants")) return mapChildren(node, visit)
      const { field, offset } = node
      if (owner === "constants") {
        const value = this.#scope.constants?.get(field)
        return value === undefined || node.isTest
          ? node
          : this.#named(`constants.${field}`, { kind: "const", value, offset, at: node.at })
      }
      const inner = this.#variable(field, within)
      if (inner) {
        this.#uses.set(offset, field)
        return this.#named(`variables.${field}`, this.#places === "use" ? moveTo(inner, offset) : inner)
      }
      isWhole = false
      return node
    }
    const expanded = visit(expr)
    return isWhole ? expanded : null
  }

  #variable(name: string, within: readonly string[]): Expr | null {
    const source = Object.hasOwn(this.#scope.variables, name) ? this.#scope.variables[name] : undefined
    if (source === undefined) return null
    if (within.includes(name)) {
      const circle = [...within, name].join(" -> ")
      this.#problems.push({ offset: 0, message: `The variables ${circle} refer to each other in a circle.` })
      return null
    }
    const parsed = parseSource(source, []) // what is wrong with it is told where it is declared
    this.#room += 2 // `variables` and the name give way to what they stand for
    return parsed && this.expand(parsed, [...within, name])
  }

  #named(name: string, expr: Expr): Expr {
    this.names.set(expr, name)
    return expr
  }

  /** Within a variable: at its use, and by its name. */
  locate(problem: Problem): Problem {
    const name = this.#uses.get(problem.offset)
    return name === undefined ? problem : { ...problem, message: `In variables.${name}: ${problem.message}` }
  }
}
function moveTo(expr: Expr, offset: number): Expr {
  return { ...mapChildren(expr, (child) => moveTo(child, offset)), offset, at: offset }
}

function rootType(scope: Scope, root: Root): Type {
  if (root === "audience") return STRING
  if (root === "now") return TIMESTAMP
  if (root === "history") return historyStruct(scope)
  return structOf(scope, root, [])
}
function structOf(scope: Scope, root: Root, path: readonly string[]): StructType {
  return {
    kind: "struct",
    name: [root, ...path].join("."),
    field(name) {
      const inner = [...path, name]
      const presence = scope.presence(root, inner)
      if (presence === "unknown") return undefined
      const type = scope.typeOf?.(root, inner) ?? DYN
      return { type: type === "group" ? structOf(scope, root, inner) : type, isOptional: presence === "optional" }
    },
    known: () => scope.known(root, [...path, ""]),
  }
}
/** Only what `history.count` and `history.sum` are rewritten to is a field of it. */
function historyStruct({ histories = new Map() }: Scope): StructType {
  return {
    kind: "struct",
    name: "history",
    field(name) {
      const read = parseHistoryField(name)
      const sum = read && histories.get(read.name)
      if (!read || sum === undefined || (read.kind === "sum" && sum === null)) return undefined
      return { type: read.kind === "sum" ? (sum as Type) : INT, isOptional: false }
    },
    known: () => [],
    instead(name) {
      if (histories.has(name)) return `Write history.count("${name}", duration("1h")).`
      const names = [...histories.keys()].join(", ")
      return names === ""
        ? "No history is declared: add one under `history:`."
        : `Write history.count(NAME, duration("1h")). There is ${names}.`
    },
  }
}
function pathsOf(expr: Expr): readonly string[] {
  const path = pathOf(expr)
  if (path) return [path.join(".")]
  const inner = childrenOf(expr).flatMap(pathsOf)
  if (expr.kind !== "call" || expr.name !== "_?._") return inner
  const [owner, field] = expr.args
  const of = owner && pathOf(owner)
  return of && field?.kind === "const" ? [...inner, `${of.join(".")}.${String(field.value)}`] : inner
}
function historiesOf(expr: Expr): readonly HistoryRead[] {
  const found = new Map<string, HistoryRead>()
  const visit = (node: Expr): void => {
    if (node.kind === "select" && node.operand.kind === "ident" && node.operand.name === "history") {
      const read = parseHistoryField(node.field)
      if (read) found.set(node.field, read)
    }
    for (const child of childrenOf(node)) visit(child)
  }
  visit(expr)
  return found.size === 0 ? NO_HISTORIES : [...found.values()]
}
const NO_HISTORIES: readonly HistoryRead[] = []
function typeAt(type: Type, [first, ...rest]: readonly string[]): Type {
  if (first === undefined) return type
  return type.kind === "struct" ? typeAt(type.field(first)?.type ?? DYN, rest) : DYN
}

function mentions(expr: Expr, root: string): boolean {
  return (expr.kind === "ident" && expr.name === root) || childrenOf(expr).some((child) => mentions(child, root))
}
function comprehensionDepth(expr: Expr): number {
  const inner = Math.max(0, ...childrenOf(expr).map(comprehensionDepth))
  const isLoop = expr.kind === "comprehension" && !["bind", "optMap", "optFlatMap"].includes(expr.form)
  return inner + (isLoop ? 1 : 0)
}
