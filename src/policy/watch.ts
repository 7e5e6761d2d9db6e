/** Evaluates conditions watched, and keeps what their parts came out as. */
import type { Expr } from "../cel/ast.ts"
import type { CelError, Value } from "../cel/value.ts"
import type { Condition, Watched } from "./condition.ts"

/** Of one part in one evaluation: a comprehension may walk a thousand items. */
export const MAX_KEPT_VALUES = 8

/** What a part came out as, over all evaluations so far. */
export interface Seen {
  /** The first of them. */
  readonly values: readonly (Value | CelError)[]
  readonly evaluations: number
  readonly isTrue: boolean
  readonly isFalse: boolean
}

export interface WatchedCondition extends Watched {
  /** Undefined: it was not evaluated. */
  seen(part: Expr): Seen | undefined
  /** What a part is in every evaluation, where that is known. */
  constant(part: Expr): Value | undefined
  /** Has the condition held, and has it failed to hold? */
  outcomes(): { readonly held: boolean; readonly failed: boolean }
}

export function watchCondition(condition: Condition): WatchedCondition {
  const constants = new Map<Expr, Value>()
  const parts = new Map<Expr, Seen & { values: (Value | CelError)[] }>()
  let held = false
  let failed = false
  const watched = condition.watched({
    constant: (part, value) => void constants.set(part, value),
    value(part, value) {
      const { values, evaluations, isTrue, isFalse } = parts.get(part) ?? NOTHING
      parts.set(part, {
        values: evaluations < MAX_KEPT_VALUES ? [...values, value] : values,
        evaluations: evaluations + 1,
        isTrue: isTrue || value === true,
        isFalse: isFalse || value === false,
      })
    },
  })
  return {
    ...watched,
    evaluate(...on) {
      const value = watched.evaluate(...on)
      held ||= value === true
      failed ||= value === false
      return value
    },
    seen: (part) => parts.get(part),
    constant: (part) => constants.get(part),
    outcomes: () => ({ held, failed }),
  }
}
const NOTHING = { values: [], evaluations: 0, isTrue: false, isFalse: false }
