import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import {
  type ExecutionState,
  isRepeatable,
  isTransition,
  KINDS,
  type KindRow,
  type RecordKind,
  stateAt,
} from "../../../src/ledger/kinds.ts"

const rows = Object.entries(KINDS) as [string, KindRow][]

const steps = rows.flatMap(([kind, { transitions }]) =>
  (transitions ?? []).map((step) => [kind, ...step.split(">")] as [RecordKind, string, ExecutionState]),
)

describe("KINDS", () => {
  /** DESIGN section 6, and what a refused redemption and a late report are: they leave the state as it is. */
  test("the table of transitions", () => {
    expect(
      Object.fromEntries(rows.filter(([, row]) => row.transitions).map(([kind, row]) => [kind, row.transitions])),
    ).toEqual({
      decision: [">AUTHORIZED", ">APPROVAL_PENDING", "APPROVAL_PENDING>AUTHORIZED"],
      approval_decided: ["APPROVAL_PENDING>APPROVAL_PENDING", "APPROVAL_PENDING>REJECTED"],
      redeemed: ["AUTHORIZED>REDEEMED"],
      redeem_refused: ["AUTHORIZED", "REDEEMED", "COMPLETED", "FAILED", "REVOKED", "LOST"].map((s) => `${s}>${s}`),
      started: ["REDEEMED>REDEEMED"],
      completed: ["REDEEMED>COMPLETED", "REDEEMED>FAILED"],
      completed_late: ["REDEEMED>LOST", "LOST>LOST", "REVOKED>REVOKED"],
      terminated: ["REDEEMED>FAILED", "REDEEMED>LOST", "LOST>LOST", "REVOKED>REVOKED"],
      lost: ["REDEEMED>LOST"],
      revoked: ["AUTHORIZED>REVOKED", "REDEEMED>REVOKED"],
    })
  })

  test("the documentation shows the same table", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/architecture.md"), "utf8")
    for (const [kind, { transitions, raisesEpoch }] of rows) {
      const cell = transitions?.map((step) => step.replace(/^>/, "").replace(">", " → ")).join(", ")
      if (cell !== undefined) expect(page).toContain(`| ${kind} | ${cell} | ${raisesEpoch ? "yes" : "no"} |`)
    }
  })

  test("every state from which a record follows is one that another record leads to", () => {
    const reached = steps.map(([, , to]) => to)
    for (const [kind, from] of steps) if (from !== "") expect(reached, kind).toContain(from)
  })

  test("an end stays an end: nothing leads from it to another state", () => {
    for (const [kind, from, to] of steps)
      if (["REJECTED", "COMPLETED", "FAILED", "REVOKED", "LOST"].includes(from)) expect(to, kind).toBe(from)
  })

  test("what turns an allow into a deny raises the epoch, what only records does not", () => {
    expect(rows.filter(([, { raisesEpoch }]) => raisesEpoch).map(([kind]) => kind)).toEqual([
      "signing_key_changed",
      "caller_key_changed",
      "binding_changed",
      "bundle_signed",
      "bundle_activated",
      "shadow_changed",
      "revoked",
      "runtime_registered",
      "runtime_state_changed",
      "runtime_ended",
      "reference_values_changed",
    ])
  })

  test("every kind says what it means", () => {
    for (const [kind, { meaning }] of rows) expect(meaning.length, kind).toBeGreaterThan(10)
  })
})

describe("isTransition", () => {
  const states = [
    null,
    "APPROVAL_PENDING",
    "REJECTED",
    "AUTHORIZED",
    "REDEEMED",
    "COMPLETED",
    "FAILED",
    "REVOKED",
    "LOST",
    "EXPIRED",
    "",
  ]
  test("allows exactly the steps of the table, for every kind and pair of states", () => {
    const allowed = rows.flatMap(([kind]) =>
      states.flatMap((from) =>
        states.filter((to) => isTransition(kind as RecordKind, from, to)).map((to) => [kind, from ?? "", to]),
      ),
    )
    // "" is not a state: it reads like none, and still only a decision follows none
    expect(new Set(allowed.map(String))).toEqual(new Set(steps.map(String)))
  })
})

describe("isRepeatable", () => {
  test("who asks for an approval is decided twice, and an approval by several", () => {
    expect(rows.map(([kind]) => kind as RecordKind).filter(isRepeatable)).toEqual(["decision", "approval_decided"])
  })
})

describe("stateAt", () => {
  test("an authorization expires with its token, what runs is lost when its time is over, an end stays", () => {
    const at = (state: ExecutionState) => [999, 1_000, 1_001].map((nowMs) => stateAt(state, 1_000, nowMs))
    expect(at("APPROVAL_PENDING")).toEqual(["APPROVAL_PENDING", "EXPIRED", "EXPIRED"])
    expect(at("AUTHORIZED")).toEqual(["AUTHORIZED", "EXPIRED", "EXPIRED"])
    expect(at("REDEEMED")).toEqual(["REDEEMED", "LOST", "LOST"])
    for (const state of ["REJECTED", "COMPLETED", "FAILED", "REVOKED", "LOST"] as const)
      expect(at(state)).toEqual([state, state, state])
  })
})
