/** Why: the same evaluation, with what every part of every condition came out as. Not for the hot path. */
import { childrenOf, countNodes, type Expr, pathOf } from "../cel/ast.ts"
import { print } from "../cel/print.ts"
import { CelError, type Value } from "../cel/value.ts"
import { formatValue, shorten } from "./format-value.ts"
import type { Past } from "./past.ts"
import { NOT_RECORDED, type Policy, type PolicyOutcome, type PolicyRequest } from "./types.ts"
import { type WatchedCondition, watchCondition } from "./watch.ts"

/** Parts of conditions that one explanation compiles once more; further conditions are only evaluated. */
export const MAX_EXPLAINED_NODES = 2_000
/** Of a part's text; a condition itself is shown whole. */
export const MAX_PART_CHARS = 200

/** A part of a condition. */
export interface Part {
  /** As CEL. */
  readonly text: string
  /** Set where it stands for a variable, a constant or a reading of the past, e.g. "variables.has_ticket". */
  readonly name?: string
  /** What it came out as, at most MAX_KEPT_VALUES; none where it was not evaluated. */
  readonly values: readonly string[]
  /** More than one within a comprehension. */
  readonly evaluations: number
  readonly parts: readonly Part[]
}

export interface ExplainedCondition {
  readonly id: string
  readonly source: string
  /** Null: too much was to be explained. */
  readonly part: Part | null
}

export interface Explanation {
  readonly outcome: PolicyOutcome
  /** Those that were evaluated, in that order. */
  readonly signals: readonly ExplainedCondition[]
  readonly rules: readonly ExplainedCondition[]
}

/** The outcome is that of `policy.evaluate`. Call only after `checkContext` passed. */
export function explain(
  policy: Policy,
  request: PolicyRequest,
  supportedObligations: readonly string[],
  past?: Past,
): Explanation {
  const evaluated: { kind: "rule" | "signal"; id: string; source: string; watched: WatchedCondition | null }[] = []
  let room = MAX_EXPLAINED_NODES
  const outcome = policy.evaluate(
    request,
    supportedObligations,
    (kind, id, source, compile) => {
      const watched = room > 0 ? watchCondition(compile()) : null
      if (watched) room -= countNodes(watched.expr)
      evaluated.push({ kind, id, source, watched })
      return watched ?? undefined
    },
    past,
  )
  const hidden = policy.neverRecorded(request)
  const of = (wanted: "rule" | "signal") =>
    evaluated
      .filter(({ kind }) => kind === wanted)
      .map(({ id, source, watched }) => ({ id, source, part: watched && toPart(watched, hidden) }))
  return { outcome, signals: of("signal"), rules: of("rule") }
}

function toPart(watched: WatchedCondition, hidden: readonly string[]): Part {
  const secrets = findSecrets(watched.expr, hidden)
  return part(watched.expr)

  function part(expr: Expr): Part {
    const name = watched.names.get(expr)
    const seen = watched.seen(expr)
    const constant = watched.constant(expr)
    const values = constant === undefined ? (seen?.values ?? []) : [constant]
    return {
      text: shorten(
        print(expr, (inner) => (inner === expr ? undefined : watched.names.get(inner))),
        MAX_PART_CHARS,
      ),
      ...(name !== undefined && { name }),
      values: values.map((value) => (secrets.has(expr) ? NOT_RECORDED : format(value, secrets.size > 0))),
      evaluations: constant === undefined ? (seen?.evaluations ?? 0) : 1,
      parts: partsOf(expr)
        .filter((child) => (child.kind !== "const" || watched.names.has(child)) && !isNamespace(expr, child))
        .map(part),
    }
  }

  /** `math` in `math.abs(x)`: what a call that was evaluated is a member of, and was not evaluated itself. */
  function isNamespace(expr: Expr, child: Expr): boolean {
    const isTarget = expr.kind === "call" && expr.target === child && isPath(child)
    return isTarget && watched.seen(expr) !== undefined && watched.seen(child) === undefined
  }
}

/** What is worth a line of its own: not what is written out, nor the way to a property. */
function partsOf(expr: Expr): readonly Expr[] {
  if (isPath(expr)) return []
  // `a && b && c` is one choice of three, however it was bracketed.
  if (expr.kind === "call" && isJoint(expr.name)) return expr.args.flatMap((arg) => operandsOf(arg, expr.name))
  return childrenOf(expr)
}

export function isJoint(name: string): boolean {
  return name === "_&&_" || name === "_||_"
}
export function operandsOf(expr: Expr, name: string): readonly Expr[] {
  return expr.kind === "call" && expr.name === name ? expr.args.flatMap((arg) => operandsOf(arg, name)) : [expr]
}
function isPath(expr: Expr): boolean {
  return readPath(expr) !== null || (expr.kind === "select" && pathOf(expr.operand) !== null)
}
/** `a.b` and `a.?b` as names. */
function readPath(expr: Expr): readonly string[] | null {
  if (expr.kind !== "call" || expr.name !== "_?._") return pathOf(expr)
  const [operand, field] = expr.args as readonly [Expr, { readonly value: string }]
  const path = pathOf(operand)
  return path && [...path, field.value]
}

/** Parts whose values would show what the bundle declares `record: never`. Whether a condition holds does not hide. */
function findSecrets(root: Expr, hidden: readonly string[]): ReadonlySet<Expr> {
  const secrets = new Set<Expr>()
  if (hidden.length > 0) visit(root, new Set())
  return secrets

  /** Does it depend on one? */
  function visit(expr: Expr, locals: ReadonlySet<string>): boolean {
    const path = readPath(expr)
    if (path) {
      const isSecret = locals.has(path[0] as string) || hidden.some((name) => isWithin(path.join("."), name))
      if (isSecret) secrets.add(expr)
      return isSecret
    }
    if (expr.kind === "comprehension") {
      const isSecret = visit(expr.range, locals)
      const inside = new Set([...locals].filter((name) => !expr.variables.includes(name)))
      if (isSecret) for (const name of expr.variables) inside.add(name)
      const parts = [expr.body, ...(expr.filter ? [expr.filter] : [])].map((inner) => visit(inner, inside))
      const isAny = isSecret || parts.includes(true)
      if (isAny && !["all", "exists", "existsOne"].includes(expr.form)) secrets.add(expr)
      return isAny
    }
    const children = childrenOf(expr).map((child) => visit(child, locals))
    const isAny = children.includes(true) && !(expr.kind === "select" && expr.isTest)
    if (isAny && !(expr.kind === "call" && TELLS_LITTLE.has(expr.name))) secrets.add(expr)
    return isAny
  }
}
/** A truth that was made of a secret is what the rule decides by. */
const TELLS_LITTLE = new Set(
  "_&&_ _||_ _==_ _!=_ _<_ _<=_ _>_ _>=_ @in startsWith endsWith contains matches containsIP containsCIDR".split(" "),
)

/** Is one a part of the other? */
function isWithin(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)
}

/** An error's text may hold what it is about. */
function format(value: Value | CelError, isDiscreet: boolean): string {
  if (!(value instanceof CelError)) return formatValue(value)
  return isDiscreet ? "error" : `error: ${value.message}`
}
