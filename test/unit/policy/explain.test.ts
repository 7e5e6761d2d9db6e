import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { assumedPast } from "../../../src/policy/assumptions.ts"
import { explain, MAX_EXPLAINED_NODES, MAX_PART_CHARS, type Part } from "../../../src/policy/explain.ts"
import { MAX_VALUE_CHARS } from "../../../src/policy/format-value.ts"
import { loadPolicy } from "../../../src/policy/load.ts"
import { mergeFiles } from "../../../src/policy/merge-files.ts"
import { parseTests } from "../../../src/policy/tests/parse-tests.ts"
import type { Policy, PolicyRequest } from "../../../src/policy/types.ts"
import { MAX_KEPT_VALUES } from "../../../src/policy/watch.ts"
import { readPolicyFolder } from "../../../src/store/policy-folder.ts"
import { load, requestOf } from "../../support/policy.ts"

const EXAMPLES = join(import.meta.dirname, "..", "..", "..", "examples")
const RULE = { subjects: [{ type: "a" }], actions: ["go"], resources: [{ type: "r" }] }

const policyOf = (when: string, properties: object = {}, more: object = {}): Policy =>
  load({
    version: "1",
    types: {
      subjects: { a: { known: "any", properties } },
      resources: { r: {} },
      actions: { go: { parameters: { words: "list<string>", pins: { type: "list<string>", record: "never" } } } },
      context: {
        ticket: "string",
        token: { type: "string", record: "never" },
        sick: { type: "bool", record: "never" },
      },
    },
    rules: [{ id: "one", effect: "allow", ...RULE, when }],
    ...more,
  }).policy
const ask = (properties: JsonObject = {}, context: JsonObject = {}, parameters?: JsonObject): PolicyRequest => ({
  ...requestOf({ subject: { type: "a", id: "x", properties }, context }).policy,
  parameters: parameters ? { kind: "json", value: parameters } : { kind: "absent" },
})
const explained = (policy: Policy, request: PolicyRequest): Part => {
  expect(policy.checkContext(request)).toEqual([])
  const { outcome, rules } = explain(policy, request, [])
  expect(outcome).toEqual(policy.evaluate(request, []))
  return rules[0]?.part as Part
}
/** A line for each part: what it is and what it came out as. */
const lines = ({ text, name, values, parts }: Part, depth = 0): string[] => [
  `${"  ".repeat(depth)}${name ? `${name}: ` : ""}${text} = ${values.join(" | ") || "not evaluated"}`,
  ...parts.flatMap((part) => lines(part, depth + 1)),
]

describe("explain", () => {
  test("shows what each part of a condition came out as, variables and constants by name", () => {
    const policy = policyOf(
      "variables.known && subject.properties.n + 1 > constants.limit || context.?ticket.orValue('') == 'x'",
      { n: { type: "int", required: true } },
      { constants: { limit: 7 }, variables: { known: "has(context.ticket) && context.ticket != ''" } },
    )
    expect(lines(explained(policy, ask({ n: 6 }, { ticket: "T" })))).toEqual([
      'variables.known && subject.properties.n + 1 > constants.limit || context.?ticket.orValue("") == "x" = false',
      "  variables.known && subject.properties.n + 1 > constants.limit = false",
      "    has(context.ticket) = true",
      '    context.ticket != "" = true',
      '      context.ticket = "T"',
      "    subject.properties.n + 1 > constants.limit = false",
      "      subject.properties.n + 1 = 7",
      "        subject.properties.n = 6",
      "      constants.limit: 7 = 7",
      '  context.?ticket.orValue("") == "x" = false',
      '    context.?ticket.orValue("") = "T"',
      '      context.?ticket = optional.of("T")',
    ])
    expect(lines(explained(policy, ask({ n: 6 }, {}))).slice(1, 6)).toEqual([
      "  variables.known && subject.properties.n + 1 > constants.limit = false",
      "    has(context.ticket) = false",
      '    context.ticket != "" = not evaluated',
      "      context.ticket = not evaluated",
      "    subject.properties.n + 1 > constants.limit = not evaluated",
    ])
  })

  test("a variable that stands for itself keeps its name; an error is told, and what absorbs it", () => {
    const policy = policyOf(
      "variables.share > 2 || subject.properties.n == 0",
      { n: { type: "int", required: true } },
      {
        variables: { share: "10 / subject.properties.n" },
      },
    )
    expect(lines(explained(policy, ask({ n: 0 })))).toEqual([
      "variables.share > 2 || subject.properties.n == 0 = true",
      expect.stringMatching(/^ {2}variables\.share > 2 = error: div/),
      expect.stringMatching(/^ {4}variables\.share: 10 \/ subject\.properties\.n = error: div/),
      "      subject.properties.n = 0",
      "  subject.properties.n == 0 = true",
      "    subject.properties.n = 0",
    ])
  })

  test(`of what a comprehension walks the first ${MAX_KEPT_VALUES} values are shown, and how many there were`, () => {
    const policy = policyOf("has(parameters.words) && parameters.words.exists(w, w == 'x')")
    const words = Array.from({ length: 20 }, (_, i) => `w${i}`)
    const part = explained(policy, ask({}, {}, { words })).parts[1]
    const body = part?.parts[1]
    expect(body?.text).toBe('w == "x"')
    expect(body?.values).toEqual(Array.from({ length: MAX_KEPT_VALUES }, () => "false"))
    expect(body?.evaluations).toBe(20)
  })

  test("long values and long parts end in an ellipsis; a condition is given whole", () => {
    const long = "x".repeat(500)
    const policy = policyOf(`subject.properties.s == "${long}" && subject.properties.s != ""`, {
      s: { type: "string", required: true },
    })
    const part = explained(policy, ask({ s: "é".repeat(300) }))
    expect(part.parts[0]?.text).toHaveLength(MAX_PART_CHARS)
    expect(part.parts[0]?.parts[0]?.values[0]).toBe(`"${"é".repeat(MAX_VALUE_CHARS - 2)}…`)
    const [rule] = explain(policy, ask({ s: "" }), []).rules
    expect(rule?.source).toContain(long)
  })

  test.each([
    ["context.?token.orValue('') == 'hunter2'", { token: "hunter2" }, undefined, 2],
    ["has(context.token) && context.token + '!' == 'hunter2!'", { token: "hunter2" }, undefined, 2],
    ["has(context.token) && size(context.token) > 3", { token: "hunter2" }, undefined, 2],
    ["has(context.sick) && !context.sick", { sick: true }, undefined, 2],
    [
      "has(parameters.pins) && parameters.pins.map(p, p + '0').exists(q, q == 'hunter20')",
      {},
      { pins: ["hunter2"] },
      4,
    ],
    ["context.?token.optMap(t, t + '!').orValue('') != ''", { token: "hunter2" }, undefined, 3],
    ["has(context.token) && int(context.token) > 1", { token: "hunter2" }, undefined, 2],
  ])("what is declared `record: never` is not shown: %s", (when, context, parameters, hidden) => {
    const text = lines(explained(policyOf(when), ask({}, context as JsonObject, parameters as JsonObject))).join("\n")
    const values = text
      .split("\n")
      .map((line) => line.slice(line.lastIndexOf(" = ")))
      .join("\n")
    expect(values).not.toMatch(/hunter|= 7|sick/)
    expect(values.match(/\[not recorded\]/g)?.length).toBeGreaterThanOrEqual(hidden)
  })

  test("beside what is not shown the rest is", () => {
    const policy = policyOf("has(context.token) && context.token != '' && context.?ticket.orValue('') == 'T'")
    expect(lines(explained(policy, ask({}, { token: "hunter2", ticket: "T" })))).toEqual([
      'has(context.token) && context.token != "" && context.?ticket.orValue("") == "T" = true',
      "  has(context.token) = true",
      '  context.token != "" = true',
      "    context.token = [not recorded]",
      '  context.?ticket.orValue("") == "T" = true',
      '    context.?ticket.orValue("") = "T"',
      '      context.?ticket = optional.of("T")',
    ])
  })

  test("signals come first, a rule whose parameters are not known has no condition to explain", () => {
    const { policy } = load(readFileSync(join(EXAMPLES, "agent-tools", "policy.yaml"), "utf8"))
    const request: PolicyRequest = {
      ...requestOf({
        subject: { type: "agent", id: "agent:deployer", properties: { team: "platform" } },
        action: { name: "shell.run", properties: {} },
        resource: { type: "host", id: "h", properties: {} },
      }).policy,
      parameters: { kind: "opaque" },
    }
    expect(policy.checkContext(request)).toEqual([])
    const { outcome, signals, rules } = explain(policy, request, [])
    expect(signals.map(({ id }) => id)).toEqual(["outside-working-hours"])
    expect(rules).toEqual([])
    expect(outcome.trace).toHaveLength(2)
  })

  test(`beyond ${MAX_EXPLAINED_NODES} parts conditions are evaluated and not explained`, () => {
    const when = (i: number) =>
      Array.from({ length: 60 }, (_, j) => `subject.properties.n != ${1000 * i + j}`).join(" && ")
    const rules = Array.from({ length: 20 }, (_, i) => ({ id: `r${i}`, effect: "allow", ...RULE, when: when(i + 1) }))
    const policy = policyOf("true", { n: { type: "int", required: true } }, { rules })
    const request = ask({ n: 7 })
    expect(policy.checkContext(request)).toEqual([])
    const { outcome, rules: shown } = explain(policy, request, [])
    expect(outcome).toEqual(policy.evaluate(request, []))
    expect(shown).toHaveLength(20)
    expect(shown[0]?.part).not.toBeNull()
    expect(shown.at(-1)).toMatchObject({ id: "r9", part: null })
  })
})

describe.each(readdirSync(EXAMPLES).filter((name) => readdirSync(join(EXAMPLES, name)).includes("policy_test.yaml")))(
  "examples/%s",
  (name) => {
    test("every test case is explained with the very outcome of its evaluation", () => {
      const files = readPolicyFolder(join(EXAMPLES, name))
      const loaded = loadPolicy(files, sha256)
      const merged = mergeFiles(files, "test")
      if (!loaded.ok || "problems" in merged) throw new Error("the example is valid")
      const cases = parseTests(merged.value, loaded, () => {})
      expect(cases.length).toBeGreaterThan(0)
      for (const { request, supportedObligations, assumptions } of cases) {
        if (loaded.policy.checkContext(request).length > 0) continue
        const past = assumedPast(assumptions)
        const { outcome, signals, rules } = explain(loaded.policy, request, supportedObligations, past)
        expect(outcome).toEqual(loaded.policy.evaluate(request, supportedObligations, undefined, past))
        for (const { part } of [...signals, ...rules]) expect(part?.values).toHaveLength(1)
      }
    })
  },
)
