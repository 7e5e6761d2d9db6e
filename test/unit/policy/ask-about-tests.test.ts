import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import type { Condition } from "../../../src/policy/condition.ts"
import { loadPolicy } from "../../../src/policy/load.ts"
import { countOpinions, formatDisagreement } from "../../../src/policy/second-opinion.ts"
import { askAboutTests } from "../../../src/policy/tests/ask-about-tests.ts"
import type { LoadResult } from "../../../src/policy/types.ts"

const BUNDLE = `
version: "1"
types:
  subjects: { agent: { known: any } }
  resources: { account: {} }
  actions: { pay: { parameters: { amount: { type: int, required: true } } } }
rules:
  - id: small
    effect: allow
    subjects: [{ type: agent }]
    actions: [pay]
    resources: [{ type: account }]
    when: parameters.amount < 5000
    runtime: none
`
const testOf = (amount: number) => `
tests:
  - name: a payment
    subject: { type: agent, id: a }
    resource: { type: account, id: b }
    action: pay
    parameters: { amount: ${amount} }
    expect: { decision: ALLOW }
`
type Loaded = Extract<LoadResult, { ok: true }>
function load(): Loaded {
  const loaded = loadPolicy({ "policy.yaml": BUNDLE }, sha256)
  if (!loaded.ok) throw new Error("the bundle is valid")
  return loaded
}
/** An engine that is wrong about one amount, wherever it evaluates the condition. */
function withFault(loaded: Loaded, wrongAbout: number): Loaded {
  let amount: unknown
  const spoil = (condition: Condition): Condition => ({
    ...condition,
    bind(roots) {
      amount = (roots as { readonly parameters?: { readonly amount?: unknown } }).parameters?.amount
      return condition.bind(roots)
    },
    evaluate(bindings, limit) {
      const value = condition.evaluate(bindings, limit)
      return amount === wrongAbout && typeof value === "boolean" ? !value : value
    },
  })
  const { policy } = loaded
  return {
    ...loaded,
    conditions: loaded.conditions.map((one) => ({ ...one, condition: spoil(one.condition) })),
    policy: {
      ...policy,
      evaluate(request, supported, evaluator, past) {
        amount = request.parameters.kind === "json" ? (request.parameters.value as JsonObject)["amount"] : undefined
        const spoiled: typeof evaluator = (kind, id, source, compile) =>
          evaluator?.(kind, id, source, () => spoil(compile()))
        return policy.evaluate(request, supported, spoiled, past)
      },
    },
  }
}

describe("askAboutTests", () => {
  test("finds nothing where the engines agree, and nothing without tests", () => {
    expect(askAboutTests(load(), { "policy_test.yaml": testOf(4242) })).toEqual([])
    expect(askAboutTests(load(), {})).toEqual([])
    expect(askAboutTests(load(), { "policy_test.yaml": "tests: [1]" })).toEqual([])
  })

  test("shows what the engines read differently on an input that only a test has", () => {
    const loaded = withFault(load(), 4242)
    expect(countOpinions(loaded.conditions)).toEqual({ confirmed: 1, outside: 0, disagreements: [] })
    expect(askAboutTests(loaded, { "policy_test.yaml": testOf(4241) })).toEqual([])
    const [disagreement, ...others] = askAboutTests(loaded, { "policy_test.yaml": testOf(4242) })
    expect(others).toEqual([])
    expect(disagreement && formatDisagreement(disagreement)).toBe(
      'small: parameters.amount < 5000: this engine says false, cel-js says true (on what the test "a payment" has, {"parameters":{"amount":4242}})',
    )
  })
})
