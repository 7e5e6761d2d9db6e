import { describe, expect, test } from "vitest"
import type { Call } from "../../../src/decision/authorize.ts"
import { type CompleteRequest, createComplete } from "../../../src/decision/complete.ts"
import { createRate } from "../../../src/decision/rate.ts"
import { WritError } from "../../../src/errors.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { CALLER, controlOf, FakeClock, ISSUER } from "../../support/decision.ts"
import { EXECUTION, FakeExecution } from "../../support/execution.ts"
import { NOW_MS, stateOf } from "../../support/policy.ts"

const UNTIL_MS = NOW_MS + 60_000

function setUp({ redeemed = true, bytesPerSecond = 1_000_000 } = {}) {
  const execution = new FakeExecution()
  if (redeemed) execution.add("redeemed", "REDEEMED", { execute_until: new Date(UNTIL_MS).toISOString() })
  const clock = new FakeClock()
  const control = controlOf(stateOf(null))
  const complete = createComplete({
    clock,
    origin: ISSUER.origin,
    lineage: execution.lineage,
    rate: createRate(bytesPerSecond),
    control: () => control.current,
    ledger: execution.ledger,
  })
  const report = (change: Partial<CompleteRequest> = {}, call: Partial<Call> = {}) =>
    complete(
      {
        executionId: EXECUTION,
        succeeded: true,
        resultDigest: new Uint8Array(),
        details: {},
        exitStatus: null,
        signal: "",
        durationMs: null,
        termination: null,
        ...change,
      },
      { caller: CALLER, requestId: "r", timeoutMs: null, ...call },
    )
  return { execution, clock, report }
}
const codeOf = async (call: Promise<unknown>) =>
  await call.then(
    () => "OK",
    (error: WritError) => error.code,
  )

describe("createComplete", () => {
  test("one record after the redemption, and what it says of the result beside the leaf", async () => {
    const { execution, report } = setUp()
    const before = execution.found.last
    const completed = await report({ resultDigest: new Uint8Array(32).fill(7), details: { note: "hunter2" } })
    const [entry] = execution.ledger.entries
    expect(entry).toMatchObject({
      epoch: 7n,
      change: {
        raisesEpoch: false,
        effects: [{ kind: "execution", executionId: EXECUTION, previous: before.leafHash, to: "COMPLETED" }],
      },
    })
    expect(execution.ledger.bodies()).toMatchObject([
      {
        kind: "completed",
        state: "COMPLETED",
        previous: toHex(before.leafHash),
        actor: { id: CALLER.id, proof: "api-key" },
        data: { succeeded: true },
      },
    ])
    expect(Buffer.from(entry?.record.body ?? []).toString()).not.toContain("hunter2")
    expect(
      Buffer.from(entry?.record.payload ?? [])
        .subarray(PAYLOAD_SALT_BYTES)
        .toString(),
    ).toBe(`{"details":{"note":"hunter2"},"result_digest":"${"07".repeat(32)}"}`)
    expect(completed).toEqual({
      receipt: { origin: ISSUER.origin, index: 0, leafHash: entry?.record.leafHash },
      state: "COMPLETED",
    })
  })

  test("what did not succeed has failed", async () => {
    const { execution, report } = setUp()
    await report({ succeeded: false })
    expect(execution.found.state).toBe("FAILED")
  })

  test("the same report again gets the same receipt, any other is refused", async () => {
    const { execution, report } = setUp()
    const details = { b: 1, a: [null, "x"] }
    const first = await report({ details })
    expect((await report({ details: { a: [null, "x"], b: 1 } })).receipt).toMatchObject(first.receipt)
    for (const other of [{}, { details, succeeded: false }, { details, resultDigest: new Uint8Array(32) }])
      expect(await codeOf(report(other))).toBe("INVALID_TRANSITION")
    expect(execution.ledger.entries).toHaveLength(1)
  })

  test("when the report's payload was erased, what is left of it is compared", async () => {
    const { execution, report } = setUp()
    await report({ details: { a: 1 } })
    const records = execution.found.records.map((record) => ({ ...record, payload: null }))
    execution.found = { ...execution.found, records }
    expect(await codeOf(report({ details: { a: 2 } }))).toBe("OK")
    expect(await codeOf(report({ succeeded: false }))).toBe("INVALID_TRANSITION")
    expect(execution.ledger.entries).toHaveLength(1)
  })

  test("in time until the time to execute is over; then it is recorded as late, and lost", async () => {
    const at = async (ms: number) => {
      const { execution, clock, report } = setUp()
      clock.wallMs = ms
      await report()
      return [execution.kinds().at(-1), execution.found.state]
    }
    expect(await at(UNTIL_MS - 1)).toEqual(["completed", "COMPLETED"])
    expect(await at(UNTIL_MS)).toEqual(["completed_late", "LOST"])
  })

  test("after the loss was recorded a report is late by whatever clock, once", async () => {
    const { execution, report } = setUp()
    execution.add("lost", "LOST")
    const first = await report({ succeeded: false })
    expect((await report({ succeeded: false })).receipt).toMatchObject(first.receipt)
    expect(await codeOf(report())).toBe("INVALID_TRANSITION")
    expect(execution.kinds()).toEqual(["decision", "redeemed", "lost", "completed_late"])
    expect(execution.found.state).toBe("LOST")
  })

  test("only the caller that redeemed reports", async () => {
    const { execution, report } = setUp()
    const stranger = { ...CALLER, id: "key:executor-2", keyId: "2" }
    expect(await codeOf(report({}, { caller: stranger }))).toBe("FORBIDDEN")
    await report()
    expect(await codeOf(report({}, { caller: stranger }))).toBe("FORBIDDEN")
    expect(execution.ledger.entries).toHaveLength(1)
  })

  test("what was not redeemed cannot be completed", async () => {
    const { execution, report } = setUp({ redeemed: false })
    expect(await codeOf(report())).toBe("INVALID_TRANSITION")
    expect(execution.ledger.entries).toEqual([])
  })

  test("the end of what was revoked is recorded, once, and it stays revoked", async () => {
    const { execution, report } = setUp()
    execution.add("revoked", "REVOKED")
    const first = await report()
    expect(first.state).toBe("REVOKED")
    expect(await report()).toMatchObject({ receipt: first.receipt, state: "REVOKED" })
    expect(await codeOf(report({ succeeded: false }))).toBe("INVALID_TRANSITION")
    expect(execution.kinds()).toEqual(["decision", "redeemed", "revoked", "completed_late"])
    expect(execution.ledger.bodies()).toMatchObject([{ state: "REVOKED" }])
  })

  test("how a process ended is in the leaf: numbers and names of signals", async () => {
    const { execution, report } = setUp()
    await report({ exitStatus: 0, durationMs: 1_234 })
    expect(execution.ledger.bodies()[0]?.data).toEqual({ duration_ms: 1_234, exit_status: 0, succeeded: true })
    expect(await codeOf(report({ exitStatus: 1, durationMs: 1_234 }))).toBe("INVALID_TRANSITION")
    expect(await codeOf(report({ exitStatus: 0, durationMs: 1_234 }))).toBe("OK")
  })

  const directive = { cause: "DIRECTIVE", directive: 2n ** 64n - 1n } as const
  test("what was ended from outside has failed, and the record says why", async () => {
    const { execution, report } = setUp()
    const reported = await report({ succeeded: false, signal: "SIGKILL", termination: directive })
    expect(reported.state).toBe("FAILED")
    expect(execution.ledger.bodies()).toMatchObject([
      {
        kind: "terminated",
        state: "FAILED",
        data: { cause: "DIRECTIVE", directive: "18446744073709551615", signal: "SIGKILL", succeeded: false },
      },
    ])
  })

  test.each([
    ["revoked", "REVOKED"],
    ["lost", "LOST"],
  ] as const)("what was %s and then ended from outside stays so", async (kind, state) => {
    const { execution, report } = setUp()
    execution.add(kind, state)
    const end = { succeeded: false, signal: "SIGTERM", termination: directive }
    expect((await report(end)).state).toBe(state)
    expect(await codeOf(report({ ...end, signal: "SIGKILL" }))).toBe("INVALID_TRANSITION")
    expect(execution.kinds()).toEqual(["decision", "redeemed", kind, "terminated"])
    expect(execution.found.state).toBe(state)
  })

  test("ended from outside when its time was over: lost", async () => {
    const { execution, clock, report } = setUp()
    clock.wallMs = UNTIL_MS
    const { state } = await report({ succeeded: false, termination: { cause: "TIME_LIMIT", directive: 0n } })
    expect([state, execution.kinds().at(-1), execution.found.state]).toEqual(["LOST", "terminated", "LOST"])
  })

  test.each([
    ["an unknown execution", { executionId: EXECUTION.replace("6", "7") }, "NOT_FOUND"],
    ["no execution id", { executionId: "x" }, "INVALID_REQUEST"],
    ["a digest of 31 bytes", { resultDigest: new Uint8Array(31) }, "INVALID_REQUEST"],
    ["a status of 256", { exitStatus: 256 }, "INVALID_REQUEST"],
    ["a status and a signal", { exitStatus: 0, signal: "SIGTERM" }, "INVALID_REQUEST"],
    ["no signal's name", { signal: "Alice" }, "INVALID_REQUEST"],
    ["ended from outside and succeeded", { termination: directive }, "INVALID_REQUEST"],
    ["an end without a cause", { succeeded: false, termination: { cause: null, directive: 0n } }, "INVALID_REQUEST"],
    [
      "no directive that is obeyed",
      { succeeded: false, termination: { cause: "DIRECTIVE", directive: 0n } },
      "INVALID_REQUEST",
    ],
    [
      "a directive that is not obeyed",
      { succeeded: false, termination: { cause: "LEASE_LOST", directive: 1n } },
      "INVALID_REQUEST",
    ],
    ["details over 16 KiB", { details: { x: "x".repeat(16 * 1024 - 7) } }, "REQUEST_TOO_LARGE"],
  ] as [string, Partial<CompleteRequest>, string][])("%s is refused", async (_, change, code) => {
    const { execution, report } = setUp()
    expect(await codeOf(report(change))).toBe(code)
    expect(execution.ledger.entries).toEqual([])
  })

  test("details of 16 KiB are taken", async () => {
    expect(await codeOf(setUp().report({ details: { x: "x".repeat(16 * 1024 - 8) } }))).toBe("OK")
  })

  test("revoked while it was on its way: it looks again and says so", async () => {
    const { execution, report } = setUp()
    execution.ledger.answers.push("conflict")
    execution.ledger.onAppend = () => {
      execution.ledger.onAppend = () => {}
      execution.add("revoked", "REVOKED")
    }
    expect((await report()).state).toBe("REVOKED")
    expect(execution.kinds()).toEqual(["decision", "redeemed", "revoked", "completed_late"])
  })

  test("it answers nothing that is not recorded, does not try for ever, and keeps to the byte rate", async () => {
    const { execution, clock, report } = setUp()
    execution.ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"), ...Array<"stale">(100).fill("stale"))
    expect(await codeOf(report())).toBe("LEDGER_UNAVAILABLE")
    expect(await codeOf(report())).toBe("LEDGER_UNAVAILABLE")
    expect(execution.ledger.entries.length).toBeLessThan(40)
    execution.ledger.onAppend = () => {
      clock.monotonicMs += 60
    }
    expect(await codeOf(report({}, { timeoutMs: 50 }))).toBe("DEADLINE_EXCEEDED")
    expect(await codeOf(setUp({ bytesPerSecond: 10 }).report())).toBe("RATE_LIMITED")
  })
})
