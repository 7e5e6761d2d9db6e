/** Written out, an expression parses to itself; watched, it comes out and costs as it does unwatched. */
import { describe, expect, test } from "vitest"
import { type Expr, mapChildren } from "../../src/cel/ast.ts"
import { compile, FUNCTIONS } from "../../src/cel/compile.ts"
import { EXTENSIONS } from "../../src/cel/extensions.ts"
import { parse } from "../../src/cel/parse.ts"
import { print } from "../../src/cel/print.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import type { CelError, Value } from "../../src/cel/value.ts"
import { LIMITS } from "../support/cel-differential.ts"
import { Expressions } from "../support/cel-expressions.ts"
import { makeValues, VARIABLES } from "../support/cel-literals.ts"
import { EXTENSION_FORMS, STANDARD_FORMS } from "../support/cel-macros.ts"
import { describeOutcome } from "../support/cel-oracle.ts"
import { type Pick, randomFrom, seedFrom } from "../support/random.ts"

const RUNS = 2_000
const SEED = seedFrom("CEL_SEED")
const NAMES = { functions: FUNCTIONS, variables: new Map(Object.entries(VARIABLES)), container: "" }
const PATHS = Object.keys(VARIABLES)

/** Without places. */
const shape = (expr: Expr): Expr => ({ ...mapChildren(expr, shape), offset: 0, at: 0 })

const expressions = new Expressions({
  overloads: [...STANDARD, ...EXTENSIONS],
  forms: [...STANDARD_FORMS, ...EXTENSION_FORMS],
})
function* sources(): Generator<readonly [source: string, pick: Pick]> {
  for (let i = 0; i < RUNS; i++) {
    const pick = randomFrom(SEED + i)
    yield [expressions.makeAny(1 + pick(4), pick)[0], pick]
  }
}

describe("print", () => {
  test("parses to the same expression again", () => {
    for (const [source] of sources()) {
      const expr = parse(source, LIMITS)
      expect(shape(parse(print(expr), LIMITS))).toEqual(shape(expr))
    }
  })

  test.each([
    "(a || b) && !(c ? d : e)",
    "a - (b - c) - -1 - -(1)",
    "-(-x).y[?0].?z.orValue(b'\\x00\\xff')",
    "has(a.b.`c-d`) && a.`e f`.startsWith('\\n\"')",
    "{?'a': optional.of(1u), 1: [?x, 2.0, 1e300], true: {}}",
    "cel.bind(x, 1, x + 1) in list.filter(y, y > 0).map(z, z < 3, z * (z + 1))",
    "list.exists_one(i, v, i == v) || m.transformMapEntry(k, v, v > 1, {v: k}).size() == 0",
    "math.greatest(1, 2, x) == .y && o.optFlatMap(v, v.?w).hasValue()",
    "((a ? b : c) ? d : e) ? (f ? g : h) : i ? j : null",
    "type(x) == int || !!y",
  ])("parses to the same expression again: %s", (source) => {
    const expr = parse(source, LIMITS)
    expect(shape(parse(print(expr), LIMITS))).toEqual(shape(expr))
  })
})

describe("a watch", () => {
  test("changes neither value nor cost, and is told of the whole", () => {
    let compared = 0
    for (const [source, pick] of sources()) {
      const expr = parse(source, LIMITS)
      const areNumbered = pick(2) === 0
      const numberOf = (path: string) => (areNumbered && path in VARIABLES ? PATHS.indexOf(path) : undefined)
      const told = new Map<Expr, Value | CelError>()
      const plain = compile(expr, NAMES, numberOf)
      const watched = compile(expr, NAMES, numberOf, {
        constant: (part, value) => void told.set(part, value),
        value: (part, value) => void told.set(part, value),
      })
      if ("problems" in plain || "problems" in watched) {
        expect("problems" in plain).toBe("problems" in watched)
        continue
      }
      const values = makeValues(pick)
      const limit = 1 + pick(400)
      const numbered = PATHS.map((path) => values[path])
      const outcome = describeOutcome(watched.run(values, limit, numbered))
      expect({ source, outcome, cost: watched.spent }).toEqual({
        source,
        outcome: describeOutcome(plain.run(values, limit, numbered)),
        cost: plain.spent,
      })
      const whole = told.get(expr)
      if (plain.constant !== undefined) expect(whole).toEqual(plain.constant)
      else if (whole !== undefined) expect(describeOutcome(whole)).toBe(outcome)
      else expect(outcome).toMatch(/^error/) // its cost was used up before it began
      compared++
    }
    expect(compared).toBeGreaterThan(RUNS * 0.9)
  })
})
