import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compileGlob } from "../../../src/policy/bundle.ts"
import { growthOf } from "../../support/growth.ts"
import { load, requestOf } from "../../support/policy.ts"

describe("compileGlob", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "\n", "\u{1F600}"), maxLength: 8 })
  const glob = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "\u{1F600}"), maxLength: 8 })

  test("`*` is any run of characters, everything else is itself", () => {
    fc.assert(
      fc.property(glob, text, (pattern, value) => {
        const escaped = pattern.split("*").map((part) => part.replaceAll(".", "\\."))
        const naive = new RegExp(`^${escaped.join("[\\s\\S]*")}$`, "u")
        expect(compileGlob(pattern)(value)).toBe(naive.test(value))
      }),
      { numRuns: 5_000 },
    )
  })

  test("a glob that makes backtracking hang is linear", () => {
    const glob = compileGlob(`${"*a".repeat(2_000)}*b`)
    const match = (length: number) => expect(glob("a".repeat(length))).toBe(false)
    expect(growthOf(50_000, match)).toBeLessThan(9)
  })
})

describe("buildRuleIndex", () => {
  const id = fc.constantFrom("*", "a*", "*b", "ab", "b", "a*b*")
  const selector = (types: readonly string[]) => fc.record({ type: fc.constantFrom(...types), id })
  const rule = fc.record({
    subjects: fc.array(selector(["s", "t"]), { minLength: 1, maxLength: 3 }),
    actions: fc.array(fc.constantFrom("*", "go", "go.*", "stay"), { minLength: 1, maxLength: 3 }),
    resources: fc.array(selector(["r", "q"]), { minLength: 1, maxLength: 3 }),
  })
  const entity = (types: readonly string[]) =>
    fc.record({
      type: fc.constantFrom(...types),
      id: fc.constantFrom("a", "ab", "b", "xb", "aabb", "*"),
      properties: fc.constant({}),
    })

  test("finds exactly the rules that a scan finds, in the order of their ids, each once", () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 12 }),
        entity(["s", "t"]),
        fc.constantFrom("go", "go.far", "stay"),
        entity(["r", "q"]),
        (rules, subject, name, resource) => {
          const { policy } = load({
            version: "1",
            types: {
              subjects: { s: { known: "any" }, t: { known: "any" } },
              resources: { r: {}, q: {} },
              actions: { go: {}, "go.far": {}, stay: {} },
            },
            rules: rules.map((shape, i) => ({
              id: `r${String(99 - i)}`,
              effect: "allow",
              runtime: "none",
              when: `${i} >= 0`,
              ...shape,
            })),
          })
          const request = requestOf({ subject, action: { name, properties: {} }, resource }).policy
          const fits = (selectors: readonly { type: string; id: string }[], is: { type: string; id: string }) =>
            selectors.some(({ type, id }) => type === is.type && compileGlob(id)(is.id))
          const scanned = rules.flatMap(({ subjects, actions, resources }, i) =>
            fits(subjects, subject) && actions.some((glob) => compileGlob(glob)(name)) && fits(resources, resource)
              ? [`r${99 - i}`]
              : [],
          )
          expect(policy.evaluate(request, []).matchedRules).toEqual(scanned.sort())
        },
      ),
      { numRuns: 500 },
    )
  })
})
