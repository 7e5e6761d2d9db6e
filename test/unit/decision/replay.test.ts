import { describe, expect, test } from "vitest"
import { replayDecision } from "../../../src/decision/replay.ts"
import type { RawRequest } from "../../../src/decision/snapshot.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { ISSUER } from "../../support/decision.ts"
import { load, requestOf, stateOf } from "../../support/policy.ts"
import { forge, recordDecision } from "../../support/recorded.ts"

const ENTITIES = { subjects: [{ type: "a" }], resources: [{ type: "r" }] }
const BUNDLE = {
  version: "1",
  types: {
    subjects: { a: { known: "any", properties: { secret: { type: "string", record: "never" } } } },
    resources: { r: {}, plain: {} },
    actions: {
      go: {},
      pay: { parameters: { amount: { type: "int", required: true } } },
      sign: { parameters: { pin: { type: "string", record: "never" } } },
    },
    context: { limits: "map<int>", ratio: "double" },
  },
  rules: [
    {
      id: "go",
      effect: "allow",
      runtime: "none",
      ...ENTITIES,
      actions: ["*"],
      obligations: [{ id: "log", type: "log" }],
      token: { ttl: "20s", max_duration: "2m" },
    },
    { id: "stop", effect: "deny", ...ENTITIES, actions: ["pay"], when: "parameters.amount > 100" },
    {
      id: "over",
      effect: "deny",
      ...ENTITIES,
      actions: ["go"],
      when: 'has(context.limits) && context.limits.exists(name, context.limits[name] > 10 && name != "")',
    },
  ],
  risk: { signals: [{ id: "large", when: "has(context.ratio) && context.ratio > 0.5", tier: "medium", points: 3 }] },
}
const { policy } = load(BUNDLE)
const supported = { supported_obligations: ["log"] }
const pay = (amount: number): Partial<RawRequest> => ({
  ...supported,
  action: { name: "pay", properties: {} },
  parameters: Buffer.from(JSON.stringify({ amount })),
  parameters_content_type: "application/json",
})
const record = (change: Partial<RawRequest> = supported, more: Parameters<typeof recordDecision>[2] = {}) =>
  recordDecision(stateOf(policy), requestOf(change).request, more).record

describe("replayDecision", () => {
  test.each([
    ["an allow", supported],
    ["an allow with a wish for its life", { ...supported, requested_ttl_ms: 4_999 }],
    ["a deny for want of an obligation", {}],
    ["decoded parameters", pay(100)],
    ["a deny by a rule", pay(101)],
    ["parameters of another shape", pay(1.5)],
    ["a digest of parameters", { ...supported, parameters_digest: Buffer.alloc(32, 4) }],
    ["risk", { ...supported, context: { ratio: 0.75 } }],
    ["a number that is no integer of JSON's", { ...supported, context: { ratio: 2 ** 66 * 1.7 } }],
    ["a denied approval", { ...supported, approval_id: "x" }],
    [
      "a bundle that declares what is never recorded, of which nothing was sent",
      { subject: { type: "a", id: "x", properties: {} } },
    ],
  ] as [string, Partial<RawRequest>][])("%s comes to the same", (_, change) => {
    expect(replayDecision(record(change), policy)).toMatchObject({ outcome: "same", differences: [] })
  })

  test("members in whatever order come to the same reasons and cost", () => {
    const limits = { z: 1, b: 1, 10: 1, 9: 99, a: 1 }
    const unknown = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`x${(i * 37) % 60}`, i]))
    for (const context of [{ limits }, unknown, { ...unknown, limits: "?" }] as JsonObject[])
      expect(replayDecision(record({ ...supported, context }), policy).outcome).toBe("same")
  })

  test("what was neither recorded nor decided is a state without a bundle", () => {
    const { record } = recordDecision(stateOf(null), requestOf().request)
    expect(replayDecision(record, null).outcome).toBe("same")
  })

  type Json = Record<string, never>
  const data = (change: (data: Record<string, unknown>) => void) => ({
    leaf: (leaf: Record<string, unknown>) => change(leaf["data"] as Record<string, unknown>),
  })
  const claims = (change: (claims: Record<string, unknown>) => void) => ({
    content: (content: Record<string, unknown>) => change(content["claims"] as Record<string, unknown>),
  })
  test.each([
    ["decision", data((data) => Object.assign(data, { decision: "DENY" }))],
    ["matched_rules", data((data) => Object.assign(data, { matched_rules: ["other"] }))],
    ["checks", data((data) => (data["checks"] as Json[]).reverse())],
    ["bundle_version", data((data) => Object.assign(data, { bundle_version: "2" }))],
    ["reasons", { content: (content: Json) => Object.assign(content, { reasons: [[], [], [], [], [], [{}]] }) }],
    ["obligations", { content: (content: Json) => Object.assign(content, { obligations: [] }) }],
    [
      "risk",
      { content: (content: Json) => Object.assign(content, { risk: { points: 0, signals: [], tier: "high" } }) },
    ],
    ["cost", { content: (content: Json) => Object.assign(content, { cost: 1 }) }],
    ["trace", { content: (content: Json) => Object.assign(content, { trace: [] }) }],
    [
      "request",
      {
        content: (content: Record<string, unknown>) =>
          Object.assign(content["request"] as object, { audience: "other" }),
      },
    ],
    ["token", { content: (content: Record<string, unknown>) => Reflect.deleteProperty(content, "claims") }],
    ["token", claims((claims) => Object.assign(claims, { use: "offline" }))],
    ["token", claims((claims) => Object.assign(claims, { max_duration: 7_200 }))],
    ["token", claims((claims) => Object.assign(claims, { exp: (claims["exp"] as number) + 11 }))], // past the rule's 20 s
  ] as [string, Parameters<typeof forge>[1]][])("%s altered is told", (what, change) => {
    const replay = replayDecision(forge(record(), change), policy)
    expect(replay).toMatchObject({ outcome: "different", differences: expect.arrayContaining([what]) })
  })

  test("what another engine decided differently says so first; the same is the same", () => {
    const other = (leaf: Record<string, unknown>) => Object.assign(leaf, { engine: "writ/0.0.0" })
    expect(replayDecision(forge(record(), { leaf: other }), policy)).toMatchObject({ outcome: "same", differences: [] })
    const content = (content: Record<string, unknown>) => Object.assign(content, { cost: 1 })
    expect(replayDecision(forge(record(), { leaf: other, content }), policy)).toMatchObject({
      outcome: "different",
      differences: ["engine", "cost"],
    })
  })

  test("an erased payload, a bundle that is not there, and what was never recorded cannot be replayed", () => {
    const { body, payload } = record()
    const why = (...args: Parameters<typeof replayDecision>) => {
      const replay = replayDecision(...args)
      return replay.outcome === "not_replayable" ? [replay.code, replay.leaf?.data.decision] : replay.outcome
    }
    expect(why({ body, payload: null }, policy)).toEqual(["ERASED", "ALLOW"])
    expect(why({ body, payload }, null)).toEqual(["BUNDLE_UNKNOWN", "ALLOW"])
    const { request, policy: policyRequest } = requestOf({
      subject: { type: "a", id: "x", properties: { secret: "s" } },
    })
    const masked = encodeCanonicalJson({ ...request.json, ...policy.recordable(policyRequest) })
    const { record: half } = recordDecision(stateOf(policy), request, { recorded: masked })
    expect(why(half, policy)).toEqual(["NOT_RECORDED", "DENY"])
    expect(why(record({ ...supported, action: { name: "sign", properties: {} } }), policy)).toBe("same")
  })

  test("what is no decision of ours is said to be none", () => {
    const { body, payload } = record()
    for (const broken of [
      { body: Buffer.from("{"), payload },
      { body: Buffer.from('{"kind":"lost"}'), payload },
      { body, payload: Buffer.alloc(PAYLOAD_SALT_BYTES) },
      forge(record(), { content: (content) => Object.assign(content, { request: {} }) }),
    ])
      expect(replayDecision(broken, policy)).toMatchObject({ outcome: "not_replayable", code: "MALFORMED" })
  })

  test("by another bundle: what it would have decided, whatever its trace and cost", () => {
    const [go, stop, over] = BUNDLE.rules
    const twin = load({
      ...BUNDLE,
      version: "2",
      rules: [...BUNDLE.rules, { ...stop, id: "more", when: "parameters.amount > 200" }],
    })
    expect(replayDecision(record(pay(50)), policy, twin.policy).outcome).toBe("same")
    const strict = load({ ...BUNDLE, rules: [go, over, { ...stop, when: "parameters.amount > 10" }] }).policy
    const denied = replayDecision(record(pay(50)), policy, strict)
    expect(denied).toMatchObject({
      outcome: "different",
      differences: ["decision", "reasons", "matched_rules", "obligations"],
      determination: { decision: "DENY", outcome: { matchedRules: ["go", "stop"] } },
    })
    const lax = load({ ...BUNDLE, rules: [go] }).policy
    expect(replayDecision(record(pay(101)), policy, lax)).toMatchObject({
      outcome: "different",
      determination: { decision: "ALLOW" },
    })
  })

  test("a token without development mode, of another issuer and default, is the same", () => {
    const issuer = { ...ISSUER, development: false, issuer: "https://else", defaultTtlMs: 3_000 }
    expect(replayDecision(record(supported, { issuer }), policy).outcome).toBe("same")
  })

  test("a plain allow holds nothing for it that was not there before", () => {
    const content = JSON.parse(Buffer.from(record().payload?.subarray(PAYLOAD_SALT_BYTES) ?? []).toString("utf8"))
    expect(Object.keys(content)).not.toContain("runtime")
    expect(Object.keys(content)).not.toContain("parent")
  })
})
