/** One random expression over random values, by our compiler and by @bufbuild/cel; and what a run of them has covered. */
import { childrenOf, type Expr } from "../../src/cel/ast.ts"
import { compile, FUNCTIONS } from "../../src/cel/compile.ts"
import { parse } from "../../src/cel/parse.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import type { Type } from "../../src/cel/type.ts"
import type { Value } from "../../src/cel/value.ts"
import { Expressions, hasOptional } from "./cel-expressions.ts"
import { makeValues, VARIABLES, type Values } from "./cel-literals.ts"
import { STANDARD_FORMS } from "./cel-macros.ts"
import { describeOutcome, evaluateTheirs } from "./cel-oracle.ts"
import { type Pick, randomFrom } from "./random.ts"

export const LIMITS = { nesting: 100, nodes: 10_000, tooManyNodes: "too many nodes" }
/** More than any of these expressions costs: what a limit ends has no outcome to compare. */
export const ENOUGH = 10_000_000
const DEPTHS = 4

/** The program, or undefined where something empty, or a list made of dyn, became what its first use asks for, which its second does not. */
export function compileRandom(source: string, variables: Readonly<Record<string, Type>>) {
  const expr = parse(source, LIMITS)
  const compiled = compile(expr, { functions: FUNCTIONS, variables: new Map(Object.entries(variables)), container: "" })
  if (!("problems" in compiled)) return { expr, program: compiled }
  if (/\[\]|\{\}|optional\.none\(\)|dyn\(/.test(source)) return undefined
  throw new Error(`${source}: ${compiled.problems[0]?.message}`)
}

/** What a test of a language must have met, by what it looks like in an expression, its values and its outcome. */
const FEATURES: Readonly<Record<string, RegExp>> = {
  "an error": /^error/,
  "a string above U+FFFF": /[\u{10000}-\u{10ffff}]/u,
  "2^63 - 1": /9223372036854775807(?!\.)/,
  "-2^63": /-9223372036854775808/,
  NaN: /NaN|0\.0 \/ 0\.0/,
  "an empty list or map": /\[\]|\{\}/,
  "an empty string": /""/,
}

export class Differential {
  readonly expressions: Expressions
  compared = 0
  /** How many expressions had it. */
  readonly features = new Map(Object.keys(FEATURES).map((name) => [name, 0]))

  constructor() {
    // Its parser knows no optionals, and it has none of the extensions: Cerbos is asked for those.
    const overloads = STANDARD.filter(({ parameters }) => !parameters.some(hasOptional))
    this.expressions = new Expressions({
      overloads: overloads.filter(({ name }) => name !== "_[?_]"),
      forms: STANDARD_FORMS,
      without: hasOptional,
    })
  }

  /** What the two say otherwise, or null. */
  compare(seed: number): string | null {
    const pick: Pick = randomFrom(seed)
    const [source] = this.expressions.makeAny(1 + pick(DEPTHS), pick)
    const values = makeValues(pick)
    const compiled = compileRandom(source, VARIABLES)
    if (!compiled) return null
    const mine = describeOutcome(compiled.program.run(values, ENOUGH))
    const theirs = evaluateTheirs(source, values)
    this.compared++
    const read = describeRead(compiled.expr, values)
    for (const [name, looks] of Object.entries(FEATURES))
      if (looks.test(`${mine} ${source} ${read}`)) this.features.set(name, (this.features.get(name) as number) + 1)
    return mine === theirs ? null : `${source}\n  with ${read}\n  is ${mine} here and ${theirs} there`
  }
}

/** The variables that it reads, and what they are. */
function describeRead(expr: Expr, values: Values): string {
  const names = new Set<string>()
  const visit = (node: Expr): void => {
    if (node.kind === "ident" && Object.hasOwn(VARIABLES, node.name)) names.add(node.name)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(expr)
  return [...names].map((name) => `${name} = ${describeOutcome(values[name] as Value)}`).join(", ")
}
