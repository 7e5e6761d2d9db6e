import type { Policy } from "../policy/types.ts"
import type { Runtime } from "../runtime/runtime.ts"

/** Does this policy accept what the runtime registered with? */
export function isMeasurementGood(policy: Policy, { id, measurements, first_measurements }: Runtime): boolean {
  return policy.checkRuntime(id, measurements, first_measurements) === "accepted"
}
