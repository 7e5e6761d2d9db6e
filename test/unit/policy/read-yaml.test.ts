import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { MAX_EXCERPT_CHARS, problemAt } from "../../../src/policy/read-yaml.ts"

const at = (text: string, offset: number) => problemAt({ file: "a.yaml", offset }, text, "wrong")
/** What the caret stands under. */
const underCaret = (excerpt = "") => {
  const [source = "", caret = ""] = excerpt.split("\n")
  return [...source][[...caret].length - 1]
}

describe("problemAt", () => {
  test("a line that is not long is shown whole, its caret under the character", () => {
    const { line, column, excerpt } = at("version: 1\nwhen: 😀😀x\r\n", "version: 1\nwhen: 😀😀".length)
    expect({ line, column }).toEqual({ line: 2, column: 9 })
    expect(excerpt).toBe(`when: 😀😀x\n${" ".repeat(8)}^`)
  })

  test("of a line of ten million characters what stands around the place is shown", () => {
    const text = `${"ab".repeat(2_500_000)}X${"ab".repeat(2_500_000)}`
    const { column, excerpt = "" } = at(text, 5_000_000)
    expect(column).toBe(5_000_001)
    expect(excerpt.length).toBeLessThan(2 * MAX_EXCERPT_CHARS)
    expect(excerpt).toMatch(/^…[ab]+X[ab]+…\n +\^$/)
    expect(underCaret(excerpt)).toBe("X")
  })

  test("wherever it is cut, the caret stands under the character and the text is well formed", () => {
    const around = fc.string({ unit: fc.constantFrom("a", "é", "😀"), maxLength: 2 * MAX_EXCERPT_CHARS })
    fc.assert(
      fc.property(around, around, (before, after) => {
        const { excerpt } = at(`${before}X${after}`, before.length)
        expect(underCaret(excerpt)).toBe("X")
        expect(excerpt?.isWellFormed()).toBe(true)
      }),
    )
  })
})
