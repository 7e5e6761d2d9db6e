/** A bundle, and its tests, with every key that there is. */
export const EVERY_KEY = {
  version: "every key",
  not_before: "2026-01-31T12:00:00Z",
  not_after: "2027-01-31T12:00:00.5Z",
  types: {
    subjects: { agent: { known: "listed", properties: { team: "string" } } },
    resources: { account: { properties: { owner: { type: "string", required: true, record: "never" } } } },
    actions: {
      "payment.send": { properties: { urgent: "bool" }, parameters: { amount: { type: "int", required: true } } },
      "payment.see": { parameters: null },
    },
    context: { tags: "list<string>", limits: { type: "map<double>" } },
  },
  subjects: [{ type: "agent", id: "treasurer", state: "active" }],
  runtimes: [
    { id: "payer", measure: "reference-values", measurements: { code: ["@payer"], image: ["0".repeat(64)] } },
    { id: "payer-*", measure: "trust-on-first-use", claims: ["code", "config"] },
  ],
  constants: { most: 100, names: ["a", "b"] },
  variables: { isKnown: "subject.id in constants.names" },
  rules: [
    {
      id: "pay",
      effect: "allow",
      subjects: [{ type: "agent", id: "*" }],
      actions: ["payment.*"],
      resources: [{ type: "account" }],
      when: 'history.count("sent", duration("1h")) < constants.most || variables.isKnown',
      runtime: "none",
      parameters: "decoded",
      obligations: [{ id: "log", type: "log", properties: { level: 3 } }],
      budgets: ["spent"],
      token: { ttl: "10s", use: "redeem", max_duration: "1.5m" },
    },
    {
      id: "ask",
      effect: "require_approval",
      subjects: [{ type: "agent" }],
      actions: ["payment.send"],
      resources: [{ type: "account" }],
      approvals: 2,
      approve_within: "10m",
    },
  ],
  risk: {
    signals: [{ id: "large", when: 'history.sum("sent", duration("1h")) > 10', tier: "high", points: 5 }],
    deny_at: "critical",
  },
  history: { sent: { key: "subject.id", actions: ["payment.send"], decisions: ["allow", "deny"], value: "1" } },
  budgets: { spent: { unit: "EUR", key: "subject.id", limit: "100.5", window: "1h", amount: "1" } },
}

const entity = (type: string, id: string) => ({ type, id, properties: {} })
export const EVERY_TEST_KEY = {
  fixtures: {
    subjects: { treasurer: entity("agent", "treasurer") },
    resources: { account: { ...entity("account", "1"), properties: { owner: "x" } } },
    contexts: { calm: { tags: ["a"] } },
    parameters: { small: { amount: 1 } },
    histories: { busy: { sent: { "1h": { count: 3, sum: "2.5" } } } },
    budgets: { fresh: { spent: 0 } },
    approvals: { asked: { granted_by: ["alice"], refused_by: "bob", waited: "5m" } },
    times: { noon: "2026-06-01T12:00:00Z" },
  },
  defaults: {
    subject: "treasurer",
    resource: "account",
    action: "payment.send",
    audience: "bank",
    runtime: "trusted",
    budgets: "fresh",
  },
  tests: [
    {
      name: "small payments",
      context: "calm",
      parameters: "small",
      opaque: false,
      now: "noon",
      supported_obligations: ["log"],
      history: "busy",
      budgets: "fresh",
      approval: "asked",
      expect: {
        decision: "REQUIRE_APPROVAL",
        reasons: ["APPROVAL_REQUIRED"],
        rules: ["ask", "pay"],
        obligations: ["log"],
        risk: "low",
        signals: [],
        budgets: { spent: "1.5" },
        counted: ["sent"],
        token: { ttl: "10s", use: "redeem", max_duration: "90s" },
      },
      cases: [
        { name: "one" },
        { action: { name: "payment.see", properties: {} }, resource: { id: "2" }, budgets: { spent: 1 } },
      ],
    },
  ],
}
