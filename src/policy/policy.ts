/** A compiled bundle: the three determinations that policy makes. Total and deterministic. */
import { CelError, CostExceeded, type Value } from "../cel/value.ts"
import type { JsonObject } from "../formats/ports.ts"
import { type Asked, askPast, indexPast, rowsOf } from "./ask-past.ts"
import { APPROVAL_LIFE_MS, type Bundle, MAX_COST, MAX_MATCHED_RULES, type Properties, type Rule } from "./bundle.ts"
import { compileCondition, type LinkedCondition } from "./condition.ts"
import type { Bindings, Group, Layout } from "./layout.ts"
import type { PastOf } from "./load-past.ts"
import { TIERS } from "./parse-bundle.ts"
import { NO_PAST } from "./past.ts"
import type { CompiledRule, RuleIndex } from "./rule-index.ts"
import { createRuntimeCheck } from "./runtimes.ts"
import { createScopes } from "./scopes.ts"
import {
  type ApprovalRequirement,
  type Charge,
  type Entity,
  type Evaluator,
  NOT_RECORDED,
  type Obligation,
  type Policy,
  type PolicyOutcome,
  type PolicyReason,
  type PolicyRequest,
  type RuleTrace,
} from "./types.ts"
import { type Converted, constantValues, convertProperties, timestampOf } from "./values.ts"

export interface CompiledBundle {
  readonly bundle: Bundle
  readonly layout: Layout
  readonly digest: string
  readonly canonicalBytes: Uint8Array
  readonly index: RuleIndex
  /** Null: the bundle declares no history and no budget. */
  readonly past: PastOf<LinkedCondition> | null
  /** Does any condition mention `now`? */
  readonly usesNow: boolean
  readonly signals: readonly {
    readonly id: string
    readonly when: LinkedCondition
    readonly tier: (typeof TIERS)[number]
    readonly points: number
  }[]
}

interface Prepared {
  readonly reasons: readonly PolicyReason[]
  readonly bindings: Bindings
}

const NONE: Properties = {}
const NO_ROWS: readonly never[] = []
const NO_HISTORY = {}
/** Where nothing is asked of the past. */
const NOTHING_ASKED: Pick<Asked, "faults" | "counts" | "readings" | "charge"> = {
  faults: [],
  counts: [],
  readings: [],
  charge: () => [],
}
const EPOCH = timestampOf(0)
/** Of a request on which nothing is evaluated. */
const UNBOUND: Bindings = { roots: {} as Bindings["roots"], values: [] }

export function createPolicy(compiled: CompiledBundle): Policy {
  const { bundle, index, layout, signals } = compiled
  const past = compiled.past && indexPast(compiled.past)
  const { types } = bundle
  const states = new Map(bundle.subjects.map((subject) => [`${subject.type} ${subject.id}`, subject.state]))
  const constants = constantValues(bundle.constants)
  const neverRecorded = collectNeverRecorded(bundle)
  const usesNow = compiled.usesNow
  let scopes: ReturnType<typeof createScopes> | null = null
  /** checkContext converts, evaluate uses what was converted: once per request. */
  let last: { readonly request: PolicyRequest; readonly prepared: Prepared } | null = null

  function prepare(request: PolicyRequest): Prepared {
    if (last?.request !== request) last = { request, prepared: convertRequest(request) }
    return last.prepared
  }

  function convertRequest(request: PolicyRequest): Prepared {
    const reasons: PolicyReason[] = []
    const { subject, resource, action, context, parameters } = request
    const subjectType = own(types.subjects, subject.type)
    const resourceType = own(types.resources, resource.type)
    const actionType = own(types.actions, action.name)
    const unknown = (what: string, pointer: string) =>
      reasons.push({ code: "TYPE_UNKNOWN", text: `The policy declares no such ${what}.`, pointer })
    if (!subjectType) unknown("subject type", "/subject/type")
    if (!actionType) unknown("action", "/action/name")
    if (!resourceType) unknown("resource type", "/resource/type")
    if (!subjectType || !resourceType || !actionType) return { reasons, bindings: UNBOUND }
    const now = usesNow ? timestampOf(request.nowMs) : EPOCH
    const values = layout.begin(subject, resource, action.name, request.audience, now)
    const convert = (declared: Properties, properties: JsonObject, group: Group, pointer: string) =>
      convertProperties(declared, properties, pointer, reasons, layout.numbersIn(group), values)
    const roots: Bindings["roots"] = {
      subject: toEntity(
        subject,
        convert(subjectType.properties, subject.properties, "subject.properties", "/subject/properties"),
      ),
      resource: toEntity(
        resource,
        convert(resourceType.properties, resource.properties, "resource.properties", "/resource/properties"),
      ),
      action: {
        name: action.name,
        properties: convert(actionType.properties, action.properties, "action.properties", "/action/properties"),
      },
      context: convert(types.context, context, "context", "/context"),
      parameters: convertParameters(actionType.parameters, parameters, reasons, (properties) =>
        convert(actionType.parameters ?? NONE, properties, "parameters", ""),
      ),
      audience: request.audience,
      now,
      constants,
      history: NO_HISTORY,
    }
    return { reasons, bindings: { roots, values } }
  }

  /** Compiled anew from its source: what decides may have come from another thread without it. */
  function watchedBy(evaluator: Evaluator): RuleEvaluator {
    scopes ??= createScopes(bundle, new Map(Object.entries(constants)), layout)
    const scopeOf = scopes
    const histories = new Map(past && [...past.histories].map(([name, { value }]) => [name, value?.type ?? null]))
    return ({ source }, rule, id) =>
      evaluator(rule ? "rule" : "signal", id, source, () => {
        const condition = compileCondition(source, { ...scopeOf(rule).scope, histories })
        if ("problems" in condition) throw new Error("a condition that compiled once does not compile again")
        return condition
      })
  }

  return {
    digest: compiled.digest,
    version: bundle.version,
    ruleCount: bundle.rules.length,
    window: {
      notBeforeMs: bundle.not_before === undefined ? Number.NEGATIVE_INFINITY : Date.parse(bundle.not_before),
      notAfterMs: bundle.not_after === undefined ? Number.POSITIVE_INFINITY : Date.parse(bundle.not_after),
    },
    canonicalBytes: compiled.canonicalBytes,

    checkSubject({ subject }) {
      const type = own(types.subjects, subject.type)
      const state = states.get(`${subject.type} ${subject.id}`)
      if (state === "suspended")
        return [{ code: "SUBJECT_SUSPENDED", text: "The subject is suspended.", pointer: "/subject/id" }]
      // An undeclared type is the context check's finding.
      if (type?.known === "listed" && state === undefined)
        return [{ code: "SUBJECT_UNKNOWN", text: "The policy lists no such subject.", pointer: "/subject/id" }]
      return []
    },

    checkContext: (request) => prepare(request).reasons,

    rows(request) {
      if (!past) return NO_ROWS
      const { reasons, bindings } = prepare(request)
      if (reasons.length > 0) return NO_ROWS // it is not evaluated
      const meter = new Meter(bindings)
      const rules = index.find(request.action.name, request.subject, request.resource)
      return rowsOf(past, request.action.name, rules, signals, (expression) => meter.value(expression))
    },

    evaluate(request, supportedObligations, evaluator, read = NO_PAST) {
      const { bindings } = prepare(request)
      const meter = new Meter(bindings, evaluator && watchedBy(evaluator))
      const rules = index.find(request.action.name, request.subject, request.resource)
      const asked =
        past && askPast(past, request.action.name, rules, signals, read, (expression) => meter.value(expression))
      if (asked) meter.bindings = { ...bindings, roots: { ...bindings.roots, history: asked.values } }
      const risk = assessRisk(signals, meter)
      return combine(rules, risk, request, supportedObligations, bundle, meter, asked ?? NOTHING_ASKED)
    },

    budgets: new Map(Object.entries(bundle.budgets ?? {})),

    checkRuntime: createRuntimeCheck(bundle.runtimes),

    recordable(request) {
      const { subject, action, resource, context } = request
      const mask = (properties: JsonObject, names: ReadonlySet<string> | undefined): JsonObject =>
        names
          ? Object.fromEntries(
              Object.entries(properties).map(([name, value]) => [name, names.has(name) ? NOT_RECORDED : value]),
            )
          : properties
      return {
        subject: { ...subject, properties: mask(subject.properties, neverRecorded.get(`subject ${subject.type}`)) },
        action: { ...action, properties: mask(action.properties, neverRecorded.get(`action ${action.name}`)) },
        resource: {
          ...resource,
          properties: mask(resource.properties, neverRecorded.get(`resource ${resource.type}`)),
        },
        context: mask(context, neverRecorded.get("context")),
      }
    },

    recordsAllOf({ subject, action, resource }) {
      return (
        neverRecorded.size === 0 ||
        !(
          neverRecorded.has("context") ||
          neverRecorded.has(`subject ${subject.type}`) ||
          neverRecorded.has(`resource ${resource.type}`) ||
          neverRecorded.has(`action ${action.name}`) ||
          neverRecorded.has(`parameters ${action.name}`)
        )
      )
    },
    recordsParameters: (action) => !neverRecorded.has(`parameters ${action}`),
    neverRecorded({ subject, action, resource }) {
      const paths = (key: string, path: string) => [...(neverRecorded.get(key) ?? [])].map((name) => `${path}.${name}`)
      return [
        ...paths(`subject ${subject.type}`, "subject.properties"),
        ...paths(`action ${action.name}`, "action.properties"),
        ...paths(`resource ${resource.type}`, "resource.properties"),
        ...paths("context", "context"),
        ...paths(`parameters ${action.name}`, "parameters"),
      ]
    },
  }
}

/** What evaluates the condition of a rule, or with null of a signal, in its place; undefined: the condition itself. */
type RuleEvaluator = (condition: LinkedCondition, rule: Rule | null, id: string) => LinkedCondition | undefined

/** Evaluates within the decision's budget: what would exceed it is not evaluated any further. */
class Meter {
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

interface Assessment {
  readonly risk: PolicyOutcome["risk"]
  readonly errors: readonly PolicyReason[]
}

/** The tier is that of the worst signal, never an average; points only order. */
function assessRisk(signals: CompiledBundle["signals"], meter: Meter): Assessment {
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
function combine(
  rules: readonly CompiledRule[],
  { risk, errors }: Assessment,
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

function convertParameters(
  declared: Properties | null,
  parameters: PolicyRequest["parameters"],
  reasons: PolicyReason[],
  convert: (properties: JsonObject) => Converted,
): Converted {
  if (declared === null || parameters.kind === "opaque") return {}
  const before = reasons.length
  const value = parameters.kind === "json" ? parameters.value : {}
  const values =
    typeof value === "object" && value !== null && !Array.isArray(value) ? convert(value as JsonObject) : null
  if (values === null)
    reasons.push({ code: "PARAMETERS_INVALID", text: "The parameters must be a JSON object.", pointer: "/parameters" })
  for (let i = before; i < reasons.length; i++) {
    const { text, pointer } = reasons[i] as PolicyReason
    reasons[i] = {
      code: "PARAMETERS_INVALID",
      text,
      pointer: pointer?.startsWith("/parameters") ? pointer : `/parameters${pointer ?? ""}`,
    }
  }
  return values ?? {}
}

function collectNeverRecorded(bundle: Bundle): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>()
  const collect = (key: string, properties: Properties) => {
    const names = Object.entries(properties)
      .filter(([, property]) => property.record === "never")
      .map(([name]) => name)
    if (names.length > 0) found.set(key, new Set(names))
  }
  for (const [type, { properties }] of Object.entries(bundle.types.subjects)) collect(`subject ${type}`, properties)
  for (const [type, { properties }] of Object.entries(bundle.types.resources)) collect(`resource ${type}`, properties)
  for (const [name, { properties, parameters }] of Object.entries(bundle.types.actions)) {
    collect(`action ${name}`, properties)
    collect(`parameters ${name}`, parameters ?? {})
  }
  collect("context", bundle.types.context)
  return found
}

function toEntity({ type, id }: Entity, properties: Converted): Value {
  return { type, id, properties }
}
function own<T>(table: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
