import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createRate } from "../../../src/decision/rate.ts"
import type { WritError } from "../../../src/errors.ts"
import { Lane, type LaneOptions } from "../../../src/rpc/admission.ts"

const lane = (options: Partial<LaneOptions> = {}) =>
  new Lane({ most: 10, callerMost: 1_000, target: null, rate: null, ...options })

/** "in", or the code of the refusal. */
function enter(into: Lane, caller: string, nowMs = 0): string {
  try {
    into.enter(caller, nowMs)
    return "in"
  } catch (error) {
    expect((error as WritError).retryable).toBe(true)
    return (error as WritError).code
  }
}
const enterMany = (into: Lane, caller: string, count: number) =>
  Array.from({ length: count }, () => enter(into, caller))

describe("Lane", () => {
  test("as many calls as the limit says, and another when one has left", () => {
    const one = lane()
    expect(enterMany(one, "a", 10).every((outcome) => outcome === "in")).toBe(true)
    expect(enter(one, "a")).toBe("OVERLOADED")
    one.leave("a", 0, 1)
    expect(enter(one, "a")).toBe("in")
    expect([one.inHand, one.refused]).toEqual([10, 1])
  })

  test("one caller has a limit of its own", () => {
    const one = lane({ callerMost: 3 })
    expect(enterMany(one, "a", 4)).toEqual(["in", "in", "in", "CALLER_AT_LIMIT"])
    expect(enter(one, "b")).toBe("in")
  })

  test("a caller that fills it does not shut out another, up to that one's share", () => {
    const one = lane()
    enterMany(one, "a", 10)
    expect(enterMany(one, "b", 6)).toEqual(["in", "in", "in", "in", "in", "OVERLOADED"])
    expect(enter(one, "a")).toBe("OVERLOADED")
    expect(enter(one, "c")).toBe("in")
  })

  test("shares lead no further than twice the limit", () => {
    const one = lane()
    const outcomes = Array.from({ length: 100 }, (_, i) => enter(one, `caller ${i}`))
    expect(outcomes.filter((outcome) => outcome === "in")).toHaveLength(20)
    const other = lane()
    enterMany(other, "a", 10)
    for (let i = 0; i < 100; i++) enter(other, `caller ${i}`)
    expect(other.inHand).toBeLessThanOrEqual(20)
  })

  test("calls a second, of each caller; a refusal by a limit takes nothing from them", () => {
    const one = lane({ most: 1, rate: createRate(1) })
    for (let i = 0; i < 4; i++) {
      expect(enter(one, "a")).toBe("in")
      expect(enter(one, "a")).toBe("OVERLOADED")
      one.leave("a", 0, 0)
    }
    expect(enter(one, "a")).toBe("RATE_LIMITED")
    expect(enter(one, "b")).toBe("in")
  })

  test("while calls take too long fewer may enter, down to the least; then more again, up to the most", () => {
    const one = lane({ most: 100, callerMost: 100, target: { ms: 20, least: 30 } })
    const spend = (tookMs: number, fromMs: number, toMs: number) => {
      for (let now = fromMs; now < toMs; now += 10) {
        one.enter("a", now - tookMs)
        one.leave("a", now - tookMs, now)
      }
    }
    spend(10, 1_000, 2_000)
    expect(one.limit).toBe(100)
    spend(21, 2_000, 2_120)
    expect(one.limit).toBe(80)
    spend(200, 2_120, 2_230)
    expect(one.limit).toBe(40)
    spend(21, 2_230, 10_000)
    expect(one.limit).toBe(30)
    spend(19, 10_000, 10_230)
    expect(one.limit).toBeGreaterThan(30)
    spend(19, 10_230, 20_000)
    expect(one.limit).toBe(100)
  })

  test("a few slow calls among many fast ones do not lower it: the mean decides", () => {
    const one = lane({ most: 100, callerMost: 100, target: { ms: 20, least: 30 } })
    for (let now = 1_000; now < 3_000; now++) {
      const took = now % 100 === 0 ? 500 : 5
      one.enter("a", now - took)
      one.leave("a", now - took, now)
    }
    expect(one.limit).toBe(100)
  })

  test("the least is never above the most", () => {
    const one = lane({ most: 4, target: { ms: 1, least: 128 } })
    for (let now = 1_000; now < 5_000; now += 50) {
      one.enter("a", now)
      one.leave("a", now, now + 500)
    }
    expect(one.limit).toBe(4)
  })

  test("whatever comes and goes, it counts what is in hand, holds each limit, and shuts nobody out for good", () => {
    const step = fc.record({ caller: fc.nat(4), leaves: fc.boolean(), tookMs: fc.nat(60) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (steps, most) => {
        const one = lane({ most, callerMost: 8, target: { ms: 20, least: 3 } })
        const inside = [0, 0, 0, 0, 0]
        let nowMs = 1_000
        for (const { caller, leaves, tookMs } of steps) {
          nowMs += 17
          const mine = inside[caller] as number
          if (leaves && mine > 0) {
            one.leave(`${caller}`, nowMs - tookMs, nowMs)
            inside[caller] = mine - 1
          } else {
            const outcome = enter(one, `${caller}`, nowMs)
            const all = inside.reduce((sum, count) => sum + count, 0)
            if (outcome === "in") inside[caller] = mine + 1
            if (outcome === "CALLER_AT_LIMIT") expect(mine).toBe(8)
            if (outcome === "OVERLOADED") expect(all).toBeGreaterThanOrEqual(one.limit)
            if (all === 0) expect(outcome).toBe("in")
          }
          expect(one.inHand).toBe(inside.reduce((sum, count) => sum + count, 0))
          expect(one.inHand).toBeLessThanOrEqual(2 * most)
          expect(one.limit).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})
