import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { JWK } from "jose"
import { afterEach, describe, expect, test } from "vitest"
import { COOL_DOWN_MS, createKeySet, pinAlgorithm } from "../../../src/identity/key-set.ts"
import { OidcIssuer } from "../../support/oidc-issuer.ts"

const MINUTE = 60_000
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function setUp(url?: string) {
  const issuer = await OidcIssuer.start()
  closing.push(() => issuer.close())
  await issuer.add("a", "ES256")
  const faults: string[] = []
  const clock = { ms: 0 }
  const keys = createKeySet({
    issuer: issuer.url,
    url: url ?? null,
    monotonicMs: () => clock.ms,
    onFault: (error) => faults.push((error as Error).message),
  })
  return { issuer, keys, clock, faults }
}

describe("createKeySet", () => {
  test("keys are found by discovery, and asked for once", async () => {
    const { issuer, keys } = await setUp()
    const [one, two] = await Promise.all([keys.find("a"), keys.find("a")])
    expect(one).toBe(two)
    expect(one).toMatchObject({ kid: "a", algorithm: "ES256" })
    expect(issuer.fetches).toBe(1)
  })

  test("an unknown kid is asked for, after the cool-down; a key that stays is the same, one that goes is no more", async () => {
    const { issuer, keys, clock } = await setUp()
    const a = await keys.find("a")
    await issuer.add("b", "RS256")
    expect(await keys.find("b")).toBeNull()
    clock.ms += COOL_DOWN_MS
    const b = await keys.find("b")
    expect(b).toMatchObject({ algorithm: "RS256" })
    expect(await keys.find("a")).toBe(a)
    issuer.keys = issuer.keys.filter(({ kid }) => kid !== "a")
    clock.ms += COOL_DOWN_MS
    expect(await keys.find("c")).toBeNull()
    expect([a && keys.has(a), b && keys.has(b)]).toEqual([false, true])
    expect(issuer.fetches).toBe(3)
  })

  test("another key under the same kid is another key", async () => {
    const { issuer, keys, clock } = await setUp()
    const before = await keys.find("a")
    issuer.keys = []
    await issuer.add("a", "ES256")
    clock.ms += COOL_DOWN_MS
    await keys.find("unknown")
    expect(await keys.find("a")).not.toBe(before)
    expect(before && keys.has(before)).toBe(false)
  })

  test("while the issuer cannot be asked, keys count for an hour, and not longer; then they do again", async () => {
    const { issuer, keys, clock, faults } = await setUp()
    const a = await keys.find("a")
    issuer.status = 500
    clock.ms = 60 * MINUTE - 1
    expect(a && keys.has(a)).toBe(true)
    await expect.poll(() => faults.length).toBe(1)
    clock.ms = 60 * MINUTE + COOL_DOWN_MS
    expect(a && keys.has(a)).toBe(false)
    await expect(keys.find("a")).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    issuer.status = 200
    clock.ms += COOL_DOWN_MS
    expect(await keys.find("a")).toBe(a)
    expect(a && keys.has(a)).toBe(true)
  })

  test("use alone has them read again every five minutes, beside the calls", async () => {
    const { issuer, keys, clock } = await setUp()
    const a = await keys.find("a")
    issuer.keys = []
    clock.ms = 5 * MINUTE
    expect(a && keys.has(a)).toBe(true)
    await expect.poll(() => a && keys.has(a)).toBe(false)
    expect(issuer.fetches).toBe(2)
  })

  test("a kid that is published twice is nobody's", async () => {
    const { issuer, keys } = await setUp()
    await issuer.add("a", "EdDSA")
    expect(await keys.find("a")).toBeNull()
  })

  test.each<[string, (url: string) => object | string, RegExp]>([
    [
      "another issuer's discovery document",
      (url) => ({ issuer: `${url}/`, jwks_uri: `${url}/keys` }),
      /of another issuer/,
    ],
    [
      "a key set without encryption elsewhere",
      (url) => ({ issuer: url, jwks_uri: "http://a.example/keys" }),
      /no key set by https/,
    ],
    ["no key set", (url) => ({ issuer: url, jwks_uri: `${url}/other` }), /no list of keys/],
    ["something else than JSON", () => "<html>", /JSON|Unexpected/],
    ["a list", () => [], /of another issuer/],
    ["null", () => "null", /no JSON object/],
    ["more than 256 KiB", () => `"${"x".repeat(256 * 1024)}"`, /more than 262144 bytes/],
  ])("%s gives no keys", async (_name, answerOf, fault) => {
    let url = ""
    const server = createServer((_request, response) => {
      const answer = answerOf(url)
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    closing.push(() => void server.close())
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const faults: string[] = []
    const keys = createKeySet({
      issuer: url,
      url: null,
      monotonicMs: () => 0,
      onFault: (e) => faults.push((e as Error).message),
    })
    await expect(keys.find("a")).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    expect(faults).toEqual([expect.stringMatching(fault)])
  })

  test("a redirect is not followed", async () => {
    const server = createServer((_request, response) =>
      response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    )
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    closing.push(() => void server.close())
    const { keys, faults } = await setUp(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`)
    await expect(keys.find("a")).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    expect(faults).toHaveLength(1)
  })
})

describe("pinAlgorithm", () => {
  const rsa = { kty: "RSA", kid: "k", n: "n", e: "e" }
  const ec = { kty: "EC", kid: "k", crv: "P-256", x: "x", y: "y" }
  test.each<[string, JWK, string | null]>([
    ["RSA without alg", rsa, "RS256"],
    ["RSA for PSS", { ...rsa, alg: "PS512" }, "PS512"],
    ["RSA for encryption", { ...rsa, alg: "RSA-OAEP" }, null],
    ["RSA that says HS256", { ...rsa, alg: "HS256" }, null],
    ["RSA that says none", { ...rsa, alg: "none" }, null],
    ["P-256", ec, "ES256"],
    ["P-384", { ...ec, crv: "P-384" }, "ES384"],
    ["P-521", { ...ec, crv: "P-521" }, "ES512"],
    ["P-256 for another curve's algorithm", { ...ec, alg: "ES384" }, null],
    ["an unknown curve", { ...ec, crv: "secp256k1" }, null],
    ["a curve that is an object's", { ...ec, crv: "__proto__" }, null],
    ["Ed25519", { kty: "OKP", crv: "Ed25519", kid: "k", x: "x" }, "EdDSA"],
    ["Ed25519 by its new name", { kty: "OKP", crv: "Ed25519", kid: "k", x: "x", alg: "Ed25519" }, "Ed25519"],
    ["X25519", { kty: "OKP", crv: "X25519", kid: "k", x: "x" }, null],
    ["a secret", { kty: "oct", kid: "k", k: "AAAA", alg: "HS256" }, null],
    ["a private key", { ...ec, d: "d" }, null],
    ["one for encryption", { ...rsa, use: "enc" }, null],
    ["one for signing", { ...rsa, use: "sig" }, "RS256"],
    ["operations without verify", { ...rsa, key_ops: ["encrypt"] }, null],
    ["operations with verify", { ...rsa, key_ops: ["verify"] }, "RS256"],
    ["no kid", { kty: "RSA", n: "n", e: "e" }, null],
    ["an empty kid", { ...rsa, kid: "" }, null],
    ["a long kid", { ...rsa, kid: "k".repeat(257) }, null],
  ])("%s", (_name, jwk, algorithm) => {
    expect(pinAlgorithm(jwk)).toBe(algorithm)
  })
})
