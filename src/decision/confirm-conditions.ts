/** Before a bundle becomes active: does cel-js read its conditions as our engine does? */
import { setImmediate as nextTurn } from "node:timers/promises"
import { WritError } from "../errors.ts"
import type { Opinions } from "../policy/second-opinion.ts"
import type { LoadResult } from "../policy/types.ts"

/** A bundle may hold a hundred thousand conditions; `writ policy check` asks about all of them. */
export const MAX_CONDITIONS = 1_000

export type Conditions = Extract<LoadResult, { ok: true }>["conditions"]

/** Throws POLICY_INVALID where the two differ. One condition at a time, since decisions go on meanwhile. */
export async function confirmConditions(conditions: Conditions): Promise<Opinions> {
  const { countOpinions, formatDisagreement } = await import("../policy/second-opinion.ts") // cel-js takes long to load, and is rarely needed
  const distinct = new Map(conditions.map((entry) => [entry.condition.source, entry]))
  let confirmed = 0
  let outside = 0
  for (const entry of [...distinct.values()].slice(0, MAX_CONDITIONS)) {
    const opinions = countOpinions([entry])
    const [disagreement] = opinions.disagreements
    if (disagreement)
      throw new WritError(
        "POLICY_INVALID",
        `Two engines read a condition differently, so it may mean either. ${formatDisagreement(disagreement)}`,
      )
    confirmed += opinions.confirmed
    outside += opinions.outside
    await nextTurn()
  }
  return { confirmed, outside, disagreements: [] }
}
