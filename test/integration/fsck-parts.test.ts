/** fsck of a log of several parts, in threads: it finds what it finds alone, and a thread or connection that is lost is no clean log. */
import { Worker } from "node:worker_threads"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { growLog, ID_IN_TEMPLATE } from "../../bench/large-log.ts"
import { nativeCrypto, sha256 } from "../../src/crypto.ts"
import { TreeTail } from "../../src/formats/tiles.ts"
import { commitPayload } from "../../src/ledger/record.ts"
import { copyOut } from "../../src/store/copy-out.ts"
import { fsck } from "../../src/store/fsck/fsck.ts"
import type { Part, PartResult } from "../../src/store/fsck/part.ts"
import { withPartThreads } from "../../src/store/fsck/part-threads.ts"
import { withSnapshot } from "../../src/store/fsck/snapshot.ts"
import { type Finding, PART_RECORDS } from "../../src/store/fsck/types.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

const SIZE = 2 * PART_RECORDS + 300
const payload = Buffer.from(`${"s".repeat(32)}{}`)
const template = JSON.stringify({
  actor: { id: "key:pep", proof: "api-key" },
  data: { decision: "ALLOW" },
  engine: "writ/0.1.0",
  epoch: "0",
  execution_id: ID_IN_TEMPLATE,
  kind: "decision",
  payload: Buffer.from(commitPayload(sha256, payload)).toString("hex"),
  state: "AUTHORIZED",
  time: "2026-11-30T21:08:51.076Z",
  v: 1,
})
let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  database = await createDatabase()
  client = new pg.Client(database.connection)
  client.on("error", () => {})
  await client.connect()
  const empty = TreeTail.empty(sha256)
  await client.query("INSERT INTO log (log_id, origin, verifier_key) VALUES (1, 'writ.test/long', 'key')")
  await client.query("INSERT INTO log_head (log_id, size, root, fence) VALUES (1, 0, $1, 1)", [empty.root()])
  await client.query("INSERT INTO lookup_mark (log_id, size) VALUES (1, 0)")
  await growLog(client, empty, { logId: 1, to: SIZE, template, payload })
}, 60_000)
afterAll(async () => {
  await client?.end()
  await database?.drop()
})

async function findings(inThreads: boolean): Promise<readonly Finding[]> {
  return await withSnapshot(database.connection, async (store) => {
    const [{ id } = { id: "" }] = await store.query<{ id: string }>("SELECT pg_export_snapshot() AS id")
    const run = async (check?: (part: Part) => Promise<PartResult>) =>
      (await fsck(store, undefined, nativeCrypto, new Map(), undefined, check)).findings
    return inThreads ? await withPartThreads(database.connection, id, 2, run) : await run()
  })
}

describe("fsck in threads", () => {
  test("is clean", async () => {
    expect(await findings(false)).toEqual([])
    expect(await findings(true)).toEqual([])
  })

  const second = PART_RECORDS + 5
  const back = template.replaceAll(ID_IN_TEMPLATE, "00000000-0000-4000-8000-000000000001").replace("2026", "2025")
  test.each([
    ["a record that is gone", [`DELETE FROM entry WHERE idx = ${second}`], [`entry ${second} the record is missing`]],
    [
      "all else",
      [
        `UPDATE entry SET body = convert_to('${back}', 'UTF8') WHERE idx = ${PART_RECORDS}`,
        `UPDATE entry SET body = set_byte(body, 0, 65) WHERE idx = ${second}`,
        `UPDATE entry SET payload = set_byte(payload, 33, 65) WHERE idx = ${second + 1}`,
        `UPDATE entry SET payload = NULL WHERE idx = ${SIZE - 1}`,
        `INSERT INTO lookup SELECT gen_random_uuid(), 1, ${second}`,
        "UPDATE tile SET hashes = set_byte(hashes, 0, 1) WHERE last_leaf = 255",
        "DELETE FROM tile WHERE last_leaf = 1023",
        "UPDATE log_head SET root = sha256('')",
      ],
      [
        `entry ${PART_RECORDS} time runs backwards`,
        `entry ${second} the body is not a record`,
        `entry ${second + 1} the payload is not the one that the record commits to`,
        `entry ${SIZE - 1} the payload is missing, and no record says that it was erased`,
        `lookup ${second} a row names a record that is not of that execution`,
        "tile 0 tile 0 of level 0 is not what the records give",
        "tile 1023 tile 3 of level 0 is missing",
        "log_head undefined the stored root is not that of the records",
      ],
    ],
  ])("finds what it finds alone: %s", async (_, changes, expected) => {
    await client.query("SET session_replication_role = replica")
    await client.query("CREATE TABLE kept AS SELECT * FROM entry; CREATE TABLE kept_tile AS SELECT * FROM tile")
    const root = (await client.query("SELECT root FROM log_head")).rows[0].root
    try {
      for (const sql of changes) expect((await client.query(sql)).rowCount, sql).toBe(1)
      const found = await findings(true)
      expect(found).toEqual(await findings(false))
      expect(found.map(({ table, index, text }) => `${table} ${index} ${text}`)).toEqual(
        expect.arrayContaining(expected),
      )
    } finally {
      await client.query(
        "DELETE FROM entry; INSERT INTO entry SELECT * FROM kept; DELETE FROM tile; DELETE FROM lookup",
      )
      await client.query("INSERT INTO tile SELECT * FROM kept_tile; DROP TABLE kept, kept_tile")
      await client.query("UPDATE log_head SET root = $1", [root])
    }
  })

  test("requests beyond the first page are looked at", async () => {
    const request = (key: string, more: string) =>
      `SELECT ${key}, sha256(''), 1, ${SIZE - 1}, timestamptz '2026-11-30T21:18:51.076Z' + interval '${more}'`
    await client.query("SET session_replication_role = replica")
    await client.query("UPDATE entry SET payload = NULL WHERE idx = $1", [SIZE - 1])
    await client.query(
      `INSERT INTO request ${request("lpad(i::text, 32, '0')::uuid", "0 s")} FROM generate_series(1, 1000) AS i
       UNION ALL ${request("repeat('f', 32)::uuid", "1 day")}`,
    )
    try {
      expect((await findings(false)).filter(({ table }) => table === "request")).toEqual([
        { table: "request", index: SIZE - 1, text: expect.stringContaining("ffffffff-ffff") },
      ])
    } finally {
      await client.query("DELETE FROM request")
      await client.query("UPDATE entry SET payload = $1 WHERE idx = $2", [payload, SIZE - 1])
    }
  })

  const PART: Part = {
    log: { log_id: 1, origin: "writ.test/long" },
    start: 0,
    end: 256,
    sizes: [],
    marks: { lookups: 0, facets: 0 },
  }
  test.each([
    ["ends", "process.exit(0)", "ended with code 0"],
    ["throws", "throw new Error('out of luck')", "out of luck"],
  ])("a thread that %s: a failure, for what runs, waits and is asked later", async (_, code, text) => {
    const start = () =>
      new Worker(`require("node:worker_threads").parentPort.on("message", () => { ${code} })`, { eval: true })
    await withPartThreads(
      database.connection,
      "none",
      1,
      async (check) => {
        const all = await Promise.allSettled([check(PART), check(PART)])
        for (const one of [...all, ...(await Promise.allSettled([check(PART)]))])
          expect(one).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining(text) } })
      },
      start,
    )
  })

  test("a thread that cannot read, since the snapshot is gone or the database is: a failure", async () => {
    const lost = withPartThreads(database.connection, "00000003-0000001B-1", 2, (check) => check(PART))
    await expect(lost).rejects.toThrow("snapshot")
    const nowhere = { ...database.connection, port: 1 }
    await expect(withPartThreads(nowhere, "none", 1, (check) => check(PART))).rejects.toThrow()
  })
})

describe("copyOut", () => {
  test("what the reader throws rejects, and the connection is good for the next", async () => {
    const fails = copyOut(client, "SELECT generate_series(1, 1000)", 1, () => {
      throw new Error("not this one")
    })
    await expect(fails).rejects.toThrow("not this one")
    await expect(copyOut(client, "SELECT nothing", 1, () => {})).rejects.toMatchObject({ code: "42703" })
    let count = 0
    await copyOut(client, "SELECT generate_series(1, 1000)", 1, () => count++)
    expect(count).toBe(1000)
  })

  test("a connection that dies in the middle is a failure", async () => {
    const other = new pg.Client(database.connection)
    other.on("error", () => {})
    await other.connect()
    const pid = (await other.query("SELECT pg_backend_pid() AS pid")).rows[0].pid
    let isKilled: Promise<unknown> | undefined
    const endless = copyOut(other, "SELECT repeat('x', 10000) FROM generate_series(1, 10000000)", 1, () => {
      isKilled ??= client.query("SELECT pg_terminate_backend($1)", [pid])
    })
    await expect(endless).rejects.toThrow()
    await isKilled
  })
})
