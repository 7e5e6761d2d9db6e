/** Reads untyped data strictly: every fault is reported with its path, and reading goes on. */
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { suggest } from "../formats/suggest.ts"

export type Report = (path: string, message: string, suggestion?: string) => void

/** After a path, it names the key there instead of its value. YAML has no NUL, so it is in no path. */
export const KEY = "\0"

export const DURATION = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)$/
const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export class Reader {
  readonly #report: Report
  constructor(report: Report) {
    this.#report = report
  }

  fault(path: string, message: string, suggestion?: string): void {
    this.#report(path, message, suggestion)
  }

  /** A mapping with no keys but these. Absent reads as empty. */
  object(path: string, value: JsonValue | undefined, keys: readonly string[] | null): JsonObject {
    if (value === undefined || value === null) return {}
    if (typeof value !== "object" || Array.isArray(value)) {
      this.fault(path, "This must be a mapping.")
      return {}
    }
    if (keys) {
      for (const key of Object.keys(value)) {
        if (!keys.includes(key))
          this.fault(`${path}/${key}${KEY}`, `There is no key "${key}" here.`, suggest(key, keys))
      }
    }
    return value as JsonObject
  }

  list(path: string, value: JsonValue | undefined): readonly JsonValue[] {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) {
      this.fault(path, "This must be a list.")
      return []
    }
    return value as readonly JsonValue[]
  }

  text(path: string, value: JsonValue | undefined, fallback?: string): string {
    if (value === undefined && fallback !== undefined) return fallback
    if (typeof value === "string" && value !== "") return value
    this.fault(
      path,
      value === undefined ? "This is missing." : "This must be a text that is not empty.",
      typeof value === "number" ? "Quote it." : undefined,
    )
    return fallback ?? ""
  }

  oneOf<T extends string>(path: string, value: JsonValue | undefined, choices: readonly T[], fallback?: T): T {
    if (value === undefined && fallback !== undefined) return fallback
    if (typeof value === "string" && (choices as readonly string[]).includes(value)) return value as T
    this.fault(
      path,
      `This must be one of ${choices.join(", ")}.`,
      typeof value === "string" ? suggest(value, choices) : undefined,
    )
    return (fallback ?? choices[0]) as T
  }

  flag(path: string, value: JsonValue | undefined, fallback: boolean): boolean {
    if (value === undefined) return fallback
    if (typeof value === "boolean") return value
    this.fault(path, "This must be true or false.")
    return fallback
  }

  /** `10s`, `1.5m`, `2h`, `250ms`, `30d`: milliseconds. */
  duration(path: string, value: JsonValue | undefined): number | undefined {
    if (value === undefined) return undefined
    const match = typeof value === "string" ? DURATION.exec(value) : null
    const ms = match ? Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS] : 0
    if (Number.isInteger(ms) && ms > 0) return ms
    this.fault(path, "This must be a duration such as 10s, 5m or 1h.")
    return undefined
  }
}
