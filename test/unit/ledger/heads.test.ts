import { describe, expect, test } from "vitest"
import { Log } from "../../../scripts/vectors/lineage.ts"
import { findHeads, orderClosings } from "../../../src/ledger/heads.ts"
import type { StoredRecord } from "../../../src/ledger/lineage.ts"

const record = (origin: string, index: number): StoredRecord => ({
  origin,
  logId: Number(origin),
  index,
  leafHash: new Uint8Array(32),
  body: new Uint8Array(),
  payload: null,
})
interface Made {
  /** Sizes at which the log was signed. */
  readonly signed?: readonly number[]
  /** How it ended: at which size, and where that is recorded. */
  readonly closed?: readonly [size: number, origin: string, index: number]
}
/** Logs "1", "2" and so on. */
const storeOf = (logs: Readonly<Record<string, Made>>) => ({
  async checkpoint(logId: number, atLeast: number, exactly?: number) {
    const size = logs[logId]?.signed?.find((at) => (exactly === undefined ? at >= atLeast : at === exactly))
    return size === undefined ? null : new Log([], { size, origin: String(logId) }).checkpoint()
  },
  async closing(logId: number) {
    const closed = logs[logId]?.closed
    return closed ? { size: closed[0], record: record(closed[1], closed[2]) } : null
  },
})
const find = async (logs: Readonly<Record<string, Made>>, records: readonly StoredRecord[], exactSize?: number) => {
  const heads = await findHeads(storeOf(logs), records, exactSize)
  return {
    sizes: Object.fromEntries([...heads].map(([origin, { size, note }]) => [origin, note ? size : -size])),
    closings: orderClosings(heads).map(({ log, record: { origin, index } }) => `${log} in ${origin} at ${index}`),
  }
}

describe("findHeads, orderClosings", () => {
  test("a checkpoint of each log, the oldest that reaches", async () => {
    const logs = { 1: { signed: [3, 7, 9] }, 2: { signed: [2, 8] } }
    const records = [record("1", 2), record("2", 2), record("1", 5)]
    expect(await find(logs, records)).toEqual({ sizes: { 1: 7, 2: 8 }, closings: [] })
    expect(await find(logs, [record("1", 2)], 9)).toEqual({ sizes: { 1: 9 }, closings: [] })
  })

  test("a closed log that was signed far enough needs no closing", async () => {
    const logs = { 1: { signed: [7], closed: [9, "2", 4] }, 2: { signed: [5] } } as const
    expect(await find(logs, [record("1", 6)])).toEqual({ sizes: { 1: 7 }, closings: [] })
  })

  test("where no checkpoint reaches, the closing, and a checkpoint of its log that reaches that", async () => {
    const logs = { 1: { signed: [7], closed: [9, "2", 4] }, 2: { signed: [3, 5] } } as const
    const expected = { sizes: { 1: -9, 2: 5 }, closings: ["1 in 2 at 4"] }
    expect(await find(logs, [record("1", 8)])).toEqual(expected)
    for (const records of [
      [record("1", 8), record("2", 0)],
      [record("2", 0), record("1", 8)],
    ])
      expect(await find(logs, records)).toEqual(expected)
  })

  test("logs that ended one after the other, whatever the order of the records", async () => {
    const logs = { 1: { closed: [9, "2", 4] }, 2: { signed: [3], closed: [5, "3", 1] }, 3: { signed: [2] } } as const
    const expected = { sizes: { 1: -9, 2: -5, 3: 2 }, closings: ["2 in 3 at 1", "1 in 2 at 4"] }
    const records = [record("1", 8), record("2", 0), record("3", 0)]
    for (const order of [records, records.toReversed(), [records[1], records[0]] as StoredRecord[]])
      expect(await find(logs, order)).toEqual(expected)
  })

  test.each([
    ["nothing was signed", { 1: {} }],
    ["the closing's log was not signed yet", { 1: { closed: [3, "2", 0] }, 2: {} }],
  ] as const)("%s: NOT_SIGNED_YET, unless a size was asked for", async (_, logs) => {
    await expect(findHeads(storeOf(logs), [record("1", 2)])).rejects.toMatchObject({ code: "NOT_SIGNED_YET" })
    await expect(findHeads(storeOf(logs), [record("1", 2)], 9)).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test.each([
    ["it ended before the record", { 1: { closed: [2, "2", 0] }, 2: { signed: [9] } }],
    ["two logs that close each other", { 1: { closed: [3, "2", 0] }, 2: { closed: [3, "1", 0] } }],
  ] as const)("%s: NOT_FOUND", async (_, logs) => {
    await expect(findHeads(storeOf(logs), [record("1", 2)])).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test("a checkpoint that was asked for and does not reach: INVALID_REQUEST", async () => {
    await expect(findHeads(storeOf({ 1: { signed: [2] } }), [record("1", 2)], 2)).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    })
  })
})
