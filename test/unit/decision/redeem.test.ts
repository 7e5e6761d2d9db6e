import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { Call } from "../../../src/decision/authorize.ts"
import { createRate } from "../../../src/decision/rate.ts"
import { createRedeem, REPEAT_MS, type RedeemRequest } from "../../../src/decision/redeem.ts"
import type { ControlState } from "../../../src/decision/state.ts"
import { WritError } from "../../../src/errors.ts"
import { toBase64Url, toHex } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { redeemProofInput } from "../../../src/formats/redeem-proof.ts"
import { Consumables } from "../../../src/ledger/consumables.ts"
import { readBody } from "../../../src/ledger/lineage.ts"
import { PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { type Runtime, runtimeKey } from "../../../src/runtime/runtime.ts"
import { createTokenSigner } from "../../../src/token/token.ts"
import {
  CALLER,
  CALLER_KEY,
  controlOf,
  FakeClock,
  FakeRows,
  ISSUER,
  testSigner,
  tokenKeyOf,
  tokenSigner,
} from "../../support/decision.ts"
import { CLAIMS, EXECUTION, FakeExecution } from "../../support/execution.ts"
import { load, NOW_MS, stateOf } from "../../support/policy.ts"

const CODE = "ab".repeat(32)
const { policy } = load({
  version: "1",
  types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
  rules: [
    {
      id: "r",
      effect: "allow",
      subjects: [{ type: "a" }],
      actions: ["go"],
      resources: [{ type: "r" }],
      runtime: "none",
    },
  ],
  runtimes: [{ id: "runtime-1", measurements: { code: [CODE] } }],
})
const OURS = { ...CLAIMS, bundle: policy.digest }
const digest = sha256(Buffer.from("{}"))

const holder = testSigner(9)
/** The runtime that the fake decision names, as the control state has it. */
const RUNTIME: Runtime = {
  agent_version: "",
  boot_epoch: "1",
  contested: null,
  environment: {},
  first_measurements: null,
  id: "runtime-1",
  lease_id: "lease-1",
  measurements: { code: CODE },
  nonce_at: 0,
  public_key: toHex(holder.publicKey),
  reasons: [],
  registration: "",
  state: "TRUSTED",
}
const withRuntime = (change: Partial<Runtime> = {}): ControlState => ({
  ...stateOf(policy),
  runtimes: new Map([[runtimeKey("runtime-1"), { ...RUNTIME, ...change }]]),
})

function setUp(
  claims: JsonObject = OURS,
  state: ControlState = stateOf(policy),
  bytesPerSecond = 1_000_000,
  leaseLeftMs: number | null = 15_000,
) {
  const execution = new FakeExecution(claims)
  const clock = new FakeClock()
  const control = controlOf({ ...state, tokenKeys: [tokenKeyOf(tokenSigner)] })
  const onRefresh = { current: () => {} }
  const refused: string[] = []
  const redeemedUnder: string[] = []
  const redeem = createRedeem({
    consumables: new Consumables(new FakeRows()),
    clock,
    origin: ISSUER.origin,
    issuer: ISSUER.issuer,
    lineage: execution.lineage,
    rate: createRate(bytesPerSecond),
    leaseLeftMs: () => leaseLeftMs,
    control: () => control.current,
    refresh: async () => onRefresh.current(),
    redeemedUnder: (leaseId) => redeemedUnder.push(leaseId),
    ledger: execution.ledger,
    observeRefusal: (code) => refused.push(code),
  })
  const ask = (change: Partial<RedeemRequest> = {}, call: Partial<Call> = {}) =>
    redeem(
      { token: execution.token, redemptionId: "one", parametersDigest: new Uint8Array(), proof: "", ...change },
      { caller: CALLER, requestId: "r", timeoutMs: null, ...call },
    )
  return { execution, clock, control, onRefresh, refused, redeemedUnder, ask }
}
const codeOf = async (call: Promise<unknown>) =>
  await call.then(
    () => "OK",
    (error: WritError) => error.details["refusal"] ?? error.code,
  )

describe("createRedeem", () => {
  test("one record after the decision, the execution's new state and its end, in one append", async () => {
    const { execution, ask } = setUp()
    const redeemed = await ask()
    const [entry] = execution.ledger.entries
    expect(entry).toMatchObject({
      epoch: 7n,
      change: {
        raisesEpoch: false,
        effects: [
          {
            kind: "execution",
            executionId: EXECUTION,
            previous: null,
            to: "REDEEMED",
            executeUntilMs: NOW_MS + 60_000,
          },
        ],
      },
    })
    expect(execution.ledger.bodies()).toMatchObject([
      {
        kind: "redeemed",
        state: "REDEEMED",
        execution_id: EXECUTION,
        previous: toHex(execution.found.decision.leafHash),
        epoch: "7",
        time: new Date(NOW_MS).toISOString(),
        actor: { id: CALLER.id, proof: "api-key" },
        data: { execute_until: new Date(NOW_MS + 60_000).toISOString() },
      },
    ])
    expect(redeemed).toEqual({
      executionId: EXECUTION,
      executeUntilMs: NOW_MS + 60_000,
      receipt: { origin: ISSUER.origin, index: 0, leafHash: entry?.record.leafHash },
    })
    // the caller's id is not in the leaf, and in the payload only as a hash with the caller
    const payload = Buffer.from(entry?.record.payload ?? [])
      .subarray(PAYLOAD_SALT_BYTES)
      .toString()
    expect(Object.keys(JSON.parse(payload))).toEqual(["redemption"])
    expect(payload).toMatch(/^\{"redemption":"[0-9a-f]{64}"\}$/)
  })

  test("the same caller's same id gets the same answer for 60 s, also when the token has ended", async () => {
    const { execution, clock, ask, refused } = setUp({ ...OURS, max_duration: 3600 })
    const first = await ask()
    clock.wallMs += REPEAT_MS - 1
    expect(await ask()).toMatchObject({ executionId: first.executionId, executeUntilMs: first.executeUntilMs })
    expect((await ask()).receipt).toMatchObject(first.receipt)
    expect(execution.ledger.entries).toHaveLength(1)
    expect(await codeOf(ask({ redemptionId: "two" }))).toBe("ALREADY_REDEEMED")
    clock.wallMs += 1
    expect(await codeOf(ask())).toBe("ALREADY_REDEEMED")
    expect(refused).toEqual(["ALREADY_REDEEMED", "ALREADY_REDEEMED"])
    expect(execution.kinds()).toEqual(["decision", "redeemed", "redeem_refused"])
  })

  test("another caller's same id gets nothing", async () => {
    const { ask, control } = setUp()
    await ask()
    control.current = {
      ...control.current,
      callers: new Map([...control.current.callers, ["2", { ...CALLER_KEY, id: "2" }]]),
    }
    expect(await codeOf(ask({}, { caller: { ...CALLER, id: "key:executor-2", keyId: "2" } }))).toBe("ALREADY_REDEEMED")
  })

  test("no answer again once the time to execute is over, it was completed, lost or revoked", async () => {
    for (const [kind, state, code] of [
      ["completed", "COMPLETED", "ALREADY_REDEEMED"],
      ["lost", "LOST", "ALREADY_REDEEMED"],
      ["revoked", "REVOKED", "EXECUTION_REVOKED"],
    ] as const) {
      const { execution, ask } = setUp()
      await ask()
      execution.add(kind, state)
      expect(await codeOf(ask())).toBe(code)
    }
    const { clock, ask } = setUp({ ...OURS, max_duration: 2 })
    await ask()
    clock.wallMs += 2_000
    expect(await codeOf(ask())).toBe("ALREADY_REDEEMED")
  })

  test("when the redemption's payload was erased nobody's id is the same any more", async () => {
    const { execution, ask } = setUp()
    await ask()
    const records = execution.found.records.map((record) => ({ ...record, payload: null }))
    execution.found = { ...execution.found, records }
    expect(await codeOf(ask())).toBe("ALREADY_REDEEMED")
  })

  test.each([
    ["another issuer", { ...OURS, iss: "https://other.test" }, {}, "WRONG_ISSUER"],
    ["a digest where none was authorized", OURS, { parametersDigest: digest }, "PARAMETERS_DIFFER"],
    ["no digest where one was", { ...OURS, dig: toBase64Url(digest) }, {}, "PARAMETERS_DIFFER"],
    [
      "another digest",
      { ...OURS, dig: toBase64Url(digest) },
      { parametersDigest: new Uint8Array(32) },
      "PARAMETERS_DIFFER",
    ],
    ["a proof for a token that is bound to none", OURS, { proof: "AAAA" }, "PROOF_UNEXPECTED"],
    ["another bundle than the active one", { ...OURS, bundle: "00" }, {}, "BUNDLE_CHANGED"],
    ["a time that has not come", { ...OURS, nbf: OURS.nbf + 6 }, {}, "NOT_YET_VALID"],
    ["a time that is over", { ...OURS, exp: NOW_MS / 1000 }, {}, "EXPIRED"],
  ] as [string, JsonObject, Partial<RedeemRequest>, string][])(
    "%s is refused, recorded once, counted each time",
    async (_, claims, change, code) => {
      const { execution, ask, refused } = setUp(claims)
      for (let i = 0; i < 3; i++) {
        await expect(ask(change)).rejects.toMatchObject({ code: "TOKEN_REFUSED", details: { refusal: code } })
      }
      expect(refused).toEqual([code, code, code])
      expect(execution.ledger.bodies()).toMatchObject([
        { kind: "redeem_refused", state: "AUTHORIZED", data: { reason: code } },
      ])
      const effect = execution.ledger.entries[0]?.change?.effects[0]
      expect(effect).toMatchObject({ to: "AUTHORIZED", previous: null })
      expect(effect).not.toHaveProperty("executeUntilMs")
    },
  )

  test("a bundle that is not valid, or none, gives no right", async () => {
    const problem = { code: "BUNDLE_UNTRUSTED", text: "x" } as const
    for (const state of [stateOf(policy, [problem]), stateOf(null)])
      expect(await codeOf(setUp(OURS, state).ask())).toBe("BUNDLE_INVALID")
  })

  test("to the millisecond before `exp`, without grace; five seconds of grace for a clock that is behind", async () => {
    const at = async (ms: number) => {
      const { clock, ask } = setUp()
      clock.wallMs = NOW_MS + ms
      return await codeOf(ask())
    }
    expect([await at(9_999), await at(10_000), await at(-5_000), await at(-5_001)]).toEqual([
      "OK",
      "EXPIRED",
      "OK",
      "NOT_YET_VALID",
    ])
  })

  test("a token that is bound to a key is redeemed by a proof of having it", async () => {
    const cnf = { jwk: { crv: "Ed25519", kty: "OKP", x: toBase64Url(holder.publicKey) } }
    const claims = { ...OURS, cnf, dig: toBase64Url(digest) }
    const prove = (token: string, id = "one", signer = holder) =>
      toBase64Url(signer.sign(redeemProofInput(sha256, token, id, digest)))
    const { execution, redeemedUnder, ask } = setUp(claims, withRuntime())
    const { token } = execution
    const change = { parametersDigest: digest }
    expect(await codeOf(ask(change))).toBe("PROOF_MISSING")
    for (const proof of [
      prove(token, "two"),
      prove(`${token}x`),
      prove(token, "one", testSigner(8)),
      "AAAA",
      "!",
      prove(token).slice(1),
    ])
      expect(await codeOf(ask({ ...change, proof })), proof).toBe("PROOF_WRONG")
    expect(redeemedUnder).toEqual([])
    expect(await codeOf(ask({ ...change, proof: prove(token) }))).toBe("OK")
    expect(await codeOf(ask({ ...change, proof: prove(token) }))).toBe("OK")
    expect(redeemedUnder, "once, whatever is repeated").toEqual(["lease-1"])
    expect(await codeOf(ask(change)), "a repeat has to prove it too").toBe("PROOF_MISSING")
    expect(await codeOf(ask({ ...change, proof: prove(token) }))).toBe("OK")
    for (const other of [{ jwk: {} }, {}, null, "x", { jwk: { ...cnf.jwk, kty: "EC" } }] as JsonObject[]) {
      const { execution, ask } = setUp({ ...claims, cnf: other }, withRuntime())
      expect(await codeOf(ask({ ...change, proof: prove(execution.token) }))).toBe("PROOF_WRONG")
    }
  })

  test.each([
    ["that is not registered", stateOf(policy), 15_000, "RUNTIME_UNKNOWN"],
    ["that has another key now", withRuntime({ public_key: "11".repeat(32) }), 15_000, "RUNTIME_UNKNOWN"],
    ["that is quarantined", withRuntime({ state: "QUARANTINED" }), 15_000, "RUNTIME_QUARANTINED"],
    ["that is suspect", withRuntime({ state: "SUSPECT" }), 15_000, "RUNTIME_SUSPECT"],
    ["of which nothing was heard here", withRuntime(), null, "RUNTIME_STALE"],
    ["whose lease has lapsed", withRuntime(), 0, "LEASE_LAPSED"],
    ["that measured something else", withRuntime({ measurements: { code: "00" } }), 15_000, "MEASUREMENTS_REFUSED"],
  ] as const)("a runtime %s redeems nothing", async (_, state, leaseLeftMs, code) => {
    const cnf = { jwk: { crv: "Ed25519", kty: "OKP", x: toBase64Url(holder.publicKey) } }
    const { execution, control, ask } = setUp({ ...OURS, cnf }, state, 1_000_000, leaseLeftMs)
    const message = redeemProofInput(sha256, execution.token, "one", null)
    const change = { proof: toBase64Url(holder.sign(message)) }
    expect(await codeOf(ask(change))).toBe(code)
    expect(execution.ledger.bodies()).toMatchObject([{ kind: "redeem_refused", data: { reason: code } }])
    if (leaseLeftMs !== 15_000) return
    control.current = { ...control.current, runtimes: withRuntime().runtimes }
    expect(await codeOf(ask(change))).toBe("OK")
    control.current = { ...control.current, runtimes: state.runtimes }
    expect(await codeOf(ask(change)), "the same answer again is one that may still be given").toBe(code)
  })

  test("a key that was published a moment ago is known after a look; one that ended, or is compromised, is none", async () => {
    const { control, onRefresh, refused, clock, ask } = setUp()
    const nowMs = clock.wallMs
    control.current = { ...control.current, tokenKeys: [] }
    const publish = (more: Parameters<typeof tokenKeyOf>[1]) => () => {
      control.current = { ...control.current, tokenKeys: [tokenKeyOf(tokenSigner, more)] }
    }
    for (const more of [{ endsAtMs: nowMs }, { withdrawn: { origin: "else", index: 0 }, endsAtMs: nowMs + 1 }]) {
      onRefresh.current = publish(more)
      expect(await codeOf(ask())).toBe("UNKNOWN_KEY")
    }
    expect(refused).toEqual(["TOKEN_INVALID", "TOKEN_INVALID"])
    onRefresh.current = publish({ endsAtMs: nowMs + 1 })
    expect(await codeOf(ask())).toBe("OK")
  })

  test("what was decided in a log before its key was found to be compromised starts no more, whoever signs for it", async () => {
    const { execution, control, ask } = setUp()
    const { origin, index } = execution.found.decision
    const withdrawn = (at: number) =>
      tokenKeyOf(createTokenSigner(testSigner(2), sha256), { withdrawn: { origin, index: at }, endsAtMs: 0 })
    const keys = control.current.tokenKeys
    control.current = { ...control.current, tokenKeys: [...keys, withdrawn(index + 1)] }
    expect(await codeOf(ask())).toBe("EXECUTION_REVOKED")
    control.current = { ...control.current, tokenKeys: [...keys, withdrawn(index)] }
    expect(await codeOf(ask())).toBe("OK")
  })

  test("a token that says anything else than its record is refused, however well it is signed", async () => {
    const { execution, ask } = setUp()
    for (const change of [{ max_duration: 3_601 }, { aud: "else" }, { more: 1 }]) {
      const token = tokenSigner.sign(encodeCanonicalJson({ ...OURS, ...change }), execution.found.decision.leafHash)
      expect(await codeOf(ask({ token })), JSON.stringify(change)).toBe("NOT_RECORDED")
    }
    expect(execution.ledger.entries).toEqual([])
  })

  test("what is no token of ours, or names no decision, is refused without a record", async () => {
    const { execution, ask, refused } = setUp()
    const forged = createTokenSigner(testSigner(2), sha256).sign(
      encodeCanonicalJson(OURS),
      execution.found.decision.leafHash,
    )
    const unrecorded = tokenSigner.sign(encodeCanonicalJson(OURS), new Uint8Array(32))
    const other = tokenSigner.sign(
      encodeCanonicalJson({ ...OURS, execution_id: "x" }),
      execution.found.decision.leafHash,
    )
    for (const [token, code] of [
      ["", "MALFORMED"],
      [forged, "UNKNOWN_KEY"],
      [unrecorded, "NOT_RECORDED"],
      [other, "NOT_RECORDED"],
    ] as const)
      expect(await codeOf(ask({ token })), token).toBe(code)
    expect(refused).toEqual(Array(4).fill("TOKEN_INVALID"))
    expect(execution.ledger.entries).toEqual([])
  })

  test.each([
    ["an id of 129 bytes", { redemptionId: `${"é".repeat(64)}x` }, "INVALID_REQUEST"],
    ["no id", { redemptionId: "" }, "INVALID_REQUEST"],
    ["an id with a control character", { redemptionId: "a\u0000" }, "INVALID_REQUEST"],
    ["an id with a lone surrogate", { redemptionId: "\ud800" }, "INVALID_REQUEST"],
    ["a digest of 31 bytes", { parametersDigest: new Uint8Array(31) }, "INVALID_REQUEST"],
    ["a token of 8,193 bytes", { token: "x".repeat(8_193) }, "REQUEST_TOO_LARGE"],
  ])("%s is refused before anything is looked at", async (_, change, code) => {
    const { ask, refused } = setUp()
    expect(await codeOf(ask(change))).toBe(code)
    expect(refused).toEqual([])
  })

  test("an id of 128 bytes is taken", async () => {
    expect(await codeOf(setUp().ask({ redemptionId: "é".repeat(64) }))).toBe("OK")
  })

  test("revoked while it was on its way: it looks again and refuses", async () => {
    const { execution, ask } = setUp()
    execution.ledger.answers.push("stale")
    execution.ledger.onAppend = () => {
      if (execution.ledger.entries.length === 1) execution.add("revoked", "REVOKED")
    }
    expect(await codeOf(ask())).toBe("EXECUTION_REVOKED")
    expect(execution.kinds()).toEqual(["decision", "revoked", "redeem_refused"])
  })

  test("somebody else's refusal in between is followed, not in the way", async () => {
    const { execution, ask } = setUp()
    expect(await codeOf(ask({ proof: "AAAA" }))).toBe("PROOF_UNEXPECTED")
    const refusal = execution.found.last
    await ask()
    const [, redeemed] = execution.ledger.entries
    expect(readBody(redeemed?.record.body as Uint8Array).previous).toBe(toHex(refusal.leafHash))
    expect(redeemed?.change?.effects).toMatchObject([{ previous: refusal.leafHash, to: "REDEEMED" }])
  })

  test("a key revoked in between gives no right", async () => {
    const { execution, control, ask } = setUp()
    execution.ledger.answers.push("stale")
    execution.ledger.onAppend = () => {
      control.current = { ...control.current, callers: new Map([["1", { ...CALLER_KEY, state: "revoked" as const }]]) }
    }
    expect(await codeOf(ask())).toBe("UNAUTHENTICATED")
    expect(execution.kinds()).toEqual(["decision"])
  })

  test("a row that is behind its records is read again, and never redeemed twice", async () => {
    const { execution, ask } = setUp()
    await ask()
    const found = execution.found
    execution.found = { ...found, state: "AUTHORIZED", last: found.decision }
    expect(await codeOf(ask({ redemptionId: "two" }))).toBe("LEDGER_UNAVAILABLE")
    expect(execution.ledger.entries).toHaveLength(1)
  })

  test("no right without its record; a refusal stands without one", async () => {
    const { execution, ask } = setUp()
    execution.ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"), new WritError("QUEUE_FULL"))
    expect(await codeOf(ask())).toBe("LEDGER_UNAVAILABLE")
    expect(await codeOf(ask({ proof: "AAAA" }))).toBe("PROOF_UNEXPECTED")
    execution.ledger.closed = new WritError("LEDGER_FROZEN")
    expect(await codeOf(ask())).toBe("LEDGER_FROZEN")
    expect(execution.kinds()).toEqual(["decision"])
  })

  test("a caller over its byte rate redeems nothing", async () => {
    expect(await codeOf(setUp(OURS, stateOf(policy), 10).ask())).toBe("RATE_LIMITED")
  })

  test("it does not try for ever, nor past the caller's deadline", async () => {
    const { execution, clock, ask } = setUp()
    execution.ledger.answers.push(...Array<"conflict">(100).fill("conflict"))
    expect(await codeOf(ask())).toBe("LEDGER_UNAVAILABLE")
    expect(execution.ledger.entries.length).toBeLessThan(40)
    expect(execution.ledger.entries[0]?.deadlineMs).toBe(clock.monotonicMs + 1_000)
    execution.ledger.onAppend = () => {
      clock.monotonicMs += 30
    }
    const before = execution.ledger.entries.length
    expect(await codeOf(ask({}, { timeoutMs: 50 }))).toBe("DEADLINE_EXCEEDED")
    expect(execution.ledger.entries.length - before).toBe(2)
  })
})
