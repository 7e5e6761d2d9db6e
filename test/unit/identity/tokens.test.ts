import { afterEach, describe, expect, test } from "vitest"
import { createKeySet } from "../../../src/identity/key-set.ts"
import { createTokenProof } from "../../../src/identity/tokens.ts"
import { OidcIssuer } from "../../support/oidc-issuer.ts"

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function setUp() {
  const issuer = await OidcIssuer.start()
  closing.push(() => issuer.close())
  await issuer.add("a", "ES256")
  const clock = { wallMs: Date.now(), ms: 0 }
  const keys = createKeySet({ issuer: issuer.url, url: null, monotonicMs: () => clock.ms, onFault() {} })
  const prove = createTokenProof({
    issuers: [{ issuer: issuer.url, audience: "writ", keys }],
    skewMs: 500,
    wallMs: () => clock.wallMs,
  })
  return { issuer, clock, keys, prove }
}

describe("createTokenProof", () => {
  test("what was verified is answered at once, until its time is over, to the millisecond", async () => {
    const { issuer, clock, prove } = await setUp()
    const exp = Math.floor(clock.wallMs / 1_000) + 10
    const nbf = exp - 10
    const token = await issuer.sign("writ", { claims: { exp, nbf } })
    const identity = await prove(token)
    expect(identity).toMatchObject({ proof: "jwt", name: `jwt:${issuer.url}|svc-payments` })
    expect(prove(token)).toBe(identity)
    expect([exp * 1_000 + 499, exp * 1_000 + 500, nbf * 1_000 - 500, nbf * 1_000 - 501].map(identity.holds)).toEqual([
      true,
      false,
      true,
      false,
    ])
    clock.wallMs = exp * 1_000 + 500
    await expect(prove(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
  })

  test("another text is another token, though only its signature differs", async () => {
    const { issuer, prove } = await setUp()
    const token = await issuer.sign("writ")
    await prove(token)
    const last = token.at(-1) === "A" ? "Q" : "A"
    await expect(prove(token.slice(0, -1) + last)).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    await expect(prove(`${token}=`)).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
  })

  test("once its key is withdrawn, or another stands in its place, it counts no longer", async () => {
    const { issuer, clock, keys, prove } = await setUp()
    const token = await issuer.sign("writ")
    const identity = await prove(token)
    issuer.keys = []
    await issuer.add("a", "ES256")
    clock.ms += 10_000
    await keys.find("unknown")
    expect(identity.holds(clock.wallMs)).toBe(false)
    await expect(prove(token)).rejects.toMatchObject({ message: expect.stringContaining("signature") })
  })

  test("what is remembered has an end: the oldest is verified again", async () => {
    const { issuer, prove } = await setUp()
    const first = await issuer.sign("writ")
    await prove(first)
    const others = await Promise.all(
      Array.from({ length: 1_024 }, (_, i) => issuer.sign("writ", { claims: { jti: `${i}` } })),
    )
    await Promise.all(others.map(prove))
    expect(prove(others.at(-1) as string)).not.toBeInstanceOf(Promise)
    expect(prove(first)).toBeInstanceOf(Promise)
  })
})
