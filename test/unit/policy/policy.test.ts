import { describe, expect, test } from "vitest"
import type { RawRequest } from "../../../src/decision/snapshot.ts"
import { APPROVAL_LIFE_MS, MAX_COST } from "../../../src/policy/bundle.ts"
import { load, requestOf } from "../../support/policy.ts"

const ENTITIES = { subjects: [{ type: "a" }], actions: ["go"], resources: [{ type: "r" }] }
const rule = (id: string, more: object = {}) => ({
  id,
  effect: "allow",
  runtime: "none",
  ...ENTITIES,
  when: `'${id}' != ''`,
  ...more,
})
const policyOf = (rules: readonly object[], more: object = {}) =>
  load({
    version: "1",
    types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
    rules,
    ...more,
  }).policy
const ask = (
  policy: ReturnType<typeof policyOf>,
  change: Partial<RawRequest> = {},
  obligations: readonly string[] = [],
) => policy.evaluate(requestOf(change).policy, obligations)

describe("evaluate", () => {
  test("of several matching allows the strictest limits count, and obligations add up", () => {
    const policy = policyOf([
      rule("a", {
        token: { ttl: "20s", use: "offline", max_duration: "1h" },
        obligations: [{ id: "o1", type: "log" }],
      }),
      rule("b", {
        token: { ttl: "5s", use: "offline" },
        obligations: [{ id: "o2", type: "notify", properties: { to: "x" } }],
      }),
    ])
    expect(ask(policy, {}, ["log", "notify"])).toMatchObject({
      decision: "ALLOW",
      constraints: { ttlMs: 5_000, maxDurationMs: 3_600_000, use: "offline" },
      obligations: [
        { id: "o1", type: "log" },
        { id: "o2", type: "notify", properties: { to: "x" } },
      ],
      runtimeNotRequired: true,
    })
    expect(ask(policyOf([rule("a", { token: { use: "offline" } }), rule("b")])).constraints.use).toBe("redeem")
  })

  test("obligations of allows come first, then those of approvals, by rule id, however the bundle is written", () => {
    const obliging = (id: string, effect: string) =>
      rule(id, {
        effect,
        obligations: [
          { id: `${id}-2`, type: "log" },
          { id: `${id}-1`, type: "log" },
        ],
      })
    const rules = [obliging("b", "allow"), obliging("a", "require_approval"), obliging("c", "allow")]
    for (const order of [rules, rules.toReversed()])
      expect(ask(policyOf(order), {}, ["log"]).obligations.map(({ id }) => id)).toEqual([
        "b-2",
        "b-1",
        "c-2",
        "c-1",
        "a-2",
        "a-1",
      ])
  })

  test("of several rules that require an approval the most principals and the shortest time count", () => {
    const wait = (id: string, more: object = {}) => rule(id, { effect: "require_approval", ...more })
    expect(ask(policyOf([rule("a"), wait("w")]))).toMatchObject({
      decision: "REQUIRE_APPROVAL",
      approval: { rules: ["w"], needed: 1, lifeMs: APPROVAL_LIFE_MS },
    })
    const several = [
      rule("a"),
      wait("w2", { approve_within: "5m" }),
      wait("w1", { approvals: 3, approve_within: "14m" }),
    ]
    expect(ask(policyOf(several)).approval).toEqual({ rules: ["w1", "w2"], needed: 3, lifeMs: 300_000 })
    expect(ask(policyOf([rule("a")])).approval).toBeNull()
    // nothing is asked for where nothing could be allowed
    expect(ask(policyOf([wait("w")]))).toMatchObject({ decision: "DENY", approval: null })
    expect(ask(policyOf([rule("a"), wait("w"), rule("d", { effect: "deny" })])).approval).toBeNull()
  })

  test("one unsupported obligation is a deny, and then nothing is to be done", () => {
    const policy = policyOf([
      rule("a", {
        obligations: [
          { id: "o1", type: "log" },
          { id: "o2", type: "notify" },
        ],
      }),
    ])
    expect(ask(policy, {}, ["log"])).toMatchObject({
      decision: "DENY",
      reasons: [{ code: "OBLIGATION_UNSUPPORTED" }],
      obligations: [],
      constraints: {},
    })
  })

  test("a runtime is needed as soon as one matching allow wants one", () => {
    expect(ask(policyOf([rule("a"), rule("b", { runtime: "required" })])).runtimeNotRequired).toBe(false)
    expect(ask(policyOf([rule("a", { when: "subject.id == 'nobody'" }), rule("b")])).runtimeNotRequired).toBe(true)
    expect(ask(policyOf([])).runtimeNotRequired).toBe(false)
  })

  test("a deny that cannot see the parameters counts as an error, an allow as not matching", () => {
    const bytes = { parameters: Buffer.from("x"), parameters_content_type: "text/plain" }
    const deny = rule("deny", { effect: "deny" })
    const opaque = rule("open", { parameters: "opaque" })
    expect(ask(policyOf([opaque]), bytes).decision).toBe("ALLOW")
    expect(ask(policyOf([opaque, rule("closed")]), bytes).decision).toBe("ALLOW")
    expect(ask(policyOf([opaque, deny]), bytes)).toMatchObject({
      decision: "DENY",
      reasons: [{ code: "PARAMETERS_OPAQUE", rule: "deny" }],
    })
    expect(ask(policyOf([opaque, rule("ask", { effect: "require_approval" })]), bytes).decision).toBe("DENY")
    expect(ask(policyOf([rule("closed")]), bytes).reasons).toMatchObject([
      { code: "PARAMETERS_OPAQUE", rule: "closed" },
    ])
  })

  test("the trace names every candidate in the order of ids, and what came of it", () => {
    const policy = policyOf([
      rule("c", { when: "1 / int(subject.id) == 1" }),
      rule("a"),
      rule("b", { effect: "deny", when: "subject.id == 'c'" }),
      { ...rule("d"), resources: [{ type: "r", id: "elsewhere" }] },
    ])
    expect(ask(policy, { subject: { type: "a", id: "0", properties: {} } }).trace).toEqual([
      { rule: "a", effect: "allow", outcome: "matched" },
      { rule: "b", effect: "deny", outcome: "not_matched" },
      { rule: "c", effect: "allow", outcome: "error", detail: "CONDITION_ERROR" },
    ])
  })

  test("the tier is that of the worst signal, never a sum; points only add up", () => {
    const signal = (id: string, tier: string, when = "true") => ({ id, tier, when, points: 10 })
    const policy = policyOf([rule("a")], {
      risk: {
        deny_at: "high",
        signals: [signal("s1", "medium"), signal("s2", "medium"), signal("s3", "critical", "subject.id == 'bad'")],
      },
    })
    expect(ask(policy)).toMatchObject({
      decision: "ALLOW",
      risk: { tier: "medium", points: 20, signals: ["s1", "s2"] },
    })
    expect(ask(policy, { subject: { type: "a", id: "bad", properties: {} } })).toMatchObject({
      decision: "DENY",
      reasons: [{ code: "RISK_TOO_HIGH" }],
      risk: { tier: "critical", points: 30 },
    })
  })

  test("the cost of all candidates is one budget; what would exceed it is not evaluated", () => {
    const words = { parameters: { words: { type: "list<string>", required: true } } }
    const costly = "parameters.words.all(x, parameters.words.all(y, x == y))"
    const policyWith = (count: number) =>
      policyOf(
        Array.from({ length: count }, (_, i) => rule(`r${i}`, { when: `${costly} && ${i} >= 0` })),
        { types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: words } } },
      )
    const given = (size: number) => ({
      parameters: Buffer.from(JSON.stringify({ words: Array(size).fill("a") })),
      parameters_content_type: "application/json",
    })
    const one = ask(policyWith(1), given(40))
    expect(one.decision).toBe("ALLOW")
    const fit = Math.floor(MAX_COST / one.cost)
    expect(ask(policyWith(fit), given(40))).toMatchObject({ decision: "ALLOW", cost: one.cost * fit })
    const over = ask(policyWith(fit + 1), given(40))
    expect(over.decision).toBe("DENY")
    expect(over.reasons.map(({ code }) => code)).toEqual(["COST_EXCEEDED"])
    expect(over.cost).toBeLessThanOrEqual(MAX_COST)
  })
})

describe("recordable", () => {
  const never = (type: string) => ({ type, record: "never" })
  const policy = policyOf([], {
    types: {
      subjects: { a: { known: "any", properties: { email: never("string"), team: "string" } } },
      resources: { r: { properties: { iban: never("string") } } },
      actions: {
        go: { properties: { reason: never("string") }, parameters: { pin: never("int"), amount: "int" } },
        stay: { parameters: { amount: "int" } },
      },
      context: { ip: never("string") },
    },
  })

  test("what is declared `record: never` is masked wherever it stands, the rest is kept", () => {
    const { policy: request } = requestOf({
      subject: { type: "a", id: "x", properties: { email: "HIDDEN", team: "t", undeclared: 1 } },
      action: { name: "go", properties: { reason: "HIDDEN" } },
      resource: { type: "r", id: "y", properties: { iban: "HIDDEN" } },
      context: { ip: ["HIDDEN", "of the wrong type"] },
    })
    expect(policy.recordsAllOf(request)).toBe(false)
    expect(policy.recordable(request)).toEqual({
      subject: { type: "a", id: "x", properties: { email: "[not recorded]", team: "t", undeclared: 1 } },
      action: { name: "go", properties: { reason: "[not recorded]" } },
      resource: { type: "r", id: "y", properties: { iban: "[not recorded]" } },
      context: { ip: "[not recorded]" },
    })
  })

  test("parameters are recorded unless one of the action's is declared `record: never`", () => {
    expect([policy.recordsParameters("go"), policy.recordsParameters("stay")]).toEqual([false, true])
  })

  test("a request that nothing is masked in is recorded as it came", () => {
    const { recordsAllOf } = policyOf([])
    expect(recordsAllOf(requestOf().policy)).toBe(true)
    const masking = (kind: "subjects" | "resources" | "actions", name: string, declared: object) => {
      const types = { subjects: {}, resources: {}, actions: {}, [kind]: { [name]: declared } }
      return load({ version: "1", types, rules: [] }).policy.recordsAllOf(requestOf().policy)
    }
    const hidden = { properties: { p: never("string") } }
    expect(masking("subjects", "a", hidden)).toBe(false)
    expect(masking("subjects", "b", hidden)).toBe(true)
    expect(masking("resources", "r", hidden)).toBe(false)
    expect(masking("resources", "q", hidden)).toBe(true)
    expect(masking("actions", "go", hidden)).toBe(false)
    expect(masking("actions", "stay", hidden)).toBe(true)
    expect(masking("actions", "go", { parameters: { p: never("string") } })).toBe(false)
  })
})
