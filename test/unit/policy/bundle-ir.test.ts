import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { compileCanonicalToIr, compileFilesToIr, linkBundle } from "../../../src/policy/bundle-ir.ts"
import type { Policy } from "../../../src/policy/types.ts"
import { load, requestOf } from "../../support/policy.ts"

/** As another thread would get it: a copy, then worked off step by step. */
function link(files: Record<string, string>): { policy: Policy; steps: number } {
  const compiled = compileFilesToIr(files, sha256)
  if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join("\n"))
  const work = linkBundle(structuredClone(compiled.ir))
  for (let steps = 1; ; steps++) {
    const step = work.next()
    if (step.done) return { policy: step.value, steps }
  }
}

const EXAMPLES = join(import.meta.dirname, "..", "..", "..", "examples")
const examples = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.ya?ml$/.test(name) && !/_test\.ya?ml$/.test(name))
  .map((name) => [name, readFileSync(join(EXAMPLES, name), "utf8")] as const)
  .filter(([, text]) => /^rules:/m.test(text))

const TYPES = {
  subjects: { agent: { known: "any", properties: { team: "string", level: "int", score: "double" } } },
  resources: { file: { properties: { tags: "list<string>", sizes: "map<int>" } } },
  actions: { read: {}, write: { parameters: { path: "string", at: "timestamp" } } },
  context: { amount: "int", ip: "string" },
}
/** One of each kind of node, of literal and of target. */
const CONDITIONS = [
  "true || false",
  'has(subject.properties.team) && subject.properties.team == "a"',
  "has(subject.properties.level) && subject.properties.level > -9223372036854775807 - 1 + 1",
  "has(subject.properties.score) && subject.properties.score < 1.5e300 && -0.0 == 0.0",
  'has(resource.properties.tags) && resource.properties.tags.exists(t, t.startsWith("x") && t in constants.names)',
  'has(resource.properties.tags) && resource.properties.tags.all(i, t, i < 3 || t == "y")',
  "has(resource.properties.sizes) && resource.properties.sizes.transformList(k, v, v > 1, k).size() >= 0",
  'resource.properties.?tags.orValue(["none"])[0] != "z"',
  "resource.properties.?tags.optMap(t, t.size()).orValue(0) < 5",
  "cel.bind(x, [1, 2, 3].map(n, n * 2), x.filter(n, n > 2).size() == 2)",
  '{"a": 1, "b": 2u}["a"] == 1 && [?optional.of(1)].size() == 1',
  'b"\\x00\\xff" == bytes("x") ? variables.big : !variables.big',
  'context.?ip.orValue("10.0.0.1").matches("^10[.]") && math.greatest(1, 2, 3) == 3',
  'now > timestamp("2020-01-01T00:00:00Z") && duration("1h") < duration("2h")',
  "type(1) == int && 18446744073709551615u > 1u",
  '"a" in constants.names || context.?amount.orValue(0) in [1, 2, constants.limit]',
  'ip("10.0.0.1").family() == 4 && cidr("10.0.0.0/8").containsIP("10.1.1.1")',
]
const everything = {
  version: "1",
  types: TYPES,
  constants: { names: ["a", "b"], limit: 7, rate: 0.5 },
  variables: { big: "context.?amount.orValue(0) > constants.limit" },
  risk: { signals: [{ id: "late", when: "now.getHours('UTC') > 20", tier: "high", points: 3 }], deny_at: "critical" },
  rules: CONDITIONS.map((when, i) => ({
    id: `r${i}`,
    effect: i % 3 === 2 ? "require_approval" : "allow",
    subjects: [{ type: "agent" }],
    actions: ["*"],
    resources: [{ type: "file", id: i % 2 === 0 ? "*" : "/data/*" }],
    when,
    runtime: "none",
    token: { ttl: "5s" },
  })),
}
const REQUESTS = [{}, { team: "a", level: 9, score: 0.25 }, { team: "b", level: "9223372036854775807" }].flatMap(
  (properties) =>
    [{}, { tags: ["x", "a"], sizes: { k: 2 } }, { tags: [] }].map((resource) =>
      requestOf({
        subject: { type: "agent", id: "agent:1", properties },
        action: { name: "read", properties: {} },
        resource: { type: "file", id: "/data/x", properties: resource },
        context: { amount: 8 },
      }),
    ),
)

describe("linkBundle", () => {
  test("decides as the policy that was compiled here: outcome, cost and trace", () => {
    const here = load(everything).policy
    const { policy } = link({ "policy.yaml": JSON.stringify(everything) })
    expect(policy.digest).toBe(here.digest)
    expect(policy.canonicalBytes).toEqual(here.canonicalBytes)
    expect(policy.ruleCount).toBe(CONDITIONS.length)
    const outcomes = REQUESTS.map(({ policy: request }) => policy.evaluate(request, []))
    expect(outcomes).toEqual(REQUESTS.map(({ policy: request }) => here.evaluate(request, [])))
    expect(outcomes.some(({ matchedRules }) => matchedRules.length > 8)).toBe(true)
  })

  test.each(examples)("makes the same of %s", (_, text) => {
    const here = load(text).policy
    const { policy } = link({ "policy.yaml": text })
    expect([policy.digest, policy.version, policy.ruleCount]).toEqual([here.digest, here.version, here.ruleCount])
    expect(policy.canonicalBytes).toEqual(here.canonicalBytes)
  })

  test("stops between conditions and between rules", () => {
    expect(link({ "policy.yaml": JSON.stringify(everything) }).steps).toBeGreaterThan(2 * CONDITIONS.length)
  })

  test("holds equal conditions of rules over the same types once, also in many pieces", () => {
    const rules = Array.from({ length: 400 }, (_, i) => ({
      ...everything.rules[1],
      id: `r${String(i).padStart(3, "0")}`,
      effect: "allow",
      resources: [{ type: "file", id: `/${i}` }],
    }))
    const text = JSON.stringify({ ...everything, rules })
    const compiled = compileFilesToIr({ "p.yaml": text }, sha256)
    if (!compiled.ok) throw new Error("no")
    expect(compiled.ir.pieces.length).toBeGreaterThan(4)
    const all = compiled.ir.pieces.map((piece) => Buffer.from(piece).toString()).join("")
    expect(all.split('"ir":').length - 1).toBe(2) // the rules' and the signal's
    const { policy } = link({ "p.yaml": text })
    const matched = (i: number) =>
      policy.evaluate(
        requestOf({
          subject: { type: "agent", id: "1", properties: { team: "a" } },
          action: { name: "read", properties: {} },
          resource: { type: "file", id: `/${i}`, properties: {} },
        }).policy,
        [],
      ).matchedRules
    expect([0, 217, 399].map(matched)).toEqual([["r000"], ["r217"], ["r399"]])
  })
})

describe("compileFilesToIr", () => {
  test("tells what is wrong as loadPolicy does", () => {
    const compiled = compileFilesToIr({ "p.yaml": 'version: "1"\nrules: [{ id: a }]\n' }, sha256)
    expect(compiled).toMatchObject({ ok: false })
  })

  test("shows each condition to who asks", () => {
    const seen: string[] = []
    compileFilesToIr({ "p.yaml": JSON.stringify(everything) }, sha256, (_, id) => seen.push(id))
    expect(new Set(seen)).toEqual(new Set([...everything.rules.map(({ id }) => id), "late"]))
  })
})

describe("compileCanonicalToIr", () => {
  test("reads what a policy says of itself", () => {
    const { policy } = load(everything)
    const compiled = compileCanonicalToIr(policy.canonicalBytes, sha256)
    expect(compiled).toMatchObject({ ok: true, digest: policy.digest })
  })
  test("refuses what is no bundle", () => {
    expect(compileCanonicalToIr(new TextEncoder().encode("{}"), sha256).ok).toBe(false)
  })
})
