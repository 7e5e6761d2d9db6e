/** What a bundle alone decides on a request: the determinations that need neither a ledger nor runtimes. Pure and total. */
import type { Policy, PolicyOutcome, PolicyReason, PolicyRequest } from "./types.ts"

/** What is assumed of the environment: that the request names no runtime, or one that is trusted and alive. */
export type AssumedRuntime = "none" | "trusted"

export interface Assessment {
  /** What Authorize answers where nothing else stands against it. */
  readonly decision: PolicyOutcome["decision"]
  readonly checks: {
    readonly identity: readonly PolicyReason[]
    readonly context: readonly PolicyReason[]
    /** Undefined: not reached. */
    readonly environment_trust: readonly PolicyReason[] | undefined
    readonly execution_eligibility: readonly PolicyReason[] | undefined
  }
  /** Null when evaluation was not reached. */
  readonly outcome: PolicyOutcome | null
}

/** `evaluate` is called only for a request that fits the declared types. */
export function assess(
  policy: Policy,
  request: PolicyRequest,
  runtime: AssumedRuntime,
  evaluate: () => PolicyOutcome,
): Assessment {
  const identity = policy.checkSubject(request)
  const context = policy.checkContext(request)
  const outcome = context.length === 0 ? evaluate() : null
  const absence = outcome && (runtime === "none" ? checkAbsence(outcome) : [])
  const isBarred = identity.length > 0 || !absence || absence.length > 0
  return {
    decision: isBarred || !outcome ? "DENY" : outcome.decision,
    checks: {
      identity,
      context,
      environment_trust: absence ?? undefined,
      execution_eligibility: outcome?.reasons,
    },
    outcome,
  }
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
