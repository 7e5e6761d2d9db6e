/** Parts of a request as they are written on a command line. */
import { WritError } from "../errors.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"

/** TYPE:ID; the id may hold colons. Null: not given. */
export function toNamed(
  flag: string,
  value: string | undefined,
): { readonly type: string; readonly id: string } | null {
  if (value === undefined) return null
  const at = value.indexOf(":")
  if (at < 1) throw new WritError("INVALID_REQUEST", `${flag} takes type:id, not "${value}".`)
  return { type: value.slice(0, at), id: value.slice(at + 1) }
}

/** NAME=VALUE each; a value is JSON, or else text. */
export function toProperties(pairs: readonly string[]): JsonObject {
  return Object.fromEntries(
    pairs.map((pair): [string, JsonValue] => {
      const at = pair.indexOf("=")
      if (at < 1) throw new WritError("INVALID_REQUEST", `--property takes name=value, not "${pair}".`)
      return [pair.slice(0, at), toValue(pair.slice(at + 1))]
    }),
  )
}

function toValue(text: string): JsonValue {
  try {
    return parseStrictJson(text, { maxDepth: 16, maxNodes: 1_000 })
  } catch {
    return text
  }
}
