import { describe, expect, test } from "vitest"
import { WritError } from "../../../src/errors.ts"
import {
  advanceHeads,
  Consumables,
  type Heads,
  type RowName,
  type RowUse,
  type RowVersion,
} from "../../../src/ledger/consumables.ts"

const name = (key: string): RowName => ({ key, family: "f" })
const version = (key: string, number: number): RowVersion => ({ ...name(key), version: number, content: { number } })
const use = (read: RowVersion, next: RowVersion | null): RowUse => ({ read, next })

/** Rows by key; a statement that ends when the test says so. */
class FakeStore {
  readonly found = new Map<string, RowVersion>()
  readonly asked: string[][] = []
  failing = 0
  async rows(names: readonly RowName[]): Promise<readonly RowVersion[]> {
    this.asked.push(names.map(({ key }) => key))
    await new Promise((resolve) => setImmediate(resolve))
    if (this.failing-- > 0) throw new Error("the database is away")
    return names.map((row) => this.found.get(row.key) ?? { ...row, version: 0, content: null })
  }
}
async function setup(...keys: string[]) {
  const store = new FakeStore()
  for (const key of keys) store.found.set(key, version(key, 1))
  const rows = new Consumables(store, 3)
  await rows.load(keys.map(name))
  const newest = (key: string) => rows.newest(key) as RowVersion
  return { store, rows, newest }
}

describe("Consumables", () => {
  test("loads what it does not know, once for all who ask", async () => {
    const { store, rows, newest } = await setup()
    await Promise.all([rows.load([name("a")]), rows.load([name("a"), name("b")]), rows.load([name("b")])])
    await rows.load([name("a")])
    expect(store.asked).toEqual([["a", "b"]])
    expect(newest("a")).toEqual({ key: "a", family: "f", version: 0, content: null })
    expect(rows.newest("c")).toBeUndefined()
  })

  test("who asks while a statement is under way is served by the next one", async () => {
    const { store, rows } = await setup()
    const first = rows.load([name("a")])
    await null
    await null
    await Promise.all([first, rows.load([name("b")])])
    expect(store.asked).toEqual([["a"], ["b"]])
    expect(rows.size).toBe(2)
  })

  test("a row that became known while it was asked for once more stays as it is: what is in flight follows it", async () => {
    const { store, rows, newest } = await setup()
    const first = rows.load([name("a")])
    await null
    await null
    const again = rows.load([name("a")])
    await new Promise((resolve) => setImmediate(resolve))
    store.found.set("a", version("a", 7))
    await Promise.all([first, again])
    expect(store.asked).toEqual([["a"], ["a"]])
    expect(newest("a").version).toBe(0)
  })

  test("what cannot be read is said to all who wait, and asked for again by the next", async () => {
    const { store, rows, newest } = await setup()
    store.failing = 1
    const outcomes = await Promise.allSettled([rows.load([name("a")]), rows.load([name("b")])])
    expect(outcomes.map((outcome) => outcome.status === "rejected" && WritError.from(outcome.reason).code)).toEqual([
      "LEDGER_UNAVAILABLE",
      "LEDGER_UNAVAILABLE",
    ])
    await rows.load([name("a")])
    expect(newest("a").version).toBe(0)
  })

  test("what is queued is seen by the next, before it is durable", async () => {
    const { rows, newest } = await setup("a", "b")
    const [first, second] = [version("a", 2), version("a", 3)]
    const read = newest("a")
    expect(rows.queue([use(read, first), use(newest("b"), null)])).toBe(true)
    expect(rows.queue([use(read, second)])).toBe(false)
    expect(rows.queue([use(newest("a"), second)])).toBe(true)
    expect(newest("a")).toBe(second)
    const heads: Heads = new Map()
    expect(rows.follows([use(first, second)], heads)).toBe(false)
    expect(rows.follows([use(read, first)], heads)).toBe(true)
    advanceHeads(heads, [use(read, first), use(newest("b"), null)])
    expect(rows.follows([use(first, second)], heads)).toBe(true)
    rows.committed(heads)
    expect(rows.follows([use(first, second)], new Map())).toBe(true)
    rows.reset(new Map())
    expect(newest("a")).toBe(first)
    rows.reset(new Map([["a", second]]))
    expect(newest("a")).toBe(second)
  })

  test("the same number is not the same version", async () => {
    const { rows, newest } = await setup("a")
    rows.replace([version("a", 1)])
    const copy = version("a", 1)
    expect(newest("a")).toEqual(copy)
    expect(rows.queue([use(copy, null)])).toBe(false)
    expect(rows.follows([use(copy, null)], new Map())).toBe(false)
    rows.clear()
    expect(rows.newest("a")).toBeUndefined()
    rows.committed(new Map([["a", copy]]))
    expect(rows.newest("a")).toBeUndefined()
  })

  test("the oldest are forgotten, what is in flight is not", async () => {
    const { rows, newest } = await setup("a", "b", "c")
    rows.queue([use(newest("a"), version("a", 2))])
    await rows.load([name("d")])
    expect(["a", "b", "c", "d"].filter((key) => rows.newest(key))).toEqual(["a", "c", "d"])
    await rows.load(["e", "f", "g", "h"].map(name))
    expect(["a", "c", "d", "e", "f", "g", "h"].filter((key) => rows.newest(key))).toEqual(["a", "e", "f", "g", "h"])
  })
})
