/**
 * One verification rule everywhere: canonical A and R of large order, S < L. node:crypto and noble's default accept
 * the key `01 00 … 00`, under which anyone can sign anything, so foreign keys and signatures pass here first.
 */
import { toHex } from "./bytes.ts"

const P = 2n ** 255n - 19n
/** Order of the base point (RFC 8032 section 5.1). */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** y coordinates of the eight points of small order, little-endian hex; the sign bit is masked off before comparing. */
const SMALL_ORDER_Y = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
])

const P_BYTES = toBytes(P)
const L_BYTES = toBytes(L)

/** 32 bytes of a canonical point that is not of small order; null otherwise. Whether it is on the curve, verifying shows. */
export function parsePublicKey(bytes: Uint8Array): Uint8Array | null {
  return isCanonicalPoint(bytes) ? Uint8Array.from(bytes) : null
}

/** 64 bytes R ‖ S with R as above and S < L; null otherwise. */
export function parseSignature(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length !== 64 || !isCanonicalPoint(bytes.subarray(0, 32))) return null
  return isBelow(bytes.subarray(32), L_BYTES) ? Uint8Array.from(bytes) : null
}

function isCanonicalPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = Uint8Array.from(bytes) // a copy, also of a Buffer, whose slice() shares
  y[31] = (y[31] as number) & 0x7f
  return isBelow(y, P_BYTES) && !SMALL_ORDER_Y.has(toHex(y))
}

/** Of two little-endian numbers of 32 bytes; public values, so that time may tell. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) if (a[i] !== b[i]) return (a[i] as number) < (b[i] as number)
  return false
}

function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}

export function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}
