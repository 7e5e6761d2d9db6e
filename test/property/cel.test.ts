/**
 * The compiler against @bufbuild/cel, which knows nothing of static types: the same value, or both an error. 100,000
 * expressions in CI; CEL_EXPRESSIONS asks for another number, CEL_SEED for those of another run.
 */
import { describe, expect, test } from "vitest"
import { EXTENSIONS } from "../../src/cel/extensions.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import { DYN } from "../../src/cel/type.ts"
import { compileRandom, Differential, ENOUGH } from "../support/cel-differential.ts"
import { Expressions } from "../support/cel-expressions.ts"
import { FAULTS } from "../support/cel-faults.ts"
import { makeValues, VARIABLES } from "../support/cel-literals.ts"
import { EXTENSION_FORMS, STANDARD_FORMS } from "../support/cel-macros.ts"
import { describeOutcome, evaluateTheirs } from "../support/cel-oracle.ts"
import { randomFrom, seedFrom } from "../support/random.ts"

const IN_CI = 100_000
const COUNT = Number(process.env["CEL_EXPRESSIONS"] ?? (process.env["CI"] === "true" ? IN_CI : 10_000))
/** In 100,000 expressions; fewer in proportion. */
const LEAST_USES = 100
const LEAST_ERRING = 0.2
const LEAST_WITH_A_FEATURE = 0.01
const SEED = seedFrom("CEL_SEED")

describe("compile", () => {
  test.each(FAULTS)("@bufbuild/cel $what", ({ vector: [source, right] }) => {
    const ours = compileRandom(source, {})?.program.run({}, ENOUGH)
    expect(ours !== undefined && describeOutcome(ours)).toBe(right)
    expect(evaluateTheirs(source, {})).toBe(right)
    // If this fails it was mended there: take it from the list.
    expect(evaluateTheirs(source, {}, false)).not.toBe(right)
  })

  test("says of every expression what @bufbuild/cel says, but for its known faults", { timeout: 1_200_000 }, () => {
    const differential = new Differential()
    for (let i = 0; i < COUNT; i++) expect(differential.compare(SEED + i)).toBeNull()
    const { compared, features, expressions } = differential
    expect(compared / COUNT).toBeGreaterThan(0.98)
    expect((features.get("an error") as number) / COUNT).toBeGreaterThan(LEAST_ERRING)
    expect([...features].filter(([, times]) => times < COUNT * LEAST_WITH_A_FEATURE)).toEqual([])
    expect([...expressions.used].filter(([, uses]) => uses < (LEAST_USES * COUNT) / IN_CI)).toEqual([])
    expect(expressions.used.size).toBeGreaterThan(160)
  })

  test("means and costs the same again, and whether the types of the variables are known or not", () => {
    const expressions = new Expressions({
      overloads: [...STANDARD, ...EXTENSIONS],
      forms: [...STANDARD_FORMS, ...EXTENSION_FORMS],
    })
    const untyped = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, DYN]))
    const runs = Math.max(3_000, COUNT / 10)
    for (let i = 0; i < runs; i++) {
      const pick = randomFrom(SEED + i)
      const [source] = expressions.makeAny(1 + pick(4), pick)
      const values = makeValues(pick)
      const [first, ...others] = [VARIABLES, VARIABLES, untyped].map((types) => {
        const program = compileRandom(source, types)?.program
        const outcomes = program && [1, 2].map(() => [describeOutcome(program.run(values, ENOUGH)), program.spent])
        return { source, outcomes }
      })
      for (const other of others) if (other?.outcomes && first?.outcomes) expect(other).toEqual(first)
      const [once, again] = first?.outcomes ?? []
      expect({ source, outcome: again }).toEqual({ source, outcome: once })
    }
    expect([...expressions.used].filter(([, uses]) => uses === 0)).toEqual([])
  })
})
