/** From the conditions of the candidate rules and signals to one outcome. */
import type { Asked } from "./ask-past.ts"
import { APPROVAL_LIFE_MS, type Bundle, MAX_MATCHED_RULES } from "./bundle.ts"
import type { LinkedCondition } from "./condition.ts"
import { TIERS } from "./keys.ts"
import type { Meter } from "./meter.ts"
import type { CompiledRule } from "./rule-index.ts"
import type {
  ApprovalRequirement,
  Charge,
  Obligation,
  PolicyOutcome,
  PolicyReason,
  PolicyRequest,
  RuleTrace,
} from "./types.ts"

export type CompiledSignals = readonly {
  readonly id: string
  readonly when: LinkedCondition
  readonly tier: (typeof TIERS)[number]
  readonly points: number
}[]

/** Where nothing is asked of the past. */
export const NOTHING_ASKED: Pick<Asked, "faults" | "counts" | "readings" | "charge"> = {
  faults: [],
  counts: [],
  readings: [],
  charge: () => [],
}

export interface RiskAssessment {
  readonly risk: PolicyOutcome["risk"]
  readonly errors: readonly PolicyReason[]
}

/** The tier is that of the worst signal, never an average; points only order. */
export function assessRisk(signals: CompiledSignals, meter: Meter): RiskAssessment {
  let worst = 0
  let points = 0
  const held: string[] = []
  const errors: PolicyReason[] = []
  for (const signal of signals) {
    const value = meter.evaluate(signal.when, null, signal.id)
    if (value === false) continue
    if (value === true) {
      worst = Math.max(worst, TIERS.indexOf(signal.tier))
      points += signal.points
      held.push(signal.id)
    } else errors.push({ ...value, rule: signal.id })
  }
  return { risk: { points, signals: held, tier: TIERS[worst] as (typeof TIERS)[number] }, errors }
}

/** DENY > error > no matching allow (also where an approval is asked for) > REQUIRE_APPROVAL > ALLOW. */
export function combine(
  rules: readonly CompiledRule[],
  { risk, errors }: RiskAssessment,
  request: PolicyRequest,
  supported: readonly string[],
  bundle: Bundle,
  meter: Meter,
  asked: typeof NOTHING_ASKED,
): PolicyOutcome {
  const matched: CompiledRule[] = []
  const trace: RuleTrace[] = []
  const faults: PolicyReason[] = [...asked.faults, ...errors]
  const opaque: PolicyReason[] = []
  for (const compiled of rules) {
    const { rule } = compiled
    if (rule.parameters === "decoded" && request.parameters.kind === "opaque") {
      const reason: PolicyReason = {
        code: "PARAMETERS_OPAQUE",
        text: "The rule needs the parameters themselves, as JSON, not only their digest.",
        rule: rule.id,
        pointer: "/parameters",
      }
      if (rule.effect === "allow") opaque.push(reason)
      else faults.push(reason) // a deny that cannot be seen to not apply
      trace.push({
        detail: reason.code,
        effect: rule.effect,
        outcome: rule.effect === "allow" ? "not_matched" : "error",
        rule: rule.id,
      })
      continue
    }
    const value = meter.evaluate(compiled.when, rule, rule.id)
    if (value === true) matched.push(compiled)
    if (typeof value !== "boolean") faults.push({ ...value, rule: rule.id })
    const { effect, id } = rule
    trace.push(
      typeof value === "boolean"
        ? { effect, outcome: value ? "matched" : "not_matched", rule: id }
        : { detail: value.code, effect, outcome: "error", rule: id },
    )
  }
  const allows: CompiledRule[] = []
  const approvals: CompiledRule[] = []
  const reasons: PolicyReason[] = []
  const obligations: Obligation[] = []
  for (const compiled of matched) {
    const { id, effect } = compiled.rule
    if (effect === "allow") allows.push(compiled)
    else if (effect === "require_approval") approvals.push(compiled)
    else reasons.push({ code: "DENIED_BY_RULE", text: `Rule "${id}" denies this.`, rule: id })
  }
  for (const { rule } of allows) obligations.push(...(rule.obligations as readonly Obligation[]))
  for (const { rule } of approvals) obligations.push(...(rule.obligations as readonly Obligation[]))
  if (bundle.risk.deny_at !== null && TIERS.indexOf(risk.tier) >= TIERS.indexOf(bundle.risk.deny_at)) {
    reasons.push({
      code: "RISK_TOO_HIGH",
      text: `The risk is ${risk.tier}; the policy denies from ${bundle.risk.deny_at} on.`,
    })
  }
  reasons.push(...faults)
  if (matched.length > MAX_MATCHED_RULES)
    reasons.push({ code: "COST_EXCEEDED", text: `More than ${MAX_MATCHED_RULES} rules match this request.` })
  if (reasons.length === 0 && allows.length === 0) {
    reasons.push(...opaque)
    if (reasons.length === 0) reasons.push({ code: "NO_MATCHING_ALLOW", text: "No rule allows this." })
  }
  if (reasons.length === 0) {
    for (const { id, type } of obligations) {
      if (!supported.includes(type))
        reasons.push({
          code: "OBLIGATION_UNSUPPORTED",
          text: `The caller does not support the obligation "${type}" (${id}).`,
          pointer: "/supported_obligations",
        })
    }
  }
  const charges = reasons.length > 0 ? [] : asked.charge(allows)
  for (const charge of charges) if ("code" in charge) reasons.push(charge)
  const denied = reasons.length > 0
  if (!denied && approvals.length > 0) {
    reasons.push(
      ...approvals.map(
        ({ rule }): PolicyReason => ({
          code: "APPROVAL_REQUIRED",
          text: `Rule "${rule.id}" requires an approval.`,
          rule: rule.id,
        }),
      ),
    )
  }
  return {
    decision: denied ? "DENY" : approvals.length > 0 ? "REQUIRE_APPROVAL" : "ALLOW",
    reasons,
    matchedRules: matched.slice(0, MAX_MATCHED_RULES).map(({ rule }) => rule.id),
    runtimeNotRequired: allows.length > 0 && allows.every(({ rule }) => rule.runtime === "none"),
    obligations: denied ? [] : obligations,
    constraints: denied ? {} : tightest(allows),
    approval: denied || approvals.length === 0 ? null : mostOf(approvals),
    risk,
    charges: denied ? [] : (charges as readonly Charge[]),
    counts: asked.counts,
    readings: asked.readings,
    cost: meter.cost,
    trace,
  }
}

/** Of all that ask, the most principals and the shortest time. */
function mostOf(approvals: readonly CompiledRule[]): ApprovalRequirement {
  return {
    rules: approvals.map(({ rule }) => rule.id),
    needed: Math.max(...approvals.map(({ rule }) => rule.approvals ?? 1)),
    lifeMs: Math.min(...approvals.map(({ rule }) => rule.approve_within_ms ?? APPROVAL_LIFE_MS)),
  }
}

/** Of all matching allows, the strictest of each. */
function tightest(allows: readonly CompiledRule[]): PolicyOutcome["constraints"] {
  const leastOf = (key: "ttl_ms" | "max_duration_ms") => {
    let least: number | undefined
    for (const { rule } of allows) {
      const value = rule.token[key]
      if (value !== undefined && !(value >= (least ?? Number.POSITIVE_INFINITY))) least = value
    }
    return least
  }
  const ttlMs = leastOf("ttl_ms")
  const maxDurationMs = leastOf("max_duration_ms")
  const offline = allows.length > 0 && allows.every(({ rule }) => rule.token.use === "offline")
  return {
    ...(ttlMs !== undefined && { ttlMs }),
    ...(maxDurationMs !== undefined && { maxDurationMs }),
    use: offline ? "offline" : "redeem",
  }
}
