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

const PAST_BUNDLE = `
version: "1"
types:
  subjects: { agent: { known: any } }
  resources: { account: {} }
  actions: { pay: { parameters: { amount: { type: double, required: true } } } }
history:
  payments: { actions: [pay], decisions: [allow, require_approval], key: subject.id, value: parameters.amount }
  refusals: { actions: [pay], decisions: [deny] }
  unasked: { actions: [pay] }
budgets:
  daily: { unit: USD, limit: 5000, window: 1d, key: subject.id, amount: parameters.amount }
  ever: { limit: 3 }
rules:
  - id: pay
    effect: allow
    runtime: none
    subjects: [{ type: agent }]
    actions: [pay]
    resources: [{ type: account }]
    budgets: [daily, ever]
    when: history.count("payments", duration("1h")) < 10 && history.sum("payments", duration("24h")) + parameters.amount <= 4000.5
  - id: two-people
    effect: require_approval
    approvals: 2
    approve_within: 10m
    subjects: [{ type: agent }]
    actions: [pay]
    resources: [{ type: account }]
    when: parameters.amount > 1000.0
risk:
  deny_at: high
  signals:
    - { id: refused-often, tier: high, when: 'history.count("refusals", duration("10m")) >= 5' }
`
const PAST_FIXTURES = `
fixtures:
  histories:
    busy: { payments: { 1h: { count: 9 }, 1d: { count: 30, sum: 3900.5 } } }
  budgets:
    spent: { daily: 4900.25, ever: 2 }
  approvals:
    both: { granted_by: [ada, grace], waited: 9m }
defaults:
  subject: { type: agent, id: a }
  resource: { type: account, id: b }
  action: pay
  parameters: { amount: 99.75 }
`

describe("the past in a test", () => {
  const past = { bundle: PAST_BUNDLE, fixtures: PAST_FIXTURES }

  test("nothing said: nothing was counted, used or approved", () => {
    const report = run(
      `
  - { name: first, expect: { decision: ALLOW, counted: [payments, unasked], budgets: { daily: 99.75, ever: 1 } } }
`,
      past,
    )
    expect(Object.values(outcomes(report)).flat()).toEqual([])
  })

  test("histories and budgets are as said, and what a decision makes of them is compared", () => {
    const report = run(
      `
  - name: up to the limits
    history: busy
    budgets: spent
    expect: { decision: ALLOW, reasons: [], risk: low, counted: [payments, unasked], budgets: { daily: 5000, ever: 3 } }
    cases:
      - {}
      - { name: one payment more, history: { payments: { 1h: { count: 10 } } }, expect: { decision: DENY, reasons: [NO_MATCHING_ALLOW], counted: [refusals], budgets: { daily: 4900.25 } } }
      - { name: a cent more, history: { payments: { 1d: { sum: "4000.51" } } }, expect: { decision: DENY, reasons: [NO_MATCHING_ALLOW], counted: null, budgets: null } }
      - { name: a budget that is used up, budgets: { ever: 3 }, expect: { decision: DENY, reasons: [BUDGET_EXCEEDED], counted: null, budgets: { ever: 3 } } }
      - { name: both, budgets: { ever: 3, daily: 4900.250001 }, expect: { decision: DENY, reasons: [BUDGET_EXCEEDED], counted: null, budgets: null } }
      - { name: refused often, history: { refusals: { 10m: { count: 5 } } }, expect: { decision: DENY, reasons: [RISK_TOO_HIGH], risk: high, counted: [refusals], budgets: { daily: 4900.25, ever: 2 } } }
      - { name: taken away, history: null, budgets: null, expect: { budgets: { daily: 99.75, ever: 1 } } }
`,
      past,
    )
    expect(outcomes(report)).toEqual(Object.fromEntries(report.results.map(({ name }) => [name, []])))
    expect(report.results).toHaveLength(7)
    const wrong = run("  - { name: x, expect: { decision: ALLOW, counted: [], budgets: { daily: 1 } } }", past)
    expect(outcomes(wrong)["x"]).toEqual([
      "counted: expected [], got [payments, unasked]",
      "budgets: expected daily 1 USD, got daily 99.75 USD",
    ])
  })

  test("a longer window of which nothing is said holds what a shorter one holds", () => {
    const report = run(
      `
  - { name: it does, history: { payments: { 1h: { count: 1, sum: 3950 } } }, expect: { decision: DENY, reasons: [NO_MATCHING_ALLOW] } }
  - { name: a shorter one does not, history: { payments: { 24h: { count: 50 } } }, expect: { decision: ALLOW } }
`,
      past,
    )
    expect(Object.values(outcomes(report)).flat()).toEqual([])
  })

  test("an approval takes the place of the rules that ask for it, and of nothing else", () => {
    const report = run(
      `
  - name: large
    parameters: { amount: 2000 }
    expect: { decision: REQUIRE_APPROVAL, rules: [pay, two-people], reasons: [APPROVAL_REQUIRED], counted: [payments], budgets: { daily: 0 } }
    cases:
      - { name: asked }
      - { name: nobody has decided, approval: { waited: 1m }, expect: { reasons: [APPROVAL_PENDING] } }
      - { name: one of two, approval: { granted_by: [ada] }, expect: { reasons: [APPROVAL_PENDING] } }
      - { name: both, approval: both, expect: { decision: ALLOW, reasons: [], counted: [payments, unasked], budgets: { daily: 2000, ever: 1 } } }
      - { name: too late, approval: { granted_by: [ada, grace], waited: 10m }, expect: { decision: DENY, reasons: [APPROVAL_EXPIRED], counted: [refusals] } }
      - { name: refused after all, approval: { granted_by: [ada, grace], refused_by: eve }, expect: { decision: DENY, reasons: [APPROVAL_REJECTED], counted: [refusals] } }
      - { name: with no budget left, approval: both, budgets: { ever: 3 }, expect: { decision: DENY, reasons: [BUDGET_EXCEEDED], counted: [refusals] } }
      - { name: one of two and no budget left, approval: { granted_by: [ada] }, budgets: { ever: 3 }, expect: { decision: DENY, reasons: [APPROVAL_PENDING, BUDGET_EXCEEDED], counted: [refusals] } }
      - { name: where nothing allows it, approval: both, history: { payments: { 1h: { count: 10 } } }, expect: { decision: DENY, rules: [two-people], reasons: [NO_MATCHING_ALLOW], counted: [refusals] } }
      - { name: which nothing asks for, parameters: { amount: 1 }, approval: both, expect: { decision: ALLOW, rules: [pay], reasons: [], counted: [payments, unasked], budgets: { daily: 1 } } }
`,
      past,
    )
    expect(outcomes(report)).toEqual(Object.fromEntries(report.results.map(({ name }) => [name, []])))
    expect(report.results).toHaveLength(10)
  })

  test.each([
    ["no such history", "history: { payment: { 1h: { count: 1 } } }", '15:27 No history "payment" is declared.'],
    ["a window that nothing asks for", "history: { payments: { 2h: { count: 1 } } }", "Asked for: 1h, 1d."],
    ["no window", "history: { payments: { hourly: { count: 1 } } }", "This must be a duration such as 10s"],
    [
      "a history that nothing asks for",
      "history: { unasked: { 1h: { count: 1 } } }",
      'No condition asks for the history "unasked".',
    ],
    ["a count that is none", "history: { payments: { 1h: { count: -1 } } }", "A count is a whole number, from 0 on."],
    ["a sum of what has none", "history: { refusals: { 10m: { sum: 1 } } }", "declares no value, so it has no sum."],
    ["a sum that is none", "history: { payments: { 1h: { sum: lots } } }", "A sum is a number from 0 to"],
    ["another key", "history: { payments: { 1h: { number: 1 } } }", 'There is no key "number" here.'],
    [
      "a shorter window with more",
      "history: { payments: { 1h: { count: 9 }, 1d: { count: 8 } } }",
      "A shorter window has more than this one",
    ],
    ["no such budget", "budgets: { dayly: 1 }", 'Did you mean "daily"?'],
    ["a use that is none", "budgets: { daily: -1 }", "What is used is a number from 0 to"],
    ["a principal twice", "approval: { granted_by: [ada, ada] }", '"ada" decides once.'],
    ["a principal both ways", "approval: { granted_by: [ada], refused_by: ada }", '"ada" decides once.'],
    ["too many principals", `approval: { granted_by: [${"abcdefghi".split("").join(", ")}] }`, "At most 8 principals"],
    ["no such fixture", "approval: bth", 'Did you mean "both"?'],
    ["another budget expected", "expect: { decision: ALLOW, budgets: { dayly: 1 } }", 'Did you mean "daily"?'],
    [
      "another history expected",
      "expect: { decision: ALLOW, counted: [payment] }",
      'The bundle\'s histories are without "payment".',
    ],
  ])("refused with its place: %s", (_, said, message) => {
    const expected = said.startsWith("expect") ? "" : ", expect: { decision: ALLOW }"
    const problems = problemsOf(`  - { name: x, ${said}${expected} }`, PAST_FIXTURES, PAST_BUNDLE)
    expect(problems).toMatch(/^policy_test\.yaml:15:\d+ /)
    expect(problems).toContain(message)
  })

  test("what is wrong in a fixture, or in the defaults, is told there", () => {
    const at = (tests: string, fixtures: string) => problemsOf(tests, fixtures, PAST_BUNDLE).split("\n")[0]
    const one = "  - { name: x, history: busy, budgets: { ever: 1 }, expect: { decision: ALLOW } }"
    expect(at(one, PAST_FIXTURES.replace("count: 9", "count: few"))).toBe(
      "policy_test.yaml:4:38 A count is a whole number, from 0 on.",
    )
    expect(
      at(one, PAST_FIXTURES.replace("  action: pay", "  action: pay\n  budgets: { daily: much, ever: 0 }")),
    ).toMatch(/^policy_test\.yaml:13:21 What is used is a number/)
  })

  test("an approval of a bundle that asks for none", () => {
    const bundle = PAST_BUNDLE.replace(
      "effect: require_approval\n    approvals: 2\n    approve_within: 10m",
      "effect: deny",
    )
    expect(problemsOf("  - { name: x, approval: both, expect: { decision: ALLOW } }", PAST_FIXTURES, bundle)).toContain(
      "No rule of this bundle requires an approval.",
    )
  })

  test("coverage: a budget has to be enough once, and not enough once", () => {
    const of = (tests: string) => run(tests, past).coverage.conditions.filter(({ kind }) => kind === "budget")
    const allowed = "  - { name: a, expect: { decision: ALLOW } }\n"
    expect(of(allowed)).toEqual([
      { kind: "budget", id: "daily", held: true, failed: false, canFail: true },
      { kind: "budget", id: "ever", held: true, failed: false, canFail: true },
    ])
    expect(of(`${allowed}  - { name: b, budgets: { ever: 3 }, expect: { decision: DENY } }\n`)).toMatchObject([
      { failed: false },
      { failed: true },
    ])
    // a request that is denied anyway draws nothing
    expect(
      of("  - { name: c, history: { refusals: { 10m: { count: 5 } } }, expect: { decision: DENY } }"),
    ).toMatchObject([{ held: false }, { held: false }])
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
