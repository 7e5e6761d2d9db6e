/** Compact JWS (RFC 7515), taken apart strictly. Nothing is verified here. */
import { WritError } from "../errors.ts"
import { fromBase64Url, fromUtf8, utf8 } from "./bytes.ts"
import type { JsonObject } from "./ports.ts"
import { parseStrictJson } from "./strict-json.ts"

export const MAX_TOKEN_CHARS = 8 * 1024
const LIMITS = { maxDepth: 8, maxNodes: 500 }

export interface CompactJws {
  readonly header: JsonObject
  readonly claims: JsonObject
  /** What is signed: ASCII(header ‖ "." ‖ payload). */
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
}

/** Throws INVALID_REQUEST on anything but three strict base64url parts, the first two JSON objects. */
export function parseCompactJws(token: string): CompactJws {
  if (token.length > MAX_TOKEN_CHARS)
    throw new WritError("INVALID_REQUEST", `The token is longer than ${MAX_TOKEN_CHARS} characters.`)
  const parts = token.split(".")
  const [header = "", claims = "", signature = ""] = parts
  if (parts.length !== 3) throw new WritError("INVALID_REQUEST", "The token does not have three parts.")
  return {
    header: parsePart(header),
    claims: parsePart(claims),
    signingInput: utf8(`${header}.${claims}`),
    signature: fromBase64Url(signature),
  }
}

function parsePart(part: string): JsonObject {
  const value = parseStrictJson(fromUtf8(fromBase64Url(part)), LIMITS)
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WritError("INVALID_REQUEST", "A part of the token is not a JSON object.")
  }
  return value as JsonObject
}
