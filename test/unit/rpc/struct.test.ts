import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { messageType } from "../../../src/rpc/load.ts"
import { Reader, Writer } from "../../../src/rpc/protobuf.ts"
import { jsonToStruct, readStruct, type WireStruct, writeStruct } from "../../../src/rpc/struct.ts"

const struct = messageType("google.protobuf.Struct")

/** Bytes as a client sends them, by the generic codec. */
const overTheWire = (value: WireStruct): Buffer => struct.encode(value)
const read = (bytes: Buffer): JsonObject => readStruct(new Reader(bytes), "context")

const refusedAt = (field: string) =>
  expect.objectContaining({ code: "INVALID_REQUEST", details: expect.objectContaining({ field }) })

/** Text that Writ takes: a replacement character is refused, since damaged UTF-8 decodes to it. */
const text = (maxLength: number) =>
  fc.string({ maxLength, unit: "grapheme" }).filter((value) => value.isWellFormed() && !value.includes("\uFFFD"))
const key = text(6).filter((name) => name !== "__proto__")
const { object } = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text(10),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }) as fc.Arbitrary<JsonObject>,
}))

describe("readStruct", () => {
  test("gives back any JSON object that went over the wire", () => {
    fc.assert(
      fc.property(object, (json) => {
        expect(read(overTheWire(jsonToStruct(json)))).toEqual(json)
      }),
    )
  })

  test("no bytes read as empty", () => {
    expect(read(Buffer.alloc(0))).toEqual({})
  })

  test("a field of a later version is passed over", () => {
    const later = Buffer.concat([overTheWire(jsonToStruct({ a: 1 })), Buffer.from([0x7a, 1, 0xff])])
    expect(read(later)).toEqual({ a: 1 })
  })

  test("a key that is given twice is refused", () => {
    const twice = Buffer.concat([overTheWire(jsonToStruct({ a: 1 })), overTheWire(jsonToStruct({ a: 2 }))])
    expect(() => read(twice)).toThrow(refusedAt("context.a"))
  })

  test("a value of two kinds is refused", () => {
    // Struct { fields { key: "a", value { string_value: "x", bool_value: true } } }
    const both = Buffer.from([0x0a, 10, 0x0a, 1, 0x61, 0x12, 5, 0x1a, 1, 0x78, 0x20, 1])
    expect(() => read(both)).toThrow(refusedAt("context.a"))
  })

  test.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["-0", -0],
  ])("%s is refused, and the place is named", (_name, number) => {
    const bytes = overTheWire({
      fields: { a: { listValue: { values: [{ stringValue: "" }, { numberValue: number }] } } },
    } as WireStruct)
    expect(() => read(bytes)).toThrow(refusedAt("context.a.1"))
  })

  test("a value of no kind is refused", () => {
    expect(() => read(overTheWire({ fields: { a: {} } }))).toThrow(refusedAt("context.a"))
  })

  test("an unknown number for null is refused", () => {
    const bytes = overTheWire({ fields: { a: { nullValue: 7 } } } as WireStruct)
    expect(() => read(bytes)).toThrow(refusedAt("context.a"))
  })

  test("bytes that are not UTF-8 are refused in values and in keys", () => {
    const damaged = overTheWire({ fields: { good: { stringValue: "good" } } })
    for (const from of [0, damaged.lastIndexOf("good")]) {
      const bytes = Buffer.from(damaged)
      bytes[bytes.indexOf("good", from)] = 0xff
      expect(() => read(bytes)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
    }
  })

  test("a key named __proto__ is refused, at every depth, and no prototype changes", () => {
    const bytes = overTheWire({ fields: { o: { structValue: { fields: { __pr0t0__: { boolValue: true } } } } } })
    bytes.write("__proto__", bytes.indexOf("__pr0t0__"))
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  test("keys named like members of Object are plain keys", () => {
    const json = { constructor: 1, toString: "x", hasOwnProperty: null, valueOf: { prototype: [] } } as JsonObject
    expect(Object.entries(read(overTheWire(jsonToStruct(json))))).toEqual(Object.entries(json).sort())
  })

  test("16 levels are read, 17 are refused, whether objects or lists", () => {
    const nest = (levels: number, wrap: (inner: unknown) => unknown): Buffer =>
      overTheWire({ fields: { a: Array.from({ length: levels - 1 }).reduce(wrap, { boolValue: true }) } } as WireStruct)
    const inObject = (inner: unknown) => ({ structValue: { fields: { a: inner } } })
    const inList = (inner: unknown) => ({ listValue: { values: [inner] } })
    for (const wrap of [inObject, inList]) {
      expect(() => read(nest(16, wrap))).not.toThrow()
      expect(() => read(nest(17, wrap))).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
      expect(() => read(nest(20, wrap))).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
    }
  })

  test("10,000 values are read, one more is REQUEST_TOO_LARGE", () => {
    const wide = (count: number) => jsonToStruct({ list: Array.from({ length: count - 1 }, () => 1) })
    expect(() => read(overTheWire(wide(10_000)))).not.toThrow()
    expect(() => read(overTheWire(wide(10_001)))).toThrow(expect.objectContaining({ code: "REQUEST_TOO_LARGE" }))
  })
})

describe("writeStruct", () => {
  test("writes what the generic codec reads as the same JSON", () => {
    const writer = new Writer()
    fc.assert(
      fc.property(object, (json) => {
        const bytes = writer.whole(() => writeStruct(writer, json))
        expect(read(bytes)).toEqual(json)
        expect(read(overTheWire(struct.decode(bytes) as WireStruct))).toEqual(json)
      }),
    )
  })
})
