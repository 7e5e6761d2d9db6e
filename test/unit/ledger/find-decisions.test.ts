import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { toBase64Url, utf8 } from "../../../src/formats/bytes.ts"
import {
  type DecisionQuery,
  type DecisionStore,
  findDecisions,
  MAX_FOUND,
  MAX_STEPS,
} from "../../../src/ledger/find-decisions.ts"
import type { StoredRecord } from "../../../src/ledger/lineage.ts"

const ANY: DecisionQuery = { subject: null, action: "", resource: null, runtimeId: "", sinceMs: null, untilMs: null }
const START_MS = Date.parse("2026-11-30T08:00:00.000Z")

function toRecord(logId: number, index: number, second: number, action: string): StoredRecord {
  const named = { type: "t", id: "x" }
  const request = { subject: named, action: { name: action }, resource: named }
  const time = new Date(START_MS + second * 1_000).toISOString()
  return {
    origin: `log-${logId}`,
    logId,
    index,
    leafHash: new Uint8Array(32),
    body: utf8(JSON.stringify({ kind: action === "" ? "redeemed" : "decision", time })),
    payload: utf8(`${" ".repeat(32)}${JSON.stringify({ request })}`),
  }
}

/** Logs of records, each its second and its action; answers a step of `width` records, and whatever is in it. */
function storeOf(logs: readonly (readonly (readonly [second: number, action: string])[])[], width = 2) {
  const records = logs.map((log, i) => log.map(([second, action], index) => toRecord(i + 1, index, second, action)))
  const steps: number[] = []
  const store: DecisionStore = {
    logs: async () => logs.map(({ length: size }, i) => ({ logId: i + 1, origin: "", verifierKey: "", size })),
    records: async (logId, start, limit) => records[logId - 1]?.slice(start, start + limit) ?? [],
    async recordsWith(logId, _, from, before) {
      steps.push(logId)
      const next = Math.max(from, before - width)
      return { records: records[logId - 1]?.slice(next, before).reverse() ?? [], next }
    },
  }
  return { store, steps, all: records.flat() }
}
const placesOf = (records: readonly StoredRecord[]) => records.map(({ logId, index }) => `${logId}/${index}`)

async function findAll(store: DecisionStore, query: DecisionQuery, pageSize: number): Promise<StoredRecord[]> {
  const found: StoredRecord[] = []
  for (let token = ""; ; ) {
    const page = await findDecisions(store, sha256, query, pageSize, token)
    expect(page.records.length).toBeLessThanOrEqual(pageSize)
    found.push(...page.records)
    token = page.nextPageToken
    if (token === "") return found
  }
}

describe("findDecisions", () => {
  test("of all logs, the newest first, by action and time, whatever the pages and steps", async () => {
    const log = fc
      .array(fc.tuple(fc.nat(20), fc.constantFrom("a", "b", "")), { maxLength: 12 })
      .map((records) => records.sort(([a], [b]) => a - b))
    await fc.assert(
      fc.asyncProperty(
        fc.array(log, { maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom("", "a"),
        fc.option(fc.nat(22)),
        fc.option(fc.nat(22)),
        async (logs, pageSize, width, action, since, until) => {
          const { store, all } = storeOf(logs, width)
          const ms = (second: number | null) => (second === null ? null : START_MS + second * 1_000)
          const found = await findAll(store, { ...ANY, action, sinceMs: ms(since), untilMs: ms(until) }, pageSize)
          const secondOf = ({ logId, index }: StoredRecord) => logs[logId - 1]?.[index]?.[0] as number
          const isWanted = (record: StoredRecord) =>
            (action === "" ? ["a", "b"] : [action]).includes(logs[record.logId - 1]?.[record.index]?.[1] as string) &&
            secondOf(record) >= (since ?? 0) &&
            secondOf(record) < (until ?? 99)
          expect(placesOf(found).sort()).toEqual(placesOf(all.filter(isWanted)).sort())
          const seconds = found.map(secondOf)
          expect(seconds).toEqual([...seconds].sort((a, b) => b - a))
        },
      ),
      { numRuns: 200 },
    )
  })

  test("a page looks at so much and no more, and the next goes on", async () => {
    const { store, steps } = storeOf([Array.from({ length: 300 }, (_, i) => [i, i === 0 ? "a" : "b"] as const)], 1)
    const first = await findDecisions(store, sha256, { ...ANY, action: "a" }, 10, "")
    expect(first.records).toEqual([])
    expect(first.nextPageToken).not.toBe("")
    expect(steps).toHaveLength(MAX_STEPS)
    expect(placesOf(await findAll(store, { ...ANY, action: "a" }, 10))).toEqual(["1/0"])
  })

  test("what is recorded later is on no further page", async () => {
    const { store } = storeOf([[1, 2, 3].map((second) => [second, "a"] as const)])
    const first = await findDecisions(store, sha256, ANY, 1, "")
    const { store: later } = storeOf([[1, 2, 3, 4].map((second) => [second, "a"] as const), [[5, "a"]]])
    const rest = await findDecisions(later, sha256, ANY, 0, first.nextPageToken)
    expect(placesOf(rest.records)).toEqual(["1/1", "1/0"])
    expect(rest.nextPageToken).toBe("")
  })

  test("a record without a time, or without what can be read, ends nothing", async () => {
    const { store } = storeOf([[]])
    const body = utf8('{"kind":"decision"}')
    const broken: StoredRecord = { origin: "", logId: 1, index: 0, leafHash: body, body, payload: null }
    const one: DecisionStore = {
      ...store,
      logs: async () => [1, 2].map((logId) => ({ logId, origin: "", verifierKey: "", size: 1 })),
      records: async () => [broken],
      recordsWith: async () => ({ records: [broken], next: 0 }),
    }
    expect((await findDecisions(one, sha256, { ...ANY, sinceMs: 0 }, 10, "")).records).toHaveLength(2)
    expect(await findDecisions(one, sha256, { ...ANY, action: "a" }, 10, "")).toMatchObject({
      records: [],
      unreadable: [],
    })
  })

  test("a decision whose payload cannot be read is named by who asks for something, and found by who asks for all", async () => {
    const { store } = storeOf([[[1, "a"]]])
    const damaged: StoredRecord = { ...toRecord(1, 0, 1, "a"), payload: utf8("no JSON") }
    const one: DecisionStore = { ...store, recordsWith: async () => ({ records: [damaged], next: 0 }) }
    expect(await findDecisions(one, sha256, { ...ANY, action: "a" }, 10, "")).toMatchObject({
      records: [],
      unreadable: [damaged],
    })
    expect(await findDecisions(one, sha256, ANY, 10, "")).toMatchObject({ records: [damaged], unreadable: [] })
  })

  test.each([
    [
      "of another query",
      async (store: DecisionStore) => (await findDecisions(store, sha256, ANY, 1, "")).nextPageToken,
    ],
    ["no base64url", async () => "*"],
    ["no JSON", async () => toBase64Url(utf8("{"))],
    ["too long", async () => "A".repeat(200_000)],
    ["of another shape", async () => toBase64Url(utf8('["0000000000000000",[1,-1,2]]'))],
  ])("a page token that is %s is refused", async (_, tokenOf) => {
    const { store } = storeOf([[1, 2, 3].map((second) => [second, "a"] as const)])
    await expect(findDecisions(store, sha256, { ...ANY, action: "a" }, 1, await tokenOf(store))).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    })
  })

  test("places in a token must be places", async () => {
    const { store } = storeOf([[1, 2, 3].map((second) => [second, "a"] as const)])
    const [name] = JSON.parse(
      Buffer.from((await findDecisions(store, sha256, ANY, 1, "")).nextPageToken, "base64url").toString(),
    )
    for (const place of [
      [1, 0],
      [1, 0, -1],
      [1, 0.5, 1],
      [40_000, 0, 1],
      ["1", 0, 1],
    ])
      await expect(
        findDecisions(store, sha256, ANY, 1, toBase64Url(utf8(JSON.stringify([name, place])))),
      ).rejects.toMatchObject({ code: "INVALID_REQUEST" })
  })

  test("a page size is 0 to the limit", async () => {
    const { store } = storeOf([])
    for (const size of [-1, MAX_FOUND + 1])
      await expect(findDecisions(store, sha256, ANY, size, "")).rejects.toMatchObject({ code: "INVALID_REQUEST" })
  })
})
