/** A log that may not go on, and a checkpoint key that is replaced: the one command for both, as SECURITY.md tells it. */
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { newLogCommand } from "../../src/cli/ledger-new-log.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { verifyEvidence } from "../../src/verify/index.ts"
import { parseTrust } from "../../src/verify/trust.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

const folder = makeFolder()
const data = join(folder.path, "data")
let database: TestDatabase
let restored: TestDatabase
let writ: TestDaemon | null = null

beforeAll(async () => {
  database = await createDatabase()
  restored = await createDatabase()
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  await restored?.drop()
  folder.remove()
})

async function start(on: TestDatabase, flags = {}): Promise<TestDaemon> {
  writ = await startTestDaemon(on.url, flags, data)
  return writ
}
async function stop(): Promise<void> {
  await writ?.stop()
  writ = null
}
const trustOf = async (daemon: TestDaemon) =>
  parseTrust(await (await fetch(`http://${daemon.daemon.addresses.http}/.well-known/writ.json`)).text())
const evidenceOf = async (daemon: TestDaemon, execution_id: string) =>
  Buffer.from(
    (await daemon.client("auditor").call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id })).evidence,
  ).toString()
const firstRecord = async (on: TestDatabase, log: number) =>
  JSON.parse(
    (await on.query("SELECT body FROM entry WHERE log_id = $1 AND idx = 0", [log])).rows[0]?.["body"].toString(),
  )

describe("writ ledger new-log", () => {
  test("another key means another log: its first record says what the old one signed, and both are published and verify", async () => {
    const first = await start(database, { origin: "writ.test/one" })
    const { execution_id: old } = await authorize(first.client("pep"))
    const saved = await evidenceOf(first, old)
    const before = await trustOf(first)
    await stop()
    await newLogCommand({ data })
    const sameOrigin = startTestDaemon(database.url, { origin: "writ.test/one" }, data)
    await expect(sameOrigin, "a folder with another key never continues a log").rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^The log writ\.test\/one is signed by another key .* name another origin\.$/),
    })
    const second = await start(database, { origin: "writ.test/two" })
    const after = await trustOf(second)
    expect(after.logs).toHaveLength(2)
    expect(after.logs[0]).toEqual(before.logs[0])
    const key = Buffer.from(before.logs[0]?.vkey.split("+").slice(2).join("+") as string, "base64")
      .subarray(1)
      .toString("base64url")
    const { rows } = await database.query("SELECT max(size)::int AS size FROM checkpoint WHERE log_id = 1")
    expect(await firstRecord(database, 2)).toMatchObject({
      kind: "log_opened",
      data: { verifier_key: after.logs[1]?.vkey, previous: { key, size: String(rows[0]?.["size"]) } },
    })
    const { execution_id: fresh } = await authorize(second.client("pep"))
    for (const execution_id of [old, fresh]) {
      const report = await second.client("auditor").call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
      expect(report, execution_id).toMatchObject({ valid: true, reason: "" })
    }
    expect(verifyEvidence(saved, after)).toMatchObject({ valid: true, anchored: true })
    expect(verifyEvidence(await evidenceOf(second, fresh), before), "an auditor with the old keys only").toMatchObject({
      valid: false,
      failedStep: "checkpoint",
    })
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })

  test("a database from before what was signed is refused; after the command it goes on in a log of its own", async () => {
    await stop()
    await expect(startTestDaemon(restored.url, {}, data)).rejects.toMatchObject({
      code: "LEDGER_FROZEN",
      message: expect.stringContaining("writ ledger new-log"),
    })
    await newLogCommand({ data })
    const daemon = await start(restored)
    expect((await authorize(daemon.client("pep"), readPage())).decision).toBe("DECISION_ALLOW")
    expect(await firstRecord(restored, 2)).toMatchObject({
      kind: "log_opened",
      data: { previous: { size: expect.stringMatching(/^[0-9]+$/) } },
    })
  })
})
