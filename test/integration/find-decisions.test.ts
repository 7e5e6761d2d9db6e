/** FindDecisions: the index, the tail behind it, erasure, rebuilding, and fsck; on a real Postgres, with a log that is written at once. */
import { randomBytes, randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { reindex } from "../../src/cli/ledger-reindex.ts"
import { sha256 } from "../../src/crypto.ts"
import { encodeCanonicalJson } from "../../src/formats/canonical-json.ts"
import { hashLeaf } from "../../src/formats/merkle.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import { TreeTail } from "../../src/formats/tiles.ts"
import type { Asked } from "../../src/ledger/facets.ts"
import { type DecisionQuery, findDecisions } from "../../src/ledger/find-decisions.ts"
import { commitPayload } from "../../src/ledger/record.ts"
import type { Head } from "../../src/ledger/store.ts"
import { connectWriter, openPool } from "../../src/store/connect.ts"
import { createDecisionStore } from "../../src/store/decision-store.ts"
import { deriveFacets, deriveLookups } from "../../src/store/indexer.ts"
import { createLedgerWriter } from "../../src/store/ledger-writer.ts"
import { createReader } from "../../src/store/reader.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

const START_MS = Date.parse("2026-11-30T08:00:00.000Z")
const SIZE = 1_500
const ANY: DecisionQuery = { subject: null, action: "", resource: null, runtimeId: "", sinceMs: null, untilMs: null }
/** Ids that JSON writes with escapes, or that look like one. */
const HARD = ['quote " and \\', "\\u0000", "umlaut ä \u{1f600}", "a/b?c=d"]

let database: TestDatabase
let pool: ReturnType<typeof openPool>
const asked: Asked[] = []
const find = (query: Partial<DecisionQuery>, pageSize = 500, token = "") =>
  findDecisions(createDecisionStore(pool, createReader(pool)), sha256, { ...ANY, ...query }, pageSize, token)
const indexesOf = async (query: Partial<DecisionQuery>) => {
  const indexes: number[] = []
  for (let token = ""; ; ) {
    const page = await find(query, 500, token)
    indexes.push(...page.records.map(({ index }) => index))
    token = page.nextPageToken
    if (token === "") return indexes
  }
}
const expected = (matches: (one: Asked, index: number) => boolean) =>
  asked.flatMap((one, index) => (matches(one, index) ? [index] : [])).reverse()
const findings = async () => (await checkDatabase(database.connection, undefined, false)).findings
const derive = async () => {
  while ((await deriveFacets(pool, 2)) > 0);
}

function toAsked(index: number): Asked {
  return {
    subject: { type: "agent", id: HARD[index % 7] ?? `agent:${index % 7}` },
    action: index % 2 === 0 ? "http.get" : "http.post",
    resource: { type: "url", id: `https://example.com/${index}` },
    runtimeId: index % 3 === 0 ? `worker-${index % 9}` : "",
  }
}

function toRecord(index: number) {
  const { subject, action, resource, runtimeId } = toAsked(index)
  // What Postgres takes for no text stands beside what is looked up.
  const properties = { nul: "\u0000", slashes: "\\\u0000\\\\u0000" }
  const request = {
    action: { name: action, properties },
    resource: { ...resource, properties },
    ...(runtimeId && { runtime_id: runtimeId }),
    subject: { ...subject, properties },
  }
  const payload = Buffer.concat([
    randomBytes(32),
    Buffer.from(encodeCanonicalJson({ request } as unknown as JsonObject)),
  ])
  const body = Buffer.from(
    encodeCanonicalJson({
      actor: { id: "key:test", proof: "api-key" },
      data: { decision: "DENY", bundle_digest: "" },
      engine: "writ/test",
      execution_id: randomUUID(),
      kind: "decision",
      payload: Buffer.from(commitPayload(sha256, payload)).toString("hex"),
      time: new Date(START_MS + index * 1_000).toISOString(),
      v: 1,
    }),
  )
  return { record: { leafHash: hashLeaf(sha256, body), body, payload }, request: null }
}

beforeAll(async () => {
  database = await createDatabase()
  pool = openPool(database.connection)
  const writer = createLedgerWriter({ connect: () => connectWriter(database.connection), appendTimeoutMs: 30_000 })
  const tree = TreeTail.empty(sha256)
  let head = (await writer.open("test/log", "key", tree.root())) as Head
  await database.query("SELECT writ_ensure_partition($1::smallint, 0)", [head.logId])
  for (let start = 0; start < SIZE; start += 500) {
    const records = Array.from({ length: 500 }, (_, i) => toRecord(start + i))
    for (let i = 0; i < 500; i++) asked.push(toAsked(start + i))
    const { fullTiles: tiles } = tree.append(records.map(({ record }) => record.leafHash))
    const root = tree.root()
    const batch = { before: head, root, records, tiles, epoch: 0n, requestsExpireMs: Date.now() }
    expect(await writer.append(batch)).toEqual({ kind: "written" })
    head = { ...head, size: head.size + 500, root }
  }
  await writer.close()
  expect(await deriveLookups(pool, head.logId, head.size)).toBe(0)
})
afterAll(async () => {
  await pool?.end()
  await database?.drop()
})

const QUERIES: readonly (readonly [string, Partial<DecisionQuery>, (one: Asked, index: number) => boolean])[] = [
  ...HARD.map(
    (id, i) => [`the subject ${id}`, { subject: { type: "agent", id } }, (_: Asked, n: number) => n % 7 === i] as const,
  ),
  ["an action", { action: "http.get" }, ({ action }) => action === "http.get"],
  ["a resource", { resource: { type: "url", id: "https://example.com/1234" } }, (_, n) => n === 1_234],
  ["a runtime", { runtimeId: "worker-3" }, ({ runtimeId }) => runtimeId === "worker-3"],
  [
    "all of them",
    { subject: { type: "agent", id: "agent:5" }, action: "http.post", runtimeId: "worker-0" },
    (one, n) => n % 7 === 5 && one.action === "http.post" && one.runtimeId === "worker-0",
  ],
  ["a part of a value, which is no value", { action: "http" }, () => false],
  ["a value of another facet", { runtimeId: "http.get" }, () => false],
  ["the same id of another type", { subject: { type: "user", id: "agent:5" } }, () => false],
  ["any", {}, () => true],
]
const SPAN = { sinceMs: START_MS + 300_000, untilMs: START_MS + 1_400_500 }
const isIn = (index: number) => index >= 300 && index <= 1_400

describe("findDecisions", () => {
  test.each([
    ["nothing is in the index", 0],
    ["a part is", 3],
    ["all full blocks are", 5],
  ])("finds what there is, the newest first, when %s", async (_, blocks) => {
    await database.query("UPDATE lookup_mark SET facets = 0")
    if (blocks > 0) await deriveFacets(pool, blocks)
    for (const [name, query, matches] of QUERIES) expect(await indexesOf(query), name).toEqual(expected(matches))
    expect(await indexesOf({ action: "http.get", ...SPAN })).toEqual(
      expected(({ action }, index) => action === "http.get" && isIn(index)),
    )
    expect(await indexesOf(SPAN)).toEqual(expected((__, index) => isIn(index)))
  })

  test("pages are stable while the index is derived", async () => {
    await database.query("UPDATE lookup_mark SET facets = 0")
    const query = { action: "http.get" }
    const indexes: number[] = []
    for (let token = ""; ; ) {
      const page = await find(query, 100, token)
      indexes.push(...page.records.map(({ index }) => index))
      token = page.nextPageToken
      if (token === "") break
      await deriveFacets(pool, 1)
    }
    expect(indexes).toEqual(expected(({ action }) => action === "http.get"))
    const { nextPageToken } = await find(query, 100)
    await expect(find({ action: "http.post" }, 100, nextPageToken)).rejects.toMatchObject({ code: "INVALID_REQUEST" })
  })

  test("rows hold nothing of what was asked for", async () => {
    await derive()
    const { rows } = await database.query("SELECT string_agg(f::text, ' ') AS text FROM facet f")
    expect(rows[0].text).not.toMatch(/agent|http|worker|example/)
  })
})

describe("an erasure", () => {
  const query = { resource: { type: "url", id: "https://example.com/700" } }
  test("takes the record's facets with it, also from one who derives them meanwhile", async () => {
    await derive()
    expect(await indexesOf(query)).toEqual([700])
    await database.query("BEGIN")
    await database.query("SELECT FROM lookup_mark FOR UPDATE") // as who derives facets does
    const erased = pool.query("UPDATE entry SET payload = NULL WHERE idx = 700 OR idx = 1499") // in the index, and behind it
    const waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE entry%'"
    await expect.poll(async () => (await pool.query(waits)).rowCount, { timeout: 20_000 }).toBe(1)
    await database.query("UPDATE lookup_mark SET facets = 0")
    await database.query("DELETE FROM facet")
    await database.query("SELECT writ_derive_facets(10)")
    await database.query("COMMIT")
    await erased
    expect(await indexesOf(query)).toEqual([])
    expect(await indexesOf({ resource: { type: "url", id: "https://example.com/1499" } })).toEqual([])
    const bit = "SELECT count(*)::integer AS n FROM facet WHERE block = 2 AND get_bit(hits, 700 - 512) = 1"
    expect((await database.query(bit)).rows[0].n).toBe(0)
    expect(await indexesOf({ sinceMs: START_MS + 700_000, untilMs: START_MS + 701_000 })).toEqual([700])
    // By what is left of it, the others are found as before.
    expect(await indexesOf({ action: "http.get" })).toEqual(
      expected(({ action }, n) => action === "http.get" && n !== 700),
    )
  })
})

describe("a damaged payload", () => {
  const named = async (query: Partial<DecisionQuery>) => {
    const { records, unreadable } = await find(query)
    return [records.map(({ index }) => index), unreadable.map(({ index }) => index)]
  }
  const BROKEN = [
    "'\\x00'::bytea",
    "payload || ' '::bytea || '\\xff'::bytea",
    "substring(payload FOR 32) || '7'::bytea",
  ]

  test.each(BROKEN)("%s: what is derived goes past it, and every answer names it", async (broken) => {
    const query = { resource: { type: "url", id: "https://example.com/900" } }
    const { rows } = await database.query("SELECT idx, payload FROM entry WHERE idx IN (910, 1498)")
    await database.tamper(`UPDATE entry SET payload = ${broken} WHERE idx IN (910, 1498)`) // in the index, and behind it
    await database.query("SELECT writ_reindex()")
    expect(await named(query)).toEqual([[900], [1_498, 910]]) // before it is derived
    const warned: string[] = []
    const client = await pool.connect()
    client.on("notice", ({ message }) => warned.push(String(message)))
    await client.query("SELECT writ_derive_facets(100)")
    client.release(true)
    await derive()
    expect(warned).toEqual([expect.stringMatching(/^The payload of record 910 of log 1 cannot be read/)])
    expect(await named(query)).toEqual([[900], [1_498, 910]])
    expect(await indexesOf({ resource: { type: "url", id: "https://example.com/910" } })).toEqual([])
    expect(await named({ sinceMs: START_MS + 910_000, untilMs: START_MS + 911_000 })).toEqual([[910], []])
    const found = (await findings()).filter(({ index }) => index === 910)
    expect(found.map(({ table }) => table)).toEqual(["entry"])
    for (const { idx, payload } of rows)
      await database.tamper("UPDATE entry SET payload = $2 WHERE idx = $1", [idx, payload])
    await database.query("SELECT writ_reindex()")
    await derive()
    expect(await named(query)).toEqual([[900], []])
  })
})

describe("fsck and reindex", () => {
  const log = "test/log"
  /** The records are no daemon's: of other tables they say nothing. */
  const blame = async () => (await findings()).filter(({ table }) => /^(facet|lookup)/.test(table))
  const OF_260 = "block = 1 AND get_bit(hits, 4) = 1 AND bit_count(hits) = 1"
  const OF_300 = "block = 1 AND get_bit(hits, 44) = 1 AND bit_count(hits) = 1"
  const OF_400 = "block = 1 AND get_bit(hits, 144) = 1 AND bit_count(hits) = 1"
  const WRONGS: readonly (readonly [sql: string, table: string, index: number, text: RegExp])[] = [
    [`DELETE FROM facet WHERE ${OF_260}`, "facet", 260, /not found by its resource/],
    [`UPDATE facet SET key = gen_random_uuid() WHERE ${OF_300}`, "facet", 300, /something else than its resource/],
    [`UPDATE facet SET hits = set_bit(hits, 145, 1) WHERE ${OF_400}`, "facet", 401, /facet that it has not/],
    ["INSERT INTO facet SELECT key, 1, 7, hits FROM facet LIMIT 1", "facet", 1_792, /no block/],
    ["INSERT INTO lookup VALUES (gen_random_uuid(), 1, 99)", "lookup", 99, /not of that execution/],
    ["DELETE FROM lookup WHERE idx = 1000", "lookup", 1_000, /missing/],
    ["UPDATE lookup SET key = gen_random_uuid() WHERE idx = 1499", "lookup", 1_499, /names another execution/],
    ["INSERT INTO lookup VALUES (gen_random_uuid(), 1, 5000)", "lookup", 5_000, /does not exist/],
  ]

  test("what is missing, what is too much and what is wrong: each blamed with its index, and mended", async () => {
    await derive()
    for (const [sql] of WRONGS) expect((await database.tamper(sql)).rowCount, sql).toBe(1)
    expect(await blame()).toEqual(
      expect.arrayContaining(
        WRONGS.map(([, table, index, text]) => ({ table, log, index, text: expect.stringMatching(text) })),
      ),
    )
    expect(await blame()).toHaveLength(WRONGS.length)
    expect(await reindex(database.connection, true)).toBe(SIZE)
    expect(await blame()).toEqual([])
  })

  test("stopped in between it goes on where it was, and queries are complete all the time", async () => {
    await derive()
    await database.tamper("DELETE FROM facet")
    await database.tamper("DELETE FROM lookup")
    await database.query("SELECT writ_reindex()")
    const wanted = expected(({ runtimeId }) => runtimeId === "worker-3")
    for (let left = 1; left > 0; ) {
      expect(await indexesOf({ runtimeId: "worker-3" })).toEqual(wanted)
      left = await deriveFacets(pool, 1)
      if (left === 512) break // killed here
    }
    expect(await reindex(database.connection, false)).toBe(SIZE - 3 * 256)
    expect(await indexesOf({ runtimeId: "worker-3" })).toEqual(wanted)
    expect(await blame()).toEqual([])
  })
})
