import { describe, expect, test } from "vitest"
import { WritError } from "../../../src/errors.ts"
import { utf8 } from "../../../src/formats/bytes.ts"
import { firstSince } from "../../../src/ledger/first-since.ts"
import type { StoredRecord } from "../../../src/ledger/lineage.ts"

const SECONDS = [1, 1, 3, 3, 3, 7]
const reader = {
  async records(_: number, start: number): Promise<readonly StoredRecord[]> {
    const second = SECONDS[start]
    if (second === undefined) return []
    const body = utf8(JSON.stringify({ time: new Date(second * 1_000).toISOString() }))
    return [{ origin: "", logId: 1, index: start, leafHash: body, body, payload: null }]
  },
}

describe("firstSince", () => {
  test("the first of this time or later, or the end", async () => {
    const at = (second: number, start = 0, end = SECONDS.length) => firstSince(reader, 1, start, end, second * 1_000)
    expect(await Promise.all([0, 1, 2, 3, 4, 7, 8].map((second) => at(second)))).toEqual([0, 0, 2, 2, 5, 5, 6])
    expect(await at(1, 4)).toBe(4)
    expect(await at(9, 3, 2)).toBe(3)
  })
  test("a record that has no time is of none, and is looked at no further", async () => {
    const body = utf8("{}")
    const records = async () => [{ origin: "", logId: 1, index: 0, leafHash: body, body, payload: null }]
    expect(await firstSince({ records }, 1, 0, 3, 1)).toBe(0)
  })

  test("an archive is passed over where all of it is older, and named where it may be not", async () => {
    const second = (n: number) => new Date(n * 1_000).toISOString()
    const archived = {
      async records(logId: number, start: number) {
        if (start >= 2) return await reader.records(logId, start)
        throw new WritError("RECORD_ARCHIVED", "", { details: { past: "2", newest: second(1) } })
      },
    }
    const at = (n: number) => firstSince(archived, 1, 0, SECONDS.length, n * 1_000)
    expect(await Promise.all([2, 3, 7].map(at))).toEqual([2, 2, 5])
    await expect(at(1)).rejects.toMatchObject({ code: "RECORD_ARCHIVED" })
    const broken = new Error("the connection is lost")
    await expect(firstSince({ records: () => Promise.reject(broken) }, 1, 0, 1, 1)).rejects.toBe(broken)
    const unnamed = { records: () => Promise.reject(new WritError("RECORD_ARCHIVED")) }
    await expect(firstSince(unnamed, 1, 0, 1, 1)).rejects.toMatchObject({ code: "RECORD_ARCHIVED" })
  })
})
