/** The trust document: untyped data to keys, refused as a whole when a part is not what it must be. */
import { WritError } from "../errors.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import type { TokenJwk, Trust } from "./types.ts"

/** `text` is what `/.well-known/writ.json` served. Throws INVALID_REQUEST. */
export function parseTrust(text: string): Trust {
  const root = object(parseStrictJson(text, { maxDepth: 8, maxNodes: 10_000 }), "the trust file")
  const logs = list(root["logs"], "logs").map((entry) => {
    const log = object(entry, "a log")
    return { origin: string(log["origin"], "origin"), vkey: string(log["vkey"], "vkey") }
  })
  const tokens = root["tokens"] === undefined ? { keys: [] } : object(root["tokens"], "tokens")
  const keys = list(tokens["keys"], "tokens.keys").map((entry): TokenJwk => {
    const key = object(entry, "a key")
    return {
      kty: string(key["kty"], "kty"),
      crv: string(key["crv"], "crv"),
      x: string(key["x"], "x"),
      kid: string(key["kid"], "kid"),
    }
  })
  return { logs, tokens: { keys } }
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new WritError("INVALID_REQUEST", `In the trust file, ${what} must be an object.`)
  return value as JsonObject
}
function list(value: JsonValue | undefined, what: string): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new WritError("INVALID_REQUEST", `In the trust file, ${what} must be a list.`)
  return value as readonly JsonValue[]
}
function string(value: JsonValue | undefined, what: string): string {
  if (typeof value !== "string") throw new WritError("INVALID_REQUEST", `In the trust file, ${what} must be a text.`)
  return value
}
