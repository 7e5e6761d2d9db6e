import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createKeySet, readKeys } from "../../../src/client/key-set.ts"

const key = (kid: string) => ({ kty: "OKP", crv: "Ed25519", x: `x-${kid}`, kid, use: "sig" })
const MAX_AGE_MS = 1_000
const MAX_STALE_MS = 5_000
const COOLDOWN_MS = 100

/** A key set on a clock and a daemon of the test's own; `answer` settles the fetch that is under way. */
function setUp() {
  const fetches: { readonly atMs: number; endMs: number | null }[] = []
  let now = 0
  let settle: { resolve(value: unknown): void; reject(error: Error): void } | null = null
  const set = createKeySet({
    maxAgeMs: MAX_AGE_MS,
    maxStaleMs: MAX_STALE_MS,
    cooldownMs: COOLDOWN_MS,
    nowMs: () => now,
    fetch() {
      expect(settle, "one fetch at a time").toBeNull()
      fetches.push({ atMs: now, endMs: null })
      return new Promise((resolve, reject) => {
        settle = { resolve, reject }
      })
    },
  })
  return {
    set,
    fetches,
    pass: (ms: number) => {
      now += ms
    },
    now: () => now,
    isFetching: () => settle !== null,
    async answer(kids: readonly string[] | Error) {
      const flight = settle
      settle = null
      const last = fetches.at(-1)
      if (!flight || !last) return
      last.endMs = now
      if (kids instanceof Error) flight.reject(kids)
      else flight.resolve({ keys: kids.map(key) })
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
const kidsOf = (keys: readonly { kid: string }[] | null) => keys?.map(({ kid }) => kid) ?? null

describe("createKeySet", () => {
  test("fetches once for all who ask at the same time, and not again while the set is young", async () => {
    const { set, fetches, answer, pass } = setUp()
    const asked = [set.current(), set.current(), set.current()]
    await answer(["a"])
    expect((await Promise.all(asked)).map(kidsOf)).toEqual([["a"], ["a"], ["a"]])
    pass(MAX_AGE_MS - 1)
    expect(kidsOf(await set.current())).toEqual(["a"])
    expect(fetches.length).toBe(1)
  })

  test("an unknown key is looked for once per cooldown, whoever asks", async () => {
    const { set, fetches, answer, pass } = setUp()
    const first = set.current()
    await answer(["a"])
    const keys = (await first) as never
    expect(await set.newer(keys)).toBeNull() // fetched a moment ago
    pass(COOLDOWN_MS)
    const [one, two] = [set.newer(keys), set.newer(keys)]
    await answer(["a", "b"])
    expect(kidsOf(await one)).toEqual(["a", "b"])
    expect(kidsOf(await two)).toEqual(["a", "b"])
    expect(kidsOf(await set.newer(keys))).toEqual(["a", "b"]) // who still has the old one gets the newer one at once
    expect(fetches.length).toBe(2)
  })

  test("while fetching fails the last good set serves, for a bounded time", async () => {
    const { set, answer, pass } = setUp()
    const first = set.current()
    await answer(["a"])
    await first
    pass(MAX_AGE_MS)
    const late = set.current()
    await answer(new Error("down"))
    expect(kidsOf(await late)).toEqual(["a"])
    expect(set.failure?.message).toBe("down")
    pass(MAX_STALE_MS)
    const tooLate = set.current()
    await answer(new Error("still down"))
    expect(await tooLate).toBeNull()
  })

  test("a key that was withdrawn is gone with the next fetch", async () => {
    const { set, answer, pass } = setUp()
    const first = set.current()
    await answer(["a", "b"])
    await first
    pass(MAX_AGE_MS)
    const next = set.current()
    await answer(["b"])
    expect(kidsOf(await next)).toEqual(["b"])
  })

  test("whatever happens in whatever order: fetches stand apart, and only keys of the last good set that is not too old are given", async () => {
    let given = 0
    const step = fc.oneof(
      fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 2_000 }) }),
      fc.record({ kind: fc.constantFrom("current" as const, "newer" as const) }),
      fc.record({ kind: fc.constant("answer" as const), kids: fc.subarray(["a", "b", "c"], { minLength: 1 }) }),
      fc.record({ kind: fc.constant("fail" as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { set, fetches, answer, pass, now, isFetching } = setUp()
        let good: { kids: string[]; askedAtMs: number } | null = null
        let had: readonly never[] = []
        const open: Promise<void>[] = []
        const ask = (promise: Promise<readonly unknown[] | null>, mayBeOld: boolean) => {
          const seen = promise.then((keys) => {
            if (keys === null) return
            given++
            had = keys as never
            expect(kidsOf(keys as never)).toEqual(good?.kids)
            if (!mayBeOld) expect(now() - (good?.askedAtMs ?? 0)).toBeLessThan(MAX_STALE_MS)
          })
          seen.catch(() => {}) // awaited below
          open.push(seen)
        }
        const settle = async (kids: string[] | Error) => {
          if (!isFetching()) return
          if (!(kids instanceof Error)) good = { kids, askedAtMs: fetches.at(-1)?.atMs as number }
          await answer(kids)
        }
        for (const one of steps) {
          if (one.kind === "pass") pass(one.ms)
          if (one.kind === "current") ask(set.current(), false)
          if (one.kind === "newer") ask(set.newer(had), true)
          if (one.kind === "answer") await settle(one.kids)
          if (one.kind === "fail") await settle(new Error("down"))
          await new Promise((resolve) => setImmediate(resolve))
        }
        await settle(["a"])
        await Promise.all(open)
        for (const [i, { atMs }] of fetches.entries())
          if (i > 0) expect(atMs - (fetches[i - 1]?.endMs as number)).toBeGreaterThanOrEqual(COOLDOWN_MS)
      }),
      { numRuns: 300 },
    )
    expect(given).toBeGreaterThan(30) // of about 200
  })
})

describe("readKeys", () => {
  test("takes Ed25519 signature keys and leaves the rest", () => {
    const others = [
      { ...key("rsa"), kty: "RSA" },
      { ...key("x"), crv: "X25519" },
      { ...key("enc"), use: "enc" },
      null,
      7,
    ]
    expect(readKeys({ keys: [...others, key("a"), { ...key("b"), use: undefined }] }).map(({ kid }) => kid)).toEqual([
      "a",
      "b",
    ])
  })

  test.each([
    [null],
    ["keys"],
    [{}],
    [{ keys: {} }],
    [{ keys: [] }],
    [{ keys: [{ ...key("a"), kid: 1 }] }],
    [{ keys: [{ ...key("a"), x: null }] }],
    [{ keys: Array.from({ length: 65 }, (_, i) => key(String(i))) }],
  ])("%j holds no key set of ours", (document) => {
    expect(() => readKeys(document)).toThrow(/key/)
  })
})
