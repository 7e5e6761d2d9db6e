/** Static types: those of cel.expr.Type, and objects whose fields the caller declares. */
import { Double, Duration, Timestamp, typeName, Uint, type Value } from "./value.ts"

export type Type =
  | {
      readonly kind: "bool" | "int" | "uint" | "double" | "string" | "bytes" | "null" | "dyn" | "timestamp" | "duration"
    }
  | { readonly kind: "list"; readonly element: Type }
  | { readonly kind: "map"; readonly key: Type; readonly value: Type }
  | { readonly kind: "type"; readonly of: Type }
  /** A scalar that may also be null. */
  | { readonly kind: "wrapper"; readonly of: Type }
  | { readonly kind: "opaque"; readonly name: string; readonly parameters: readonly Type[] }
  | StructType
  /** A type parameter of an overload, or one that stands for what is not known yet. */
  | { readonly kind: "parameter"; readonly name: string }

export interface Field {
  readonly type: Type
  /** May be absent: to be read under has(), `.?` only. */
  readonly isOptional: boolean
}
export interface StructType {
  readonly kind: "struct"
  readonly name: string
  field(name: string): Field | undefined
  /** Names that could have been meant. */
  known(): readonly string[]
  /** What to write instead of a field that there is not, where that is not another field. */
  instead?(field: string): string
}

const simple = <
  K extends "bool" | "int" | "uint" | "double" | "string" | "bytes" | "null" | "dyn" | "timestamp" | "duration",
>(
  kind: K,
) => ({ kind }) as const
export const BOOL: Type = simple("bool")
export const INT: Type = simple("int")
export const UINT: Type = simple("uint")
export const DOUBLE: Type = simple("double")
export const STRING: Type = simple("string")
export const BYTES: Type = simple("bytes")
export const NULL: Type = simple("null")
export const DYN: Type = simple("dyn")
export const TIMESTAMP: Type = simple("timestamp")
export const DURATION: Type = simple("duration")
export const listOf = (element: Type): Type => ({ kind: "list", element })
export const mapOf = (key: Type, value: Type): Type => ({ kind: "map", key, value })
export const typeOf = (of: Type): Type => ({ kind: "type", of })
export const opaque = (name: string, ...parameters: Type[]): Type => ({ kind: "opaque", name, parameters })
export const optionalOf = (of: Type): Type => opaque("optional_type", of)

/** T of optional(T); undefined for what is no optional. */
export function unwrapOptional(type: Type): Type | undefined {
  return type.kind === "opaque" && type.name === "optional_type" ? type.parameters[0] : undefined
}

/** What a type is called in an expression, and what it is a name of there. */
export const TYPE_NAMES: ReadonlyMap<string, Type> = new Map([
  ["bool", BOOL],
  ["int", INT],
  ["uint", UINT],
  ["double", DOUBLE],
  ["string", STRING],
  ["bytes", BYTES],
  ["null_type", NULL],
  ["list", listOf(DYN)],
  ["map", mapOf(DYN, DYN)],
  ["type", typeOf(DYN)],
  ["optional_type", optionalOf(DYN)],
  ["net.IP", opaque("net.IP")],
  ["net.CIDR", opaque("net.CIDR")],
  ["google.protobuf.Timestamp", TIMESTAMP],
  ["google.protobuf.Duration", DURATION],
])

export function formatType(type: Type): string {
  switch (type.kind) {
    case "list":
      return `list(${formatType(type.element)})`
    case "map":
      return `map(${formatType(type.key)}, ${formatType(type.value)})`
    case "type":
      return `type(${formatType(type.of)})`
    case "wrapper":
      return `wrapper(${formatType(type.of)})`
    case "opaque":
      return type.parameters.length > 0 ? `${type.name}(${type.parameters.map(formatType).join(", ")})` : type.name
    case "struct":
    case "parameter":
      return type.name
    default:
      return type.kind
  }
}

/** `list<A>`, `map<string, dyn>`, `optional<T>`, `net.IP`: how overloads are written down. One capital is a parameter. */
export function parseType(text: string): Type {
  const match = /^([\w.]+)(?:<(.*)>)?$/.exec(text.trim()) as RegExpExecArray
  const [, name = "", inner] = match
  if (inner === undefined) {
    if (/^[A-Z]$/.test(name)) return { kind: "parameter", name }
    if (name === "dyn") return DYN
    if (name === "null") return NULL
    if (name === "timestamp") return TIMESTAMP
    if (name === "duration") return DURATION
    return TYPE_NAMES.get(name) as Type
  }
  const parts = splitTypes(inner).map(parseType) as [Type, Type]
  if (name === "list") return listOf(parts[0])
  if (name === "map") return mapOf(...parts)
  return name === "type" ? typeOf(parts[0]) : optionalOf(parts[0])
}
export function splitTypes(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "<") depth++
    else if (text[i] === ">") depth--
    else if (text[i] === "," && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  const last = text.slice(start)
  return last.trim() === "" ? parts : [...parts, last]
}

const RUNTIME_NAMES: Partial<Record<Type["kind"], string>> = {
  bool: "bool",
  bytes: "bytes",
  null: "null_type",
  list: "list",
  map: "map",
  type: "type",
  struct: "struct",
}
/** Does an argument of this type take the value? Of collections only the outside counts, as in cel-go. */
export function accepts(type: Type, value: Value): boolean {
  switch (type.kind) {
    case "dyn":
    case "parameter":
      return true
    case "int":
      return typeof value === "number" || typeof value === "bigint"
    case "string":
      return typeof value === "string"
    case "double":
      return value instanceof Double
    case "uint":
      return value instanceof Uint
    case "timestamp":
      return value instanceof Timestamp
    case "duration":
      return value instanceof Duration
    case "wrapper":
      return value === null || accepts(type.of, value)
    case "opaque":
      return typeName(value) === type.name
    default:
      return typeName(value) === RUNTIME_NAMES[type.kind]
  }
}
