/** Values that are read by number, not by name: the same outcome at the same cost, for every expression. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { compile, FUNCTIONS } from "../../src/cel/compile.ts"
import { EXTENSIONS } from "../../src/cel/extensions.ts"
import { parse } from "../../src/cel/parse.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import { CelError, CelMap, Double, Duration, Timestamp, toInt, Uint, type Value } from "../../src/cel/value.ts"
import { Expressions, INTS, RESULTS, TEXTS, VARIABLES } from "../support/cel-expressions.ts"
import { describeOutcome } from "../support/cel-oracle.ts"

const LIMITS = { nesting: 100, nodes: 10_000, tooManyNodes: "too many nodes" }
const NAMES = Object.keys(VARIABLES)
const EXPRESSIONS = 3_000

const int = fc.constantFrom(...INTS).map((text) => toInt(BigInt(text)))
const text = fc.constantFrom(...TEXTS)
const VALUES = fc.record<Record<string, Value>>({
  i: int,
  j: fc.integer({ min: -2, max: 2 }),
  u: fc.bigInt(0n, 3n).map((value) => new Uint(value)),
  d: fc.double().map((value) => new Double(value)),
  s: text,
  b: fc.boolean(),
  y: fc.uint8Array({ maxLength: 3 }),
  t: fc.nat(2e9).map((seconds) => new Timestamp(seconds, 5)),
  p: fc.nat(1e5).map((seconds) => new Duration(seconds, 7)),
  li: fc.array(int, { maxLength: 12 }),
  ls: fc.array(text, { maxLength: 3 }),
  m: fc.dictionary(fc.constantFrom("a", "b", "c"), int).map((entries) => CelMap.of(Object.entries(entries))),
})
const names = { functions: FUNCTIONS, variables: new Map(Object.entries(VARIABLES)), container: "" }
const numberOf = (name: string) => (NAMES.includes(name) ? NAMES.indexOf(name) : undefined)

test("a value read by number is the value read by name", () => {
  const expressions = new Expressions([...STANDARD, ...EXTENSIONS])
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.nat()),
      fc.nat(),
      fc.integer({ min: 1, max: 4 }),
      VALUES,
      fc.nat(60),
      (dice, result, depth, values, limit) => {
        const pick = (count: number) => (dice.next().value as number) % count
        const source = expressions.make(RESULTS[result % RESULTS.length] as never, depth, pick)
        const [byName, byNumber] = [undefined, numberOf].map((numbers) => {
          const program = compile(parse(source, LIMITS), names, numbers)
          if ("problems" in program) return null
          const list = NAMES.map((name) => values[name])
          const bindings = numbers ? {} : values
          const outcome = describeOutcome(program.run(bindings, 10_000_000, list))
          const whole = program.spent
          // Also where the limit ends it: at the same unit.
          const ended = describeOutcome(program.run(bindings, limit, list))
          return { outcome, whole, ended, spent: program.spent }
        })
        expect(byNumber).toEqual(byName)
      },
    ),
    { numRuns: EXPRESSIONS },
  )
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
