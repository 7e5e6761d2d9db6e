/** Budgets as they read now: one, and a page of those that something was drawn on. */
import { WritError } from "../errors.ts"
import { toBase64Url, utf8 } from "../formats/bytes.ts"
import type { Clock } from "../ledger/clock.ts"
import type { RowStore, RowVersion } from "../ledger/consumables.ts"
import type { StoredRecord } from "../ledger/lineage.ts"
import { advance, type BudgetRow, UNTOUCHED, usedOf } from "../policy/budget.ts"
import { MAX_KEY_BYTES } from "../policy/bundle.ts"
import { kindOf } from "../policy/past.ts"
import { readContent } from "./executions.ts"
import { familyOf, type PastOfRecord, rowName } from "./past.ts"
import type { ControlState } from "./state.ts"

export const MAX_PAGE = 500
const DEFAULT_PAGE = 50
const FIRST_KEY = "00000000-0000-0000-0000-000000000000"
/** What stands for a key whose record was erased. */
export const ERASED_KEY = "[erased]"

export interface BudgetState {
  readonly name: string
  readonly key: string
  readonly unit: string
  /** Millionths of the unit. */
  readonly limit: number
  readonly spent: number
  readonly reserved: number
  /** Unix milliseconds; null: it has no window. */
  readonly window: { readonly startMs: number; readonly endMs: number } | null
  readonly version: number
}
export interface BudgetPage {
  readonly budgets: readonly BudgetState[]
  /** Empty on the last page. */
  readonly nextPageToken: string
}

/** A row, and the record that changed it last. */
export interface FoundRow {
  readonly row: RowVersion
  readonly record: Pick<StoredRecord, "payload">
}
export interface BudgetsDependencies {
  readonly clock: Clock
  readonly store: RowStore & {
    /** Those of one family after this key, by key. */
    family(family: string, after: string, limit: number): Promise<readonly FoundRow[]>
  }
  control(): ControlState
}

export function createBudgets({ clock, store, control }: BudgetsDependencies) {
  const declared = () => control().active?.policy.budgets ?? new Map()

  function describe(name: string, key: string, { content, version }: RowVersion): BudgetState {
    const budget = declared().get(name)
    if (!budget) throw new WritError("NOT_FOUND", `The active bundle declares no budget "${name}".`)
    const windowMs = budget.window_ms ?? 0
    const row = advance((content ?? UNTOUCHED) as BudgetRow, windowMs, clock.now().wallMs)
    const { unit, limit_micros: limit } = budget
    const window = windowMs === 0 ? null : { startMs: row.window, endMs: row.window + windowMs }
    return { name, key, unit, limit, spent: row.spent, reserved: usedOf(row) - row.spent, window, version }
  }

  return {
    /** Also one that nothing was drawn on. Throws NOT_FOUND where the active bundle does not declare it. */
    async get(name: string, key: string): Promise<BudgetState> {
      if (utf8(key).length > MAX_KEY_BYTES)
        throw new WritError("INVALID_REQUEST", `key must be at most ${MAX_KEY_BYTES} bytes.`)
      const [row] = await store.rows([rowName({ kind: "budget", name, key })])
      return describe(name, key, row as RowVersion)
    },

    /** Of the active bundle, by name; `name` empty: of all. */
    async list(name: string, pageSize: number, pageToken: string): Promise<BudgetPage> {
      if (pageSize < 0 || pageSize > MAX_PAGE)
        throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
      const limit = pageSize || DEFAULT_PAGE
      const position = pageToken === "" ? { name: "", key: FIRST_KEY } : parsePosition(pageToken)
      const names = [...declared().keys()].filter((each) => name === "" || each === name).sort()
      const budgets: BudgetState[] = []
      let last = position
      for (const each of names.filter((candidate) => candidate >= position.name)) {
        const after = each === position.name ? position.key : FIRST_KEY
        const found = await store.family(familyOf("budget", each), after, limit - budgets.length + 1)
        for (const { row, record } of found) {
          if (budgets.length === limit) return { budgets, nextPageToken: toToken(last) }
          budgets.push(describe(each, keyOf(row, record), row))
          last = { name: each, key: row.key }
        }
      }
      return { budgets, nextPageToken: "" }
    },
  }
}

/** What the row is counted for, as the record says that changed it last. */
function keyOf({ key }: RowVersion, record: FoundRow["record"]): string {
  const { consumed = [] } = (readContent(record) ?? {}) as PastOfRecord
  const step = consumed.find((each) => rowName({ kind: kindOf(each), name: each.name, key: each.key }).key === key)
  return step?.key ?? ERASED_KEY
}

function toToken(position: { readonly name: string; readonly key: string }): string {
  return toBase64Url(utf8(JSON.stringify([position.name, position.key])))
}
function parsePosition(token: string): { readonly name: string; readonly key: string } {
  try {
    const [name, key] = JSON.parse(Buffer.from(token.slice(0, 1_000), "base64url").toString("utf8")) as unknown[]
    if (typeof name === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(key)))
      return { name, key: String(key) }
  } catch {} // of another shape: said below
  throw new WritError("INVALID_REQUEST", "page_token is not one that a page gave.")
}
