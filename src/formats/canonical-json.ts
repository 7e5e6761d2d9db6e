/** RFC 8785, the JSON Canonicalization Scheme. */
import { WritError } from "../errors.ts"
import { utf8 } from "./bytes.ts"
import type { JsonValue } from "./ports.ts"

const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/

/** Throws INVALID_REQUEST on NaN, infinities, lone surrogates and what is not JSON. Members that are undefined are refused too. */
export function encodeCanonicalJson(value: JsonValue): string {
  switch (typeof value) {
    case "string":
      return encodeString(value)
    case "number":
      if (!Number.isFinite(value)) throw new WritError("INVALID_REQUEST", "A number is not finite.")
      return value === 0 ? "0" : String(value) // ECMAScript's form is RFC 8785's; -0 becomes 0
    case "boolean":
      return value ? "true" : "false"
    case "object":
      if (value === null) return "null"
      return Array.isArray(value) ? encodeArray(value) : encodeObject(value as { readonly [key: string]: JsonValue })
    default:
      throw new WritError("INVALID_REQUEST", `A ${typeof value} is not JSON.`)
  }
}

export function canonicalBytes(value: JsonValue): Uint8Array {
  return utf8(encodeCanonicalJson(value))
}

function encodeArray(values: readonly JsonValue[]): string {
  if (values.length === 0) return "[]"
  let text = `[${encodeCanonicalJson(values[0] as JsonValue)}`
  for (let i = 1; i < values.length; i++) text += `,${encodeCanonicalJson(values[i] as JsonValue)}`
  return `${text}]`
}

function encodeObject(object: { readonly [key: string]: JsonValue }): string {
  const keys = sortedKeys(object)
  let text = "{"
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    text += `${i === 0 ? "" : ","}${encodeString(key)}:${encodeCanonicalJson(object[key] as JsonValue)}`
  }
  return `${text}}`
}

/** By UTF-16 code units, as RFC 8785 section 3.2.3 wants. Most objects are written in order already. */
function sortedKeys(object: object): string[] {
  const keys = Object.keys(object)
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] as string) > (keys[i] as string)) return keys.sort()
  return keys
}

function encodeString(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`
  if (!text.isWellFormed()) throw new WritError("INVALID_REQUEST", "A string holds a lone surrogate.")
  return JSON.stringify(text) // escapes exactly what RFC 8785 section 3.2.2.2 does
}
