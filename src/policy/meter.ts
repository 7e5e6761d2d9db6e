/** Evaluates conditions within the cost that one decision may use. */
import { CelError, CostExceeded, type Value } from "../cel/value.ts"
import { MAX_COST, type Rule } from "./bundle.ts"
import type { LinkedCondition } from "./condition.ts"
import type { Bindings } from "./layout.ts"
import type { PolicyReason } from "./types.ts"

/** What evaluates the condition of a rule, or with null of a signal, in its place; undefined: the condition itself. */
export type RuleEvaluator = (condition: LinkedCondition, rule: Rule | null, id: string) => LinkedCondition | undefined

/** What would exceed it is not evaluated any further. */
export class Meter {
  cost = 0
  bindings: Bindings
  readonly #evaluator: RuleEvaluator | undefined
  constructor(bindings: Bindings, evaluator?: RuleEvaluator) {
    this.bindings = bindings
    this.#evaluator = evaluator
  }
  /** `rule`: null for a signal. */
  evaluate(condition: LinkedCondition, rule: Rule | null, id: string): boolean | PolicyReason {
    const limit = MAX_COST - this.cost
    const evaluation = this.#evaluator?.(condition, rule, id) ?? condition
    const value = evaluation.evaluate(this.bindings, limit)
    this.cost = Math.min(MAX_COST, this.cost + evaluation.spent())
    return typeof value === "boolean" ? value : this.#reason(value)
  }
  value(expression: LinkedCondition): Value | PolicyReason {
    const value = expression.value(this.bindings, MAX_COST - this.cost)
    this.cost = Math.min(MAX_COST, this.cost + expression.spent())
    return value instanceof CelError ? this.#reason(value) : value
  }
  #reason(error: CelError): PolicyReason {
    return error instanceof CostExceeded
      ? { code: "COST_EXCEEDED", text: `The conditions cost more than ${MAX_COST} units on this request.` }
      : { code: "CONDITION_ERROR", text: "A condition could not be evaluated on this request." }
  }
}
