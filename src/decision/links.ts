/** What a decision's record links to, and the rows that it writes beside itself. */
import type { Effect } from "../ledger/store.ts"
import { approvalDigest, toWaiting } from "./approval.ts"
import type { Determination } from "./determine.ts"
import { toChild, toParentLink } from "./parent.ts"
import { type DecisionLinks, isAsking, type Verdict } from "./seal.ts"
import type { Snapshot } from "./snapshot.ts"

export function linksOf(verdict: Verdict, determination: Determination, request: Snapshot): DecisionLinks {
  const { approvals, outcome, parent } = determination
  const rules = outcome?.approval?.rules
  return {
    ...(verdict.claims && parent && { parent: toParentLink(parent) }),
    ...(verdict.claims && approvals.named && { previous: approvals.named.last }),
    ...(rules && isAsking(verdict) && { asked: { digest: approvalDigest(request), rules } }),
  }
}

/** A child has a row, and so has what asks for an approval; what was approved goes on from where it waited. */
export function effectsOf({ approvals, parent }: Determination, verdict: Verdict, nowMs: number): Effect[] {
  const { claims, approval, executionId } = verdict
  const { named, queue } = approvals
  const effects: Effect[] = []
  if (claims && named) effects.push({ kind: "execution", executionId, previous: named.version, to: "AUTHORIZED" })
  if (claims && parent) effects.push(toChild(parent, executionId, nowMs))
  if (approval && queue && isAsking(verdict)) effects.push(toWaiting(queue, approval, nowMs))
  return effects
}
