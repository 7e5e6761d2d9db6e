/** What would be decided, and why: the same six checks under the same state, with nothing recorded and no token made. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Consumables } from "../ledger/consumables.ts"
import { type Explanation, explain } from "../policy/explain.ts"
import type { Policy } from "../policy/types.ts"
import { type ApprovalStore, findApproval } from "./approval.ts"
import { toBundleDigest } from "./bundles.ts"
import { type Determination, determine } from "./determine.ts"
import { MAX_TIMEOUT_MS } from "./limits.ts"
import { findParent, type ParentStore } from "./parent.ts"
import { areKnown, loadRows, PastView } from "./past.ts"
import type { FindPublished } from "./published-policies.ts"
import { type RawRequest, snapshot, toPolicyRequest } from "./snapshot.ts"
import { type ActivePolicy, assertLoaded, type ControlState } from "./state.ts"

export type { ExplainedCondition, Part } from "../policy/explain.ts"

/** What is asked without a request id has this one. */
export const ANY_REQUEST_ID = "evaluate"
/** Rows that were loaded may be forgotten again before they are read. */
const MAX_ATTEMPTS = 8

export interface EvaluateRequest {
  readonly request: RawRequest | null
  /** Empty: the active one. */
  readonly bundleDigest: Uint8Array
}

export interface Evaluated {
  readonly determination: Pick<Determination, "decision" | "checks" | "outcome">
  /** Of the bundle; empty when none is active. */
  readonly bundleDigest: string
  readonly bundleVersion: string
  /** Null when evaluation was not reached. */
  readonly explanation: Explanation | null
}

export interface EvaluateDependencies {
  readonly clock: Clock
  readonly parents: ParentStore
  readonly approvals: ApprovalStore
  readonly consumables: Consumables
  control(): ControlState
  leaseLeftMs(leaseId: string, monotonicMs: number): number | null
  readonly published: FindPublished
}

/**
 * By the active bundle, or by a published one as if it were active now: what no bundle has counted yet it finds at nothing.
 * Throws INVALID_REQUEST, REQUEST_TOO_LARGE, LEDGER_UNAVAILABLE, POLICY_LOADING as Authorize does; NOT_FOUND, QUEUE_FULL and
 * DEADLINE_EXCEEDED for a bundle that is not active. `timeoutMs`: what is left of the caller's deadline; null: it set none.
 */
export function createEvaluate(
  deps: EvaluateDependencies,
): (request: EvaluateRequest, timeoutMs: number | null) => Promise<Evaluated> {
  return async ({ request: raw, bundleDigest }, timeoutMs) => {
    if (!raw) throw new WritError("INVALID_REQUEST", "request is missing.", { details: { field: "request" } })
    const request = snapshot(raw.request_id === "" ? { ...raw, request_id: ANY_REQUEST_ID } : raw)
    const parent = request.parentExecutionId === "" ? null : await findParent(deps.parents, request)
    // As for who asked for it: that is who would use it.
    const named = request.approvalId === "" ? null : await findApproval(deps.approvals, request.approvalId)
    const other = await findOther(deps, bundleDigest, timeoutMs)
    const state = other ? withPolicy(deps.control(), other) : deps.control()
    assertLoaded(state)
    let { wallMs, monotonicMs } = deps.clock.now()
    let policyRequest = toPolicyRequest(request, wallMs)
    let rows = state.active?.policy.rows(policyRequest) ?? []
    for (let attempt = 0; !areKnown(deps.consumables, rows); attempt++) {
      if (attempt === MAX_ATTEMPTS)
        throw new WritError("LEDGER_UNAVAILABLE", "Histories and budgets cannot be held long enough now. Try again.")
      await loadRows(deps.consumables, rows)
      ;({ wallMs, monotonicMs } = deps.clock.now())
      policyRequest = toPolicyRequest(request, wallMs)
      rows = state.active?.policy.rows(policyRequest) ?? []
    }
    const watched = state.active && watch(state.active.policy)
    const determination = determine(
      watched && state.active ? { ...state, active: { ...state.active, policy: watched.policy } } : state,
      request,
      policyRequest,
      (leaseId) => deps.leaseLeftMs(leaseId, monotonicMs),
      parent,
      { caller: named?.requester ?? "", named, queue: null },
      rows.length > 0 ? new PastView(deps.consumables, wallMs).read : undefined, // as it is now; nothing is counted
    )
    return {
      determination,
      bundleDigest: watched?.policy.digest ?? "",
      bundleVersion: watched?.policy.version ?? "",
      explanation: watched?.explanation() ?? null,
    }
  }
}

/** The same policy, which keeps an explanation of what it evaluated. */
function watch(policy: Policy): { readonly policy: Policy; explanation(): Explanation | null } {
  let explanation: Explanation | null = null
  return {
    policy: {
      ...policy,
      evaluate(request, supportedObligations, _, past) {
        explanation = explain(policy, request, supportedObligations, past)
        return explanation.outcome
      },
    },
    explanation: () => explanation,
  }
}

/** Null: it is the active one that is asked for. */
async function findOther(
  { control, published }: EvaluateDependencies,
  digest: Uint8Array,
  timeoutMs: number | null,
): Promise<ActivePolicy | null> {
  if (digest.length === 0) return null
  const named = toHex(toBundleDigest("bundle_digest", digest))
  if (control().active?.policy.digest === named) return null
  return await published(named, Math.min(timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS))
}

function withPolicy({ isLoading: _, ...state }: ControlState, active: ActivePolicy): ControlState {
  return { ...state, active }
}
