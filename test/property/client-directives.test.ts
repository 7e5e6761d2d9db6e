import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { DirectiveLog } from "../../src/client/directive-log.ts"

/** What may happen, in any order: the watch goes on or is opened anew, a beat brings some, one is carried out. */
type Step = { readonly kind: "watch" | "reopen" | "beat" | "done"; readonly pick: number }
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("watch", "reopen", "beat", "done"),
  pick: fc.nat({ max: 1000 }),
})

describe("DirectiveLog", () => {
  test("however a directive arrives, it is taken once, and the mark never passes one that is not carried out", () => {
    let told = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.bigInt({ min: 1n, max: 1n << 62n }), { maxLength: 8 }),
        fc.array(step, { maxLength: 80 }),
        (given, steps) => {
          const numbers = [...given].sort((a, b) => (a < b ? -1 : 1))
          const log = new DirectiveLog()
          const taken: bigint[] = []
          const undone = new Set<bigint>()
          let next = 0 // of the watch
          const take = (number: bigint | undefined, from: "watch" | "beat") => {
            if (number === undefined || !log.take(number, from)) return
            taken.push(number)
            undone.add(number)
          }
          const check = () => {
            told = Math.max(told, taken.length)
            expect(new Set(taken).size).toBe(taken.length)
            const mark = log.acknowledged
            for (const number of numbers)
              if (number <= mark) {
                expect(taken).toContain(number)
                expect(undone.has(number)).toBe(false)
              }
          }
          for (const { kind, pick } of steps) {
            if (kind === "watch") take(numbers[next++], "watch")
            if (kind === "reopen") next = numbers.filter((number) => number <= log.acknowledged).length
            if (kind === "beat") for (const number of numbers.slice(pick % 9)) take(number, "beat")
            const waiting = [...undone]
            const done = waiting[pick % Math.max(1, waiting.length)]
            if (kind === "done" && done !== undefined) {
              undone.delete(done)
              log.carriedOut(done)
            }
            check()
          }
          for (const number of numbers) take(number, "watch")
          for (const number of undone) log.carriedOut(number)
          undone.clear()
          check()
          expect(taken.length).toBe(numbers.length)
          expect(log.acknowledged).toBe(numbers.at(-1) ?? 0n)
        },
      ),
      { numRuns: 500 },
    )
    expect(told).toBeGreaterThan(5)
  })

  test("what a beat brought ahead of the watch is not acknowledged before the watch has caught up", () => {
    const log = new DirectiveLog()
    expect(log.take(7n, "beat")).toBe(true)
    log.carriedOut(7n)
    expect(log.acknowledged).toBe(0n)
    expect(log.take(5n, "watch")).toBe(true)
    expect(log.take(7n, "watch")).toBe(false)
    expect(log.acknowledged).toBe(0n)
    log.carriedOut(5n)
    expect(log.acknowledged).toBe(7n)
    expect(log.take(5n, "beat")).toBe(false)
  })
})
