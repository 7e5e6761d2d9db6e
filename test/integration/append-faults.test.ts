/**
 * The append's one write to Postgres, broken at every step, in both forms: failed and not persisted, failed but persisted.
 * A proxy stands between the daemon's writer and a real Postgres. After each fault the same request is decided once, and
 * fsck is content.
 */
import { createServer, connect as dial, type Server, type Socket } from "node:net"
import { join } from "node:path"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

/** Of the next request of the writer, or of its answer, only so much arrives: then the connection breaks. */
interface Break {
  readonly of: "request" | "answer"
  readonly upTo: (length: number) => number
}
/** `Sync` of the extended protocol: the request is whole. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4])

const folder = makeFolder()
let database: TestDatabase
let proxy: Server
let writ: TestDaemon
let armed: Break | null = null

beforeAll(async () => {
  database = await createDatabase()
  const { host, port } = database.connection
  const name = `.s.PGSQL.${port}`
  proxy = createServer((client) => pass(client, dial(join(host, name)))).listen(join(folder.path, name))
  await new Promise((resolve) => proxy.once("listening", resolve))
  const url = new URL(database.url.replace("@/", "@x/"))
  url.searchParams.set("host", folder.path)
  writ = await startTestDaemon(url.href.replace("@x/", "@/"))
}, 60_000)
afterAll(async () => {
  await writ?.stop()
  proxy?.close()
  await database?.drop()
  folder.remove()
})

function pass(client: Socket, upstream: Socket): void {
  let isWriter: boolean | null = null
  let awaited: Break | null = null
  const end = () => {
    client.destroy()
    upstream.destroy()
  }
  for (const socket of [client, upstream]) socket.on("error", () => {}).on("close", end)
  /** Written and gone: what was let through has left before the connection breaks. */
  const breakOff = (socket: Socket, bytes: Buffer, { upTo }: Break) =>
    socket.write(bytes.subarray(0, upTo(bytes.length)), end)
  client.on("data", (bytes) => {
    isWriter ??= bytes.includes("writ-writer") // of the startup message
    if (!isWriter || !armed || bytes.includes("application_name")) return void upstream.write(bytes)
    expect(bytes.subarray(-SYNC.length).equals(SYNC)).toBe(true)
    const fault = armed
    armed = null
    if (fault.of === "request") breakOff(upstream, bytes, fault)
    else {
      awaited = fault
      upstream.write(bytes)
    }
  })
  upstream.on("data", (bytes) => {
    if (awaited)
      breakOff(client, bytes, awaited) // it comes after the commit
    else client.write(bytes)
  })
}

const entries = async () => Number((await database.query("SELECT count(*) AS count FROM entry")).rows[0].count)

interface Fault {
  /** Before the request. */
  prepare(): unknown
  /** While it waits. */
  strike?(): Promise<unknown>
}
/** A request whose append fails; and then again, until it is answered. */
async function decideThrough({ prepare, strike }: Fault, isPersisted: boolean): Promise<void> {
  const pep = writ.client("pep")
  await authorize(pep)
  const before = await entries()
  const request = readPage()
  await prepare()
  const failed = authorize(pep, request).then(
    () => "OK",
    (error: { code: string }) => error.code,
  )
  await strike?.()
  expect(await failed).toBe("LEDGER_UNAVAILABLE")
  expect(await entries()).toBe(before + (isPersisted ? 1 : 0))
  const again = () =>
    authorize(pep, request).then(
      ({ decision }) => decision,
      (error: { code: string }) => error.code,
    )
  await expect.poll(again, { timeout: 20_000 }).toBe("DECISION_ALLOW")
  expect(await entries()).toBe(before + 1) // the same record, or the first
  expect((await authorize(pep)).decision).toBe("DECISION_ALLOW")
  expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
}

describe("an append that failed and is not persisted", () => {
  test.each<[string, Break["upTo"]]>([
    ["nothing of the request arrives", () => 0],
    ["its first byte arrives", () => 1],
    ["half of it arrives", (length) => length >> 1],
    ["all of it but the word that commits it", (length) => length - SYNC.length],
    ["all of it but its last byte", (length) => length - 1],
  ])("%s", async (_, upTo) => {
    await decideThrough({ prepare: () => (armed = { of: "request", upTo }) }, false)
  })

  test("Postgres ends the session in the middle of the statement", async () => {
    const blocker = new pg.Client(database.connection)
    await blocker.connect()
    const strike = async () => {
      const waiting = "application_name = 'writ-writer' AND wait_event_type = 'Lock'"
      const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${waiting} AND datname = current_database()`
      await expect.poll(async () => (await database.query(kill)).rowCount, { timeout: 10_000 }).toBe(1)
      await blocker.query("COMMIT")
    }
    const prepare = () => blocker.query("BEGIN; LOCK TABLE control")
    await decideThrough({ prepare, strike }, false).finally(() => blocker.end())
  })
})

describe("an append that failed but is persisted", () => {
  test.each<[string, Break["upTo"]]>([
    ["nothing of the answer arrives", () => 0],
    ["its first byte arrives", () => 1],
    ["half of it arrives", (length) => length >> 1],
    ["all of it but its last byte", (length) => length - 1],
  ])("%s", async (_, upTo) => {
    await decideThrough({ prepare: () => (armed = { of: "answer", upTo }) }, true)
  })
})

describe("a disk that is full", () => {
  test("is no ledger to decide on: not ready from the refusal on, with the reason, and ready again with the room", async () => {
    const readiness = async () => {
      const answer = await fetch(`http://${writ.daemon.addresses.http}/readyz`)
      return [answer.status, ((await answer.json()) as { reasons: string[] }).reasons]
    }
    const ask = () =>
      authorize(writ.client("pep")).then(
        ({ decision }) => decision,
        (error: { code: string }) => error.code,
      )
    await expect.poll(readiness, { timeout: 20_000 }).toEqual([200, []])
    // As Postgres refuses when a table cannot be extended, for the ledger and for whoever tries whether there is room.
    await database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON entry FOR EACH STATEMENT EXECUTE FUNCTION refuse();
      CREATE SEQUENCE tried;
      CREATE FUNCTION refuse_table() RETURNS event_trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM nextval('tried'); RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
      CREATE EVENT TRIGGER refuse_table ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION refuse_table()`)
    expect(await ask()).toBe("LEDGER_UNAVAILABLE")
    const full = [503, ["the database's disk is full"]]
    await expect.poll(readiness, { timeout: 20_000 }).toEqual(full)
    const tried = async () => (await database.query("SELECT last_value > 1 AS again FROM tried")).rows[0].again
    await expect.poll(tried, { timeout: 20_000 }).toBe(true) // whether there is room
    expect(await readiness()).toEqual(full)
    await database.query("DROP TRIGGER refuse ON entry")
    await database.query("DROP EVENT TRIGGER refuse_table")
    await expect.poll(readiness, { timeout: 20_000 }).toEqual([200, []])
    expect(await ask()).toBe("DECISION_ALLOW")
  })
})
