import { describe, expect, test } from "vitest"
import { backoffMs } from "../../../src/client/backoff.ts"

describe("backoffMs", () => {
  test("doubles from 50 ms to 2 s at most, and then stays there", () => {
    const most = (failures: number) => backoffMs(failures, 1)
    expect([1, 2, 3, 4, 5, 6, 7, 1000].map(most)).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000])
  })

  test("is anywhere between nothing and that, so that many do not return together", () => {
    expect(backoffMs(3, 0)).toBe(0)
    expect(backoffMs(3, 0.25)).toBe(50)
    const drawn = Array.from({ length: 1000 }, () => backoffMs(4))
    expect(Math.min(...drawn)).toBeLessThan(40)
    expect(Math.max(...drawn)).toBeGreaterThan(360)
    expect(Math.max(...drawn)).toBeLessThan(400)
  })
})
