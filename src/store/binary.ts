/** Values in the binary form that Postgres takes parameters in (its types' receive functions), big-endian. */

const OIDS = { int2: 21, int4: 23, int8: 20, uuid: 2950 } as const
const WIDTHS = { int2: 2, int4: 4, int8: 8, uuid: 16 } as const
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1)

/** Integers are whole numbers within ±2^53 or bigints; a uuid is its text. */
export type Element = number | bigint | string
type Type = keyof typeof OIDS

export function encodeValue(type: Type, value: Element): Buffer {
  const out = Buffer.allocUnsafe(WIDTHS[type])
  write(out, 0, type, value)
  return out
}

/** One dimension, no nulls. */
export function encodeArray(type: Type, values: readonly Element[]): Buffer {
  const width = WIDTHS[type]
  const out = Buffer.allocUnsafe(values.length === 0 ? 12 : 20 + values.length * (4 + width))
  out.writeInt32BE(values.length === 0 ? 0 : 1, 0) // dimensions
  out.writeInt32BE(0, 4)
  out.writeInt32BE(OIDS[type], 8)
  if (values.length === 0) return out
  out.writeInt32BE(values.length, 12)
  out.writeInt32BE(1, 16) // the first index
  let at = 20
  for (const value of values) {
    out.writeInt32BE(width, at)
    write(out, at + 4, type, value)
    at += 4 + width
  }
  return out
}

/** timestamptz, from Unix milliseconds. */
export function encodeTimestamp(unixMs: number): Buffer {
  return encodeValue("int8", Math.round((unixMs - POSTGRES_EPOCH_MS) * 1000))
}

function write(out: Buffer, at: number, type: Type, value: Element): void {
  if (type === "int4") out.writeInt32BE(value as number, at)
  else if (type === "int2") out.writeInt16BE(value as number, at)
  else if (type === "int8") out.writeBigInt64BE(BigInt(value), at)
  else out.write((value as string).replaceAll("-", ""), at, 16, "hex")
}
