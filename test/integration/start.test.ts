/** What a daemon leaves behind when it is refused, and when it stops; and what a reload of the policy changes. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect as connectTcp, createServer } from "node:net"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { authorize, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

const databases: TestDatabase[] = []
const folder = makeFolder()
let counter = 0
const newData = () => join(folder.path, `data-${counter++}`)

async function newDatabase(): Promise<TestDatabase> {
  const database = await createDatabase()
  databases.push(database)
  return database
}
afterAll(async () => {
  for (const database of databases) await database.drop()
  folder.remove()
})

/** Connections would keep the process alive; a lock would be in the next daemon's way. */
async function expectNothingLeft(database: TestDatabase, data: string): Promise<void> {
  const open = "SELECT application_name FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'writ%'"
  const connections = async () => (await database.query(open, [database.connection.database])).rows
  await expect.poll(connections, { timeout: 10_000 }).toEqual([])
  expect(existsSync(join(data, "daemon.lock"))).toBe(false)
  expect(existsSync(join(data, "daemon.json"))).toBe(false)
}

const canConnect = (address: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connectTcp(Number(address.split(":").at(-1)), "127.0.0.1")
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    socket.once("connect", () => socket.destroy())
  })

describe("startDaemon", () => {
  test("a log that was altered is refused, and so is a database older than what was signed", async () => {
    const [database, empty, data] = [await newDatabase(), await newDatabase(), newData()]
    const first = await startTestDaemon(database.url, {}, data)
    await authorize(first.client("pep"))
    await first.client("auditor").call("lineage", "GetCheckpoint", {})
    await first.stop()
    await expect(startTestDaemon(empty.url, {}, data)).rejects.toMatchObject({
      code: "LEDGER_FROZEN",
      message: expect.stringMatching(/holds 0 records, but a checkpoint of \d+ was signed/),
    })
    await expectNothingLeft(empty, data)
    await database.query("UPDATE log_head SET root = set_byte(root, 0, get_byte(root, 0) # 1)")
    await expect(startTestDaemon(database.url, {}, data)).rejects.toMatchObject({ code: "LEDGER_FROZEN" })
    await expectNothingLeft(database, data)
    await database.query("UPDATE log_head SET root = set_byte(root, 0, get_byte(root, 0) # 1)")
    const again = await startTestDaemon(database.url, {}, data)
    expect((await authorize(again.client("pep"))).decision).toBe("DECISION_ALLOW")
    await again.stop()
  })

  test("a door that cannot open closes those that were open", async () => {
    const [database, data] = [await newDatabase(), newData()]
    const taken = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => taken.once("listening", resolve))
    const { port } = taken.address() as { port: number }
    await expect(startTestDaemon(database.url, { "http-port": String(port) }, data)).rejects.toMatchObject({
      code: "ADDRESS_IN_USE",
    })
    taken.close()
    await expectNothingLeft(database, data)
  })

  test("a policy that is not valid stops the start before the database is touched", async () => {
    const [database, data] = [await newDatabase(), newData()]
    const policy = join(folder.path, "broken.yaml")
    writeFileSync(policy, "")
    await expect(startTestDaemon(database.url, { policy }, data)).rejects.toMatchObject({ code: "POLICY_INVALID" })
    await expectNothingLeft(database, data)
    expect((await database.query("SELECT FROM log")).rowCount).toBe(0)
  })

  test("stop closes the doors and leaves nothing; a second stop is the same", async () => {
    const [database, data] = [await newDatabase(), newData()]
    const writ = await startTestDaemon(database.url, {}, data)
    const { grpc, http } = writ.daemon.addresses
    expect([await canConnect(grpc), await canConnect(http)]).toEqual([true, true])
    await writ.stop()
    await writ.daemon.stop()
    expect([await canConnect(grpc), await canConnect(http)]).toEqual([false, false])
    await expectNothingLeft(database, data)
  })
})

describe("reloadPolicy", () => {
  let writ: TestDaemon
  let file: string
  let text: string
  const digest = async () =>
    (await writ.client("pep").call<{ bundle_digest: Buffer }>("admin", "GetServerInfo", {})).bundle_digest.toString(
      "hex",
    )

  beforeAll(async () => {
    const data = newData()
    writ = await startTestDaemon((await newDatabase()).url, {}, data)
    file = join(data, "policy", "policy.yaml")
    text = readFileSync(file, "utf8")
  })
  afterEach(() => writeFileSync(file, text))
  afterAll(() => writ.stop())

  test("a broken bundle, or none, leaves the last good one active", async () => {
    const before = await digest()
    writeFileSync(file, text.replace("effect: allow", "effect: alow"))
    await writ.daemon.reloadPolicy()
    rmSync(file)
    await writ.daemon.reloadPolicy()
    expect(await digest()).toBe(before)
    expect((await authorize(writ.client("pep"))).decision).toBe("DECISION_ALLOW")
  })

  test("a changed bundle decides from the moment that its record is written, and the old one again after it", async () => {
    const before = await digest()
    writeFileSync(file, text.replaceAll("effect: allow", "effect: deny"))
    await writ.daemon.reloadPolicy()
    expect(await digest()).not.toBe(before)
    expect((await authorize(writ.client("pep"))).decision).toBe("DECISION_DENY")
    writeFileSync(file, text)
    await writ.daemon.reloadPolicy()
    expect(await digest()).toBe(before)
    expect((await authorize(writ.client("pep"))).decision).toBe("DECISION_ALLOW")
  })

  test("a file that is saved is loaded without being asked", async () => {
    const before = await digest()
    writeFileSync(file, text.replaceAll("effect: allow", "effect: deny"))
    await expect.poll(digest, { timeout: 10_000 }).not.toBe(before)
    writeFileSync(file, text)
    await expect.poll(digest, { timeout: 10_000 }).toBe(before)
  })
})
