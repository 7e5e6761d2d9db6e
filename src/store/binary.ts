/** Parameters of a statement, written in the binary form that the types' receive functions take (big-endian). */

const OIDS = { int2: 21, int4: 23, int8: 20, uuid: 2950 } as const
const WIDTHS = { int2: 2, int4: 4, int8: 8, uuid: 16 } as const
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1)
const TWO_32 = 2 ** 32

/** Integers are whole numbers within ±2^53 or, for int8, bigints; a uuid is its text. */
type Element = number | bigint | string
type Type = keyof typeof OIDS

export type Parameter =
  | null
  /** Any type, in its text form. */
  | string
  /** bytea. */
  | Uint8Array
  /** bytea, from pieces that are joined on the way. */
  | { readonly pieces: readonly Uint8Array[] }
  | { readonly type: Type; readonly value: Element }
  /** One dimension, no nulls. */
  | { readonly arrayOf: Type; readonly values: readonly Element[] }

/** timestamptz, from Unix milliseconds. */
export function timestamp(unixMs: number): Parameter {
  return { type: "int8", value: Math.round((unixMs - POSTGRES_EPOCH_MS) * 1000) }
}

export function parameterBytes(parameter: Parameter): number {
  if (parameter === null) return 0
  if (typeof parameter === "string") return Buffer.byteLength(parameter)
  if (parameter instanceof Uint8Array) return parameter.length
  if ("type" in parameter) return WIDTHS[parameter.type]
  if ("pieces" in parameter) {
    let bytes = 0
    for (const piece of parameter.pieces) bytes += piece.length
    return bytes
  }
  const { length } = parameter.values
  return length === 0 ? 12 : 20 + length * (4 + WIDTHS[parameter.arrayOf])
}

/** Answers where the next one begins. Throws RangeError on a number that its type does not hold. */
export function writeParameter(out: Buffer, start: number, parameter: Parameter): number {
  if (parameter === null) return start
  if (typeof parameter === "string") return start + out.write(parameter, start)
  if (parameter instanceof Uint8Array) {
    out.set(parameter, start)
    return start + parameter.length
  }
  if ("type" in parameter) return writeElement(out, start, parameter.type, parameter.value)
  let at = start
  if ("pieces" in parameter) {
    for (const piece of parameter.pieces) {
      out.set(piece, at)
      at += piece.length
    }
    return at
  }
  const { arrayOf, values } = parameter
  at = out.writeInt32BE(values.length === 0 ? 0 : 1, at) // dimensions
  at = out.writeInt32BE(0, at)
  at = out.writeInt32BE(OIDS[arrayOf], at)
  if (values.length === 0) return at
  at = out.writeInt32BE(values.length, at)
  at = out.writeInt32BE(1, at) // the first index
  for (const value of values) {
    at = out.writeInt32BE(WIDTHS[arrayOf], at)
    at = writeElement(out, at, arrayOf, value)
  }
  return at
}

function writeElement(out: Buffer, at: number, type: Type, value: Element): number {
  if (typeof value === "string") return writeUuid(out, at, value)
  if (typeof value === "bigint") return out.writeBigInt64BE(value, at)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number within ±2^53`)
  if (type === "int4") return out.writeInt32BE(value, at)
  if (type === "int2") return out.writeInt16BE(value, at)
  out.writeInt32BE(Math.floor(value / TWO_32), at)
  return out.writeUInt32BE(value >>> 0, at + 4)
}

function writeUuid(out: Buffer, start: number, text: string): number {
  let at = start
  for (let i = 0; i < text.length; i += 2) {
    if (text.charCodeAt(i) === 0x2d) i++
    out[at++] = (hexDigit(text.charCodeAt(i)) << 4) | hexDigit(text.charCodeAt(i + 1))
  }
  return at
}

/** Lower case. */
function hexDigit(code: number): number {
  return code < 0x61 ? code - 0x30 : code - 0x57
}
