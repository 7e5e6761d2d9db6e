import { describe, expect, test } from "vitest"
import { type ComparedByShadow, compareByShadow } from "../../../src/decision/shadow-comparison.ts"
import { ShadowTally } from "../../../src/decision/shadow-tally.ts"
import type { RawRequest } from "../../../src/decision/snapshot.ts"
import { load, requestOf, stateOf } from "../../support/policy.ts"
import { forge, recordDecision } from "../../support/recorded.ts"

const ENTITIES = { subjects: [{ type: "a" }], actions: ["go"], resources: [{ type: "r" }] }
const allow = (id: string, more: object = {}) => ({ id, effect: "allow", runtime: "none", ...ENTITIES, ...more })
const bundle = (rules: readonly object[], more: object = {}) =>
  load({
    version: "1",
    types: {
      subjects: { a: { known: "any", properties: { secret: { type: "string", record: "never" } } } },
      resources: { r: {} },
      actions: { go: {} },
      context: { n: "int" },
    },
    rules,
    ...more,
  }).policy
const live = bundle([allow("go"), { ...allow("big"), effect: "deny", when: "has(context.n) && context.n > 9" }])
const record = (change: Partial<RawRequest> = {}, by = live) =>
  recordDecision(stateOf(by), requestOf(change).request).record
const big = { context: { n: 10 } }

describe("compareByShadow", () => {
  test("by the bundle that decided everything is the same", () => {
    expect(compareByShadow(record(), live)).toMatchObject({ outcome: "same", differences: [], hasErred: false })
    expect(compareByShadow(record(big), live)).toMatchObject({ outcome: "same", after: { decision: "DENY" } })
  })

  test.each([
    ["newly_denied", record(), bundle([{ ...allow("go"), effect: "deny" }])],
    ["newly_allowed", record(big), bundle([allow("go")])],
    [
      "newly_held",
      record(),
      bundle([allow("go"), { ...allow("ask", { when: "size(resource.id) > 0" }), effect: "require_approval" }]),
    ],
    ["otherwise", record(), bundle([allow("another")])],
    [
      "otherwise",
      record({ supported_obligations: ["log"] }),
      bundle([allow("go", { obligations: [{ id: "l", type: "log" }] })]),
    ],
  ] as const)("%s", (outcome, of, policy) => {
    expect(compareByShadow(of, policy)).toMatchObject({ outcome })
  })

  test("a condition that fails denies, and is told apart", () => {
    const failing = bundle([allow("go", { when: "1 / (has(context.n) ? context.n : 0) > 0" })])
    expect(compareByShadow(record(), failing)).toMatchObject({ outcome: "newly_denied", hasErred: true })
  })

  test("a history that the decision did not read, what is never recorded, and what cannot be read are not comparable", () => {
    const counting = bundle([allow("go", { when: 'history.count("pace", duration("1h")) < 10' })], {
      history: { pace: { actions: ["go"], key: "subject.id" } },
    })
    expect(compareByShadow(record(), counting)).toEqual({ outcome: "not_comparable" })
    const reading = { kind: "count", name: "pace", key: "x", window_ms: 3_600_000, version: 1 }
    const withReading = (value: number) =>
      forge(record(), { content: (content) => Object.assign(content, { readings: [{ ...reading, value }] }) })
    expect(compareByShadow(withReading(9), counting)).toMatchObject({ after: { decision: "ALLOW" } })
    expect(compareByShadow(withReading(10), counting)).toMatchObject({ after: { decision: "DENY" } })

    const secret = requestOf({ subject: { type: "a", id: "x", properties: { secret: "s" } } }).request
    const masked = recordDecision(stateOf(live), secret, {
      recorded: secret.canonical.replace('"s"', '"[not recorded]"'),
    })
    expect(compareByShadow(masked.record, live)).toEqual({ outcome: "not_comparable" })
    expect(compareByShadow({ ...record(), payload: null }, live)).toEqual({ outcome: "not_comparable" })
    expect(compareByShadow({ ...record(), body: Buffer.from("{}") }, live)).toEqual({ outcome: "not_comparable" })
  })
})

describe("ShadowTally", () => {
  const compared = (change: Partial<ComparedByShadow> = {}): ComparedByShadow => ({
    outcome: "newly_denied",
    executionId: "e",
    differences: ["decision", "reasons"],
    before: { decision: "ALLOW", reasons: [], matchedRules: ["go"] },
    after: { decision: "DENY", reasons: [{ code: "DENIED_BY_RULE", text: "", rule: "stop" }], matchedRules: ["stop"] },
    hasErred: false,
    ...change,
  })

  test("counts each decision once, and what would change by its rule, what is denied first", () => {
    const tally = new ShadowTally()
    for (const of of [record(), record(), record(big)]) tally.add(compareByShadow(of, bundle([allow("another")])))
    tally.add(compareByShadow(record(), live))
    tally.add({ outcome: "not_comparable" })
    for (let i = 0; i < 7; i++) tally.add(compared({ executionId: `e${i}`, hasErred: true }))
    expect(tally.tell()).toMatchObject({
      counts: {
        same: 1,
        newly_denied: 7,
        newly_allowed: 1,
        newly_held: 0,
        otherwise: 2,
        not_comparable: 1,
        errored: 7,
      },
      changes: [
        {
          from: "ALLOW",
          to: "DENY",
          rule: "stop",
          code: "DENIED_BY_RULE",
          count: 7,
          executions: ["e0", "e1", "e2", "e3", "e4"],
        },
        { from: "ALLOW", to: "ALLOW", rule: "another", code: "", differences: ["matched_rules"], count: 2 },
        { from: "DENY", to: "ALLOW", rule: "big", code: "DENIED_BY_RULE", count: 1 },
      ],
    })
  })

  test("of equal verdicts it names the reason that came, or the one that is gone", () => {
    const reasons = (...rules: string[]) => rules.map((rule) => ({ code: "DENIED_BY_RULE" as const, text: "", rule }))
    const side = (...rules: string[]) => ({
      decision: "DENY" as const,
      reasons: reasons(...rules),
      matchedRules: rules,
    })
    const tally = new ShadowTally()
    tally.add(compared({ outcome: "otherwise", before: side("a"), after: side("a", "b") }))
    tally.add(compared({ outcome: "otherwise", before: side("a", "c"), after: side("a") }))
    expect(tally.tell().changes.map(({ rule }) => rule)).toEqual(["b", "c"])
  })

  test("of very many rules the last are counted together", () => {
    const tally = new ShadowTally()
    for (let i = 0; i < 300; i++)
      tally.add(
        compared({
          after: { decision: "DENY", reasons: [{ code: "DENIED_BY_RULE", text: "", rule: `r${i}` }], matchedRules: [] },
        }),
      )
    const { changes } = tally.tell()
    expect(changes).toHaveLength(257)
    expect(changes[0]).toMatchObject({ rule: "", code: "OTHERS", count: 44 })
  })
})
