/** cel-go's extensions: strings, math, sets, lists, encoders, optionals; Kubernetes' ip and cidr. */
import { fromBase64, toBase64 } from "../formats/bytes.ts"
import { asInt, shift } from "./integer.ts"
import {
  cidrToText,
  containsCidr,
  containsIp,
  ipToText,
  isGlobalUnicast,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopback,
  isUnspecified,
  masked,
  parseCidr,
  parseIp,
  textToCidr,
  textToIp,
} from "./net.ts"
import { type Overload, overload } from "./overload.ts"
import { countCost, equalityCost, textCost } from "./standard.ts"
import {
  charAt,
  format,
  indexOf,
  join,
  lastIndexOf,
  lowerAscii,
  quote,
  replace,
  reverse,
  split,
  substring,
  trim,
  upperAscii,
} from "./text.ts"
import {
  CelError,
  CelMap,
  type Cidr,
  compareBytes,
  compareCodePoints,
  Double,
  Duration,
  equals,
  type Int,
  Ip,
  NO_OVERLOAD,
  Optional,
  Timestamp,
  toNumber,
  typeName,
  Uint,
  type Value,
} from "./value.ts"

type Values = readonly Value[]
const listCost = (list: Values) => list.length >> 2
/** Each item of one is compared with each of the other. */
const pairCost = (a: Values, b: Values = a) => ((a.length * b.length) >> 2) + b.length * equalityCost(a)

/** Of what makes something of each letter. */
const letterCost = (text: string) => 3 * text.length

const STRINGS: readonly Overload[] = [
  overload("string->charAt(int): string", charAt, countCost),
  overload("string->indexOf(string): int", indexOf, countCost),
  overload("string->indexOf(string, int): int", indexOf, countCost),
  overload("string->lastIndexOf(string): int", lastIndexOf, backwardsCost),
  overload("string->lastIndexOf(string, int): int", lastIndexOf, backwardsCost),
  overload("string->lowerAscii(): string", lowerAscii, letterCost),
  overload("string->upperAscii(): string", upperAscii, letterCost),
  overload("string->replace(string, string): string", replace, replaceCost),
  overload("string->replace(string, string, int): string", replace, replaceCost),
  overload("string->split(string): list<string>", split, splitCost),
  overload("string->split(string, int): list<string>", split, splitCost),
  overload("string->substring(int): string", substring, countCost),
  overload("string->substring(int, int): string", substring, countCost),
  overload("string->trim(): string", trim, letterCost),
  overload("string->reverse(): string", reverse, splitCost),
  overload("string->format(list<dyn>): string", format, formatCost),
  overload("list<string>->join(): string", join, sizeOf),
  overload(
    "list<string>->join(string): string",
    join,
    (list: Values, part: string) => sizeOf(list) + ((list.length * part.length) >> 6),
  ),
  overload("strings.quote(string): string", quote, letterCost),
]
/** As if each unit of the text were replaced, and what is before and behind it. */
function replaceCost(text: string, _: string, to: string): number {
  return 2 * text.length + (((text.length + 1) * to.length) >> 6)
}
function splitCost(text: string): number {
  return text.length
}
/** It tries every place, and at each may read all of the part. */
function backwardsCost(text: string, part: string): number {
  return countCost(text) + ((text.length * part.length) >> 6)
}
/** Units for each clause, besides what its value holds: writing a double takes that. */
const CLAUSE_COST = 80
function formatCost(text: string, list: Values): number {
  return 2 * text.length + CLAUSE_COST * list.length + 16 * sizeOf(list)
}
/** More than any limit: what is larger need not be counted to its end. */
const MOST = 1_000_000
/** All that is in it, since all of it is written. */
function sizeOf(value: Value): number {
  if (typeof value === "string") return textCost(value)
  if (value instanceof CelMap) return value.size + sizeOf([...value.entries.values()])
  if (!Array.isArray(value)) return 0
  let size = value.length
  if (size > MOST / 8) return MOST
  for (const item of value as Values) {
    size += sizeOf(item)
    if (size > MOST / 8) return MOST
  }
  return size
}

type Numeric = Int | Uint | Double
/** The first of equals; a NaN is in no order with another number (as in cel-go). */
function extreme(values: readonly Value[], wins: (a: Int, b: Int) => boolean): Value {
  if (values.length === 0) throw new CelError("math.greatest() and math.least() need at least one number")
  let best = values[0] as Value
  for (const [i, value] of values.entries()) {
    const number = toNumber(value)
    if (number === undefined) throw new CelError(NO_OVERLOAD)
    const most = toNumber(best) as Int
    if (i > 0 && (Number.isNaN(number) || Number.isNaN(most))) throw new CelError("NaN values cannot be ordered")
    if (wins(number, most)) best = value
  }
  return best
}
const NUMBERS = ["int", "uint", "double"]
const extremeCost = (values: Values) => values.length
const EXTREMES = (
  [
    ["math.greatest", (a: Int, b: Int) => a > b],
    ["math.least", (a: Int, b: Int) => a < b],
  ] as const
).flatMap(([name, wins]) => [
  ...NUMBERS.map((type) => overload(`${name}(${type}): ${type}`, (value: Numeric) => value)),
  ...NUMBERS.flatMap((a) =>
    NUMBERS.map((b) =>
      overload(`${name}(${a}, ${b}): ${a === b ? a : "dyn"}`, (x: Numeric, y: Numeric) => extreme([x, y], wins)),
    ),
  ),
  ...[...NUMBERS, "dyn"].map((type) =>
    overload(`${name}(list<${type}>): ${type}`, (values: Values) => extreme(values, wins), extremeCost),
  ),
])

const ofDouble = (name: string, compute: (value: number) => number) =>
  overload(`math.${name}(double): double`, ({ value }: Double) => new Double(compute(value)))
const askDouble = (name: string, ask: (value: number) => boolean) =>
  overload(`math.${name}(double): bool`, ({ value }: Double) => ask(value))
const bitCost = () => 5
const ofBits = (name: string, compute: (a: bigint, b: bigint) => bigint) => [
  overload(`math.${name}(int, int): int`, (a: Int, b: Int) => asInt(compute(BigInt(a), BigInt(b))), bitCost),
  overload(`math.${name}(uint, uint): uint`, (a: Uint, b: Uint) => new Uint(compute(a.value, b.value)), bitCost),
]
const shifts = (name: string, towards: "left" | "right") => [
  overload(`math.${name}(int, int): int`, (a: Int, by: Int) => asInt(shift(BigInt(a), by, towards)), bitCost),
  overload(`math.${name}(uint, int): uint`, (a: Uint, by: Int) => new Uint(shift(a.value, by, towards)), bitCost),
]
function absoluteInt(value: Int): Int {
  if (value === -(2n ** 63n)) throw new CelError("integer overflow")
  return value < 0 ? -value : value
}

const MATH: readonly Overload[] = [
  ...EXTREMES,
  ofDouble("ceil", Math.ceil),
  ofDouble("floor", Math.floor),
  ofDouble("trunc", Math.trunc),
  ofDouble("sqrt", Math.sqrt),
  // Halves away from zero.
  ofDouble("round", (value) =>
    Number.isInteger(value) ? value : Math.sign(value) * Math.floor(Math.abs(value) + 0.5),
  ),
  overload("math.sqrt(int): double", (value: Int) => new Double(Math.sqrt(Number(value)))),
  overload("math.sqrt(uint): double", (value: Uint) => new Double(Math.sqrt(Number(value.value)))),
  askDouble("isNaN", Number.isNaN),
  askDouble("isInf", (value) => value === Infinity || value === -Infinity),
  askDouble("isFinite", Number.isFinite),
  ofDouble("abs", Math.abs),
  overload("math.abs(int): int", absoluteInt),
  overload("math.abs(uint): uint", (value: Uint) => value),
  ofDouble("sign", Math.sign),
  overload("math.sign(int): int", (value: Int) => (value > 0 ? 1 : value < 0 ? -1 : 0)),
  overload("math.sign(uint): uint", ({ value }: Uint) => new Uint(value > 0n ? 1n : 0n)),
  ...ofBits("bitAnd", (a, b) => a & b),
  ...ofBits("bitOr", (a, b) => a | b),
  ...ofBits("bitXor", (a, b) => a ^ b),
  overload("math.bitNot(int): int", (value: Int) => asInt(~BigInt(value))),
  overload("math.bitNot(uint): uint", ({ value }: Uint) => new Uint(BigInt.asUintN(64, ~value))),
  ...shifts("bitShiftLeft", "left"),
  ...shifts("bitShiftRight", "right"),
]

const has = (list: Values, value: Value) => list.some((item) => equals(item, value))
const contains = (list: Values, part: Values) => part.every((value) => has(list, value))
const SETS: readonly Overload[] = [
  overload("sets.contains(list<A>, list<A>): bool", contains, pairCost),
  overload(
    "sets.equivalent(list<A>, list<A>): bool",
    (a: Values, b: Values) => contains(a, b) && contains(b, a),
    pairCost,
  ),
  overload(
    "sets.intersects(list<A>, list<A>): bool",
    (a: Values, b: Values) => a.some((value) => has(b, value)),
    pairCost,
  ),
]

function slice(list: Values, start: Int, end: Int): Values {
  if (start < 0 || end < start || end > list.length)
    throw new CelError(`cannot slice(${start}, ${end}) a list of ${list.length}`)
  return list.slice(Number(start), Number(end))
}
const flattenCost = (list: Values) => 8 * sizeOf(list)
function flatten(list: Values, depth: Int = 1): Value[] {
  if (depth < 0) throw new CelError("flatten() needs a level that is not negative")
  return list.flatMap((item) =>
    Array.isArray(item) && depth > 0 ? (depth === 1 ? [...item] : flatten(item, Number(depth) - 1)) : [item],
  )
}
/** Longest list that lists.range() makes. */
const MAX_RANGE = 10_000
function range(count: Int): number[] {
  if (count < 0) throw new CelError("lists.range() needs a size that is not negative")
  if (count > MAX_RANGE) throw new CelError(`lists.range() makes at most ${MAX_RANGE} items`)
  return Array.from({ length: Number(count) }, (_, i) => i)
}
/** NaN comes last: an order that has no place for it would be each JavaScript engine's own. */
function compareNumbers(a: Int, b: Int): number {
  return a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}
const ORDERED: readonly (readonly [is: (value: Value) => boolean, compare: (a: never, b: never) => number])[] = [
  [
    (value) => toNumber(value) !== undefined,
    (a: Value, b: Value) => compareNumbers(toNumber(a) as Int, toNumber(b) as Int),
  ],
  [(value) => typeof value === "string", compareCodePoints],
  [(value) => typeof value === "boolean", (a: boolean, b: boolean) => Number(a) - Number(b)],
  [(value) => value instanceof Uint8Array, compareBytes],
  [
    (value) => value instanceof Timestamp || value instanceof Duration,
    (a: Timestamp, b: Timestamp) => a.seconds - b.seconds || a.nanos - b.nanos,
  ],
]
/** Items by their keys, which are all of one ordered type. */
export function sortByKeys(list: Values, keys: Values): Value[] {
  const type = typeName(keys[0] ?? null)
  const ordered = ORDERED.find(([is]) => keys.every((key) => is(key) && typeName(key) === type))
  if (!ordered) throw new CelError("list elements must have the same type, and one that has an order")
  const order = ordered[1] as (a: Value, b: Value) => number
  return list
    .map((item, i) => ({ item, key: keys[i] as Value }))
    .sort((a, b) => order(a.key, b.key))
    .map(({ item }) => item)
}
/** Each is compared about log2(n) times, a text with all that it holds. */
export function sortCost(keys: Values): number {
  const held = keys.reduce<number>((sum, key) => sum + (typeof key === "string" ? countCost(key) : 0), 0)
  return Math.ceil(Math.log2(keys.length + 1)) * (keys.length + held)
}
const LISTS: readonly Overload[] = [
  overload("list<A>->slice(int, int): list<A>", slice, listCost),
  overload("list<list<A>>->flatten(): list<A>", flatten, flattenCost),
  overload("list<dyn>->flatten(): list<dyn>", flatten, flattenCost),
  overload("list<dyn>->flatten(int): list<dyn>", flatten, flattenCost),
  overload(
    "list<A>->distinct(): list<A>",
    (list: Values) =>
      list.filter(
        (item, i) =>
          list.findIndex((other) => equals(other, item)) === i || (item instanceof Double && Number.isNaN(item.value)),
      ),
    pairCost,
  ),
  overload("list<A>->reverse(): list<A>", (list: Values) => [...list].reverse(), listCost),
  ...["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"].map((type) =>
    overload(`list<${type}>->sort(): list<${type}>`, (list: Values) => sortByKeys(list, list), sortCost),
  ),
  overload("list<A>->first(): optional<A>", (list: Values) => toOptional(list[0])),
  overload("list<A>->last(): optional<A>", (list: Values) => toOptional(list.at(-1))),
  overload("lists.range(int): list<int>", range, (count: Int) => 3 * Math.max(0, Math.min(MAX_RANGE, Number(count)))),
]

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text.length % 4 === 0 ? text : text.padEnd(text.length + 4 - (text.length % 4), "="))
  } catch {
    throw new CelError("this text is not base64")
  }
}
const ENCODERS: readonly Overload[] = [
  overload(
    "base64.encode(bytes): string",
    (bytes: Uint8Array) => toBase64(bytes),
    (bytes: Uint8Array) => bytes.length,
  ),
  overload("base64.decode(string): bytes", decode, countCost),
]

export function toOptional(value: Value | undefined): Optional {
  return value === undefined ? Optional.NONE : new Optional(value)
}
function isZero(value: Value): boolean {
  if (value === null || value === false || value === "" || value === 0) return true
  if (value instanceof Double || value instanceof Uint) return Number(value.value) === 0
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  if (value instanceof CelMap) return value.size === 0
  if (value instanceof Duration || value instanceof Timestamp) return value.seconds === 0 && value.nanos === 0
  if (value instanceof Optional) return value.value === undefined
  return false
}
function unwrapped({ value }: Optional): Value {
  if (value === undefined) throw new CelError("optional.none() dereference")
  return value
}
const OPTIONALS: readonly Overload[] = [
  overload("optional.of(T): optional<T>", (value: Value) => new Optional(value)),
  overload("optional.none(): optional<T>", () => Optional.NONE),
  overload("optional.ofNonZeroValue(T): optional<T>", (value: Value) =>
    isZero(value) ? Optional.NONE : new Optional(value),
  ),
  overload("optional.unwrap(list<optional<T>>): list<T>", unwrap, listCost),
  overload("list<optional<T>>->unwrapOpt(): list<T>", unwrap, listCost),
  overload("optional<T>->hasValue(): bool", ({ value }: Optional) => value !== undefined),
  overload("optional<T>->value(): T", unwrapped),
  // The lowering evaluates the other only where it is needed.
  overload("optional<T>->or(optional<T>): optional<T>", (a: Optional, b: Optional) => (a.value === undefined ? b : a)),
  overload("optional<T>->orValue(T): T", (a: Optional, b: Value) => a.value ?? b),
]
function unwrap(list: Values): Value[] {
  return list.flatMap((item) => {
    if (!(item instanceof Optional)) throw new CelError(NO_OVERLOAD)
    return item.value === undefined ? [] : [item.value]
  })
}

/** Of reading or writing an address. */
const addressCost = () => 120
const askIp = (name: string, ask: (ip: Ip) => boolean) => overload(`net.IP->${name}(): bool`, ask)
const isText = (ip: Ip | null, text: string) => ip !== null && ipToText(ip) === text
const NET: readonly Overload[] = [
  overload("ip(string): net.IP", textToIp, addressCost),
  overload("isIP(string): bool", (text: string) => parseIp(text) !== null, addressCost),
  overload("ip.isCanonical(string): bool", (text: string) => isText(textToIp(text), text), addressCost),
  overload("cidr(string): net.CIDR", textToCidr, addressCost),
  overload("isCIDR(string): bool", (text: string) => parseCidr(text) !== null, addressCost),
  overload("string(net.IP): string", ipToText, addressCost),
  overload("string(net.CIDR): string", cidrToText, addressCost),
  overload("net.IP->family(): int", ({ bytes }: Ip) => (bytes.length === 4 ? 4 : 6)),
  askIp("isUnspecified", isUnspecified),
  askIp("isLoopback", isLoopback),
  askIp("isLinkLocalUnicast", isLinkLocalUnicast),
  askIp("isLinkLocalMulticast", isLinkLocalMulticast),
  askIp("isGlobalUnicast", isGlobalUnicast),
  overload("net.CIDR->containsIP(net.IP): bool", containsIp),
  overload(
    "net.CIDR->containsIP(string): bool",
    (range: Cidr, text: string) => containsIp(range, textToIp(text)),
    addressCost,
  ),
  overload("net.CIDR->containsCIDR(net.CIDR): bool", containsCidr),
  overload(
    "net.CIDR->containsCIDR(string): bool",
    (range: Cidr, text: string) => containsCidr(range, textToCidr(text)),
    addressCost,
  ),
  overload("net.CIDR->ip(): net.IP", ({ bytes }: Cidr) => new Ip(bytes)),
  overload("net.CIDR->masked(): net.CIDR", masked),
  overload("net.CIDR->prefixLength(): int", ({ prefix }: Cidr) => prefix),
]

export const EXTENSIONS: readonly Overload[] = [
  ...STRINGS,
  ...MATH,
  ...SETS,
  ...LISTS,
  ...ENCODERS,
  ...OPTIONALS,
  ...NET,
]
