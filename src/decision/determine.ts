/** The six determinations, in order, each with a status and stable reasons. Pure and total. */
import { CHECK_NAMES, type CheckName } from "../ledger/record.ts"
import { checkAbsence, checkBudgets, combineChecks } from "../policy/assess.ts"
import type { Past } from "../policy/past.ts"
import type { PolicyOutcome, PolicyRequest } from "../policy/types.ts"
import { type Runtime, runtimeKey } from "../runtime/runtime.ts"
import type { RuntimeState } from "../runtime/states.ts"
import { MIN_TTL_MS } from "../token/token.ts"
import { type Approvals, checkApproval, checkQueue, NO_APPROVALS } from "./approval.ts"
import { isMeasurementGood } from "./measurement.ts"
import { checkParent, type Parent } from "./parent.ts"
import type { Snapshot } from "./snapshot.ts"
import { bundleProblems, type ControlState, type Reason } from "./state.ts"

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
  /** The runtime that was named, as it is, and how long its lease still lasts; null where none is, or it is not known. */
  readonly runtime: Runtime | null
  readonly leaseLeftMs: number | null
  /** The execution on whose behalf it is requested. */
  readonly parent: Parent | null
  readonly approvals: Approvals
}

/** Milliseconds that a lease still has; null when nothing was heard of it since the start. */
export type LeaseLeft = (leaseId: string) => number | null
const NO_LEASES: LeaseLeft = () => null

/** A request that names an approval is held to it, whatever the rules say: that it is good is the fifth check's question then, no longer the sixth's. */
export function determine(
  state: ControlState,
  request: Snapshot,
  policyRequest: PolicyRequest,
  leaseLeft: LeaseLeft = NO_LEASES,
  parent: Parent | null = null,
  approvals: Approvals = NO_APPROVALS,
  past?: Past,
): Determination {
  const runtime = (request.runtimeId !== "" && state.runtimes.get(runtimeKey(request.runtimeId))) || null
  const leaseLeftMs = runtime && leaseLeft(runtime.lease_id)
  const policy = state.active?.policy
  const identity = policy?.checkSubject(policyRequest)
  const context = policy?.checkContext(policyRequest)
  const validity = bundleProblems(state, policyRequest.nowMs)
  // Conversion relies on a request that fits the declared types.
  const outcome =
    policy && context?.length === 0
      ? policy.evaluate(policyRequest, request.supportedObligations, undefined, past)
      : null
  const required = outcome?.approval ?? null
  /** Found about approvals; null: none is named, and if one is required, that is the sixth check's finding. */
  const approval =
    request.approvalId !== ""
      ? checkApproval(request, approvals, required, policy?.digest ?? "", policyRequest.nowMs)
      : required && checkQueue(approvals)
  const found: Record<CheckName, readonly Reason[] | undefined> = {
    identity,
    context,
    policy_validity: validity,
    environment_trust:
      request.runtimeId === ""
        ? outcome
          ? checkAbsence(outcome)
          : undefined
        : checkRuntime(state, runtime, leaseLeftMs, policyRequest.nowMs),
    authorization_state: [
      ...checkParentOf(state, request, parent, policyRequest.nowMs, leaseLeft),
      ...(approval ?? []),
      ...checkBudgets(outcome?.charges ?? []),
    ],
    execution_eligibility: required && approval ? [] : outcome?.reasons,
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
  const decision = combineChecks(
    CHECK_NAMES.map((name) => found[name]),
    outcome,
  )
  return { decision, checks, outcome, runtime, leaseLeftMs, parent, approvals }
}

const DISTRUSTED: Readonly<Record<Exclude<RuntimeState, "TRUSTED">, string>> = {
  PROVISIONAL: "The runtime is registered, and has not beaten well enough yet.",
  SUSPECT: "The runtime is suspect.",
  QUARANTINED: "The runtime is quarantined.",
  REVOKED: "The runtime's key was revoked.",
  ENDED: "The runtime has ended.",
}

/** Registered, trusted, alive, and running what the policy accepts. Who names a runtime is held to it, whatever the rules say. */
export function checkRuntime(
  state: ControlState,
  runtime: Runtime | null,
  leaseLeftMs: number | null,
  nowMs: number,
): readonly Reason[] {
  const fail = (code: Reason["code"], text: string): Reason[] => [{ code, text, pointer: "/runtime_id" }]
  if (!runtime) return fail("RUNTIME_UNKNOWN", "The runtime is not registered, so its integrity is not known.")
  if (runtime.state !== "TRUSTED") return fail(`RUNTIME_${runtime.state}`, DISTRUSTED[runtime.state])
  if (leaseLeftMs === null)
    return fail(
      "RUNTIME_STALE",
      "Nothing was heard of the runtime since this daemon started; its next beat changes that.",
    )
  // A token lives no longer than the lease, and no shorter than this.
  if (leaseLeftMs < MIN_TTL_MS) return fail("LEASE_LAPSED", "The runtime's lease has lapsed.")
  if (state.active && !isMeasurementGood(state, runtime, nowMs))
    return fail("MEASUREMENTS_REFUSED", "The active policy does not accept what the runtime measured.")
  return []
}

function checkParentOf(
  state: ControlState,
  request: Snapshot,
  parent: Parent | null,
  nowMs: number,
  leaseLeft: LeaseLeft,
): readonly Reason[] {
  if (request.parentExecutionId === "") return []
  const trusted = (key: string, leaseId: string) => {
    const runtime = state.runtimes.get(key)
    return runtime?.lease_id === leaseId && checkRuntime(state, runtime, leaseLeft(leaseId), nowMs).length === 0
      ? runtime
      : null
  }
  return checkParent(request, parent, nowMs, trusted)
}
