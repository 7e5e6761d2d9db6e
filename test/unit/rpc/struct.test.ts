import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { messageType } from "../../../src/rpc/load.ts"
import { jsonToStruct, structToJson, type WireStruct } from "../../../src/rpc/struct.ts"

const entity = messageType("writ.v1.Entity")

/** Over the wire, as a client would send it. */
function overTheWire(properties: WireStruct): WireStruct {
  return (entity.decode(entity.encode({ type: "t", id: "i", properties })) as { properties: WireStruct }).properties
}

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

describe("structToJson", () => {
  test("gives back any JSON object that went over the wire", () => {
    fc.assert(
      fc.property(object, (json) => {
        expect(structToJson(overTheWire(jsonToStruct(json)), "context")).toEqual(json)
      }),
    )
  })

  test("absent reads as empty", () => {
    expect(structToJson(null, "context")).toEqual({})
    expect(structToJson(undefined, "context")).toEqual({})
  })

  test.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["-0", -0],
  ])("%s is refused, and the place is named", (_name, number) => {
    const struct = overTheWire({
      fields: { a: { listValue: { values: [{ stringValue: "" }, { numberValue: number }] } } },
    } as WireStruct)
    expect(() => structToJson(struct, "context")).toThrow(refusedAt("context.a.1"))
  })

  test("a value of no kind is refused", () => {
    expect(() => structToJson(overTheWire({ fields: { a: {} } }), "context")).toThrow(refusedAt("context.a"))
  })

  test("an unknown number for null is refused", () => {
    const struct = overTheWire({ fields: { a: { nullValue: 7 } } } as WireStruct)
    expect(() => structToJson(struct, "context")).toThrow(refusedAt("context.a"))
  })

  test("bytes that are not UTF-8 are refused in values and in keys", () => {
    const damaged = Buffer.from(entity.encode({ properties: { fields: { good: { stringValue: "good" } } } }))
    for (const from of [0, damaged.lastIndexOf("good")]) {
      const bytes = Buffer.from(damaged)
      bytes[bytes.indexOf("good", from)] = 0xff
      const { properties } = entity.decode(bytes) as { properties: WireStruct }
      expect(() => structToJson(properties, "context")).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
    }
  })

  test("a key named __proto__ is refused, at every depth, and no prototype changes", () => {
    const bytes = Buffer.from(
      entity.encode({ properties: { fields: { o: { structValue: { fields: { __pr0t0__: { boolValue: true } } } } } } }),
    )
    bytes.write("__proto__", bytes.indexOf("__pr0t0__"))
    const { properties } = entity.decode(bytes) as { properties: WireStruct }
    expect(() => structToJson(properties, "context")).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  test("keys named like members of Object are plain keys", () => {
    const json = { constructor: 1, toString: "x", hasOwnProperty: null, valueOf: { prototype: [] } } as JsonObject
    const read = structToJson(overTheWire(jsonToStruct(json)), "context")
    expect(Object.entries(read)).toEqual(Object.entries(json))
  })

  test("16 levels are read, 17 are refused, whether objects or lists", () => {
    const nest = (levels: number, wrap: (inner: unknown) => unknown): WireStruct =>
      overTheWire({ fields: { a: Array.from({ length: levels - 1 }).reduce(wrap, { boolValue: true }) } } as WireStruct)
    const inObject = (inner: unknown) => ({ structValue: { fields: { a: inner } } })
    const inList = (inner: unknown) => ({ listValue: { values: [inner] } })
    for (const wrap of [inObject, inList]) {
      expect(() => structToJson(nest(16, wrap), "context")).not.toThrow()
      expect(() => structToJson(nest(17, wrap), "context")).toThrow(
        expect.objectContaining({ code: "INVALID_REQUEST" }),
      )
      expect(() => structToJson(nest(20, wrap), "context")).toThrow(
        expect.objectContaining({ code: "INVALID_REQUEST" }),
      )
    }
  })

  test("10,000 values are read, one more is REQUEST_TOO_LARGE", () => {
    const wide = (count: number) => jsonToStruct({ list: Array.from({ length: count - 1 }, () => 1) })
    expect(() => structToJson(overTheWire(wide(10_000)), "context")).not.toThrow()
    expect(() => structToJson(overTheWire(wide(10_001)), "context")).toThrow(
      expect.objectContaining({ code: "REQUEST_TOO_LARGE" }),
    )
  })
})
