import { generateKeyPairSync, sign as nodeSign } from "node:crypto"
import { createLocalJWKSet, jwtVerify, SignJWT } from "jose"
import { describe, expect, test } from "vitest"
import { nativeCrypto, sha256 } from "../../../src/crypto.ts"
import { fromHex, toBase64Url, utf8 } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { formatCheckpoint } from "../../../src/formats/checkpoint.ts"
import { parsePublicKey, parseSignature } from "../../../src/formats/ed25519-keys.ts"
import {
  formatNote,
  formatVerifierKey,
  noteKeyHash,
  parseNote,
  parseVerifierKey,
} from "../../../src/formats/signed-note.ts"
import { createSigner } from "../../../src/token/signer.ts"
import { createTokenSigner, toJwk } from "../../../src/token/token.ts"
import { portableCrypto, verifyCheckpoint, verifyToken } from "../../../src/verify/index.ts"
import { verifySignature } from "../../../src/verify/signature.ts"

const NOW_MS = 1_800_000_000_000
const { privateKey } = generateKeyPairSync("ed25519")
const signer = createSigner(privateKey)
const tokens = createTokenSigner(signer, sha256)
const jwk = toJwk(tokens.publicKey, tokens.kid)
const claims = {
  iss: "https://writ.local",
  sub: "agent:a",
  aud: "runner",
  jti: "1",
  iat: NOW_MS / 1000,
  nbf: NOW_MS / 1000,
  exp: NOW_MS / 1000 + 10,
  execution_id: "1",
  action: "x",
  log: "writ.local/test",
  use: "redeem",
  dig: "abc",
}
const leaf = new Uint8Array(32).fill(7)
const check = { keys: [jwk], audience: "runner", nowMs: NOW_MS }

/** RFC 8032 section 7.1: secret, public, message, signature. */
const RFC8032 = [
  [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const

describe.each([
  ["native", nativeCrypto],
  ["portable", portableCrypto],
] as const)("verifySignature with %s primitives", (_, crypto) => {
  test.each(RFC8032)("RFC 8032 key %s", (publicKey, message, signature) => {
    expect(verifySignature(crypto, fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(true)
    expect(verifySignature(crypto, fromHex(publicKey), utf8("other"), fromHex(signature))).toBe(false)
  })

  test("keys and nonces of small order, non-canonical points and S ≥ L are refused", () => {
    const [publicKey, message, signature] = RFC8032[1].map(fromHex) as [Uint8Array, Uint8Array, Uint8Array]
    const weak = fromHex(`01${"00".repeat(31)}`)
    expect(verifySignature(crypto, weak, message, fromHex(`01${"00".repeat(63)}`))).toBe(false)
    expect(verifySignature(crypto, publicKey, message, Uint8Array.from([...weak, ...signature.slice(32)]))).toBe(false)
    // S + L: the same signature to a lax verifier
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    let s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString("hex")}`) + order
    const grown = Uint8Array.from({ length: 32 }, () => {
      const byte = Number(s & 255n)
      s >>= 8n
      return byte
    })
    expect(verifySignature(crypto, publicKey, message, Uint8Array.from([...signature.slice(0, 32), ...grown]))).toBe(
      false,
    )
    // not on the curve: refused, not thrown
    expect(verifySignature(crypto, fromHex(`02${"00".repeat(31)}`), message, signature)).toBe(false)
  })
})

describe("parsePublicKey", () => {
  test("refuses the eight points of small order with either sign, and encodings of y ≥ p", () => {
    const bad = [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      `01${"00".repeat(30)}80`,
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
      `ec${"ff".repeat(30)}7f`,
      `ed${"ff".repeat(30)}7f`,
      `ee${"ff".repeat(30)}7f`,
      "ff".repeat(32),
    ]
    for (const key of bad) expect(parsePublicKey(fromHex(key)), key).toBeNull()
    expect(parsePublicKey(new Uint8Array(31))).toBeNull()
    expect(parseSignature(new Uint8Array(63))).toBeNull()
  })

  test("leaves the bytes that it is given as they are, also of a Buffer", () => {
    const key = Buffer.from(RFC8032[2][0], "hex")
    expect(parsePublicKey(key)).not.toBeNull()
    expect(key.toString("hex")).toBe(RFC8032[2][0])
  })
})

describe("createTokenSigner", () => {
  test("makes tokens that jose verifies, the same bytes each time", async () => {
    const token = tokens.sign(encodeCanonicalJson(claims), leaf)
    expect(tokens.sign(encodeCanonicalJson(claims), leaf)).toBe(token)
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys: [jwk] }), {
      audience: "runner",
      typ: "exec+jwt",
      currentDate: new Date(NOW_MS),
    })
    expect(payload).toMatchObject({ sub: "agent:a", leaf: "07".repeat(32) })
    expect(protectedHeader).toEqual({ alg: "EdDSA", kid: tokens.kid, typ: "exec+jwt" })
  })
})

describe("verifyToken", () => {
  test("takes our tokens and jose's; a redeem token never suffices by itself", async () => {
    expect(verifyToken(tokens.sign(encodeCanonicalJson(claims), leaf), check)).toMatchObject({
      valid: true,
      sufficient: false,
      claims: { sub: "agent:a" },
    })
    expect(verifyToken(tokens.sign(encodeCanonicalJson({ ...claims, use: "offline" }), leaf), check)).toMatchObject({
      valid: true,
      sufficient: true,
    })
    const foreign = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "EdDSA", typ: "exec+jwt", kid: tokens.kid })
      .sign(privateKey)
    expect(verifyToken(foreign, check).valid).toBe(true)
  })

  const good = tokens.sign(encodeCanonicalJson(claims), leaf)
  const part = (value: object) => toBase64Url(utf8(JSON.stringify(value)))
  const signedWith = (header: object, body: object = claims) => {
    const input = `${part(header)}.${part(body)}`
    return `${input}.${nodeSign(null, Buffer.from(input), privateKey).toString("base64url")}`
  }
  const header = { alg: "EdDSA", typ: "exec+jwt", kid: tokens.kid }
  test.each([
    ["another audience", good, { audience: "other" }, "WRONG_AUDIENCE"],
    ["another issuer", good, { issuer: "https://else" }, "WRONG_ISSUER"],
    ["expired", good, { nowMs: NOW_MS + 15_001 }, "EXPIRED"],
    ["not yet valid", good, { nowMs: NOW_MS - 5_001 }, "NOT_YET_VALID"],
    ["other parameters", good, { parametersDigest: "other" }, "PARAMETERS_DIFFER"],
    ["no parameters", good, { parametersDigest: null }, "PARAMETERS_DIFFER"],
    ["no such key", good, { keys: [] }, "UNKNOWN_KEY"],
    ["alg none", signedWith({ ...header, alg: "none" }), {}, "WRONG_TYPE"],
    ["HS256", signedWith({ ...header, alg: "HS256" }), {}, "WRONG_TYPE"],
    ["typ JWT", signedWith({ ...header, typ: "JWT" }), {}, "WRONG_TYPE"],
    ["an unknown critical header", signedWith({ ...header, crit: ["b64"], b64: false }), {}, "WRONG_TYPE"],
    [
      "claims changed",
      good.replace(/\.[^.]+\./, `.${part({ ...claims, aud: "runner", sub: "root" })}.`),
      {},
      "SIGNATURE_WRONG",
    ],
    [
      "a signature of zeros",
      `${good.slice(0, good.lastIndexOf("."))}.${toBase64Url(new Uint8Array(64))}`,
      {},
      "SIGNATURE_WRONG",
    ],
    ["times that are text", signedWith(header, { ...claims, exp: "soon" }), {}, "MALFORMED"],
    ["two parts", "a.b", {}, "MALFORMED"],
    ["padding", `${good}=`, {}, "MALFORMED"],
    ["9,000 characters", "a".repeat(9_000), {}, "MALFORMED"],
  ])("refuses %s", (_, token, more, code) => {
    const report = verifyToken(token, { ...check, ...more })
    expect(report).toMatchObject({
      valid: false,
      sufficient: false,
      reason: expect.stringMatching(new RegExp(`^${code}: `)),
    })
  })
})

describe("verifyCheckpoint", () => {
  const origin = "writ.local/test"
  const vkey = formatVerifierKey(sha256, origin, signer.publicKey)
  const text = formatCheckpoint({ origin, size: 42n, root: leaf })
  const note = (by = signer) =>
    formatNote(text, [
      { name: origin, keyHash: noteKeyHash(sha256, origin, by.publicKey), signature: by.sign(utf8(text)) },
    ])

  test("takes the note and answers its size and root", () => {
    expect(verifyCheckpoint({ note: note(), origin, vkey })).toMatchObject({
      valid: true,
      checkpoint: { size: 42n, root: leaf },
    })
    expect(parseVerifierKey(sha256, vkey).publicKey).toEqual(Uint8Array.from(signer.publicKey))
  })

  test("refuses another key, a stripped or forged signature, another origin, another size", () => {
    const stranger = createSigner(generateKeyPairSync("ed25519").privateKey)
    const forged = formatNote(text, [
      { name: origin, keyHash: noteKeyHash(sha256, origin, signer.publicKey), signature: stranger.sign(utf8(text)) },
    ])
    expect(verifyCheckpoint({ note: note(stranger), origin, vkey }).reason).toMatch(/^UNKNOWN_KEY/)
    expect(verifyCheckpoint({ note: forged, origin, vkey }).reason).toMatch(/^SIGNATURE_WRONG/)
    expect(verifyCheckpoint({ note: note().replace("42", "43"), origin, vkey }).reason).toMatch(/^SIGNATURE_WRONG/)
    expect(verifyCheckpoint({ note: note(), origin: "other", vkey }).reason).toMatch(/^WRONG_ORIGIN/)
    expect(verifyCheckpoint({ note: text, origin, vkey }).reason).toMatch(/^MALFORMED/)
    expect(verifyCheckpoint({ note: note(), origin, vkey: vkey.replace("+", "-") }).reason).toMatch(/^MALFORMED/)
  })

  test.each([
    "",
    "a\n",
    "a\n\nb",
    "a\n\n— x !\n",
    "a\n\n— x AAAA\n",
    "\u0000\n\n— x AAAAAAA=\n",
    `a\n\n${"— x AAAAAAA=\n".repeat(65)}`,
  ])("the note %j is refused", (text) => {
    expect(() => parseNote(text)).toThrow()
  })
})
