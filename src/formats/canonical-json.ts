/** RFC 8785, the JSON Canonicalization Scheme. */
import { WritError } from "../errors.ts"
import { utf8 } from "./bytes.ts"
import type { JsonObject, JsonValue } from "./ports.ts"

/** Throws INVALID_REQUEST on NaN, infinities, lone surrogates and what is not JSON. Members that are undefined are refused too. */
export function encodeCanonicalJson(value: JsonValue): string {
  // Where all members are in order already, as in what we build ourselves, JSON.stringify writes RFC 8785.
  return isInOrder(value) ? JSON.stringify(value) : encode(value)
}

export function canonicalBytes(value: JsonValue): Uint8Array {
  return utf8(encodeCanonicalJson(value))
}

/** Throws as encodeCanonicalJson does: after this, everything in it is known to be JSON. */
function isInOrder(value: JsonValue): boolean {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw new WritError("INVALID_REQUEST", "A string holds a lone surrogate.")
      return true
    case "number":
      if (!Number.isFinite(value)) throw new WritError("INVALID_REQUEST", "A number is not finite.")
      return true
    case "boolean":
      return true
    case "object":
      return value === null || (Array.isArray(value) ? isArrayInOrder(value) : isObjectInOrder(value as JsonObject))
    default:
      throw new WritError("INVALID_REQUEST", `A ${typeof value} is not JSON.`)
  }
}

function isArrayInOrder(values: readonly JsonValue[]): boolean {
  let inOrder = true
  for (let i = 0; i < values.length; i++) if (!isInOrder(values[i] as JsonValue)) inOrder = false
  return inOrder
}

/** By UTF-16 code units, as RFC 8785 section 3.2.3 wants. */
function isObjectInOrder(object: JsonObject): boolean {
  let inOrder = true
  let last = ""
  for (const key in object) {
    if (key < last) inOrder = false
    last = key
    if (!key.isWellFormed()) throw new WritError("INVALID_REQUEST", "A string holds a lone surrogate.")
    if (!isInOrder(object[key] as JsonValue)) inOrder = false
  }
  return inOrder
}

/** The value is known to be JSON. */
function encode(value: JsonValue): string {
  if (typeof value === "number") return value === 0 ? "0" : String(value) // ECMAScript's form is RFC 8785's; -0 becomes 0
  if (typeof value !== "object" || value === null) return JSON.stringify(value) // escapes exactly what section 3.2.2.2 does
  return Array.isArray(value) ? encodeArray(value) : encodeObject(value as JsonObject)
}

function encodeArray(values: readonly JsonValue[]): string {
  return `[${values.map(encode).join(",")}]`
}

function encodeObject(object: JsonObject): string {
  const keys = Object.keys(object).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${encode(object[key] as JsonValue)}`).join(",")}}`
}
