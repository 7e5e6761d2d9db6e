import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { fromHex, toHex } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { parsePublicKey, parseSignature } from "../../../src/formats/ed25519-keys.ts"
import { emptyRoot, hashLeaf, rootOfHashes } from "../../../src/formats/merkle.ts"
import { formatVerifierKey, parseNote, parseVerifierKey } from "../../../src/formats/signed-note.ts"
import { parseStrictJson } from "../../../src/formats/strict-json.ts"
import { readVectors, titled } from "../../support/vectors.ts"

const INVALID = expect.objectContaining({ code: "INVALID_REQUEST" })

describe("encodeCanonicalJson", () => {
  type Input = { json: string } | { ieee754: string }
  const numberOrJson = (input: Input) =>
    "json" in input ? JSON.parse(input.json) : Buffer.from(input.ieee754, "hex").readDoubleBE()
  const vectors = readVectors<Input, { canonical: string } | { refused: true }>("canonical-json", 40)
  test.each(titled(vectors))("%s", (_, { input, expected }) => {
    if ("canonical" in expected) expect(encodeCanonicalJson(numberOrJson(input))).toBe(expected.canonical)
    else expect(() => encodeCanonicalJson(numberOrJson(input))).toThrow(INVALID)
  })
})

describe("parseStrictJson", () => {
  type Input = { text: string; max_depth: number; max_nodes: number }
  type Expected = { accepted: true; canonical: string } | { accepted: false }
  test.each(titled(readVectors<Input, Expected>("strict-json", 50)))("%s", (_, { input, expected }) => {
    const parse = () => parseStrictJson(input.text, { maxDepth: input.max_depth, maxNodes: input.max_nodes })
    if (expected.accepted) expect(encodeCanonicalJson(parse())).toBe(expected.canonical)
    else expect(parse).toThrow(INVALID)
  })
})

describe("rootOfHashes", () => {
  const vectors = readVectors<{ leaves: string[] }, { root: string }>("merkle", 40)
  const roots = vectors.filter(({ name }) => name.startsWith("root-"))
  test.each(titled(roots))("%s", (_, { input, expected }) => {
    const hashes = input.leaves.map((body) => hashLeaf(sha256, fromHex(body)))
    expect(toHex(rootOfHashes(sha256, hashes))).toBe(expected.root)
    if (hashes.length === 0) expect(toHex(emptyRoot(sha256))).toBe(expected.root)
  })
})

describe("parsePublicKey", () => {
  test.each(titled(readVectors<{ public_key: string }, { accepted: boolean }>("ed25519-key", 20)))(
    "%s",
    (_, { input, expected }) => {
      const bytes = fromHex(input.public_key)
      expect(parsePublicKey(bytes)).toEqual(expected.accepted ? bytes : null)
    },
  )
})

describe("parseSignature", () => {
  const vectors = readVectors<{ signature: string }, unknown>("ed25519", 30)
  const signature = (name: string) => fromHex(vectors.find((vector) => vector.name === name)?.input.signature ?? "")
  test.each([
    "s-plus-l",
    "s-equals-l",
    "s-all-ones",
    "small-r",
    "small-r-as-p-plus-1",
    "short-signature",
    "long-signature",
  ])("%s is refused before any implementation sees it", (name) => expect(parseSignature(signature(name))).toBeNull())

  test("the largest S is L - 1", () => {
    const largest = "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"
    const bytes = Uint8Array.from([...signature("rfc8032-2").subarray(0, 32), ...fromHex(largest)])
    expect(parseSignature(bytes)).toEqual(bytes)
    bytes[32] = 0xed
    expect(parseSignature(bytes)).toBeNull()
  })
})

describe("parseNote", () => {
  test("text that UTF-8 cannot hold is refused", () => {
    expect(() => parseNote("a\ud800\n\n— x AAAAAAA=\n")).toThrow(INVALID)
    expect(parseNote("a\ufffd\n\n— x AAAAAAA=\n").text).toBe("a\ufffd\n")
  })

  type Expected = { well_formed: true; text: string; signatures: string[] } | { well_formed: false }
  test.each(titled(readVectors<{ note: string }, Expected>("signed-note", 20)))("%s", (_, { input, expected }) => {
    if (!expected.well_formed) return expect(() => parseNote(input.note)).toThrow(INVALID)
    const { text, signatures } = parseNote(input.note)
    expect({ text, signatures: signatures.map(({ name }) => name) }).toEqual({
      text: expected.text,
      signatures: expected.signatures,
    })
  })
})

describe("parseVerifierKey", () => {
  type Expected = { valid: true; name: string; key_hash: string; public_key: string } | { valid: false }
  test.each(titled(readVectors<{ vkey: string }, Expected>("verifier-key", 10)))("%s", (_, { input, expected }) => {
    if (!expected.valid) return expect(() => parseVerifierKey(sha256, input.vkey)).toThrow(INVALID)
    const { name, keyHash, publicKey } = parseVerifierKey(sha256, input.vkey)
    expect({ name, key_hash: toHex(keyHash), public_key: toHex(publicKey), valid: true }).toEqual(expected)
    expect(formatVerifierKey(sha256, name, publicKey)).toBe(input.vkey)
  })
})
