import { createHash, createPublicKey, verify } from "node:crypto"
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, errors } from "jose"
import { describe, expect, test } from "vitest"
import { FAMILIES } from "../../scripts/vectors/families.ts"
import { naiveCanonicalJson } from "../support/naive-canonical-json.ts"
import { naiveRoot } from "../support/naive-merkle.ts"
import { readVectors, titled } from "../support/vectors.ts"

describe("test/vectors", () => {
  test.each(Object.entries(FAMILIES))(
    "%s holds what scripts/vectors.ts writes: run it after a change",
    (family, vectors) => {
      const written = readVectors(family, 1).sort((a, b) => (a.name < b.name ? -1 : 1))
      const generated = [...vectors].sort((a, b) => (a.name < b.name ? -1 : 1))
      expect(written).toEqual(JSON.parse(JSON.stringify(generated)))
    },
  )
})

describe("what is expected, by others than Writ", () => {
  test("canonical JSON: a naive implementation", () => {
    type Input = { json?: string; ieee754?: string }
    for (const { name, input, expected } of readVectors<Input, { canonical?: string }>("canonical-json", 40)) {
      if (expected.canonical === undefined) continue
      const value =
        input.json === undefined ? Buffer.from(input.ieee754 ?? "", "hex").readDoubleBE() : JSON.parse(input.json)
      expect(naiveCanonicalJson(value), name).toBe(expected.canonical)
    }
  })

  test("strict JSON: what is taken means the same to JSON.parse", () => {
    for (const { name, input, expected } of readVectors<{ text: string }, { canonical?: string }>("strict-json", 50))
      if (expected.canonical !== undefined) expect(JSON.parse(expected.canonical), name).toEqual(JSON.parse(input.text))
  })

  test("Merkle roots: the RFC's definition", () => {
    const vectors = readVectors<{ leaves: string[] }, { root: string }>("merkle", 40)
    for (const { name, input, expected } of vectors.filter((vector) => vector.name.startsWith("root-"))) {
      const hashes = input.leaves.map((body) =>
        createHash("sha256")
          .update(Buffer.from(`00${body}`, "hex"))
          .digest(),
      )
      expect(Buffer.from(naiveRoot(hashes)).toString("hex"), name).toBe(expected.root)
    }
  })

  test("Ed25519: node:crypto takes each signature that must be taken", () => {
    type Input = { public_key: string; message: string; signature: string }
    for (const { name, input, expected } of readVectors<Input, { valid: boolean }>("ed25519", 30)) {
      if (!expected.valid) continue
      const der = Buffer.from(`302a300506032b6570032100${input.public_key}`, "hex")
      const key = createPublicKey({ key: der, format: "der", type: "spki" })
      const signature = Buffer.from(input.signature, "hex")
      expect(verify(null, Buffer.from(input.message, "hex"), key, signature), name).toBe(true)
    }
  })

  type Input = { token: string; keys: { kty: "OKP"; crv: string; x: string; kid: string }[] }
  test.each(titled(readVectors<Input, { valid: boolean; code?: string }>("token", 50)))(
    "jose on the token %s",
    async (_, { name, input, expected }) => {
      const verified = compactVerify(input.token, createLocalJWKSet({ keys: input.keys }), {
        algorithms: ["EdDSA", "Ed25519"],
      })
      const code = await verified.then(
        () => "VERIFIED",
        (error: unknown) => (error instanceof errors.JOSEError ? error.code : String(error)),
      )
      // jose says who signed; types, times and audiences come after that.
      const signed =
        expected.valid ||
        /^(EXPIRED|NOT_YET_VALID|WRONG_AUDIENCE|WRONG_ISSUER|PARAMETERS_DIFFER)$/.test(expected.code ?? "")
      if (signed) expect(code, name).toBe("VERIFIED")
      if (expected.code === "SIGNATURE_WRONG" && name !== "small-order-key")
        expect(code, name).toBe("ERR_JWS_SIGNATURE_VERIFICATION_FAILED")
      if (expected.code === "UNKNOWN_KEY") expect(code, name).not.toBe("VERIFIED")
      if (signed) expect(decodeProtectedHeader(input.token).typ).toBe("exec+jwt")
    },
  )
})
