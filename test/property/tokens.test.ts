import { generateKeyPairSync } from "node:crypto"
import fc from "fast-check"
import { createLocalJWKSet, jwtVerify, SignJWT } from "jose"
import { describe, expect, test } from "vitest"
import { nativeCrypto, sha256 } from "../../src/crypto.ts"
import { encodeCanonicalJson } from "../../src/formats/canonical-json.ts"
import { createSigner } from "../../src/token/signer.ts"
import { createTokenSigner, toJwk } from "../../src/token/token.ts"
import { verifyToken } from "../../src/verify/index.ts"

const { privateKey } = generateKeyPairSync("ed25519")
const signer = createTokenSigner(createSigner(privateKey), sha256)
const jwk = toJwk(signer.publicKey, signer.kid)
const NOW = 1_800_000_000

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom("", ',"log":"x"', '","log":', "\\", '"', "\u0000", "é\u2028😀"),
)
const claims = fc.record({
  aud: text,
  dig: text,
  exp: fc.integer({ min: NOW + 1, max: NOW + 1_000 }),
  iss: text,
  jti: fc.uuid(),
  log: text,
  nbf: fc.integer({ min: 0, max: NOW }),
  resource: fc.record({ id: text, type: text }),
  sub: text,
  use: fc.constantFrom("redeem", "offline"),
})
const leaf = fc.uint8Array({ minLength: 32, maxLength: 32 })
const check = (aud: string) => ({ keys: [jwk], audience: aud, nowMs: NOW * 1000 })

describe("createTokenSigner", () => {
  test("jose verifies every token, and reads the claims and the leaf hash", async () => {
    const keys = createLocalJWKSet({ keys: [jwk] })
    await fc.assert(
      fc.asyncProperty(claims, leaf, async (claims, leaf) => {
        const token = signer.sign(encodeCanonicalJson(claims), leaf)
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          typ: "exec+jwt",
          currentDate: new Date(NOW * 1000),
        })
        expect(payload).toEqual({ ...claims, leaf: Buffer.from(leaf).toString("hex") })
        expect(protectedHeader).toEqual({ alg: "EdDSA", kid: signer.kid, typ: "exec+jwt" })
      }),
      { numRuns: 300 },
    )
  })

  test("the claims are RFC 8785 JSON with the leaf hash in its place", () => {
    fc.assert(
      fc.property(claims, leaf, (claims, leaf) => {
        const body = Buffer.from(signer.sign(encodeCanonicalJson(claims), leaf).split(".")[1] as string, "base64url")
        expect(body.toString()).toBe(encodeCanonicalJson({ ...claims, leaf: Buffer.from(leaf).toString("hex") }))
      }),
    )
  })
})

describe("verifyToken", () => {
  test("takes every token that jose signs with the key, and reads the same claims", async () => {
    await fc.assert(
      fc.asyncProperty(claims, async (claims) => {
        const token = await new SignJWT(claims)
          .setProtectedHeader({ alg: "EdDSA", typ: "exec+jwt", kid: signer.kid })
          .sign(privateKey)
        const report = verifyToken(
          token,
          { ...check(claims.aud), issuer: claims.iss, parametersDigest: claims.dig },
          nativeCrypto,
        )
        expect(report).toMatchObject({ valid: true, sufficient: claims.use === "offline" })
        expect(JSON.parse(JSON.stringify(report.claims))).toEqual(claims)
      }),
      { numRuns: 300 },
    )
  })

  test("a token with any character replaced, taken out or put in is refused", () => {
    const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "
    fc.assert(
      fc.property(
        claims,
        leaf,
        fc.nat(),
        fc.constantFrom(...characters),
        fc.nat(1),
        (claims, leaf, place, put, cut) => {
          const token = signer.sign(encodeCanonicalJson(claims), leaf)
          const at = place % token.length
          const damaged = [token.slice(0, at) + put + token.slice(at + cut), token.slice(0, at) + token.slice(at + 1)]
          for (const other of damaged) {
            if (other === token) continue
            expect(verifyToken(other, check(claims.aud), nativeCrypto)).toMatchObject({
              valid: false,
              sufficient: false,
            })
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
