/** A compiled bundle: the three determinations that policy makes. Total and deterministic. */
import { askPast, indexPast, rowsOf } from "./ask-past.ts"
import type { Bundle } from "./bundle.ts"
import { assessRisk, type CompiledSignals, combine, NOTHING_ASKED } from "./combine.ts"
import { compileCondition, type LinkedCondition } from "./condition.ts"
import { createRequestConversion, own, type Prepared } from "./convert-request.ts"
import type { Layout } from "./layout.ts"
import type { PastOf } from "./load-past.ts"
import { Meter, type RuleEvaluator } from "./meter.ts"
import { NO_PAST } from "./past.ts"
import { createRecording } from "./recording.ts"
import type { RuleIndex } from "./rule-index.ts"
import { createRuntimeCheck } from "./runtimes.ts"
import { createScopes } from "./scopes.ts"
import type { Evaluator, Policy, PolicyRequest } from "./types.ts"
import { constantValues } from "./values.ts"

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
  readonly signals: CompiledSignals
}

const NO_ROWS: readonly never[] = []

export function createPolicy(compiled: CompiledBundle): Policy {
  const { bundle, index, layout, signals } = compiled
  const past = compiled.past && indexPast(compiled.past)
  const { types } = bundle
  const states = new Map(bundle.subjects.map((subject) => [`${subject.type} ${subject.id}`, subject.state]))
  const constants = constantValues(bundle.constants)
  const convertRequest = createRequestConversion(types, constants, layout, compiled.usesNow)
  let scopes: ReturnType<typeof createScopes> | null = null
  /** checkContext converts, evaluate uses what was converted: once per request. */
  let last: { readonly request: PolicyRequest; readonly prepared: Prepared } | null = null

  function prepare(request: PolicyRequest): Prepared {
    if (last?.request !== request) last = { request, prepared: convertRequest(request) }
    return last.prepared
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

    ...createRecording(bundle),
  }
}
