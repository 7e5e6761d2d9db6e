import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compileCondition, type Scope } from "../../src/policy/condition.ts"
import { countOpinions } from "../../src/policy/second-opinion.ts"

const scope: Scope = { presence: () => "required", known: () => [], variables: {} }

/** Conditions in and around the subset, most of them well-typed. */
const { condition } = fc.letrec<{ text: string; number: string; list: string; condition: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("subject.id", "audience", "resource.properties.owner", "constants.team", "constants.names[0]"),
    fc.constantFrom('""', '"a"', "'b'", '"research"', '"Ω"', '"\u{1F600}"', '"a b"', '"true"', '"1"'),
    fc.tuple(tie("text"), tie("text")).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie("condition"), tie("text"), tie("text")).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
  ),
  number: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("parameters.amount", "context.level", "resource.properties.size"),
    fc.integer({ min: -3, max: 3 }).map(String),
    fc.constantFrom("-0", "2000", "-500", "9007199254740991", "9007199254740993", "4611686018427387904", "3000000000"),
    fc.tuple(tie("number"), fc.constantFrom("+", "-", "*"), tie("number")).map(([a, o, b]) => `(${a} ${o} ${b})`),
    fc.tuple(tie("condition"), tie("number"), tie("number")).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    tie("text").map((text) => `size(${text})`),
    tie("list").map((list) => `size(${list})`),
  ),
  list: fc.oneof(
    fc.array(tie("text"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    fc.array(tie("number"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    fc.constant("constants.names"),
  ),
  condition: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("true", "false", "context.flag"),
    fc
      .tuple(tie("text"), fc.constantFrom("==", "!=", "<", "<=", ">", ">="), tie("text"))
      .map((parts) => parts.join(" ")),
    fc
      .tuple(tie("number"), fc.constantFrom("==", "!=", "<", "<=", ">", ">="), tie("number"))
      .map((parts) => parts.join(" ")),
    fc.tuple(tie("text"), tie("list")).map(([item, list]) => `${item} in ${list}`),
    tie("text").map((item) => `${item} in constants.names && size(constants.names) > 1`),
    fc.tuple(tie("number"), tie("list")).map(([item, list]) => `${item} in ${list}`),
    fc.tuple(tie("text"), fc.constantFrom("==", "!="), tie("number")).map((parts) => parts.join(" ")),
    fc.tuple(tie("list"), fc.constantFrom("==", "!="), tie("list")).map((parts) => parts.join(" ")),
    fc.tuple(tie("condition"), fc.constantFrom("==", "!="), tie("condition")).map(([a, o, b]) => `(${a}) ${o} (${b})`),
    fc.tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition")).map(([a, o, b]) => `(${a}) ${o} (${b})`),
    tie("condition").map((inner) => `!(${inner})`),
    fc.tuple(tie("condition"), tie("condition"), tie("condition")).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
  ),
}))

describe("countOpinions", () => {
  test("inside the subset both engines agree: no good condition is ever refused", () => {
    let confirmed = 0
    fc.assert(
      fc.property(condition, (source) => {
        const compiled = compileCondition(source, scope)
        if ("problems" in compiled) return
        const opinions = countOpinions([{ id: "c", condition: compiled }])
        expect(opinions.disagreements).toEqual([])
        expect(opinions.confirmed + opinions.outside).toBe(1)
        confirmed += opinions.confirmed
      }),
      { numRuns: 600 },
    )
    expect(confirmed).toBeGreaterThan(100)
  })
})
