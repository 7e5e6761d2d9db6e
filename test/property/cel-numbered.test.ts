/** Values that are read by number, not by name: the same outcome at the same cost, for every expression. */
import { expect, test } from "vitest"
import { compile, FUNCTIONS } from "../../src/cel/compile.ts"
import { EXTENSIONS } from "../../src/cel/extensions.ts"
import { parse } from "../../src/cel/parse.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import { CelError, type Value } from "../../src/cel/value.ts"
import { ENOUGH, LIMITS } from "../support/cel-differential.ts"
import { Expressions } from "../support/cel-expressions.ts"
import { makeValues, VARIABLES } from "../support/cel-literals.ts"
import { EXTENSION_FORMS, STANDARD_FORMS } from "../support/cel-macros.ts"
import { describeOutcome } from "../support/cel-oracle.ts"
import { randomFrom, seedFrom } from "../support/random.ts"

const NAMES = Object.keys(VARIABLES)
const EXPRESSIONS = 3_000
const MAX_DEPTH = 4
const MAX_LIMIT = 60
const SEED = seedFrom("CEL_NUMBERED_SEED")

const names = { functions: FUNCTIONS, variables: new Map(Object.entries(VARIABLES)), container: "" }
const numberOf = (name: string) => (NAMES.includes(name) ? NAMES.indexOf(name) : undefined)

test("a value read by number is the value read by name", () => {
  const expressions = new Expressions({
    overloads: [...STANDARD, ...EXTENSIONS],
    forms: [...STANDARD_FORMS, ...EXTENSION_FORMS],
  })
  for (let i = 0; i < EXPRESSIONS; i++) {
    const pick = randomFrom(SEED + i)
    const [source] = expressions.makeAny(1 + pick(MAX_DEPTH), pick)
    const values: Readonly<Record<string, Value>> = makeValues(pick)
    const limit = pick(MAX_LIMIT)
    const [byName, byNumber] = [undefined, numberOf].map((numbers) => {
      const program = compile(parse(source, LIMITS), names, numbers)
      if ("problems" in program) return { source }
      const list = NAMES.map((name) => values[name] as Value)
      const bindings = numbers ? {} : values
      const outcome = describeOutcome(program.run(bindings, ENOUGH, list))
      const whole = program.spent
      // Also where the limit ends it: at the same unit.
      const ended = describeOutcome(program.run(bindings, limit, list))
      return { source, outcome, whole, ended, spent: program.spent }
    })
    expect(byNumber).toEqual(byName)
  }
})

test("a number that holds nothing is an error, not a value", () => {
  const sources = [
    "i == 1",
    "s == s",
    "i < 3",
    "s.startsWith('a')",
    "s.endsWith('a')",
    "i in [1, 2]",
    "!b",
    "li[0] == 1",
  ]
  for (const source of sources) {
    const program = compile(parse(source, LIMITS), names, numberOf)
    if ("problems" in program) throw new Error(source)
    expect([source, program.run({}, 100, [])]).toEqual([source, new CelError("no such key")])
  }
})
