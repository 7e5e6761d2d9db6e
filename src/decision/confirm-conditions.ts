/** Before a bundle becomes active: does cel-js read its conditions as our engine does? */
import { setImmediate as nextTurn } from "node:timers/promises"
import { WritError } from "../errors.ts"
import type { LoadResult } from "../policy/types.ts"

/** A bundle may hold a hundred thousand conditions; `writ policy check` asks about all of them. */
const MAX_CONDITIONS = 1_000

export type Conditions = Extract<LoadResult, { ok: true }>["conditions"]

/** Throws POLICY_INVALID where the two differ. One condition at a time, since decisions go on meanwhile. */
export async function confirmConditions(conditions: Conditions): Promise<void> {
  const { countOpinions } = await import("../policy/second-opinion.ts") // cel-js takes long to load, and is rarely needed
  const distinct = new Map(conditions.map((entry) => [entry.condition.source, entry]))
  for (const entry of [...distinct.values()].slice(0, MAX_CONDITIONS)) {
    const [disagreement] = countOpinions([entry]).disagreements
    if (disagreement)
      throw new WritError(
        "POLICY_INVALID",
        `Two engines read a condition differently, so it may mean either. ${disagreement}`,
      )
    await nextTurn()
  }
}
