/** The past as one decision sees it: what is durable and what is in flight; and what the decision makes of it. */
import { sha256Hex } from "../crypto.ts"
import type { Consumables, RowName, RowUse, RowVersion } from "../ledger/consumables.ts"
import type { StoredRecord } from "../ledger/lineage.ts"
import {
  applyStep,
  type Consumed,
  countsOf,
  kindOf,
  type Past,
  type Reading,
  type RowOf,
  readRow,
  type Step,
} from "../policy/past.ts"
import type { PolicyOutcome } from "../policy/types.ts"
import type { TokenClaims } from "../token/token.ts"
import { readContent } from "./executions.ts"

export function rowName({ kind, name, key }: RowOf): RowName {
  return { key: toUuid(`writ/consumable/v1\n${kind}\0${name}\0${key}`), family: familyOf(kind, name) }
}
/** All rows of a history or a budget, whatever they are counted for. */
export function familyOf(kind: RowOf["kind"], name: string): string {
  return toUuid(`writ/consumables/v1\n${kind}\0${name}`)
}
function toUuid(of: string): string {
  const hex = sha256Hex(of)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** What a record says of the past, in its payload; absent members: nothing. */
export type PastOfRecord = {
  readonly readings?: readonly Reading[]
  readonly consumed?: readonly Consumed[]
}
export interface Consumption {
  readonly record: PastOfRecord
  readonly uses: readonly RowUse[]
}

/** One decision's view: what it reads is noted, so that the append can prove that it is still so. */
export class PastView {
  readonly #rows: Consumables
  readonly #nowMs: number
  readonly #read = new Map<string, { readonly of: RowOf; readonly row: RowVersion }>()
  readonly #readings: Reading[] = []

  constructor(rows: Consumables, nowMs: number) {
    this.#rows = rows
    this.#nowMs = nowMs
  }

  readonly read: Past = (question) => {
    const { name, key } = question
    const row = this.#find({ kind: question.kind === "budget" ? "budget" : "history", name, key })
    const value = row && readRow(row.content, question, this.#nowMs)
    if (!row || value === null) return null
    this.#readings.push({ ...question, value, version: row.version })
    return { value, version: row.version }
  }

  /** Null: a step cannot be made, because what was reserved has ended. */
  consume(steps: readonly Step[]): Consumption | null {
    const next = new Map<string, RowVersion>()
    const consumed: Consumed[] = []
    const take = (step: Step): boolean => {
      const { key } = rowName({ kind: kindOf(step), name: step.name, key: step.key })
      const row = next.get(key) ?? this.#find({ kind: kindOf(step), name: step.name, key: step.key })
      const content = row && applyStep(row.content, step, this.#nowMs)
      if (!row || !content) return false
      const version = row.version + 1
      next.set(key, { ...row, version, content })
      consumed.push({ ...step, version })
      return true
    }
    if (!steps.every(take)) return null
    // Of two decisions that each read as absent what the other makes, one has to find that it is there.
    if (steps.length > 0)
      for (const [key, { of, row }] of this.#read) if (row.version === 0 && !next.has(key)) take({ op: "note", ...of })
    const uses = [...this.#read].map(([key, { row }]) => ({ read: row, next: next.get(key) ?? null }))
    return {
      uses,
      record: {
        ...(consumed.length > 0 && { consumed }),
        ...(this.#readings.length > 0 && { readings: this.#readings }),
      },
    }
  }

  #find(of: RowOf): RowVersion | null {
    const { key } = rowName(of)
    const known = this.#read.get(key)?.row
    if (known) return known
    const row = this.#rows.newest(key) ?? null
    if (row) this.#read.set(key, { of, row })
    return row
  }
}

/** What a decision adds to the past: the histories that count it and, of an ALLOW, what its budgets hold back. */
export function stepsOf(
  outcome: PolicyOutcome | null,
  decision: PolicyOutcome["decision"],
  claims: TokenClaims | null,
): readonly Step[] {
  if (!outcome) return []
  const counts = countsOf(outcome.counts, decision).map(
    ({ name, key, micros, windows_ms }): Step => ({ op: "count", name, key, micros, windows_ms }),
  )
  if (!claims) return counts
  // Nobody says that an offline token was used, so it counts as if it were.
  const until = claims.use === "offline" ? {} : { exp: claims.exp }
  const reserved = outcome.charges.map(
    ({ name, key, micros, window_ms }): Step => ({ op: "reserve", name, key, micros, window_ms, ...until }),
  )
  return [...counts, ...reserved]
}

/** What was reserved for an execution, by its decision's payload, and is to be spent or free again. */
export function stepsAfter(op: "spend" | "release", decision: StoredRecord): readonly Step[] {
  const record = readContent(decision) as PastOfRecord | null
  return (record?.consumed ?? []).flatMap((step): Step[] => {
    if (step.op !== "reserve" || step.exp === undefined) return []
    const { name, key, micros, window_ms, exp } = step
    return [{ op, name, key, micros, window_ms, exp }]
  })
}

export function rowsOfSteps(steps: readonly Step[]): readonly RowOf[] {
  return steps.map((step) => ({ kind: kindOf(step), name: step.name, key: step.key }))
}

/** Resolves when these rows can be read without waiting; they may be forgotten again later: ask `areKnown`. */
export async function loadRows(rows: Consumables, of: readonly RowOf[]): Promise<void> {
  await rows.load(of.map(rowName))
}
export function areKnown(rows: Consumables, of: readonly RowOf[]): boolean {
  return of.every((row) => rows.newest(rowName(row).key) !== undefined)
}
