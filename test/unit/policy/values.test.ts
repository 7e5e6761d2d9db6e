import { describe, expect, test } from "vitest"
import { formatType } from "../../../src/cel/type.ts"
import { type CelMap, Double } from "../../../src/cel/value.ts"
import type { JsonObject, JsonValue } from "../../../src/formats/ports.ts"
import { MAX_COLLECTION_SIZE, MAX_STRING_BYTES, type Properties, type ValueType } from "../../../src/policy/bundle.ts"
import type { PolicyReason } from "../../../src/policy/types.ts"
import { convertProperties, typeOfProperty } from "../../../src/policy/values.ts"

const declare = (type: ValueType, required = false): Properties => ({ p: { type, required, record: "commit" } })
/** The value, or the code of what is wrong with it. */
function convert(type: ValueType, raw: JsonValue): unknown {
  const reasons: PolicyReason[] = []
  const values = convertProperties(declare(type), { p: raw }, "/context", reasons)
  if (reasons.length > 0) {
    expect(reasons).toMatchObject([{ pointer: "/context/p" }])
    expect(values).toEqual({})
    return reasons[0]?.code
  }
  return values["p"]
}
const MISMATCH = "PROPERTY_TYPE_MISMATCH"

describe("convertProperties", () => {
  test.each([
    ["int", 0, 0],
    ["int", -5, -5],
    ["int", 2 ** 53 - 1, 9007199254740991],
    ["int", "9007199254740991", 9007199254740991],
    ["int", "9223372036854775807", 9223372036854775807n],
    ["int", "-9223372036854775808", -9223372036854775808n],
    ["int", "0", 0],
    ["int", -0, 0],
    ["double", 1, new Double(1)],
    ["double", 1e308, new Double(1e308)],
    ["bool", false, false],
    ["string", "", ""],
    ["list<int>", [1, "2"], [1, 2]],
    ["list<string>", [], []],
  ] as [ValueType, JsonValue, unknown][])("%s takes %j", (type, raw, value) => {
    expect(convert(type, raw)).toEqual(value)
  })

  test.each([
    ["int", 1.5],
    ["int", 2 ** 53],
    ["int", -(2 ** 53)],
    ["int", "9223372036854775808"],
    ["int", "-9223372036854775809"],
    ["int", "01"],
    ["int", "+1"],
    ["int", "1.0"],
    ["int", "1e3"],
    ["int", "0x1"],
    ["int", " 1"],
    ["int", ""],
    ["int", "٣"],
    ["int", true],
    ["int", null],
    ["double", "1.5"],
    ["double", null],
    ["bool", 0],
    ["bool", "true"],
    ["string", 1],
    ["string", null],
    ["string", ["a"]],
    ["list<string>", "a"],
    ["list<string>", { 0: "a" }],
    ["list<string>", ["a", 1]],
    ["list<string>", [["a"]]],
    ["map<int>", [1]],
    ["map<int>", { a: "x" }],
    ["map<int>", { a: { b: 1 } }],
    ["timestamp", "2026-01-01"],
    ["timestamp", "2026-01-01T00:00:00"],
    ["timestamp", "2026-01-01t00:00:00z"],
    ["timestamp", "2026-01-01 00:00:00Z"],
    ["timestamp", "2026-13-01T00:00:00Z"],
    ["timestamp", "2026-02-30T00:00:00Z"],
    ["timestamp", "2025-02-29T00:00:00Z"],
    ["timestamp", "2026-04-31T00:00:00+02:00"],
    ["timestamp", "2026-01-01T24:00:00Z"],
    ["timestamp", "2026-01-01T00:60:00Z"],
    ["timestamp", "2026-01-01T00:00:60Z"],
    ["timestamp", "2026-01-01T00:00:00+24:00"],
    ["timestamp", "2026-01-01T00:00:00.1234567890Z"],
    ["timestamp", "0000-01-01T00:00:00Z"],
    ["timestamp", "0001-01-01T00:00:00+00:01"],
    ["timestamp", "9999-12-31T23:59:59-00:01"],
    ["timestamp", 1_767_225_600],
    ["duration", "1"],
    ["duration", "1m"],
    ["duration", "1.s"],
    ["duration", ".5s"],
    ["duration", "+1s"],
    ["duration", "1.0000000001s"],
    ["duration", "315576000000s"],
    ["duration", "-315576000000s"],
    ["duration", 1],
  ] as [ValueType, JsonValue][])("%s does not take %j: a reason, never a guess", (type, raw) => {
    expect(convert(type, raw)).toBe(MISMATCH)
  })

  test("timestamps and durations are exact to the nanosecond", () => {
    const at = (raw: string) => convert("timestamp", raw)
    expect(at("2026-01-01T00:00:00.123456789Z")).toMatchObject({ seconds: 1_767_225_600, nanos: 123_456_789 })
    expect(at("2026-01-01T02:00:00.5+02:00")).toMatchObject({ seconds: 1_767_225_600, nanos: 500_000_000 })
    expect(at("2024-02-29T23:59:59Z")).toMatchObject({ seconds: 1_709_251_199, nanos: 0 })
    expect(at("1969-12-31T23:59:59.9Z")).toMatchObject({ seconds: -1, nanos: 900_000_000 })
    expect(at("0001-01-01T00:00:00Z")).toMatchObject({ seconds: -62_135_596_800 })
    expect(at("9999-12-31T23:59:59.999999999Z")).toMatchObject({ seconds: 253_402_300_799, nanos: 999_999_999 })
    expect(convert("duration", "1.5s")).toMatchObject({ seconds: 1, nanos: 500_000_000 })
    expect(convert("duration", "-0.000000001s")).toMatchObject({ seconds: 0, nanos: -1 })
    expect(convert("duration", "315575999999.999999999s")).toMatchObject({ seconds: 315_575_999_999 })
  })

  test("a string is limited in bytes, a list and a map in items; one more is PROPERTY_TOO_LARGE", () => {
    const tooLarge = "PROPERTY_TOO_LARGE"
    expect(convert("string", "x".repeat(MAX_STRING_BYTES))).toHaveLength(MAX_STRING_BYTES)
    expect(convert("string", "x".repeat(MAX_STRING_BYTES + 1))).toBe(tooLarge)
    expect(convert("string", "é".repeat(MAX_STRING_BYTES / 2))).toHaveLength(MAX_STRING_BYTES / 2)
    expect(convert("string", `${"é".repeat(MAX_STRING_BYTES / 2)}x`)).toBe(tooLarge)
    expect(convert("list<int>", Array(MAX_COLLECTION_SIZE).fill(1))).toHaveLength(MAX_COLLECTION_SIZE)
    expect(convert("list<int>", Array(MAX_COLLECTION_SIZE + 1).fill(1))).toBe(tooLarge)
    expect(convert("list<string>", ["x".repeat(MAX_STRING_BYTES + 1)])).toBe(tooLarge)
    const map = (size: number) => Object.fromEntries(Array.from({ length: size }, (_, i) => [`k${i}`, 1]))
    expect((convert("map<int>", map(MAX_COLLECTION_SIZE)) as CelMap).size).toBe(MAX_COLLECTION_SIZE)
    expect(convert("map<int>", map(MAX_COLLECTION_SIZE + 1))).toBe(tooLarge)
  })

  test("all faults are told, each with an RFC 6901 pointer; names of Object's members are plain names", () => {
    const declared = {
      ...declare("int", true),
      constructor: { type: "int", required: true, record: "commit" },
      "a/b": { type: "int", required: true, record: "commit" },
    } as Properties
    const reasons: PolicyReason[] = []
    convertProperties(declared, { toString: 1, "x~/y": 2 } as unknown as JsonObject, "/subject/properties", reasons)
    expect(reasons.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      "PROPERTY_MISSING /subject/properties/a~1b",
      "PROPERTY_MISSING /subject/properties/constructor",
      "PROPERTY_MISSING /subject/properties/p",
      "PROPERTY_UNKNOWN /subject/properties/toString",
      "PROPERTY_UNKNOWN /subject/properties/x~0~1y",
    ])
  })

  test("properties that JSON has as conditions see them are not copied; others are, and the request stays as it is", () => {
    const declared = { ...declare("string"), q: { type: "list<int>", required: false, record: "commit" } } as Properties
    const plain = { p: "a", q: [1, 2] }
    expect(convertProperties(declared, plain, "", [])).toBe(plain)
    const other = { p: "a", q: [1, "9007199254740993"] }
    expect(convertProperties(declared, other, "", [])).toEqual({ p: "a", q: [1, 9007199254740993n] })
    expect(other).toEqual({ p: "a", q: [1, "9007199254740993"] })
  })

  test("a map keeps its keys, whatever they are called", () => {
    const map = convert("map<int>", JSON.parse('{"__proto__": 1, "constructor": "2"}')) as CelMap
    expect([...map.entries]).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ])
  })

  test("no reason holds a value", () => {
    const reasons: PolicyReason[] = []
    for (const type of ["int", "bool", "timestamp", "duration", "list<string>"] as ValueType[])
      convertProperties(declare(type), { p: "hunter2", hunter3: "hunter2" }, "", reasons)
    expect(reasons).toHaveLength(10)
    expect(JSON.stringify(reasons.map(({ text }) => text))).not.toContain("hunter")
  })
})

describe("typeOfProperty", () => {
  test("says what the checker makes of each declared type", () => {
    const scalars = ["string", "int", "double", "bool", "timestamp", "duration"] as const
    const types = scalars.flatMap((type): ValueType[] => [type, `list<${type}>`, `map<${type}>`])
    expect(types.map((type) => formatType(typeOfProperty(type)))).toEqual(
      scalars.flatMap((type) => [type, `list(${type})`, `map(string, ${type})`]),
    )
  })
})
