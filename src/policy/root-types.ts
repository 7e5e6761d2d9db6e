/** What the names of a condition are, as types: as far as a scope declares them. */
import { DYN, INT, STRING, type StructType, TIMESTAMP, type Type } from "../cel/type.ts"
import type { Scope } from "./condition.ts"
import { parseHistoryField } from "./history-read.ts"
import type { Root } from "./layout.ts"

export function rootType(scope: Scope, root: Root): Type {
  if (root === "audience") return STRING
  if (root === "now") return TIMESTAMP
  if (root === "history") return historyStruct(scope)
  return structOf(scope, root, [])
}
function structOf(scope: Scope, root: Root, path: readonly string[]): StructType {
  return {
    kind: "struct",
    name: [root, ...path].join("."),
    field(name) {
      const inner = [...path, name]
      const presence = scope.presence(root, inner)
      if (presence === "unknown") return undefined
      const type = scope.typeOf?.(root, inner) ?? DYN
      return { type: type === "group" ? structOf(scope, root, inner) : type, isOptional: presence === "optional" }
    },
    known: () => scope.known(root, [...path, ""]),
  }
}
/** Only what `history.count` and `history.sum` are rewritten to is a field of it. */
function historyStruct({ histories = new Map() }: Scope): StructType {
  return {
    kind: "struct",
    name: "history",
    field(name) {
      const read = parseHistoryField(name)
      const sum = read && histories.get(read.name)
      if (!read || sum === undefined || (read.kind === "sum" && sum === null)) return undefined
      return { type: read.kind === "sum" ? (sum as Type) : INT, isOptional: false }
    },
    known: () => [],
    instead(name) {
      if (histories.has(name)) return `Write history.count("${name}", duration("1h")).`
      const names = [...histories.keys()].join(", ")
      return names === ""
        ? "No history is declared: add one under `history:`."
        : `Write history.count(NAME, duration("1h")). There is ${names}.`
    },
  }
}

/** What stands at the end of this way. */
export function typeAt(type: Type, [first, ...rest]: readonly string[]): Type {
  if (first === undefined) return type
  return type.kind === "struct" ? typeAt(type.field(first)?.type ?? DYN, rest) : DYN
}
