import { describe, expect, test } from "vitest"
import { sha256 } from "../../../../src/crypto.ts"
import { formatProblem } from "../../../../src/policy/format-problem.ts"
import { loadPolicy } from "../../../../src/policy/load.ts"
import { describe as describeDifference, runTests, type TestReport } from "../../../../src/policy/tests/run-tests.ts"
import { MAX_TEST_CASES } from "../../../../src/policy/tests/test-case.ts"

const BUNDLE = `
version: "1"
types:
  subjects: { agent: { known: listed, properties: { team: { type: string, required: true } } } }
  resources: { url: {} }
  actions:
    read: {}
    pay: { properties: { urgent: bool }, parameters: { amount: { type: int, required: true } } }
  context: { ticket: string }
subjects:
  - { type: agent, id: a }
  - { type: agent, id: gone, state: suspended }
constants: { limit: 100 }
variables:
  has_ticket: has(context.ticket) && context.ticket.startsWith("OPS-")
rules:
  - id: read
    effect: allow
    subjects: [{ type: agent }]
    actions: [read]
    resources: [{ type: url }]
    when: subject.properties.team == "research"
    runtime: none
    obligations: [{ id: log-it, type: log }]
    token: { ttl: 5s, max_duration: 1m, use: offline }
  - id: pay
    effect: allow
    subjects: [{ type: agent }]
    actions: [pay]
    resources: [{ type: url }]
    when: parameters.amount <= constants.limit || variables.has_ticket
  - id: pay-much
    effect: require_approval
    subjects: [{ type: agent }]
    actions: [pay]
    resources: [{ type: url }]
    when: parameters.amount > 50
risk:
  deny_at: critical
  signals:
    - { id: urgent, when: "has(action.properties.urgent) && action.properties.urgent", tier: high, points: 5 }
`
const FIXTURES = `
fixtures:
  subjects:
    research: { type: agent, id: a, properties: { team: research } }
  resources:
    page: { type: url, id: "https://x.example/" }
  contexts:
    ticket: { ticket: OPS-1 }
  parameters:
    small: { amount: 10 }
  times:
    monday: 2026-11-02T10:00:00Z
defaults: { subject: research, resource: page, runtime: trusted }
`
const load = (text = BUNDLE) => {
  const loaded = loadPolicy({ "policy.yaml": text }, sha256)
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join("\n"))
  return loaded
}
const run = (tests: string, { bundle = BUNDLE, fixtures = FIXTURES, filter = "" } = {}): TestReport => {
  const report = runTests(load(bundle), { "policy_test.yaml": `${fixtures}tests:\n${tests}` }, filter)
  if ("problems" in report) throw new Error(report.problems.map(formatProblem).join("\n"))
  return report
}
const outcomes = (report: TestReport) =>
  Object.fromEntries(report.results.map(({ name, differences }) => [name, differences.map(describeDifference)]))
const problemsOf = (tests: string, fixtures = FIXTURES, bundle = BUNDLE) => {
  const report = runTests(load(bundle), { "policy_test.yaml": `${fixtures}tests:\n${tests}` })
  return "problems" in report ? report.problems.map(formatProblem).join("\n") : "none"
}

describe("runTests", () => {
  test("what is expected is compared, each part for itself, and what is not said is not", () => {
    const report = run(`
  - name: all of it
    action: read
    expect: { decision: ALLOW, rules: [read], reasons: [], obligations: [log-it], risk: low, signals: [], token: { ttl: 5s, use: offline, max_duration: 1m } }
  - name: none of it
    action: read
    expect: { decision: DENY, rules: [], reasons: [NO_MATCHING_ALLOW], obligations: [], risk: high, signals: [urgent], token: { ttl: 6s } }
  - { name: only the decision, action: read, expect: { decision: ALLOW } }
`)
    expect(outcomes(report)).toEqual({
      "all of it": [],
      "none of it": [
        "decision: expected DENY, got ALLOW",
        "reasons: expected [NO_MATCHING_ALLOW], got []",
        "rules: expected [], got [read]",
        "obligations: expected [], got [log-it]",
        "risk: expected high, got low",
        "signals: expected [urgent], got []",
        "token: expected ttlMs 6000, got ttlMs 5000",
      ],
      "only the decision": [],
    })
    expect(report.results[1]?.at).toMatchObject({ file: "policy_test.yaml", line: 19, column: 5 })
  })

  test("rows of a table change what their test says, which changes the defaults", () => {
    const report = run(`
  - name: pay
    action: pay
    parameters: small
    expect: { decision: ALLOW, rules: [pay], risk: low }
    cases:
      - {}
      - { name: more, parameters: { amount: 60 }, expect: { decision: REQUIRE_APPROVAL, rules: [pay, pay-much], reasons: [APPROVAL_REQUIRED] } }
      - { name: too much, parameters: { amount: 101 }, expect: { decision: DENY, rules: [pay-much], reasons: [NO_MATCHING_ALLOW] } }
      - { name: with a ticket, parameters: { amount: 101 }, context: ticket, expect: { decision: REQUIRE_APPROVAL, rules: null } }
      - { name: taken away, parameters: { amount: null }, expect: { decision: DENY, reasons: [PARAMETERS_INVALID], rules: [], risk: null } }
      - { name: none at all, parameters: null, expect: { decision: DENY, reasons: [PARAMETERS_INVALID], rules: [], risk: null } }
      - { name: opaque, parameters: null, opaque: true, expect: { decision: DENY, reasons: [PARAMETERS_OPAQUE], rules: [] } }
      - { name: urgent, action: { name: pay, properties: { urgent: true } }, expect: { risk: high, signals: [urgent] } }
      - { name: another, subject: { id: b }, expect: { decision: DENY, reasons: [SUBJECT_UNKNOWN], rules: null } }
      - { name: suspended, subject: { type: agent, id: gone }, expect: { decision: DENY, reasons: [SUBJECT_SUSPENDED], rules: null } }
      - { name: no runtime, runtime: none, expect: { decision: DENY, reasons: [NOT_ATTESTED] } }
      - { name: no such property, context: { tickt: x }, expect: { decision: DENY, reasons: [PROPERTY_UNKNOWN], rules: [], risk: null } }
  - name: an obligation that cannot be met
    action: read
    supported_obligations: []
    expect: { decision: DENY, reasons: [OBLIGATION_UNSUPPORTED], obligations: [], token: null }
`)
    expect(Object.values(outcomes(report)).flat()).toEqual([])
    expect(report.results).toHaveLength(13)
    expect(report.results[0]?.name).toBe("pay > 1")
  })

  test("a test says when it is where conditions ask, by a time or by its name", () => {
    const bundle = BUNDLE.replace(
      'when: subject.properties.team == "research"',
      `when: 'now < timestamp("2026-11-02T11:00:00Z")'`,
    )
    const report = run(
      `
  - { name: named, now: monday, action: read, expect: { decision: ALLOW } }
  - { name: written out, now: "2026-11-02T11:00:00.000Z", action: read, expect: { decision: DENY } }
`,
      { bundle },
    )
    expect(Object.values(outcomes(report)).flat()).toEqual([])
    expect(problemsOf("  - { name: x, action: read, expect: { decision: ALLOW } }", FIXTURES, bundle)).toContain(
      "Conditions of this bundle read `now`, so a test says when it is.",
    )
    expect(problemsOf("  - { name: x, now: mondy, action: read, expect: { decision: ALLOW } }")).toContain(
      'Did you mean "monday"?',
    )
    const wrong = FIXTURES.replace("2026-11-02T10:00:00Z", "noon")
    expect(problemsOf("  - { name: x, now: monday, action: read, expect: { decision: ALLOW } }", wrong)).toMatch(
      /^policy_test\.yaml:12:13 This is neither a time/,
    )
  })

  test("a filter picks tests by a part of their name", () => {
    const tests =
      "  - { name: abc, action: read, expect: { decision: ALLOW } }\n  - { name: bcd, action: read, expect: { decision: ALLOW } }\n"
    expect(run(tests, { filter: "cd" }).results.map(({ name }) => name)).toEqual(["bcd"])
    expect(run(tests, { filter: "x" }).results).toEqual([])
  })

  test("fixtures and tests of several files are joined", () => {
    const report = runTests(load(), {
      "a_test.yaml": FIXTURES,
      "b_test.yaml": "tests: [{ name: one, action: read, expect: { decision: ALLOW } }]",
      "c_test.yaml": "tests: [{ name: two, action: read, expect: { decision: DENY } }]",
    })
    if ("problems" in report) throw new Error("they are valid")
    expect(report.results.map(({ at, passed }) => [at.file, passed])).toEqual([
      ["b_test.yaml", true],
      ["c_test.yaml", false],
    ])
  })

  test.each([
    ["an unknown key", "  - { name: x, acton: read, expect: { decision: DENY } }", 'Did you mean "action"?'],
    ["no decision", "  - { name: x, action: read }", "A test says what decision it expects."],
    ["no name", "  - { action: read, expect: { decision: DENY } }", "This is missing."],
    [
      "a long name",
      `  - { name: ${"x".repeat(201)}, action: read, expect: { decision: DENY } }`,
      "A name has at most 200 characters.",
    ],
    ["no such fixture", "  - { name: x, subject: reserch, action: read, expect: { decision: DENY } }", '"research"?'],
    ["no such context", "  - { name: x, context: tocket, action: read, expect: { decision: DENY } }", '"ticket"?'],
    ["no such rule", "  - { name: x, action: read, expect: { decision: DENY, rules: [reed] } }", '"read"?'],
    [
      "no such reason",
      "  - { name: x, action: read, expect: { decision: DENY, reasons: [NO_MATCHING_ALOW] } }",
      'There is no reason code "NO_MATCHING_ALOW".',
    ],
    ["another decision", "  - { name: x, action: read, expect: { decision: Allow } }", "This must be one of ALLOW"],
    [
      "no subject",
      "  - { name: x, subject: null, action: read, expect: { decision: DENY } }",
      "A test says its subject.",
    ],
    [
      "opaque parameters that are told",
      "  - { name: x, action: read, opaque: true, parameters: small, expect: { decision: DENY } }",
      "Of opaque parameters nothing is known but their digest.",
    ],
    ["an empty table", "  - { name: x, action: read, expect: { decision: DENY }, cases: [] }", "at least one row"],
    [
      "a name twice",
      "  - { name: x, action: read, expect: { decision: DENY } }\n  - { name: x, action: read, expect: { decision: DENY } }",
      'Two tests have the name "x".',
    ],
    ["no test", "  []", "There is no test."],
    [
      "a duration that is none",
      "  - { name: x, action: read, expect: { decision: ALLOW, token: { ttl: 5 } } }",
      "This must be a duration",
    ],
  ])("refused with its place: %s", (_, tests, message) => {
    expect(problemsOf(tests)).toMatch(/^policy_test\.yaml:\d+:\d+ /)
    expect(problemsOf(tests)).toContain(message)
  })

  test("what the defaults say wrongly is told once", () => {
    const wrong = FIXTURES.replace("resource: page", "resource: pag")
    const tests = "  - { name: x, action: read, expect: { decision: ALLOW }, cases: [{}, {}, {}] }\n"
    expect(problemsOf(tests, wrong).match(/Did you mean/g)).toHaveLength(1)
  })

  test(`at most ${MAX_TEST_CASES} cases`, () => {
    const rows = "{},\n      ".repeat(MAX_TEST_CASES)
    const tests = (more: string) =>
      `  - { name: x, action: read, expect: { decision: ALLOW }, cases: [${rows}${more}] }\n`
    expect(run(tests("")).results).toHaveLength(MAX_TEST_CASES)
    expect(problemsOf(tests("{}"))).toContain(`A bundle has at most ${MAX_TEST_CASES} test cases.`)
  })
})

describe("coverage", () => {
  test("counts what the evaluator saw: rules that held and failed, operands that were true and false", () => {
    const { coverage } = run(`
  - { name: a, action: pay, parameters: { amount: 100 }, expect: { decision: REQUIRE_APPROVAL } }
  - { name: b, action: pay, parameters: { amount: 200 }, context: ticket, expect: { decision: REQUIRE_APPROVAL } }
`)
    expect(coverage.conditions).toEqual([
      { kind: "rule", id: "pay", held: true, failed: false, canFail: true },
      { kind: "rule", id: "pay-much", held: true, failed: false, canFail: true },
      { kind: "rule", id: "read", held: false, failed: false, canFail: true },
      { kind: "signal", id: "urgent", held: false, failed: true, canFail: true },
    ])
    expect(coverage.branches).toEqual([
      { within: "rule pay", text: "parameters.amount <= constants.limit", wasTrue: true, wasFalse: true },
      { within: "variables.has_ticket", text: "has(context.ticket)", wasTrue: true, wasFalse: false },
      { within: "variables.has_ticket", text: 'context.ticket.startsWith("OPS-")', wasTrue: true, wasFalse: false },
      { within: "signal urgent", text: "has(action.properties.urgent)", wasTrue: false, wasFalse: true },
      { within: "signal urgent", text: "action.properties.urgent", wasTrue: false, wasFalse: false },
    ])
    expect(coverage.rulePercent).toBe(37) // 3 of 8
    expect(coverage.branchPercent).toBe(50) // 5 of 10
  })

  test("a variable is one however many rules read it, a choice asks its condition, what is constant asks nothing", () => {
    const rule = (id: string, when: string) =>
      `  - { id: ${id}, effect: allow, subjects: [{ type: a }], actions: [go], resources: [{ type: r }], runtime: none, when: '${when}' }\n`
    const bundle = `version: "1"
types: { subjects: { a: { known: any, properties: { n: { type: int, required: true } } } }, resources: { r: {} }, actions: { go: {} } }
constants: { on: true }
variables: { big: subject.properties.n > 5 && subject.properties.n < 100 }
rules:
${rule("one", "variables.big || subject.properties.n == 1")}${rule("two", "variables.big && subject.properties.n != 7")}${rule("three", "variables.big ? subject.properties.n == 8 || constants.on : subject.properties.n == 2")}  - { id: four, effect: allow, subjects: [{ type: a }], actions: [go], resources: [{ type: r }] }
`
    const { coverage } = run(
      "  - { name: x, action: go, resource: { type: r, id: r }, subject: { type: a, id: x, properties: { n: 6 } }, expect: { decision: ALLOW } }",
      { bundle, fixtures: "" },
    )
    expect(coverage.branches.map(({ within, text }) => `${within}: ${text}`)).toEqual([
      "variables.big: subject.properties.n > 5",
      "variables.big: subject.properties.n < 100",
      "rule one: subject.properties.n == 1",
      "rule two: subject.properties.n != 7",
    ])
    expect(coverage.conditions.find(({ id }) => id === "four")).toMatchObject({ canFail: false, held: true })
    expect(coverage.conditions).toHaveLength(4)
  })
})
