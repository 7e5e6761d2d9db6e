/** What of a budget is reserved and spent for one key. Plain JSON, never changed in place; amounts in millionths of the unit. */

export type BudgetRow = {
  /** By the second at which the tokens end that they were reserved for, the next one first. */
  readonly reserved: readonly (readonly [exp: number, micros: number])[]
  readonly spent: number
  /** Unix milliseconds: what ended before has been released. Never runs backwards, though the clocks of replicas differ. */
  readonly through: number
  /** When the window that `spent` belongs to began, Unix milliseconds; 0: it has none. */
  readonly window: number
}

export const UNTOUCHED: BudgetRow = { reserved: [], spent: 0, through: 0, window: 0 }

/** The row as it reads at a moment: reservations end with their tokens, spending with its window. `windowMs` 0: none. */
export function advance(row: BudgetRow, windowMs: number, nowMs: number): BudgetRow {
  const through = Math.max(row.through, nowMs)
  const window = windowMs === 0 ? 0 : Math.floor(through / windowMs) * windowMs
  return {
    reserved: row.reserved.filter(([exp]) => exp * 1000 > through),
    spent: window > row.window ? 0 : row.spent,
    through,
    window: Math.max(window, row.window),
  }
}

/** Reserved and spent together. */
export function usedOf(row: BudgetRow): number {
  return row.reserved.reduce((sum, [, micros]) => sum + micros, row.spent)
}

/** With so much held back until `exp` (Unix seconds); null: a token that nobody redeems, so it is spent at once. */
export function reserve(
  before: BudgetRow,
  micros: number,
  exp: number | null,
  windowMs: number,
  nowMs: number,
): BudgetRow {
  const row = advance(before, windowMs, nowMs)
  if (exp === null) return { ...row, spent: row.spent + micros }
  const same = row.reserved.find(([other]) => other === exp)?.[1] ?? 0
  const others = row.reserved.filter(([other]) => other !== exp)
  return { ...row, reserved: [...others, [exp, same + micros] as const].sort(([a], [b]) => a - b) }
}

/** What was reserved until `exp` and is no more so; null when it has ended meanwhile. */
export function release(
  before: BudgetRow,
  micros: number,
  exp: number,
  windowMs: number,
  nowMs: number,
): BudgetRow | null {
  const row = advance(before, windowMs, nowMs)
  const held = row.reserved.find(([other]) => other === exp)?.[1] ?? -1
  if (held < micros) return null
  const others = row.reserved.filter(([other]) => other !== exp)
  const rest = held - micros
  return { ...row, reserved: rest === 0 ? others : [...others, [exp, rest] as const].sort(([a], [b]) => a - b) }
}

/** What was reserved until `exp` is spent; null when the reservation has ended meanwhile. */
export function spend(
  before: BudgetRow,
  micros: number,
  exp: number,
  windowMs: number,
  nowMs: number,
): BudgetRow | null {
  const row = release(before, micros, exp, windowMs, nowMs)
  return row && { ...row, spent: row.spent + micros }
}
