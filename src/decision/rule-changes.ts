/** Decisions that come out otherwise, by the rule that makes the difference: who would newly be denied, who newly allowed. */
import type { DecisionData } from "../ledger/record.ts"
import type { Named } from "./recorded-decision.ts"
import type { Reason } from "./state.ts"

type Verdict = DecisionData["decision"]

/** Of different rules and reasons; what is beyond is counted in one. */
export const MAX_CHANGES = 256
/** Subjects, actions, resources and executions that a change names. */
export const MAX_EXAMPLES = 5

/** One decision by two bundles. */
export interface Compared {
  readonly executionId: string
  readonly subject: Named
  readonly action: string
  readonly resource: Named
  readonly before: Side
  readonly after: Side
}
export interface Side {
  readonly decision: Verdict
  readonly reasons: readonly Reason[]
  readonly matchedRules: readonly string[]
}

export interface RuleChange {
  readonly from: Verdict
  readonly to: Verdict
  /** The rule that makes the difference; empty where it is none, and for what is beyond the limit. */
  readonly rule: string
  /** Why: the reason that came, or the one that is gone. Empty: a rule allows that did not match before. */
  readonly code: string
  count: number
  /** Each once, the first that came. */
  readonly subjects: string[]
  readonly actions: string[]
  readonly resources: string[]
  readonly executions: string[]
}

export class RuleChanges {
  readonly #changes = new Map<string, RuleChange>()

  /** Counts what changes the decision; the same decision for other reasons is no change. */
  add({ executionId, subject, action, resource, before, after }: Compared): void {
    if (before.decision === after.decision) return
    let { rule, code } = whatMadeIt(before, after)
    const key = () => JSON.stringify([before.decision, after.decision, rule, code])
    if (!this.#changes.has(key()) && this.#changes.size >= MAX_CHANGES) ({ rule, code } = OTHERS)
    const change = this.#changes.get(key()) ?? {
      from: before.decision,
      to: after.decision,
      rule,
      code,
      count: 0,
      subjects: [],
      actions: [],
      resources: [],
      executions: [],
    }
    this.#changes.set(key(), change)
    change.count++
    keep(change.subjects, `${subject.type}:${subject.id}`)
    keep(change.actions, action)
    keep(change.resources, `${resource.type}:${resource.id}`)
    if (executionId !== "") keep(change.executions, executionId)
  }

  /** Newly denied first, then by how many. */
  list(): readonly RuleChange[] {
    return [...this.#changes.values()].sort(strictestFirst)
  }
}

type Ordered = Pick<RuleChange, "to" | "count" | "rule">
export function strictestFirst(a: Ordered, b: Ordered): number {
  return Number(a.to === "ALLOW") - Number(b.to === "ALLOW") || b.count - a.count || (a.rule < b.rule ? -1 : 1)
}
const OTHERS = { rule: "", code: "OTHERS" }

/** A new reason with its rule; or the rule that no longer allows; or the one that no longer denies; or the one that now allows. */
export function whatMadeIt(before: Side, after: Side): { readonly rule: string; readonly code: string } {
  const isStricter = RANK[after.decision] < RANK[before.decision]
  const [mine, other] = isStricter ? [after, before] : [before, after]
  const reason =
    mine.reasons.find(({ rule }) => rule !== undefined && !other.reasons.some((same) => same.rule === rule)) ??
    mine.reasons[0]
  if (reason?.rule !== undefined) return { rule: reason.rule, code: reason.code }
  // Nothing names a rule: it is the one that matches in only one of the two.
  const rule = other.matchedRules.find((id) => !mine.matchedRules.includes(id)) ?? ""
  return { rule, code: reason?.code ?? "" }
}
const RANK: Readonly<Record<Verdict, number>> = { DENY: 0, REQUIRE_APPROVAL: 1, ALLOW: 2 }

function keep(list: string[], item: string): void {
  if (list.length < MAX_EXAMPLES && !list.includes(item)) list.push(item)
}
