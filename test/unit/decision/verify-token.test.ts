import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { TokenKey } from "../../../src/decision/token-key.ts"
import { createVerifyToken, type TokenQuestion } from "../../../src/decision/verify-token.ts"
import { toBase64Url, utf8 } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import type { FoundExecution, LineageStore } from "../../../src/ledger/lineage.ts"
import { createTokenSigner, type TokenClaims, toJwk } from "../../../src/token/token.ts"
import { ISSUER, testSigner, tokenSigner } from "../../support/decision.ts"
import { NOW_MS } from "../../support/policy.ts"

const ID = "00000000-0000-4000-8000-000000000000"
const leafHash = new Uint8Array(32).fill(9)
const parameters = utf8('{"a":1}')
const iat = NOW_MS / 1000
const claims: TokenClaims = {
  action: "go",
  aud: "runner",
  bundle: "00",
  dig: toBase64Url(sha256(parameters)),
  exp: iat + 10,
  execution_id: ID,
  iat,
  iss: ISSUER.issuer,
  jti: ID,
  log: ISSUER.origin,
  max_duration: 3600,
  nbf: iat,
  resource: { id: "y", type: "r" },
  sub: "x",
  sub_type: "a",
  use: "redeem",
}
const tokenOf = (change: Partial<TokenClaims> = {}, leaf = leafHash, signer = tokenSigner) =>
  signer.sign(encodeCanonicalJson({ ...claims, ...change } as TokenClaims), leaf)
const recorded = (state: FoundExecution["state"] = "AUTHORIZED"): FoundExecution => ({
  decision: { origin: ISSUER.origin, logId: 1, index: 0, leafHash, body: new Uint8Array(), payload: null },
  last: { origin: ISSUER.origin, index: 0, leafHash },
  records: [],
  state,
})

function ask(
  change: Partial<TokenQuestion> = {},
  execution: FoundExecution | null = recorded(),
  wallMs = NOW_MS,
  tokenKeys: readonly TokenKey[] = [],
) {
  const verify = createVerifyToken({
    lineage: { findExecution: async (id: string) => (id === ID ? execution : null) } as LineageStore,
    keys: async () => [toJwk(tokenSigner.publicKey, tokenSigner.kid)],
    control: () => ({ tokenKeys }),
    issuer: ISSUER.issuer,
    wallMs: () => wallMs,
  })
  return verify({ token: tokenOf(), audience: "runner", parameters: null, parametersDigest: null, ...change })
}

describe("createVerifyToken", () => {
  test("a token whose record stands is valid; one to redeem does not suffice by itself, an offline one does", async () => {
    expect(await ask()).toMatchObject({
      valid: true,
      reason: "",
      sufficient: false,
      state: "AUTHORIZED",
      claims: { sub: "x" },
    })
    expect(await ask({ token: tokenOf({ use: "offline" }) })).toMatchObject({ valid: true, sufficient: true })
  })

  test("one that says something else than its record is refused, whoever signed it", async () => {
    const execution = recorded()
    const payload = Buffer.concat([Buffer.alloc(32), utf8(encodeCanonicalJson({ claims } as unknown as JsonObject))])
    const found = { ...execution, decision: { ...execution.decision, payload } }
    expect((await ask({}, found)).valid).toBe(true)
    const { valid, reason } = await ask({ token: tokenOf({ sub: "another" }) }, found)
    expect({ valid, reason }).toEqual({
      valid: false,
      reason: expect.stringMatching(/^NOT_RECORDED: .*something else/),
    })
  })

  test("what was decided before its log's key was compromised is refused, what came after is not", async () => {
    const key = { kid: "k", publicKey: new Uint8Array(32), signsFromMs: 0, endsAtMs: 0 }
    const withdrawn = (index: number) => [{ ...key, withdrawn: { origin: ISSUER.origin, index } }]
    expect(await ask({}, recorded(), NOW_MS, withdrawn(1))).toMatchObject({
      valid: false,
      sufficient: false,
      reason: expect.stringMatching(/^EXECUTION_REVOKED: .*compromised/),
    })
    expect((await ask({}, recorded(), NOW_MS, withdrawn(0))).valid).toBe(true)
  })

  test("the parameters about to be executed are compared, as bytes or as their digest", async () => {
    expect((await ask({ parameters })).valid).toBe(true)
    expect((await ask({ parametersDigest: sha256(parameters) })).valid).toBe(true)
    for (const other of [
      { parameters: utf8('{"a":2}') },
      { parameters: new Uint8Array() },
      { parametersDigest: new Uint8Array(32) },
      { parametersDigest: new Uint8Array() },
    ])
      expect((await ask(other)).reason).toMatch(/^PARAMETERS_DIFFER/)
    const { dig: _, ...without } = claims
    const token = tokenSigner.sign(encodeCanonicalJson(without), leafHash)
    expect((await ask({ token, parameters })).reason).toMatch(/^PARAMETERS_DIFFER/)
  })

  test.each([
    ["another audience", { token: tokenOf({ aud: "other" }) }, /^WRONG_AUDIENCE/],
    ["another issuer", { token: tokenOf({ iss: "https://other.test" }) }, /^WRONG_ISSUER/],
    [
      "another daemon's key",
      { token: tokenOf({}, leafHash, createTokenSigner(testSigner(2), sha256)) },
      /^UNKNOWN_KEY/,
    ],
    ["a changed signature", { token: `${tokenOf().slice(0, -4)}AAAA` }, /^(SIGNATURE_WRONG|MALFORMED)/],
    ["no token", { token: "" }, /^MALFORMED/],
    ["text", { token: "x.y.z" }, /^MALFORMED/],
    [
      "another record's hash",
      { token: tokenOf({}, new Uint8Array(32)) },
      /^NOT_RECORDED: the token names another record/,
    ],
    [
      "an execution that nobody recorded",
      { token: tokenOf({ execution_id: ID.replace("4", "5") }) },
      /^NOT_RECORDED: no record/,
    ],
  ] as [string, Partial<TokenQuestion>, RegExp][])("a token with %s is not valid", async (_, change, reason) => {
    const answer = await ask(change)
    expect(answer).toMatchObject({ valid: false, sufficient: false, state: null })
    expect(answer.reason).toMatch(reason)
  })

  test("an expired token and one from the future are not valid; only the second has five seconds of grace", async () => {
    const seconds = async (s: number) => (await ask({}, recorded(), NOW_MS + s * 1000)).reason.split(":")[0]
    expect([await seconds(9.999), await seconds(10), await seconds(-5), await seconds(-5.001)]).toEqual([
      "",
      "EXPIRED",
      "",
      "NOT_YET_VALID",
    ])
  })

  test("what became of the execution is told also when the token has ended", async () => {
    const at = (state: FoundExecution["state"], seconds: number) => ask({}, recorded(state), NOW_MS + seconds * 1000)
    for (const seconds of [10, 14.999, 15, 1_000])
      expect(await at("AUTHORIZED", seconds)).toMatchObject({
        valid: false,
        sufficient: false,
        state: "EXPIRED",
        reason: "EXPIRED: the token has expired",
      })
    expect(await at("REVOKED", 1_000)).toMatchObject({ valid: false, state: "REVOKED" })
    expect(await at("COMPLETED", 1_000)).toMatchObject({ valid: false, state: "COMPLETED" })
    expect(await at("COMPLETED", 1)).toMatchObject({
      valid: false,
      state: "COMPLETED",
      reason: "EXECUTION_COMPLETED: the execution is not waiting to start",
    })
    expect(await ask({}, null, NOW_MS + 15_000)).toMatchObject({
      state: null,
      reason: expect.stringMatching(/^NOT_RECORDED/),
    })
  })

  test("an execution that was revoked, or never was one, is not valid, also with an offline token", async () => {
    const token = tokenOf({ use: "offline" })
    expect(await ask({ token }, recorded("REVOKED"))).toMatchObject({
      valid: false,
      sufficient: false,
      state: "REVOKED",
      reason: "EXECUTION_REVOKED: the execution is not waiting to start",
    })
    expect(await ask({ token }, recorded(null))).toMatchObject({
      valid: false,
      state: null,
      reason: "EXECUTION_NOT_ALLOWED: the execution is not waiting to start",
    })
    expect((await ask({ token }, null)).reason).toMatch(/^NOT_RECORDED/)
  })

  test.each([
    ["no audience", { audience: "" }, "INVALID_REQUEST"],
    ["an audience of 257 bytes", { audience: `${"é".repeat(128)}x` }, "INVALID_REQUEST"],
    ["both forms of parameters", { parameters, parametersDigest: sha256(parameters) }, "INVALID_REQUEST"],
    ["parameters over the limit", { parameters: new Uint8Array(32 * 1024 + 1) }, "REQUEST_TOO_LARGE"],
  ] as [string, Partial<TokenQuestion>, string][])("%s is refused", async (_, change, code) => {
    await expect(ask(change)).rejects.toMatchObject({ code })
  })

  test("parameters at the limit are looked at", async () => {
    expect((await ask({ parameters: new Uint8Array(32 * 1024) })).reason).toMatch(/^PARAMETERS_DIFFER/)
  })
})
