import { describe, expect, test } from "vitest"
import { shareOf } from "../../../src/rpc/back-pressure.ts"

describe("shareOf", () => {
  test("as many as usual while nothing takes too long", () => {
    expect(shareOf({ limit: 1_024, most: 1_024 }, 3, 256)).toBe(256)
  })
  test("otherwise an equal share of what may be in hand, never more than usual, never less than 16", () => {
    expect(shareOf({ limit: 300, most: 1_024 }, 3, 256)).toBe(100)
    expect(shareOf({ limit: 1_000, most: 1_024 }, 1, 256)).toBe(256)
    expect(shareOf({ limit: 128, most: 1_024 }, 1_000, 256)).toBe(16)
    expect(shareOf({ limit: 128, most: 1_024 }, 0, 256)).toBe(128)
    expect(shareOf({ limit: 128, most: 1_024 }, 4, 8)).toBe(8)
  })
})
