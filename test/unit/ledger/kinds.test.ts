import { describe, expect, test } from "vitest"
import { KINDS, type KindRow } from "../../../src/ledger/kinds.ts"

const rows = Object.entries(KINDS) as [string, KindRow][]

describe("KINDS", () => {
  test("only a decision opens an execution", () => {
    expect(rows.filter(([, { from }]) => from?.length === 0).map(([kind]) => kind)).toEqual(["decision"])
  })

  test("a record that concerns no execution leads to no state, any other to one", () => {
    for (const [kind, { from, to }] of rows) expect(to === null, kind).toBe(from === null)
  })

  test("every state from which a record follows is one that another record leads to", () => {
    const reached = rows.map(([, { to }]) => to)
    for (const [kind, { from }] of rows) for (const state of from ?? []) expect(reached, kind).toContain(state)
  })

  test("what turns an allow into a deny raises the epoch, what only records does not", () => {
    expect(rows.filter(([, { raisesEpoch }]) => raisesEpoch).map(([kind]) => kind)).toEqual([
      "signing_key_changed",
      "caller_key_changed",
      "bundle_activated",
      "revoked",
    ])
  })

  test("every kind says what it means", () => {
    for (const [kind, { meaning }] of rows) expect(meaning.length, kind).toBeGreaterThan(10)
  })
})
