/**
 * What the decision path knows of policy. The compiler behind it may change (docs/adr/0003); this file is its contract.
 * Pure: no I/O, no clock (`now` is an input), deterministic, total. Nothing here throws for any request.
 */
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import type { Measured, Measurements } from "../formats/runtime-messages.ts"
import type { Budget, Bundle, Counted } from "./bundle.ts"
import type { Condition, LinkedCondition } from "./condition.ts"
import type { Past, Reading, RowOf } from "./past.ts"

/** An entity as OpenID AuthZEN 1.0 names it. Properties are plain JSON, not yet converted to the declared types. */
export interface Entity {
  readonly type: string
  readonly id: string
  readonly properties: JsonObject
}

/** Parameters as Writ itself saw them: absent, decoded strictly from JSON bytes, or only a digest / non-JSON bytes. */
export type Parameters =
  | { readonly kind: "absent" }
  | { readonly kind: "json"; readonly value: JsonValue }
  | { readonly kind: "opaque" }

/** Stands in a recorded request for what is declared `record: never`. */
export const NOT_RECORDED = "[not recorded]"

export interface PolicyRequest {
  readonly subject: Entity
  readonly action: { readonly name: string; readonly properties: JsonObject }
  readonly resource: Entity
  /** As asserted by the caller. */
  readonly context: JsonObject
  readonly parameters: Parameters
  readonly audience: string
  /** The state of the runtime that will execute; null where the request names none. */
  readonly runtime: { readonly id: string; readonly state: string } | null
  /** Unix milliseconds, the call's one clock read. `now` in CEL is this instant. */
  readonly nowMs: number
}

/** Stable reason codes of the policy module. Golden cases in test/ cover each. */
export const POLICY_REASON_CODES = [
  // context check (determination 2)
  "TYPE_UNKNOWN", // subject or resource type, or action, that the bundle does not declare
  "PROPERTY_MISSING",
  "PROPERTY_UNKNOWN",
  "PROPERTY_TYPE_MISMATCH",
  "PROPERTY_TOO_LARGE",
  "PARAMETERS_INVALID", // an allow rule needs decoded parameters of a declared shape and these do not fit
  // subject check (part of determination 1)
  "SUBJECT_UNKNOWN",
  "SUBJECT_SUSPENDED",
  // environment (determination 4), as far as it follows from the rules alone
  "NOT_ATTESTED",
  // eligibility (determination 6)
  "NO_MATCHING_ALLOW",
  "DENIED_BY_RULE",
  "CONDITION_ERROR",
  "COST_EXCEEDED",
  "APPROVAL_REQUIRED",
  "PARAMETERS_OPAQUE", // a rule would have matched but demands decoded parameters
  "OBLIGATION_UNSUPPORTED",
  "RISK_TOO_HIGH",
  // authorization state (determination 5), as far as it follows from the rules and what was used and approved
  "BUDGET_EXCEEDED",
  "APPROVAL_PENDING",
  "APPROVAL_REJECTED",
  "APPROVAL_EXPIRED",
] as const
export type PolicyReasonCode = (typeof POLICY_REASON_CODES)[number]

export interface PolicyReason {
  readonly code: PolicyReasonCode
  /** For people; stable enough for golden tests, never holds a property's value. */
  readonly text: string
  readonly rule?: string
  /** JSON pointer into the request, where one is to blame. */
  readonly pointer?: string
}

export interface Obligation {
  readonly id: string
  readonly type: string
  readonly properties: JsonObject
}

/** What an allow may be used for; the token carries it. Times in milliseconds; absent means the daemon's default. */
export interface TokenConstraints {
  readonly ttlMs?: number
  readonly use?: "redeem" | "offline"
  readonly maxDurationMs?: number
}

/** One candidate rule as it was seen, in evaluation order (sorted by rule id). */
export interface RuleTrace {
  readonly rule: string
  readonly effect: "allow" | "deny" | "require_approval"
  readonly outcome: "matched" | "not_matched" | "error"
  readonly detail?: string
}

/** What all matching rules that require an approval ask for together. */
export interface ApprovalRequirement {
  /** Their ids, sorted. */
  readonly rules: readonly string[]
  /** How many principals must approve: the most that one of them asks for. */
  readonly needed: number
  /** How long the approval is good: the least that one of them says. Milliseconds. */
  readonly lifeMs: number
}
/** What an execution draws on a budget. Amounts in millionths of the unit. */
export interface Charge {
  readonly name: string
  readonly key: string
  readonly micros: number
  /** 0: it has no window. */
  readonly window_ms: number
  /** Reserved and spent before. */
  readonly used: number
  readonly limit: number
  readonly unit: string
}
/** A history that counts the request, if it is decided so. */
export interface Count {
  readonly name: string
  readonly key: string
  readonly micros: number
  readonly windows_ms: readonly number[]
  readonly decisions: readonly Counted[]
}

export interface PolicyOutcome {
  /** DENY > error > REQUIRE_APPROVAL > ALLOW; nothing matched is a DENY. An error in any candidate rule is a DENY. */
  readonly decision: "ALLOW" | "DENY" | "REQUIRE_APPROVAL"
  /** Empty for ALLOW. First the decisive one. */
  readonly reasons: readonly PolicyReason[]
  /** Ids of the rules whose conditions held, sorted. */
  readonly matchedRules: readonly string[]
  /** True when every matching allow rule says `runtime: none`, so that no runtime is needed. */
  readonly runtimeNotRequired: boolean
  readonly obligations: readonly Obligation[]
  readonly constraints: TokenConstraints
  /** Null unless the decision is REQUIRE_APPROVAL. */
  readonly approval: ApprovalRequirement | null
  readonly risk: {
    readonly tier: "low" | "medium" | "high" | "critical"
    readonly points: number
    readonly signals: readonly string[]
  }
  /** Of the matching allows' budgets; empty when the rules deny. Whether so much is left is determination 5. */
  readonly charges: readonly Charge[]
  readonly counts: readonly Count[]
  /** All that was read of the past. */
  readonly readings: readonly Reading[]
  /** Units of the engine's cost model. */
  readonly cost: number
  /** Always rule-level; expression-level only by `explain`. */
  readonly trace: readonly RuleTrace[]
}

/**
 * What evaluates a condition in its place, so that an evaluation can be watched; undefined: the condition itself.
 * `compile` makes one of its source that can be.
 */
export type Evaluator = (
  kind: "rule" | "signal",
  id: string,
  source: string,
  compile: () => Condition,
) => LinkedCondition | undefined

/** `first_use`: accepted because nothing was known of it; from then on only these measurements are. */
export type RuntimeVerdict = "accepted" | "first_use" | "not_listed" | "refused"

/** The digests that a set of Reference Values holds for a claim at the moment; none where there is no such set. */
export type References = (name: string, claim: Measured) => readonly string[]

/** Unix milliseconds: a bundle counts from `notBeforeMs` on, and from `notAfterMs` on no more. Infinite where it says nothing. */
export interface ValidityWindow {
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** A loaded bundle: immutable, compiled once. Swapping bundles is swapping this object. */
export interface Policy {
  /** Lower-case hex SHA-256 that names the canonical bundle: the root of the Merkle tree of its parts. */
  readonly digest: string
  readonly version: string
  readonly ruleCount: number
  readonly window: ValidityWindow
  /** Exact canonical bytes (RFC 8785 JSON) whose tree root is `digest`; loading them gives an equal Policy. */
  readonly canonicalBytes: Uint8Array
  /** Determination 1, the subject's half: known and active. Empty means pass. */
  checkSubject(request: PolicyRequest): readonly PolicyReason[]
  /** Determination 2. Empty means pass. */
  checkContext(request: PolicyRequest): readonly PolicyReason[]
  /** Rows of the past that `evaluate` may ask for or add to; for most requests none. */
  rows(request: PolicyRequest): readonly RowOf[]
  /**
   * Determination 6, rules and risk. Call only after `checkContext` passed: conversion relies on it. Without a past nothing
   * that asks for one is allowed.
   */
  evaluate(
    request: PolicyRequest,
    supportedObligations: readonly string[],
    evaluator?: Evaluator,
    past?: Past,
  ): PolicyOutcome
  /** The budgets that the bundle declares, by name. */
  readonly budgets: ReadonlyMap<string, Budget>
  /** Is this runtime listed, and may it run what it measured? `first`: what it registered with the first time. */
  checkRuntime(
    id: string,
    measurements: Measurements,
    first: Measurements | null,
    references?: References,
  ): RuntimeVerdict
  /**
   * The request as it may be recorded: properties declared `record: never` are replaced by the string "[not recorded]".
   * Undeclared content is kept (a refused request must be explicable), oversized content was refused before.
   */
  recordable(request: PolicyRequest): JsonObject
  /** Does the policy declare nothing in this request `record: never`? */
  recordsAllOf(request: PolicyRequest): boolean
  /** Paths of what this request may hold and is declared `record: never`, as conditions read them. */
  neverRecorded(request: PolicyRequest): readonly string[]
  /** False when a parameter of this action is declared `record: never`: then only their digest is recorded. */
  recordsParameters(action: string): boolean
}

/** Where a bundle is wrong. Lines and columns count from 1, columns in characters. */
export interface PolicyProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  /** The source line with a caret line below it, ready to print. */
  readonly excerpt?: string
  readonly suggestion?: string
}

export type LoadResult =
  | {
      readonly ok: true
      readonly policy: Policy
      readonly bundle: Bundle
      readonly conditions: readonly {
        readonly kind: "rule" | "signal"
        readonly id: string
        readonly condition: Condition
      }[]
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }
