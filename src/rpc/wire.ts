/**
 * Is this really the message that it should be? protobufjs reads a truncated string up to the end and takes unknown or
 * group fields silently, so the wire format (protobuf encoding guide) is walked once, strictly, before it decodes.
 */
import { loadApi } from "./api.ts"

const MAX_DEPTH = 64
const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5
const TYPE_MESSAGE = "TYPE_MESSAGE"
/** Those that are not varints. */
const WIRE_TYPES: Readonly<Record<string, number>> = {
  TYPE_DOUBLE: FIXED64,
  TYPE_FIXED64: FIXED64,
  TYPE_SFIXED64: FIXED64,
  TYPE_FLOAT: FIXED32,
  TYPE_FIXED32: FIXED32,
  TYPE_SFIXED32: FIXED32,
  TYPE_STRING: LENGTH_DELIMITED,
  TYPE_BYTES: LENGTH_DELIMITED,
  TYPE_MESSAGE: LENGTH_DELIMITED,
}

interface DescribedField {
  readonly number: number
  readonly type: string
  readonly typeName: string
  readonly label: string
}
interface DescribedMessage {
  readonly field: readonly DescribedField[]
  readonly nestedType: readonly (DescribedMessage & { readonly name: string })[]
}

/** The fields by number: the wire types that they may come in, and what a message holds. */
type Shape = Map<number, { readonly wires: readonly number[]; readonly inner: (() => Shape) | null }>
const shapes = new Map<string, Shape>()

/** Fields of a message type by number, resolved once. */
export function shapeOf(name: string): Shape {
  const known = shapes.get(name)
  if (known) return known
  const type = (loadApi()[name] as unknown as { type: DescribedMessage } | undefined)?.type
  return type ? describe(name, type) : new Map()
}

function describe(name: string, type: DescribedMessage): Shape {
  const shape: Shape = new Map()
  shapes.set(name, shape)
  for (const { number, type: kind, typeName, label } of type.field) {
    const wire = WIRE_TYPES[kind] ?? VARINT
    if (kind !== TYPE_MESSAGE) {
      const packed = label === "LABEL_REPEATED" && wire !== LENGTH_DELIMITED
      shape.set(number, { wires: packed ? [wire, LENGTH_DELIMITED] : [wire], inner: null })
      continue
    }
    const nested = type.nestedType.find((inner) => typeName.endsWith(`.${inner.name}`)) // entries of a map
    const full = typeName.startsWith(".") ? typeName.slice(1) : typeName
    shape.set(number, {
      wires: [wire],
      inner: nested
        ? () => shapes.get(`${name}.${nested.name}`) ?? describe(`${name}.${nested.name}`, nested)
        : () => shapeOf(full),
    })
  }
  return shape
}

/** Throws on anything but a well-formed message of this shape. Texts that are not UTF-8 show as U+FFFD, which is refused where they are read. */
export function assertWellFormed(bytes: Buffer, shape: Shape, start = 0, end = bytes.length, depth = 0): void {
  if (depth > MAX_DEPTH) throw new Error("messages are nested too deep")
  const at = { pos: start }
  while (at.pos < end) {
    const tag = readVarint(bytes, at, end)
    const field = Math.floor(tag / 8)
    if (field === 0 || field > 0x1fffffff) throw new Error("a field number is not allowed")
    const known = shape.get(field)
    // protobufjs reads by the declared type, whatever the tag says.
    if (known && !known.wires.includes(tag % 8)) throw new Error("a field has another type than the API's")
    switch (tag % 8) {
      case VARINT:
        readVarint(bytes, at, end)
        break
      case FIXED64:
        at.pos += 8
        break
      case FIXED32:
        at.pos += 4
        break
      case LENGTH_DELIMITED: {
        const length = readVarint(bytes, at, end)
        const stop = at.pos + length
        if (stop > end) throw new Error("a field is longer than its message")
        const inner = known?.inner
        if (inner) assertWellFormed(bytes, inner(), at.pos, stop, depth + 1)
        at.pos = stop
        break
      }
      default:
        throw new Error("a wire type is not allowed")
    }
    if (at.pos > end) throw new Error("the message ends inside a field")
  }
}

/** Exact up to 2^53, which is more than any length or tag; larger values (of int64 fields) only move on. */
function readVarint(bytes: Buffer, at: { pos: number }, end: number): number {
  let value = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (at.pos >= end) throw new Error("the message ends inside a number")
    const byte = bytes[at.pos++] as number
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 128) return value
  }
  throw new Error("a number is longer than ten bytes")
}
