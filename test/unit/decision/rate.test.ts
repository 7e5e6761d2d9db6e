import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createRate } from "../../../src/decision/rate.ts"
import type { WritError } from "../../../src/errors.ts"

const PER_SECOND = 1_000
const BURST = 4 * PER_SECOND

function takes(rate: ReturnType<typeof createRate>, caller: string, bytes: number, atMs: number): boolean {
  try {
    rate.take(caller, bytes, atMs)
    return true
  } catch (error) {
    expect((error as WritError).code).toBe("RATE_LIMITED")
    expect((error as WritError).retryable).toBe(true)
    return false
  }
}

describe("createRate", () => {
  test("four seconds' worth at once, then no byte more", () => {
    const rate = createRate(PER_SECOND)
    expect(takes(rate, "a", BURST, 0)).toBe(true)
    expect(takes(rate, "a", 1, 0)).toBe(false)
  })

  test("more than the burst is never taken, and costs nothing", () => {
    const rate = createRate(PER_SECOND)
    expect(takes(rate, "a", BURST + 1, 0)).toBe(false)
    expect(takes(rate, "a", BURST, 0)).toBe(true)
  })

  test("it fills again with time, to the burst and no further", () => {
    const rate = createRate(PER_SECOND)
    takes(rate, "a", BURST, 0)
    expect(takes(rate, "a", 500, 499)).toBe(false)
    expect(takes(rate, "a", 500, 500)).toBe(true)
    expect(takes(rate, "a", BURST, 1_000_000)).toBe(true)
    expect(takes(rate, "a", 1, 1_000_000)).toBe(false)
  })

  test("one caller's bytes are not another's", () => {
    const rate = createRate(PER_SECOND)
    takes(rate, "a", BURST, 0)
    expect(takes(rate, "b", BURST, 0)).toBe(true)
  })

  test("in any window no caller gets more than the burst and what time has filled", () => {
    const steps = fc.array(fc.tuple(fc.nat(3_000), fc.nat(BURST + 100)), { maxLength: 60 })
    fc.assert(
      fc.property(steps, (calls) => {
        const rate = createRate(PER_SECOND)
        let atMs = 0
        const taken: { atMs: number; bytes: number }[] = []
        for (const [waitMs, bytes] of calls) {
          atMs += waitMs
          if (takes(rate, "a", bytes, atMs)) taken.push({ atMs, bytes })
        }
        for (let from = 0; from < taken.length; from++) {
          let sum = 0
          for (const { atMs: then, bytes } of taken.slice(from)) {
            sum += bytes
            expect(sum).toBeLessThanOrEqual(BURST + ((then - (taken[from]?.atMs ?? 0)) / 1000) * PER_SECOND + 0.001)
          }
        }
      }),
    )
  })

  test("tens of thousands of callers do not grow it without end", () => {
    const rate = createRate(PER_SECOND)
    for (let i = 0; i < 25_000; i++) expect(takes(rate, `caller-${i}`, BURST, 0)).toBe(true)
  })
})
