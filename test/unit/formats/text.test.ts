import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as bytes from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { parseStrictJson } from "../../../src/formats/strict-json.ts"
import { tilePath } from "../../../src/formats/tiles.ts"

const LIMITS = { maxDepth: 16, maxNodes: 1_000 }
const parse = (text: string) => parseStrictJson(text, LIMITS)

describe("bytes", () => {
  test.each(["A", "A===", "AA=", "AB==", "AAAA=", "AA A", "AA-_", "=AAA", "AAA"])("base64 %j is refused", (text) => {
    expect(() => bytes.fromBase64(text)).toThrow(/base64/)
  })
  test.each(["A", "AB", "AA==", "A+AA", "é"])("base64url %j is refused", (text) => {
    expect(() => bytes.fromBase64Url(text)).toThrow(/base64/)
  })
  test.each(["0", "0G", "AB"])("hex %j is refused", (text) => {
    expect(() => bytes.fromHex(text)).toThrow(/hex/)
  })
  test("bad UTF-8 is refused", () => {
    expect(() => bytes.fromUtf8(Uint8Array.of(0xc3, 0x28))).toThrow(/UTF-8/)
  })
})

describe("encodeCanonicalJson", () => {
  test("RFC 8785 section 3.2.2: the sample document", () => {
    const value = {
      // biome-ignore lint/correctness/noPrecisionLoss: the RFC writes it so
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    }
    expect(encodeCanonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test("RFC 8785 section 3.2.3: keys in the order of UTF-16 code units", () => {
    const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 }
    expect(Object.values(JSON.parse(encodeCanonicalJson(value)) as object)).toHaveLength(7)
    const order = [...encodeCanonicalJson(value).matchAll(/":(\d)/g)].map((match) => match[1])
    expect(order).toEqual(["2", "4", "6", "7", "1", "5", "3"])
  })

  test.each([
    [0x0000000000000000n, "0"],
    [0x8000000000000000n, "0"],
    [0x0000000000000001n, "5e-324"],
    [0x7fefffffffffffffn, "1.7976931348623157e+308"],
    [0x4340000000000000n, "9007199254740992"],
    [0x4430000000000000n, "295147905179352830000"],
    [0x44b52d02c7e14af6n, "1e+23"],
    [0x44b52d02c7e14af7n, "1.0000000000000001e+23"],
    [0x3eb0c6f7a0b5ed8dn, "0.000001"],
    [0x41b3de4355555553n, "333333333.3333332"],
  ])("RFC 8785 appendix B: %s is %s", (bits, text) => {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, bits)
    expect(encodeCanonicalJson(view.getFloat64(0))).toBe(text)
  })

  test("NaN, infinities, lone surrogates and undefined are refused", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "\ud800", undefined, { a: undefined }, 1n]) {
      expect(() => encodeCanonicalJson(value as never)).toThrow()
    }
  })
  test("what is encoded can be read again, whatever the number", () => {
    const whole = fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())
    fc.assert(
      fc.property(whole, ([number, isRounded]) => {
        const value = isRounded ? Math.round(number) : number
        expect(parse(encodeCanonicalJson(value))).toBe(value === 0 ? 0 : value)
      }),
      { numRuns: 1_000 },
    )
    for (const value of [2 ** 53, 2 ** 60, 1e18, 1e20, 1e21, 123456789e12, -1e19])
      expect(parse(encodeCanonicalJson(value))).toBe(value)
  })
})

describe("parseStrictJson", () => {
  test("agrees with JSON.parse on what both take", () => {
    for (const text of [
      "null",
      " [1, 2.5e3, -4] ",
      '{"a":{"b":["\\u00e9\\n\\"",true,false,null]}}',
      '"\\ud83d\\ude00"',
      "[]",
      "{}",
      '""',
    ]) {
      expect(JSON.parse(JSON.stringify(parse(text)))).toEqual(JSON.parse(text))
    }
  })

  test.each([
    ['{"a":1,"a":2}', /twice/],
    ['{"a":1,"\\u0061":2}', /twice/],
    ["[1,]", /unexpected/],
    ["01", /goes on/],
    ["+1", /unexpected/],
    ["1e999", /too large/],
    ["-0", /negative zero/],
    ["9007199254740993", /2\^53/],
    ["1000000000000000001", /2\^53/],
    ["-9007199254740993", /2\^53/],
    ['"\\ud800"', /surrogate/],
    ['"\u0001"', /control/],
    ['"abc', /ends inside/],
    ['"\\x"', /unknown escape/],
    ['"\\u12"', /bad/],
    ["{a:1}", /quoted key/],
    ['{"a" 1}', /needs a :/],
    ["[1 2]", /needs a \]/],
    ["nul", /unexpected/],
    ["", /ends too early/],
    ["1 2", /goes on/],
    ["\ufeff1", /unexpected/],
    ["[".repeat(30), /nested deeper/],
    [`[${"1,".repeat(2_000)}1]`, /more than/],
  ])("%j is refused", (text, why) => {
    expect(() => parse(text)).toThrow(why)
  })

  test("a key named __proto__ is only a key", () => {
    const value = parse('{"__proto__":{"polluted":true},"constructor":1}') as Record<string, unknown>
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"])
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
  })
})

describe("tilePath", () => {
  test("follows C2SP tlog-tiles", () => {
    expect(tilePath(0, 0)).toBe("tile/0/000")
    expect(tilePath(1, 1234067)).toBe("tile/1/x001/x234/067")
    expect(tilePath(0, 5, 12)).toBe("tile/0/005.p/12")
  })
})
