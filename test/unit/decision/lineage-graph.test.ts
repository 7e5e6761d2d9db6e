import { deflateRawSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import type { BeatSource } from "../../../src/decision/lease-beats.ts"
import { type FamilyStore, MAX_RELATIVES, readLineageGraph } from "../../../src/decision/lineage-graph.ts"
import { utf8 } from "../../../src/formats/bytes.ts"
import type { StoredRecord } from "../../../src/ledger/lineage.ts"

const NOW_MS = Date.parse("2026-11-30T08:10:00.000Z")
const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
const at = (seconds: number) => new Date(NOW_MS - 600_000 + seconds * 1_000).toISOString()

function record(n: number, kind: string, more: object = {}): StoredRecord {
  const body = { kind, execution_id: idOf(n), time: at(0), ...more }
  const leafHash = utf8(`${kind}${n}`.padEnd(32))
  return { origin: "log", logId: 1, index: n, leafHash, body: utf8(JSON.stringify(body)), payload: null }
}

/** Execution 0 and whatever descends from it: `parents[n]` is that of n. */
function storeOf(parents: readonly number[], more: readonly StoredRecord[] = [], segment: Uint8Array | null = null) {
  const asked: number[] = []
  const rows = parents.flatMap((parent, n) =>
    n === 0 ? [] : [{ parentId: idOf(parent), childId: idOf(n), authorizedAtMs: n }],
  )
  const numbers = new Map(parents.map((_, n) => [idOf(n), n]))
  const childrenOf = new Map<string, (typeof rows)[number][]>(parents.map((_, n) => [idOf(n), []]))
  for (const row of rows) childrenOf.get(row.parentId)?.push(row)
  const recordsOf = async (id: string) => {
    const n = numbers.get(id)
    if (n === undefined) return []
    const parent =
      n === 0 ? {} : { parent: { execution_id: idOf(parents[n] as number), leaf: "", consent: "", depth: 1 } }
    return [record(n, "decision", { state: "AUTHORIZED", ...parent }), ...more.filter(({ index }) => index === n)]
  }
  const store: FamilyStore & BeatSource = {
    recordsOf,
    recordsOfAll: async (ids) => (await Promise.all(ids.map(recordsOf))).flat(),
    executionRows: async () => new Map(),
    async childrenOf(ids, limit, after) {
      asked.push(ids.length * limit)
      return ids.flatMap((id) =>
        (childrenOf.get(id) ?? [])
          .filter(({ authorizedAtMs }) => authorizedAtMs > (after?.authorizedAtMs ?? 0))
          .slice(0, limit),
      )
    },
    logs: async () => [{ logId: 1, origin: "log", verifierKey: "", size: 5 }],
    records: async (_, start) => [record(start, "x", { time: at(start * 10) })],
    recordsWith: async (_, __, from) => ({
      records: [record(4, "decision"), record(3, "beats", { data: { segment_sha256: "s" } })],
      next: from,
    }),
    segment: async () => segment,
  }
  return { store, asked }
}
const read = (store: FamilyStore & BeatSource, max = 0, token = "", id = idOf(0)) =>
  readLineageGraph(store, NOW_MS, id, max, token)
const executionsOf = ({ nodes }: Awaited<ReturnType<typeof read>>) =>
  nodes.filter(({ kind }) => kind === "execution").map(({ id }) => Number(id.slice(-12)))

describe("readLineageGraph", () => {
  test("ancestors and descendants, generation by generation", async () => {
    const { store } = storeOf([0, 0, 0, 1, 1, 2, 5])
    expect(executionsOf(await read(store))).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(executionsOf(await read(store, 0, "", idOf(5)))).toEqual([5, 2, 0, 6])
  })

  test("of ten thousand children a bounded part, and page after page all of them", async () => {
    const { store, asked } = storeOf([0, ...Array<number>(10_000).fill(0)])
    const found: number[] = []
    let pages = 0
    for (let token: string | undefined = ""; token !== undefined; pages++) {
      const graph = await read(store, MAX_RELATIVES, token)
      found.push(...executionsOf(graph).filter((n) => n > 0))
      expect(graph.more.length).toBeLessThanOrEqual(1)
      token = graph.more[0]?.pageToken
    }
    expect(found).toEqual(Array.from({ length: 10_000 }, (_, n) => n + 1))
    expect(pages).toBe(50)
    expect(Math.max(...asked)).toBeLessThanOrEqual(MAX_RELATIVES * 21)
  }, 60_000)

  test("what there is no room for is named, with where to go on", async () => {
    const { store } = storeOf([0, 0, 0, ...Array<number>(30).fill(1), 2])
    const small = await read(store, 1)
    expect(executionsOf(small)).toEqual([0, 1])
    expect(small.more.map(({ executionId, pageToken }) => [executionId, pageToken === ""])).toEqual([
      [idOf(0), false],
      [idOf(1), true],
    ])
    expect(executionsOf(await read(store, 1, small.more[0]?.pageToken))).toEqual([0, 2])
    const large = await read(store, 100)
    expect(executionsOf(large)).toHaveLength(3 + 20 + 1)
    expect(large.more.map(({ executionId }) => executionId)).toEqual([idOf(1)])
    expect(executionsOf(await read(store, 100, large.more[0]?.pageToken, idOf(1)))).toHaveLength(2 + 10)
  })

  test("a circle, which only an altered table has, ends", async () => {
    const { store } = storeOf([0, 1])
    store.childrenOf = async (ids, limit) =>
      ids.map((parentId) => ({ parentId, childId: idOf(1), authorizedAtMs: limit }))
    expect(executionsOf(await read(store))).toEqual([0, 1])
  })

  test("beats of the lease that it lived by, from the segments of its time", async () => {
    const line = (lease_id: string, sequence: string) =>
      JSON.stringify({ leaf: "", signature: "", signed: `writ/beat/v1\n${JSON.stringify({ lease_id, sequence })}` })
    const segment = deflateRawSync([line("lease", "4"), line("else", "9"), line("lease", "5")].join("\n"))
    const data = { execute_until: at(3_600), runtime: "r", lease_id: "lease" }
    const redeemed = record(0, "redeemed", { state: "REDEEMED", data, time: at(5) })
    const beatsIn = async (bytes: Uint8Array | null) =>
      (await read(storeOf([0], [redeemed], bytes).store)).nodes.flatMap(({ beats }) => (beats ? [beats] : []))
    expect(await beatsIn(segment)).toMatchObject([{ leaseId: "lease", count: 2, first: "4", last: "5" }])
    expect(await beatsIn(deflateRawSync(line("else", "1")))).toEqual([])
    expect(await beatsIn(Buffer.from("no segment"))).toEqual([])
    expect(await beatsIn(null)).toEqual([])
  })

  test.each([
    [{ max: -1 }],
    [{ max: MAX_RELATIVES + 1 }],
    [{ token: "*" }],
    [{ token: "A".repeat(300) }],
    [{ token: Buffer.from("[1]").toString("base64url") }],
    [{ token: Buffer.from(`[1e16,"${idOf(1)}"]`).toString("base64url") }],
  ])("%j is refused", async ({ max = 0, token = "" }: { max?: number; token?: string }) => {
    await expect(read(storeOf([0]).store, max, token)).rejects.toMatchObject({ code: "INVALID_REQUEST" })
  })

  test("what is unknown is NOT_FOUND", async () => {
    await expect(read(storeOf([0]).store, 0, "", idOf(7))).rejects.toMatchObject({ code: "NOT_FOUND" })
  })
})
