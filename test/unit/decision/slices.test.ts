import { describe, expect, test } from "vitest"
import { inSlices, MAX_SLICE_MS } from "../../../src/decision/slices.ts"

describe("inSlices", () => {
  test("answers what the work answers, and rejects with what it throws", async () => {
    const count = function* (to: number): Generator<undefined, number> {
      for (let i = 0; i < to; i++) yield
      if (to === 13) throw new Error("thirteen")
      return to
    }
    expect(await inSlices(count(0))).toBe(0)
    expect(await inSlices(count(1_000))).toBe(1_000)
    await expect(inSlices(count(13))).rejects.toThrow("thirteen")
  })

  test("lets others in while it works", async () => {
    let turns = 0
    let isDone = false
    const others = () => {
      turns++
      if (!isDone) setImmediate(others)
    }
    setImmediate(others)
    const work = function* (): Generator<undefined, void> {
      for (const endMs = performance.now() + 20 * MAX_SLICE_MS; performance.now() < endMs; ) yield
    }
    await inSlices(work())
    isDone = true
    expect(turns).toBeGreaterThanOrEqual(15)
  })
})
