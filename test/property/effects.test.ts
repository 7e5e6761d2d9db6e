import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { determine } from "../../src/decision/determine.ts"
import { replayDecision } from "../../src/decision/replay.ts"
import { type RawRequest, type Snapshot, snapshot, toPolicyRequest } from "../../src/decision/snapshot.ts"
import { WritError } from "../../src/errors.ts"
import type { JsonObject, JsonValue } from "../../src/formats/ports.ts"
import { CHECK_NAMES } from "../../src/ledger/record.ts"
import { load, NOW_MS, rawRequest, requestOf, stateOf } from "../support/policy.ts"
import { recordDecision } from "../support/recorded.ts"

type Effect = "allow" | "deny" | "require_approval"
type Outcome = "holds" | "fails" | "errs" | "lacks"
interface Drawn {
  readonly effect: Effect
  readonly outcome: Outcome
  /** Does it match the request's action, subject and resource at all? */
  readonly matches: boolean
  readonly runtime: "none" | "required"
}

/** What decides is in the request, so that nothing can be settled when the bundle is loaded. */
const CONDITIONS: Readonly<Record<Outcome, string>> = {
  holds: "context.one == 1",
  fails: "context.one == 2",
  errs: "context.one / context.zero == 1",
  lacks: 'context.table["absent"] == 1',
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  effect: fc.constantFrom("allow", "deny", "require_approval"),
  outcome: fc.constantFrom("holds", "holds", "fails", "errs", "lacks"),
  matches: fc.boolean(),
  runtime: fc.constantFrom("none", "required"),
})
interface Bundle {
  readonly rules: readonly Drawn[]
  readonly signals: readonly { readonly outcome: Outcome; readonly tier: string }[]
  readonly denyAt: string | null
}
/** Every second list has no denies and no errors, so that all three decisions come up. */
const bundles: fc.Arbitrary<Bundle> = fc.record({
  rules: fc.oneof(
    fc.array(drawn, { maxLength: 6 }),
    fc.array(
      drawn.filter(({ effect, outcome }) => effect !== "deny" && (outcome === "holds" || outcome === "fails")),
      { maxLength: 6 },
    ),
  ),
  signals: fc.array(
    fc.record({
      outcome: fc.constantFrom("holds", "fails", "fails", "errs"),
      tier: fc.constantFrom("low", "medium", "high", "critical"),
    }),
    { maxLength: 2 },
  ),
  denyAt: fc.constantFrom(null, "low", "medium", "critical"),
})

const TIERS = ["low", "medium", "high", "critical"]

function toPolicy({ rules, signals, denyAt }: Bundle, arrange = <T>(written: T[]) => written) {
  const required = (type: string) => ({ type, required: true })
  return load({
    version: "1",
    types: {
      subjects: { a: { known: "any" } },
      resources: { r: {} },
      actions: { go: {}, stay: {} },
      context: { one: required("int"), zero: required("int"), table: required("map<int>") },
    },
    risk: {
      deny_at: denyAt,
      signals: signals.map(({ outcome, tier }, i) => ({ id: `s${i}`, when: CONDITIONS[outcome], tier })),
    },
    rules: arrange(
      rules.map(({ effect, outcome, matches, runtime }, i) => ({
        id: `r${i}`,
        effect,
        runtime,
        subjects: [{ type: "a" }],
        actions: [matches ? "go" : "stay"],
        resources: [{ type: "r" }],
        when: `${CONDITIONS[outcome]} && ${i} == ${i}`, // no two rules are twins
      })),
    ),
  }).policy
}

/** The rule of combination, word for word: DENY > error > no matching allow > REQUIRE_APPROVAL > ALLOW. */
function naive({ rules, signals, denyAt }: Bundle): { readonly decision: string; readonly codes: readonly string[] } {
  const candidates = rules.filter(({ matches }) => matches)
  const holding = candidates.filter(({ outcome }) => outcome === "holds")
  const held = signals.filter(({ outcome }) => outcome === "holds").map(({ tier }) => TIERS.indexOf(tier))
  const isTooRisky = denyAt !== null && Math.max(0, ...held) >= TIERS.indexOf(denyAt) // the tier is low without signals
  const errs = ({ outcome }: { outcome: Outcome }) => outcome === "errs" || outcome === "lacks"
  const codes = [
    ...holding.filter(({ effect }) => effect === "deny").map(() => "DENIED_BY_RULE"),
    ...(isTooRisky ? ["RISK_TOO_HIGH"] : []),
    ...signals.filter(errs).map(() => "CONDITION_ERROR"),
    ...candidates.filter(errs).map(() => "CONDITION_ERROR"),
  ]
  if (codes.length > 0) return { decision: "DENY", codes }
  if (!holding.some(({ effect }) => effect === "allow")) return { decision: "DENY", codes: ["NO_MATCHING_ALLOW"] }
  const approvals = holding.filter(({ effect }) => effect === "require_approval")
  if (approvals.length > 0) return { decision: "REQUIRE_APPROVAL", codes: approvals.map(() => "APPROVAL_REQUIRED") }
  return { decision: "ALLOW", codes: [] }
}

const { request, policy: policyRequest } = requestOf({ context: { one: 1, zero: 0, table: {} } })

describe("determine", () => {
  test("effects combine as a naive reading of the rule says, for any rules and outcomes", () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(bundles, (bundle) => {
        const policy = toPolicy(bundle)
        const expected = naive(bundle)
        const outcome = policy.evaluate(policyRequest, [])
        expect({ decision: outcome.decision, codes: outcome.reasons.map(({ code }) => code) }).toEqual(expected)
        const holding = bundle.rules.flatMap(({ matches, outcome }, i) =>
          matches && outcome === "holds" ? [`r${i}`] : [],
        )
        expect(outcome.matchedRules).toEqual(holding)

        const whole = determine(stateOf(policy), request, policyRequest)
        const allows = bundle.rules.filter(
          ({ matches, outcome, effect }) => matches && outcome === "holds" && effect === "allow",
        )
        // Without a runtime, what is not denied anyway needs `runtime: none` from every allow.
        const isAttested = expected.decision === "DENY" || allows.every(({ runtime }) => runtime === "none")
        expect(whole.decision).toBe(isAttested ? expected.decision : "DENY")
        expect(whole.checks.map(({ name }) => name)).toEqual(CHECK_NAMES)
        expect(whole.checks.every(({ status }) => status === "PASS")).toBe(whole.decision === "ALLOW")
        seen.set(whole.decision, (seen.get(whole.decision) ?? 0) + 1)
      }),
      { numRuns: 2_000 },
    )
    for (const decision of ["ALLOW", "DENY", "REQUIRE_APPROVAL"]) expect(seen.get(decision)).toBeGreaterThan(10)
  })

  test("says the same twice, and in whatever order the rules are written", () => {
    fc.assert(
      fc.property(bundles, (bundle) => {
        const once = determine(stateOf(toPolicy(bundle)), request, policyRequest)
        expect(determine(stateOf(toPolicy(bundle)), request, policyRequest)).toEqual(once)
        const reversed = toPolicy(bundle, (rules) => rules.reverse())
        expect(determine(stateOf(reversed), request, policyRequest)).toEqual(once)
      }),
      { numRuns: 200 },
    )
  })

  /** Values of every declared type and of none, at the border of what fits. */
  const value = fc.oneof(
    fc.jsonValue() as fc.Arbitrary<JsonValue>,
    fc.constantFrom<JsonValue>(
      "research",
      "OPS-1",
      "",
      "\u{1F600}",
      0,
      -1,
      2001,
      2 ** 53,
      1.5,
      "9223372036854775807",
      true,
      null,
      [],
      {},
    ),
    fc.array(fc.constantFrom<JsonValue>("ls", "a|b", 1), { maxLength: 3 }),
  )
  const properties = fc.dictionary(
    fc.constantFrom(
      "team",
      "autonomy",
      "email",
      "classification",
      "currency",
      "ticket",
      "working_hours",
      "constructor",
      "x",
    ),
    value,
    { maxKeys: 4, noNullPrototype: true },
  ) as fc.Arbitrary<JsonObject>
  const parameters = fc.dictionary(fc.constantFrom("argv", "cwd", "amount", "instalments", "memo", "toString"), value, {
    noNullPrototype: true,
  })
  const optional = (text: string) => fc.constantFrom("", "", text)
  const anything = fc.record({
    subject: fc.record({
      type: fc.constantFrom("agent", "person", "robot", "constructor"),
      id: fc.constantFrom("agent:researcher", "agent:deployer", "agent:treasurer", "agent:retired", "é"),
      properties,
    }),
    action: fc.record({
      name: fc.constantFrom("file.read", "file.write", "shell.run", "http.get", "http.post", "payment.send", "x"),
      properties,
    }),
    resource: fc.record({
      type: fc.constantFrom("file", "host", "url", "account", "planet", "valueOf"),
      id: fc.constantFrom("/srv/research/a", "k.pem", "https://api.example.com/x", "https://169.254.169.254/", "*"),
      properties,
    }),
    context: properties,
    parameters: fc.option(parameters.map((object) => Buffer.from(JSON.stringify(object)))),
    parameters_content_type: fc.constantFrom("application/json", "text/plain"),
    runtime_id: optional("runtime"),
    approval_id: optional("approval"),
    parent_execution_id: optional("00000000-0000-4000-8000-000000000000"),
    supported_obligations: fc.subarray(["log", "notify"]),
  })
  const changes = fc
    .tuple(anything, fc.uniqueArray(fc.nat(9), { maxLength: 3 }))
    .map(([whole, kept]) => Object.fromEntries(Object.entries(whole).filter((_, i) => kept.includes(i))))
  const entity = (type: string, id: string, properties: JsonObject = {}) => ({ type, id, properties })
  const deployer = entity("agent", "agent:deployer", { team: "research" })
  const treasurer = entity("agent", "agent:treasurer", { team: "finance" })
  /** Each is allowed as it is. */
  const bases: readonly Partial<RawRequest>[] = [
    { subject: deployer, action: { name: "http.get", properties: {} }, resource: entity("url", "https://a.example/") },
    { subject: deployer, action: { name: "file.write", properties: {} }, resource: entity("file", "/srv/research/a") },
    {
      subject: treasurer,
      action: { name: "payment.send", properties: {} },
      resource: entity("account", "a", { currency: "EUR" }),
      parameters: Buffer.from('{"amount":2000,"instalments":4}'),
      parameters_content_type: "application/json",
    },
  ]

  const agentTools = load(
    readFileSync(join(import.meta.dirname, "..", "..", "examples", "agent-tools", "policy.yaml"), "utf8"),
  ).policy
  const states = [stateOf(agentTools), stateOf(null), stateOf(agentTools, [{ code: "BUNDLE_UNTRUSTED", text: "" }])]

  test("is total: any request that can be read is decided, six checks in order, ALLOW only if all pass, and replays", () => {
    let allowed = 0
    fc.assert(
      fc.property(fc.constantFrom(...bases), changes, fc.constantFrom(...states), (base, change, state) => {
        const merged: Partial<RawRequest> = { ...base, ...change }
        const raw = rawRequest(merged.parameters ? merged : { ...merged, parameters_content_type: "" })
        let request: Snapshot
        try {
          request = snapshot(raw)
        } catch (error) {
          expect(error).toBeInstanceOf(WritError) // -0 and numbers past 2^53 in the parameters
          return
        }
        const { decision, checks } = determine(state, request, toPolicyRequest(request, NOW_MS))
        expect(checks.map(({ name }) => name)).toEqual(CHECK_NAMES)
        expect(checks.every(({ status }) => status === "PASS")).toBe(decision === "ALLOW")
        expect(checks.every(({ status, reasons }) => (status === "FAIL") === reasons.length > 0)).toBe(true)
        expect(determine(state, request, toPolicyRequest(request, NOW_MS))).toMatchObject({ decision, checks })
        const { record } = recordDecision(state, request)
        expect(replayDecision(record, state.active?.policy ?? null)).toMatchObject({ outcome: "same", differences: [] })
        if (decision === "ALLOW") allowed++
      }),
      { numRuns: 5_000 },
    )
    expect(allowed).toBeGreaterThan(10)
  })
})
