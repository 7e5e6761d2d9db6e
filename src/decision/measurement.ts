import type { Runtime } from "../runtime/runtime.ts"
import { referencesAt } from "./reference-values.ts"
import type { ControlState } from "./state.ts"

/** Does the active policy, with the Reference Values of now, accept what the runtime registered with? */
export function isMeasurementGood(state: ControlState, runtime: Runtime, nowMs: number): boolean {
  const { id, measurements, first_measurements } = runtime
  const references = referencesAt(state, nowMs)
  return state.active?.policy.checkRuntime(id, measurements, first_measurements, references) === "accepted"
}
