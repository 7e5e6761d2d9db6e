/** Three built daemons on one database. One stops showing that it lives; another closes its log, and nothing is lost. */
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { LogsReply } from "../../src/cli/ledger-logs.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { EXIT_CODES } from "../../src/errors.ts"
import { LEASE_LIFE_MS } from "../../src/ledger/lease-watch.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { writ } from "../support/built-daemon.ts"
import { authorize } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { ReplicaProcess } from "../support/replica-process.ts"

const folder = makeFolder()
let database: TestDatabase

let one: ReplicaProcess
let two: ReplicaProcess
let three: ReplicaProcess

beforeAll(async () => {
  database = await createDatabase()
  const args = ["--append-timeout-ms", "10000"]
  one = new ReplicaProcess(join(folder.path, "one"), database.url, args)
  await one.start()
  two = new ReplicaProcess(join(folder.path, "two"), database.url, args, one)
  three = new ReplicaProcess(join(folder.path, "three"), database.url, args, one)
  await Promise.all([two.start(), three.start()])
})
afterAll(async () => {
  await Promise.all([one, two, three].map((replica) => replica?.stop()))
  await database?.drop()
  folder.remove()
})

const trustOf = async (replica: ReplicaProcess) =>
  parseTrust(await (await fetch(`http://${replica.address.http}/.well-known/writ.json`)).text())
const closingOf = async (origin: string) =>
  (
    await database.query(
      `SELECT b.origin AS by, c.size, (SELECT coalesce(max(size), 0) FROM checkpoint k WHERE k.log_id = c.log_id) AS signed
         FROM log_closing c JOIN log l USING (log_id) JOIN log b ON b.log_id = c.by_log_id WHERE l.origin = $1`,
      [origin],
    )
  ).rows[0] as { by: string; size: string; signed: string } | undefined

/** Decides until the newest record is in no checkpoint, and holds the process there. */
async function stopUnsigned(
  replica: ReplicaProcess,
  signal: NodeJS.Signals,
): Promise<{ execution_id: string; log: string }> {
  const pep = replica.client("pep")
  for (;;) {
    const reply = await authorize(pep)
    if (signal === "SIGKILL") replica.signal("SIGSTOP")
    else replica.signal(signal)
    const { log, leaf_index } = reply.receipt
    const { rows } = await database.query(
      "SELECT max(k.size) AS signed FROM checkpoint k JOIN log l USING (log_id) WHERE l.origin = $1",
      [log],
    )
    if (Number(rows[0].signed) <= Number(leaf_index)) {
      if (signal === "SIGKILL") replica.signal("SIGKILL")
      return { execution_id: reply.execution_id, log }
    }
    replica.signal("SIGCONT")
  }
}

describe("a replica that shows no sign of life", () => {
  let paused: { execution_id: string; log: string }
  let closedMs = 0

  test("its log is closed by another after its lease's life, records included that nobody had signed", async () => {
    paused = await stopUnsigned(one, "SIGSTOP")
    const startedMs = performance.now()
    await expect.poll(() => closingOf(paused.log), { timeout: 20_000, interval: 20 }).toBeDefined()
    closedMs = performance.now() - startedMs
    const closing = await closingOf(paused.log)
    expect(Number(closing?.size)).toBeGreaterThan(Number(closing?.signed))
    expect(closedMs).toBeGreaterThan(LEASE_LIFE_MS - 1_000) // it had looked just before, at the most
    expect(closedMs).toBeLessThan(10_000) // five seconds on a machine that does nothing else
  })

  test("what it recorded last is proved by the closing: VerifyLineage, and evidence offline", async () => {
    for (const replica of [two, three]) {
      const auditor = replica.client("auditor")
      const verify = () => auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: paused.execution_id })
      await expect.poll(verify, { timeout: 10_000 }).toMatchObject({ valid: true, reason: "" })
      const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
        execution_id: paused.execution_id,
      })
      const { closings } = JSON.parse(evidence.toString()) as { closings: { log: string; record: { log: string } }[] }
      expect(closings).toMatchObject([{ log: paused.log, record: { log: (await closingOf(paused.log))?.by } }])
      expect(verifyEvidence(evidence, await trustOf(replica))).toMatchObject({ valid: true, anchored: true })
    }
  })

  test("it was only slow: it appends nothing more, says what to do, and ends", async () => {
    one.signal("SIGCONT")
    const reply = await authorize(one.client("pep")).then(
      () => "decided",
      () => "refused",
    )
    expect(reply).toBe("refused")
    expect(await one.ended()).toBe(EXIT_CODES.LEDGER_FENCED)
    expect(one.said).toMatch(/closed it since it showed no sign of life.*start it again/)
    const { rows } = await database.query(
      "SELECT h.size FROM log_head h JOIN log l USING (log_id) WHERE l.origin = $1",
      [paused.log],
    )
    expect(rows[0].size).toBe((await closingOf(paused.log))?.size)
  })

  test("started again it goes on in a log of its own, and a lineage over three logs verifies in one call", async () => {
    await one.start()
    const child = await authorize(one.client("pep"))
    expect(child.receipt.log).toBe(`${paused.log}/2`)
    expect(one.said).toMatch(/another replica closed this log/)
    const id = child.execution_id
    await two.client("operator").call("authorization", "RevokeExecution", { execution_id: id, reason: "test" })
    await two
      .client("operator")
      .call("authorization", "RevokeExecution", { execution_id: paused.execution_id, reason: "test" })
    for (const execution_id of [id, paused.execution_id]) {
      const verify = () => three.client("auditor").call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
      await expect.poll(verify, { timeout: 10_000 }).toMatchObject({ valid: true, reason: "" })
    }
  })

  test("two that are killed: the third closes both", async () => {
    const killed = [await stopUnsigned(one, "SIGKILL"), await stopUnsigned(two, "SIGKILL")]
    for (const { log, execution_id } of killed) {
      await expect.poll(() => closingOf(log), { timeout: 20_000 }).toBeDefined()
      const verify = () => three.client("auditor").call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
      await expect.poll(verify, { timeout: 10_000 }).toMatchObject({ valid: true, reason: "" })
    }
    const { logs } = await three.client("auditor").call<LogsReply>("lineage", "ListLogs", {})
    const by = (await closingOf(killed[0]?.log as string))?.by
    for (const { log } of killed)
      expect(logs.find(({ origin }) => origin === log)).toMatchObject({
        state: "LOG_STATE_CLOSED",
        closed_by: { log: by },
      })
    expect(logs.find(({ origin }) => origin === by)?.state).toBe("LOG_STATE_LEASED")
    const { code, out } = await writ(["ledger", "logs", "--data", three.data])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^${by}: written, \\d+ records, \\d+ of them signed$`, "m"))
    expect(out).toMatch(new RegExp(`^${killed[0]?.log}: closed, .*\n  closed by ${by} #\\d+$`, "m"))
    expect(out).toMatch(/^ {2}held to size \d+, root [0-9a-f]{16}…, by writ\.local\/\S+ #\d+$/m)
    const json = JSON.parse((await writ(["ledger", "logs", "--data", three.data, "--json"])).out)
    expect(json.map(({ origin }: { origin: string }) => origin)).toEqual(logs.map(({ origin }) => origin))
  })

  test("one that is stopped gives its lease back, its last record signed: nobody has to close its log", async () => {
    const { receipt } = await authorize(three.client("pep"))
    expect(await three.stop()).toBe(0)
    const { rows } = await database.query(
      `SELECT s.is_held, h.size = (SELECT max(size) FROM checkpoint k WHERE k.log_id = h.log_id) AS is_signed
         FROM log_lease s JOIN log_head h USING (log_id) JOIN log l USING (log_id) WHERE l.origin = $1`,
      [receipt.log],
    )
    expect(rows).toEqual([{ is_held: false, is_signed: true }])
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
