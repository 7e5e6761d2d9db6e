import { createPrivateKey, generateKeyPairSync, verify } from "node:crypto"
import { describe, expect, test } from "vitest"
import { sodium } from "../../../src/crypto.ts"
import { toHex, utf8 } from "../../../src/formats/bytes.ts"
import { createSigner, rawPublicKey } from "../../../src/token/signer.ts"

/** RFC 8032 section 7.1, test 3. */
const SEED = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
const PUBLIC = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
const SIGNATURE =
  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
const rfcKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${SEED}`, "hex"),
  format: "der",
  type: "pkcs8",
})

describe("createSigner", () => {
  const signsAsTheRfc = async (native: typeof sodium) => {
    const signer = createSigner(rfcKey, native)
    expect(toHex(signer.publicKey)).toBe(PUBLIC)
    expect(toHex(signer.sign(Uint8Array.of(0xaf, 0x82)))).toBe(SIGNATURE)
    expect(toHex(await signer.signLong(Uint8Array.of(0xaf, 0x82)))).toBe(SIGNATURE)
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const own = createSigner(privateKey, native)
    const message = utf8("a token")
    const first = own.sign(message)
    expect(own.sign(message)).toEqual(first)
    expect(verify(null, message, publicKey, first)).toBe(true)
  }
  const title = "signs as RFC 8032 does, the same bytes each time, and verifiably"
  test(`with node:crypto it ${title}`, () => signsAsTheRfc(null))
  // an optional dependency, which has no binary for some platforms
  test.skipIf(sodium === null)(`with libsodium it ${title}`, () => signsAsTheRfc(sodium))

  test("a view into a larger buffer is signed as those bytes alone", () => {
    const message = Buffer.from("xxafyy").subarray(2, 4)
    for (const native of [sodium, null])
      expect(createSigner(rfcKey, native).sign(message)).toEqual(createSigner(rfcKey, null).sign(utf8("af")))
  })
})

describe("rawPublicKey", () => {
  test("the 32 bytes of the public half", () => {
    expect(toHex(rawPublicKey(rfcKey))).toBe(PUBLIC)
  })
})
