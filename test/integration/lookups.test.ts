import { randomBytes, randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import { emptyRoot } from "../../src/formats/merkle.ts"
import type { Head } from "../../src/ledger/store.ts"
import { connectWriter, openPool } from "../../src/store/connect.ts"
import { deriveLookups, forgetRequests } from "../../src/store/indexer.ts"
import { createLedgerWriter } from "../../src/store/ledger-writer.ts"
import { createReader } from "../../src/store/reader.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

const BATCH = 500
const INDEXED = 4_000
const TAIL = 500

let database: TestDatabase
const ids: string[] = []

/** A log of decisions, all but the last of them in the index. */
beforeAll(async () => {
  database = await createDatabase()
  const writer = createLedgerWriter({ connect: () => connectWriter(database.connection), appendTimeoutMs: 10_000 })
  let head = (await writer.open("test/log", "key", emptyRoot(sha256))) as Head
  await database.query("SELECT writ_ensure_partition($1::smallint, 0)", [head.logId])
  const pool = openPool(database.connection)
  while (head.size < INDEXED + TAIL) {
    const records = Array.from({ length: BATCH }, () => {
      const id = randomUUID()
      ids.push(id)
      const body = Buffer.from(`{"execution_id":"${id}","kind":"decision","state":"AUTHORIZED","v":"1"}`)
      return { record: { leafHash: randomBytes(32), body, payload: null }, request: null }
    })
    const root = randomBytes(32)
    const batch = { before: head, root, records, tiles: [], epoch: 0n, requestsExpireMs: Date.now() }
    expect(await writer.append(batch)).toEqual({ kind: "written" })
    head = { ...head, size: head.size + BATCH, root }
    if (head.size === INDEXED) expect(await deriveLookups(pool, head.logId, head.size)).toBe(0)
  }
  await pool.end()
  await writer.close()
})
afterAll(async () => {
  await database?.drop()
})

describe("createReader", () => {
  test("an execution is found in the index, in the tail behind it, and nowhere, without reading the log", async () => {
    const pool = openPool(database.connection)
    const reader = createReader(pool)
    for (const index of [0, 1_234, INDEXED - 1, INDEXED, INDEXED + TAIL - 1]) {
      const id = ids[index] as string
      expect((await reader.recordsOf(id)).map((record) => record.index)).toEqual([index])
      expect(await reader.findExecution(id)).toMatchObject({ state: "AUTHORIZED", last: { index } })
    }
    expect(await reader.recordsOf(randomUUID())).toEqual([])
    await pool.end() // its backends hand in their counters
    const counters =
      "SELECT seq_tup_read::integer AS read, idx_tup_fetch::integer AS fetched FROM pg_stat_user_tables WHERE relname LIKE 'entry\\_%\\_0'"
    await expect
      .poll(async () => (await database.query(counters)).rows[0].fetched, { timeout: 10_000 })
      .toBeGreaterThan(10 * TAIL)
    expect((await database.query(counters)).rows[0].read).toBeLessThan(INDEXED)
  })
})

describe("forgetRequests", () => {
  test("forgets every request id whose life is over, however many, and no other", async () => {
    await database.query(`
      INSERT INTO request (key, snapshot_digest, log_id, idx, expires_at)
      SELECT gen_random_uuid(), sha256(''), 1, n, now() + CASE WHEN n <= 12000 THEN interval '-1 ms' ELSE interval '1 min' END
        FROM generate_series(1, 12010) AS n`)
    const pool = openPool(database.connection)
    await forgetRequests(pool)
    await pool.end()
    expect(
      (await database.query("SELECT min(idx)::integer AS first, count(*)::integer AS left FROM request")).rows,
    ).toEqual([{ first: 12_001, left: 10 }])
  })
})
