/** `history`, `budgets` and `approval` of a test or of a request that is explained, from untyped data. */
import type { JsonValue } from "../formats/ports.ts"
import { suggest } from "../formats/suggest.ts"
import { type AssumedApproval, type AssumedWindow, type Assumptions, asksOf } from "./assumptions.ts"
import { type Bundle, MAX_APPROVALS } from "./bundle.ts"
import type { HistoryRead } from "./history-read.ts"
import { KEYS } from "./keys.ts"
import { microsOf } from "./parse-past.ts"
import { KEY, type Reader } from "./reader.ts"
import type { LoadResult } from "./types.ts"

type Loaded = Extract<LoadResult, { ok: true }>
/** Reads what is said of the past against what a bundle declares and asks. */
export type ParsePast = ReturnType<typeof createParsePast>

export function createParsePast(loaded: Loaded) {
  const asks = asksOf(loaded)
  const declared = loaded.bundle.history ?? {}

  return {
    /** `{ NAME: { WINDOW: { count, sum } } }` */
    history(read: Reader, path: string, raw: JsonValue | undefined): Assumptions["history"] {
      return new Map(
        Object.entries(read.object(path, raw, null)).map(([name, value]) => {
          const at = `${path}/${name}`
          const asked = asks.get(name) ?? []
          if (!Object.hasOwn(declared, name))
            read.fault(at + KEY, `No history "${name}" is declared.`, suggest(name, Object.keys(declared)))
          else if (asked.length === 0) read.fault(at + KEY, `No condition asks for the history "${name}".`)
          return [name, readWindows(read, at, value, name, asked)]
        }),
      )
    },

    budgets(read: Reader, path: string, raw: JsonValue | undefined): Assumptions["used"] {
      return parseBudgetAmounts(read, path, raw, loaded.bundle)
    },

    /** `{ granted_by, refused_by, waited }` */
    approval(read: Reader, path: string, raw: JsonValue | undefined): AssumedApproval | null {
      if (raw === undefined || raw === null) return null
      if (!loaded.bundle.rules.some(({ effect }) => effect === "require_approval"))
        read.fault(path, "No rule of this bundle requires an approval.")
      const approval = read.object(path, raw, KEYS.approval)
      const at = `${path}/granted_by`
      const grantedBy = read.list(at, approval["granted_by"]).map((item, i) => read.text(`${at}/${i}`, item))
      const refused = approval["refused_by"]
      const refusedBy = refused === undefined ? null : read.text(`${path}/refused_by`, refused)
      grantedBy.forEach((principal, i) => {
        if (principal === refusedBy || grantedBy.indexOf(principal) < i)
          read.fault(`${at}/${i}`, `"${principal}" decides once.`)
      })
      if (grantedBy.length > MAX_APPROVALS) read.fault(at, `At most ${MAX_APPROVALS} principals grant an approval.`)
      return { grantedBy, refusedBy, waitedMs: read.duration(`${path}/waited`, approval["waited"]) ?? 0 }
    },
  }

  function readWindows(
    read: Reader,
    path: string,
    raw: JsonValue,
    name: string,
    asked: readonly HistoryRead[],
  ): readonly AssumedWindow[] {
    const isSumless = Object.hasOwn(declared, name) && declared[name]?.value === undefined
    const windows = Object.entries(read.object(path, raw, null)).map(([text, value]) => {
      const at = `${path}/${text}`
      const windowMs = read.duration(at + KEY, text) ?? 0
      if (windowMs > 0 && asked.length > 0 && !asked.some((one) => one.windowMs === windowMs))
        read.fault(at + KEY, `No condition asks for this window of "${name}".`, `Asked for: ${showWindows(asked)}.`)
      const said = read.object(at, value, KEYS.window)
      if (said["sum"] !== undefined && isSumless)
        read.fault(`${at}/sum`, `The history "${name}" declares no value, so it has no sum.`)
      return {
        at,
        windowMs,
        count: said["count"] === undefined ? null : countOf(read, `${at}/count`, said["count"]),
        micros: said["sum"] === undefined ? null : microsOf(read, `${at}/sum`, said["sum"], "A sum"),
      }
    })
    const isMore = (one: number | null, other: number | null) => one !== null && other !== null && one > other
    for (const { at, windowMs, count, micros } of windows) {
      const shorter = windows.filter((one) => one.windowMs < windowMs)
      if (shorter.some((one) => isMore(one.count, count) || isMore(one.micros, micros)))
        read.fault(at, "A shorter window has more than this one, which holds it.")
    }
    return windows
  }
}

function countOf(read: Reader, path: string, raw: JsonValue): number {
  if (typeof raw === "number" && Number.isSafeInteger(raw) && raw >= 0) return raw
  read.fault(path, "A count is a whole number, from 0 on.")
  return 0
}

/** Units by name: what is used, or is expected to be. In millionths. */
export function parseBudgetAmounts(
  read: Reader,
  path: string,
  raw: JsonValue | undefined,
  { budgets = {} }: Pick<Bundle, "budgets">,
): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(read.object(path, raw, null)).map(([name, value]) => {
      const at = `${path}/${name}`
      if (!Object.hasOwn(budgets, name))
        read.fault(at + KEY, `No budget "${name}" is declared.`, suggest(name, Object.keys(budgets)))
      return [name, microsOf(read, at, value, "What is used")]
    }),
  )
}

function showWindows(asked: readonly HistoryRead[]): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const
  const show = (ms: number) => {
    const [unit, size] = units.find(([, each]) => ms % each === 0) as (typeof units)[number]
    return `${ms / size}${unit}`
  }
  return [...new Set(asked.map(({ windowMs }) => windowMs))]
    .sort((a, b) => a - b)
    .map(show)
    .join(", ")
}
