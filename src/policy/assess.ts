/** What a bundle decides on a request where all that only a daemon knows is as it is assumed to be. Pure and total. */
import { type AssumedApproval, type Assumptions, assumedPast } from "./assumptions.ts"
import { MICROS } from "./bundle.ts"
import type { Past } from "./past.ts"
import type { ApprovalRequirement, Charge, Policy, PolicyOutcome, PolicyReason, PolicyRequest } from "./types.ts"

export interface Assessment {
  /** What Authorize answers where nothing else stands against it. */
  readonly decision: PolicyOutcome["decision"]
  readonly checks: {
    readonly identity: readonly PolicyReason[]
    readonly context: readonly PolicyReason[]
    /** Undefined: not reached. */
    readonly environment_trust: readonly PolicyReason[] | undefined
    readonly authorization_state: readonly PolicyReason[] | undefined
    readonly execution_eligibility: readonly PolicyReason[] | undefined
  }
  /** Null when evaluation was not reached. */
  readonly outcome: PolicyOutcome | null
}

/** `evaluate` is called only for a request that fits the declared types. */
export function assess(
  policy: Policy,
  request: PolicyRequest,
  assumptions: Assumptions,
  evaluate: (past: Past) => PolicyOutcome,
): Assessment {
  const identity = policy.checkSubject(request)
  const context = policy.checkContext(request)
  const outcome = context.length === 0 ? evaluate(assumedPast(assumptions)) : null
  const { approval, runtime } = assumptions
  const approvalFaults = outcome && approval ? checkApproval(approval, outcome.approval) : []
  const checks = {
    identity,
    context,
    environment_trust: outcome ? (runtime === "none" ? checkAbsence(outcome) : []) : undefined,
    authorization_state: outcome ? [...approvalFaults, ...checkBudgets(outcome.charges)] : undefined,
    // That the approval which is named is good is the fifth check's question, no longer the sixth's.
    execution_eligibility: outcome?.approval && approval ? [] : outcome?.reasons,
  }
  return { decision: combineChecks(Object.values(checks), outcome), checks, outcome }
}

/**
 * ALLOW only if all checks pass; REQUIRE_APPROVAL only if nothing but the approval is missing; anything else is a DENY.
 * Undefined: not reached.
 */
export function combineChecks(
  checks: readonly (readonly { readonly code: string }[] | undefined)[],
  outcome: PolicyOutcome | null,
): PolicyOutcome["decision"] {
  if (!outcome || outcome.decision === "DENY") return "DENY"
  if (checks.every((reasons) => reasons?.length === 0)) return "ALLOW"
  const onlyMissing = checks.every((reasons) =>
    reasons?.every(({ code }) => code === "APPROVAL_REQUIRED" || code === "APPROVAL_PENDING"),
  )
  return outcome.decision === "REQUIRE_APPROVAL" && onlyMissing ? "REQUIRE_APPROVAL" : "DENY"
}

/** Of a request that names no runtime: that suffices only where every matching allow rule says so. */
export function checkAbsence({ runtimeNotRequired, decision }: PolicyOutcome): readonly PolicyReason[] {
  if (runtimeNotRequired || decision === "DENY") return []
  return [
    {
      code: "NOT_ATTESTED",
      text: "No runtime is named, and not every matching rule says `runtime: none`.",
      pointer: "/runtime_id",
    },
  ]
}

/** Each must have left what the execution draws on it. */
export function checkBudgets(charges: readonly Charge[]): readonly PolicyReason[] {
  return charges
    .filter((charge) => !isWithin(charge))
    .map(({ name, limit, unit, window_ms }) => ({
      code: "BUDGET_EXCEEDED",
      text: `The budget "${name}" of ${limit / MICROS} ${unit}${window_ms === 0 ? "" : ` in ${window_ms / 1000} s`} does not have so much left.`,
    }))
}
export function isWithin({ micros, used, limit }: Charge): boolean {
  return micros <= limit - used
}

const APPROVAL_FAULTS = {
  APPROVAL_PENDING: "The approval has not been granted yet.",
  APPROVAL_REJECTED: "The approval was refused.",
  APPROVAL_EXPIRED: "The approval has lapsed.",
} as const
/** Why an approval that is for this request does not suffice. */
export function approvalFault(code: keyof typeof APPROVAL_FAULTS): readonly PolicyReason[] {
  return [{ code, text: APPROVAL_FAULTS[code], pointer: "/approval_id" }]
}

/** Asked for when the rules required what they require now; where they do not, nothing more than its being granted is asked. */
function checkApproval(
  { grantedBy, refusedBy, waitedMs }: AssumedApproval,
  required: ApprovalRequirement | null,
): readonly PolicyReason[] {
  if (refusedBy !== null) return approvalFault("APPROVAL_REJECTED")
  if (required && waitedMs >= required.lifeMs) return approvalFault("APPROVAL_EXPIRED")
  return grantedBy.length >= (required?.needed ?? 1) ? [] : approvalFault("APPROVAL_PENDING")
}
