/** One condition: parsed, its variables and constants put in, checked against the declared types, lowered once. */
import { childrenOf, type Expr, pathOf } from "../cel/ast.ts"
import { compile, FUNCTIONS, link, type Program, toIr } from "../cel/compile.ts"
import type { Ir } from "../cel/ir.ts"
import type { Watch } from "../cel/lower.ts"
import type { Problem } from "../cel/problem.ts"
import { DYN, formatType, type Type } from "../cel/type.ts"
import { CelError, type Value } from "../cel/value.ts"
import { MAX_COMPREHENSION_DEPTH, MAX_COST } from "./bundle.ts"
import { Expansion, parseSource } from "./expand.ts"
import { type HistoryRead, parseHistoryField } from "./history-read.ts"
import { type Bindings, type Layout, ROOTS, type Root, type Roots, UNNUMBERED } from "./layout.ts"
import { NAMES, refuse } from "./refuse.ts"
import { rootType, typeAt } from "./root-types.ts"

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
function mentions(expr: Expr, root: string): boolean {
  return (expr.kind === "ident" && expr.name === root) || childrenOf(expr).some((child) => mentions(child, root))
}
function comprehensionDepth(expr: Expr): number {
  const inner = Math.max(0, ...childrenOf(expr).map(comprehensionDepth))
  const isLoop = expr.kind === "comprehension" && !["bind", "optMap", "optFlatMap"].includes(expr.form)
  return inner + (isLoop ? 1 : 0)
}
