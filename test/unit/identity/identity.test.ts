import { describe, expect, test } from "vitest"
import { type Binding, bindingKey, bindingName } from "../../../src/decision/binding.ts"
import { type AuthenticatorOptions, createAuthenticator } from "../../../src/identity/authenticator.ts"
import { principalOf } from "../../../src/identity/certificate.ts"
import { callerOf, type Identity } from "../../../src/identity/identity.ts"
import { type Chain, proveChain, readChain } from "../../../src/identity/peer.ts"
import { CALLER_KEY } from "../../support/decision.ts"

const NOW = 1_800_000_000_000
const WHO = "spiffe://bank.example/pay"
const PROVEN: Identity = { proof: "mtls", name: WHO, holds: (now) => now <= NOW }
const granting = (...bindings: Partial<Binding>[]) => ({
  callers: new Map([["1", CALLER_KEY]]),
  bindings: new Map(
    bindings.map((more) => {
      const binding: Binding = { principal: WHO, role: "pep", state: "active", ...more }
      return [bindingName(binding.principal, binding.role), binding] as const
    }),
  ),
})
const codeOf = (work: () => unknown) => {
  try {
    work()
    return "nothing"
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe("callerOf", () => {
  test("a principal calls in the first of the roles that it has, within the scope of that binding", () => {
    const state = granting({ role: "auditor" }, { role: "operator", scope: { audiences: ["a"] } })
    expect(callerOf(PROVEN, ["operator", "auditor"], state, NOW)).toEqual({
      id: WHO,
      keyId: bindingKey(WHO, "operator"),
      role: "operator",
      scope: { audiences: ["a"] },
      proof: "mtls",
    })
    expect(callerOf(PROVEN, ["auditor"], state, NOW)).toMatchObject({ role: "auditor", scope: null })
  })

  test("none, removed and ended ones give nothing; what is proven no more is UNAUTHENTICATED", () => {
    const ask = (state: ReturnType<typeof granting>, nowMs = NOW) =>
      codeOf(() => callerOf(PROVEN, ["pep"], state, nowMs))
    expect(ask(granting({}))).toBe("nothing")
    expect(ask(granting())).toBe("FORBIDDEN")
    expect(ask(granting({ role: "executor" }))).toBe("FORBIDDEN")
    expect(ask(granting({ state: "removed" }))).toBe("FORBIDDEN")
    expect(ask(granting({ expires_at: NOW }))).toBe("FORBIDDEN")
    expect(ask(granting({ expires_at: NOW + 1 }))).toBe("nothing")
    expect(ask(granting({}), NOW + 1)).toBe("UNAUTHENTICATED")
  })

  test("a key calls in its role; the text says which role was needed", () => {
    const key: Identity = { proof: "api-key", name: "1", holds: () => true }
    expect(callerOf(key, ["executor", "pep"], granting(), NOW)).toEqual({
      id: "key:pep-1",
      keyId: "1",
      role: "pep",
      scope: null,
      proof: "api-key",
    })
    expect(() => callerOf(key, ["operator", "auditor"], granting(), NOW)).toThrow(
      expect.objectContaining({ code: "FORBIDDEN", message: expect.stringContaining("operator or auditor") }),
    )
    expect(codeOf(() => callerOf(key, [], granting(), NOW))).toBe("FORBIDDEN")
    expect(codeOf(() => callerOf({ ...key, name: "2" }, ["pep"], granting(), NOW))).toBe("UNAUTHENTICATED")
    expect(codeOf(() => callerOf({ ...key, name: WHO }, ["pep"], granting({}), NOW))).toBe("UNAUTHENTICATED")
  })
})

describe("createAuthenticator", () => {
  const token: Identity = { proof: "jwt", name: "jwt:https://i.example|s", holds: () => true }
  const ask = (options: Partial<AuthenticatorOptions>, header?: string) =>
    createAuthenticator({ methods: [], callers: () => new Map(), wallMs: () => NOW, ...options })(header, {})

  test("takes what it was told to take, and nothing else", async () => {
    const peerOf = () => PROVEN
    const proveToken = () => token
    expect(codeOf(() => ask({ methods: ["key"] }))).toBe("UNAUTHENTICATED")
    expect(codeOf(() => ask({ methods: ["key"], proveToken }, "Bearer a.b.c"))).toBe("UNAUTHENTICATED")
    expect(codeOf(() => ask({ methods: ["jwt"], proveToken }))).toBe("UNAUTHENTICATED")
    expect(await ask({ methods: ["jwt"], proveToken }, "Bearer a.b.c")).toBe(token)
    expect(codeOf(() => ask({ methods: ["jwt"], proveToken }, "Basic a.b.c"))).toBe("UNAUTHENTICATED")
    expect(codeOf(() => ask({ methods: ["jwt"], proveToken }, "Bearer writ_pep_0"))).toBe("UNAUTHENTICATED")
    expect(codeOf(() => ask({ methods: ["key", "jwt"], peerOf }, undefined))).toBe("UNAUTHENTICATED")
    expect(await ask({ methods: ["mtls"], peerOf })).toBe(PROVEN)
    expect(codeOf(() => ask({ methods: ["mtls"], peerOf, proveToken }, "Bearer a.b.c"))).toBe("UNAUTHENTICATED")
    expect(() => ask({ methods: ["mtls"] })).toThrow(/whose certificate/)
  })

  test("a certificate that ends takes with it what was shown beside it, verified at once or later", async () => {
    for (const shown of [token, Promise.resolve(token)]) {
      const identity = await ask(
        { methods: ["jwt", "mtls"], peerOf: () => PROVEN, proveToken: () => shown },
        "Bearer t",
      )
      expect(identity).toMatchObject({ proof: "jwt", name: token.name })
      expect(identity.holds(NOW)).toBe(true)
      expect(identity.holds(NOW + 1)).toBe(false)
    }
    const ended = { ...PROVEN, holds: () => false }
    expect(codeOf(() => ask({ methods: ["mtls"], peerOf: () => ended }))).toBe("UNAUTHENTICATED")
  })
})

describe("proveChain", () => {
  test("a chain is read once to its end, also where its last certificate is signed by itself", () => {
    const root: Record<string, unknown> = {
      raw: Buffer.from("r"),
      fingerprint256: "R",
      valid_to: "Jan 15 08:00:00 2028 GMT",
    }
    root["issuerCertificate"] = root
    const leaf = {
      raw: Buffer.from("l"),
      fingerprint256: "L",
      valid_to: "Jan 15 08:00:00 2027 GMT",
      issuerCertificate: root,
    }
    const chain = readChain({ authorized: true, getPeerCertificate: () => leaf as never })
    expect(chain).toEqual({ leaf: leaf.raw, fingerprints: ["L", "R"], endsAtMs: Date.UTC(2027, 0, 15, 8) })
  })

  test.each([
    ["not verified", { authorized: false, getPeerCertificate: () => ({ raw: Buffer.from("x") }) }],
    ["not there", { authorized: true, getPeerCertificate: () => ({}) }],
    [
      "without an end",
      { authorized: true, getPeerCertificate: () => ({ raw: Buffer.from("x"), fingerprint256: "X", valid_to: "?" }) },
    ],
  ])("a certificate that is %s is refused", (_name, socket) => {
    expect(codeOf(() => readChain(socket as never))).toBe("UNAUTHENTICATED")
  })

  test("bytes that are no certificate are refused", () => {
    const chain: Chain = { leaf: Buffer.from("no"), fingerprints: [], endsAtMs: NOW }
    expect(codeOf(() => proveChain(chain, { current: () => new Set() }, principalOf))).toBe("UNAUTHENTICATED")
  })
})
