import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { WritError } from "../../src/errors.ts"
import { encodeCanonicalJson } from "../../src/formats/canonical-json.ts"
import type { JsonValue } from "../../src/formats/ports.ts"
import { parseStrictJson } from "../../src/formats/strict-json.ts"
import { naiveCanonicalJson } from "../support/naive-canonical-json.ts"

/** Any double, by its bits: fast-check's own numbers are mostly short. */
const double = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 1n })
  .map((bits) => new DataView(new BigUint64Array([bits]).buffer).getFloat64(0, true))
  .filter(Number.isFinite)
const number = fc.oneof(
  double,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 1e20, 1e21, 2 ** 53, 1e-7),
)
const text = fc.string({ unit: "binary", maxLength: 8 }).filter((value) => value.isWellFormed())
const key = fc.oneof(
  text,
  fc.constantFrom("__proto__", "constructor", "toString", "10", "9", "", "\ue000", "\u{10000}"),
)
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(key, tie("value")), { selector: ([name]) => name, maxLength: 5 }).map((members) => {
      const object = Object.create(null) as Record<string, JsonValue>
      for (const [name, member] of members) object[name] = member
      return object
    }),
  ),
}))
const LIMITS = { maxDepth: 20, maxNodes: 10_000 }

/** Every object with its members in the opposite order. */
function reversed(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(reversed)
  const object = Object.create(null) as Record<string, JsonValue>
  for (const [name, member] of Object.entries(value).reverse()) object[name] = reversed(member)
  return object
}

describe("encodeCanonicalJson", () => {
  test("writes every value as a naive implementation of RFC 8785 does", () => {
    fc.assert(
      fc.property(value, (value) => {
        expect(encodeCanonicalJson(value)).toBe(naiveCanonicalJson(value))
      }),
      { numRuns: 2_000 },
    )
  })

  test("writes every double as a naive implementation does, and it reads back as the same double", () => {
    fc.assert(
      fc.property(number, (number) => {
        expect(encodeCanonicalJson(number)).toBe(naiveCanonicalJson(number))
        expect(Number(encodeCanonicalJson(number))).toBe(number === 0 ? 0 : number)
      }),
      { numRuns: 3_000 },
    )
  })

  test("powers of two, where the shortest text is hardest to find", () => {
    for (let exponent = -1074; exponent < 1024; exponent++)
      expect(encodeCanonicalJson(2 ** exponent), `2^${exponent}`).toBe(naiveCanonicalJson(2 ** exponent))
  })

  test("one value, one text: the order of members does not matter, and reading gives the value again", () => {
    fc.assert(
      fc.property(value, (value) => {
        const canonical = encodeCanonicalJson(value)
        expect(encodeCanonicalJson(reversed(value))).toBe(canonical)
        expect(encodeCanonicalJson(parseStrictJson(canonical, LIMITS))).toBe(canonical)
        expect(encodeCanonicalJson(JSON.parse(canonical))).toBe(canonical)
      }),
      { numRuns: 2_000 },
    )
  })

  test("what is not JSON is refused wherever it stands", () => {
    const bad = fc.constantFrom<unknown>(undefined, () => 1, Symbol("s"), 1n, Number.NaN, Infinity, { toJSON: () => 1 })
    fc.assert(
      fc.property(bad, value, key, (bad, value, key) => {
        for (const wrong of [bad, [value, bad], { a: value, [key]: { b: [bad] } }, { z: 1, a: 2, [key]: bad }])
          expect(() => encodeCanonicalJson(wrong as JsonValue)).toThrow(WritError)
      }),
    )
  })

  test("a lone surrogate anywhere is refused", () => {
    const lone = fc.tuple(text, fc.integer({ min: 0xd800, max: 0xdfff }), text)
    const bad = lone.map(([before, code, after]) => `${before}x${String.fromCharCode(code)}x${after}`)
    fc.assert(
      fc.property(bad, value, (bad, value) => {
        expect(() => encodeCanonicalJson([value, bad])).toThrow(WritError)
        expect(() => encodeCanonicalJson({ [bad]: value })).toThrow(WritError)
      }),
    )
  })
})

describe("parseStrictJson", () => {
  const loose = fc.oneof(
    value.map((value) => JSON.stringify(value)),
    value.map((value) => JSON.stringify(value, null, 1)),
    fc.json({ maxDepth: 3 }),
  )
  /** One character taken out, put in, or replaced. */
  const damaged = fc
    .tuple(loose, fc.nat(), fc.constantFrom("", "", ...'{}[]:,"\\0-9.eEtfnu /\n\u0000\ufeff\ud800'), fc.nat(1))
    .map(([text, at, put, cut]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + put + text.slice(place + cut)
    })

  test("what is taken is JSON, and means what JSON.parse says; what is refused is refused with a WritError", () => {
    let [taken, refused] = [0, 0]
    fc.assert(
      fc.property(fc.oneof(loose, damaged), (text) => {
        let parsed: JsonValue
        try {
          parsed = parseStrictJson(text, { maxDepth: 20, maxNodes: 10_000 })
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_REQUEST", message: expect.stringMatching(/^The JSON .*\d\.$/s) })
          refused++
          return
        }
        taken++
        expect(encodeCanonicalJson(parsed)).toBe(encodeCanonicalJson(JSON.parse(text)))
      }),
      { numRuns: 5_000 },
    )
    expect(Math.min(taken, refused)).toBeGreaterThan(500)
  })

  test("a key twice is refused, however it is written", () => {
    const escaped = (text: string) =>
      `"${Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")}"`
    fc.assert(
      fc.property(key, value, (key, value) => {
        const member = JSON.stringify(value)
        const once = `{${JSON.stringify(key)}:${member}}`
        const twice = `{${JSON.stringify(key)}:0,"other":${member},${escaped(key)}:0}`
        fc.pre(key !== "other")
        expect(() => parseStrictJson(twice, LIMITS)).toThrow(/twice/)
        expect(() => parseStrictJson(once, LIMITS)).not.toThrow()
      }),
    )
  })
})
