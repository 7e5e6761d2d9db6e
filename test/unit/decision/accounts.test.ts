import { afterEach, describe, expect, test, vi } from "vitest"
import { createAccounts, MAX_COUNT_MS } from "../../../src/decision/accounts.ts"
import { Leases } from "../../../src/decision/leases.ts"

const LEASE = "lease-1"

/** A database that answers when it is told to. */
function setUp() {
  const leases = new Leases<unknown>()
  leases.open(LEASE, 0)
  const asked: { answer(counted: bigint): void; fail(error: Error): void }[] = []
  const count = () => new Promise<bigint>((answer, fail) => asked.push({ answer, fail }))
  return {
    ...createAccounts({ leases, count }),
    asked,
    answer: (i: number, counted: bigint) => asked[i]?.answer(counted),
  }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

afterEach(() => {
  vi.useRealTimers()
})

describe("createAccounts", () => {
  test("what was redeemed here accounts for as many, without the database", async () => {
    const { add, redeemed, asked } = setUp()
    expect(await redeemed(LEASE, 0n)).toBe(0n)
    for (let i = 0; i < 3; i++) add(LEASE)
    expect(await redeemed(LEASE, 3n)).toBe(3n)
    expect(asked).toHaveLength(0)
  })

  test("more than that is asked for, once: what the database said is remembered", async () => {
    const { redeemed, asked, answer } = setUp()
    const first = redeemed(LEASE, 3n)
    answer(0, 5n)
    expect(await first).toBe(5n)
    expect(await redeemed(LEASE, 5n)).toBe(5n)
    expect(asked).toHaveLength(1)
    const second = redeemed(LEASE, 6n)
    answer(1, 5n)
    expect(await second).toBe(5n)
  })

  test("what the database counted is not counted here again", async () => {
    const { add, redeemed, answer, asked } = setUp()
    const first = redeemed(LEASE, 2n)
    add(LEASE) // its record is one of the two
    answer(0, 2n)
    expect(await first).toBe(2n)
    add(LEASE) // the other one, whose answer came later than its record
    const second = redeemed(LEASE, 3n)
    expect(asked).toHaveLength(2)
    answer(1, 2n)
    expect(await second).toBe(2n)
  })

  test("what was redeemed here while the database was slow counts", async () => {
    const { add, redeemed, answer } = setUp()
    const first = redeemed(LEASE, 1n)
    for (let i = 0; i < 2; i++) add(LEASE)
    answer(0, 0n)
    expect(await first).toBe(2n)
  })

  test("a question that was under way is not trusted by whoever came later; all who came later share one", async () => {
    const { redeemed, asked, answer } = setUp()
    const first = redeemed(LEASE, 1n)
    const later = [redeemed(LEASE, 2n), redeemed(LEASE, 2n), redeemed(LEASE, 1n)]
    answer(0, 1n) // before the second one was redeemed
    await settled()
    expect(asked).toHaveLength(2)
    answer(1, 2n)
    expect(await Promise.all([first, ...later])).toEqual([1n, 2n, 2n, 1n])
    expect(asked).toHaveLength(2)
  })

  test("a database that fails says nothing, and is asked again the next time", async () => {
    const { add, redeemed, asked, answer } = setUp()
    add(LEASE)
    const first = redeemed(LEASE, 2n)
    asked[0]?.fail(new Error("down"))
    expect(await first).toBeNull()
    const second = redeemed(LEASE, 2n)
    answer(1, 2n)
    expect(await second).toBe(2n)
  })

  test("a beat does not wait for a database that hangs", async () => {
    vi.useFakeTimers()
    const { redeemed, answer } = setUp()
    const first = redeemed(LEASE, 1n)
    await vi.advanceTimersByTimeAsync(MAX_COUNT_MS)
    expect(await first).toBeNull()
    answer(0, 1n)
    await vi.advanceTimersByTimeAsync(0)
    expect(await redeemed(LEASE, 1n)).toBe(1n) // what came too late is known from then on
    expect(vi.getTimerCount()).toBe(0)
  })

  test("of a lease that is not known here the database is asked each time", async () => {
    const { add, redeemed, asked, answer } = setUp()
    add("lease-2")
    for (const i of [0, 1]) {
      const told = redeemed("lease-2", 1n)
      answer(i, 1n)
      expect(await told).toBe(1n)
    }
    expect(asked).toHaveLength(2)
  })
})
