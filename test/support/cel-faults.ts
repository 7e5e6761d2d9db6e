/**
 * What @bufbuild/cel gets wrong, each mended by functions of our own that know nothing of the compiler under test, and each
 * with a vector: what it should say there. One that says so without being mended is no fault any more, and fails the test.
 */
import { type CelFunc, CelScalar, celFunc, celMethod, celUint, objectType } from "@bufbuild/cel"
import { create } from "@bufbuild/protobuf"
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt"
import { RE2JS } from "@bufbuild/re2"

const [TIMESTAMP, DURATION] = [objectType(TimestampSchema), objectType(DurationSchema)]
const { BOOL, DOUBLE, INT, STRING, UINT } = CelScalar
type Uint = { readonly value: bigint }
type Time = { readonly message: { readonly seconds: bigint; readonly nanos: number } }

export interface Fault {
  readonly what: string
  readonly mended: readonly CelFunc[]
  readonly vector: readonly [source: string, right: string]
}

const ORDERS = ["_<_", "_<=_", "_>_", "_>=_"] as const
function holds(name: (typeof ORDERS)[number], order: number): boolean {
  return { "_<_": order < 0, "_<=_": order <= 0, "_>_": order > 0, "_>=_": order >= 0 }[name]
}
function compareTexts(a: string, b: string): number {
  const [x, y] = [[...a], [...b]].map((text) => text.map((point) => point.codePointAt(0) as number)) as [
    number[],
    number[],
  ]
  const at = x.findIndex((point, i) => point !== y[i])
  return at < 0 ? x.length - y.length : at >= y.length ? 1 : (x[at] as number) - (y[at] as number)
}
/** Exactly: JavaScript compares a bigint with a number without rounding either. NaN is in no order. */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  return a < b ? -1 : a > b ? 1 : a >= b ? 0 : Number.NaN
}
const plain = (value: bigint | number | Uint) => (typeof value === "object" ? value.value : value)

function fail(why: string): never {
  throw new Error(why)
}
function within(value: bigint, low: bigint, high: bigint): bigint {
  return value >= low && value <= high ? value : fail("overflow")
}
const toWhole = (text: string) => (/^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : fail("no integer"))
const inUint = (value: bigint) => celUint(within(value, 0n, 2n ** 64n - 1n))
const divided = (name: "_/_" | "_%_", divide: (a: bigint, b: bigint) => bigint) =>
  celFunc(name, [UINT, UINT], UINT, (a: Uint, b: Uint) =>
    b.value === 0n ? fail("division by zero") : inUint(divide(a.value, b.value)),
  )

/** Digits of nanoseconds without trailing zeros, with their dot. */
const fraction = (nanos: number) => (nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`)
function writeTimestamp({ message: { seconds, nanos } }: Time): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, `${fraction(nanos)}Z`)
}
function writeDuration({ message: { seconds, nanos } }: Time): string {
  const sign = seconds < 0n || nanos < 0 ? "-" : ""
  return `${sign}${String(seconds).replace("-", "")}${fraction(Math.abs(nanos))}s`
}
/** Go's %g: the shortest digits that read back, with an exponent of two digits where it is below -4 or above 5. */
function writeDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf"
  if (Object.is(value, -0)) return "-0"
  const [digits = "", exponent = "0"] = value.toExponential().split("e")
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  return `${digits}e${power < 0 ? "-" : "+"}${Math.abs(power) < 10 ? "0" : ""}${Math.abs(power)}`
}
function readDouble(text: string): number {
  const named = { inf: Infinity, infinity: Infinity, nan: Number.NaN }[text.toLowerCase().replace(/^[+-]/, "")]
  if (named !== undefined) return text.startsWith("-") ? -named : named
  const value = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : fail("no double")
  return Number.isFinite(value) ? value : fail("out of range")
}

const formats = new Map<string, Intl.DateTimeFormat>()
function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const date = { era: "short", year: "numeric", month: "numeric", day: "numeric" } as const
  const time = { hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" } as const
  const made = new Intl.DateTimeFormat("en-US", { timeZone, ...date, ...time })
  formats.set(timeZone, made)
  return made
}
/** Year, month, day, hours, minutes, seconds in that zone, by the calendar that the platform has for it. */
function clock(seconds: bigint, zone: string): readonly number[] {
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone)
  if (offset || zone === "UTC" || zone === "") {
    const [, sign, hours, minutes] = offset ?? [undefined, "+", "0", "0"]
    const shift = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60 : 60)
    const [, ...parts] = /^([+-]?\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(
      new Date((Number(seconds) + shift) * 1000).toISOString(),
    ) as RegExpExecArray
    return parts.map(Number)
  }
  const at = new Date(Number(seconds) * 1000)
  const parts = Object.fromEntries(
    formatIn(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const year = /^b/i.test(parts["era"] ?? "") ? 1 - Number(parts["year"]) : Number(parts["year"])
  return [year, ...["month", "day", "hour", "minute", "second"].map((name) => Number(parts[name]))]
}
const DAY_MS = 86_400_000
function days(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return Math.round(date.getTime() / DAY_MS)
}
const GETTERS: Readonly<Record<string, (at: readonly number[], nanos: number) => number>> = {
  getFullYear: ([year]) => year as number,
  getMonth: ([, month]) => (month as number) - 1,
  getDate: ([, , day]) => day as number,
  getDayOfMonth: ([, , day]) => (day as number) - 1,
  getDayOfWeek: ([year, month, day]) => (((days(year as number, month as number, day as number) + 4) % 7) + 7) % 7,
  getDayOfYear: ([year, month, day]) =>
    days(year as number, month as number, day as number) - days(year as number, 1, 1),
  getHours: ([, , , hours]) => hours as number,
  getMinutes: ([, , , , minutes]) => minutes as number,
  getSeconds: ([, , , , , seconds]) => seconds as number,
  getMilliseconds: (_, nanos) => Math.floor(nanos / 1e6),
}

export const FAULTS: readonly Fault[] = [
  {
    what: "orders strings by UTF-16 units; CEL has code points",
    mended: ORDERS.map((name) =>
      celFunc(name, [STRING, STRING], BOOL, (a: string, b: string) => holds(name, compareTexts(a, b))),
    ),
    vector: ["'\u{1F600}' > '\uFFFC'", "true"],
  },
  {
    what: "rounds an int or a uint before it compares it with a double; so does cel-go, we do not",
    mended: ORDERS.flatMap((name) =>
      (
        [
          [INT, DOUBLE],
          [DOUBLE, INT],
          [UINT, DOUBLE],
          [DOUBLE, UINT],
        ] as const
      ).map(([a, b]) =>
        celFunc(name, [a, b], BOOL, ((x: bigint | number | Uint, y: bigint | number | Uint) =>
          holds(name, compareNumbers(plain(x), plain(y)))) as never),
      ),
    ),
    vector: ["9223372036854775807 < 9223372036854775808.0", "true"],
  },
  {
    what: "reads any text that BigInt() takes as an int: empty, with spaces, hexadecimal",
    mended: [celFunc("int", [STRING], INT, (text: string) => within(toWhole(text), -(2n ** 63n), 2n ** 63n - 1n))],
    vector: ["int('')", "error"],
  },
  {
    what: "reads any text that BigInt() takes as a uint",
    mended: [
      celFunc("uint", [STRING], UINT, (text: string) => (/^\d+$/.test(text) ? inUint(BigInt(text)) : fail("no uint"))),
    ],
    vector: ["uint('')", "error"],
  },
  {
    what: "reads what is no number as a double: 0 or NaN instead of an error",
    mended: [celFunc("double", [STRING], DOUBLE, readDouble)],
    vector: ["double('one')", "error"],
  },
  {
    what: "reads an empty text as a duration",
    mended: [
      celFunc("duration", [STRING], DURATION, ((text: string) => {
        const parts = [...text.replace(/^[+-]/, "").matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/gy)]
        const unsigned = text.replace(/^[+-]/, "")
        if (unsigned !== "0" && (parts.length === 0 || parts.map(([whole]) => whole).join("") !== unsigned))
          fail("syntax")
        const units = {
          ns: 1n,
          us: 1_000n,
          µs: 1_000n,
          ms: 1_000_000n,
          s: 10n ** 9n,
          m: 60n * 10n ** 9n,
          h: 3600n * 10n ** 9n,
        }
        const nanos = parts.reduce((sum, [, number = "", unit]) => {
          const [whole = "", part = ""] = number.split(".")
          const factor = units[unit as keyof typeof units]
          return sum + BigInt(whole || 0) * factor + (BigInt(part || 0) * factor) / 10n ** BigInt(part.length)
        }, 0n)
        const signed = within(text.startsWith("-") ? -nanos : nanos, -(2n ** 63n), 2n ** 63n - 1n)
        return create(DurationSchema, { seconds: signed / 10n ** 9n, nanos: Number(signed % 10n ** 9n) })
      }) as never),
    ],
    vector: ["duration('')", "error"],
  },
  {
    what: "has no quotient or remainder of uints above the greatest int",
    mended: [divided("_/_", (a, b) => a / b), divided("_%_", (a, b) => a % b)],
    vector: ["18446744073709551615u / 1u", "18446744073709551615u"],
  },
  {
    what: "takes milliseconds for a timestamp; CEL has seconds",
    mended: [
      celFunc("timestamp", [INT], TIMESTAMP, ((seconds: bigint) =>
        create(TimestampSchema, { seconds: within(seconds, -62135596800n, 253402300799n) })) as never),
    ],
    vector: ["timestamp(1)", "timestamp 1 0"],
  },
  {
    what: "writes doubles as JavaScript does; cel-go as %g does",
    mended: [celFunc("string", [DOUBLE], STRING, writeDouble)],
    vector: ["string(1000000.0)", '"1e+06"'],
  },
  {
    what: "writes three, six or nine digits of a timestamp's fraction",
    mended: [celFunc("string", [TIMESTAMP], STRING, writeTimestamp as never)],
    vector: ["string(timestamp('2009-02-13T23:31:30.5Z'))", '"2009-02-13T23:31:30.5Z"'],
  },
  {
    what: "writes three, six or nine digits of a duration's fraction",
    mended: [celFunc("string", [DURATION], STRING, writeDuration as never)],
    vector: ["string(duration('1.5s'))", '"1.5s"'],
  },
  {
    what: "has matches() as a method only",
    mended: [
      celFunc("matches", [STRING, STRING], BOOL, (text: string, pattern: string) => RE2JS.compile(pattern).test(text)),
    ],
    vector: ["matches('a', 'a')", "true"],
  },
  {
    what: "reads fields of a time by the machine's own zone, after rounding to milliseconds, and takes years below 100 for years after 1900",
    mended: Object.entries(GETTERS).flatMap(([name, read]) => [
      celMethod(name, TIMESTAMP, [], INT, function (this: Time) {
        return BigInt(read(clock(this.message.seconds, "UTC"), this.message.nanos))
      } as never),
      celMethod(name, TIMESTAMP, [STRING], INT, function (this: Time, zone: string) {
        return BigInt(read(clock(this.message.seconds, zone), this.message.nanos))
      } as never),
    ]),
    vector: ["timestamp('0001-01-01T00:00:00Z').getFullYear('UTC')", "1"],
  },
]
