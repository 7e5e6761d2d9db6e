/** Strings as sequences of code points, and the functions of cel-go's strings extension. */
import { doubleToText } from "./integer.ts"
import { durationToText, timestampToText } from "./time.ts"
import {
  CelError,
  CelMap,
  compareCodePoints,
  Double,
  Duration,
  type Int,
  isInt,
  NO_OVERLOAD,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from "./value.ts"

/** Most texts hold no surrogates: then a unit is a code point. */
function isFlat(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit <= 0xdfff) return false
  }
  return true
}
export function countCodePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(i + 1)
    if (next >= 0xdc00 && next <= 0xdfff) {
      count--
      i++
    }
  }
  return count
}
/** The unit at which the code point number `index` begins; -1 outside of 0…count. */
function unitAt(text: string, index: Int): number {
  if (index < 0 || index > text.length) return -1
  if (isFlat(text)) return Number(index)
  let unit = 0
  for (let i = 0; i < Number(index); i++) {
    if (unit >= text.length) return -1
    unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1
  }
  return unit
}
function within(text: string, index: Int): number {
  const unit = unitAt(text, index)
  if (unit < 0) throw new CelError("index out of range")
  return unit
}
const pointsBefore = (text: string, unit: number) => (unit < 0 ? -1 : countCodePoints(text.slice(0, unit)))

export function charAt(text: string, index: Int): string {
  const unit = within(text, index)
  return unit === text.length ? "" : String.fromCodePoint(text.codePointAt(unit) as number)
}
export function indexOf(text: string, part: string, from: Int = 0): number {
  const unit = within(text, from)
  return pointsBefore(text, text.indexOf(part, unit))
}
export function lastIndexOf(text: string, part: string, from?: Int): number {
  const unit = from === undefined ? text.length : within(text, from)
  return pointsBefore(text, text.lastIndexOf(part, unit))
}
export function substring(text: string, start: Int, end?: Int): string {
  if (end !== undefined && start > end) throw new CelError("invalid substring range")
  return text.slice(within(text, start), end === undefined ? text.length : within(text, end))
}
export function replace(text: string, from: string, to: string, limit: Int = -1): string {
  if (from === "") return insert(text, to, limit)
  if (limit < 0) return text.split(from).join(to)
  let rest = text
  let done = ""
  for (let i = 0; i < limit; i++) {
    const at = rest.indexOf(from)
    if (at < 0) break
    done += rest.slice(0, at) + to
    rest = rest.slice(at + from.length)
  }
  return done + rest
}
/** The empty text is before each code point, and at the end. */
function insert(text: string, to: string, limit: Int): string {
  const points = [...text, ""]
  return points.map((point, i) => (limit < 0 || i < limit ? to + point : point)).join("")
}
export function split(text: string, separator: string, limit: Int = -1): string[] {
  if (limit === 0) return []
  const parts = separator === "" ? [...text] : text.split(separator)
  if (limit < 0 || parts.length <= Number(limit)) return parts
  const kept = parts.slice(0, Number(limit) - 1)
  return [...kept, parts.slice(Number(limit) - 1).join(separator)]
}
export function join(list: readonly Value[], separator = ""): string {
  if (!list.every((item) => typeof item === "string")) throw new CelError(NO_OVERLOAD)
  return list.join(separator)
}
/** Unicode's White_Space, which JavaScript's trim is not. */
const SPACE = "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"
const LEADING = new RegExp(`^${SPACE}+`)
export function trim(text: string): string {
  const rest = text.replace(LEADING, "")
  let end = rest.length
  while (end > 0 && LEADING.test(rest[end - 1] as string)) end--
  return rest.slice(0, end)
}
export const lowerAscii = (text: string) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase())
export const upperAscii = (text: string) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase())
export const reverse = (text: string) => [...text].reverse().join("")

const QUOTED: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
}
export const quote = (text: string) => `"${text.replaceAll(/[\x07\b\f\n\r\t\v\\"]/g, (c) => QUOTED[c] as string)}"`

/** `%s %d %f %e %b %o %x %X`, with `.N` before f and e. */
export function format(pattern: string, values: readonly Value[]): string {
  let next = 0
  const text = pattern.replaceAll(/%(?:%|(\.(\d{1,4}))?([a-zA-Z])|(.?))/gsu, (whole, _dot, digits, verb) => {
    if (whole === "%%") return "%"
    if (verb === undefined) throw new CelError(`unrecognized formatting clause: "${whole.slice(1)}"`)
    if (next >= values.length) throw new CelError(`index ${next} out of range`)
    const value = values[next++] as Value
    const make = Object.hasOwn(VERBS, verb) ? VERBS[verb as keyof typeof VERBS] : undefined
    if (!make) throw new CelError(`unrecognized formatting clause: "${verb}"`)
    return make(value, digits === undefined ? 6 : Number(digits))
  })
  return text
}
const SPECIAL = (value: number) => (Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
const misfit = (verb: string) => new CelError(`error during formatting: %${verb} does not take this type`)
const integerOf = (value: Value): bigint | undefined =>
  isInt(value) ? BigInt(value) : value instanceof Uint ? value.value : undefined
function inBase(value: Value, base: 2 | 8 | 16, verb: string): string {
  const integer = integerOf(value)
  if (integer === undefined) throw misfit(verb)
  return integer.toString(base)
}
function hex(value: Value, verb: string): string {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return inBase(value, 16, verb)
}
function fixed(value: Value, verb: string, show: (number: number) => string): string {
  const number = value instanceof Double ? value.value : integerOf(value)
  if (number === undefined) throw misfit(verb)
  return Number.isFinite(Number(number)) ? show(Number(number)) : SPECIAL(Number(number))
}
const VERBS = {
  s: (value: Value) => show(value),
  d: (value: Value) => {
    if (value instanceof Double && !Number.isFinite(value.value)) return SPECIAL(value.value)
    const integer = integerOf(value)
    if (integer === undefined) throw misfit("d")
    return String(integer)
  },
  f: (value: Value, digits: number) => fixed(value, "f", (number) => toFixed(number, digits)),
  e: (value: Value, digits: number) =>
    fixed(value, "e", (number) => {
      const [mantissa = "", power = ""] = number.toExponential(Math.min(digits, 100)).split("e")
      return `${mantissa}e${power[0]}${power.slice(1).padStart(2, "0")}`
    }),
  b: (value: Value) => (typeof value === "boolean" ? (value ? "1" : "0") : inBase(value, 2, "b")),
  o: (value: Value) => inBase(value, 8, "o"),
  x: (value: Value) => hex(value, "x"),
  X: (value: Value) => hex(value, "X").toUpperCase(),
}
/** Half to even on the exact binary value, as printf does; JavaScript's toFixed rounds ties up and gives up at 1e21. */
function toFixed(number: number, digits: number): string {
  const places = Math.min(digits, 100)
  const text =
    Math.abs(number) >= 1e21 ? `${BigInt(number)}${places > 0 ? `.${"0".repeat(places)}` : ""}` : number.toFixed(places)
  const scaled = Math.abs(number) * 10 ** places
  const isTie = scaled < 2 ** 52 && scaled % 1 === 0.5 && Number.isInteger(Math.abs(number) * 2 ** 52)
  if (!isTie || Math.floor(scaled) % 2 === 1) return text
  const down = String(Math.floor(scaled)).padStart(places + 1, "0")
  const whole = down.slice(0, down.length - places)
  const sign = number < 0 ? "-" : ""
  return places === 0 ? `${sign}${whole}` : `${sign}${whole}.${down.slice(-places)}`
}

function show(value: Value): string {
  if (value === null) return "null"
  if (typeof value === "string") return value
  if (typeof value === "boolean" || isInt(value)) return String(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Double) return Number.isFinite(value.value) ? doubleToText(value) : SPECIAL(value.value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof Timestamp) return timestampToText(value)
  if (value instanceof Duration) return durationToText(value)
  if (value instanceof TypeValue) return value.name
  if (Array.isArray(value)) return `[${value.map((item) => show(item as Value)).join(", ")}]`
  if (value instanceof CelMap) {
    const entries = value.keys().map((key) => [show(key), show(value.get(key) as Value)] as const)
    return `{${entries
      .sort(([a], [b]) => compareCodePoints(a, b))
      .map(([key, item]) => `${key}: ${item}`)
      .join(", ")}}`
  }
  throw misfit("s")
}
