/**
 * A checked expression as plain JSON, and back to what `lower` takes: so one thread checks and another makes closures.
 * Places in the source are not in it: what is wrong was told before. It is read by the version that wrote it, in the same
 * process, and never from outside.
 */
import type { JsonValue } from "../formats/ports.ts"
import type { Call, Comprehension, Expr, Form } from "./ast.ts"
import type { Checked, Reference, Target } from "./check.ts"
import type { Functions, Overload } from "./overload.ts"
import { DYN, type Type } from "./type.ts"
import { Double, Uint, type Value } from "./value.ts"

export interface Ir {
  /** Those that nodes name by their position. */
  readonly types: readonly JsonValue[]
  readonly root: JsonValue
}

/** Lists that many expressions hold are named there. */
type NameOf = ReadonlyMap<Value, string>
type ValueOf = ReadonlyMap<string, Value>

/** Throws on an expression that is not checked, or holds a value that no literal makes. */
export function encodeIr(expr: Expr, checked: Checked, functions: Functions, shared: NameOf = new Map()): Ir {
  const types: JsonValue[] = []
  const positions = new Map<string, number>()
  const typeAt = (node: Expr): number => {
    const encoded = encodeType(checked.typeOf(node))
    const key = JSON.stringify(encoded)
    const known = positions.get(key)
    if (known !== undefined) return known
    positions.set(key, types.length)
    return types.push(encoded) - 1
  }
  const reference = (node: Expr): JsonValue => {
    const found = checked.references.get(node)
    return found ? [found.kind, found.name] : null
  }
  const optional = (node: Expr | undefined): JsonValue => (node ? encode(node) : null)
  const encode = (node: Expr): JsonValue => {
    const type = typeAt(node)
    switch (node.kind) {
      case "const": {
        const name = shared.get(node.value)
        return name === undefined ? ["const", type, encodeValue(node.value)] : ["shared", type, name]
      }
      case "ident":
        return ["ident", type, node.name, reference(node)]
      case "select":
        return ["select", type, encode(node.operand), node.field, node.isTest, reference(node)]
      case "call": {
        const target = checked.targets.get(node)
        const args = node.args.map(encode)
        return ["call", type, node.name, optional(node.target), args, target ? encodeTarget(target, node) : null]
      }
      case "list":
        return ["list", type, node.items.map(({ value, isOptional }) => [encode(value), isOptional])]
      case "map":
        return ["map", type, node.entries.map(({ key, value, isOptional }) => [encode(key), encode(value), isOptional])]
      case "comprehension": {
        const { form, range, variables, filter, body } = node
        return ["comprehension", type, form, encode(range), variables, optional(filter), encode(body)]
      }
    }
  }
  function encodeTarget({ overloads, possible, args }: Target, call: Call): JsonValue {
    const name = possible[0]?.name
    const all = name === undefined ? undefined : functions.get(name)
    if (name === undefined || !all) throw new Error("an expression that does not check has no IR")
    const hasReceiver = args.length > call.args.length
    return [name, hasReceiver, ...[overloads, possible].map((set) => set.map((one) => all.indexOf(one)))]
  }
  const root = encode(expr)
  return { types, root }
}

/** The inverse of `encodeIr` with the same functions and shared values. */
export function decodeIr(
  ir: Ir,
  functions: Functions,
  shared: ValueOf = new Map(),
): { readonly expr: Expr; readonly checked: Checked } {
  const table = ir.types.map(decodeType)
  const types = new Map<Expr, Type>()
  const references = new Map<Expr, Reference>()
  const targets = new Map<Call, Target>()
  const optional = (node: JsonValue) => (node === null ? undefined : decode(node))
  const place = { offset: 0, at: 0 }
  const decode = (node: JsonValue): Expr => {
    const expr = toExpr(node as readonly JsonValue[])
    types.set(expr, table[(node as readonly number[])[1] as number] as Type)
    return expr
  }
  function refer<E extends Expr>(expr: E, reference: JsonValue): E {
    if (reference !== null) {
      const [kind, name] = reference as [Reference["kind"], string]
      references.set(expr, { kind, name })
    }
    return expr
  }
  function toExpr(node: readonly JsonValue[]): Expr {
    switch (node[0] as Expr["kind"] | "shared") {
      case "const":
        return { kind: "const", value: decodeValue(node[2] as JsonValue), ...place }
      case "shared":
        return { kind: "const", value: shared.get(node[2] as string) as Value, ...place }
      case "ident":
        return refer({ kind: "ident", name: node[2] as string, ...place }, node[3] as JsonValue)
      case "select": {
        const [, , operand, field, isTest, reference] = node as [string, number, JsonValue, string, boolean, JsonValue]
        return refer({ kind: "select", operand: decode(operand), field, isTest, ...place }, reference)
      }
      case "call": {
        const [, , name, receiver, given, to] = node as [string, number, string, JsonValue, JsonValue[], JsonValue]
        const call: Call = { kind: "call", name, target: optional(receiver), args: given.map(decode), ...place }
        if (to !== null) targets.set(call, decodeTarget(to as readonly JsonValue[], call))
        return call
      }
      case "list": {
        const items = (node[2] as [JsonValue, boolean][]).map(([value, isOptional]) => ({
          value: decode(value),
          isOptional,
        }))
        return { kind: "list", items, ...place }
      }
      case "map": {
        const entries = (node[2] as [JsonValue, JsonValue, boolean][]).map(([key, value, isOptional]) => ({
          key: decode(key),
          value: decode(value),
          isOptional,
        }))
        return { kind: "map", entries, ...place }
      }
      case "comprehension":
        return toComprehension(node)
    }
  }
  function toComprehension(node: readonly JsonValue[]): Comprehension {
    const [, , form, range, variables, filter, body] = node as [
      string,
      number,
      Form,
      JsonValue,
      string[],
      ...JsonValue[],
    ]
    return {
      kind: "comprehension",
      form,
      range: decode(range),
      variables,
      filter: optional(filter as JsonValue),
      body: decode(body as JsonValue),
      ...place,
    }
  }
  function decodeTarget(encoded: readonly JsonValue[], call: Call): Target {
    const [name, hasReceiver, fitting, possible] = encoded as [string, boolean, number[], number[]]
    const all = functions.get(name) as readonly Overload[]
    const named = (positions: readonly number[]) => positions.map((position) => all[position] as Overload)
    return {
      overloads: named(fitting),
      possible: named(possible),
      args: hasReceiver ? [call.target as Expr, ...call.args] : call.args,
    }
  }
  const expr = decode(ir.root)
  const typeOf = (node: Expr) => types.get(node) ?? DYN
  return { expr, checked: { type: typeOf(expr), problems: [], typeOf, references, targets } }
}

function encodeType(type: Type): JsonValue {
  switch (type.kind) {
    case "list":
      return ["list", encodeType(type.element)]
    case "map":
      return ["map", encodeType(type.key), encodeType(type.value)]
    case "type":
    case "wrapper":
      return [type.kind, encodeType(type.of)]
    case "opaque":
      return ["opaque", type.name, ...type.parameters.map(encodeType)]
    case "struct":
    case "parameter":
      return [type.kind, type.name]
    default:
      return type.kind
  }
}
function decodeType(encoded: JsonValue): Type {
  if (typeof encoded === "string") return { kind: encoded } as Type
  const [kind, first, ...rest] = encoded as [Type["kind"], JsonValue, ...JsonValue[]]
  switch (kind) {
    case "list":
      return { kind, element: decodeType(first) }
    case "map":
      return { kind, key: decodeType(first), value: decodeType(rest[0] as JsonValue) }
    case "type":
    case "wrapper":
      return { kind, of: decodeType(first) }
    case "opaque":
      return { kind, name: first as string, parameters: rest.map(decodeType) }
    case "struct":
      // Which fields it has was asked when it was checked.
      return { kind, name: first as string, field: () => undefined, known: () => [] }
    default:
      return { kind: "parameter", name: first as string }
  }
}

function encodeValue(value: Value): JsonValue {
  if (value === null || typeof value === "boolean" || typeof value === "string" || typeof value === "number")
    return value
  if (typeof value === "bigint") return ["int", String(value)]
  if (value instanceof Uint) return ["uint", String(value.value)]
  // -0, NaN and infinities are no JSON numbers.
  if (value instanceof Double) return ["double", Object.is(value.value, -0) ? "-0" : String(value.value)]
  if (value instanceof Uint8Array) return ["bytes", ...value]
  if (Array.isArray(value)) return ["list", ...value.map((item) => encodeValue(item as Value))]
  throw new Error("no literal makes such a value")
}
function decodeValue(encoded: JsonValue): Value {
  if (!Array.isArray(encoded)) return encoded as Value
  const [kind, ...rest] = encoded as [string, ...JsonValue[]]
  switch (kind) {
    case "int":
      return BigInt(rest[0] as string)
    case "uint":
      return new Uint(BigInt(rest[0] as string))
    case "double":
      return new Double(Number(rest[0]))
    case "bytes":
      return Uint8Array.from(rest as number[])
    default:
      return rest.map(decodeValue)
  }
}
