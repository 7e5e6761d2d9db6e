import { describe, expect, test } from "vitest"
import { suggest } from "../../../src/formats/suggest.ts"

describe("suggest", () => {
  test("names what is near enough to be meant, and the nearest of several", () => {
    expect(suggest("levl", ["label", "level", "team"])).toBe('Did you mean "level"?')
    expect(suggest("timed", ["times", "time"])).toBe('Did you mean "times"?')
    expect(suggest("tram", ["trap", "team"])).toBe('Did you mean "trap"?')
  })

  test("says nothing where nothing is near, or the name is too long to look for", () => {
    expect(suggest("subject", ["audience", "now"])).toBeUndefined()
    expect(suggest("a".repeat(65), ["a".repeat(65)])).toBeUndefined()
    expect(suggest("a", [])).toBeUndefined()
  })
})
