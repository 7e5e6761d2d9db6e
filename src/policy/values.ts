/** Declared types: plain JSON to the values that conditions see. A value that does not fit is a reason, never a guess. */
import { parseTimestamp } from "../cel/time.ts"
import { parseType, type Type } from "../cel/type.ts"
import { CelMap, Double, Duration, Timestamp, toInt, type Value } from "../cel/value.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { MAX_COLLECTION_SIZE, MAX_STRING_BYTES, type Properties, type ScalarType, type ValueType } from "./bundle.ts"
import type { PolicyReason } from "./types.ts"

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
/** 10,000 years (google.protobuf.Duration). */
const DURATION_MAX_SECONDS = 315_576_000_000
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

export type Converted = { readonly [name: string]: Value }

type Fault = { readonly code: "PROPERTY_TYPE_MISMATCH" | "PROPERTY_TOO_LARGE"; readonly text: string }

/**
 * Converts all of `properties`; faults are added to `reasons` with a JSON pointer below `pointer`, what has a number also
 * to `values`. Where JSON has every value already as conditions see it, that is what comes back: nothing is copied.
 */
export function convertProperties(
  declared: Properties,
  properties: JsonObject,
  pointer: string,
  reasons: PolicyReason[],
  numbers: ReadonlyMap<string, number> = UNNUMBERED,
  values: (Value | undefined)[] = [],
): Converted {
  let copy: Record<string, Value> | undefined
  const before = reasons.length
  for (const name in properties) {
    const property = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (!property) {
      reasons.push({
        code: "PROPERTY_UNKNOWN",
        text: "The policy declares no such property.",
        pointer: toPointer(pointer, name),
      })
      continue
    }
    const raw = properties[name] as JsonValue
    const value = convert(property.type, raw)
    if (isFault(value)) {
      reasons.push({ ...value, pointer: toPointer(pointer, name) })
      continue
    }
    const number = numbers.get(name)
    if (number !== undefined) values[number] = value
    if (!Object.is(value, raw)) {
      copy ??= { ...(properties as Converted) }
      // `__proto__` is a name like any other, also here.
      Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true })
    }
  }
  for (const name in declared) {
    if (declared[name]?.required && !Object.hasOwn(properties, name)) {
      reasons.push({
        code: "PROPERTY_MISSING",
        text: "The policy requires this property.",
        pointer: toPointer(pointer, name),
      })
    }
  }
  // The same faults in the same order however the members came: a replay reads them sorted.
  if (reasons.length > before + 1)
    reasons.push(...reasons.splice(before).sort((a, b) => compareText(a.pointer ?? "", b.pointer ?? "")))
  // With a fault in it nothing is evaluated.
  return reasons.length > before ? NONE : (copy ?? (properties as Converted))
}
const NONE: Converted = {}
const UNNUMBERED: ReadonlyMap<string, number> = new Map()
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** RFC 6901. */
function toPointer(base: string, name: string): string {
  return `${base}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
}

function convert(type: ValueType, raw: JsonValue): Value | Fault {
  if (!type.endsWith(">")) return convertScalar(type as ScalarType, raw)
  const inner = type.slice(type.indexOf("<") + 1, -1) as ScalarType
  if (type.startsWith("list")) {
    if (!Array.isArray(raw)) return mismatch(type)
    if (raw.length > MAX_COLLECTION_SIZE) return tooLarge(`at most ${MAX_COLLECTION_SIZE} items`)
    const list = raw as readonly JsonValue[]
    let copy: Value[] | undefined
    for (let i = 0; i < list.length; i++) {
      const value = convertScalar(inner, list[i] as JsonValue)
      if (isFault(value)) return value
      if (copy) copy.push(value)
      else if (!Object.is(value, list[i])) copy = [...(list.slice(0, i) as readonly Value[]), value]
    }
    return copy ?? (list as readonly Value[])
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return mismatch(type)
  // Sorted, as the record has them: what a comprehension costs depends on the order in which it walks.
  const entries = Object.entries(raw as JsonObject).sort(([a], [b]) => compareText(a, b))
  if (entries.length > MAX_COLLECTION_SIZE) return tooLarge(`at most ${MAX_COLLECTION_SIZE} entries`)
  const map = new Map<string, Value>()
  for (const [key, item] of entries) {
    const value = convertScalar(inner, item)
    if (isFault(value)) return value
    map.set(key, value)
  }
  return new CelMap(map)
}

function convertScalar(type: ScalarType, raw: JsonValue): Value | Fault {
  switch (type) {
    case "string":
      if (typeof raw !== "string") return mismatch(type)
      return raw.length * 3 > MAX_STRING_BYTES && new TextEncoder().encode(raw).length > MAX_STRING_BYTES
        ? tooLarge(`at most ${MAX_STRING_BYTES} bytes`)
        : raw
    case "bool":
      return typeof raw === "boolean" ? raw : mismatch(type)
    case "double":
      return typeof raw === "number" ? new Double(raw) : mismatch(type)
    case "int": {
      if (typeof raw === "number")
        return Number.isSafeInteger(raw)
          ? raw + 0 // there is one zero
          : mismatch("int (a whole number within ±2^53, or a decimal string)")
      if (typeof raw !== "string" || !/^-?(0|[1-9][0-9]{0,18})$/.test(raw))
        return mismatch("int (a whole number within ±2^53, or a decimal string)")
      const value = BigInt(raw)
      return value >= INT64_MIN && value <= INT64_MAX ? toInt(value) : mismatch("int of 64 bits")
    }
    case "timestamp":
      return (typeof raw === "string" && parseTimestamp(raw)) || mismatch("timestamp (RFC 3339)")
    case "duration": {
      const match = typeof raw === "string" ? DURATION.exec(raw) : null
      if (!match) return mismatch("duration (seconds, such as 1.5s)")
      const sign = match[1] ? -1 : 1
      const seconds = Number(match[2])
      if (seconds >= DURATION_MAX_SECONDS) return mismatch("duration (under 10,000 years)")
      return new Duration(sign * seconds + 0, sign * Number((match[3] ?? "").padEnd(9, "0")) + 0)
    }
    default:
      return type satisfies never
  }
}

/** What the checker makes of a declared type. */
export function typeOfProperty(type: ValueType): Type {
  return parseType(type.replace(/^map</, "map<string, "))
}

export function constantValues(constants: JsonObject): { readonly [name: string]: Value } {
  return Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, constantValue(value)]))
}
/** Whole numbers are int, others double. */
function constantValue(raw: JsonValue): Value {
  if (Array.isArray(raw)) return raw.map(constantValue)
  if (typeof raw !== "number") return raw as Value
  return Number.isInteger(raw) ? toInt(BigInt(raw)) : new Double(raw)
}

export function timestampOf(unixMs: number): Timestamp {
  const seconds = Math.floor(unixMs / 1000)
  return new Timestamp(seconds, (unixMs - seconds * 1000) * 1_000_000)
}

function isFault(value: Value | Fault): value is Fault {
  return typeof value === "object" && value !== null && "code" in value
}
function mismatch(type: string): Fault {
  return { code: "PROPERTY_TYPE_MISMATCH", text: `The policy declares this as ${type}.` }
}
function tooLarge(limit: string): Fault {
  return { code: "PROPERTY_TOO_LARGE", text: `Larger than the limit: ${limit}.` }
}
