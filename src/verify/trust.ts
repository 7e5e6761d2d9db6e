/** The trust document: untyped data to keys, refused as a whole when a part is not what it must be. */
import { WritError } from "../errors.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import { isCount } from "./shape.ts"
import type { TokenJwk, Trust, TrustedLog, Witnesses } from "./types.ts"

/** `text`: what `/.well-known/writ.json` served, to which an auditor may have added witnesses. Throws INVALID_REQUEST. */
export function parseTrust(text: string): Trust {
  const root = object(parseStrictJson(text, { maxDepth: 8, maxNodes: 10_000 }), "the trust file")
  const witnesses = readWitnesses(root)
  const logs = list(root["logs"], "logs").map((entry): TrustedLog => {
    const log = object(entry, "a log")
    return { origin: string(log["origin"], "origin"), vkey: string(log["vkey"], "vkey"), ...readWitnesses(log) }
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
  return { logs, ...witnesses, tokens: { keys } }
}

/** A quorum that can never be there is a mistake of whoever wrote the file: every checkpoint would lack it. */
function readWitnesses(holder: JsonObject): { readonly witnesses?: Witnesses } {
  if (holder["witnesses"] === undefined) return {}
  const witnesses = object(holder["witnesses"], "witnesses")
  const vkeys = list(witnesses["vkeys"], "witnesses.vkeys").map((vkey) => string(vkey, "a witness's key"))
  const quorum = witnesses["quorum"]
  if (!isCount(quorum) || quorum > vkeys.length)
    throw new WritError(
      "INVALID_REQUEST",
      `In the trust file, a quorum must be a whole number from 0 to that of the witnesses, here ${vkeys.length}.`,
    )
  return { witnesses: { vkeys, quorum } }
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
