/** The daemon as a role that owns nothing: it works, and the log cannot be changed by that role, nor by an owner who forgets himself. */
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { diagnose } from "../../src/cli/doctor/findings.ts"
import { loadConfig } from "../../src/config.ts"
import { parseDatabaseUrl } from "../../src/store/connect.ts"
import { prepareDatabase } from "../../src/store/migrate.ts"
import { grantToDaemon } from "../../src/store/privileges.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

const MIGRATIONS = new URL("../../migrations", import.meta.url).pathname
const OWNER = `writ_owner_${process.pid}`
const DAEMON = `writ_daemon_${process.pid}`

let database: TestDatabase
let writ: TestDaemon
const urlAs = (role: string) => {
  const url = new URL(database.url.replace("@/", "@unused/"))
  url.username = role
  url.password = role
  return url.toString().replace("@unused/", "@/")
}
async function as<T>(role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(urlAs(role))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
const refusalOf = async (role: string, sql: string): Promise<string> =>
  await as(role, (client) =>
    client.query(sql).then(
      () => "",
      ({ code }: { code: string }) => code,
    ),
  )

beforeAll(async () => {
  database = await createDatabase("template1")
  const name = database.connection.database
  for (const role of [OWNER, DAEMON]) await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`)
  await database.query(`ALTER DATABASE ${name} OWNER TO ${OWNER}`)
  await database.query(`ALTER SCHEMA public OWNER TO ${OWNER}`)
}, 60_000)
afterAll(async () => {
  await writ?.stop()
  for (const role of [DAEMON, OWNER]) {
    await database.query(`DROP OWNED BY ${role} CASCADE`)
    await database.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER`)
  }
  await database.query(`ALTER DATABASE ${database.connection.database} OWNER TO CURRENT_USER`)
  for (const role of [DAEMON, OWNER]) await database.query(`DROP ROLE ${role}`)
  await database.drop()
})

describe("least privilege", () => {
  test("a role that may not migrate is told what to run", async () => {
    await expect(startTestDaemon(urlAs(DAEMON))).rejects.toThrow(/writ ledger migrate --database-url/)
  })

  test("the owner migrates and grants, again without harm; a role that is not there is named", async () => {
    const owner = parseDatabaseUrl(urlAs(OWNER))
    const first = await prepareDatabase(owner, MIGRATIONS, (client) => grantToDaemon(client, DAEMON))
    expect(first.applied).toHaveLength(first.version)
    const again = await prepareDatabase(owner, MIGRATIONS, (client) => grantToDaemon(client, DAEMON))
    expect(again.applied).toEqual([])
    await expect(prepareDatabase(owner, MIGRATIONS, (client) => grantToDaemon(client, "nobody"))).rejects.toThrow(
      /no role "nobody"/,
    )
  })

  test("`writ doctor` tells a superuser and an owner from the role that was made for the daemon", async () => {
    const find = async (url: string) =>
      (await diagnose(loadConfig({ "database-url": url }, {}), Date.now())).find(({ item }) => item === "database")
    expect(await find(database.url)).toMatchObject({ state: "problem", text: expect.stringMatching(/superuser/) })
    expect(await find(urlAs(OWNER))).toMatchObject({ state: "warning", fix: expect.stringMatching(/--daemon-role/) })
    expect(await find(urlAs(DAEMON))).toMatchObject({
      state: "ok",
      text: expect.stringMatching(new RegExp(`as ${DAEMON}, fsync=on .*; schema version [0-9]+$`)),
    })
  })

  test("the daemon decides, revokes, publishes, erases and verifies as that role", async () => {
    writ = await startTestDaemon(urlAs(DAEMON))
    const reply = await authorize(writ.client("pep"), readPage())
    expect(reply.decision).toBe("DECISION_ALLOW")
    await writ
      .client("operator")
      .call("authorization", "RevokeExecution", { execution_id: reply.execution_id, reason: "test" })
    const erased = { leaf_index: reply.receipt.leaf_index, reason: "asked for" }
    await writ.client("admin").call("admin", "ErasePayload", erased)
    const report = await writ.client("auditor").call<{ valid: boolean; reason: string }>("lineage", "VerifyLineage", {
      execution_id: reply.execution_id,
    })
    expect(report).toMatchObject({ valid: true })
  }, 60_000)

  test.each([
    "UPDATE entry SET body = ''",
    "DELETE FROM entry",
    "TRUNCATE entry",
    "TRUNCATE entry_1_0",
    "DELETE FROM entry_1_0",
    "UPDATE tile SET root = root",
    "DELETE FROM checkpoint",
    "UPDATE log SET origin = 'else'",
    "DELETE FROM schema_migration",
    "ALTER TABLE entry DISABLE TRIGGER USER",
    "DROP TRIGGER append_only ON entry",
    "DROP TABLE entry",
    "CREATE TABLE mine (x integer)",
    "ALTER TABLE entry DETACH PARTITION entry_1_0",
    "INSERT INTO archived (log_id, first, past, digest, newest) VALUES (1, 0, 256, sha256(''), now())",
    "DELETE FROM archived",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION writ_refuse_change() RETURNS trigger LANGUAGE sql AS ''",
  ])("the daemon's role may not: %s", async (sql) => {
    expect(await refusalOf(DAEMON, sql)).toBe("42501")
  })

  test("what it may of an entry is erasure: another payload is refused", async () => {
    expect(await refusalOf(DAEMON, "UPDATE entry SET payload = '' WHERE payload IS NOT NULL")).toBe("WR005")
  })

  test.each([
    "UPDATE entry SET body = body",
    "UPDATE entry SET payload = ''",
    "UPDATE entry_1_0 SET leaf_hash = leaf_hash",
    "DELETE FROM entry WHERE idx = 0",
    "TRUNCATE entry",
    "TRUNCATE entry_1_0",
    "TRUNCATE tile",
    "DELETE FROM checkpoint",
    "TRUNCATE checkpoint",
    "UPDATE log SET origin = 'else'",
    "TRUNCATE log CASCADE",
  ])("the owner is refused by a trigger: %s", async (sql) => {
    expect(await refusalOf(OWNER, sql)).toBe("WR005")
  })
})
