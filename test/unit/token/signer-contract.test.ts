import { generateKeyPairSync, sign } from "node:crypto"
import * as noble from "@noble/ed25519"
import { sha512 } from "@noble/hashes/sha2.js"
import { describe, expect, test } from "vitest"
import { sodium } from "../../../src/crypto.ts"
import { createSigner, rawPublicKey } from "../../../src/token/signer.ts"
import { assertSigns } from "../../../src/token/signer-check.ts"
import { holdToSignerContract } from "../../support/signer-contract.ts"

const { privateKey } = generateKeyPairSync("ed25519")
const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 1024 })

describe("the file's signer with node:crypto", () => holdToSignerContract(() => createSigner(privateKey, null)))
// an optional dependency, which has no binary for some platforms
describe.skipIf(sodium === null)("the file's signer with libsodium", () =>
  holdToSignerContract(() => createSigner(privateKey, sodium)),
)
describe("noble", () => {
  noble.hashes.sha512 = sha512
  const secret = privateKey.export({ format: "der", type: "pkcs8" }).subarray(16)
  holdToSignerContract(() => ({
    publicKey: noble.getPublicKey(secret),
    sign: (message) => noble.sign(message, secret),
  }))
})

describe("assertSigns", () => {
  const good = createSigner(privateKey)
  const other = createSigner(generateKeyPairSync("ed25519").privateKey)
  test.each([
    ["a key that is not the one that was published", { ...good, publicKey: other.publicKey }],
    ["no answer", { ...good, sign: () => new Uint8Array() }],
    ["a signature of something else", { ...good, sign: () => good.sign(new Uint8Array(32)) }],
    ["a public key of small order", { ...good, publicKey: Uint8Array.of(1, ...new Uint8Array(31)) }],
    ["a private key of another kind", { ...good, sign: (message: Uint8Array) => sign("sha256", message, rsa) }],
  ])("%s is refused", (_, signer) => {
    expect(() => assertSigns(signer, "token")).toThrow("The token key signs nothing that its public key verifies.")
  })

  test("a signer that takes chances is refused: a repeat of a request would get another token", () => {
    let calls = 0
    const twice = { publicKey: good.publicKey, sign: (message: Uint8Array) => (calls++ ? other : good).sign(message) }
    expect(() => assertSigns(twice, "checkpoint")).toThrow("The checkpoint key signs the same bytes differently")
  })

  test("what cannot sign is heard of", () => {
    const broken = {
      publicKey: rawPublicKey(privateKey),
      sign: () => {
        throw new Error("no session")
      },
    }
    expect(() => assertSigns(broken, "policy")).toThrow("no session")
  })
})
