/** The functions of the CEL language definition. */
import { fromUtf8, utf8 } from "../formats/bytes.ts"
import { index, indexOptional } from "./access.ts"
import {
  addInt,
  divideInt,
  divideUint,
  doubleToInt,
  doubleToText,
  doubleToUint,
  intToUint,
  inUint,
  multiplyInt,
  negateInt,
  remainderInt,
  remainderUint,
  subtractInt,
  textToDouble,
  textToInt,
  textToUint,
  uintToInt,
} from "./integer.ts"
import { type Overload, overload } from "./overload.ts"
import { matches, regexCost } from "./regex.ts"
import { countCodePoints } from "./text.ts"
import {
  addDurations,
  between,
  clockIn,
  compareTimes,
  dayOfYear,
  durationToText,
  nanosOf,
  negateDuration,
  shiftTimestamp,
  subtractDurations,
  textToDuration,
  textToTimestamp,
  timestampToText,
  toTimestamp,
} from "./time.ts"
import {
  CelError,
  CelMap,
  compareBytes,
  compareCodePoints,
  Double,
  type Duration,
  equals,
  type Int,
  type Timestamp,
  TypeValue,
  toInt,
  toNumber,
  typeName,
  type Uint,
  type Value,
} from "./value.ts"

/** Units of the cost model for work on this much text: one for each 64 units of UTF-16. */
export const textCost = (text: string) => text.length >> 6
/** Of reading all of a text, one code point after the other. */
export const countCost = (text: string) => text.length >> 2
/** What two texts are read at most to find which comes first. */
export const orderCost = (a: string, b: string) => Math.min(a.length, b.length) >> 2
/** What finding one text in another takes, which makes a table of the part. */
export const searchCost = (text: string, part: string) => (text.length + part.length) >> 5
/** What comparing with this takes beyond the comparison itself: its letters, or its items and theirs. */
export function equalityCost(a: Value, b: Value = a): number {
  if (typeof a === "string") return typeof b === "string" && a.length === b.length ? a.length >> 8 : 0
  const items = Array.isArray(a) ? (a as readonly Value[]) : a instanceof CelMap ? [...a.entries.values()] : undefined
  if (!items) return 0
  let cost = items.length >> (a instanceof CelMap ? 1 : 2)
  for (let i = 0; i < items.length && cost < MOST_COST; i++) {
    const item = items[i] as Value
    if (typeof item === "string" || (typeof item === "object" && item !== null)) cost += equalityCost(item)
  }
  return cost
}
/** As much as a whole decision may: what costs more need not be counted to its end. */
const MOST_COST = 100_000
type Order = (a: never, b: never) => number

function compareTruth(a: boolean, b: boolean): number {
  return Number(a) - Number(b)
}
/** NaN is neither less nor more than anything. */
function compareNumbers(a: Value, b: Value): number {
  const x = toNumber(a) as Int
  const y = toNumber(b) as Int
  return x < y ? -1 : x > y ? 1 : x >= y ? 0 : Number.NaN
}
const NUMBERS = ["int", "uint", "double"]
const ORDERS: readonly (readonly [types: string, compare: Order, cost?: (a: never, b: never) => number])[] = [
  ["bool, bool", compareTruth],
  ["string, string", compareCodePoints, orderCost],
  ["bytes, bytes", compareBytes],
  ["timestamp, timestamp", compareTimes],
  ["duration, duration", compareTimes],
  ...NUMBERS.flatMap((a) => NUMBERS.map((b) => [`${a}, ${b}`, compareNumbers] as const)),
]
const RELATIONS: readonly (readonly [name: string, holds: (order: number) => boolean])[] = [
  ["_<_", (order) => order < 0],
  ["_<=_", (order) => order <= 0],
  ["_>_", (order) => order > 0],
  ["_>=_", (order) => order >= 0],
]

const GETTERS: readonly (readonly [name: string, read: (clock: Date, at: Timestamp) => number])[] = [
  ["getFullYear", (clock) => clock.getUTCFullYear()],
  ["getMonth", (clock) => clock.getUTCMonth()],
  ["getDate", (clock) => clock.getUTCDate()],
  ["getDayOfMonth", (clock) => clock.getUTCDate() - 1],
  ["getDayOfWeek", (clock) => clock.getUTCDay()],
  ["getDayOfYear", (clock) => dayOfYear(clock)],
  ["getHours", (clock) => clock.getUTCHours()],
  ["getMinutes", (clock) => clock.getUTCMinutes()],
  ["getSeconds", (clock) => clock.getUTCSeconds()],
  ["getMilliseconds", (_, at) => Math.floor(at.nanos / 1e6)],
]

const wholeUnits = (duration: Duration, unit: bigint) => toInt(nanosOf(duration) / unit)
const SECOND = 1_000_000_000n

/** Each item is compared with the value. */
export function searchListCost(value: Value, list: readonly Value[]): number {
  let cost = list.length >> 3
  if (equalityCost(value) > 0) for (const item of list) cost += equalityCost(value, item)
  return cost
}
const partCost = (_: string, part: string) => textCost(part)
function concatBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
const TRUTHS: Readonly<Record<string, boolean>> = {
  "1": true,
  t: true,
  true: true,
  TRUE: true,
  True: true,
  "0": false,
  f: false,
  false: false,
  FALSE: false,
  False: false,
}
function textToTruth(text: string): boolean {
  if (!Object.hasOwn(TRUTHS, text)) throw new CelError("Type conversion error: this text is no bool")
  return TRUTHS[text] as boolean
}
function bytesToText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    throw new CelError("invalid UTF-8")
  }
}
const same = (value: Value) => value
const sizeOfList = (list: readonly Value[]) => list.length
const sizeOfMap = (map: CelMap) => map.size
const sizeOfBytes = (bytes: Uint8Array) => bytes.length

export const STANDARD: readonly Overload[] = [
  ...RELATIONS.flatMap(([name, holds]) =>
    ORDERS.map(([types, compare, cost]) =>
      overload(`${name}(${types}): bool`, (a: never, b: never) => holds(compare(a, b)), cost),
    ),
  ),
  overload("_==_(A, A): bool", equals, equalityCost),
  overload("_!=_(A, A): bool", (a: Value, b: Value) => !equals(a, b), equalityCost),
  overload(
    "@in(A, list<A>): bool",
    (value: Value, list: readonly Value[]) => list.some((item) => equals(item, value)),
    searchListCost,
  ),
  overload("@in(A, map<A, B>): bool", (key: Value, map: CelMap) => map.get(key) !== undefined),
  ...(
    [
      ["list<A>, int", "A"],
      ["map<A, B>, A", "B"],
    ] as const
  ).flatMap(([types, element]) => [
    overload(`_[_](${types}): ${element}`, index),
    overload(`_[_](${types.replace(/(.*>)/, "optional<$1>")}): optional<${element}>`, index),
    overload(`_[?_](${types}): optional<${element}>`, indexOptional),
    overload(`_[?_](${types.replace(/(.*>)/, "optional<$1>")}): optional<${element}>`, indexOptional),
  ]),
  overload("!_(bool): bool", (value: boolean) => !value),

  overload("_+_(int, int): int", addInt),
  overload("_-_(int, int): int", subtractInt),
  overload("_*_(int, int): int", multiplyInt),
  overload("_/_(int, int): int", divideInt),
  overload("_%_(int, int): int", remainderInt),
  overload("-_(int): int", negateInt),
  overload("_+_(uint, uint): uint", (a: Uint, b: Uint) => inUint(a.value + b.value)),
  overload("_-_(uint, uint): uint", (a: Uint, b: Uint) => inUint(a.value - b.value)),
  overload("_*_(uint, uint): uint", (a: Uint, b: Uint) => inUint(a.value * b.value)),
  overload("_/_(uint, uint): uint", divideUint),
  overload("_%_(uint, uint): uint", remainderUint),
  overload("_+_(double, double): double", (a: Double, b: Double) => new Double(a.value + b.value)),
  overload("_-_(double, double): double", (a: Double, b: Double) => new Double(a.value - b.value)),
  overload("_*_(double, double): double", (a: Double, b: Double) => new Double(a.value * b.value)),
  overload("_/_(double, double): double", (a: Double, b: Double) => new Double(a.value / b.value)),
  overload("-_(double): double", (a: Double) => new Double(-a.value)),

  overload(
    "_+_(string, string): string",
    (a: string, b: string) => a + b,
    (a: string, b: string) => textCost(a) + textCost(b),
  ),
  overload("_+_(bytes, bytes): bytes", concatBytes, (a: Uint8Array, b: Uint8Array) => (a.length + b.length) >> 6),
  overload(
    "_+_(list<A>, list<A>): list<A>",
    (a: readonly Value[], b: readonly Value[]) => [...a, ...b],
    (a: readonly Value[], b: readonly Value[]) => (a.length + b.length) >> 2,
  ),
  overload("_+_(duration, duration): duration", addDurations),
  overload("_-_(duration, duration): duration", subtractDurations),
  overload("_+_(timestamp, duration): timestamp", shiftTimestamp),
  overload("_+_(duration, timestamp): timestamp", (by: Duration, at: Timestamp) => shiftTimestamp(at, by)),
  overload("_-_(timestamp, duration): timestamp", (at: Timestamp, by: Duration) =>
    shiftTimestamp(at, negateDuration(by)),
  ),
  overload("_-_(timestamp, timestamp): duration", between),

  ...(
    [
      ["string", countCodePoints, countCost],
      ["bytes", sizeOfBytes, undefined],
      ["list<A>", sizeOfList, undefined],
      ["map<A, B>", sizeOfMap, undefined],
    ] as const
  ).flatMap(([type, size, cost]) => [
    overload(`size(${type}): int`, size, cost),
    overload(`${type}->size(): int`, size, cost),
  ]),
  overload("string->startsWith(string): bool", (text: string, part: string) => text.startsWith(part), partCost),
  overload("string->endsWith(string): bool", (text: string, part: string) => text.endsWith(part), partCost),
  overload("string->contains(string): bool", (text: string, part: string) => text.includes(part), searchCost),
  overload("matches(string, string): bool", matches, regexCost),
  overload("string->matches(string): bool", matches, regexCost),

  ...GETTERS.flatMap(([name, read]) => [
    overload(`timestamp->${name}(): int`, (at: Timestamp) => read(new Date(at.seconds * 1000), at)),
    overload(
      `timestamp->${name}(string): int`,
      (at: Timestamp, zone: string) => read(clockIn(at, zone), at),
      (_: Timestamp, zone: string) => (zone === "UTC" || zone.includes(":") ? 20 : 400),
    ),
  ]),
  overload("duration->getHours(): int", (duration: Duration) => wholeUnits(duration, 3600n * SECOND)),
  overload("duration->getMinutes(): int", (duration: Duration) => wholeUnits(duration, 60n * SECOND)),
  overload("duration->getSeconds(): int", (duration: Duration) => duration.seconds),
  overload("duration->getMilliseconds(): int", ({ nanos }: Duration) => Math.trunc(nanos / 1e6) + 0),

  overload("dyn(A): dyn", same),
  overload("type(A): type<A>", (value: Value) => new TypeValue(typeName(value))),
  ...["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"].map((type) =>
    overload(`${type}(${type}): ${type}`, same),
  ),
  overload("bool(string): bool", textToTruth),
  overload("int(uint): int", uintToInt),
  overload("int(double): int", doubleToInt),
  overload("int(string): int", textToInt, () => 20),
  overload("int(timestamp): int", (at: Timestamp) => at.seconds),
  overload("uint(int): uint", intToUint),
  overload("uint(double): uint", doubleToUint),
  overload("uint(string): uint", textToUint, () => 20),
  overload("double(int): double", (value: Int) => new Double(Number(value))),
  overload("double(uint): double", (value: Uint) => new Double(Number(value.value))),
  overload("double(string): double", textToDouble, () => 20),
  overload("string(bool): string", String),
  overload("string(int): string", String),
  overload("string(uint): string", (value: Uint) => String(value.value)),
  overload("string(double): string", doubleToText, () => 40),
  overload("string(bytes): string", bytesToText, (bytes: Uint8Array) => bytes.length >> 5),
  overload("string(timestamp): string", timestampToText, () => 60),
  overload("string(duration): string", durationToText, () => 20),
  overload("bytes(string): bytes", utf8, (text: string) => text.length >> 5),
  overload("timestamp(string): timestamp", textToTimestamp, () => 120),
  overload("timestamp(int): timestamp", (seconds: Int) => toTimestamp(Number(seconds), 0)),
  overload("duration(string): duration", textToDuration, () => 60),
]
