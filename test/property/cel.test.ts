/** The compiler against the known faults of @bufbuild/cel, and against itself. Against it at random: cel-random-*.test.ts. */
import { describe, expect, test } from "vitest"
import { EXTENSIONS } from "../../src/cel/extensions.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import { DYN } from "../../src/cel/type.ts"
import { compileRandom, ENOUGH } from "../support/cel-differential.ts"
import { Expressions } from "../support/cel-expressions.ts"
import { FAULTS } from "../support/cel-faults.ts"
import { makeValues, VARIABLES } from "../support/cel-literals.ts"
import { EXTENSION_FORMS, STANDARD_FORMS } from "../support/cel-macros.ts"
import { describeOutcome, evaluateTheirs } from "../support/cel-oracle.ts"
import { randomFrom, seedFrom } from "../support/random.ts"

const RUNS = process.env["CI"] === "true" ? 10_000 : 3_000
const SEED = seedFrom("CEL_SEED")

describe("compile", () => {
  test.each(FAULTS)("@bufbuild/cel $what", ({ vector: [source, right] }) => {
    const ours = compileRandom(source, {})?.program.run({}, ENOUGH)
    expect(ours !== undefined && describeOutcome(ours)).toBe(right)
    expect(evaluateTheirs(source, {})).toBe(right)
    // If this fails it was mended there: take it from the list.
    expect(evaluateTheirs(source, {}, false)).not.toBe(right)
  })

  test("means and costs the same again, and whether the types of the variables are known or not", () => {
    const expressions = new Expressions({
      overloads: [...STANDARD, ...EXTENSIONS],
      forms: [...STANDARD_FORMS, ...EXTENSION_FORMS],
    })
    const untyped = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, DYN]))
    for (let i = 0; i < RUNS; i++) {
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
