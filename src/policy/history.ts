/** What a history counts for one key: buckets of each window that conditions ask for. Plain JSON, never changed in place. */

/** Of one window; with the one that is being filled there are 61, so that no window is ever seen shorter than it is. */
export const HISTORY_BUCKETS = 60
/** Of one row, also windows that an earlier bundle asked for. */
export const MAX_ROW_WINDOWS = 16

/** Its number, and the decisions and millionths that fall into it. */
export type Bucket = readonly [number: number, count: number, micros: number]
export type HistoryRow = {
  /** By the window's length in milliseconds; the newest bucket last. */
  readonly windows: { readonly [ms: string]: readonly Bucket[] }
}

export const NO_HISTORY: HistoryRow = { windows: {} }

/** Decisions within the window before `nowMs`. */
export function countWithin(row: HistoryRow, windowMs: number, nowMs: number): number {
  let count = 0
  for (const [, decisions] of within(row, windowMs, nowMs)) count += decisions
  return count
}

/** Millionths within the window before `nowMs`; null when they are more than a number holds exactly. */
export function sumWithin(row: HistoryRow, windowMs: number, nowMs: number): number | null {
  let sum = 0
  for (const [, , micros] of within(row, windowMs, nowMs)) sum += micros
  return sum < Number.MAX_SAFE_INTEGER ? sum : null
}

/** The row with one decision more. A sum stops where a number is not exact any more, and cannot be read from there on. */
export function addTo(row: HistoryRow, windows: readonly number[], micros: number, nowMs: number): HistoryRow {
  const kept = Object.keys(row.windows)
    .map(Number)
    .filter((windowMs) => !windows.includes(windowMs))
    .slice(0, MAX_ROW_WINDOWS - windows.length)
  const made: Record<string, readonly Bucket[]> = {}
  for (const windowMs of [...windows, ...kept]) {
    const buckets = row.windows[windowMs] ?? []
    const number = newestOf(buckets, windowMs, nowMs)
    const last = buckets.at(-1)
    const [, count, sum] = last && last[0] === number ? last : [number, 0, 0]
    const before = buckets.filter(([other]) => other !== number && other >= number - HISTORY_BUCKETS)
    made[windowMs] = [...before, [number, count + 1, Math.min(sum + micros, Number.MAX_SAFE_INTEGER)]]
  }
  return { windows: made }
}

function* within(row: HistoryRow, windowMs: number, nowMs: number): Generator<Bucket> {
  const buckets = row.windows[windowMs] ?? []
  const oldest = newestOf(buckets, windowMs, nowMs) - HISTORY_BUCKETS
  for (const bucket of buckets) if (bucket[0] >= oldest) yield bucket
}

/** Where `nowMs` falls. Time in a row never runs backwards, though the clocks of replicas differ. */
function newestOf(buckets: readonly Bucket[], windowMs: number, nowMs: number): number {
  return Math.max(Math.floor((nowMs * HISTORY_BUCKETS) / windowMs), buckets.at(-1)?.[0] ?? 0)
}
