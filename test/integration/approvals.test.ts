import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { AuthorizeReply } from "../../src/client/authorize-request.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { MAX_WAITING } from "../../src/decision/approval.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import { parseDatabaseUrl } from "../../src/store/connect.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { addMember, authorizeIt, childRequest, trustedRuntime } from "../support/family.ts"
import { makeFolder } from "../support/folder.ts"
import { RUNTIMES_YAML } from "../support/runtime.ts"

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon
/** Operators of the first, the second, and one more. */
let operators: readonly [WritClient, WritClient, WritClient]
const policy = makeFolder()
const closing: WritClient[] = []

const RULES = `
rules:
  - id: pages-wait
    effect: require_approval
    subjects: [{ type: agent }]
    actions: [http.get]
    resources: [{ type: url, id: "https://docs.example.com/wait/*" }]
  - id: pages-wait-for-two
    effect: require_approval
    approvals: 2
    approve_within: 10m
    subjects: [{ type: agent }]
    actions: [http.get]
    resources: [{ type: url, id: "https://docs.example.com/wait/two/*" }]
  - id: pages-wait-shortly
    effect: require_approval
    approve_within: 1s
    subjects: [{ type: agent }]
    actions: [http.get]
    resources: [{ type: url, id: "https://docs.example.com/wait/shortly/*" }]
`

beforeAll(async () => {
  database = await createDatabase()
  cpSync(join(import.meta.dirname, "..", "..", "examples", "agent-tools"), policy.path, { recursive: true })
  writeFileSync(join(policy.path, "runtimes.yaml"), RUNTIMES_YAML)
  writeFileSync(join(policy.path, "approvals.yaml"), RULES)
  const flags = { listen: "false", policy: policy.path } // NOTIFY switched off on both
  one = await startTestDaemon(database.url, flags)
  two = await startTestDaemon(database.url, flags)
  await one.daemon.reloadPolicy() // it signs the bundle that the other activated as well
  const { key } = await one.client("admin").call<{ key: string }>("admin", "CreateCallerKey", { role: "operator" })
  const third = connect({ target: one.daemon.addresses.grpc, key, maxTries: 1 })
  closing.push(third)
  operators = [one.client("operator"), two.client("operator"), third]
})
afterAll(async () => {
  for (const client of closing) client.close()
  await Promise.all([one?.stop(), two?.stop()])
  await database?.drop()
  policy.remove()
})

type Reply = AuthorizeReply
interface Approval {
  readonly approval_id: string
  readonly request: { request_id: string; resource: { id: string }; parameters?: Buffer }
  readonly approvals_given: number
  readonly approvals_needed: number
  readonly requested_by: string
  readonly rules: readonly string[]
}

let counter = 0
/** A request that nobody has made before, unless its path was named. */
const waiting = (change: JsonObject = {}, path = `page-${counter++}`) =>
  readPage({ resource: { type: "url", id: `https://docs.example.com/wait/${path}` }, ...change })
const again = (request: JsonObject, change: JsonObject = {}): JsonObject => ({
  ...request,
  request_id: `again-${counter++}`,
  ...change,
})
const ask = async (request: JsonObject, writ = one) => (await authorizeIt(writ, request)) as Reply
const decide = (operator: WritClient, approval_id: string, approve = true, reason = "") =>
  operator.call<{ approval: Approval; receipt: { leaf_hash: Buffer } }>("authorization", "DecideApproval", {
    approval_id,
    approve,
    reason,
  })
const list = async (page_size = 500, page_token = "") =>
  await operators[0].call<{ approvals: Approval[]; next_page_token: string }>("authorization", "ListApprovals", {
    page_size,
    page_token,
  })
const stateOf = async (execution_id: string) =>
  (
    await two
      .client("auditor")
      .call<{ execution: { state: string } }>("authorization", "GetExecution", { execution_id })
  ).execution.state.replace("EXECUTION_STATE_", "")
const codes = ({ decision, reasons }: Reply) => [decision.slice(9), ...reasons.map(({ code }) => code)]
/** Asked for and granted. */
async function approved(request = waiting()) {
  const { approval_id } = await ask(request)
  await decide(operators[0], approval_id)
  return { request, approval_id }
}
async function verify(execution_id: string) {
  for (const writ of [one, two]) await writ.client("auditor").call("lineage", "GetCheckpoint", {})
  return await two.client("auditor").call<object>("lineage", "VerifyLineage", { execution_id })
}

describe("a request that needs an approval", () => {
  test("waits for it, is granted by an operator, and is then allowed once, with all of it in one lineage", async () => {
    const request = waiting()
    const asked = await ask(request)
    expect(codes(asked)).toEqual(["REQUIRE_APPROVAL", "APPROVAL_REQUIRED"])
    expect(asked.token).toBe("")
    expect(asked.approval_id).toBe(asked.execution_id)
    expect(Number(asked.approval_expires_at?.seconds) - Date.now() / 1000).toBeGreaterThan(14 * 60)
    expect(await stateOf(asked.execution_id)).toBe("APPROVAL_PENDING")
    const { approvals } = await list()
    const seen = approvals.find(({ approval_id }) => approval_id === asked.approval_id)
    expect(seen).toMatchObject({
      approvals_given: 0,
      approvals_needed: 1,
      requested_by: expect.stringMatching(/^key:pep-/),
      rules: ["pages-wait"],
    })
    expect(seen?.request).toMatchObject({ request_id: request["request_id"], resource: request["resource"] })

    const { approval_id } = asked
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["REQUIRE_APPROVAL", "APPROVAL_PENDING"])
    await decide(operators[1], approval_id, true, "seen")
    expect((await list()).approvals.map((approval) => approval.approval_id)).not.toContain(approval_id)
    const allowed = await ask(again(request, { approval_id }))
    expect(codes(allowed)).toEqual(["ALLOW"])
    expect([allowed.execution_id, allowed.approval_id]).toEqual([approval_id, approval_id])
    expect(await stateOf(approval_id)).toBe("AUTHORIZED")
    expect(codes(await ask(again(request, { approval_id }), one))).toEqual(["DENY", "APPROVAL_USED"])

    await one
      .client("executor")
      .call("authorization", "RedeemToken", { token: allowed.token, redemption_id: approval_id })
    const lineage = await one
      .client("auditor")
      .call<{ records: { body: Buffer }[] }>("lineage", "GetLineage", { execution_id: approval_id })
    const records = lineage.records.map(({ body }) => JSON.parse(body.toString()))
    expect(records.map(({ kind, state }) => [kind, state])).toEqual([
      ["decision", "APPROVAL_PENDING"],
      ["approval_decided", "APPROVAL_PENDING"],
      ["decision", "AUTHORIZED"],
      ["redeemed", "REDEEMED"],
    ])
    expect(records[1]).toMatchObject({
      actor: { id: expect.stringMatching(/^key:operator-/) },
      data: { approve: true },
    })
    expect(await verify(approval_id)).toMatchObject({ valid: true })
    const { evidence } = await two
      .client("auditor")
      .call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id: approval_id })
    const trust = parseTrust(await (await fetch(`http://${one.daemon.addresses.http}/.well-known/writ.json`)).text())
    expect(verifyEvidence(evidence, trust)).toMatchObject({
      valid: true,
      anchored: true,
      execution: { id: approval_id, decision: "ALLOW", state: "REDEEMED" },
    })
  })

  test("asks once: the same caller's same request finds the approval that it waits for already", async () => {
    const request = waiting()
    const first = await ask(request)
    const many = await Promise.all(Array.from({ length: 20 }, () => ask(again(request))))
    expect(new Set(many.map(({ approval_id }) => approval_id))).toEqual(new Set([first.approval_id]))
    expect(new Set(many.map(({ execution_id }) => execution_id)).size).toBe(20)
    await expect(stateOf(many[0]?.execution_id as string)).rejects.toThrow("no execution")
    const { approvals } = await list()
    expect(
      approvals.filter(({ request: seen }) => seen.resource.id === (request["resource"] as JsonObject)["id"]),
    ).toHaveLength(1)
    // the same request_id gets the same verdict
    expect(await ask(request)).toMatchObject({ approval_id: first.approval_id, repeated_request: true })
  })

  test("asks once also where both replicas are asked at the same time by the same caller", async () => {
    const key = one.key("pep")
    const clients = [one, two].map(({ daemon }) => connect({ target: daemon.addresses.grpc, key, maxTries: 1 }))
    closing.push(...clients)
    for (let i = 0; i < 10; i++) {
      const request = waiting()
      const asked = await Promise.all(
        clients.map((client) => authorizeIt({ client: () => client } as unknown as TestDaemon, again(request))),
      )
      expect(new Set(asked.map((reply) => (reply as Reply).approval_id)).size).toBe(1)
    }
  })

  test("is refused for good by one operator, and may be asked for again", async () => {
    const request = waiting()
    const { approval_id } = await ask(request)
    await decide(operators[0], approval_id, false, "not today")
    expect(await stateOf(approval_id)).toBe("REJECTED")
    await expect(decide(operators[1], approval_id)).rejects.toThrow("has been refused")
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["DENY", "APPROVAL_REJECTED"])
    expect(await verify(approval_id)).toMatchObject({ valid: true })
    const next = await ask(again(request))
    expect(next.approval_id).not.toBe(approval_id)
    await decide(operators[0], next.approval_id)
    expect(codes(await ask(again(request, { approval_id: next.approval_id })))).toEqual(["ALLOW"])
  })

  test("lapses when the rule says so", async () => {
    const request = waiting({}, "shortly/1")
    const { approval_id } = await ask(request)
    await decide(operators[0], approval_id)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(await stateOf(approval_id)).toBe("EXPIRED")
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["DENY", "APPROVAL_EXPIRED"])
    await expect(decide(operators[1], approval_id)).rejects.toThrow("has lapsed")
    expect((await ask(again(request))).approval_id).not.toBe(approval_id)
  })

  test("needs two principals where the rule says so, each once", async () => {
    const request = waiting({}, "two/1")
    const { approval_id } = await ask(request)
    const first = await decide(operators[0], approval_id)
    expect(first.approval).toMatchObject({ approvals_given: 1, approvals_needed: 2 })
    expect((await decide(operators[0], approval_id)).receipt).toEqual(first.receipt)
    await expect(decide(operators[0], approval_id, false)).rejects.toThrow("already, the other way")
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["REQUIRE_APPROVAL", "APPROVAL_PENDING"])
    expect((await list()).approvals.find((one) => one.approval_id === approval_id)).toMatchObject({
      approvals_given: 1,
    })
    await decide(operators[1], approval_id)
    await expect(decide(operators[2], approval_id)).rejects.toThrow("granted already")
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["ALLOW"])
    expect(await verify(approval_id)).toMatchObject({ valid: true })
  })

  test("is withdrawn by a refusal after it was granted and before it is used", async () => {
    const { request, approval_id } = await approved()
    await decide(operators[1], approval_id, false)
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["DENY", "APPROVAL_REJECTED"])
  })

  test("is for this caller, this request and these very parameters", async () => {
    const { request, approval_id } = await approved()
    expect(codes(await ask(again(request, { approval_id }), two))).toEqual(["DENY", "APPROVAL_UNKNOWN"])
    expect(codes(await ask(again(waiting(), { approval_id })))).toEqual(["DENY", "APPROVAL_OTHER_REQUEST"])
    expect(codes(await ask(again(request, { approval_id: "00000000-0000-4000-8000-000000000000" })))).toEqual([
      "DENY",
      "APPROVAL_UNKNOWN",
    ])
    expect(codes(await ask(again(request, { approval_id: "x" })))).toEqual(["DENY", "APPROVAL_UNKNOWN"])
    // an execution that never waited is no approval
    const { execution_id } = await ask(readPage())
    expect(codes(await ask(again(request, { approval_id: execution_id })))).toEqual(["DENY", "APPROVAL_UNKNOWN"])
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["ALLOW"])
  })

  test(`a caller waits for at most ${MAX_WAITING} at a time, however many it asks for at once`, async () => {
    const { key } = await one.client("admin").call<{ key: string }>("admin", "CreateCallerKey", { role: "pep" })
    const client = connect({ target: one.daemon.addresses.grpc, key, maxTries: 1 })
    closing.push(client)
    const as = { client: () => client } as unknown as TestDaemon
    const requests = Array.from({ length: MAX_WAITING + 8 }, () => waiting())
    const replies: Reply[] = []
    for (let i = 0; i < requests.length; i += 8)
      replies.push(...(await Promise.all(requests.slice(i, i + 8).map((request) => ask(request, as)))))
    expect(replies.filter(({ decision }) => decision === "DECISION_REQUIRE_APPROVAL")).toHaveLength(MAX_WAITING)
    expect(codes(replies.find(({ decision }) => decision === "DECISION_DENY") as Reply)).toEqual([
      "DENY",
      "APPROVAL_LIMIT",
    ])
    // what waits already is still found, others are not kept from asking, and an end makes room
    expect(codes(await ask(again(requests[0] as JsonObject), as))[0]).toBe("REQUIRE_APPROVAL")
    expect(codes(await ask(waiting()))[0]).toBe("REQUIRE_APPROVAL")
    await decide(operators[0], replies[0]?.approval_id as string, false)
    expect(codes(await ask(waiting(), as))[0]).toBe("REQUIRE_APPROVAL")
  })

  test("pages of approvals, the oldest first, hold each once", async () => {
    const all = (await list()).approvals.map(({ approval_id }) => approval_id)
    expect(all.length).toBeGreaterThan(MAX_WAITING)
    const paged: string[] = []
    for (let token = ""; ; ) {
      const page = await list(7, token)
      expect(page.approvals.length).toBeLessThanOrEqual(7)
      paged.push(...page.approvals.map(({ approval_id }) => approval_id))
      token = page.next_page_token
      if (token === "") break
    }
    expect(paged).toEqual(all)
    for (const token of ["x", "bnVsbA", Buffer.from('[1,"x"]').toString("base64url")])
      await expect(list(7, token)).rejects.toThrow("page_token")
    await expect(list(501)).rejects.toThrow("page_size")
  })
})

describe("two replicas at once", () => {
  test("of two uses of one approval one passes", async () => {
    const key = one.key("pep")
    const clients = [one, two].map(({ daemon }) => connect({ target: daemon.addresses.grpc, key, maxTries: 1 }))
    closing.push(...clients)
    for (let i = 0; i < 10; i++) {
      const { request, approval_id } = await approved()
      const replies = await Promise.all(
        clients.map((client) =>
          ask(again(request, { approval_id }), { client: () => client } as unknown as TestDaemon),
        ),
      )
      expect(replies.map((reply) => codes(reply).join()).sort()).toEqual(["ALLOW", "DENY,APPROVAL_USED"])
      expect(await verify(approval_id)).toMatchObject({ valid: true })
    }
  })

  test("of a grant and a refusal each has its place in the chain, or comes too late", async () => {
    for (let i = 0; i < 10; i++) {
      const { approval_id } = await ask(waiting())
      const outcomes = await Promise.allSettled([
        decide(operators[0], approval_id, true),
        decide(operators[1], approval_id, false),
      ])
      expect(outcomes[1]?.status).toBe("fulfilled")
      if (outcomes[0]?.status === "rejected") expect(String(outcomes[0].reason)).toContain("has been refused")
      expect(await stateOf(approval_id)).toBe("REJECTED")
      expect(await verify(approval_id)).toMatchObject({ valid: true })
    }
  })

  test("two who grant what needs two both count, and of two who grant what needs one only the first", async () => {
    for (const [path, count] of [
      ["two/both", 2],
      ["both", 1],
    ] as const) {
      const { approval_id } = await ask(waiting({}, path))
      const outcomes = await Promise.allSettled([decide(operators[0], approval_id), decide(operators[1], approval_id)])
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(count)
      expect(await verify(approval_id)).toMatchObject({ valid: true })
    }
  })
})

describe("a child that needs an approval", () => {
  test("is allowed with another consent of its parent's runtime, as the child that it is", async () => {
    const parent = await addMember(one)
    const { runtime } = await trustedRuntime(one)
    const of = (change: JsonObject = {}) => {
      const resource = { type: "url", id: "https://docs.example.com/wait/child" }
      return childRequest(parent, runtime.id, { resource, ...change })
    }
    const { approval_id } = await ask(of())
    await decide(operators[1], approval_id)
    const allowed = await ask(of({ approval_id }))
    expect(codes(allowed)).toEqual(["ALLOW"])
    const lineage = await one
      .client("auditor")
      .call<{ ancestors: { execution_id: string }[] }>("lineage", "GetLineage", {
        execution_id: approval_id,
      })
    expect(lineage.ancestors.map(({ execution_id }) => execution_id)).toEqual([parent.execution_id])
    expect(await verify(approval_id)).toMatchObject({ valid: true })
    await one.client("operator").call("authorization", "RevokeExecution", { execution_id: parent.execution_id })
    expect(await stateOf(approval_id)).toBe("REVOKED")
  })
})

describe("a lineage that was approved", () => {
  test("is listed once, where it was allowed, and what waits where it was asked for", async () => {
    const { request, approval_id } = await approved()
    const waits = (await ask(waiting())).execution_id
    await ask(again(request, { approval_id }))
    const ids: string[] = []
    for (let page_token = ""; ; ) {
      const page = await one
        .client("auditor")
        .call<{ executions: { execution_id: string }[]; next_page_token: string }>("authorization", "ListExecutions", {
          page_size: 500,
          page_token,
        })
      ids.push(...page.executions.map(({ execution_id }) => execution_id))
      page_token = page.next_page_token
      if (page_token === "") break
    }
    expect(ids.filter((id) => id === approval_id)).toHaveLength(1)
    expect(ids.filter((id) => id === waits)).toHaveLength(1)
    expect(ids.indexOf(approval_id)).toBeLessThan(ids.indexOf(waits))
    await expect(operators[0].call("authorization", "RevokeExecution", { execution_id: waits })).rejects.toThrow(
      "refuse the approval",
    )
  })

  test("is what fsck derives again, and it tells what was changed", async () => {
    const { approval_id } = await ask(waiting())
    const { approval_id: granted } = await approved()
    const tables = async () =>
      (await checkDatabase(parseDatabaseUrl(database.url), undefined, false)).findings.map(({ table }) => table)
    expect(await tables()).toEqual([])
    await database.query("UPDATE approval SET given = 2 WHERE approval_id = $1", [granted])
    expect(await tables()).toEqual(["approval"])
    await database.query("UPDATE approval SET given = 1 WHERE approval_id = $1", [granted])
    await database.query("DELETE FROM approval WHERE approval_id = $1", [approval_id])
    expect(await tables()).toEqual(["approval"])
  })

  test("is of no use once the policy has changed", async () => {
    const request = waiting()
    const { approval_id } = await approved(request)
    const { approval_id: undecided } = await ask(waiting())
    writeFileSync(join(policy.path, "approvals.yaml"), RULES.replace("10m", "9m"))
    await one.daemon.reloadPolicy()
    expect(codes(await ask(again(request, { approval_id })))).toEqual(["DENY", "APPROVAL_OTHER_POLICY"])
    await expect(decide(operators[0], undecided)).rejects.toThrow("policy has changed")
    expect((await list()).approvals).toEqual([])
    expect((await ask(again(request))).approval_id).not.toBe(approval_id)
  })
})
