/** One live decision by the shadow bundle: how it would have come out. Pure; what was read of the world is read off the record. */
import type { Policy } from "../policy/types.ts"
import { type DecisionRecord, readDecisionContent, readDecisionLeaf } from "./recorded-decision.ts"
import { compareOutcome, type Difference, decideAgain, isWhole, reasonsOf } from "./replay.ts"
import type { Side } from "./rule-changes.ts"

export const SHADOW_OUTCOMES = [
  "same",
  "newly_denied",
  "newly_allowed",
  "newly_held", // it would wait for an approval
  "otherwise", // the same verdict for other reasons, or with other rules, obligations or risk
  "not_comparable", // the record lacks what the shadow bundle asks for, or what was asked
] as const
export type ShadowOutcome = (typeof SHADOW_OUTCOMES)[number]

/** The record does not hold all that the shadow bundle would have had to know. */
export interface NotComparable {
  readonly outcome: "not_comparable"
}
export interface ComparedByShadow {
  readonly outcome: Exclude<ShadowOutcome, "not_comparable">
  readonly executionId: string
  readonly differences: readonly Difference[]
  readonly before: Side
  readonly after: Side
  /** A condition of the shadow bundle failed, or its cost was used up: that denies. */
  readonly hasErred: boolean
}

/**
 * The record is this daemon's own, as it was appended. Histories and budgets are those that the decision read, of that name
 * and window; where the shadow bundle asks for others, or the request was not recorded whole, there is nothing to compare.
 */
export function compareByShadow(record: DecisionRecord, policy: Policy): NotComparable | ComparedByShadow {
  const leaf = readDecisionLeaf(record.body)
  const found = leaf && record.payload && readDecisionContent(record.payload)
  if (!found || !isWhole(found)) return { outcome: "not_comparable" }
  let isUnread = false
  const determination = decideAgain(leaf, found, { policy, problems: [] }, () => {
    isUnread = true
  })
  if (isUnread) return { outcome: "not_comparable" }
  const differences = [...compareOutcome(leaf, found.content, determination)]
  const reasons = determination.checks.flatMap((check) => check.reasons)
  const { decision } = determination
  return {
    outcome:
      differences.length === 0 ? "same" : decision === leaf.data.decision ? "otherwise" : NEWLY[determination.decision],
    executionId: leaf.executionId,
    differences,
    before: { decision: leaf.data.decision, reasons: reasonsOf(found.content), matchedRules: leaf.data.matched_rules },
    after: { decision, reasons, matchedRules: determination.outcome?.matchedRules ?? [] },
    hasErred: reasons.some(({ code }) => code === "CONDITION_ERROR" || code === "COST_EXCEEDED"),
  }
}
const NEWLY = { ALLOW: "newly_allowed", DENY: "newly_denied", REQUIRE_APPROVAL: "newly_held" } as const
