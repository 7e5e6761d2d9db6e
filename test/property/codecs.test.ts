import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { WritError } from "../../src/errors.ts"
import * as bytes from "../../src/formats/bytes.ts"

/** Text near what the codec writes, so that most of it is nearly right. */
const near = (alphabet: string) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 24 })
const any = fc.string({ unit: "binary", maxLength: 12 })

describe.each([
  ["hex", bytes.toHex, bytes.fromHex, "hex", "0123456789abcdefABg"],
  ["base64", bytes.toBase64, bytes.fromBase64, "base64", "AQgwBCD+/-_=="],
  ["base64url", bytes.toBase64Url, bytes.fromBase64Url, "base64url", "AQgwBCD+/-_="],
] as const)("%s", (_, encode, decode, node, alphabet) => {
  test("any bytes come back, and Node writes them the same", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700, size: "max" }), (data) => {
        expect(encode(data)).toBe(Buffer.from(data).toString(node))
        expect(decode(encode(data))).toEqual(data)
      }),
    )
  })

  test("a text is refused, or it is the one text of its bytes, and Node reads it the same", () => {
    let taken = 0
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: near(alphabet) }, any), (text) => {
        let data: Uint8Array
        try {
          data = decode(text)
        } catch (error) {
          expect(error).toBeInstanceOf(WritError)
          return
        }
        taken++
        expect(encode(data)).toBe(text)
        expect(data).toEqual(Uint8Array.from(Buffer.from(text, node)))
      }),
      { numRuns: 3_000 },
    )
    expect(taken).toBeGreaterThan(50)
  })
})

describe("fromUtf8", () => {
  test("any well-formed text comes back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (text.isWellFormed()) expect(bytes.fromUtf8(bytes.utf8(text))).toBe(text)
      }),
    )
  })

  test("bytes are refused, or they are the one encoding of their text", () => {
    let taken = 0
    const unit = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0xbf,
      0xc0,
      0xc3,
      0xa9,
      0xe2,
      0x82,
      0xac,
      0xed,
      0xa0,
      0xef,
      0xbb,
      0xf0,
      0x9f,
      0xf4,
      0xff,
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 6 }), (list) => {
        const data = Uint8Array.from(list)
        let text: string
        try {
          text = bytes.fromUtf8(data)
        } catch (error) {
          expect(error).toBeInstanceOf(WritError)
          return
        }
        taken++
        expect(bytes.utf8(text)).toEqual(data)
      }),
      { numRuns: 3_000 },
    )
    expect(taken).toBeGreaterThan(50)
  })
})

describe("concatBytes and equalBytes", () => {
  test("as Buffer does it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 5 }),
        fc.uint8Array({ maxLength: 9 }),
        (parts, other) => {
          const whole = bytes.concatBytes(...parts)
          expect(whole).toEqual(Uint8Array.from(Buffer.concat(parts)))
          expect(bytes.equalBytes(whole, Uint8Array.from(whole))).toBe(true)
          expect(bytes.equalBytes(whole, other)).toBe(Buffer.compare(whole, other) === 0)
        },
      ),
    )
  })
})
