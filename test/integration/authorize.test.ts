import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { WritClient } from "../../src/client/connect.ts"
import { sha256 } from "../../src/crypto.ts"
import { hashLeaf } from "../../src/formats/merkle.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import {
  parseTrust,
  verifyCheckpoint,
  verifyConsistency,
  verifyEvidence,
  verifyInclusion,
  verifyToken,
} from "../../src/verify/index.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let writ: TestDaemon
let pep: WritClient
let auditor: WritClient

beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url)
  pep = writ.client("pep")
  auditor = writ.client("auditor")
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
})

const trust = async () =>
  parseTrust(await (await fetch(`http://${writ.daemon.addresses.http}/.well-known/writ.json`)).text())
const codeOf = async (promise: Promise<unknown>) =>
  await promise.then(
    () => "OK",
    (error: { code: string }) => error.code,
  )

describe("Authorize", () => {
  test("an ALLOW carries a token whose leaf is the record that was durable before", async () => {
    const reply = await authorize(pep, readPage({ parameters: '{"a":1}' }))
    expect(reply.decision).toBe("DECISION_ALLOW")
    expect(reply.checks.map((check) => check.status)).toEqual(Array(6).fill("CHECK_STATUS_PASS"))
    const row = await database.query("SELECT body, leaf_hash FROM entry WHERE idx = $1", [reply.receipt.leaf_index])
    expect(Buffer.from(hashLeaf(sha256, row.rows[0].body))).toEqual(reply.receipt.leaf_hash)
    const report = verifyToken(reply.token, {
      keys: (await trust()).tokens.keys,
      audience: "runner",
      nowMs: Date.now(),
    })
    expect(report).toMatchObject({
      valid: true,
      sufficient: false,
      claims: { leaf: reply.receipt.leaf_hash.toString("hex"), env: "dev", sub: "agent:researcher" },
    })
  })

  /** One case per reason code that this issue can give; each fails only its own check. */
  const golden: readonly (readonly [string, string, JsonObject])[] = [
    [
      "SUBJECT_UNKNOWN",
      "identity",
      { subject: { type: "agent", id: "agent:nobody", properties: { team: "research" } } },
    ],
    [
      "SUBJECT_SUSPENDED",
      "identity",
      { subject: { type: "agent", id: "agent:retired", properties: { team: "research" } } },
    ],
    ["PROPERTY_MISSING", "context", { subject: { type: "agent", id: "agent:researcher" } }],
    [
      "PROPERTY_UNKNOWN",
      "context",
      { subject: { type: "agent", id: "agent:researcher", properties: { team: "research", x: 1 } } },
    ],
    [
      "PROPERTY_TYPE_MISMATCH",
      "context",
      { subject: { type: "agent", id: "agent:researcher", properties: { team: 7 } } },
    ],
    [
      "PROPERTY_TOO_LARGE",
      "context",
      { subject: { type: "agent", id: "agent:researcher", properties: { team: "x".repeat(20_000) } } },
    ],
    ["TYPE_UNKNOWN", "context", { resource: { type: "planet", id: "mars" } }],
    [
      "PARAMETERS_INVALID",
      "context",
      {
        subject: { type: "agent", id: "agent:treasurer", properties: { team: "f" } },
        action: { name: "payment.send" },
        resource: { type: "account", id: "a", properties: { currency: "EUR" } },
        parameters: '{"amount":"x"}',
      },
    ],
    ["RUNTIME_UNKNOWN", "environment_trust", { runtime_id: "runtime-1" }],
    [
      "NOT_ATTESTED",
      "environment_trust",
      {
        subject: { type: "agent", id: "agent:deployer", properties: { team: "platform" } },
        action: { name: "shell.run" },
        resource: { type: "host", id: "h" },
        parameters: '{"argv":["ls"]}',
      },
    ],
    ["PARENT_UNKNOWN", "authorization_state", { parent_execution_id: "00000000-0000-4000-8000-000000000000" }],
    ["APPROVAL_UNKNOWN", "authorization_state", { approval_id: "a" }],
    ["NO_MATCHING_ALLOW", "execution_eligibility", { resource: { type: "url", id: "ftp://example.com/" } }],
    ["DENIED_BY_RULE", "execution_eligibility", { resource: { type: "url", id: "https://169.254.169.254/x" } }],
    [
      "CONDITION_ERROR",
      "execution_eligibility",
      {
        subject: { type: "agent", id: "agent:treasurer", properties: { team: "f" } },
        action: { name: "payment.send" },
        resource: { type: "account", id: "a", properties: { currency: "EUR" } },
        parameters: '{"amount":1,"instalments":0}',
      },
    ],
    ["PARAMETERS_OPAQUE", "execution_eligibility", { parameters: "not json", parameters_content_type: "text/plain" }],
    [
      "OBLIGATION_UNSUPPORTED",
      "execution_eligibility",
      {
        subject: { type: "agent", id: "agent:deployer", properties: { team: "platform" } },
        action: { name: "http.post" },
        resource: { type: "url", id: "https://api.example.com/x" },
        context: { ticket: "OPS-1" },
      },
    ],
  ]
  test.each(golden)("%s fails only the check %s", async (code, check, change) => {
    const reply = await authorize(pep, readPage(change))
    expect(reply.decision).toBe("DECISION_DENY")
    expect(reply.token).toBe("")
    expect(reply.reasons.map((reason) => reason.code)).toContain(code)
    expect(reply.checks.filter((made) => made.status === "CHECK_STATUS_FAIL").map((made) => made.name)).toEqual([check])
  })

  test("a large payment requires an approval and gives no token", async () => {
    const reply = await authorize(
      pep,
      readPage({
        subject: { type: "agent", id: "agent:treasurer", properties: { team: "f" } },
        action: { name: "payment.send" },
        resource: { type: "account", id: "a", properties: { currency: "EUR" } },
        parameters: '{"amount":3000,"instalments":10}',
      }),
    )
    expect(reply).toMatchObject({ decision: "DECISION_REQUIRE_APPROVAL", token: "" })
    expect(reply.reasons[0]?.code).toBe("APPROVAL_REQUIRED")
  })

  test("a repeat gets the recorded verdict and the same token; other content is refused; in flight they are one", async () => {
    const request = readPage()
    const first = await authorize(pep, request)
    const again = await authorize(pep, request)
    expect(again).toMatchObject({
      execution_id: first.execution_id,
      token: first.token,
      repeated_request: true,
      receipt: first.receipt,
    })
    expect(again.checks).toEqual(first.checks)
    expect(await codeOf(authorize(pep, { ...request, audience: "other" }))).toBe("REQUEST_ID_REUSED")
    const together = readPage()
    const replies = await Promise.all(Array.from({ length: 20 }, () => authorize(pep, together)))
    expect(new Set(replies.map((reply) => reply.execution_id)).size).toBe(1)
    expect(replies.filter((reply) => !reply.repeated_request)).toHaveLength(1)
  })

  test("numbers that RFC 8785 writes out in full can be recalled and verified", async () => {
    const request = readPage({ context: { limit: 1e20, most: -(2 ** 60) } })
    const first = await authorize(pep, request)
    expect(await authorize(pep, request)).toMatchObject({ execution_id: first.execution_id, repeated_request: true })
    const lineage = { execution_id: first.execution_id }
    expect(await auditor.call("lineage", "VerifyLineage", lineage)).toMatchObject({ valid: true, reason: "" })
  })

  test("a passed deadline records nothing, and the id can be used again", async () => {
    const request = readPage()
    const wire = toWireRequest(request)
    const before = Number((await database.query("SELECT size FROM log_head")).rows[0].size)
    const client = writ.client("pep")
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(["DEADLINE_EXCEEDED", "CANCELLED"]).toContain(
      await codeOf(client.call("authorization", "Authorize", wire, 0)),
    )
    expect(Number((await database.query("SELECT size FROM log_head")).rows[0].size)).toBe(before)
    expect((await authorize(pep, request)).repeated_request).toBe(false)
  })

  test.each([
    ["no request id", { request_id: "" }],
    ["a request id of 129 bytes", { request_id: "x".repeat(129) }],
    ["NUL in an id", { resource: { type: "url", id: "a\u0000b" } }],
    ["U+FFFD in an id", { resource: { type: "url", id: "a\ufffdb" } }],
    ["an id of 513 bytes", { resource: { type: "url", id: "é".repeat(257) } }],
    ["no subject", { subject: null }],
    ["no audience", { audience: "" }],
    ["a bad type", { subject: { type: "Agent!", id: "x" } }],
    ["duplicate keys in the parameters", { parameters: '{"a":1,"a":2}' }],
    ["parameters that are not JSON", { parameters: "{" }],
    ["parameters of 33 KiB", { parameters: JSON.stringify("x".repeat(33 * 1024)) }],
    ["properties of 200 KB", { context: { ticket: "x".repeat(200_000) } }],
    ["properties nested 20 deep", { context: JSON.parse(`${'{"a":'.repeat(20)}1${"}".repeat(20)}`) as JsonObject }],
    ["both forms of parameters", { parameters: "{}", parameters_digest: Buffer.alloc(32).toString("base64") }],
    ["33 obligations", { supported_obligations: Array(33).fill("log") }],
  ] as readonly (readonly [string, JsonObject])[])("%s is refused, and nobody else notices", async (_, change) => {
    const [code, other] = await Promise.all([codeOf(authorize(pep, readPage(change))), authorize(pep)])
    expect(["INVALID_REQUEST", "REQUEST_TOO_LARGE"]).toContain(code)
    expect(other.decision).toBe("DECISION_ALLOW")
  })
})

describe("AuthorizeBatch and AuthorizeStream", () => {
  test("each request of a batch succeeds or fails by itself", async () => {
    const requests = [
      readPage(),
      readPage({ audience: "" }),
      readPage({ resource: { type: "url", id: "ftp://x" } }),
    ].map(toWireRequest)
    const { results } = await pep.call<{ results: { response?: AuthorizeReply; status?: { code: number } }[] }>(
      "authorization",
      "AuthorizeBatch",
      { requests },
    )
    expect(results.map((result) => result.response?.decision ?? result.status?.code)).toEqual([
      "DECISION_ALLOW",
      3,
      "DECISION_DENY",
    ])
    expect(
      await codeOf(
        pep.call("authorization", "AuthorizeBatch", {
          requests: Array.from({ length: 65 }, () => toWireRequest(readPage())),
        }),
      ),
    ).toBe("REQUEST_TOO_LARGE")
  })

  test("a stream answers each message, and a bad one does not end it", async () => {
    const stream = pep.stream("authorization", "AuthorizeStream")
    const replies = new Map<string, string | number>()
    stream.on("data", (reply: { sequence: string; response?: AuthorizeReply; status?: { code: number } }) =>
      replies.set(reply.sequence, reply.response?.decision ?? (reply.status?.code as number)),
    )
    const ended = new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject))
    for (let i = 0; i < 100; i++)
      stream.write({ sequence: String(i), request: toWireRequest(i === 50 ? readPage({ audience: "" }) : readPage()) })
    stream.write({ sequence: "100" })
    stream.end()
    await ended
    expect(replies.size).toBe(101)
    expect([replies.get("49"), replies.get("50"), replies.get("51"), replies.get("100")]).toEqual([
      "DECISION_ALLOW",
      3,
      "DECISION_ALLOW",
      3,
    ])
  })
})

describe("LineageService", () => {
  test("proofs, evidence and the signed checkpoint are checked with keys from outside", async () => {
    const reply = await authorize(pep)
    const first = await auditor.call<{ checkpoint: string; tree_size: string }>("lineage", "GetCheckpoint", {})
    const keys = await trust()
    const [log] = keys.logs
    const one = verifyCheckpoint({ note: first.checkpoint, origin: log?.origin as string, vkey: log?.vkey as string })
    expect(one.valid).toBe(true)
    const inclusion = await auditor.call<{ tree_size: string; leaf_hash: Buffer; proof: Buffer[] }>(
      "lineage",
      "GetInclusionProof",
      { leaf_index: reply.receipt.leaf_index, tree_size: first.tree_size },
    )
    const included = {
      leafIndex: BigInt(reply.receipt.leaf_index),
      treeSize: BigInt(inclusion.tree_size),
      leafHash: reply.receipt.leaf_hash,
      proof: inclusion.proof,
      rootHash: one.checkpoint?.root as Uint8Array,
    }
    expect(verifyInclusion(included)).toEqual({ valid: true, reason: "" })
    await Promise.all(Array.from({ length: 300 }, () => authorize(pep)))
    const second = await auditor.call<{ checkpoint: string; tree_size: string; root_hash: Buffer }>(
      "lineage",
      "GetCheckpoint",
      {},
    )
    const { proof } = await auditor.call<{ proof: Buffer[] }>("lineage", "GetConsistencyProof", {
      size1: first.tree_size,
      size2: second.tree_size,
    })
    expect(
      verifyConsistency({
        size1: BigInt(first.tree_size),
        size2: BigInt(second.tree_size),
        root1: one.checkpoint?.root as Uint8Array,
        root2: second.root_hash,
        proof,
      }).valid,
    ).toBe(true)

    const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
      execution_id: reply.execution_id,
    })
    expect(verifyEvidence(evidence, keys)).toMatchObject({
      valid: true,
      anchored: true,
      execution: { decision: "ALLOW", state: "AUTHORIZED" },
    })
    expect(verifyEvidence(evidence, undefined)).toMatchObject({ valid: true, anchored: false })
    const again = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
      execution_id: reply.execution_id,
    })
    expect(again.evidence.equals(evidence)).toBe(true)
  })

  test("ListRecords pages through everything, and takes a kind", async () => {
    let next = "0"
    const kinds: string[] = []
    for (;;) {
      const page = await auditor.call<{ records: { body: Buffer }[]; next_index: string; tree_size: string }>(
        "lineage",
        "ListRecords",
        { start_index: next, page_size: 200 },
      )
      kinds.push(...page.records.map((record) => (JSON.parse(record.body.toString()) as { kind: string }).kind))
      next = page.next_index
      if (next === page.tree_size) break
    }
    expect(kinds[0]).toBe("log_opened")
    expect(kinds.filter((kind) => kind === "caller_key_changed")).toHaveLength(7)
    const { records } = await auditor.call<{ records: { body: Buffer }[] }>("lineage", "ListRecords", {
      kind: "caller_key_changed",
    })
    expect(records).toHaveLength(7)
  })

  test("what does not exist is NOT_FOUND", async () => {
    const id = "00000000-0000-4000-8000-000000000000"
    for (const method of ["GetLineage", "VerifyLineage", "ExportEvidence"])
      expect(await codeOf(auditor.call("lineage", method, { execution_id: id }))).toBe("NOT_FOUND")
    expect(await codeOf(auditor.call("lineage", "GetRecord", { leaf_index: "999999" }))).toBe("NOT_FOUND")
    expect(await codeOf(auditor.call("lineage", "GetLineage", { execution_id: "x" }))).toBe("INVALID_REQUEST")
  })
})

describe("VerifyToken", () => {
  test("says what holds now", async () => {
    const reply = await authorize(pep, readPage({ parameters: "{}" }))
    const ask = async (more: object) =>
      await auditor.call<{ valid: boolean; reason: string; sufficient: boolean; state: string }>(
        "authorization",
        "VerifyToken",
        { token: reply.token, audience: "runner", ...more },
      )
    expect(await ask({})).toMatchObject({ valid: true, sufficient: false, state: "EXECUTION_STATE_AUTHORIZED" })
    expect(await ask({ parameters: Buffer.from("{}") })).toMatchObject({ valid: true })
    expect((await ask({ parameters: Buffer.from("{ }") })).reason).toMatch(/^PARAMETERS_DIFFER/)
    expect((await ask({ audience: "x" })).reason).toMatch(/^WRONG_AUDIENCE/)
    expect((await ask({ token: "x" })).reason).toMatch(/^MALFORMED/)
  })
})

describe("caller keys", () => {
  test("a key is made, used, revoked, and refused from then on, also on an open stream", async () => {
    const admin = writ.client("admin")
    const made = await admin.call<{ key: string; caller_key: { id: string } }>("admin", "CreateCallerKey", {
      role: "pep",
    })
    const { connect } = await import("../../src/client/connect.ts")
    const client = connect({ target: writ.daemon.addresses.grpc, key: made.key })
    expect((await authorize(client)).decision).toBe("DECISION_ALLOW")
    const stream = client.stream("authorization", "AuthorizeStream")
    const next = () =>
      new Promise<{ response?: object; status?: { code: number } }>((resolve) => stream.once("data", resolve))
    stream.write({ sequence: "1", request: toWireRequest(readPage()) })
    expect((await next()).response).toBeTruthy()
    await admin.call("admin", "RevokeCallerKey", { id: made.caller_key.id })
    stream.write({ sequence: "2", request: toWireRequest(readPage()) })
    expect((await next()).status?.code).toBe(16)
    expect(await codeOf(authorize(client))).toBe("UNAUTHENTICATED")
    stream.end()
    client.close()
  })
})

test("after all this the ledger is clean", async () => {
  const report = await checkDatabase(database.connection, await trust(), false)
  expect(report.findings).toEqual([])
  expect(report.clean).toBe(true)
})
