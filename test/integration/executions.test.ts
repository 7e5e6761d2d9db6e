import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { sha256 } from "../../src/crypto.ts"
import { jsonToStruct } from "../../src/rpc/struct.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

interface Receipt {
  readonly log: string
  readonly leaf_index: string
  readonly leaf_hash: Buffer
}
interface RedeemReply {
  readonly execution_id: string
  readonly execute_until: { readonly seconds: string; readonly nanos: number }
  readonly receipt: Receipt
}
interface Execution {
  readonly execution_id: string
  readonly state: string
  readonly authorized_at: { readonly seconds: string }
  readonly until: { readonly seconds: string }
}

let database: TestDatabase
let writ: TestDaemon
let pep: WritClient
let executor: WritClient
let operator: WritClient
let auditor: WritClient

beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url)
  ;[pep, executor, operator, auditor] = (["pep", "executor", "operator", "auditor"] as const).map(writ.client) as [
    WritClient,
    WritClient,
    WritClient,
    WritClient,
  ]
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
})

let counter = 0
const redeem = (token: string, more: object = {}, by = executor) =>
  by.call<RedeemReply>("authorization", "RedeemToken", { token, redemption_id: `redemption-${counter++}`, ...more })
const complete = (execution_id: string, more: object = {}, by = executor) =>
  by.call<{ receipt: Receipt; state: string }>("authorization", "CompleteExecution", {
    execution_id,
    succeeded: true,
    ...more,
  })
const start = (execution_id: string, more: object = {}) =>
  executor.call<{ receipt: Receipt }>("authorization", "StartExecution", { execution_id, ...more })
const revoke = (execution_id: string) =>
  operator.call<{ receipt: Receipt; already_revoked: boolean }>("authorization", "RevokeExecution", { execution_id })
const stateOf = async (execution_id: string) =>
  (await auditor.call<{ execution: Execution }>("authorization", "GetExecution", { execution_id })).execution.state
const failure = async (call: Promise<unknown>): Promise<string> =>
  await call.then(
    () => "OK",
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )
const verify = (execution_id: string) => auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
const kindsOf = async (execution_id: string) => {
  const { records, state } = await auditor.call<{ records: { body: Buffer }[]; state: string }>(
    "lineage",
    "GetLineage",
    { execution_id },
  )
  return [...records.map(({ body }) => JSON.parse(body.toString()).kind as string), state]
}

describe("an execution", () => {
  test("authorized, redeemed, completed: each step a record, verified online and offline", async () => {
    const reply = await authorize(pep, readPage({ parameters: '{"a":1}' }))
    expect(await stateOf(reply.execution_id)).toBe("EXECUTION_STATE_AUTHORIZED")
    const before = Date.now()
    const redeemed = await redeem(reply.token, { parameters_digest: sha256(Buffer.from('{"a":1}')) })
    expect(redeemed.execution_id).toBe(reply.execution_id)
    const until = Number(redeemed.execute_until.seconds) * 1000 + redeemed.execute_until.nanos / 1e6
    expect(until).toBeGreaterThanOrEqual(before + 3_600_000)
    expect(until).toBeLessThan(Date.now() + 3_600_001)
    expect(await stateOf(reply.execution_id)).toBe("EXECUTION_STATE_REDEEMED")
    const { receipt } = await complete(reply.execution_id, {
      result_digest: Buffer.alloc(32, 7),
      details: jsonToStruct({ exit: 0 }),
    })
    expect(Number(receipt.leaf_index)).toBe(Number(redeemed.receipt.leaf_index) + 1)
    expect(await stateOf(reply.execution_id)).toBe("EXECUTION_STATE_COMPLETED")
    expect(await kindsOf(reply.execution_id)).toEqual([
      "decision",
      "redeemed",
      "completed",
      "EXECUTION_STATE_COMPLETED",
    ])
    expect(await verify(reply.execution_id)).toMatchObject({ valid: true, reason: "" })
    const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
      execution_id: reply.execution_id,
    })
    const trust = parseTrust(await (await fetch(`http://${writ.daemon.addresses.http}/.well-known/writ.json`)).text())
    expect(verifyEvidence(evidence, trust)).toMatchObject({
      valid: true,
      anchored: true,
      execution: { id: reply.execution_id, state: "COMPLETED" },
    })
  })

  test("the same redemption gets the same answer, another one none", async () => {
    const { token, execution_id } = await authorize(pep)
    const id = { redemption_id: "again" }
    const replies = await Promise.all([redeem(token, id), redeem(token, id), redeem(token, id)])
    replies.push(await redeem(token, id))
    for (const reply of replies) expect(reply).toEqual(replies[0])
    expect(await failure(redeem(token))).toMatch(/^ALREADY_REDEEMED /)
    expect(await failure(redeem(token))).toMatch(/^ALREADY_REDEEMED /)
    // of two refusals one is recorded; the execution can be completed all the same
    expect((await kindsOf(execution_id)).slice(0, -1)).toEqual(["decision", "redeemed", "redeem_refused"])
    await complete(execution_id)
    expect(await failure(redeem(token, id))).toMatch(/^ALREADY_REDEEMED /)
    expect(await verify(execution_id)).toMatchObject({ valid: true })
  })

  test("many redeem at once: one gets the right", async () => {
    const { token, execution_id } = await authorize(pep)
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => failure(redeem(token))))
    expect(outcomes.filter((outcome) => outcome === "OK")).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome.startsWith("ALREADY_REDEEMED"))).toHaveLength(15)
    expect(await verify(execution_id)).toMatchObject({ valid: true })
  })

  test("other parameters than those authorized are refused, recorded once, and the right ones then still pass", async () => {
    const { token, execution_id } = await authorize(pep, readPage({ parameters: '{"a":1}' }))
    for (const parameters_digest of [Buffer.alloc(0), Buffer.alloc(32), sha256(Buffer.from('{"a":2}'))])
      expect(await failure(redeem(token, { parameters_digest }))).toMatch(/^TOKEN_REFUSED PARAMETERS_DIFFER/)
    expect(await kindsOf(execution_id)).toEqual(["decision", "redeem_refused", "EXECUTION_STATE_AUTHORIZED"])
    expect(await verify(execution_id)).toMatchObject({ valid: true })
    await redeem(token, { parameters_digest: sha256(Buffer.from('{"a":1}')) })
    expect(await verify(execution_id)).toMatchObject({ valid: true })
  })

  test("a proof for a token that is bound to no key is refused", async () => {
    const { token } = await authorize(pep)
    expect(await failure(redeem(token, { proof: "AAAA" }))).toMatch(/^TOKEN_REFUSED PROOF_UNEXPECTED/)
  })

  test("what is no token of ours is refused without a record", async () => {
    const { token } = await authorize(pep)
    const before = await database.query("SELECT sum(size) AS size FROM log_head")
    for (const bad of ["", "x.y.z", `${token.slice(0, -6)}AAAAAA`, token.replace(/^[^.]*/, "e30")])
      expect(await failure(redeem(bad))).toMatch(/^TOKEN_REFUSED (MALFORMED|SIGNATURE_WRONG|WRONG_TYPE)/)
    expect(await failure(redeem("x".repeat(8_193)))).toMatch(/^REQUEST_TOO_LARGE/)
    for (const redemption_id of ["", "x".repeat(129), "a\nb"])
      expect(await failure(redeem(token, { redemption_id }))).toMatch(/^INVALID_REQUEST/)
    expect(await failure(redeem(token, { parameters_digest: Buffer.alloc(31) }))).toMatch(/^INVALID_REQUEST/)
    expect((await database.query("SELECT sum(size) AS size FROM log_head")).rows).toEqual(before.rows)
  })

  test("a token that has expired is refused, and its execution reads EXPIRED", async () => {
    const { token, execution_id } = await authorize(pep, readPage({ requested_ttl: { seconds: "1" } }))
    await expect.poll(() => stateOf(execution_id), { timeout: 3_000 }).toBe("EXECUTION_STATE_EXPIRED")
    expect(await failure(redeem(token))).toMatch(/^TOKEN_REFUSED EXPIRED/)
    expect(await kindsOf(execution_id)).toEqual(["decision", "redeem_refused", "EXECUTION_STATE_EXPIRED"])
    expect(await auditor.call<object>("authorization", "VerifyToken", { token, audience: "runner" })).toMatchObject({
      valid: false,
      sufficient: false,
      state: "EXECUTION_STATE_EXPIRED",
    })
    expect(await failure(complete(execution_id))).toMatch(/^INVALID_TRANSITION/)
  })

  test("revoked before it is redeemed: no redemption; revoked afterwards: no completion, but a report of its end", async () => {
    const first = await authorize(pep)
    await revoke(first.execution_id)
    expect(await failure(redeem(first.token))).toMatch(/^TOKEN_REFUSED EXECUTION_REVOKED/)
    const second = await authorize(pep)
    await redeem(second.token, { redemption_id: "second" })
    await revoke(second.execution_id)
    expect(await failure(redeem(second.token, { redemption_id: "second" }))).toMatch(/^TOKEN_REFUSED EXECUTION_REVOKED/)
    expect(await failure(start(second.execution_id))).toMatch(/^INVALID_TRANSITION The execution is REVOKED/)
    const end = {
      succeeded: false,
      signal: "SIGKILL",
      duration: { seconds: "3" },
      termination: { cause: "TERMINATION_CAUSE_DIRECTIVE", directive_number: "9" },
    }
    const terminated = await complete(second.execution_id, end)
    expect(terminated.state).toBe("EXECUTION_STATE_REVOKED")
    expect(await complete(second.execution_id, end)).toEqual(terminated)
    expect((await kindsOf(second.execution_id)).slice(0, -1)).toEqual([
      "decision",
      "redeemed",
      "revoked",
      "redeem_refused",
      "terminated",
    ])
    expect((await revoke(second.execution_id)).already_revoked).toBe(true)
    for (const { execution_id } of [first, second]) {
      expect(await stateOf(execution_id)).toBe("EXECUTION_STATE_REVOKED")
      expect(await verify(execution_id)).toMatchObject({ valid: true })
    }
    const third = await authorize(pep)
    await redeem(third.token)
    await complete(third.execution_id)
    expect(await failure(revoke(third.execution_id))).toMatch(/^INVALID_TRANSITION .*COMPLETED/)
  })

  test("VerifyToken: a token to redeem never suffices, and once redeemed it is not waiting to start", async () => {
    const { token } = await authorize(pep)
    const ask = () => auditor.call<object>("authorization", "VerifyToken", { token, audience: "runner" })
    expect(await ask()).toMatchObject({ valid: true, sufficient: false, state: "EXECUTION_STATE_AUTHORIZED" })
    await redeem(token)
    expect(await ask()).toMatchObject({ valid: false, sufficient: false, state: "EXECUTION_STATE_REDEEMED" })
  })
})

describe("CompleteExecution", () => {
  test("a repeat gets the first receipt; another report, or another caller, is refused", async () => {
    const { token, execution_id } = await authorize(pep)
    expect(await failure(complete(execution_id))).toMatch(/^INVALID_TRANSITION/)
    await redeem(token)
    const made = await writ.client("admin").call<{ key: string }>("admin", "CreateCallerKey", { role: "executor" })
    const stranger = connect({ target: writ.daemon.addresses.grpc, key: made.key })
    expect(await failure(complete(execution_id, {}, stranger))).toMatch(/^FORBIDDEN/)
    const more = { succeeded: false, details: jsonToStruct({ exit: 3 }) }
    const first = await complete(execution_id, more)
    expect(await complete(execution_id, more)).toEqual(first)
    expect(await stateOf(execution_id)).toBe("EXECUTION_STATE_FAILED")
    for (const other of [{}, { succeeded: false }, { ...more, result_digest: Buffer.alloc(32) }])
      expect(await failure(complete(execution_id, other))).toMatch(/^INVALID_TRANSITION/)
    expect(await failure(complete(execution_id, more, stranger))).toMatch(/^FORBIDDEN/)
    stranger.close()
    expect(await verify(execution_id)).toMatchObject({ valid: true })
  })

  test("what was started is said once, and then how the process ended", async () => {
    const { token, execution_id } = await authorize(pep)
    expect(await failure(start(execution_id))).toMatch(/^INVALID_TRANSITION/)
    await redeem(token)
    const what = {
      code_digest: Buffer.alloc(32, 7),
      isolation: "ISOLATION_PID_NAMESPACE",
      not_guaranteed: ["own-proc"],
    }
    const started = await start(execution_id, what)
    expect(await start(execution_id, what)).toEqual(started)
    expect(await failure(start(execution_id))).toMatch(/^INVALID_TRANSITION/)
    const end = { exit_status: 0, duration: { seconds: "1", nanos: 5_000_000 } }
    expect(await complete(execution_id, end)).toMatchObject({ state: "EXECUTION_STATE_COMPLETED" })
    expect(await failure(complete(execution_id, { ...end, exit_status: 1 }))).toMatch(/^INVALID_TRANSITION/)
    const { records } = await auditor.call<{ records: { body: Buffer }[] }>("lineage", "GetLineage", { execution_id })
    expect(records.slice(2).map(({ body }) => JSON.parse(body.toString()).data)).toEqual([
      { code: "07".repeat(32), isolation: "PID_NAMESPACE" },
      { duration_ms: 1_005, exit_status: 0, succeeded: true },
    ])
    expect(await verify(execution_id)).toMatchObject({ valid: true })
  })

  test("completion after the token's `exp` is in time", async () => {
    const { token, execution_id } = await authorize(pep, readPage({ requested_ttl: { seconds: "1" } }))
    await redeem(token)
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    await complete(execution_id)
    expect(await stateOf(execution_id)).toBe("EXECUTION_STATE_COMPLETED")
    expect(await verify(execution_id)).toMatchObject({ valid: true })
  })

  test("details that are not JSON, or too many, are refused", async () => {
    const { token, execution_id } = await authorize(pep)
    await redeem(token)
    const nan = { fields: { x: { kind: "numberValue", numberValue: Number.NaN } } }
    expect(await failure(complete(execution_id, { details: nan }))).toMatch(/^INVALID_REQUEST/)
    const large = jsonToStruct({ x: "x".repeat(16 * 1024) })
    expect(await failure(complete(execution_id, { details: large }))).toMatch(/^REQUEST_TOO_LARGE/)
    expect(await failure(complete(execution_id, { result_digest: Buffer.alloc(31) }))).toMatch(/^INVALID_REQUEST/)
    expect(await failure(complete("x"))).toMatch(/^INVALID_REQUEST/)
    expect(await failure(complete("00000000-0000-4000-8000-000000000000"))).toMatch(/^NOT_FOUND/)
    expect(await stateOf(execution_id)).toBe("EXECUTION_STATE_REDEEMED")
  })
})

describe("beside an execution", () => {
  test("a repeat of the request gets no token any more once it was redeemed", async () => {
    const request = readPage()
    const first = await authorize(pep, request)
    expect((await authorize(pep, request)).token).toBe(first.token)
    await redeem(first.token)
    expect(await authorize(pep, request)).toMatchObject({
      execution_id: first.execution_id,
      token: "",
      token_withheld: { code: "TOKEN_WITHHELD" },
    })
  })

  test("what executors wrote can be erased: the lineage still verifies, and what was decided stays", async () => {
    const { token, execution_id } = await authorize(pep)
    const mine = { redemption_id: "mine" }
    const redeemed = await redeem(token, mine)
    const completed = await complete(execution_id, { details: jsonToStruct({ note: "a name" }) })
    for (const { receipt } of [redeemed, completed])
      await operator.call("admin", "ErasePayload", {
        log: receipt.log,
        leaf_index: receipt.leaf_index,
        reason: "asked",
      })
    expect(await verify(execution_id)).toMatchObject({
      valid: true,
      steps: expect.arrayContaining([expect.objectContaining({ step: "payload", result: "erased" })]),
    })
    expect(await failure(redeem(token, mine))).toMatch(/^ALREADY_REDEEMED/)
    expect(await failure(complete(execution_id, { succeeded: false }))).toMatch(/^INVALID_TRANSITION/)
    expect(await stateOf(execution_id)).toBe("EXECUTION_STATE_COMPLETED")
  })

  test("another policy bundle: what the one before it allowed is not redeemed any more", async () => {
    const { token, execution_id } = await authorize(pep)
    const path = join(writ.data, "policy", "policy.yaml")
    writeFileSync(path, readFileSync(path, "utf8").replace(/^version: .*$/m, 'version: "next"'))
    await writ.daemon.reloadPolicy()
    expect(await failure(redeem(token))).toMatch(/^TOKEN_REFUSED BUNDLE_CHANGED/)
    expect(await verify(execution_id)).toMatchObject({ valid: true })
    await redeem((await authorize(pep)).token)
  })

  test("refusals are counted, all of them", async () => {
    const text = async () => {
      const url = `http://${writ.daemon.addresses.http}/metrics`
      return await (await fetch(url, { headers: { authorization: `Bearer ${writ.key("operator")}` } })).text()
    }
    const count = async (reason: string) =>
      Number((await text()).match(new RegExp(`redemptions_refused_total\\{reason="${reason}"\\} (\\d+)`))?.[1] ?? 0)
    const before = [await count("PROOF_UNEXPECTED"), await count("TOKEN_INVALID")]
    const { token } = await authorize(pep)
    for (let i = 0; i < 3; i++) await failure(redeem(token, { proof: "AAAA" }))
    await failure(redeem("x"))
    expect([await count("PROOF_UNEXPECTED"), await count("TOKEN_INVALID")]).toEqual([
      (before[0] as number) + 3,
      (before[1] as number) + 1,
    ])
  })
})

describe("the ledger", () => {
  test("is clean after all of that", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
