import { beforeEach, describe, expect, test } from "vitest"
import { areKnown, loadRows, PastView, rowName, rowsOfSteps, stepsAfter, stepsOf } from "../../../src/decision/past.ts"
import { seal } from "../../../src/decision/seal.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { Consumables } from "../../../src/ledger/consumables.ts"
import type { StoredRecord } from "../../../src/ledger/lineage.ts"
import type { RowOf, Step } from "../../../src/policy/past.ts"
import type { PolicyOutcome } from "../../../src/policy/types.ts"
import { CALLER, FakeRows, ISSUER } from "../../support/decision.ts"
import { NOW_MS } from "../../support/policy.ts"

const HOUR_MS = 3_600_000
const EXP = NOW_MS / 1000 + 10
const PAYMENTS: RowOf = { kind: "history", name: "payments", key: "a" }
const DAILY: RowOf = { kind: "budget", name: "daily", key: "a" }
const count: Step = { op: "count", name: "payments", key: "a", micros: 5, windows_ms: [HOUR_MS] }
const reserve: Step = { op: "reserve", name: "daily", key: "a", micros: 5, window_ms: 0, exp: EXP }
const ofCount = { kind: "count", name: "payments", key: "a", window_ms: HOUR_MS } as const
const ofBudget = { kind: "budget", name: "daily", key: "a", window_ms: 0 } as const

let rows: FakeRows
let consumables: Consumables
beforeEach(() => {
  rows = new FakeRows()
  consumables = new Consumables(rows)
})
const view = () => new PastView(consumables, NOW_MS)

describe("rowName", () => {
  test("is another one for each kind, name and key, and the family is all keys of a name", () => {
    const names = [PAYMENTS, DAILY, { ...PAYMENTS, key: "b" }, { ...PAYMENTS, name: "paymentsa", key: "" }].map(rowName)
    expect(new Set(names.map(({ key }) => key)).size).toBe(4)
    expect(names[0]?.family).toBe(names[2]?.family)
    expect(new Set(names.map(({ family }) => family)).size).toBe(3)
    expect(names[0]?.key).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })
})

describe("loadRows and areKnown", () => {
  test("what was loaded is known, also that there is nothing", async () => {
    expect(areKnown(consumables, [PAYMENTS])).toBe(false)
    await loadRows(consumables, [PAYMENTS, DAILY])
    expect([areKnown(consumables, [PAYMENTS, DAILY]), areKnown(consumables, [])]).toEqual([true, true])
    expect(rowsOfSteps([count, reserve])).toEqual([PAYMENTS, DAILY])
  })
})

describe("PastView", () => {
  test("what is not known cannot be read, and is noted nowhere", () => {
    const past = view()
    expect(past.read(ofCount)).toBeNull()
    expect(past.consume([])).toEqual({ uses: [], record: {} })
  })

  test("notes what was read in which version, so that its append can prove it; who changes nothing uses it as it is", async () => {
    await loadRows(consumables, [PAYMENTS])
    const past = view()
    expect(past.read(ofCount)).toEqual({ value: 0, version: 0 })
    const consumption = past.consume([])
    expect(consumption?.record).toEqual({ readings: [{ ...ofCount, value: 0, version: 0 }] })
    expect(consumption?.uses).toEqual([{ read: consumables.newest(rowName(PAYMENTS).key), next: null }])
  })

  test("what is queued is seen by the next one before it is durable", async () => {
    await loadRows(consumables, [PAYMENTS, DAILY])
    const first = view().consume([count, reserve])
    expect(first?.record.consumed).toEqual([
      { ...count, version: 1 },
      { ...reserve, version: 1 },
    ])
    expect(consumables.queue(first?.uses ?? [])).toBe(true)
    const second = view()
    expect([second.read(ofCount), second.read(ofBudget)]).toEqual([
      { value: 1, version: 1 },
      { value: 5, version: 1 },
    ])
    expect(second.consume([count])?.record.consumed).toEqual([{ ...count, version: 2 }])
  })

  test("two that read the same version: only one is queued", async () => {
    await loadRows(consumables, [PAYMENTS])
    const [one, other] = [view().consume([count]), view().consume([count])]
    expect(consumables.queue(one?.uses ?? [])).toBe(true)
    expect(consumables.queue(other?.uses ?? [])).toBe(false)
  })

  test("steps of one record on one row follow each other", async () => {
    await loadRows(consumables, [DAILY])
    const consumption = view().consume([reserve, reserve])
    expect(consumption?.record.consumed?.map(({ version }) => version)).toEqual([1, 2])
    expect(consumption?.uses).toHaveLength(1)
    expect(consumption?.uses[0]?.next?.version).toBe(2)
  })

  test("a row that was not there and was read is made too, where the decision changes another", async () => {
    await loadRows(consumables, [PAYMENTS, DAILY])
    const past = view()
    past.read(ofBudget)
    const consumption = past.consume([count])
    expect(consumption?.record.consumed).toEqual([
      { ...count, version: 1 },
      { op: "note", ...DAILY, version: 1 },
    ])
    expect(consumption?.uses.every(({ next }) => next?.version === 1)).toBe(true)
  })

  test("what was reserved and has ended can be neither spent nor released; then nothing is changed", async () => {
    await loadRows(consumables, [DAILY])
    const spend: Step = { op: "spend", name: "daily", key: "a", micros: 5, window_ms: 0, exp: EXP }
    expect(view().consume([spend])).toBeNull()
    consumables.queue(view().consume([reserve])?.uses ?? [])
    expect(view().consume([spend])?.record.consumed).toEqual([{ ...spend, version: 2 }])
    expect(new PastView(consumables, EXP * 1000).consume([spend])).toBeNull()
    expect(view().consume([{ ...spend, micros: 6 }])).toBeNull()
    expect(view().consume([{ ...spend, name: "not loaded" }])).toBeNull()
  })
})

describe("stepsOf", () => {
  const outcome = {
    counts: [
      { name: "payments", key: "a", micros: 5, windows_ms: [HOUR_MS], decisions: ["allow", "require_approval"] },
      { name: "refusals", key: "a", micros: 0, windows_ms: [], decisions: ["deny"] },
    ],
    charges: [{ name: "daily", key: "a", micros: 5, window_ms: 0, used: 0, limit: 10, unit: "USD" }],
  } as unknown as PolicyOutcome
  const claims = (use: "redeem" | "offline") => ({ use, exp: EXP }) as never

  test("each history counts the decisions that it is of; only an allow holds back", () => {
    expect(stepsOf(outcome, "ALLOW", claims("redeem"))).toEqual([count, reserve])
    expect(stepsOf(outcome, "REQUIRE_APPROVAL", null)).toEqual([count])
    expect(stepsOf(outcome, "DENY", null)).toEqual([
      { op: "count", name: "refusals", key: "a", micros: 0, windows_ms: [] },
    ])
    expect(stepsOf(null, "DENY", null)).toEqual([])
  })

  test("of an offline token nobody says that it was used, so it is spent at once", () => {
    const { exp: _, ...spent } = reserve as Extract<Step, { op: "reserve" }>
    expect(stepsOf(outcome, "ALLOW", claims("offline"))).toEqual([count, spent])
  })
})

describe("stepsAfter", () => {
  const recorded = (payload: object | null): StoredRecord => ({
    origin: ISSUER.origin,
    logId: 1,
    index: 0,
    ...seal({ kind: "decision", actor: CALLER, data: {} }, payload && encodeCanonicalJson(payload as never), NOW_MS),
  })

  test("spends or releases what the decision had held back, and nothing else", () => {
    const { exp: _, ...spentAtOnce } = reserve as Extract<Step, { op: "reserve" }>
    const consumed = [count, reserve, { ...spentAtOnce, name: "ever" }].map((step) => ({ ...step, version: 1 }))
    const { op: __, ...held } = reserve
    for (const op of ["spend", "release"] as const)
      expect(stepsAfter(op, recorded({ consumed }))).toEqual([{ op, ...held }])
  })

  test("nothing of a decision that held nothing back, or whose payload was erased", () => {
    expect(stepsAfter("spend", recorded({}))).toEqual([])
    expect(stepsAfter("spend", { ...recorded({ consumed: [{ ...reserve, version: 1 }] }), payload: null })).toEqual([])
  })
})
