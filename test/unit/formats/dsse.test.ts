import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { fromUtf8, toBase64, utf8 } from "../../../src/formats/bytes.ts"
import { dsseSigningInput, encodeDsseEnvelope, MAX_SIGNATURES, parseDsseEnvelope } from "../../../src/formats/dsse.ts"

const bytes = fc.uint8Array({ maxLength: 64 })
const envelopes = fc.record({
  payloadType: fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed()),
  payload: bytes,
  signatures: fc.array(fc.record({ keyid: fc.string({ maxLength: 256 }), signature: bytes }), {
    minLength: 1,
    maxLength: MAX_SIGNATURES,
  }),
})

describe("dsseSigningInput", () => {
  test("is the pre-authentication encoding of the protocol's own example", () => {
    expect(fromUtf8(dsseSigningInput("http://example.com/HelloWorld", utf8("hello world")))).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    )
  })

  test("lengths are of bytes, so that no two pairs are signed alike", () => {
    expect(fromUtf8(dsseSigningInput("é", utf8("😀")))).toBe("DSSEv1 2 é 4 😀")
    fc.assert(
      fc.property(fc.string(), bytes, fc.string(), bytes, (typeA, a, typeB, b) => {
        const isSame = typeA === typeB && toBase64(a) === toBase64(b)
        expect(toBase64(dsseSigningInput(typeA, a)) === toBase64(dsseSigningInput(typeB, b))).toBe(isSame)
      }),
    )
  })
})

describe("parseDsseEnvelope", () => {
  test("reads what was encoded", () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(parseDsseEnvelope(encodeDsseEnvelope(envelope))).toEqual({
          ...envelope,
          payload: expect.toSatisfy((read: Uint8Array) => toBase64(read) === toBase64(envelope.payload)),
          signatures: envelope.signatures.map(({ keyid, signature }) => ({
            keyid,
            signature: expect.toSatisfy((read: Uint8Array) => toBase64(read) === toBase64(signature)),
          })),
        })
      }),
    )
  })

  test("a signature need not name its key; members of later versions are passed over", () => {
    const text = `{"payload":"aGk=","payloadType":"t","signatures":[{"sig":"AA==","cert":"x"}],"more":1}`
    expect(parseDsseEnvelope(utf8(text)).signatures).toEqual([{ keyid: "", signature: Uint8Array.from([0]) }])
  })

  const one = { sig: "AA==" }
  test.each<[string, unknown]>([
    ["not an object", null],
    ["without a payload type", { payload: "", signatures: [one] }],
    ["without a payload", { payloadType: "t", signatures: [one] }],
    ["without signatures", { payloadType: "t", payload: "" }],
    ["of no signature", { payloadType: "t", payload: "", signatures: [] }],
    ["of too many", { payloadType: "t", payload: "", signatures: Array(MAX_SIGNATURES + 1).fill(one) }],
    ["whose payload is not base64", { payloadType: "t", payload: "*", signatures: [one] }],
    ["whose signature is not base64", { payloadType: "t", payload: "", signatures: [{ sig: "*" }] }],
    ["whose signature is missing", { payloadType: "t", payload: "", signatures: [{ keyid: "k" }] }],
    ["whose signature is nothing", { payloadType: "t", payload: "", signatures: [null] }],
    ["whose key id is a number", { payloadType: "t", payload: "", signatures: [{ ...one, keyid: 1 }] }],
    ["whose key id is too long", { payloadType: "t", payload: "", signatures: [{ ...one, keyid: "k".repeat(257) }] }],
  ])("an envelope %s is refused", (_, value) => {
    expect(() => parseDsseEnvelope(utf8(JSON.stringify(value)))).toThrow()
  })

  test("bytes that are not JSON, or not UTF-8, are refused", () => {
    for (const wrong of [utf8("{"), Uint8Array.from([0xff, 0xfe])]) expect(() => parseDsseEnvelope(wrong)).toThrow()
  })
})
