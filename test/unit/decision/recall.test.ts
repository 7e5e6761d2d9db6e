import { describe, expect, test } from "vitest"
import { determine } from "../../../src/decision/determine.ts"
import { type RecordedRequest, type RequestStore, recall } from "../../../src/decision/recall.ts"
import { buildVerdict, sealDecision } from "../../../src/decision/seal.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { CALLER, ISSUER, tokenSigner, tokenSigners } from "../../support/decision.ts"
import { load, NOW_MS, requestOf, stateOf } from "../../support/policy.ts"

const { policy } = load({
  version: "1",
  types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
  rules: [
    {
      id: "go",
      effect: "allow",
      runtime: "none",
      subjects: [{ type: "a" }],
      actions: ["go"],
      resources: [{ type: "r", id: "y" }],
    },
  ],
})
const claim = { key: "00000000-0000-4000-8000-000000000000", digest: new Uint8Array(32).fill(5) }

function recordedRequest(id = "y") {
  const { request, policy: policyRequest } = requestOf({ resource: { type: "r", id, properties: {} } })
  const verdict = buildVerdict(
    determine(stateOf(policy), request, policyRequest),
    request,
    stateOf(policy),
    ISSUER,
    NOW_MS,
  )
  const claims = verdict.claims && encodeCanonicalJson(verdict.claims)
  const record = sealDecision(verdict, claims, request.canonical, claim, 1, 7n, CALLER, NOW_MS)
  const found: RecordedRequest = {
    digest: claim.digest,
    expired: false,
    origin: "elsewhere.test/log",
    index: 12,
    leafHash: record.leafHash,
    body: record.body,
    payload: record.payload,
    state: null,
  }
  return { found, verdict, token: claims && tokenSigner.sign(claims, record.leafHash) }
}

class FakeStore implements RequestStore {
  readonly forgotten: string[] = []
  readonly #found: RecordedRequest | null
  constructor(found: RecordedRequest | null) {
    this.#found = found
  }
  async find(key: string) {
    return key === claim.key ? this.#found : null
  }
  async forget(key: string) {
    this.forgotten.push(key)
  }
}
const never = () => false
const ask = (found: RecordedRequest | null, nowMs = NOW_MS) =>
  recall(new FakeStore(found), claim, tokenSigners, never, nowMs)

describe("recall", () => {
  test("the recorded verdict, where it was recorded, and the same token", async () => {
    const { found, verdict, token } = recordedRequest()
    expect(token).toMatch(/^eyJ/)
    expect(await ask(found)).toEqual({
      verdict,
      origin: "elsewhere.test/log",
      index: 12,
      leafHash: found.leafHash,
      token,
      withheld: null,
    })
  })

  test("a recorded DENY is repeated without a token, and nothing is withheld", async () => {
    const { found, verdict } = recordedRequest("elsewhere")
    expect(await ask(found)).toMatchObject({ verdict, token: null, withheld: null })
  })

  test("the token is withheld from the moment at which it expires", async () => {
    const { found, verdict, token } = recordedRequest()
    const expiresMs = (verdict.claims?.exp ?? 0) * 1000
    expect((await ask(found, expiresMs - 1))?.token).toBe(token)
    const late = await ask(found, expiresMs)
    expect([late?.token, late?.withheld]).toEqual([null, { code: "TOKEN_WITHHELD", text: "The token has expired." }])
    expect(late?.verdict.decision).toBe("ALLOW")
  })

  test("the token is withheld once the execution is revoked, and given while it is AUTHORIZED", async () => {
    const { found, token } = recordedRequest()
    expect((await ask({ ...found, state: "AUTHORIZED" }))?.token).toBe(token)
    expect(await ask({ ...found, state: "REVOKED" })).toMatchObject({
      token: null,
      withheld: { code: "TOKEN_WITHHELD", text: "The execution is REVOKED." },
    })
  })

  test("the token is withheld once the key of the log that decided is compromised", async () => {
    const { found } = recordedRequest()
    const asked: unknown[] = []
    const compromised = (decision: { origin: string; index: number }) =>
      asked.push([decision.origin, decision.index]) > 0
    expect(await recall(new FakeStore(found), claim, tokenSigners, compromised, NOW_MS)).toMatchObject({
      token: null,
      withheld: { code: "TOKEN_WITHHELD", text: "The key that signed it was compromised since." },
    })
    expect(asked).toEqual([["elsewhere.test/log", 12]])
  })

  test("the token is signed by the key of the moment at which it was issued", async () => {
    const { found, verdict } = recordedRequest()
    const moments: number[] = []
    const at = (iat: number) => {
      moments.push(iat)
      return tokenSigner
    }
    await recall(new FakeStore(found), claim, { at }, never, NOW_MS + 5_000)
    expect(moments).toEqual([verdict.claims?.iat])
  })

  test("nothing recorded: the id is free", async () => {
    expect(await ask(null)).toBeNull()
  })

  test("a claim that has lapsed is forgotten, also when the content was another", async () => {
    const { found } = recordedRequest()
    const store = new FakeStore({ ...found, expired: true, digest: new Uint8Array(32) })
    expect(await recall(store, claim, tokenSigners, never, NOW_MS)).toBeNull()
    expect(store.forgotten).toEqual([claim.key])
  })

  test("another content under the same id is refused", async () => {
    const { found } = recordedRequest()
    for (const digest of [new Uint8Array(32), new Uint8Array(31).fill(5), new Uint8Array()])
      await expect(ask({ ...found, digest })).rejects.toMatchObject({ code: "REQUEST_ID_REUSED" })
  })

  test("an erased payload leaves no verdict to repeat", async () => {
    const { found } = recordedRequest()
    await expect(ask({ ...found, payload: null })).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test("a record that was tampered with gives no token", async () => {
    const { found } = recordedRequest()
    for (const body of [
      Buffer.from(""),
      Buffer.from("{"),
      Buffer.from("[]"),
      Buffer.from("{}"),
      found.body.subarray(1),
    ])
      await expect(ask({ ...found, body })).rejects.toThrow()
    for (const payload of [Buffer.alloc(0), (found.payload as Uint8Array).subarray(1)])
      await expect(ask({ ...found, payload })).rejects.toThrow()
  })
})
