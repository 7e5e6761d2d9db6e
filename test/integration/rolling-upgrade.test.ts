/**
 * This build as the older of two versions: a newer one, which is this one with migrations that do not exist yet, migrates the
 * database that it runs on.
 */
import { cpSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { prepareDatabase } from "../../src/store/migrate.ts"
import { authorize, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

const folder = makeFolder()
const newer = join(folder.path, "migrations")
cpSync(join(import.meta.dirname, "..", "..", "migrations"), newer, { recursive: true })
const known = readdirSync(newer).filter((name) => /^[0-9]{4}_/.test(name)).length
const nameOf = (after: number, name: string) => `${String(known + after).padStart(4, "0")}_${name}.sql`
const ADDITION = `-- additive
ALTER TABLE log_head ADD COLUMN more text;
ALTER TABLE entry ADD COLUMN more bytea;
ALTER TABLE execution ADD COLUMN more integer NOT NULL DEFAULT 7;
CREATE TABLE more (log_id smallint REFERENCES log);
`

let database: TestDatabase
let running: TestDaemon
beforeAll(async () => {
  database = await createDatabase()
  running = await startTestDaemon(database.url)
})
afterAll(async () => {
  await running?.stop()
  await database?.drop()
  folder.remove()
})

describe("a rolling upgrade, seen by the older version", () => {
  test("it runs on while a newer one migrates and starts, and its partitions, leases and lookups go on", async () => {
    expect((await authorize(running.client("pep"))).decision).toBe("DECISION_ALLOW")
    writeFileSync(join(newer, nameOf(1, "more")), ADDITION)
    const answers = Array.from({ length: 20 }, () => authorize(running.client("pep")))
    expect(await prepareDatabase(database.connection, newer)).toEqual({ applied: [known + 1], version: known + 1 })
    for (const { decision } of await Promise.all(answers)) expect(decision).toBe("DECISION_ALLOW")
    const { execution_id } = await authorize(running.client("pep"))
    await running.client("operator").call("authorization", "RevokeExecution", { execution_id, reason: "test" })
    expect((await database.query("SELECT more FROM execution WHERE execution_id = $1", [execution_id])).rows).toEqual([
      { more: 7 },
    ])
  })

  test("it starts again on a database to which the newer one has only added", async () => {
    const again = await startTestDaemon(database.url)
    expect((await authorize(again.client("pep"))).decision).toMatch(/^DECISION_/)
    await again.stop()
  })

  test("more than an addition: it does not start, and says which migration that is; fsck is clean", async () => {
    writeFileSync(join(newer, nameOf(2, "other")), "ALTER TABLE more ADD COLUMN other text;")
    writeFileSync(join(newer, nameOf(3, "last")), "-- additive\nCREATE TABLE last (a integer);")
    await prepareDatabase(database.connection, newer)
    await expect(startTestDaemon(database.url)).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(
        new RegExp(
          `schema version ${known + 3}, this program knows ${known}, and ${nameOf(2, "other")} is more than an addition`,
        ),
      ),
    })
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
