/** google.protobuf.Struct to plain JSON and back. What comes in is attacker-controlled. */
import { WritError } from "../errors.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"

const MAX_DEPTH = 16
const MAX_NODES = 10_000

export interface WireStruct {
  readonly fields?: { readonly [name: string]: WireValue } | null
}
export interface WireValue {
  readonly kind?: string
  readonly nullValue?: unknown
  readonly numberValue?: number
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly structValue?: WireStruct
  readonly listValue?: { readonly values?: readonly WireValue[] }
}

/** Throws INVALID_REQUEST naming the place, REQUEST_TOO_LARGE past 10,000 values. Absent reads as empty. */
export function structToJson(struct: WireStruct | null | undefined, field: string): JsonObject {
  if (!struct?.fields) return {}
  return readFields(struct.fields, field, 1, { nodes: 0 })
}

function readFields(
  fields: { readonly [name: string]: WireValue },
  at: string,
  depth: number,
  count: { nodes: number },
): JsonObject {
  if (depth > MAX_DEPTH)
    throw new WritError("INVALID_REQUEST", `${at} is nested deeper than ${MAX_DEPTH} levels.`, {
      details: { field: at },
    })
  const object: Record<string, JsonValue> = {}
  for (const name of Object.keys(fields)) {
    if (name === "__proto__" || isDamaged(name)) throw invalid(at, "has a key that is not allowed")
    object[name] = readValue(fields[name] as WireValue, at, name, depth, count)
  }
  return object
}

function readValue(value: WireValue, at: string, name: string, depth: number, count: { nodes: number }): JsonValue {
  if (++count.nodes > MAX_NODES) throw new WritError("REQUEST_TOO_LARGE", `${at} has more than ${MAX_NODES} values.`)
  switch (value.kind) {
    case "stringValue": {
      const text = value.stringValue as string
      if (isDamaged(text)) throw invalid(`${at}.${name}`, "holds U+FFFD, or bytes that are not UTF-8")
      return text
    }
    case "numberValue": {
      const number = value.numberValue as number
      if (!Number.isFinite(number)) throw invalid(`${at}.${name}`, "is NaN or infinite")
      if (Object.is(number, -0)) throw invalid(`${at}.${name}`, "is a negative zero")
      return number
    }
    case "boolValue":
      return value.boolValue as boolean
    case "nullValue":
      if (value.nullValue !== "NULL_VALUE") throw invalid(`${at}.${name}`, "is a null with an unknown number")
      return null
    case "structValue":
      return readFields(value.structValue?.fields ?? {}, `${at}.${name}`, depth + 1, count)
    case "listValue": {
      if (depth >= MAX_DEPTH) throw invalid(`${at}.${name}`, `is nested deeper than ${MAX_DEPTH} levels`)
      return (value.listValue?.values ?? []).map((item, i) =>
        readValue(item, `${at}.${name}`, String(i), depth + 1, count),
      )
    }
    default:
      throw invalid(`${at}.${name}`, "has no value")
  }
}

export function jsonToStruct(object: JsonObject): WireStruct {
  return { fields: Object.fromEntries(Object.entries(object).map(([name, value]) => [name, toWire(value)])) }
}

function toWire(value: JsonValue): WireValue {
  if (value === null) return { kind: "nullValue", nullValue: 0 }
  if (typeof value === "string") return { kind: "stringValue", stringValue: value }
  if (typeof value === "number") return { kind: "numberValue", numberValue: value }
  if (typeof value === "boolean") return { kind: "boolValue", boolValue: value }
  if (Array.isArray(value)) return { kind: "listValue", listValue: { values: value.map(toWire) } }
  return { kind: "structValue", structValue: jsonToStruct(value as JsonObject) }
}

function isDamaged(text: string): boolean {
  return text.includes("\uFFFD") || !text.isWellFormed()
}

function invalid(field: string, what: string): WritError {
  return new WritError("INVALID_REQUEST", `${field.slice(0, 200)} ${what}.`, {
    details: { field: field.slice(0, 200) },
  })
}
