/**
 * Facets: what a decision can be found by. Rows of the index hold none of these values but 128 bits of their HMAC-SHA256
 * (RFC 2104), so a value is found only as a whole: there are no prefixes. `migrations/0018_facets.sql` and `0025_unreadable_payloads.sql` derive the same in SQL.
 */
import { concatBytes, fromUtf8, toHex, utf8, uuidOfHex } from "../formats/bytes.ts"
import type { JsonObject, Sha256 } from "../formats/ports.ts"
import { PAYLOAD_SALT_BYTES } from "./record.ts"

/** Records that follow one another, and share a row for each facet: those of one full entry bundle. */
export const FACET_BLOCK = 256
/** Of a `beats` record, which has no other. */
export const BEATS_FACET = "beats"
/** Of a decision whose payload is there and cannot be read: damaged, so it is found by nothing else. */
export const UNREADABLE_FACET = "unreadable"
const HMAC_KEY_BYTES = 16

/** The HMAC's key, 32 bytes and 32 zeros, XOR 0x36… and XOR 0x5c…: 64 bytes each. */
export interface FacetKey {
  readonly innerPad: Uint8Array
  readonly outerPad: Uint8Array
}

export interface Named {
  readonly type: string
  readonly id: string
}

/** Empty texts and nulls: any. */
export interface Asked {
  readonly subject: Named | null
  readonly action: string
  readonly resource: Named | null
  readonly runtimeId: string
}

export function toFacets({ subject, action, resource, runtimeId }: Asked): string[] {
  return [
    ...(subject ? [`subject\n${subject.type}\n${subject.id}`] : []),
    ...(action === "" ? [] : [`action\n${action}`]),
    ...(resource ? [`resource\n${resource.type}\n${resource.id}`] : []),
    ...(runtimeId === "" ? [] : [`runtime\n${runtimeId}`]),
  ]
}

/** What a decision asked for; null when its payload was erased, or is none that can be read. `payload` is salt ‖ bytes. */
export function readAsked(payload: Uint8Array | null): Asked | null {
  try {
    const { request } = JSON.parse(fromUtf8((payload as Uint8Array).subarray(PAYLOAD_SALT_BYTES))) as {
      readonly request: JsonObject
    }
    const named = (of: string): Named => {
      const { type, id } = request[of] as JsonObject
      return { type: text(type), id: text(id) }
    }
    return {
      subject: named("subject"),
      action: text((request["action"] as JsonObject)["name"]),
      resource: named("resource"),
      runtimeId: request["runtime_id"] === undefined ? "" : text(request["runtime_id"]),
    }
  } catch {
    return null
  }
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new Error("not a text")
  return value
}

/** All facets that a record has. */
export function facetsOf(kind: string | undefined, payload: Uint8Array | null): string[] {
  if (kind === "beats") return [BEATS_FACET]
  if (kind !== "decision" || payload === null) return []
  const asked = readAsked(payload)
  return asked ? toFacets(asked) : [UNREADABLE_FACET]
}

/** The name of a facet in the index: the first 16 bytes of its HMAC, as UUID text. */
export function facetKey(sha256: Sha256, { innerPad, outerPad }: FacetKey, facet: string): string {
  const hmac = sha256(concatBytes(outerPad, sha256(concatBytes(innerPad, utf8(facet)))))
  return uuidOfHex(toHex(hmac.subarray(0, HMAC_KEY_BYTES)))
}
