/** A test of a bundle as data: one request, and what is expected of it. */
import type { Assumptions } from "../assumptions.ts"
import type { Tier } from "../bundle.ts"
import type { PolicyOutcome, PolicyReasonCode, PolicyRequest } from "../types.ts"

export const MAX_TEST_CASES = 10_000
export const MAX_NAME_CHARS = 200

export interface TestCase {
  /** "TEST", or "TEST > CASE" for a row of a table. */
  readonly name: string
  /** Path into the merged test files. */
  readonly path: string
  readonly request: PolicyRequest
  readonly assumptions: Assumptions
  readonly supportedObligations: readonly string[]
  readonly expect: Expectation
}

/** What is absent is not compared. */
export interface Expectation {
  readonly decision: PolicyOutcome["decision"]
  /** Codes of all reasons, sorted, each once. */
  readonly reasons?: readonly PolicyReasonCode[]
  /** Ids of all rules that match, sorted. */
  readonly rules?: readonly string[]
  /** Ids of all obligations, sorted. */
  readonly obligations?: readonly string[]
  readonly risk?: Tier
  readonly signals?: readonly string[]
  readonly token?: PolicyOutcome["constraints"]
  /** Millionths that are used after the decision, by the budget's name. */
  readonly budgets?: ReadonlyMap<string, number>
  /** Names of the histories that count the decision, sorted. */
  readonly counted?: readonly string[]
}
