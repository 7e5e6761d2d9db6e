/** The six determinations, in order, each with a status and stable reasons. Pure and total. */
import { CHECK_NAMES, type CheckName } from "../ledger/record.ts"
import type { PolicyOutcome, PolicyRequest } from "../policy/types.ts"
import type { Snapshot } from "./snapshot.ts"
import type { ControlState, Reason } from "./state.ts"

/** Of one check. A request can be wrong in thousands of places, and all that is reported is recorded. */
export const MAX_REASONS = 32

export interface CheckResult {
  readonly name: CheckName
  readonly status: "PASS" | "FAIL" | "NOT_REACHED"
  readonly reasons: readonly Reason[]
}

export interface Determination {
  readonly decision: "ALLOW" | "DENY" | "REQUIRE_APPROVAL"
  readonly checks: readonly CheckResult[]
  /** Null when evaluation was not reached. */
  readonly outcome: PolicyOutcome | null
}

/** ALLOW only if all six pass; REQUIRE_APPROVAL only if nothing but the approval is missing; anything else is a DENY. */
export function determine(state: ControlState, request: Snapshot, policyRequest: PolicyRequest): Determination {
  const policy = state.active?.policy
  const identity = policy?.checkSubject(policyRequest)
  const context = policy?.checkContext(policyRequest)
  const validity = state.active
    ? state.active.problems
    : [{ code: "BUNDLE_MISSING", text: "No policy bundle is active." } as const]
  // Conversion relies on a request that fits the declared types.
  const outcome = policy && context?.length === 0 ? policy.evaluate(policyRequest, request.supportedObligations) : null
  const found: Record<CheckName, readonly Reason[] | undefined> = {
    identity,
    context,
    policy_validity: validity,
    environment_trust: checkEnvironment(request, outcome),
    authorization_state: checkAuthorizationState(request),
    execution_eligibility: outcome?.reasons,
  }
  const checks = CHECK_NAMES.map((name): CheckResult => {
    const reasons = found[name]
    if (!reasons) return { name, status: "NOT_REACHED", reasons: [] }
    return {
      name,
      status: reasons.length === 0 ? "PASS" : "FAIL",
      reasons: reasons.length > MAX_REASONS ? reasons.slice(0, MAX_REASONS) : reasons,
    }
  })
  return { decision: decide(checks, outcome), checks, outcome }
}

function decide(checks: readonly CheckResult[], outcome: PolicyOutcome | null): Determination["decision"] {
  if (!outcome || outcome.decision === "DENY") return "DENY"
  const others = checks.filter((check) => check.name !== "execution_eligibility")
  if (others.some((check) => check.status !== "PASS")) return "DENY"
  if (outcome.decision === "REQUIRE_APPROVAL") return "REQUIRE_APPROVAL"
  return checks.every((check) => check.status === "PASS") ? "ALLOW" : "DENY"
}

/** No runtime can be registered yet, so naming one proves nothing; naming none suffices only where every rule says so. */
function checkEnvironment(request: Snapshot, outcome: PolicyOutcome | null): readonly Reason[] | undefined {
  if (request.runtimeId !== "") {
    return [
      {
        code: "NOT_ATTESTED",
        text: "The runtime is not registered, so its integrity is not known.",
        pointer: "/runtime_id",
      },
    ]
  }
  if (!outcome) return undefined
  if (outcome.runtimeNotRequired || outcome.decision === "DENY") return []
  return [
    {
      code: "NOT_ATTESTED",
      text: "No runtime is named, and not every matching rule says `runtime: none`.",
      pointer: "/runtime_id",
    },
  ]
}

function checkAuthorizationState(request: Snapshot): readonly Reason[] {
  const reasons: Reason[] = []
  if (request.parentExecutionId !== "") {
    reasons.push({
      code: "PARENT_NOT_ATTESTED",
      text: "The parent's runtime is not registered, so its proof cannot be checked.",
      pointer: "/parent_execution_id",
    })
  }
  if (request.approvalId !== "") {
    reasons.push({ code: "APPROVAL_UNKNOWN", text: "There is no such approval.", pointer: "/approval_id" })
  }
  return reasons
}
