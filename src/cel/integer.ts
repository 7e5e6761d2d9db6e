/** Arithmetic of int and uint: exact, and an error where 64 bits do not hold the outcome. Conversions of numbers. */
import { CelError, Double, type Int, toInt, Uint } from "./value.ts"

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n
const MAX_UINT = 2n ** 64n - 1n
const OVERFLOW = "64 bits do not hold this number"

function inInt(value: bigint): Int {
  if (value < MIN || value > MAX) throw new CelError(OVERFLOW)
  return toInt(value)
}
export function inUint(value: bigint): Uint {
  if (value < 0n || value > MAX_UINT) throw new CelError(OVERFLOW)
  return new Uint(value)
}

// A safe integer that comes out of two safe integers is exact; anything else is done again with bigints.
export function addInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return inInt(BigInt(a) + BigInt(b))
}
export function subtractInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return inInt(BigInt(a) - BigInt(b))
}
export function multiplyInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b
    if (Number.isSafeInteger(product)) return product + 0 // there is one zero
  }
  return inInt(BigInt(a) * BigInt(b))
}
/** Towards zero. */
export function divideInt(a: Int, b: Int): Int {
  if (b === 0) throw new CelError("divide by zero")
  if (typeof a === "number" && typeof b === "number") return Math.trunc(a / b) + 0
  return inInt(BigInt(a) / BigInt(b))
}
/** With the sign of the dividend; the least int has no remainder by -1, since its quotient is none (as in cel-go). */
export function remainderInt(a: Int, b: Int): Int {
  if (b === 0) throw new CelError("modulus by zero")
  if (typeof a === "number" && typeof b === "number") return (a % b) + 0
  if (b === -1 && BigInt(a) === MIN) throw new CelError(OVERFLOW)
  return toInt(BigInt(a) % BigInt(b))
}
export function negateInt(a: Int): Int {
  return typeof a === "number" ? 0 - a : inInt(-a)
}
export function divideUint(a: Uint, b: Uint): Uint {
  if (b.value === 0n) throw new CelError("divide by zero")
  return new Uint(a.value / b.value)
}
export function remainderUint(a: Uint, b: Uint): Uint {
  if (b.value === 0n) throw new CelError("modulus by zero")
  return new Uint(a.value % b.value)
}

const RANGE = "range error"
export function doubleToInt({ value }: Double): Int {
  if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelError(RANGE)
  return toInt(BigInt(Math.trunc(value)))
}
export function doubleToUint({ value }: Double): Uint {
  if (!(value >= 0 && value < 2 ** 64)) throw new CelError(RANGE)
  return new Uint(BigInt(Math.trunc(value)))
}
export function uintToInt({ value }: Uint): Int {
  if (value > MAX) throw new CelError(RANGE)
  return toInt(value)
}
export function intToUint(value: Int): Uint {
  if (value < 0) throw new CelError(RANGE)
  return new Uint(BigInt(value))
}
export function textToInt(text: string): Int {
  if (!/^[+-]?\d{1,64}$/.test(text)) throw new CelError("this text is not an int")
  return inInt(BigInt(text.replace("+", "")))
}
export function textToUint(text: string): Uint {
  if (!/^\d{1,64}$/.test(text)) throw new CelError("this text is not a uint")
  return inUint(BigInt(text))
}
export function textToDouble(text: string): Double {
  const named = /^([+-]?)(?:(inf|infinity)|nan)$/i.exec(text)
  if (named) return new Double(named[2] === undefined ? Number.NaN : named[1] === "-" ? -Infinity : Infinity)
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw new CelError("this text is not a double")
  return new Double(value)
}

/** As Go's `%g` with the shortest digits that read back as the same double. */
export function doubleToText({ value }: Double): string {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf"
  if (value === 0) return Object.is(value, -0) ? "-0" : "0"
  const [digits = "", power = ""] = value.toExponential().split("e")
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(value)
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`
}

const BITS = 64
/** A shift by 64 or more leaves nothing; to the right it brings in zeros also into an int. */
export function shift(value: bigint, by: Int, towards: "left" | "right"): bigint {
  if (by < 0) throw new CelError("math shift: negative offset")
  if (by >= BITS) return 0n
  const pattern = BigInt.asUintN(BITS, value)
  return BigInt.asUintN(BITS, towards === "left" ? pattern << BigInt(by) : pattern >> BigInt(by))
}
export function asInt(bits: bigint): Int {
  return toInt(BigInt.asIntN(BITS, bits))
}
