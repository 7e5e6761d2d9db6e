import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { PrefixIndex } from "../../../src/policy/prefix-index.ts"

function found(index: PrefixIndex<string>, text: string): string[] {
  const items: string[] = []
  index.visit(text, (item) => items.push(item))
  return items.sort()
}

describe("PrefixIndex", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "\u{1F600}"), maxLength: 6 })

  test("finds exactly the prefixes of a text that it holds whole, each as often as it was added", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), text, (prefixes, asked) => {
        const index = new PrefixIndex<string>()
        for (const prefix of prefixes) index.add(prefix, prefix)
        expect(prefixes.every((prefix) => index.isHeldWhole(prefix))).toBe(true)
        expect(found(index, asked)).toEqual(prefixes.filter((prefix) => asked.startsWith(prefix)).sort())
      }),
      { numRuns: 2_000 },
    )
  })

  test("finds long ones by a part of them, of at least three quarters, which the text must have", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (length) => {
        const index = new PrefixIndex<string>()
        const prefix = "a".repeat(length)
        index.add(prefix, prefix)
        expect(found(index, `${prefix}b`)).toEqual([prefix])
        expect(found(index, "a".repeat(Math.ceil(0.75 * length) - 1))).toEqual([])
        if (index.isHeldWhole(prefix)) expect(found(index, "a".repeat(length - 1))).toEqual([])
      }),
    )
  })

  test("is empty until something is added", () => {
    const index = new PrefixIndex<string>()
    expect(index.isEmpty).toBe(true)
    index.add("a", "it")
    expect(index.isEmpty).toBe(false)
    expect(found(index, "")).toEqual([])
  })
})
