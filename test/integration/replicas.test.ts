import { cpSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { toWireRequest } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { Log, LogsReply } from "../../src/cli/ledger-logs.ts"
import { connect } from "../../src/client/connect.ts"
import { sha256 } from "../../src/crypto.ts"
import { readBody } from "../../src/ledger/lineage.ts"
import { noteOfHead, type ObservedHead, parseHeadsData } from "../../src/ledger/observed-heads.ts"
import { verifyCheckpoint } from "../../src/verify/checkpoint.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon

beforeAll(async () => {
  database = await createDatabase()
  one = await startTestDaemon(database.url, { listen: "false" })
  two = await startTestDaemon(database.url, { listen: "false" }) // NOTIFY switched off on both
  await one.daemon.reloadPolicy() // it signs the bundle that the other activated as well
})
afterAll(async () => {
  await Promise.all([one?.stop(), two?.stop()])
  await database?.drop()
})

describe("two replicas on one database", () => {
  test("each has a log of its own", async () => {
    const [a, b] = await Promise.all([authorize(one.client("pep")), authorize(two.client("pep"))])
    expect(a.decision).toBe("DECISION_ALLOW")
    expect(b.decision).toBe("DECISION_ALLOW")
    expect(a.receipt.log).not.toBe(b.receipt.log)
  })

  test("the one that started later has recorded what the other had signed by then, and anyone who reads is told", async () => {
    const { logs } = await one.client("auditor").call<LogsReply>("lineage", "ListLogs", {})
    const [first, second] = logs as [Log, Log]
    const [observation] = first.observations as [Log["observations"][0]]
    expect(logs.map(({ state }) => state)).toEqual(["LOG_STATE_LEASED", "LOG_STATE_LEASED"])
    expect(observation).toMatchObject({ by: { log: second.origin } })
    const { record } = await one.client("auditor").call<{ record: { body: Buffer } }>("lineage", "GetRecord", {
      log: second.origin,
      leaf_index: observation.by.leaf_index,
    })
    const [head] = parseHeadsData(readBody(record.body).data)
    expect(head).toMatchObject({ log: first.origin, key: first.verifier_key, size: Number(observation.tree_size) })
    const note = noteOfHead(head as ObservedHead, sha256)
    expect(verifyCheckpoint({ note, origin: first.origin, vkey: first.verifier_key }).valid).toBe(true)
    await expect(one.client("auditor").call("lineage", "ListLogs", { page_size: 501 })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    })
    await expect(one.client("auditor").call("lineage", "ListLogs", { page_token: "x" })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    })
    const page = await one.client("auditor").call<LogsReply>("lineage", "ListLogs", { page_size: 1 })
    const rest = await one
      .client("auditor")
      .call<LogsReply>("lineage", "ListLogs", { page_size: 1, page_token: page.next_page_token })
    expect([...page.logs, ...rest.logs].map(({ origin }) => origin)).toEqual([first.origin, second.origin])
    expect(rest.next_page_token).toBe("")
  })

  test("what is revoked on one is refused on both from the answer on, without NOTIFY", async () => {
    const pep = connect({ target: two.daemon.addresses.grpc, key: one.key("pep") })
    for (let i = 0; i < 10; i++) {
      const request = readPage()
      const reply = await authorize(one.client("pep"), request)
      await two
        .client("operator")
        .call("authorization", "RevokeExecution", { execution_id: reply.execution_id, reason: "test" })
      for (const replica of [one, two]) {
        const verdict = await replica
          .client("auditor")
          .call<{ valid: boolean; state: string }>("authorization", "VerifyToken", {
            token: reply.token,
            audience: "runner",
          })
        expect(verdict).toMatchObject({ valid: false, state: "EXECUTION_STATE_REVOKED" })
      }
      // the same caller repeats its request on either replica: the verdict, but no token any more
      for (const client of [one.client("pep"), pep]) {
        expect(await authorize(client, request)).toMatchObject({
          execution_id: reply.execution_id,
          token: "",
          token_withheld: { code: "TOKEN_WITHHELD" },
        })
      }
    }
    pep.close()
  })

  test("a key revoked on one makes no decision on the other, not even the next", async () => {
    const admin = one.client("admin")
    for (let i = 0; i < 5; i++) {
      const made = await admin.call<{ key: string; caller_key: { id: string } }>("admin", "CreateCallerKey", {
        role: "pep",
      })
      const client = connect({ target: two.daemon.addresses.grpc, key: made.key })
      await expect
        .poll(
          async () =>
            await authorize(client).then(
              (reply) => reply.decision,
              () => "",
            ),
          { timeout: 5_000 },
        )
        .toBe("DECISION_ALLOW")
      await admin.call("admin", "RevokeCallerKey", { id: made.caller_key.id })
      const code = await authorize(client).then(
        () => "OK",
        (error: { code: string }) => error.code,
      )
      expect(code).toBe("UNAUTHENTICATED")
      client.close()
    }
  })

  test("an execution revoked from both sides at once is revoked once, and its lineage over two logs verifies", async () => {
    const reply = await authorize(one.client("pep"))
    const revoke = (replica: TestDaemon) =>
      replica.client("operator").call<{ already_revoked: boolean }>("authorization", "RevokeExecution", {
        execution_id: reply.execution_id,
        reason: "race",
      })
    const outcomes = await Promise.all([revoke(one), revoke(two), revoke(one), revoke(two)])
    expect(outcomes.filter((outcome) => !outcome.already_revoked)).toHaveLength(1)
    for (const replica of [one, two]) await replica.client("auditor").call("lineage", "GetCheckpoint", {})
    const { evidence } = await two
      .client("auditor")
      .call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id: reply.execution_id })
    const trust = parseTrust(await (await fetch(`http://${one.daemon.addresses.http}/.well-known/writ.json`)).text())
    expect(verifyEvidence(evidence, trust)).toMatchObject({
      valid: true,
      anchored: true,
      execution: { state: "REVOKED" },
    })
  })

  test("what the other has just recorded is not signed yet: whoever asks is told to ask again, and a client does", async () => {
    const codes = new Set<string>()
    const twice = connect({ target: two.daemon.addresses.grpc, key: two.key("auditor") })
    for (const method of ["VerifyLineage", "ExportEvidence"]) {
      for (let refused = false; !refused; ) {
        const { execution_id } = await authorize(one.client("pep"))
        const once = two.client("auditor").call("lineage", method, { execution_id })
        await once.catch(({ code }: { code: string }) => codes.add(code))
        refused = codes.size > 0 // else it was signed meanwhile
        expect(await twice.call("lineage", method, { execution_id })).toMatchObject(
          method === "VerifyLineage" ? { valid: true } : { evidence: expect.any(Buffer) },
        )
      }
      expect([...codes]).toEqual(["NOT_SIGNED_YET"])
      codes.clear()
    }
    twice.close()
  })

  test("evidence is the same bytes from every replica, on every call, while both logs grow and after a restart", async () => {
    const { execution_id } = await authorize(one.client("pep"))
    await two.client("operator").call("authorization", "RevokeExecution", { execution_id, reason: "test" })
    for (const replica of [one, two]) await replica.client("auditor").call("lineage", "GetCheckpoint", {})
    const exportFrom = async (replica: TestDaemon) => {
      const auditor = replica.client("auditor")
      return (await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id })).evidence
    }
    const evidence = await exportFrom(one)
    expect(JSON.parse(evidence.toString())).toMatchObject({ checkpoints: [{}, {}], records: [{}, {}] })
    const same = async () => {
      for (const replica of [one, two, one]) expect(await exportFrom(replica)).toEqual(evidence)
    }
    await same()
    for (const replica of [one, two]) {
      await authorize(replica.client("pep"))
      await replica.client("auditor").call("lineage", "GetCheckpoint", {}) // a newer checkpoint of each log
    }
    await same()
    await two.stop()
    two = await startTestDaemon(database.url, { listen: "false" }, two.data)
    await authorize(two.client("pep"))
    await two.client("auditor").call("lineage", "GetCheckpoint", {})
    await same()
    expect(await two.client("auditor").call("lineage", "VerifyLineage", { execution_id })).toMatchObject({
      valid: true,
    })
  })

  test("the same request_id on both at once is one execution", async () => {
    const other = connect({ target: two.daemon.addresses.grpc, key: one.key("pep") })
    for (let i = 0; i < 10; i++) {
      const request = toWireRequest(readPage())
      const replies = await Promise.all(
        [one.client("pep"), other].map((client) =>
          client.call<{ execution_id: string }>("authorization", "Authorize", request),
        ),
      )
      expect(new Set(replies.map((reply) => reply.execution_id)).size).toBe(1)
    }
    other.close()
  })

  test("a checkpoint of the other that is forged is not recorded: an alarm, and decisions go on", async () => {
    const { rows } = await database.query(
      `INSERT INTO checkpoint SELECT log_id, size + 1000, convert_to(replace(convert_from(note, 'UTF8'), E'\\n' || size, E'\\n' || size + 1000), 'UTF8') FROM checkpoint
        WHERE (log_id, size) = (SELECT log_id, max(size) FROM checkpoint WHERE log_id = (SELECT min(log_id) FROM log) GROUP BY log_id)
        RETURNING log_id, size`,
    )
    const metric = async () => {
      const { http } = two.daemon.addresses
      const headers = { authorization: `Bearer ${two.key("auditor")}` }
      return /^writ_unsound_logs (\d+)$/m.exec(await (await fetch(`http://${http}/metrics`, { headers })).text())?.[1]
    }
    expect(rows).toHaveLength(1)
    await expect.poll(metric, { timeout: 20_000 }).toBe("1")
    expect((await fetch(`http://${two.daemon.addresses.http}/readyz`)).status).toBe(200)
    expect((await authorize(two.client("pep"))).decision).toBe("DECISION_ALLOW")
    await database.tamper("DELETE FROM checkpoint WHERE log_id = $1 AND size = $2", [rows[0].log_id, rows[0].size])
  })

  test("a second daemon on the same log fences the first", async () => {
    const copy = makeFolder()
    cpSync(one.data, join(copy.path, "data"), { recursive: true })
    const { rmSync } = await import("node:fs")
    rmSync(join(copy.path, "data", "daemon.lock"))
    const third = await startTestDaemon(database.url, { listen: "false" }, join(copy.path, "data"))
    await expect(authorize(one.client("pep"))).rejects.toMatchObject({
      code: expect.stringMatching(/^LEDGER_(UNAVAILABLE|FENCED)$/),
    })
    expect((await one.daemon.failed).code).toBe("LEDGER_FENCED")
    expect((await authorize(third.client("pep"))).decision).toBe("DECISION_ALLOW")
    await third.stop()
    copy.remove()
  })

  test("the ledger is clean after all", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
