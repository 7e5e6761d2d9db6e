/**
 * The compiler against @bufbuild/cel, which knows nothing of static types: the same value, or both an error. Runs 3,000
 * expressions; CEL_EXPRESSIONS asks for another number: `CEL_EXPRESSIONS=100000` is the long form.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compile, FUNCTIONS } from "../../src/cel/compile.ts"
import { EXTENSIONS } from "../../src/cel/extensions.ts"
import { parse } from "../../src/cel/parse.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import { DYN } from "../../src/cel/type.ts"
import { CelMap, Double, Duration, Timestamp, toInt, Uint, type Value } from "../../src/cel/value.ts"
import { Expressions, INTS, type Pick, RESULTS, signatureOf, TEXTS, VARIABLES } from "../support/cel-expressions.ts"
import { describeOutcome, evaluateTheirs, FAULTS } from "../support/cel-oracle.ts"

const COUNT = Number(process.env["CEL_EXPRESSIONS"] ?? 3_000)
/** Of 100,000 expressions; fewer in proportion. */
const LEAST_USES = 100
const LEAST_ERRING = 0.2
const LIMITS = { nesting: 100, nodes: 10_000, tooManyNodes: "too many nodes" }
const DOUBLES = [0, -0, 1.5, -2, Number.NaN, Infinity, 1e19, 0.1]

function randomFrom(seed: number): Pick {
  let state = seed
  return (count) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count)
  }
}
function makeBindings(pick: Pick): Readonly<Record<string, Value>> {
  const one = <T>(from: readonly T[]) => from[pick(from.length)] as T
  const int = () => toInt(BigInt(one(INTS)))
  return {
    i: int(),
    j: pick(5) - 2,
    u: new Uint(BigInt(pick(4))),
    d: new Double(one(DOUBLES)),
    s: one(TEXTS),
    b: pick(2) === 0,
    y: Uint8Array.from({ length: pick(3) }, () => pick(256)),
    t: new Timestamp(pick(2e9), pick(1e9)),
    p: new Duration(pick(1e5), pick(1e9)),
    li: [1, 2, int()].slice(0, pick(4)),
    ls: [one(TEXTS), "a"].slice(0, pick(3)),
    m: CelMap.of(
      (
        [
          ["a", 1],
          ["b", int()],
        ] as const
      ).slice(0, pick(3)),
    ),
  }
}

/** int and double compared, or sought, beyond 2^53: the oracle rounds the int. */
function isRounded(source: string, values: Readonly<Record<string, Value>>): boolean {
  return /900719925474099|922337203685477580|18446744073709551615|4294967296/.test(
    source + JSON.stringify(values, (_, value) => (typeof value === "bigint" ? String(value) : value)),
  )
}

describe("compile", () => {
  test("says of every expression what @bufbuild/cel says, but for its known faults", { timeout: 1_200_000 }, () => {
    const expressions = new Expressions(STANDARD.filter((one) => !Object.hasOwn(FAULTS, signatureOf(one))))
    let compared = 0
    let erring = 0
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const pick = randomFrom(seed)
        const source = expressions.make(RESULTS[pick(RESULTS.length)] as never, 1 + pick(4), pick)
        const values = makeBindings(pick)
        const names = { functions: FUNCTIONS, variables: new Map(Object.entries(VARIABLES)), container: "" }
        const compiled = compile(parse(source, LIMITS), names)
        // The element of an empty list becomes what its first use asks for.
        if ("problems" in compiled && source.includes("[]")) return
        if ("problems" in compiled) throw new Error(`${source}: ${compiled.problems[0]?.message}`)
        const mine = describeOutcome(compiled.run(values, 10_000_000))
        const theirs = evaluateTheirs(source, values)
        if (mine === "error") erring++
        if (mine !== theirs && isRounded(source, values)) return
        compared++
        expect({ source, outcome: mine }).toEqual({ source, outcome: theirs })
      }),
      { numRuns: COUNT, endOnFailure: true },
    )
    expect(compared / COUNT).toBeGreaterThan(0.97)
    expect(erring / COUNT).toBeGreaterThan(LEAST_ERRING)
    const rare = [...expressions.used].filter(([, uses]) => uses < (LEAST_USES * COUNT) / 100_000)
    expect(rare).toEqual([])
    expect(expressions.used.size).toBeGreaterThan(90)
  })

  test("means and costs the same whether the types of the variables are known or not", () => {
    const expressions = new Expressions([...STANDARD, ...EXTENSIONS])
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const pick = randomFrom(seed)
        const source = expressions.make(RESULTS[pick(RESULTS.length)] as never, 1 + pick(4), pick)
        const expr = parse(source, LIMITS)
        const values = makeBindings(pick)
        const [typed, untyped] = [VARIABLES, Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, DYN]))].map(
          (types) => {
            const names = { functions: FUNCTIONS, variables: new Map(Object.entries(types)), container: "" }
            const compiled = compile(expr, names)
            if ("problems" in compiled && source.includes("[]")) return null
            if ("problems" in compiled) throw new Error(`${source}: ${compiled.problems[0]?.message}`)
            return { source, outcome: describeOutcome(compiled.run(values, 10_000_000)), cost: compiled.spent }
          },
        )
        if (typed && untyped) expect(typed).toEqual(untyped)
      }),
      { numRuns: COUNT },
    )
  })
})
