/** Timestamps and durations: exact to the nanosecond, in UTC, fixed offsets and IANA zones, whatever the machine's zone is. */
import { CelError, Duration, Timestamp } from "./value.ts"

const GIGA = 1_000_000_000
const MIN_SECONDS = -62_135_596_800
const MAX_SECONDS = 253_402_300_799
const MAX_NANOS = 2n ** 63n - 1n
const RANGE = "range error"

/** V8 reads the 30th of February and 24:00 as the day after, so days are looked at again and hours end at 23. */
const RFC_3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,9}))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

export function parseTimestamp(text: string): Timestamp | null {
  const match = RFC_3339.exec(text)
  if (!match) return null
  const [, date = "", , fraction = "", zone = ""] = match
  const day = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return null
  const seconds = Date.parse(`${text.slice(0, 19)}${zone}`) / 1000
  return isInRange(seconds) ? new Timestamp(seconds, Number(fraction.padEnd(9, "0"))) : null
}
export function textToTimestamp(text: string): Timestamp {
  const timestamp = parseTimestamp(text)
  if (!timestamp) throw new CelError("this text is no timestamp (RFC 3339) in the range of 0001 to 9999")
  return timestamp
}
function isInRange(seconds: number): boolean {
  return seconds >= MIN_SECONDS && seconds <= MAX_SECONDS
}
export function toTimestamp(seconds: number, nanos: number): Timestamp {
  const whole = seconds + Math.floor(nanos / GIGA)
  if (!isInRange(whole)) throw new CelError(RANGE)
  return new Timestamp(whole, ((nanos % GIGA) + GIGA) % GIGA)
}
export function timestampToText({ seconds, nanos }: Timestamp): string {
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`
}

export function nanosOf({ seconds, nanos }: Duration): bigint {
  return BigInt(seconds) * BigInt(GIGA) + BigInt(nanos)
}
export function toDuration(nanos: bigint): Duration {
  if (nanos > MAX_NANOS || nanos < -MAX_NANOS - 1n) throw new CelError(RANGE)
  return new Duration(Number(nanos / BigInt(GIGA)), Number(nanos % BigInt(GIGA)))
}
const UNITS: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ns: 1n,
}
/** As Go's time.ParseDuration: `1h30m`, `-1.5s`, `0`. What is finer than a nanosecond is cut off. */
export function textToDuration(text: string): Duration {
  const match =
    /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|m|s|us|µs|μs|ns)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))*|0)$/.exec(
      text.length <= 128 ? text : "",
    )
  if (!match) throw new CelError("this text is no duration")
  let total = 0n
  for (const [, whole = "", fraction = "", unit = ""] of (match[2] as string).matchAll(
    /(\d*)(?:\.(\d*))?([a-zµμ]+)/g,
  )) {
    const size = UNITS[unit] as bigint
    total += BigInt(whole || 0) * size
    if (fraction) total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length)
  }
  return toDuration(match[1] === "-" ? -total : total)
}
export function durationToText(duration: Duration): string {
  const { seconds, nanos } = duration
  const sign = seconds < 0 || nanos < 0 ? "-" : ""
  const fraction = nanos === 0 ? "" : `.${String(Math.abs(nanos)).padStart(9, "0").replace(/0+$/, "")}`
  return `${sign}${Math.abs(seconds)}${fraction}s`
}
export function addDurations(a: Duration, b: Duration): Duration {
  return toDuration(nanosOf(a) + nanosOf(b))
}
export function subtractDurations(a: Duration, b: Duration): Duration {
  return toDuration(nanosOf(a) - nanosOf(b))
}
export function shiftTimestamp(at: Timestamp, by: Duration): Timestamp {
  return toTimestamp(at.seconds + by.seconds, at.nanos + by.nanos)
}
export function negateDuration({ seconds, nanos }: Duration): Duration {
  return new Duration(0 - seconds, 0 - nanos)
}
export function between(a: Timestamp, b: Timestamp): Duration {
  return toDuration(BigInt(a.seconds - b.seconds) * BigInt(GIGA) + BigInt(a.nanos - b.nanos))
}
export function compareTimes(a: Timestamp | Duration, b: Timestamp | Duration): number {
  return a.seconds - b.seconds || a.nanos - b.nanos
}

/** A Date whose UTC fields are what the clock shows in `zone`. */
export function clockIn(at: Timestamp, zone: string): Date {
  return new Date((at.seconds + offsetSeconds(at.seconds, zone)) * 1000)
}
export function dayOfYear(clock: Date): number {
  return (
    Math.round((Date.UTC(2000, clock.getUTCMonth(), clock.getUTCDate()) - Date.UTC(2000, 0, 1)) / 86_400_000) -
    leapShift(clock)
  )
}
/** The year 2000 that days are counted in has a 29th of February. */
function leapShift(clock: Date): number {
  const year = clock.getUTCFullYear()
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return !isLeap && clock.getUTCMonth() > 1 ? 1 : 0
}

const FIXED = /^([+-]?)(\d{2}):(\d{2})$/
const formats = new Map<string, Intl.DateTimeFormat>()
/** Zones come from requests too, so few are kept. */
const MAX_FORMATS = 64

function offsetSeconds(seconds: number, zone: string): number {
  if (zone === "UTC" || zone === "Z" || zone === "") return 0
  const fixed = FIXED.exec(zone)
  if (fixed) {
    const [, sign, hours, minutes] = fixed
    if (Number(hours) > 23 || Number(minutes) > 59) throw new CelError("there is no such time zone")
    return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
  }
  const part: Record<string, string> = {}
  for (const { type, value } of formatIn(zone).formatToParts(seconds * 1000)) part[type] = value
  const year = part["era"]?.startsWith("B") ? 1 - Number(part["year"]) : Number(part["year"])
  const clock = new Date(0)
  clock.setUTCFullYear(year, Number(part["month"]) - 1, Number(part["day"]))
  clock.setUTCHours(Number(part["hour"]), Number(part["minute"]), Number(part["second"]))
  return clock.getTime() / 1000 - seconds
}

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const made = makeFormat(zone)
  if (formats.size >= MAX_FORMATS) formats.clear()
  formats.set(zone, made)
  return made
}
function makeFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
      timeZone: /^[A-Za-z]/.test(timeZone) ? timeZone : "none",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    })
  } catch {
    throw new CelError("there is no such time zone")
  }
}
