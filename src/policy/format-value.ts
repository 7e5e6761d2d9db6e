/** A value for a person's eyes, as CEL would write it; a long one ends in an ellipsis. */
import { ipToText } from "../cel/net.ts"
import { printValue } from "../cel/print.ts"
import { durationToText, timestampToText } from "../cel/time.ts"
import { CelMap, Cidr, Duration, Ip, isStruct, Optional, Timestamp, TypeValue, type Value } from "../cel/value.ts"

export const MAX_VALUE_CHARS = 100
/** What is further inside would not be shown anyway. */
const MAX_ITEMS = 50

export function formatValue(value: Value): string {
  return shorten(write(value), MAX_VALUE_CHARS)
}

/** With an ellipsis where it has more characters. */
export function shorten(text: string, max: number): string {
  const characters = [...text.slice(0, 2 * (max + 1))]
  return characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : text
}

function write(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 2 * MAX_VALUE_CHARS))
  if (Array.isArray(value)) return `[${value.slice(0, MAX_ITEMS).map(write).join(", ")}]`
  if (value instanceof CelMap)
    return `{${value
      .keys()
      .slice(0, MAX_ITEMS)
      .map((key) => `${write(key)}: ${write(value.get(key) as Value)}`)
      .join(", ")}}`
  if (value instanceof Uint8Array) return printValue(value.slice(0, MAX_VALUE_CHARS))
  if (value instanceof Timestamp) return `timestamp("${timestampToText(value)}")`
  if (value instanceof Duration) return `duration("${durationToText(value)}")`
  if (value instanceof Ip) return `ip("${ipToText(value)}")`
  if (value instanceof Cidr) return `cidr("${ipToText(new Ip(value.bytes))}/${value.prefix}")`
  if (value instanceof TypeValue) return value.name
  if (value instanceof Optional)
    return value.value === undefined ? "optional.none()" : `optional.of(${write(value.value)})`
  if (isStruct(value))
    return `{${Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([name, inner]) => `${name}: ${write(inner)}`)
      .join(", ")}}`
  return printValue(value)
}
