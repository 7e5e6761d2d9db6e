import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { RawRequest } from "../../../src/decision/snapshot.ts"
import { advance, type BudgetRow, release, reserve, spend, UNTOUCHED, usedOf } from "../../../src/policy/budget.ts"
import {
  addTo,
  countWithin,
  HISTORY_BUCKETS,
  MAX_ROW_WINDOWS,
  NO_HISTORY,
  sumWithin,
} from "../../../src/policy/history.ts"
import { loadCanonicalPolicy } from "../../../src/policy/load.ts"
import { applyStep, type Past, readRow, recordedPast } from "../../../src/policy/past.ts"
import { load, NOW_MS, requestOf } from "../../support/policy.ts"

const HOUR = 3_600_000
const MINUTE = 60_000

describe("a history's row", () => {
  test("counts all of a window, and at most a sixtieth more", () => {
    const window = fc.integer({ min: MINUTE, max: 720 * HOUR })
    const ages = fc.array(fc.double({ min: 0, max: 1.5, noNaN: true }), { maxLength: 40 })
    fc.assert(
      fc.property(window, ages, (windowMs, parts) => {
        const times = parts.map((part) => NOW_MS - Math.floor(part * windowMs)).sort((a, b) => a - b)
        const row = times.reduce((before, at) => addTo(before, [windowMs], 1_000, at), NO_HISTORY)
        const least = times.filter((at) => at >= NOW_MS - windowMs).length
        const most = times.filter((at) => at >= NOW_MS - windowMs - windowMs / HISTORY_BUCKETS - 1).length
        const count = countWithin(row, windowMs, NOW_MS)
        expect(count).toBeGreaterThanOrEqual(least)
        expect(count).toBeLessThanOrEqual(most)
        expect(sumWithin(row, windowMs, NOW_MS)).toBe(count * 1_000)
        expect(row.windows[windowMs]?.length ?? 0).toBeLessThanOrEqual(HISTORY_BUCKETS + 1)
      }),
    )
  })

  test("a clock that is behind never moves it back", () => {
    const row = addTo(addTo(NO_HISTORY, [HOUR], 0, NOW_MS), [HOUR], 0, NOW_MS - 2 * HOUR)
    expect(countWithin(row, HOUR, NOW_MS - 2 * HOUR)).toBe(2)
    expect(countWithin(row, HOUR, NOW_MS + 2 * HOUR)).toBe(0)
  })

  test("keeps windows that an earlier bundle asked for, up to a limit", () => {
    const both = addTo(addTo(NO_HISTORY, [HOUR], 5, NOW_MS), [MINUTE], 5, NOW_MS)
    expect([countWithin(both, HOUR, NOW_MS), countWithin(both, MINUTE, NOW_MS), countWithin(both, 7, NOW_MS)]).toEqual([
      2, 1, 0,
    ])
    const many = Array.from({ length: 40 }, (_, i) => MINUTE + i)
    const row = many.reduce((before, windowMs) => addTo(before, [windowMs], 0, NOW_MS), NO_HISTORY)
    expect(Object.keys(row.windows)).toHaveLength(MAX_ROW_WINDOWS)
    expect(countWithin(row, many.at(-1) as number, NOW_MS)).toBe(1)
  })

  test("a sum that no number holds exactly cannot be read", () => {
    const half = Number.MAX_SAFE_INTEGER / 2
    const row = [half, half, half].reduce((before, micros) => addTo(before, [HOUR], micros, NOW_MS), NO_HISTORY)
    expect(sumWithin(row, HOUR, NOW_MS)).toBeNull()
    expect(countWithin(row, HOUR, NOW_MS)).toBe(3)
  })
})

describe("a budget's row", () => {
  const EXP = NOW_MS / 1000 + 10

  test("holds back until the token ends, spends what is redeemed, releases what is revoked", () => {
    const held = [5, 7, 9].reduce((row, micros) => reserve(row, micros, EXP, 0, NOW_MS), UNTOUCHED)
    const more = reserve(held, 1, EXP - 1, 0, NOW_MS)
    expect(more.reserved).toEqual([
      [EXP - 1, 1],
      [EXP, 21],
    ])
    const spent = spend(more, 7, EXP, 0, NOW_MS) as BudgetRow
    expect([usedOf(spent), spent.spent]).toEqual([22, 7])
    const released = release(release(spent, 9, EXP, 0, NOW_MS) as BudgetRow, 5, EXP, 0, NOW_MS) as BudgetRow
    expect(released.reserved).toEqual([[EXP - 1, 1]])
    expect(release(released, 1, EXP, 0, NOW_MS)).toBeNull()
    expect(usedOf(advance(released, 0, (EXP - 1) * 1000 - 1))).toBe(8)
    expect(usedOf(advance(released, 0, (EXP - 1) * 1000))).toBe(7)
    expect(spend(released, 1, EXP - 1, 0, (EXP - 1) * 1000)).toBeNull()
  })

  test("what ended for one replica has ended for one whose clock is behind", () => {
    const row = advance(reserve(UNTOUCHED, 5, EXP, 0, NOW_MS), 0, EXP * 1000)
    expect(spend(row, 5, EXP, 0, NOW_MS)).toBeNull()
    expect(row.through).toBe(EXP * 1000)
  })

  test("spending counts within its window; what is held back goes on", () => {
    const row = reserve(reserve(UNTOUCHED, 5, null, HOUR, NOW_MS), 3, NOW_MS / 1000 + 7_200, HOUR, NOW_MS)
    expect(usedOf(advance(row, HOUR, NOW_MS + HOUR - 1))).toBe(8)
    expect(usedOf(advance(row, HOUR, NOW_MS + HOUR))).toBe(3)
    expect(usedOf(advance(row, 0, NOW_MS + 24 * HOUR))).toBe(5)
  })

  test("used is never more than what was drawn, and never less than what was spent, whatever comes in which order", () => {
    const act = fc.tuple(fc.constantFrom("reserve", "spend", "release", "wait"), fc.nat(5), fc.nat(20))
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        let row = UNTOUCHED
        let now = NOW_MS
        let drawn = 0
        let spent = 0
        for (const [what, micros, seconds] of acts) {
          const exp = NOW_MS / 1000 + seconds
          if (what === "wait") now += 1000
          else if (what === "reserve" && exp * 1000 > now) {
            row = reserve(row, micros, exp, 0, now)
            drawn += micros
          } else if (what === "spend") {
            const next = spend(row, micros, exp, 0, now)
            if (next) [row, spent] = [next, spent + micros]
          } else if (what === "release") row = release(row, micros, exp, 0, now) ?? row
          expect(usedOf(row)).toBeLessThanOrEqual(drawn)
          expect(row.spent).toBe(spent)
        }
      }),
    )
  })
})

test("applyStep and readRow read a row that is not there as one that nothing was done to", () => {
  const step = { name: "n", key: "k" } as const
  const counted = applyStep(null, { ...step, op: "count", micros: 2, windows_ms: [HOUR] }, NOW_MS)
  const ask = { ...step, window_ms: HOUR }
  expect(readRow(counted, { ...ask, kind: "count" }, NOW_MS)).toBe(1)
  expect(readRow(counted, { ...ask, kind: "sum" }, NOW_MS)).toBe(2)
  expect(readRow(null, { ...ask, kind: "sum" }, NOW_MS)).toBe(0)
  expect(readRow(null, { ...ask, kind: "budget" }, NOW_MS)).toBe(0)
  expect(applyStep(null, { ...step, op: "note", kind: "history" }, NOW_MS)).toEqual(NO_HISTORY)
  expect(applyStep(null, { ...step, op: "note", kind: "budget" }, NOW_MS)).toEqual(UNTOUCHED)
  expect(applyStep(counted, { ...step, op: "note", kind: "history" }, NOW_MS)).toBe(counted)
  const exp = NOW_MS / 1000 + 5
  const held = applyStep(null, { ...step, op: "reserve", micros: 3, window_ms: 0, exp }, NOW_MS)
  expect(readRow(held, { ...step, kind: "budget", window_ms: 0 }, NOW_MS)).toBe(3)
  expect(applyStep(held, { ...step, op: "release", micros: 4, window_ms: 0, exp }, NOW_MS)).toBeNull()
  expect(applyStep(held, { ...step, op: "spend", micros: 3, window_ms: 0, exp }, NOW_MS)).toMatchObject({ spent: 3 })
})

const BUNDLE = `
version: "1"
types:
  subjects: { a: { known: any, properties: { level: int } } }
  resources: { r: {} }
  actions: { pay: { parameters: { amount: { type: int, required: true }, share: { type: double, required: true } } }, go: {}, long: {} }
history:
  paid: { actions: [pay], key: subject.id, value: parameters.amount }
  shares: { actions: [pay], value: parameters.share }
  tries: { actions: [pay, go], decisions: [deny, allow], key: 'subject.type + "/" + subject.id' }
budgets:
  spend: { unit: USD, key: subject.id, limit: "1000.5", window: 7d, amount: parameters.share }
  runs: { limit: 3 }
variables: { often: 'history.count("tries", duration("90s")) > 2' }
rules:
  - id: pay
    effect: allow
    runtime: none
    subjects: [{ type: a }]
    actions: [pay]
    resources: [{ type: r }]
    budgets: [spend, runs]
    when: history.sum("paid", duration("24h")) + parameters.amount <= 100 && history.sum("shares", duration("24h")) < 2.5
  - { id: go, effect: allow, runtime: none, subjects: [{ type: a }], actions: [go], resources: [{ type: r }], when: "!variables.often" }
  - { id: long, effect: allow, runtime: none, subjects: [{ type: a }], actions: [long], resources: [{ type: r }] }
risk:
  deny_at: critical
  signals:
    - { id: some, when: 'action.name == "go" && history.count("tries", duration("1h")) > 0', tier: medium }
    - { id: many, when: 'action.name == "go" && history.count("tries", duration("1h")) > 5', tier: critical }
`
const { policy } = load(BUNDLE)
const ask = (action: string, change: Partial<RawRequest> = {}) =>
  requestOf({ action: { name: action, properties: {} }, ...change }).policy
const pay = (amount: number, share: number) =>
  ask("pay", {
    parameters: Buffer.from(JSON.stringify({ amount, share })),
    parameters_content_type: "application/json",
  })
const past =
  (values: Readonly<Record<string, number>>): Past =>
  ({ kind, name, window_ms }) => ({ value: values[`${kind} ${name} ${window_ms}`] ?? 0, version: 4 })

describe("evaluating over the past", () => {
  test("sums are compared as the value is declared, and what is asked is told", () => {
    const day = 24 * HOUR
    const outcome = policy.evaluate(
      pay(40, 0.25),
      [],
      undefined,
      past({ [`sum paid ${day}`]: 60_000_000, [`sum shares ${day}`]: 2_400_000 }),
    )
    expect(outcome.decision).toBe("ALLOW")
    expect(outcome.readings).toEqual([
      { kind: "count", name: "tries", key: "a/x", window_ms: HOUR, value: 0, version: 4 },
      { kind: "sum", name: "paid", key: "x", window_ms: day, value: 60_000_000, version: 4 },
      { kind: "sum", name: "shares", key: "", window_ms: day, value: 2_400_000, version: 4 },
      { kind: "budget", name: "runs", key: "", window_ms: 0, value: 0, version: 4 },
      { kind: "budget", name: "spend", key: "x", window_ms: 7 * day, value: 0, version: 4 },
    ])
    expect(outcome.charges).toEqual([
      { name: "runs", key: "", micros: 1_000_000, window_ms: 0, used: 0, limit: 3_000_000, unit: "executions" },
      { name: "spend", key: "x", micros: 250_000, window_ms: 7 * day, used: 0, limit: 1_000_500_000, unit: "USD" },
    ])
    expect(
      outcome.counts.map(({ name, key, micros, windows_ms, decisions }) => [name, key, micros, windows_ms, decisions]),
    ).toEqual([
      ["paid", "x", 40_000_000, [day], ["allow"]],
      ["shares", "", 250_000, [day], ["allow"]],
      ["tries", "a/x", 0, [90_000, HOUR], ["allow", "deny"]],
    ])
    expect(policy.evaluate(pay(41, 0.25), [], undefined, past({ [`sum paid ${day}`]: 60_000_000 })).decision).toBe(
      "DENY",
    )
    expect(policy.evaluate(pay(1, 1), [], undefined, past({ [`sum shares ${day}`]: 2_500_000 })).decision).toBe("DENY")
  })

  test("from what was recorded the same is decided again", () => {
    const first = policy.evaluate(ask("go"), [], undefined, past({ [`count tries ${HOUR}`]: 6 }))
    expect(policy.evaluate(ask("go"), [], undefined, recordedPast(first.readings))).toEqual(first)
    expect(policy.evaluate(ask("go"), [], undefined, recordedPast([])).reasons[0]?.code).toBe("CONDITION_ERROR")
  })

  test("a variable asks, and the tier is that of the worst signal over history", () => {
    const tier = (hour: number, short = 0) => {
      const { decision, risk } = policy.evaluate(
        ask("go"),
        [],
        undefined,
        past({ [`count tries ${HOUR}`]: hour, "count tries 90000": short }),
      )
      return [decision, risk.tier, risk.signals]
    }
    expect(tier(0)).toEqual(["ALLOW", "low", []])
    expect(tier(1)).toEqual(["ALLOW", "medium", ["some"]])
    expect(tier(6)).toEqual(["DENY", "critical", ["many", "some"]])
    expect(tier(3, 3)).toEqual(["DENY", "medium", ["some"]])
  })

  test("what cannot be read, counted or drawn is a deny", () => {
    const codes = (request: Parameters<typeof policy.evaluate>[0], read?: Past) => {
      const { decision, reasons, charges } = policy.evaluate(request, [], undefined, read)
      return [decision, [...new Set(reasons.map(({ code }) => code))], charges]
    }
    expect(codes(ask("go"))).toEqual(["DENY", ["CONDITION_ERROR"], []])
    const without =
      (kind: string): Past =>
      (question) =>
        question.kind === kind ? null : { value: 0, version: 1 }
    expect(codes(pay(1, 1), without("budget"))).toEqual(["DENY", ["CONDITION_ERROR"], []])
    for (const [amount, share] of [
      [-1, 1],
      [1, -0.1],
      [9_007_199_255, 1],
      [1, 1e300],
    ] as const)
      expect(codes(pay(amount, share), past({}))).toEqual(["DENY", ["CONDITION_ERROR"], []])
    const longId = { subject: { type: "a", id: "ü".repeat(256), properties: {} } }
    expect(codes(ask("go", longId), past({}))).toEqual(["DENY", ["CONDITION_ERROR"], []])
  })

  test("the rows that a request may touch are known before it is evaluated; for most there are none", () => {
    expect(policy.rows(pay(1, 1))).toEqual([
      { kind: "history", name: "tries", key: "a/x" },
      { kind: "history", name: "paid", key: "x" },
      { kind: "history", name: "shares", key: "" },
      { kind: "budget", name: "runs", key: "" },
      { kind: "budget", name: "spend", key: "x" },
    ])
    expect(policy.rows(ask("nothing"))).toEqual([])
    const plain = load({ version: "1", types: { subjects: { a: { known: "any" } } } }).policy
    expect(plain.rows(ask("go"))).toEqual([])
  })

  test("canonical bytes are the same policy; a bundle without histories and budgets does not mention them", () => {
    const again = loadCanonicalPolicy(policy.canonicalBytes, sha256)
    expect(again.ok && again.policy.digest).toBe(policy.digest)
    expect([...policy.budgets].map(([name, { limit_micros }]) => [name, limit_micros])).toEqual([
      ["spend", 1_000_500_000],
      ["runs", 3_000_000],
    ])
    const plain = load({ version: "1", types: {} }).policy
    expect(Buffer.from(plain.canonicalBytes).toString()).not.toMatch(/history|budgets/)
  })
})

describe("the example in docs/policy.md", () => {
  const guide = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "policy.md"), "utf8")
  const example = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, yaml]) => yaml ?? "")
    .find((yaml) => yaml.includes("past-1"))
  const { policy } = load(example ?? "")
  const send = (amount: number) =>
    requestOf({
      subject: { type: "agent", id: "treasurer", properties: {} },
      action: { name: "payment.send", properties: {} },
      resource: { type: "account", id: "a", properties: {} },
      parameters: Buffer.from(JSON.stringify({ amount })),
      parameters_content_type: "application/json",
    }).policy
  const decide = (amount: number, values: Readonly<Record<string, number>>) =>
    policy.evaluate(send(amount), [], undefined, past(values)).reasons.map(({ code }) => code)

  test("does what the text says", () => {
    expect(decide(4_000, { [`count payments ${HOUR}`]: 9 })).toEqual([])
    expect(decide(4_001, {})).toEqual(["NO_MATCHING_ALLOW"])
    expect(decide(1, { [`count payments ${HOUR}`]: 10 })).toEqual(["NO_MATCHING_ALLOW"])
    expect(decide(1, { [`sum payments ${HOUR}`]: 4_000_000_000 })).toEqual(["NO_MATCHING_ALLOW"])
    expect(decide(1, { [`count refusals ${10 * MINUTE}`]: 5 })).toEqual(["RISK_TOO_HIGH"])
    expect(policy.evaluate(send(7), [], undefined, past({})).charges).toMatchObject([
      { name: "daily", key: "treasurer", micros: 7_000_000 },
    ])
  })
})
