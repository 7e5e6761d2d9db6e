import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { determine, MAX_REASONS } from "../../../src/decision/determine.ts"
import { DEFAULT_MAX_DURATION_MS } from "../../../src/decision/limits.ts"
import { readVerdict } from "../../../src/decision/recall.ts"
import { buildVerdict, seal, sealDecision } from "../../../src/decision/seal.ts"
import type { RawRequest } from "../../../src/decision/snapshot.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { hashLeaf } from "../../../src/formats/merkle.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { commitPayload, MAX_RECORD_BYTES, PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { MAX_MATCHED_RULES, MAX_VERSION_CHARS } from "../../../src/policy/bundle.ts"
import { CALLER, ISSUER } from "../../support/decision.ts"
import { load, NOW_MS, requestOf, stateOf } from "../../support/policy.ts"

type Token = { readonly ttl?: string; readonly use?: string; readonly max_duration?: string }
/** What is decided when one rule for each of these allows the request. */
function decide(tokens: readonly Token[], change: Partial<RawRequest> = {}, issuer = ISSUER) {
  const { policy } = load({
    version: "1",
    types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
    rules: tokens.map((token, i) => ({
      id: `r${i}`,
      effect: "allow",
      runtime: "none",
      subjects: [{ type: "a" }],
      actions: ["go"],
      resources: [{ type: "r" }],
      token,
    })),
  })
  const { request, policy: policyRequest } = requestOf(change)
  const verdict = buildVerdict(
    determine(stateOf(policy), request, policyRequest),
    request,
    stateOf(policy),
    issuer,
    NOW_MS,
  )
  const claim = { key: "00000000-0000-4000-8000-000000000000", digest: new Uint8Array(32).fill(5) }
  const claims = verdict.claims && encodeCanonicalJson(verdict.claims)
  return { request, verdict, record: sealDecision(verdict, claims, request.canonical, claim, 3, 7n, CALLER, NOW_MS) }
}
const lifeOf = (...args: Parameters<typeof decide>) => {
  const claims = decide(...args).verdict.claims
  return claims && claims.exp - claims.iat
}

describe("buildVerdict", () => {
  test.each([
    ["the daemon's default", [{}], {}, 10],
    ["the rule's, when shorter", [{ ttl: "4s" }], {}, 4],
    ["the default, when the rule allows more", [{ ttl: "60s" }], {}, 10],
    ["the wish, up to 30 s without a runtime", [{}], { requested_ttl_ms: 100_000 }, 30],
    ["the wish, up to the rule's", [{ ttl: "4s" }], { requested_ttl_ms: 20_000 }, 4],
    ["the shortest of all rules", [{ ttl: "9s" }, { ttl: "3s" }, {}], {}, 3],
    ["the wish, when shorter", [{}], { requested_ttl_ms: 2_000 }, 2],
    ["whole seconds, rounded down", [{}], { requested_ttl_ms: 2_999 }, 2],
    ["never under a second", [{ ttl: "1ms" }], { requested_ttl_ms: 1 }, 1],
  ] as [string, Token[], Partial<RawRequest>, number][])("a token lives %s", (_, tokens, change, seconds) => {
    expect(lifeOf(tokens, change)).toBe(seconds)
  })

  test("claims are the request's, and nobody else's", () => {
    const { verdict, request } = decide([{}], { parameters: Buffer.from("x"), parameters_content_type: "text/plain" })
    expect(verdict.decision).toBe("DENY") // the rule wants them decoded
    expect(verdict.claims).toBeNull()
    const allowed = decide([
      { use: "offline", max_duration: "90s" },
      { use: "offline", max_duration: "2h" },
    ])
    const iat = NOW_MS / 1000
    expect(allowed.verdict.claims).toEqual({
      iss: "https://writ.test",
      sub: "x",
      sub_type: "a",
      aud: "runner",
      jti: allowed.verdict.executionId,
      iat,
      nbf: iat,
      exp: iat + 10,
      execution_id: allowed.verdict.executionId,
      action: "go",
      resource: { type: "r", id: "y" },
      bundle: allowed.verdict.bundleDigest,
      use: "offline",
      max_duration: 90,
      log: "writ.test/log",
      env: "dev",
    })
    expect(request.parametersDigest).not.toBeNull()
  })

  test("offline only where every allow says so; out of development there is no env; an hour at most by default", () => {
    expect(decide([{ use: "offline" }, {}]).verdict.claims?.use).toBe("redeem")
    const { claims } = decide([{}], {}, { ...ISSUER, development: false }).verdict
    expect(claims).not.toHaveProperty("env")
    expect(claims?.max_duration).toBe(DEFAULT_MAX_DURATION_MS / 1000)
  })

  test("every decision is an execution of its own", () => {
    const ids = Array.from({ length: 50 }, () => decide([{}]).verdict.executionId)
    expect(new Set(ids).size).toBe(50)
  })
})

describe("sealDecision", () => {
  test("the leaf commits to the payload, and the hash is the leaf's", () => {
    const { record } = decide([{}])
    const payload = record.payload as Uint8Array
    const body = JSON.parse(Buffer.from(record.body).toString()) as JsonObject
    expect(Buffer.from(record.leafHash)).toEqual(Buffer.from(hashLeaf(sha256, record.body)))
    expect(body["payload"]).toBe(toHex(commitPayload(sha256, payload)))
    expect(body).toMatchObject({
      kind: "decision",
      state: "AUTHORIZED",
      epoch: "7",
      time: "2026-01-01T00:00:00.000Z",
      actor: { id: CALLER.id, proof: "api-key" },
    })
  })

  test("body and payload are canonical JSON, and no id or property of the request is in the body", () => {
    const { record } = decide([{}], { request_id: "REQ-7", subject: { type: "a", id: "SUBJECT-7", properties: {} } })
    for (const bytes of [record.body, (record.payload as Uint8Array).subarray(PAYLOAD_SALT_BYTES)]) {
      const text = Buffer.from(bytes).toString()
      expect(encodeCanonicalJson(JSON.parse(text))).toBe(text)
    }
    expect(Buffer.from(record.body).toString()).not.toMatch(/REQ-7|SUBJECT-7|runner/)
  })

  test("the same decision sealed twice has two salts", () => {
    const salts = Array.from({ length: 600 }, () =>
      toHex((decide([{}]).record.payload as Uint8Array).subarray(0, PAYLOAD_SALT_BYTES)),
    )
    expect(new Set(salts).size).toBe(600)
  })

  test.each([
    ["an ALLOW", [{}], {}],
    ["a DENY", [], {}],
    [
      "a DENY with a value of 1e18",
      [],
      { context: { far: 1e18, near: 2 ** 53, small: 5e-324, text: '\u2028\u{1F600}\\"' } },
    ],
  ] as [string, Token[], Partial<RawRequest>][])("readVerdict gives %s back as it was", (_, tokens, change) => {
    const { verdict, record } = decide(tokens, change)
    expect(readVerdict(record.body, record.payload as Uint8Array)).toEqual(verdict)
  })
})

test("the largest decision fits into a record: ids, matched rules, version and reasons are limited so", () => {
  const longest = (i: number) => `r${String(i).padStart(127, "0")}`
  const rules = Array.from({ length: 2 * MAX_MATCHED_RULES }, (_, i) => ({
    id: longest(i),
    effect: i % 2 === 0 ? "deny" : "allow",
    subjects: [{ type: "a" }],
    actions: ["go"],
    resources: [{ type: "r" }],
    when: `${i} >= 0`,
  }))
  const { policy } = load({
    version: "v".repeat(MAX_VERSION_CHARS),
    types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
    rules,
  })
  const { request, policy: policyRequest } = requestOf()
  const state = stateOf(policy)
  const verdict = buildVerdict(determine(state, request, policyRequest), request, state, ISSUER, NOW_MS)
  const claim = { key: "00000000-0000-4000-8000-000000000000", digest: new Uint8Array(32) }
  const record = sealDecision(verdict, null, request.canonical, claim, 1, 2n ** 63n, CALLER, NOW_MS)
  expect(verdict.matchedRules).toHaveLength(MAX_MATCHED_RULES)
  expect(verdict.checks[5]?.reasons).toHaveLength(MAX_REASONS)
  expect(record.body.length).toBeLessThan(MAX_RECORD_BYTES)
})

describe("seal", () => {
  test(`a record of more than ${MAX_RECORD_BYTES} bytes is never made`, () => {
    const content = (bytes: number) => ({
      kind: "log_opened" as const,
      actor: CALLER,
      data: { text: "x".repeat(bytes) },
    })
    const overhead = seal(content(0), null, NOW_MS).body.length
    expect(seal(content(MAX_RECORD_BYTES - overhead), null, NOW_MS).body).toHaveLength(MAX_RECORD_BYTES)
    expect(() => seal(content(MAX_RECORD_BYTES - overhead + 1), null, NOW_MS)).toThrow("larger than 65535")
  })

  test("a record without a payload commits to none", () => {
    const record = seal({ kind: "log_opened", actor: CALLER, data: {} }, null, NOW_MS)
    expect(record.payload).toBeNull()
    expect(JSON.parse(Buffer.from(record.body).toString())).toMatchObject({ payload: null })
  })
})
