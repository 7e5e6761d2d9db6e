import { describe, expect, test } from "vitest"
import type { Call } from "../../../src/decision/authorize.ts"
import { createRate } from "../../../src/decision/rate.ts"
import { createStart, type StartRequest } from "../../../src/decision/start.ts"
import type { WritError } from "../../../src/errors.ts"
import { toBase64Url, toHex } from "../../../src/formats/bytes.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { CALLER, controlOf, FakeClock, ISSUER } from "../../support/decision.ts"
import { CLAIMS, EXECUTION, FakeExecution } from "../../support/execution.ts"
import { NOW_MS, stateOf } from "../../support/policy.ts"

const UNTIL_MS = NOW_MS + 60_000
const PARAMETERS = new Uint8Array(32).fill(9)

function setUp({ redeemed = true, facts = {} }: { readonly redeemed?: boolean; readonly facts?: JsonObject } = {}) {
  const execution = new FakeExecution({ ...CLAIMS, dig: toBase64Url(PARAMETERS) }, { facts })
  if (redeemed) execution.add("redeemed", "REDEEMED", { execute_until: new Date(UNTIL_MS).toISOString() })
  const clock = new FakeClock()
  const control = controlOf(stateOf(null))
  const start = createStart({
    clock,
    origin: ISSUER.origin,
    lineage: execution.lineage,
    rate: createRate(1_000_000),
    control: () => control.current,
    ledger: execution.ledger,
  })
  const report = (change: Partial<StartRequest> = {}, call: Partial<Call> = {}) =>
    start(
      {
        executionId: EXECUTION,
        codeDigest: new Uint8Array(),
        parametersDigest: new Uint8Array(),
        isolation: null,
        notGuaranteed: [],
        details: {},
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

describe("createStart", () => {
  test("one record after the redemption: digest and isolation in the leaf, the rest beside it; it stays REDEEMED", async () => {
    const { execution, report } = setUp()
    const before = execution.found.last
    const started = await report({
      codeDigest: new Uint8Array(32).fill(7),
      isolation: "PID_NAMESPACE",
      notGuaranteed: ["other-user"],
      details: { host: "alice-laptop" },
    })
    const [entry] = execution.ledger.entries
    expect(entry?.change).toEqual({
      raisesEpoch: false,
      effects: [{ kind: "execution", executionId: EXECUTION, previous: before.leafHash, to: "REDEEMED" }],
    })
    expect(execution.ledger.bodies()).toMatchObject([
      {
        kind: "started",
        state: "REDEEMED",
        previous: toHex(before.leafHash),
        data: { code: "07".repeat(32), isolation: "PID_NAMESPACE" },
      },
    ])
    expect(Buffer.from(entry?.record.body ?? []).toString()).not.toContain("alice")
    expect(
      Buffer.from(entry?.record.payload ?? [])
        .subarray(PAYLOAD_SALT_BYTES)
        .toString(),
    ).toBe('{"details":{"host":"alice-laptop"},"not_guaranteed":["other-user"]}')
    expect(started).toMatchObject({ receipt: { index: 0 }, state: "REDEEMED" })
  })

  test("the same again gets the same receipt, another is refused", async () => {
    const { execution, report } = setUp()
    const first = await report({ isolation: "NONE" })
    expect((await report({ isolation: "NONE" })).receipt).toMatchObject(first.receipt)
    for (const other of [{}, { isolation: "NONE", notGuaranteed: ["own-proc"] }] as const)
      expect(await codeOf(report(other))).toBe("INVALID_TRANSITION")
    expect(execution.kinds()).toEqual(["decision", "redeemed", "started"])
  })

  test("refused unless it is redeemed and its time is not over", async () => {
    expect(await codeOf(setUp({ redeemed: false }).report())).toBe("INVALID_TRANSITION")
    for (const [kind, state] of [
      ["revoked", "REVOKED"],
      ["lost", "LOST"],
      ["completed", "COMPLETED"],
    ] as const) {
      const { execution, report } = setUp()
      execution.add(kind, state)
      await expect(report()).rejects.toMatchObject({
        code: "INVALID_TRANSITION",
        message: `The execution is ${state}.`,
      })
      expect(execution.ledger.entries).toEqual([])
    }
    const { clock, report } = setUp()
    clock.wallMs = UNTIL_MS
    await expect(report()).rejects.toMatchObject({ code: "INVALID_TRANSITION", message: "The execution is LOST." })
    clock.wallMs = UNTIL_MS - 1
    expect(await codeOf(report())).toBe("OK")
  })

  test("only the caller that redeemed reports", async () => {
    const stranger = { ...CALLER, id: "key:executor-2", keyId: "2" }
    expect(await codeOf(setUp().report({}, { caller: stranger }))).toBe("FORBIDDEN")
  })

  test("what was not authorized is refused before it starts, and what was is recorded", async () => {
    const code = new Uint8Array(32).fill(7)
    const runtime = { code: toHex(code) }
    const { execution, report } = setUp({ facts: { runtime } })
    await expect(report({ codeDigest: new Uint8Array(32).fill(8) })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: `This was not authorized: code ${"08".repeat(32)} was started, and the runtime was authorized as ${runtime.code}.`,
    })
    await expect(report({ codeDigest: code, parametersDigest: code })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: "This was not authorized: it was started with other parameters than those that were authorized.",
    })
    expect(execution.ledger.entries).toEqual([])
    await report({ codeDigest: code, parametersDigest: PARAMETERS })
    expect(
      Buffer.from(execution.ledger.entries[0]?.record.payload ?? [])
        .subarray(PAYLOAD_SALT_BYTES)
        .toString(),
    ).toBe(`{"details":{},"dig":"${toBase64Url(PARAMETERS)}","not_guaranteed":[]}`)
  })

  test("where what was authorized is erased, it cannot be compared", async () => {
    const { execution, report } = setUp({ facts: { runtime: { code: "00".repeat(32) } } })
    const decision = { ...execution.found.decision, payload: null }
    execution.found = { ...execution.found, decision }
    expect(await codeOf(report({ codeDigest: new Uint8Array(32) }))).toBe("OK")
  })

  test.each([
    ["a digest of 31 bytes", { codeDigest: new Uint8Array(31) }, "INVALID_REQUEST"],
    ["a parameters digest of 31 bytes", { parametersDigest: new Uint8Array(31) }, "INVALID_REQUEST"],
    ["a code in capitals", { notGuaranteed: ["Alice"] }, "INVALID_REQUEST"],
    ["17 codes", { notGuaranteed: Array(17).fill("a") }, "INVALID_REQUEST"],
    ["details over 16 KiB", { details: { x: "x".repeat(16 * 1024) } }, "REQUEST_TOO_LARGE"],
    ["an unknown execution", { executionId: EXECUTION.replace("6", "7") }, "NOT_FOUND"],
    ["no execution id", { executionId: "x" }, "INVALID_REQUEST"],
  ] as [string, Partial<StartRequest>, string][])("%s is refused", async (_, change, code) => {
    const { execution, report } = setUp()
    expect(await codeOf(report(change))).toBe(code)
    expect(execution.ledger.entries).toEqual([])
  })
})
