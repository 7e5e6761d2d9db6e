import { describe, expect, test } from "vitest"
import { createRevoke, createRevokeOne } from "../../../src/decision/revoke.ts"
import type { Caller } from "../../../src/decision/state.ts"
import { createTurns } from "../../../src/decision/turns.ts"
import { WritError } from "../../../src/errors.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { Consumables } from "../../../src/ledger/consumables.ts"
import type { FoundExecution, LineageStore } from "../../../src/ledger/lineage.ts"
import { PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { CALLER, controlOf, FakeClock, FakeLedger, FakeRows, ISSUER } from "../../support/decision.ts"
import { stateOf } from "../../support/policy.ts"

const ID = "00000000-0000-4000-8000-000000000000"
const last = { origin: "other.test/log", index: 5, leafHash: new Uint8Array(32).fill(9) }
const found = (state: FoundExecution["state"]): FoundExecution => ({
  decision: { ...last, logId: 1, body: new Uint8Array(), payload: null },
  last,
  records: [],
  state,
})

function setUp(first: FoundExecution | null) {
  const ledger = new FakeLedger()
  const control = controlOf(stateOf(null))
  const world = { execution: first }
  const clock = new FakeClock()
  const revokeOne = createRevokeOne({
    consumables: new Consumables(new FakeRows()),
    clock,
    origin: ISSUER.origin,
    lineage: { findExecution: async (id: string) => (id === ID ? world.execution : null) } as LineageStore,
    control: () => control.current,
    inTurn: createTurns(),
    ledger,
  })
  /** Executions whose descendants were to be revoked, and by which record these are. */
  const cascaded: [id: string, leafHash: Uint8Array][] = []
  const run = createRevoke({
    clock,
    revokeOne,
    cascade: async (id, { leafHash }) => void cascaded.push([id, leafHash]),
  })
  const revoke = (id: string, reason: string, caller: Caller, timeoutMs: number | null = null) =>
    run(id, reason, { caller, requestId: "r", timeoutMs })
  return { ledger, control, clock, world, revoke, cascaded }
}

describe("createRevoke", () => {
  test("one record after the execution's last one, its new state and a higher epoch, in one append", async () => {
    const { ledger, revoke } = setUp(found("AUTHORIZED"))
    const revoked = await revoke(ID, "key leaked: hunter2", CALLER)
    const [entry] = ledger.entries
    expect(entry).toMatchObject({
      epoch: 7n,
      change: { raisesEpoch: true, effects: [{ kind: "execution", executionId: ID, previous: null, to: "REVOKED" }] },
    })
    expect(ledger.bodies()[0]).toMatchObject({
      kind: "revoked",
      execution_id: ID,
      state: "REVOKED",
      previous: toHex(last.leafHash),
      epoch: "8",
      actor: { id: CALLER.id, proof: "api-key" },
      data: {},
    })
    expect(revoked).toEqual({
      receipt: { origin: ISSUER.origin, index: 0, leafHash: entry?.record.leafHash },
      alreadyRevoked: false,
    })
    expect(Buffer.from(entry?.record.body ?? []).toString()).not.toContain("hunter2")
    expect(
      Buffer.from(entry?.record.payload ?? [])
        .subarray(PAYLOAD_SALT_BYTES)
        .toString(),
    ).toBe('{"reason":"key leaked: hunter2"}')
  })

  test("what is revoked already stays so, and the first receipt is given again", async () => {
    const { ledger, revoke } = setUp(found("REVOKED"))
    expect(await revoke(ID, "", CALLER)).toEqual({ receipt: last, alreadyRevoked: true })
    expect(ledger.entries).toEqual([])
  })

  test("what was redeemed is revoked too, after the newest record of its chain", async () => {
    const decision = { ...last, leafHash: new Uint8Array(32).fill(1), logId: 1, body: new Uint8Array(), payload: null }
    const { ledger, revoke } = setUp({ ...found("REDEEMED"), decision })
    expect((await revoke(ID, "", CALLER)).alreadyRevoked).toBe(false)
    expect(ledger.entries[0]?.change?.effects).toEqual([
      { kind: "execution", executionId: ID, previous: last.leafHash, to: "REVOKED" },
    ])
  })

  test.each(["COMPLETED", "FAILED", "LOST"] as const)("what is %s has ended and is not revoked", async (state) => {
    const { ledger, revoke } = setUp(found(state))
    await expect(revoke(ID, "", CALLER)).rejects.toMatchObject({
      code: "INVALID_TRANSITION",
      message: expect.stringContaining(state),
    })
    expect(ledger.entries).toEqual([])
  })

  test.each([
    ["an unknown execution", null, "NOT_FOUND"],
    ["a decision that allowed nothing", found(null), "INVALID_TRANSITION"],
  ])("%s is refused", async (_, execution, code) => {
    const { ledger, revoke } = setUp(execution)
    await expect(revoke(ID, "", CALLER)).rejects.toMatchObject({ code })
    expect(ledger.entries).toEqual([])
  })

  test.each([
    ["no id", "", "", "INVALID_REQUEST"],
    ["an id in capitals", ID.replace("4000", "4AAA"), "", "INVALID_REQUEST"],
    ["an id with SQL", `${ID}'--`, "", "INVALID_REQUEST"],
    ["a reason of 1,025 bytes", ID, `${"é".repeat(512)}x`, "REQUEST_TOO_LARGE"],
    ["a reason with a lone surrogate", ID, "\ud800", "INVALID_REQUEST"],
  ])("%s is refused before anything is read", async (_, id, reason, code) => {
    const { revoke } = setUp(found("AUTHORIZED"))
    await expect(revoke(id, reason, CALLER)).rejects.toMatchObject({ code })
  })

  test("a reason of 1,024 bytes is taken", async () => {
    const { revoke } = setUp(found("AUTHORIZED"))
    expect((await revoke(ID, "é".repeat(512), CALLER)).alreadyRevoked).toBe(false)
  })

  test("when somebody else was first, it looks again: revoked twice at once is one record", async () => {
    const { ledger, world, control, revoke } = setUp(found("AUTHORIZED"))
    ledger.answers.push("stale", "conflict")
    ledger.onAppend = () => {
      control.current = { ...control.current, epoch: control.current.epoch + 1n }
      if (ledger.entries.length === 2) world.execution = found("REVOKED")
    }
    expect(await revoke(ID, "", CALLER)).toEqual({ receipt: last, alreadyRevoked: true })
    expect(ledger.entries.map(({ epoch }) => epoch)).toEqual([7n, 8n])
  })

  test("what descends from it is revoked before the answer, also when it was revoked before; not when there was nothing to revoke", async () => {
    const { ledger, revoke, cascaded } = setUp(found("AUTHORIZED"))
    await revoke(ID, "", CALLER)
    expect(cascaded).toEqual([[ID, ledger.entries[0]?.record.leafHash]])
    const again = setUp(found("REVOKED"))
    await again.revoke(ID, "", CALLER)
    expect(again.cascaded).toEqual([[ID, last.leafHash]])
    const ended = setUp(found("COMPLETED"))
    await ended.revoke(ID, "", CALLER).catch(() => {})
    expect(ended.cascaded).toEqual([])
  })

  test("the caller's deadline holds, and nothing is begun after it", async () => {
    const { ledger, clock, world, revoke } = setUp(found("AUTHORIZED"))
    ledger.answers.push("stale")
    ledger.onAppend = () => {
      clock.monotonicMs += 50
    }
    await expect(revoke(ID, "", CALLER, 50)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    expect(ledger.entries.map(({ deadlineMs }) => deadlineMs)).toEqual([1_050])
    expect(world.execution?.state).toBe("AUTHORIZED")
  })

  test("it does not answer when the append failed, nor try for ever", async () => {
    const { ledger, revoke } = setUp(found("AUTHORIZED"))
    ledger.answers.push(new WritError("LEDGER_UNAVAILABLE", "unknown outcome"))
    await expect(revoke(ID, "", CALLER)).rejects.toThrow("unknown outcome")
    ledger.answers.push(...Array<"stale">(100).fill("stale"))
    await expect(revoke(ID, "", CALLER)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(ledger.entries.length).toBeLessThan(40)
  })
})
