import { describe, expect, test } from "vitest"
import { inSeries } from "../../src/background.ts"

describe("inSeries", () => {
  const turns = () => {
    const ends: (() => void)[] = []
    const run = inSeries(() => new Promise<void>((resolve) => ends.push(resolve)))
    return { ends, run }
  }
  const soon = () => new Promise((resolve) => setImmediate(resolve))

  test("who calls while it runs waits for another run, which all who wait share", async () => {
    const { ends, run } = turns()
    const done: string[] = []
    void run().then(() => done.push("first"))
    await soon()
    for (const name of ["second", "third"]) void run().then(() => done.push(name))
    await soon()
    expect(ends.length).toBe(1) // never twice at once
    ends[0]?.()
    await soon()
    expect([done, ends.length]).toEqual([["first"], 2])
    ends[1]?.()
    await soon()
    expect([done, ends.length]).toEqual([["first", "second", "third"], 2])
  })

  test("a run that fails tells those who wait for it, and the next begins all the same", async () => {
    let runs = 0
    const run = inSeries(async () => {
      if (++runs === 1) throw new Error("once")
    })
    const [first, second] = [run(), soon().then(run)]
    await expect(first).rejects.toThrow("once")
    await second
    expect(runs).toBe(2)
  })
})
