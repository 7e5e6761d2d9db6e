/**
 * google.protobuf.Struct, straight from the wire to plain JSON and back. What JSON cannot say exactly (NaN, infinities, -0), what is damaged
 * and what a reader could take for two things is refused, with the place.
 */
import { MAX_JSON_DEPTH as MAX_DEPTH, MAX_JSON_NODES as MAX_NODES } from "../decision/limits.ts"
import { WritError } from "../errors.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import type { Reader, Writer } from "./protobuf.ts"

// Struct { map<string, Value> fields = 1 }; a map entry is { key = 1, value = 2 }; ListValue { repeated Value values = 1 }
const FIELDS = 1
const KEY = 1
const VALUE = 2
const VALUES = 1
// Value { oneof kind }
const NULL = 1
const NUMBER = 2
const STRING = 3
const BOOL = 4
const STRUCT = 5
const LIST = 6
const FEW = 16

/** Reads a Struct. Throws INVALID_REQUEST naming the place below `field`, REQUEST_TOO_LARGE past 10,000 values. */
export function readStruct(reader: Reader, field: string): JsonObject {
  return readFields(reader, [field], 1, { nodes: 0 })
}

type Count = { nodes: number }
/** Where we are; only put into words for a refusal. */
type Path = string[]

function readFields(reader: Reader, path: Path, depth: number, count: Count): JsonObject {
  if (depth > MAX_DEPTH) throw invalid(path, `is nested deeper than ${MAX_DEPTH} levels`)
  const object: Record<string, JsonValue> = {}
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field !== FIELDS) reader.skip()
    else reader.message((entry) => readEntry(entry, object, path, depth, count))
  }
  return inOrder(object)
}

/** Maps come in any order; put in RFC 8785's here, they need no sorting when they are hashed and recorded. */
function inOrder(object: Record<string, JsonValue>): JsonObject {
  let last = ""
  for (const name in object) {
    if (name < last) return sorted(object)
    last = name
  }
  return object
}

function sorted(object: Record<string, JsonValue>): JsonObject {
  const names = Object.keys(object)
  if (names.length > FEW) names.sort()
  else insertionSort(names)
  const ordered: Record<string, JsonValue> = {}
  for (const name of names) ordered[name] = object[name] as JsonValue
  return ordered
}

/** In place: for a few names, a fraction of what Array.prototype.sort costs. */
function insertionSort(names: string[]): void {
  for (let i = 1; i < names.length; i++) {
    const name = names[i] as string
    let at = i
    for (; at > 0 && (names[at - 1] as string) > name; at--) names[at] = names[at - 1] as string
    names[at] = name
  }
}

function readEntry(entry: Reader, object: Record<string, JsonValue>, path: Path, depth: number, count: Count): void {
  let name = ""
  let value: JsonValue | undefined
  for (let field = entry.field(); field !== 0; field = entry.field()) {
    if (field === KEY) name = entry.string()
    else if (field === VALUE) {
      if (value !== undefined) throw new Error("a map entry holds two values")
      path.push(name)
      value = entry.message((inner) => readValue(inner, path, depth, count))
      path.pop()
    } else entry.skip()
  }
  if (name === "__proto__" || isDamaged(name)) throw invalid(path, "has a key that is not allowed")
  if (value === undefined) throw invalid([...path, name], "has no value")
  if (Object.hasOwn(object, name)) throw invalid([...path, name], "is given twice")
  object[name] = value
}

function readValue(reader: Reader, path: Path, depth: number, count: Count): JsonValue {
  if (++count.nodes > MAX_NODES)
    throw new WritError("REQUEST_TOO_LARGE", `${path[0]} has more than ${MAX_NODES} values.`)
  let value: JsonValue | undefined
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field > LIST) {
      reader.skip()
      continue
    }
    if (value !== undefined) throw invalid(path, "has two values")
    value = readKind(field, reader, path, depth, count)
  }
  if (value === undefined) throw invalid(path, "has no value")
  return value
}

function readKind(kind: number, reader: Reader, path: Path, depth: number, count: Count): JsonValue {
  switch (kind) {
    case STRING: {
      const text = reader.string()
      if (isDamaged(text)) throw invalid(path, "holds U+FFFD, or bytes that are not UTF-8")
      return text
    }
    case NUMBER: {
      const number = reader.double()
      if (!Number.isFinite(number)) throw invalid(path, "is NaN or infinite")
      if (Object.is(number, -0)) throw invalid(path, "is a negative zero")
      return number
    }
    case BOOL:
      return reader.bool()
    case NULL:
      if (reader.uint64() !== 0n) throw invalid(path, "is a null with an unknown number")
      return null
    case STRUCT:
      return reader.message((inner) => readFields(inner, path, depth + 1, count))
    case LIST:
      if (depth >= MAX_DEPTH) throw invalid(path, `is nested deeper than ${MAX_DEPTH} levels`)
      return reader.message((inner) => readList(inner, path, depth, count))
    default:
      throw new Error("a field number is not allowed")
  }
}

function readList(reader: Reader, path: Path, depth: number, count: Count): JsonValue[] {
  const items: JsonValue[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field !== VALUES) {
      reader.skip()
      continue
    }
    path.push(String(items.length))
    items.push(reader.message((inner) => readValue(inner, path, depth + 1, count)))
    path.pop()
  }
  return items
}

function isDamaged(text: string): boolean {
  return text.includes("\uFFFD") // no lone surrogate comes out of UTF-8
}

function invalid(path: Path, what: string): WritError {
  const field = path.join(".").slice(0, 200)
  return new WritError("INVALID_REQUEST", `${field} ${what}.`, { details: { field } })
}

/** Writes the fields of a Struct. */
export function writeStruct(writer: Writer, object: JsonObject): void {
  for (const [name, value] of Object.entries(object)) {
    writer.message(FIELDS, () => {
      writer.string(KEY, name)
      writer.message(VALUE, () => writeValue(writer, value))
    })
  }
}

function writeValue(writer: Writer, value: JsonValue): void {
  if (value === null) writer.varint(NULL, 0)
  else if (typeof value === "string") writer.string(STRING, value, true)
  else if (typeof value === "number") writer.double(NUMBER, value)
  else if (typeof value === "boolean") writer.varint(BOOL, value ? 1 : 0)
  else if (Array.isArray(value)) {
    writer.message(LIST, () => {
      for (const item of value) writer.message(VALUES, () => writeValue(writer, item))
    })
  } else writer.message(STRUCT, () => writeStruct(writer, value as JsonObject))
}

/** As proto-loader takes it, for messages that do not go over the hot path. */
export interface WireStruct {
  readonly fields: { readonly [name: string]: WireValue }
}
export interface WireValue {
  readonly kind?: string
  readonly nullValue?: number
  readonly numberValue?: number
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly structValue?: WireStruct
  readonly listValue?: { readonly values?: readonly WireValue[] }
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
