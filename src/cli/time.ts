/** Times as they are written on a command line, for google.protobuf.Timestamp. */
import { WritError } from "../errors.ts"

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** "24h" is so long ago. Null: it is no duration. */
export function toAgo(text: string): object | null {
  const ago = /^(\d{1,9})([smhd])$/.exec(text)
  return ago && toTime(Date.now() - Number(ago[1]) * (UNITS[ago[2] as string] as number))
}

/** How long from now, or when: "90d" is so long from now. Throws INVALID_REQUEST. */
export function toEnd(flag: string, text: string): object {
  const from = /^(\d{1,9})([smhd])$/.exec(text)
  const time = from ? toTime(Date.now() + Number(from[1]) * (UNITS[from[2] as string] as number)) : parseTime(text)
  if (time) return time
  throw new WritError("INVALID_REQUEST", `${flag} is how long from now, like 90d, or a time like 2027-03-01T00:00:00Z.`)
}

/** Null: it is no time. */
export function parseTime(text: string): object | null {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : toTime(ms)
}

/** A duration, so long ago, or a time. Throws INVALID_REQUEST. */
export function toWhen(flag: string, text: string): object {
  const time = toAgo(text) ?? parseTime(text)
  if (time) return time
  throw new WritError("INVALID_REQUEST", `${flag} is so long ago, like 24h, or a time like 2026-11-30T08:00:00Z.`)
}

function toTime(ms: number): object {
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 }
}
