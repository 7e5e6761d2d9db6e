import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { vectorKey } from "../../scripts/vectors/keys.ts"
import { signedBy, verifierKey } from "../../scripts/vectors/notes.ts"
import { nativeCrypto, sha256 } from "../../src/crypto.ts"
import { equalBytes, fromUtf8, utf8 } from "../../src/formats/bytes.ts"
import { formatCheckpoint, parseCheckpoint } from "../../src/formats/checkpoint.ts"
import {
  formatNote,
  formatVerifierKey,
  noteKeyHash,
  parseNote,
  parseVerifierKey,
} from "../../src/formats/signed-note.ts"
import { verifyCheckpoint } from "../../src/verify/index.ts"

const key = vectorKey("log")
const witness = vectorKey("stranger")
const ORIGIN = "log.example/property"
const vkey = verifierKey(ORIGIN, key.publicKey)

const word = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((name) => /^[^\s+\p{Cc}]+$/u.test(name))
const line = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !/\p{Cc}/u.test(text))
const noteText = fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => `${lines.join("\n")}\n`)
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const size = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
const signature = fc.record({
  name: word,
  keyHash: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
})

describe("parseNote", () => {
  test("reads back what formatNote writes, empty lines in the text included", () => {
    fc.assert(
      fc.property(noteText, fc.array(signature, { minLength: 1, maxLength: 16 }), (text, signatures) => {
        expect(parseNote(formatNote(text, signatures))).toEqual({ text, signatures })
      }),
      { numRuns: 500 },
    )
  })
})

describe("parseVerifierKey", () => {
  test("reads back what formatVerifierKey writes; with any character replaced it is refused", () => {
    fc.assert(
      fc.property(word, hash, fc.nat(), fc.constantFrom(..."Aaz09+/= "), (name, publicKey, place, put) => {
        const text = formatVerifierKey(sha256, name, publicKey)
        expect(text).toBe(verifierKey(name, publicKey))
        const parsed = parseVerifierKey(sha256, text)
        expect([parsed.name, parsed.publicKey]).toEqual([name, publicKey])
        expect(equalBytes(parsed.keyHash, noteKeyHash(sha256, name, publicKey))).toBe(true)
        const at = place % text.length
        const damaged = text.slice(0, at) + put + text.slice(at + 1)
        if (damaged !== text) expect(() => parseVerifierKey(sha256, damaged)).toThrow()
      }),
      { numRuns: 500 },
    )
  })
})

describe("parseCheckpoint", () => {
  test("reads back what formatCheckpoint writes, with extension lines or without", () => {
    fc.assert(
      fc.property(word, size, hash, fc.array(word, { maxLength: 3 }), (origin, size, root, extensions) => {
        const text = formatCheckpoint({ origin, size, root })
        const more = extensions.map((extension) => `${extension}\n`).join("")
        expect(parseCheckpoint(text + more)).toEqual({ origin, size, root })
      }),
    )
  })
})

describe("verifyCheckpoint", () => {
  const signed = fc.tuple(size, hash).map(([size, root]) => {
    const text = formatCheckpoint({ origin: ORIGIN, size, root })
    return {
      size,
      root,
      note: `${text}\n${signedBy(key, ORIGIN, text)}`,
      witnessed: signedBy(witness, "witness.example", text),
    }
  })
  const verify = (bytes: Uint8Array) => {
    try {
      return verifyCheckpoint({ note: fromUtf8(bytes), origin: ORIGIN, vkey }, nativeCrypto)
    } catch {
      return { valid: false, reason: "not UTF-8" }
    }
  }
  const flip = (bytes: Uint8Array, at: number, bit: number) =>
    bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))

  test("any bit flipped anywhere is caught", () => {
    fc.assert(
      fc.property(signed, fc.nat(), fc.nat(7), ({ size, root, note }, place, bit) => {
        const bytes = utf8(note)
        expect(verify(bytes)).toMatchObject({ valid: true, checkpoint: { size, root } })
        expect(verify(flip(bytes, place % bytes.length, bit)).valid).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  test("every bit of one note", () => {
    const bytes = utf8(fc.sample(signed, { numRuns: 1, seed: 7 })[0]?.note ?? "")
    expect(verify(bytes).valid).toBe(true)
    for (let at = 0; at < bytes.length; at++)
      for (let bit = 0; bit < 8; bit++) expect(verify(flip(bytes, at, bit)).valid, `byte ${at} bit ${bit}`).toBe(false)
  })

  test("beside a witness's signature: caught, or it was the witness's line and size and root are those that were signed", () => {
    let harmless = 0
    fc.assert(
      fc.property(signed, fc.nat(), fc.nat(7), ({ size, root, note, witnessed }, place, bit) => {
        const bytes = utf8(note + witnessed)
        const at = place % bytes.length
        const verdict = verify(flip(bytes, at, bit))
        if (!verdict.valid) return
        harmless++
        expect(at).toBeGreaterThanOrEqual(utf8(note).length)
        expect(verdict).toMatchObject({ checkpoint: { size, root } })
      }),
      { numRuns: 1_000 },
    )
    expect(harmless).toBeGreaterThan(0)
  })
})
