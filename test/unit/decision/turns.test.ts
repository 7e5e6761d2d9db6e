import { describe, expect, test } from "vitest"
import { createTurns, MAX_WAITING } from "../../../src/decision/turns.ts"

describe("createTurns", () => {
  test("one after the other, in the order of arrival, whatever becomes of those before", async () => {
    const inTurn = createTurns()
    const seen: string[] = []
    const work = (name: string, fails = false) =>
      inTurn(async () => {
        seen.push(`${name} begins`)
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(`${name} ends`)
        if (fails) throw new Error(name)
        return name
      })
    const outcomes = await Promise.allSettled([work("a"), work("b", true), work("c")])
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"])
    expect(seen).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  test("the turn is taken before the work and given on after it, also when it failed", async () => {
    const seen: string[] = []
    const inTurn = createTurns(async () => {
      seen.push("taken")
      return () => void seen.push("given")
    })
    await inTurn(async () => void seen.push("worked"))
    await expect(inTurn(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed")
    expect(seen).toEqual(["taken", "worked", "given", "taken", "given"])
  })

  test(`${MAX_WAITING} wait, and no more`, async () => {
    const inTurn = createTurns()
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const waiting = Array.from({ length: MAX_WAITING }, () => inTurn(() => gate))
    await expect(inTurn(() => gate)).rejects.toMatchObject({ code: "QUEUE_FULL" })
    release()
    await Promise.all(waiting)
    await inTurn(() => gate)
  })
})
