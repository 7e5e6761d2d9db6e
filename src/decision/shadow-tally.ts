/** What a shadow bundle has come to since its thread began: counts, and what would change by the rule that does it. */
import { MAX_CHANGES, MAX_EXAMPLES, type Side, strictestFirst, whatMadeIt } from "./rule-changes.ts"
import { type ComparedByShadow, type NotComparable, SHADOW_OUTCOMES, type ShadowOutcome } from "./shadow-comparison.ts"

/** Each decision is in one of the outcomes; those that erred are also counted apart. */
export type ShadowCounts = Readonly<Record<ShadowOutcome | "errored", number>>

/** Execution ids name nobody: who and what it was is in the records, as long as they are not erased. */
export interface ShadowChange {
  readonly from: Side["decision"]
  readonly to: Side["decision"]
  /** As in `RuleChange`. */
  readonly rule: string
  readonly code: string
  /** What differs, e.g. "obligations". */
  readonly differences: readonly string[]
  count: number
  /** The first that came. */
  readonly executions: string[]
}

export interface Tallied {
  readonly counts: ShadowCounts
  /** What would newly be denied first, then by count. */
  readonly changes: readonly ShadowChange[]
}

export const NOTHING_TALLIED: Tallied = { counts: noCounts(), changes: [] }

export class ShadowTally {
  readonly #counts: Record<keyof ShadowCounts, number> = noCounts()
  readonly #changes = new Map<string, ShadowChange>()

  add(compared: NotComparable | ComparedByShadow): void {
    this.#counts[compared.outcome]++
    if (compared.outcome === "not_comparable") return
    if (compared.hasErred) this.#counts.errored++
    if (compared.outcome === "same") return
    const { before, after, differences, executionId } = compared
    const isVerdict = before.decision !== after.decision
    let { rule, code } = isVerdict ? whatMadeIt(before, after) : whatDiffers(before, after)
    const what = isVerdict ? ["decision"] : differences
    const key = () => JSON.stringify([before.decision, after.decision, rule, code, what])
    if (!this.#changes.has(key()) && this.#changes.size >= MAX_CHANGES) ({ rule, code } = OTHERS)
    let change = this.#changes.get(key())
    if (!change) {
      change = { from: before.decision, to: after.decision, rule, code, differences: what, count: 0, executions: [] }
      this.#changes.set(key(), change)
    }
    change.count++
    if (executionId !== "" && change.executions.length < MAX_EXAMPLES) change.executions.push(executionId)
  }

  tell(): Tallied {
    return { counts: { ...this.#counts }, changes: [...this.#changes.values()].sort(strictestFirst) }
  }
}
const OTHERS = { rule: "", code: "OTHERS" }

function noCounts(): Record<keyof ShadowCounts, number> {
  return Object.fromEntries([...SHADOW_OUTCOMES, "errored"].map((name) => [name, 0])) as Record<
    keyof ShadowCounts,
    number
  >
}

/** Of two equal verdicts: the reason that came, or the one that is gone, or the rule that matches in only one of the two. */
function whatDiffers(before: Side, after: Side): { readonly rule: string; readonly code: string } {
  const only = (mine: Side, other: Side) =>
    mine.reasons.find(({ code, rule }) => !other.reasons.some((same) => same.code === code && same.rule === rule))
  const reason = only(after, before) ?? only(before, after)
  if (reason) return { rule: reason.rule ?? "", code: reason.code }
  const rule =
    after.matchedRules.find((id) => !before.matchedRules.includes(id)) ??
    before.matchedRules.find((id) => !after.matchedRules.includes(id))
  return { rule: rule ?? "", code: "" }
}
