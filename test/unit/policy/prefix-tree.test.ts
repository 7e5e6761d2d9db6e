import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { PrefixTree } from "../../../src/policy/prefix-tree.ts"
import { growthOf } from "../../support/growth.ts"

function found(tree: PrefixTree<string>, text: string): string[] {
  const items: string[] = []
  tree.visit(text, (item) => items.push(item))
  return items.sort()
}

describe("PrefixTree", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "\u{1F600}"), maxLength: 6 })

  test("finds exactly the prefixes of a text, whatever the order in which they came, each as often as it was added", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), text, (prefixes, asked) => {
        const tree = new PrefixTree<string>()
        for (const prefix of prefixes) tree.add(prefix, prefix)
        expect(found(tree, asked)).toEqual(prefixes.filter((prefix) => asked.startsWith(prefix)).sort())
      }),
      { numRuns: 2_000 },
    )
  })

  test("is empty until something is added", () => {
    const tree = new PrefixTree<string>()
    expect(tree.isEmpty).toBe(true)
    tree.add("", "anything")
    expect(tree.isEmpty).toBe(false)
    expect(found(tree, "")).toEqual(["anything"])
  })

  test("costs what the text is long, also where every beginning of it is held", () => {
    const search = (length: number) => {
      const tree = new PrefixTree<number>()
      const asked = "a".repeat(length)
      for (let i = 1; i <= length; i++) tree.add(asked.slice(0, i), i)
      let count = 0
      tree.visit(asked, () => count++)
      expect(count).toBe(length)
    }
    expect(growthOf(1_000, search)).toBeLessThan(30) // adding them all is quadratic in characters by itself
  })
})
