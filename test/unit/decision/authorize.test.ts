import { describe, expect, test } from "vitest"
import { type AuthorizeDependencies, createAuthorize } from "../../../src/decision/authorize.ts"
import { createRate } from "../../../src/decision/rate.ts"
import type { RecordedRequest } from "../../../src/decision/recall.ts"
import type { RawRequest } from "../../../src/decision/snapshot.ts"
import { WritError } from "../../../src/errors.ts"
import type { Entry } from "../../../src/ledger/appender.ts"
import { Consumables } from "../../../src/ledger/consumables.ts"
import {
  CALLER,
  CALLER_KEY,
  controlOf,
  FakeClock,
  FakeLedger,
  FakeRows,
  ISSUER,
  tokenSigners,
} from "../../support/decision.ts"
import { load, rawRequest, stateOf } from "../../support/policy.ts"

const { policy } = load({
  version: "1",
  types: {
    subjects: { a: { known: "any", properties: { secret: { type: "string", record: "never" } } } },
    resources: { r: {} },
    actions: { go: {}, sign: { parameters: { pin: { type: "string", record: "never" } } } },
  },
  rules: [
    {
      id: "go",
      effect: "allow",
      runtime: "none",
      subjects: [{ type: "a" }],
      actions: ["*"],
      resources: [{ type: "r", id: "y" }],
    },
  ],
})

class FakeRequests {
  readonly recorded = new Map<string, RecordedRequest>()
  asked = 0
  async find(key: string) {
    this.asked++
    return this.recorded.get(key) ?? null
  }
  async forget(key: string) {
    this.recorded.delete(key)
  }
  /** What the database holds after this entry was written. */
  keep({ record, request }: Entry, more: Partial<RecordedRequest> = {}): void {
    if (!request) throw new Error("a decision claims its request id")
    this.recorded.set(request.key, {
      digest: request.digest,
      expired: false,
      origin: ISSUER.origin,
      index: 41,
      leafHash: record.leafHash,
      body: record.body,
      payload: record.payload,
      state: null,
      ...more,
    })
  }
}

const NO_PARENTS: AuthorizeDependencies["parents"] = {
  findExecution: async () => null,
  hasConsent: async () => false,
}

const NO_APPROVALS: AuthorizeDependencies["approvals"] = {
  findExecution: async () => null,
  queue: async () => ({ approvalId: null, count: 0 }),
}

function setUp(more: Partial<AuthorizeDependencies> = {}) {
  const clock = new FakeClock()
  const ledger = new FakeLedger()
  const requests = new FakeRequests()
  const control = controlOf(stateOf(policy))
  const authorize = createAuthorize({
    consumables: new Consumables(new FakeRows()),
    clock,
    issuer: ISSUER,
    signers: tokenSigners,
    requests,
    parents: NO_PARENTS,
    approvals: NO_APPROVALS,
    rate: createRate(1_000_000),
    control: () => control.current,
    ledger,
    ...more,
  })
  const call = (change: Partial<RawRequest> = {}, timeoutMs: number | null = null) =>
    authorize(rawRequest(change), { caller: CALLER, requestId: "q", timeoutMs })
  return { clock, ledger, requests, control, call }
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "OK",
    (error: unknown) => WritError.from(error).code,
  )

describe("createAuthorize", () => {
  test("a token leaves only after its record is durable", async () => {
    const { ledger, call } = setUp()
    let release: () => void = () => {}
    ledger.onAppend = () =>
      new Promise((resolve) => {
        release = resolve
      })
    let answered = false
    const answer = call().then((authorized) => {
      answered = true
      return authorized
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([ledger.entries.length, answered]).toEqual([1, false])
    release()
    expect((await answer).token).toMatch(/^eyJ/)
  })

  test.each(["LEDGER_UNAVAILABLE", "DEADLINE_EXCEEDED", "QUEUE_FULL", "LEDGER_FENCED"] as const)(
    "an append that ends in %s gives no token, and the id can be used again",
    async (code) => {
      const { ledger, call } = setUp()
      ledger.answers.push(new WritError(code))
      expect(await codeOf(call())).toBe(code)
      expect((await call()).repeated).toBe(false)
    },
  )

  test("a closed ledger refuses before anything is looked at", async () => {
    const { ledger, call } = setUp()
    ledger.closed = new WritError("SHUTTING_DOWN")
    expect(await codeOf(call({ subject: null }))).toBe("SHUTTING_DOWN")
    expect(ledger.entries).toEqual([])
  })

  test("when the control epoch moved, it is decided again under the new state", async () => {
    const { ledger, control, call } = setUp()
    ledger.answers.push("stale")
    ledger.onAppend = () => {
      control.current = {
        ...control.current,
        epoch: 8n,
        active: { policy, problems: [{ code: "BUNDLE_UNTRUSTED", text: "" }] },
      }
    }
    const { verdict, token } = await call()
    expect([verdict.decision, token]).toEqual(["DENY", null])
    expect(ledger.entries.map(({ epoch }) => epoch)).toEqual([7n, 8n])
  })

  test("a key revoked while the call was under way is refused at the next try", async () => {
    const { ledger, control, call } = setUp()
    ledger.answers.push("stale")
    ledger.onAppend = () => {
      control.current = { ...control.current, callers: new Map([["1", { ...CALLER_KEY, state: "revoked" as const }]]) }
    }
    expect(await codeOf(call())).toBe("UNAUTHENTICATED")
    expect(ledger.entries).toHaveLength(1)
  })

  test.each([
    ["revoked", { ...CALLER_KEY, state: "revoked" as const }],
    ["expired", { ...CALLER_KEY, expiresAtMs: new FakeClock().wallMs }],
    ["unknown", undefined],
  ])("a caller whose key is %s decides nothing", async (_, key) => {
    const { ledger, control, call } = setUp()
    control.current = { ...control.current, callers: new Map(key ? [["1", key]] : []) }
    expect(await codeOf(call())).toBe("UNAUTHENTICATED")
    expect(ledger.entries).toEqual([])
  })

  test("a state that never stops moving ends in LEDGER_UNAVAILABLE, not in an endless loop", async () => {
    const { ledger, call } = setUp()
    ledger.answers.push(...Array<"stale">(100).fill("stale"))
    expect(await codeOf(call())).toBe("LEDGER_UNAVAILABLE")
    expect(ledger.entries.length).toBeLessThan(20)
  })

  test("a deadline that passes between two tries ends the call", async () => {
    const { ledger, clock, call } = setUp()
    ledger.answers.push("stale")
    ledger.onAppend = () => {
      clock.monotonicMs += 50
    }
    expect(await codeOf(call({}, 50))).toBe("DEADLINE_EXCEEDED")
  })

  test("the deadline that goes with the append is the caller's, by default a second, never over 30", async () => {
    const { ledger, clock, call } = setUp()
    await call({ request_id: "a" }, 200)
    await call({ request_id: "b" })
    await call({ request_id: "c" }, 1e9)
    expect(ledger.entries.map(({ deadlineMs }) => (deadlineMs as number) - clock.monotonicMs)).toEqual([
      200, 1_000, 30_000,
    ])
  })

  test("repeats in flight are one decision; another content under the same id is refused", async () => {
    const { ledger, call } = setUp()
    let release: () => void = () => {}
    ledger.onAppend = () =>
      new Promise((resolve) => {
        release = resolve
      })
    const calls = [call(), call({ explain: true }), call()]
    expect(await codeOf(call({ audience: "other" }))).toBe("REQUEST_ID_REUSED")
    release()
    const answers = await Promise.all(calls)
    expect(ledger.entries).toHaveLength(1)
    expect(new Set(answers.map(({ verdict }) => verdict.executionId)).size).toBe(1)
    expect(answers.map(({ repeated, explain }) => [repeated, explain])).toEqual([
      [false, false],
      [true, true],
      [true, false],
    ])
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1)
  })

  test("when the first caller gives up before anything was recorded, the second one's call goes on", async () => {
    const { ledger, call } = setUp()
    ledger.answers.push(new WritError("CANCELLED"))
    const [first, second] = await Promise.all([codeOf(call()), call()])
    expect([first, second.verdict.decision, second.repeated]).toEqual(["CANCELLED", "ALLOW", false])
  })

  test("the second one's record is dated when it is decided: a log's times never run backwards", async () => {
    const { ledger, clock, call } = setUp()
    ledger.answers.push(new WritError("CANCELLED"))
    ledger.onAppend = async () => {
      if (ledger.entries.length > 1) return
      await new Promise((resolve) => setImmediate(resolve)) // the second one waits by now
      clock.wallMs += 250
    }
    await Promise.all([codeOf(call()), call()])
    const [first, second] = ledger.bodies().map(({ time }) => Date.parse(time ?? ""))
    expect((second as number) - (first as number)).toBe(250)
  })

  test("when its deadline passed while it waited for the first one, nothing is appended for it", async () => {
    const { ledger, clock, call } = setUp()
    ledger.answers.push(new WritError("CANCELLED"))
    ledger.onAppend = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      clock.monotonicMs += 100
    }
    expect(await Promise.all([codeOf(call()), codeOf(call({}, 50))])).toEqual(["CANCELLED", "DEADLINE_EXCEEDED"])
    expect(ledger.entries).toHaveLength(1)
  })

  test("what the first one's call failed with, its repeats in flight fail with", async () => {
    const { ledger, call } = setUp()
    ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"))
    expect(await Promise.all([codeOf(call()), codeOf(call())])).toEqual(["LEDGER_UNAVAILABLE", "LEDGER_UNAVAILABLE"])
    expect(ledger.entries).toHaveLength(1)
  })

  test("a later repeat gets the recorded verdict and the same token from the database", async () => {
    const { ledger, requests, call } = setUp()
    ledger.onAppend = (entry) => requests.keep(entry)
    const first = await call()
    const again = await call()
    expect(ledger.entries).toHaveLength(1)
    expect(again).toMatchObject({ token: first.token, repeated: true, receipt: { index: 41 } })
    expect(again.verdict).toEqual(first.verdict)
    expect(await codeOf(call({ audience: "other" }))).toBe("REQUEST_ID_REUSED")
  })

  test("an id that another replica took meanwhile gets what that one recorded", async () => {
    const elsewhere = setUp()
    const first = await elsewhere.call()
    const { ledger, requests, call } = setUp()
    ledger.answers.push("taken")
    requests.keep(elsewhere.ledger.entries[0] as Entry)
    const again = await call()
    expect(again).toMatchObject({
      repeated: true,
      token: first.token,
      verdict: { executionId: first.verdict.executionId },
    })
    expect(requests.asked).toBe(1)
  })

  test("an id whose claim has lapsed is decided anew", async () => {
    const { ledger, requests, call } = setUp()
    ledger.answers.push("taken")
    ledger.onAppend = (entry) => {
      if (ledger.entries.length === 1) requests.keep(entry, { expired: true })
    }
    expect((await call()).repeated).toBe(false)
    expect(requests.recorded.size).toBe(0)
    expect(ledger.entries).toHaveLength(2)
  })

  test("the same request id of two callers are two requests", async () => {
    const { ledger, control } = setUp()
    const other = { ...CALLER, id: "key:pep-2", keyId: "2" }
    control.current = {
      ...control.current,
      callers: new Map([...control.current.callers, ["2", { ...CALLER_KEY, id: "2" }]]),
    }
    const authorize = createAuthorize({
      consumables: new Consumables(new FakeRows()),
      clock: new FakeClock(),
      issuer: ISSUER,
      signers: tokenSigners,
      requests: new FakeRequests(),
      parents: NO_PARENTS,
      approvals: NO_APPROVALS,
      rate: createRate(1_000_000),
      control: () => control.current,
      ledger,
    })
    const answers = await Promise.all(
      [CALLER, other].map((caller) => authorize(rawRequest(), { caller, requestId: "q", timeoutMs: null })),
    )
    expect(answers.map(({ repeated }) => repeated)).toEqual([false, false])
    expect(new Set(ledger.entries.map(({ request }) => request?.key)).size).toBe(2)
  })

  test("a caller over its byte rate is refused before the append", async () => {
    const { ledger, call } = setUp({ rate: createRate(1) })
    expect(await codeOf(call())).toBe("RATE_LIMITED")
    expect(ledger.entries).toEqual([])
  })

  test("what is declared `record: never` is not in the record, its digest is", async () => {
    const { ledger, call } = setUp()
    await call({
      subject: { type: "a", id: "x", properties: { secret: "HIDDEN-1" } },
      action: { name: "sign", properties: {} },
      parameters: Buffer.from('{"pin":"HIDDEN-2"}'),
      parameters_content_type: "application/json",
    })
    const [{ record }] = ledger.entries as [Entry]
    const text = Buffer.concat([record.body, record.payload as Uint8Array]).toString("latin1")
    expect(text).not.toContain("HIDDEN")
    expect(text).not.toContain(Buffer.from('{"pin":"HIDDEN-2"}').toString("base64"))
    expect(text).toContain("[not recorded]")
    expect(text).toContain('"content_type":"application/json","digest":"')
  })
})
