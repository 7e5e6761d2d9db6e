import { calculateJwkThumbprint } from "jose"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { fromBase64Url } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { createTokenSigner, keyId, toJwk } from "../../../src/token/token.ts"

/** RFC 8037 appendix A.3, of the key in A.2. */
const THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

const messages: Uint8Array[] = []
const signer = createTokenSigner(
  {
    publicKey: new Uint8Array(32).fill(1),
    sign(message) {
      messages.push(Uint8Array.from(message))
      return new Uint8Array(64).fill(2)
    },
  },
  sha256,
)
const claimsOf = (token: string) => Buffer.from(token.split(".")[1] as string, "base64url").toString()

describe("keyId", () => {
  test("is the RFC 7638 thumbprint: RFC 8037's example, and jose's for any key", async () => {
    const rfc = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    expect(keyId(Buffer.from(rfc, "hex"), sha256)).toBe(THUMBPRINT)
    for (let i = 0; i < 20; i++) {
      const key = new Uint8Array(32).fill(i)
      expect(keyId(key, sha256)).toBe(await calculateJwkThumbprint(toJwk(key, "any")))
    }
  })
})

describe("toJwk", () => {
  test("an OKP key for signatures, without alg", () => {
    const jwk = toJwk(new Uint8Array(32).fill(9), "kid")
    expect(jwk).toEqual({ kty: "OKP", crv: "Ed25519", x: jwk.x, kid: "kid", use: "sig" })
    expect(fromBase64Url(jwk.x)).toEqual(new Uint8Array(32).fill(9))
  })
})

describe("createTokenSigner", () => {
  test("signs header and claims with the leaf hash among them, in RFC 8785 order", () => {
    const claims = { aud: "a", jti: "1", log: "log.example", nbf: 1, sub: 'quoted ,"log": text' }
    const token = signer.sign(encodeCanonicalJson(claims), new Uint8Array(32).fill(0xab))
    expect(claimsOf(token)).toBe(encodeCanonicalJson({ ...claims, leaf: "ab".repeat(32) }))
    expect(Buffer.from(messages.at(-1) as Uint8Array).toString()).toBe(token.slice(0, token.lastIndexOf(".")))
    expect(fromBase64Url(token.split(".")[2] as string)).toEqual(new Uint8Array(64).fill(2))
  })

  test("claims of any length and script, one after the other: each token holds its own", () => {
    for (const sub of ["", "x".repeat(1_000), "\u6f22".repeat(1_800), "\u{1F600}".repeat(4_000), "y"]) {
      const claims = { jti: "1", log: "log.example", sub }
      const token = signer.sign(encodeCanonicalJson(claims), new Uint8Array(32).fill(7))
      expect(claimsOf(token)).toBe(encodeCanonicalJson({ ...claims, leaf: "07".repeat(32) }))
      expect(Buffer.from(messages.at(-1) as Uint8Array).toString()).toBe(token.slice(0, token.lastIndexOf(".")))
    }
  })

  test("a claim before it that quotes the log member does not lead astray", () => {
    const claims = { aud: ',"log":"elsewhere"', jti: "1", log: "log.example", nbf: 1 }
    const token = signer.sign(encodeCanonicalJson(claims), new Uint8Array(32))
    expect(JSON.parse(claimsOf(token))).toEqual({ ...claims, leaf: "00".repeat(32) })
  })

  test("claims without a log are refused: the leaf hash would have no place", () => {
    expect(() => signer.sign('{"aud":"a"}', new Uint8Array(32))).toThrow(/without a log/)
  })
})
