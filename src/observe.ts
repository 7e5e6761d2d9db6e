import type { AuthorizeDependencies } from "./decision/authorize.ts"
import type { Shadow } from "./decision/shadow.ts"
import type { Logger } from "./log.ts"
import type { Metrics } from "./metrics.ts"

/** Every durable decision is counted, given to the shadow bundle where one is set, and logged at debug. */
export function createObserver(
  metrics: Metrics,
  log: Logger,
  shadow: Pick<Shadow, "feed">,
): NonNullable<AuthorizeDependencies["observe"]> {
  return ({ verdict, times, receipt }, call, record) => {
    const { decision, executionId: execution } = verdict
    const reason = verdict.checks.find((check) => check.reasons.length > 0)?.reasons[0]?.code ?? ""
    metrics.decision(decision, reason, times.evaluate, times.append, times.sign)
    shadow.feed?.offer(record)
    if (!log.isLevelEnabled("debug")) return
    const { caller, requestId } = call // which is made when it is asked for
    log.debug({ requestId, execution, decision, reason, caller: caller.id, index: receipt.index, times }, "decided")
  }
}

/** Says when a witness stops cosigning, and when it begins again. */
export function createWitnessObserver(log: Logger): (witness: { readonly url: string }, fault: string | null) => void {
  const faults = new Map<string, string | null>()
  return ({ url }, fault) => {
    if (faults.get(url) === fault) return
    faults.set(url, fault)
    if (fault === null) log.info({ witness: url }, "a witness cosigns the checkpoints")
    else log.warn({ witness: url, fault }, "a witness does not cosign the checkpoints")
  }
}
