import { describe, expect, test } from "vitest"
import { createCompromiseSweep } from "../../../src/decision/compromise.ts"
import type { Revocable } from "../../../src/decision/revoke.ts"
import type { ControlState } from "../../../src/decision/state.ts"
import type { FoundExecution } from "../../../src/ledger/lineage.ts"
import { FakeClock, tokenKeyOf, tokenSigner } from "../../support/decision.ts"
import { stateOf } from "../../support/policy.ts"

const RECEIPT = { origin: "a", index: 9, leafHash: new Uint8Array(32) }

function setUp(decisions: Readonly<Record<string, readonly [origin: string, index: number]>>) {
  const control: { current: ControlState } = { current: stateOf(null) }
  const alive = new Set(Object.keys(decisions))
  const log: string[] = []
  const failures: Error[] = []
  let pages = 0
  const sweep = createCompromiseSweep({
    clock: new FakeClock(),
    actor: { id: "writ", proof: "process" },
    control: () => control.current,
    store: {
      async findExecution(id) {
        const [origin, index] = decisions[id] ?? ["", 0]
        return { decision: { origin, index } } as unknown as FoundExecution
      },
      async redeemed(after) {
        pages++
        const next = [...alive].sort().find((id) => after === null || id > after)
        return next === undefined ? [] : [next]
      },
    },
    async revokeOne(id, { data }): Promise<Revocable> {
      const failure = failures.shift()
      if (failure) throw failure
      alive.delete(id)
      log.push(`${id} ${data["cause"]}`)
      return { kind: "revoked", receipt: RECEIPT, before: false }
    },
    cascade: { ofRevoked: async (id) => void log.push(`below ${id}`) },
  })
  const withdraw = (...places: readonly (readonly [string, number])[]) => {
    const tokenKeys = places.map(([origin, index]) => tokenKeyOf(tokenSigner, { withdrawn: { origin, index } }))
    control.current = { ...control.current, tokenKeys }
  }
  return { sweep, withdraw, alive, log, failures, pages: () => pages }
}

describe("createCompromiseSweep", () => {
  test("revokes what that log had started before, with what descends from it, and nothing else", async () => {
    const { sweep, withdraw, alive, log } = setUp({ p: ["a", 4], q: ["a", 5], r: ["b", 4], s: ["a", 0] })
    withdraw(["a", 5])
    expect(await sweep()).toBe(2)
    expect(log).toEqual(["p TOKEN_KEY_COMPROMISED", "below p", "s TOKEN_KEY_COMPROMISED", "below s"])
    expect([...alive]).toEqual(["q", "r"])
  })

  test("looks at nothing while no key is compromised, and once for each that is", async () => {
    const { sweep, withdraw, pages } = setUp({ r: ["b", 4] })
    expect([await sweep(), pages()]).toEqual([0, 0])
    withdraw(["a", 5])
    await Promise.all([sweep(), sweep()])
    const once = pages()
    expect([await sweep(), pages()]).toEqual([0, once])
    withdraw(["a", 5], ["b", 5])
    expect(await sweep()).toBe(1)
  })

  test("what failed is done by the next call", async () => {
    const { sweep, withdraw, alive, failures } = setUp({ p: ["a", 1], q: ["a", 2] })
    withdraw(["a", 5])
    failures.push(new Error("no database"))
    await expect(sweep()).rejects.toThrow("no database")
    expect([await sweep(), alive.size]).toEqual([2, 0])
  })
})
