/** ErasePayload, through the API of two daemons on one database. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { AuthorizeReply } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import type { WritClient } from "../../src/client/connect.ts"
import { sha256 } from "../../src/crypto.ts"
import { hashLeaf } from "../../src/formats/merkle.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

interface RecordReply {
  readonly record: {
    readonly receipt: { readonly log: string; readonly leaf_index: string; readonly leaf_hash: Buffer }
    readonly body: Buffer
    readonly payload: Buffer
    readonly payload_erased: boolean
  }
}
type Erased = Pick<RecordReply["record"], "receipt">

const URL_WITH_NAME = "https://example.com/people/jane.doe"
let database: TestDatabase
let a: TestDaemon
let b: TestDaemon
let pep: WritClient
let auditor: WritClient
let operator: WritClient

beforeAll(async () => {
  database = await createDatabase()
  a = await startTestDaemon(database.url)
  b = await startTestDaemon(database.url)
  pep = a.client("pep")
  auditor = a.client("auditor")
  operator = a.client("operator")
})
afterAll(async () => {
  await a?.stop()
  await b?.stop()
  await database?.drop()
})

const decide = (url = URL_WITH_NAME) => authorize(pep, readPage({ resource: { type: "url", id: url } }))
const erase = (reply: AuthorizeReply, client = operator, more: object = {}) =>
  client.call<Erased>("admin", "ErasePayload", { leaf_index: reply.receipt.leaf_index, reason: "she asked", ...more })
const codeOf = async (promise: Promise<unknown>) =>
  await promise.then(
    () => "OK",
    (error: { code: string }) => error.code,
  )
const getRecord = async (client: WritClient, receipt: Erased["receipt"]) => {
  const by = { log: receipt.log, leaf_index: receipt.leaf_index }
  return (await client.call<RecordReply>("lineage", "GetRecord", by)).record
}
const verify = (client: WritClient, { execution_id }: AuthorizeReply) =>
  client.call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
const resultsOf = (report: VerifyReply) => Object.fromEntries(report.steps.map(({ step, result }) => [step, result]))
const findings = async () => (await checkDatabase(database.connection, undefined, false)).findings
/** Rows that hold the name anywhere. */
const holding = async (text: string) =>
  (
    await database.query("SELECT idx FROM entry WHERE position($1::bytea IN body || coalesce(payload, '')) > 0", [
      Buffer.from(text),
    ])
  ).rowCount

describe("ErasePayload", () => {
  test("the bytes are gone from the ledger, and the leaf is what it was", async () => {
    const url = "https://example.com/people/john.roe"
    const reply = await decide(url)
    const before = await getRecord(auditor, reply.receipt)
    expect(before.payload.toString("utf8")).toContain(url)
    expect(await holding(url)).toBe(1)
    await erase(reply)
    expect(await holding(url)).toBe(0)
    const after = await getRecord(auditor, reply.receipt)
    expect(after).toMatchObject({ payload_erased: true, payload: Buffer.alloc(0), body: before.body })
    expect(Buffer.from(hashLeaf(sha256, after.body))).toEqual(reply.receipt.leaf_hash)
  })

  test("the erasure is a record: who, what, and why in a payload of its own", async () => {
    const reply = await decide()
    const { receipt } = await erase(reply)
    const { body, payload } = await getRecord(auditor, receipt)
    expect(JSON.parse(body.toString("utf8"))).toMatchObject({
      kind: "payload_erased",
      actor: { id: expect.stringContaining(a.key("operator").split("_")[2] as string), proof: "api-key" },
      data: {
        log: reply.receipt.log,
        index: reply.receipt.leaf_index,
        leaf_hash: reply.receipt.leaf_hash.toString("hex"),
      },
    })
    expect(body.toString("utf8")).not.toContain("she asked")
    expect(payload.toString("utf8")).toContain("she asked")
  })

  test("the lineage verifies and says what was erased, by the daemon and offline", async () => {
    const reply = await decide()
    await a
      .client("operator")
      .call("authorization", "RevokeExecution", { execution_id: reply.execution_id, reason: "" })
    expect(resultsOf(await verify(auditor, reply))).toMatchObject({ payload: "ok", claims: "ok", database: "ok" })
    await erase(reply)
    const report = await verify(auditor, reply)
    expect(report.valid).toBe(true)
    expect(resultsOf(report)).toMatchObject({
      inclusion: "ok",
      payload: "erased",
      lineage: "ok",
      transitions: "ok",
      claims: "erased",
      database: "ok",
    })
    const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
      execution_id: reply.execution_id,
    })
    const address = `http://${a.daemon.addresses.http}/.well-known/writ.json`
    const offline = verifyEvidence(evidence, parseTrust(await (await fetch(address)).text()))
    expect(offline).toMatchObject({ valid: true, anchored: true, execution: { state: "REVOKED" } })
    expect(offline.steps).toContainEqual(
      expect.objectContaining({
        step: "payload",
        result: "erased",
        detail: expect.stringContaining(reply.receipt.leaf_index),
      }),
    )
    expect(evidence.toString("utf8")).not.toContain("jane.doe")
  })

  test("a token that was given out keeps its worth; a repeat of the request is told that its answer is gone", async () => {
    const request = readPage()
    const reply = await authorize(pep, request)
    await erase(reply)
    expect(await pep.call("authorization", "VerifyToken", { token: reply.token, audience: "runner" })).toMatchObject({
      valid: true,
    })
    expect(await codeOf(authorize(pep, request))).toBe("NOT_FOUND")
    expect(await codeOf(authorize(b.client("pep"), request)), "another caller's id is another id").toBe("OK")
  })

  test("a record of another daemon's log: the erasure stands in the eraser's own, and both say so", async () => {
    const reply = await decide()
    const { receipt } = await erase(reply, b.client("operator"), { log: reply.receipt.log })
    expect(receipt.log).not.toBe(reply.receipt.log)
    for (const daemon of [a, b]) {
      const report = await verify(daemon.client("auditor"), reply)
      expect([report.valid, resultsOf(report)["payload"]]).toEqual([true, "erased"])
    }
    expect(await findings()).toEqual([])
  })

  test("of several at once one is made, and the others are told", async () => {
    const reply = await decide()
    const log = reply.receipt.log
    const outcomes = await Promise.all(
      [operator, operator, b.client("operator"), b.client("admin")].map((client) =>
        codeOf(erase(reply, client, { log })),
      ),
    )
    expect(outcomes.sort()).toEqual(["INVALID_TRANSITION", "INVALID_TRANSITION", "INVALID_TRANSITION", "OK"])
    const named = Buffer.from(
      `"index":"${reply.receipt.leaf_index}","leaf_hash":"${reply.receipt.leaf_hash.toString("hex")}"`,
    )
    expect((await database.query("SELECT FROM entry WHERE position($1::bytea IN body) > 0", [named])).rowCount).toBe(1)
  })

  test("the reason of a revocation and of an erasure can be erased too", async () => {
    const reply = await decide()
    const revoked = await operator.call<Erased>("authorization", "RevokeExecution", {
      execution_id: reply.execution_id,
      reason: "Jane Doe complained",
    })
    const first = await operator.call<Erased>("admin", "ErasePayload", {
      leaf_index: revoked.receipt.leaf_index,
      reason: "Jane Doe asked",
    })
    await operator.call<Erased>("admin", "ErasePayload", { leaf_index: first.receipt.leaf_index, reason: "" })
    expect(await holding("Jane Doe")).toBe(0)
    expect(resultsOf(await verify(auditor, reply))).toMatchObject({ payload: "erased", claims: "ok", database: "ok" })
  })

  test("only operators and admins may", async () => {
    const reply = await decide()
    for (const role of ["pep", "runtime", "executor", "auditor", "author"] as const)
      expect(await codeOf(erase(reply, a.client(role))), role).toBe("FORBIDDEN")
    expect(await codeOf(erase(reply, a.client("admin")))).toBe("OK")
  })

  test("what cannot be erased is refused, and nothing is recorded", async () => {
    const reply = await decide()
    const size = async () => (await database.query("SELECT sum(size) AS size FROM log_head")).rows[0].size
    const before = await size()
    const ask = (leaf_index: string, more: object = {}) =>
      codeOf(operator.call("admin", "ErasePayload", { leaf_index, reason: "", ...more }))
    expect(await ask("999999")).toBe("NOT_FOUND")
    expect(await ask("18446744073709551615")).toBe("INVALID_REQUEST")
    expect(await ask(reply.receipt.leaf_index, { log: "nowhere" })).toBe("NOT_FOUND")
    expect(await ask(reply.receipt.leaf_index, { reason: "ä".repeat(513) })).toBe("REQUEST_TOO_LARGE")
    const { rows } = await database.query(
      "SELECT idx FROM entry WHERE log_id = 1 AND position('caller_key_changed'::bytea IN body) > 0 LIMIT 1",
    )
    expect(await ask(rows[0].idx), "what the table of keys is checked against").toBe("INVALID_REQUEST")
    expect(await ask("0"), "the record that opens the log").toBe("INVALID_REQUEST")
    expect(await size()).toBe(before)
    expect((await getRecord(auditor, reply.receipt)).payload_erased).toBe(false)
  })
})

describe("fsck", () => {
  test("is clean after erasures, and blames a payload that is gone without one, or there in spite of one", async () => {
    const [kept, gone] = [await decide(), await decide()]
    const { payload } = await getRecord(auditor, gone.receipt)
    await erase(gone)
    expect(await findings()).toEqual([])
    const set = (reply: AuthorizeReply, value: Buffer | null) =>
      database.tamper("UPDATE entry SET payload = $2 WHERE log_id = 1 AND idx = $1", [reply.receipt.leaf_index, value])
    await set(kept, null)
    await set(gone, payload)
    const log = kept.receipt.log
    expect(await findings()).toEqual([
      {
        table: "entry",
        log,
        index: Number(kept.receipt.leaf_index),
        text: expect.stringMatching(/missing.*no record/),
      },
      {
        table: "entry",
        log,
        index: Number(gone.receipt.leaf_index),
        text: expect.stringMatching(/was erased, and it is there/),
      },
    ])
  })
})
