import { beforeEach, describe, expect, test } from "vitest"
import { createDecideApproval, type DecideRequest } from "../../../src/decision/decide-approval.ts"
import { seal } from "../../../src/decision/seal.ts"
import type { Caller } from "../../../src/decision/state.ts"
import { WritError } from "../../../src/errors.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import type { FoundExecution, StoredRecord } from "../../../src/ledger/lineage.ts"
import type { RecordBody } from "../../../src/ledger/record.ts"
import { CALLER, CALLER_KEY, FakeClock, FakeLedger, ISSUER } from "../../support/decision.ts"
import { load, NOW_MS, stateOf } from "../../support/policy.ts"

const { policy } = load({
  version: "1",
  types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
  rules: [],
})
const ID = "6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c"
const PARENT = "aaaaaaaa-1111-4222-8333-444444444444"
const GRANDPARENT = "bbbbbbbb-1111-4222-8333-444444444444"
const operator = (name: string): Caller => ({
  id: `key:operator-${name}`,
  keyId: name,
  role: "operator",
  scope: null,
  proof: "api-key",
})

let index = 0
function stored(content: Partial<RecordBody> & Pick<RecordBody, "kind">, payload: JsonObject | null): StoredRecord {
  const record = seal(
    { actor: CALLER, data: {}, ...content } as Parameters<typeof seal>[0],
    payload && encodeCanonicalJson(payload),
    NOW_MS,
  )
  return { origin: ISSUER.origin, logId: 1, index: index++, ...record }
}
const parentLink = (execution_id: string) => ({ consent: "", depth: 1, execution_id, leaf: "" })
/** Who asked for the parent, who redeemed it, and who asked for what that descends from. */
const LINEAGES: Readonly<Record<string, readonly StoredRecord[]>> = {
  [PARENT]: [
    stored(
      { kind: "decision", actor: { id: "key:operator-asked", proof: "api-key" }, parent: parentLink(GRANDPARENT) },
      {},
    ),
    stored({ kind: "redeemed", actor: { id: "key:operator-redeemed", proof: "api-key" }, previous: "00" }, {}),
    stored({ kind: "revoked", actor: { id: "key:operator-revoked", proof: "api-key" }, previous: "01" }, {}),
  ],
  [GRANDPARENT]: [stored({ kind: "decision", actor: { id: "key:operator-above", proof: "api-key" } }, {})],
}

/** One execution that waits. */
class Waiting {
  found: FoundExecution
  constructor({ needed = 1, request = {} as JsonObject, requester = CALLER.id, erased = false } = {}) {
    const opening = stored(
      {
        kind: "decision",
        actor: { id: requester, proof: "api-key" },
        execution_id: ID,
        state: "APPROVAL_PENDING",
        data: {
          approval: { expires_at: new Date(NOW_MS + 60_000).toISOString(), id: ID, needed },
          bundle_digest: policy.digest,
          decision: "REQUIRE_APPROVAL",
        },
      },
      { approval: { digest: "00", rules: ["wait"] }, request },
    )
    const decision = erased ? { ...opening, payload: null } : opening
    this.found = { decision, records: [decision], last: decision, state: "APPROVAL_PENDING" }
  }
  add(by: string, approve = true): void {
    const state = approve ? "APPROVAL_PENDING" : "REJECTED"
    const record = stored(
      { kind: "approval_decided", actor: { id: by, proof: "api-key" }, execution_id: ID, state, data: { approve } },
      { reason: "" },
    )
    this.found = { ...this.found, records: [...this.found.records, record], last: record, state }
  }
}

let waiting: Waiting
let ledger: FakeLedger
let clock: FakeClock
let observed: string[]
let control: ReturnType<typeof stateOf>
beforeEach(() => {
  waiting = new Waiting()
  ledger = new FakeLedger()
  clock = new FakeClock()
  observed = []
  const names = ["1", "2", "asked", "redeemed", "revoked", "above"]
  control = { ...stateOf(policy), callers: new Map(names.map((id) => [id, { ...CALLER_KEY, id, role: "operator" }])) }
})
const decide = async (caller = operator("1"), change: Partial<DecideRequest> = {}, timeoutMs: number | null = null) =>
  await createDecideApproval({
    clock,
    origin: ISSUER.origin,
    lineage: {
      findExecution: async (id) => (id === ID ? waiting.found : null),
      recordsOf: async (id) => LINEAGES[id] ?? [],
    },
    control: () => control,
    ledger,
    observe: (outcome) => void observed.push(outcome),
  })({ approvalId: ID, approve: true, reason: "seen", ...change }, { caller, requestId: "r", timeoutMs })
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "OK",
    (error: unknown) => WritError.from(error).code,
  )

describe("createDecideApproval", () => {
  test("a grant is a record in the chain and one more in the row; a refusal ends it", async () => {
    const { approval, receipt } = await decide()
    expect(approval).toMatchObject({ approvalId: ID, given: 1, needed: 1, requester: CALLER.id, rules: ["wait"] })
    expect(receipt).toMatchObject({ index: 0 })
    await decide(operator("1"), { approve: false, reason: "" })
    expect(ledger.bodies()).toMatchObject([
      { kind: "approval_decided", state: "APPROVAL_PENDING", data: { approve: true }, actor: { id: "key:operator-1" } },
      { kind: "approval_decided", state: "REJECTED", data: { approve: false } },
    ])
    expect(ledger.entries.map(({ change }) => [change?.raisesEpoch, change?.effects.map(({ kind }) => kind)])).toEqual([
      [false, ["execution", "approval_given"]],
      [false, ["execution"]],
    ])
    expect(observed).toEqual(["granted", "refused"])
  })

  test("nobody decides what it asked for itself", async () => {
    waiting = new Waiting({ requester: "key:operator-1" })
    expect(await codeOf(decide())).toBe("FORBIDDEN")
    expect(await codeOf(decide(operator("1"), { approve: false }))).toBe("FORBIDDEN")
    expect(await codeOf(decide(operator("2")))).toBe("OK")
  })

  test.each([
    ["asked for its parent", "asked", "FORBIDDEN"],
    ["redeemed its parent", "redeemed", "FORBIDDEN"],
    ["asked for what its parent descends from", "above", "FORBIDDEN"],
    ["only revoked its parent", "revoked", "OK"],
  ])("who %s: %s %s", async (_, name, code) => {
    waiting = new Waiting({ request: { parent_execution_id: PARENT } })
    expect(await codeOf(decide(operator(name)))).toBe(code)
  })

  test("what was asked for and has been erased can no longer be decided", async () => {
    waiting = new Waiting({ erased: true })
    expect(await codeOf(decide())).toBe("NOT_FOUND")
  })

  test.each([
    ["no execution", () => decide(operator("1"), { approvalId: PARENT }), "NOT_FOUND"],
    ["no id", () => decide(operator("1"), { approvalId: "x" }), "INVALID_REQUEST"],
    ["a long reason", () => decide(operator("1"), { reason: "x".repeat(1_025) }), "REQUEST_TOO_LARGE"],
    ["a reason that is no text", () => decide(operator("1"), { reason: "\ud800" }), "INVALID_REQUEST"],
    ["a key that was revoked", () => decide(operator("3")), "UNAUTHENTICATED"],
    ["no time left", () => decide(operator("1"), {}, 0), "DEADLINE_EXCEEDED"],
  ])("%s is refused", async (_, call, code) => {
    expect(await codeOf(call())).toBe(code)
    expect(ledger.entries).toEqual([])
  })

  test("an execution that never waited is no approval", async () => {
    const decision = stored({ kind: "decision", execution_id: ID, state: "AUTHORIZED" }, {})
    waiting.found = { decision, records: [decision], last: decision, state: "AUTHORIZED" }
    expect(await codeOf(decide())).toBe("NOT_FOUND")
  })

  test("what has ended, lapsed, been granted or belongs to another policy is not decided", async () => {
    const why = () => decide().then(String, (error: Error) => error.message)
    waiting.found = { ...waiting.found, state: "REDEEMED" }
    expect(await why()).toContain("used")
    waiting = new Waiting()
    waiting.add("key:operator-2", false)
    expect(await why()).toContain("refused")
    waiting = new Waiting()
    waiting.add("key:operator-2")
    expect(await why()).toContain("granted already")
    waiting = new Waiting()
    control = { ...control, active: null }
    expect(await why()).toContain("policy has changed")
    clock.wallMs += 60_000
    expect(await why()).toContain("lapsed")
    expect(ledger.entries).toEqual([])
  })

  test("the same decision of the same principal again is the same record; the other way it is refused", async () => {
    waiting = new Waiting({ needed: 2 })
    waiting.add("key:operator-1")
    const { approval, receipt } = await decide()
    expect([approval.given, receipt.leafHash]).toEqual([1, waiting.found.last.leafHash])
    expect(await codeOf(decide(operator("1"), { approve: false }))).toBe("INVALID_TRANSITION")
    expect(ledger.entries).toEqual([])
  })

  test("who was not first looks again, and links to what came before", async () => {
    ledger.answers.push("conflict", "stale")
    waiting = new Waiting({ needed: 2 })
    ledger.onAppend = () => {
      if (ledger.entries.length === 1) waiting.add("key:operator-2")
    }
    const { approval } = await decide()
    expect(approval.given).toBe(2)
    const last = Buffer.from(waiting.found.last.leafHash).toString("hex")
    expect(ledger.bodies().at(-1)).toMatchObject({ previous: last })
    expect(ledger.entries.at(-1)?.change?.effects[0]).toMatchObject({ previous: waiting.found.last.leafHash })
  })

  test("what keeps changing is given up in the end", async () => {
    ledger.answers.push(...Array<"conflict">(16).fill("conflict"))
    expect(await codeOf(decide())).toBe("LEDGER_UNAVAILABLE")
    expect(observed).toEqual([])
  })
})
