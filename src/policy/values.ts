/** Declared types: plain JSON to the values that conditions see. A value that does not fit is a reason, never a guess. */
import type { CelInput } from "@bufbuild/cel"
import { create } from "@bufbuild/protobuf"
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { MAX_COLLECTION_SIZE, MAX_STRING_BYTES, type Properties, type ScalarType, type ValueType } from "./bundle.ts"
import type { PolicyReason } from "./types.ts"

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
/** RFC 3339; V8 reads the 30th of February and 24:00 as the day after, so days are looked at again and hours end at 23. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in Unix milliseconds (google.protobuf.Timestamp). */
const TIMESTAMP_MIN_MS = -62_135_596_800_000
const TIMESTAMP_MAX_MS = 253_402_300_799_000
/** 10,000 years (google.protobuf.Duration). */
const DURATION_MAX_SECONDS = 315_576_000_000n
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

export type Values = ReadonlyMap<string, CelInput>
export const NO_VALUES: Values = new Map()

export interface Converted {
  readonly values: Values
  /** The largest list or map, for the cost model. */
  readonly largest: number
}

type Fault = { readonly code: "PROPERTY_TYPE_MISMATCH" | "PROPERTY_TOO_LARGE"; readonly text: string }

/** Converts all of `properties`; faults are added to `reasons` with a JSON pointer below `pointer`. */
export function convertProperties(
  declared: Properties,
  properties: JsonObject,
  pointer: string,
  reasons: PolicyReason[],
): Converted {
  let values: Map<string, CelInput> | null = null
  let largest = 0
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
    if (isFault(value)) reasons.push({ ...value, pointer: toPointer(pointer, name) })
    else {
      values ??= new Map()
      values.set(name, value)
      if (Array.isArray(value)) largest = Math.max(largest, value.length)
      else if (value instanceof Map) largest = Math.max(largest, value.size)
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
  return { values: values ?? NO_VALUES, largest }
}

/** RFC 6901. */
function toPointer(base: string, name: string): string {
  return `${base}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
}

function convert(type: ValueType, raw: JsonValue): CelInput | Fault {
  if (!type.endsWith(">")) return convertScalar(type as ScalarType, raw)
  const match = /^(list|map)<(.+)>$/.exec(type) as RegExpExecArray
  const inner = match[2] as ScalarType
  if (match[1] === "list") {
    if (!Array.isArray(raw)) return mismatch(type)
    if (raw.length > MAX_COLLECTION_SIZE) return tooLarge(`at most ${MAX_COLLECTION_SIZE} items`)
    const items: CelInput[] = []
    for (const item of raw as readonly JsonValue[]) {
      const value = convertScalar(inner, item)
      if (isFault(value)) return value
      items.push(value)
    }
    return items
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return mismatch(type)
  const entries = Object.entries(raw as JsonObject)
  if (entries.length > MAX_COLLECTION_SIZE) return tooLarge(`at most ${MAX_COLLECTION_SIZE} entries`)
  const map = new Map<string, CelInput>()
  for (const [key, item] of entries) {
    const value = convertScalar(inner, item)
    if (isFault(value)) return value
    map.set(key, value)
  }
  return map as unknown as CelInput
}

function convertScalar(type: ScalarType, raw: JsonValue): CelInput | Fault {
  switch (type) {
    case "string":
      if (typeof raw !== "string") return mismatch(type)
      return raw.length * 3 > MAX_STRING_BYTES && new TextEncoder().encode(raw).length > MAX_STRING_BYTES
        ? tooLarge(`at most ${MAX_STRING_BYTES} bytes`)
        : raw
    case "bool":
      return typeof raw === "boolean" ? raw : mismatch(type)
    case "double":
      return typeof raw === "number" ? raw : mismatch(type)
    case "int": {
      if (typeof raw === "number")
        return Number.isSafeInteger(raw)
          ? BigInt(raw)
          : mismatch("int (a whole number within ±2^53, or a decimal string)")
      if (typeof raw !== "string" || !/^-?(0|[1-9][0-9]{0,18})$/.test(raw))
        return mismatch("int (a whole number within ±2^53, or a decimal string)")
      const value = BigInt(raw)
      return value >= INT64_MIN && value <= INT64_MAX ? value : mismatch("int of 64 bits")
    }
    case "timestamp": {
      const match = typeof raw === "string" ? TIMESTAMP.exec(raw) : null
      const ms = match ? Date.parse(`${(raw as string).slice(0, 19)}${match[4]}`) : Number.NaN
      if (!match || !isDay(match[1] as string) || !(ms >= TIMESTAMP_MIN_MS && ms <= TIMESTAMP_MAX_MS))
        return mismatch("timestamp (RFC 3339)")
      return create(TimestampSchema, {
        seconds: BigInt(ms / 1000),
        nanos: Number((match[3] ?? ".0").slice(1).padEnd(9, "0")),
      })
    }
    case "duration": {
      const match = typeof raw === "string" ? DURATION.exec(raw) : null
      if (!match) return mismatch("duration (seconds, such as 1.5s)")
      const sign = match[1] ? -1 : 1
      const seconds = BigInt(match[2] as string)
      if (seconds >= DURATION_MAX_SECONDS) return mismatch("duration (under 10,000 years)")
      return create(DurationSchema, {
        seconds: BigInt(sign) * seconds,
        nanos: sign * Number((match[3] ?? "").padEnd(9, "0")),
      })
    }
    default:
      return type satisfies never
  }
}

/** Does the calendar have this day? */
function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)
}

/** A value of each declared type, for trying conditions at load. */
export function sampleValues(declared: Properties): Map<string, CelInput> {
  const sample = {
    string: "a",
    int: 1,
    double: 1.5,
    bool: true,
    timestamp: "2026-01-01T00:00:00Z",
    duration: "1s",
  } as const
  const values = new Map<string, CelInput>()
  for (const [name, { type }] of Object.entries(declared)) {
    const match = /^(list|map)<(.+)>$/.exec(type)
    const scalar = sample[(match ? match[2] : type) as ScalarType]
    const raw = match ? (match[1] === "list" ? [scalar] : { a: scalar }) : scalar
    values.set(name, convert(type, raw as JsonValue) as CelInput)
  }
  return values
}

/** A constant of the bundle: whole numbers are int, others double. */
export function constantValue(raw: JsonValue): CelInput {
  if (Array.isArray(raw)) return raw.map(constantValue)
  return typeof raw === "number" && Number.isInteger(raw) ? BigInt(raw) : (raw as CelInput)
}

export function timestampOf(unixMs: number): CelInput {
  return create(TimestampSchema, { seconds: BigInt(Math.floor(unixMs / 1000)), nanos: (unixMs % 1000) * 1_000_000 })
}

function isFault(value: CelInput | Fault): value is Fault {
  return typeof value === "object" && value !== null && "code" in value
}
function mismatch(type: string): Fault {
  return { code: "PROPERTY_TYPE_MISMATCH", text: `The policy declares this as ${type}.` }
}
function tooLarge(limit: string): Fault {
  return { code: "PROPERTY_TOO_LARGE", text: `Larger than the limit: ${limit}.` }
}
