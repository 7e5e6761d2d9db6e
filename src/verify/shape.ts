/** What untrusted JSON must be; each of these throws MALFORMED where it is something else. */
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { Fault } from "./case.ts"

export function asObject(value: JsonValue | undefined): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Fault("MALFORMED", "something is not an object that must be one")
  return value as JsonObject
}

export function asList(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new Fault("MALFORMED", "something is not a list that must be one")
  return value as readonly JsonValue[]
}

export function asText(value: JsonValue | undefined): string {
  if (typeof value !== "string") throw new Fault("MALFORMED", "something is not a text that must be one")
  return value
}

/** SHA-256, lower-case hex. */
export function isHexHash(value: JsonValue | undefined): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
}

/** A 64-bit number, not negative, in its one form. */
export function isDecimal(value: JsonValue | undefined): value is string {
  return typeof value === "string" && /^(0|[1-9][0-9]{0,18})$/.test(value)
}

/** A whole number that a double holds exactly, not negative. */
export function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Of one form (RFC 3339, UTC, milliseconds), so that their order is that of the texts, and in the calendar. */
export function isTime(value: JsonValue | undefined): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return false
  const ms = Date.parse(value)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value // there is no 30 February
}
