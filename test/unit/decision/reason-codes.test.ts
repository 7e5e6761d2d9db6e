/**
 * Golden cases: one for each reason code that a decision can give, failing only its own check. What a later issue adds
 * to ReasonCode does not compile here until it has its case.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import {
  type Approval,
  type Approvals,
  approvalDigest,
  MAX_WAITING,
  NO_APPROVALS,
} from "../../../src/decision/approval.ts"
import { determine, MAX_REASONS } from "../../../src/decision/determine.ts"
import type { Parent } from "../../../src/decision/parent.ts"
import { replayDecision } from "../../../src/decision/replay.ts"
import type { RawRequest } from "../../../src/decision/snapshot.ts"
import type { ControlState, Reason, ReasonCode } from "../../../src/decision/state.ts"
import { toBase64Url, toHex } from "../../../src/formats/bytes.ts"
import { consentBytes } from "../../../src/formats/parent-proof.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { CHECK_NAMES, type CheckName, MAX_ANCESTORS } from "../../../src/ledger/record.ts"
import { MAX_COLLECTION_SIZE, MAX_MATCHED_RULES, MAX_STRING_BYTES } from "../../../src/policy/bundle.ts"
import type { Past } from "../../../src/policy/past.ts"
import { type Runtime, runtimeKey } from "../../../src/runtime/runtime.ts"
import { testSigner } from "../../support/decision.ts"
import { load, NOW_MS, requestOf, stateOf } from "../../support/policy.ts"
import { recordDecision } from "../../support/recorded.ts"

const { policy } = load(`
version: "1"
types:
  subjects:
    agent: { known: listed, properties: { team: { type: string, required: true } } }
  resources: { page: {}, account: {} }
  actions:
    read: {}
    post: {}
    ask: {}
    spend: { parameters: { amount: { type: int, required: true } } }
    pay: { parameters: { amount: { type: int, required: true }, parts: { type: int, required: true } } }
    check: { parameters: { words: { type: list<string>, required: true } } }
  context: { night: bool }
subjects:
  - { type: agent, id: reader }
  - { type: agent, id: retired, state: suspended }
rules:
  - { id: read, effect: allow, runtime: none, subjects: [{ type: agent }], actions: [read], resources: [{ type: page, id: "/*" }] }
  - { id: no-secrets, effect: deny, subjects: [{ type: agent }], actions: [read], resources: [{ type: page, id: "/secret/*" }] }
  - { id: attested, effect: allow, subjects: [{ type: agent }], actions: [read], resources: [{ type: account }] }
  - id: post
    effect: allow
    runtime: none
    subjects: [{ type: agent }]
    actions: [post]
    resources: [{ type: page }]
    obligations: [{ id: body, type: log }]
  - { id: ask, effect: allow, runtime: none, subjects: [{ type: agent }], actions: [ask], resources: [{ type: page }] }
  - { id: ask-first, effect: require_approval, subjects: [{ type: agent }], actions: [ask], resources: [{ type: page, id: "/*" }] }
  - { id: pay, effect: allow, runtime: none, subjects: [{ type: agent }], actions: [pay], resources: [{ type: account }], when: parameters.amount / parameters.parts < 10 }
  - { id: spend, effect: allow, runtime: none, subjects: [{ type: agent }], actions: [spend], resources: [{ type: account }], budgets: [daily] }
  - id: check
    effect: allow
    runtime: none
    subjects: [{ type: agent }]
    actions: [check]
    resources: [{ type: page }]
    when: parameters.words.all(a, parameters.words.all(b, a == b))
budgets: { daily: { unit: USD, limit: 100, window: 1d, key: subject.id, amount: parameters.amount } }
runtimes: [{ id: w, measurements: { code: ["${"ab".repeat(32)}"] } }]
risk:
  deny_at: high
  signals: [{ id: night, when: has(context.night) && context.night, tier: high }]
`)

const WORKER: Runtime = {
  agent_version: "",
  boot_epoch: "1",
  contested: null,
  environment: {},
  first_measurements: null,
  id: "w",
  lease_id: "00000000-0000-4000-8000-000000000000",
  measurements: { code: "ab".repeat(32) },
  nonce_at: 0,
  public_key: "11".repeat(32),
  reasons: [],
  registration: "",
  state: "TRUSTED",
}

/** The public key in it is that of `signer`, and it runs the parent. */
const signer = testSigner(9)
const PARENT_ID = "00000000-0000-4000-8000-000000000000"
const PARENT: Parent = {
  executionId: PARENT_ID,
  state: "REDEEMED",
  redemption: {
    record: { origin: "o", logId: 1, index: 0, leafHash: new Uint8Array(32), body: new Uint8Array(), payload: null },
    callerId: "key:executor-1",
    atMs: NOW_MS,
    executeUntilMs: NOW_MS + 1_000, // just enough
    key: null,
    bound: { runtime: runtimeKey("w"), leaseId: WORKER.lease_id },
  },
  depth: MAX_ANCESTORS - 1,
  consent: new Uint8Array(32),
  isUsed: false,
}
/** The request of the golden cases, for a child of PARENT, with the parent's consent to it. */
const CONSENT = {
  action: "read",
  audience: "runner",
  parameters_digest: "",
  parent_execution_id: PARENT_ID,
  request_id: "request-1",
  resource: { id: "/a", type: "page" },
  runtime_id: "",
  subject: { id: "reader", type: "agent" },
}
const asChild = (consent = CONSENT): Partial<RawRequest> => ({
  parent_execution_id: PARENT_ID,
  parent_proof: toBase64Url(signer.sign(consentBytes(consent))),
})
const withParent = (
  text: string,
  parent: Partial<Parent> | null = {},
  more: Partial<Case> = {},
  pointer = "/parent_execution_id",
): Case => ({
  check: "authorization_state",
  change: asChild(),
  state: stateWith({ public_key: toHex(signer.publicKey) }),
  leaseLeftMs: 1_000,
  parent: parent && { ...PARENT, ...parent },
  reason: { text, pointer },
  ...more,
})

/** Granted to the request of the golden cases that asks, by everybody who must. */
const APPROVAL_ID = "00000000-0000-4000-8000-00000000000a"
const APPROVAL: Approval = {
  link: { expires_at: new Date(NOW_MS + 1).toISOString(), id: APPROVAL_ID, needed: 2 },
  expiresAtMs: NOW_MS + 1,
  requester: "key:pep-1",
  bundleDigest: policy.digest,
  asked: { digest: "", rules: ["ask-first"] },
  decisions: [
    { by: "key:operator-1", approve: true },
    { by: "key:operator-2", approve: true },
  ],
  state: "APPROVAL_PENDING",
  last: new Uint8Array(32),
  version: null,
}
const withApproval = (
  text: string,
  change: (approval: Approval) => Approval | null,
  more: Partial<Case> = {},
): Case => ({
  check: "authorization_state",
  change: { action: action("ask"), approval_id: APPROVAL_ID },
  approvals: { caller: "key:pep-1", named: change(approvalOf()), queue: null },
  reason: { text, pointer: "/approval_id" },
  ...more,
})
function approvalOf(): Approval {
  const digest = approvalDigest(requestOf({ ...reader, action: action("ask"), request_id: "earlier" }).request)
  return { ...APPROVAL, asked: { digest, rules: ["ask-first"] } }
}

interface Case {
  readonly approvals?: Approvals
  readonly check: CheckName
  readonly change?: Partial<RawRequest>
  readonly state?: ControlState
  readonly leaseLeftMs?: number | null
  readonly parent?: Parent | null
  readonly past?: Past
  readonly reason: Omit<Reason, "code">
  /** Checks that could not be made because this one failed. */
  readonly notReached?: readonly CheckName[]
  readonly decision?: "REQUIRE_APPROVAL"
}

const subject = (id: string, properties: JsonObject = { team: "t" }) => ({ type: "agent", id, properties })
const page = { type: "page", id: "/a", properties: {} }
const action = (name: string) => ({ name, properties: {} })
const json = (value: object) => ({
  parameters: Buffer.from(JSON.stringify(value)),
  parameters_content_type: "application/json",
})
const account = { resource: { type: "account", id: "a", properties: {} } }
const reader = { subject: subject("reader"), action: action("read"), resource: page }
const UNCONVERTED = ["environment_trust", "execution_eligibility"] as const
const context = (pointer: string, text: string, change: Partial<RawRequest>): Case => ({
  check: "context",
  change,
  reason: { text, pointer },
  notReached: UNCONVERTED,
})

/** `w` as registered, and 1 s left of its lease: just enough. */
const stateWith = (change: Partial<Runtime> = {}): ControlState => ({
  ...stateOf(policy),
  runtimes: new Map([[runtimeKey("w"), { ...WORKER, ...change }]]),
})
const withRuntime = (change: Partial<Runtime>, text: string, leaseLeftMs: number | null = 1_000): Case => ({
  check: "environment_trust",
  change: { ...account, runtime_id: "w" },
  state: stateWith(change),
  leaseLeftMs,
  reason: { text, pointer: "/runtime_id" },
})

const GOLDEN: Readonly<Record<ReasonCode, Case>> = {
  BUDGET_EXCEEDED: {
    check: "authorization_state",
    change: { ...account, subject: subject("reader"), action: action("spend"), ...json({ amount: 41 }) },
    past: () => ({ value: 60_000_000, version: 1 }), // 40 would be just enough
    reason: { text: 'The budget "daily" of 100 USD in 86400 s does not have so much left.' },
  },
  SUBJECT_UNKNOWN: {
    check: "identity",
    change: { subject: subject("nobody") },
    reason: { text: "The policy lists no such subject.", pointer: "/subject/id" },
  },
  SUBJECT_SUSPENDED: {
    check: "identity",
    change: { subject: subject("retired") },
    reason: { text: "The subject is suspended.", pointer: "/subject/id" },
  },
  TYPE_UNKNOWN: context("/resource/type", "The policy declares no such resource type.", {
    resource: { type: "planet", id: "/mars", properties: {} },
  }),
  PROPERTY_MISSING: context("/subject/properties/team", "The policy requires this property.", {
    subject: subject("reader", {}),
  }),
  PROPERTY_UNKNOWN: context("/context/a~1b~0c", "The policy declares no such property.", { context: { "a/b~c": 1 } }),
  PROPERTY_TYPE_MISMATCH: context("/context/night", "The policy declares this as bool.", { context: { night: "yes" } }),
  PROPERTY_TOO_LARGE: context("/subject/properties/team", `Larger than the limit: at most ${MAX_STRING_BYTES} bytes.`, {
    subject: subject("reader", { team: "x".repeat(MAX_STRING_BYTES + 1) }),
  }),
  PARAMETERS_INVALID: context(
    "/parameters/amount",
    "The policy declares this as int (a whole number within ±2^53, or a decimal string).",
    {
      ...account,
      action: action("pay"),
      ...json({ amount: "much", parts: 1 }),
    },
  ),
  BUNDLE_MISSING: {
    check: "policy_validity",
    state: stateOf(null),
    reason: { text: "No policy bundle is active." },
    notReached: ["identity", "context", "environment_trust", "execution_eligibility"],
  },
  BUNDLE_UNTRUSTED: {
    check: "policy_validity",
    state: stateOf(policy, [{ code: "BUNDLE_UNTRUSTED", text: "unsigned" }]),
    reason: { text: "unsigned" },
  },
  BUNDLE_ALTERED: {
    check: "policy_validity",
    state: stateOf(policy, [{ code: "BUNDLE_ALTERED", text: "altered" }]),
    reason: { text: "altered" },
  },
  BUNDLE_NOT_YET_VALID: {
    check: "policy_validity",
    state: stateOf({ ...policy, window: { notBeforeMs: NOW_MS + 1, notAfterMs: Number.POSITIVE_INFINITY } }),
    reason: { text: "The bundle is valid from 2026-01-01T00:00:00.001Z on." },
  },
  BUNDLE_EXPIRED: {
    check: "policy_validity",
    state: stateOf({ ...policy, window: { notBeforeMs: Number.NEGATIVE_INFINITY, notAfterMs: NOW_MS } }),
    reason: { text: "The bundle was valid until 2026-01-01T00:00:00.000Z." },
  },
  NOT_ATTESTED: {
    check: "environment_trust",
    change: account,
    reason: {
      text: "No runtime is named, and not every matching rule says `runtime: none`.",
      pointer: "/runtime_id",
    },
  },
  RUNTIME_UNKNOWN: {
    check: "environment_trust",
    change: { runtime_id: "nobody" },
    reason: { text: "The runtime is not registered, so its integrity is not known.", pointer: "/runtime_id" },
  },
  RUNTIME_PROVISIONAL: withRuntime(
    { state: "PROVISIONAL" },
    "The runtime is registered, and has not beaten well enough yet.",
  ),
  RUNTIME_SUSPECT: withRuntime({ state: "SUSPECT" }, "The runtime is suspect."),
  RUNTIME_QUARANTINED: withRuntime({ state: "QUARANTINED" }, "The runtime is quarantined."),
  RUNTIME_REVOKED: withRuntime({ state: "REVOKED" }, "The runtime's key was revoked."),
  RUNTIME_ENDED: withRuntime({ state: "ENDED" }, "The runtime has ended."),
  RUNTIME_STALE: withRuntime(
    {},
    "Nothing was heard of the runtime since this daemon started; its next beat changes that.",
    null,
  ),
  LEASE_LAPSED: withRuntime({}, "The runtime's lease has lapsed.", 999),
  MEASUREMENTS_REFUSED: withRuntime(
    { measurements: { code: "cd".repeat(32) } },
    "The active policy does not accept what the runtime measured.",
  ),
  PARENT_UNKNOWN: withParent("There is no such execution.", null),
  PARENT_NOT_ALIVE: withParent("The parent is not running: it has to be redeemed and not to have ended.", {
    state: "COMPLETED",
  }),
  PARENT_NOT_ATTESTED: withParent(
    "The parent does not run in a runtime that is trusted and alive.",
    {},
    { state: stateWith({ public_key: toHex(signer.publicKey), state: "SUSPECT" }) },
  ),
  PARENT_TOO_DEEP: withParent("The parent descends from 16 executions, which is the limit.", { depth: MAX_ANCESTORS }),
  PARENT_PROOF_WRONG: withParent(
    "The proof is not a signature of this request by the parent's runtime.",
    {},
    { change: asChild({ ...CONSENT, action: "write" }) },
    "/parent_proof",
  ),
  PARENT_PROOF_USED: withParent(
    "Another execution was authorized by this proof.",
    { isUsed: true },
    {},
    "/parent_proof",
  ),
  APPROVAL_UNKNOWN: withApproval("There is no such approval.", () => null),
  APPROVAL_OTHER_REQUEST: withApproval("The approval is for another request.", (approval) => ({
    ...approval,
    asked: { digest: "00", rules: ["ask-first"] },
  })),
  APPROVAL_OTHER_POLICY: withApproval(
    "The approval was asked for under another policy, or not for all rules that require one now. Ask again.",
    (approval) => ({ ...approval, bundleDigest: "00" }),
  ),
  APPROVAL_PENDING: withApproval(
    "The approval has not been granted yet.",
    (approval) => ({ ...approval, decisions: approval.decisions.slice(0, 1) }),
    { decision: "REQUIRE_APPROVAL" },
  ),
  APPROVAL_REJECTED: withApproval("The approval was refused.", (approval) => ({ ...approval, state: "REJECTED" })),
  APPROVAL_EXPIRED: withApproval("The approval has lapsed.", (approval) => ({ ...approval, expiresAtMs: NOW_MS })),
  APPROVAL_USED: withApproval("The approval has been used.", (approval) => ({ ...approval, state: "AUTHORIZED" })),
  APPROVAL_LIMIT: {
    check: "authorization_state",
    change: { action: action("ask") },
    approvals: {
      caller: "key:pep-1",
      named: null,
      queue: { bundleDigest: policy.digest, key: "", caller: "", waiting: null, previous: null, count: MAX_WAITING },
    },
    reason: { text: `This caller waits for ${MAX_WAITING} approvals, which is the limit.` },
  },
  NO_MATCHING_ALLOW: {
    check: "execution_eligibility",
    change: { resource: { type: "page", id: "elsewhere", properties: {} } },
    reason: { text: "No rule allows this." },
  },
  DENIED_BY_RULE: {
    check: "execution_eligibility",
    change: { resource: { type: "page", id: "/secret/a", properties: {} } },
    reason: { text: 'Rule "no-secrets" denies this.', rule: "no-secrets" },
  },
  CONDITION_ERROR: {
    check: "execution_eligibility",
    change: { ...account, action: action("pay"), ...json({ amount: 1, parts: 0 }) },
    reason: { text: "A condition could not be evaluated on this request.", rule: "pay" },
  },
  COST_EXCEEDED: {
    check: "execution_eligibility",
    change: { action: action("check"), ...json({ words: Array(MAX_COLLECTION_SIZE).fill("a") }) },
    reason: { text: "The conditions cost more than 100000 units on this request.", rule: "check" },
  },
  PARAMETERS_OPAQUE: {
    check: "execution_eligibility",
    change: { parameters_digest: new Uint8Array(32) },
    reason: {
      text: "The rule needs the parameters themselves, as JSON, not only their digest.",
      rule: "read",
      pointer: "/parameters",
    },
  },
  OBLIGATION_UNSUPPORTED: {
    check: "execution_eligibility",
    change: { action: action("post"), supported_obligations: ["notify"] },
    reason: {
      text: 'The caller does not support the obligation "log" (body).',
      pointer: "/supported_obligations",
    },
  },
  RISK_TOO_HIGH: {
    check: "execution_eligibility",
    change: { context: { night: true } },
    reason: { text: "The risk is high; the policy denies from high on." },
  },
  APPROVAL_REQUIRED: {
    check: "execution_eligibility",
    change: { action: action("ask") },
    reason: { text: 'Rule "ask-first" requires an approval.', rule: "ask-first" },
    decision: "REQUIRE_APPROVAL",
  },
}

const decide = (
  change: Partial<RawRequest> = {},
  state = stateOf(policy),
  leaseLeftMs: number | null = null,
  parent: Parent | null = null,
  approvals: Approvals = NO_APPROVALS,
  past?: Past,
) => {
  const { request, policy: policyRequest } = requestOf({ ...reader, ...change })
  return determine(state, request, policyRequest, () => leaseLeftMs, parent, approvals, past)
}

describe("determine", () => {
  test("the request that the golden cases change is allowed, and so is what they come near to", () => {
    for (const change of [
      {},
      { action: action("post"), supported_obligations: ["log"] },
      { ...account, action: action("pay"), ...json({ amount: 18, parts: 2 }) },
      { action: action("check"), ...json({ words: ["a", "a"] }) },
      { context: { night: false } },
      { ...account, action: action("spend"), ...json({ amount: 40 }) },
    ]) {
      const { decision, checks } = decide(
        change,
        undefined,
        undefined,
        undefined,
        undefined,
        GOLDEN.BUDGET_EXCEEDED.past,
      )
      expect(decision).toBe("ALLOW")
      expect(checks).toEqual(CHECK_NAMES.map((name) => ({ name, status: "PASS", reasons: [] })))
    }
  })

  test.each(Object.entries(GOLDEN) as [ReasonCode, Case][])("%s fails only its check", (code, golden) => {
    const { check, change, state, leaseLeftMs, parent, approvals, reason, notReached = [], decision = "DENY" } = golden
    const made = decide(change, state, leaseLeftMs, parent, approvals, golden.past)
    expect(made.decision).toBe(decision)
    expect(made.checks).toEqual(
      CHECK_NAMES.map((name) => {
        if (name === check) return { name, status: "FAIL", reasons: [{ code, ...reason }] }
        return { name, status: notReached.includes(name) ? "NOT_REACHED" : "PASS", reasons: [] }
      }),
    )
  })

  test.each(Object.entries(GOLDEN) as [ReasonCode, Case][])("%s: its record replays to the same", (_, golden) => {
    const {
      change,
      state = stateOf(policy),
      leaseLeftMs = null,
      parent = null,
      approvals = NO_APPROVALS,
      decision = "DENY",
    } = golden
    const { request } = requestOf({ ...reader, ...change })
    const { record } = recordDecision(state, request, { leaseLeft: () => leaseLeftMs, parent, approvals })
    const replay = replayDecision(record, state.active?.policy ?? null)
    expect(replay).toMatchObject({ outcome: "same", differences: [], determination: { decision } })
  })

  test("the README lists exactly these codes, each at its check", () => {
    const readme = readFileSync(join(import.meta.dirname, "..", "..", "..", "README.md"), "utf8")
    const listed = Object.fromEntries(
      CHECK_NAMES.map((name) => {
        const row = readme.split("\n").find((line) => line.startsWith(`| ${name} |`)) ?? ""
        return [name, (row.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []).sort()]
      }),
    )
    const golden = Object.fromEntries(
      CHECK_NAMES.map((name) => [
        name,
        Object.entries(GOLDEN)
          .flatMap(([code, { check }]) => (check === name ? [code] : []))
          .sort(),
      ]),
    )
    expect(listed).toEqual(golden)
  })

  test("a trusted runtime with a living lease is allowed, also where the rules need none", () => {
    for (const change of [account, {}]) {
      const { decision, checks } = decide({ ...change, runtime_id: "w" }, stateWith(), 1_000)
      expect(decision).toBe("ALLOW")
      expect(checks.every(({ status }) => status === "PASS")).toBe(true)
      const { request } = requestOf({ ...reader, ...change, runtime_id: "w" })
      const { record } = recordDecision(stateWith(), request, { leaseLeft: () => 1_000.5 })
      expect(replayDecision(record, policy)).toMatchObject({ outcome: "same" })
    }
  })

  const asks = { action: action("ask"), approval_id: APPROVAL_ID }
  const given = (change: Partial<Approval> = {}, caller = "key:pep-1"): Approvals => ({
    caller,
    named: { ...approvalOf(), ...change },
    queue: null,
  })

  test("what was approved is allowed, with everything else decided anew", () => {
    const { decision, checks } = decide(asks, undefined, null, null, given())
    expect(decision).toBe("ALLOW")
    expect(checks).toEqual(CHECK_NAMES.map((name) => ({ name, status: "PASS", reasons: [] })))
    const { request } = requestOf({ ...reader, ...asks })
    const { record } = recordDecision(stateOf(policy), request, { approvals: given() })
    expect(replayDecision(record, policy)).toMatchObject({ outcome: "same", determination: { decision: "ALLOW" } })
    const suspended = decide({ ...asks, subject: subject("retired") }, undefined, null, null, given())
    expect(suspended.decision).toBe("DENY")
    const nothingAllows = { ...asks, resource: { type: "account", id: "a", properties: {} } }
    const { decision: denied, checks: why } = decide(nothingAllows, undefined, null, null, given())
    expect([denied, why[5]?.reasons.map(({ code }) => code)]).toEqual(["DENY", ["NO_MATCHING_ALLOW"]])
  })

  test.each([
    ["of another caller", {}, "key:pep-2", "APPROVAL_UNKNOWN"],
    ["whose request was erased", { asked: null }, "key:pep-1", "APPROVAL_UNKNOWN"],
    [
      "that another rule asked for",
      { asked: { ...approvalOf().asked, rules: ["x"] } },
      "key:pep-1",
      "APPROVAL_OTHER_POLICY",
    ],
    ["of what runs already", { state: "REDEEMED" }, "key:pep-1", "APPROVAL_USED"],
  ] as [string, Partial<Approval>, string, ReasonCode][])("an approval %s is none", (_, change, caller, code) => {
    const { decision, checks } = decide(asks, undefined, null, null, given(change, caller))
    expect(decision).toBe("DENY")
    expect(checks[4]?.reasons.map((reason) => reason.code)).toEqual([code])
  })

  test("who names an approval is held to it where no rule requires one", () => {
    const free = { ...asks, action: action("read") }
    const { decision, checks } = decide(free, undefined, null, null, given())
    expect([decision, checks[4]?.reasons.map(({ code }) => code)]).toEqual(["DENY", ["APPROVAL_OTHER_REQUEST"]])
  })

  test.each([
    ["other parameters", { parameters: Buffer.from("x"), parameters_content_type: "text/plain" }],
    ["another audience", { audience: "x" }],
    ["another context", { context: { night: false } }],
    ["another parent", { parent_execution_id: PARENT_ID }],
    ["another runtime", { runtime_id: "w" }],
    ["another subject", { subject: subject("retired") }],
    ["another resource", { resource: account.resource }],
    ["another action", { action: action("ask") }],
    ["another wished life", { requested_ttl_ms: 1_000 }],
    ["other obligations", { supported_obligations: ["log"] }],
  ] as [string, Partial<RawRequest>][])("an approval is not for %s", (_, change) => {
    expect(approvalDigest(requestOf({ ...reader, ...change }).request)).not.toBe(
      approvalDigest(requestOf(reader).request),
    )
  })

  test("an approval is for the same request under another id, and with another consent of its parent", () => {
    const digests = [{}, { request_id: "x" }, { approval_id: "x" }].map((change) =>
      approvalDigest(requestOf({ ...reader, ...change }).request),
    )
    const children = ["AAAA", "BBBB"].map((parent_proof) =>
      approvalDigest(requestOf({ ...reader, parent_execution_id: PARENT_ID, parent_proof }).request),
    )
    expect([new Set(digests).size, new Set(children).size]).toEqual([1, 1])
  })

  const parentState = stateWith({ public_key: toHex(signer.publicKey) })
  test("a child of what is alive, by the consent of its runtime, is allowed", () => {
    const { decision, checks, parent } = decide(asChild(), parentState, 1_000, PARENT)
    expect(checks.flatMap(({ reasons }) => reasons)).toEqual([])
    expect(decision).toBe("ALLOW")
    expect(parent).toBe(PARENT)
    const { request } = requestOf({ ...reader, ...asChild() })
    const { record } = recordDecision(parentState, request, { leaseLeft: () => 1_000, parent: PARENT })
    expect(replayDecision(record, policy)).toMatchObject({ outcome: "same", determination: { decision: "ALLOW" } })
  })

  test.each([
    ["another action", { action: "post" }],
    ["another audience", { audience: "x" }],
    ["parameters", { parameters_digest: "ab".repeat(32) }],
    ["another parent", { parent_execution_id: PARENT_ID.replace("4", "5") }],
    ["another request id", { request_id: "request-2" }],
    ["another resource", { resource: { id: "/b", type: "page" } }],
    ["another type of resource", { resource: { id: "/a", type: "account" } }],
    ["another runtime", { runtime_id: "w" }],
    ["another subject", { subject: { id: "retired", type: "agent" } }],
    ["another type of subject", { subject: { id: "reader", type: "person" } }],
  ])("consent to %s is no consent to this", (_, change) => {
    const { checks } = decide(asChild({ ...CONSENT, ...change }), parentState, 1_000, PARENT)
    expect(checks[4]?.reasons.map(({ code }) => code)).toEqual(["PARENT_PROOF_WRONG"])
  })

  test.each(["", "x", "AAAA", "A".repeat(86)])("%j proves nothing", (parent_proof) => {
    const { checks } = decide({ ...asChild(), parent_proof }, parentState, 1_000, PARENT)
    expect(checks[4]?.reasons.map(({ code }) => code)).toEqual(["PARENT_PROOF_WRONG"])
  })

  const redemption = PARENT.redemption as NonNullable<Parent["redemption"]>
  test.each([
    ["was not redeemed", { state: "AUTHORIZED", redemption: null }, "PARENT_NOT_ALIVE"],
    ["was revoked", { state: "REVOKED" }, "PARENT_NOT_ALIVE"],
    ["allowed nothing", { state: null, redemption: null }, "PARENT_NOT_ALIVE"],
    ["has less than a second", { redemption: { ...redemption, executeUntilMs: NOW_MS + 999 } }, "PARENT_NOT_ALIVE"],
    ["has no runtime", { redemption: { ...redemption, bound: null } }, "PARENT_NOT_ATTESTED"],
    [
      "lived by another lease",
      { redemption: { ...redemption, bound: { runtime: runtimeKey("w"), leaseId: PARENT_ID.replace("4", "5") } } },
      "PARENT_NOT_ATTESTED",
    ],
    [
      "ran in an unknown runtime",
      { redemption: { ...redemption, bound: { runtime: runtimeKey("x"), leaseId: WORKER.lease_id } } },
      "PARENT_NOT_ATTESTED",
    ],
  ] as [string, Partial<Parent>, ReasonCode][])("a parent that %s has no children", (_, change, code) => {
    const { decision, checks } = decide(asChild(), parentState, 1_000, { ...PARENT, ...change })
    expect(decision).toBe("DENY")
    expect(checks[4]?.reasons.map(({ code }) => code)).toEqual([code])
  })

  test("a parent whose runtime's lease is over has no children", () => {
    const { checks } = decide(asChild(), parentState, 999, PARENT)
    expect(checks[4]?.reasons.map(({ code }) => code)).toEqual(["PARENT_NOT_ATTESTED"])
  })

  test("a runtime that is named and not good is a deny, also where the rules need none", () => {
    const { decision } = decide({ runtime_id: "w" }, stateWith({ state: "SUSPECT" }), 1_000)
    expect(decision).toBe("DENY")
  })

  test("every fault of a request is reported, not only the first", () => {
    const { checks } = decide(
      { subject: subject("retired"), approval_id: "a", resource: { type: "page", id: "/secret/a", properties: {} } },
      stateOf(policy, [{ code: "BUNDLE_UNTRUSTED", text: "unsigned" }]),
    )
    expect(checks.map(({ status }) => status)).toEqual(["FAIL", "PASS", "FAIL", "PASS", "FAIL", "FAIL"])
  })

  test(`a request that is wrong in thousands of places is told ${MAX_REASONS} of them`, () => {
    const { checks } = decide({ context: Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`x${i}`, 1])) })
    expect(checks[1]?.reasons).toHaveLength(MAX_REASONS)
    expect(checks[1]?.reasons[0]?.pointer).toBe("/context/x0")
  })

  test(`a request that ${MAX_MATCHED_RULES} rules match is decided; more are a deny, and the record stays small`, () => {
    const withRules = (count: number) =>
      load({
        version: "1",
        types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
        rules: Array.from({ length: count }, (_, i) => ({
          id: `rule-${String(i).padStart(4, "0")}`,
          effect: "allow",
          runtime: "none",
          subjects: [{ type: "a" }],
          actions: ["go"],
          resources: [{ type: "r" }],
          when: `${i} >= 0`,
        })),
      }).policy
    const { request, policy: policyRequest } = requestOf()
    const fits = determine(stateOf(withRules(MAX_MATCHED_RULES)), request, policyRequest)
    expect(fits.decision).toBe("ALLOW")
    expect(fits.outcome?.matchedRules).toHaveLength(MAX_MATCHED_RULES)
    const over = determine(stateOf(withRules(MAX_MATCHED_RULES + 1)), request, policyRequest)
    expect(over.decision).toBe("DENY")
    expect(over.checks[5]?.reasons.map(({ code }) => code)).toEqual(["COST_EXCEEDED"])
    expect(over.outcome?.matchedRules).toHaveLength(MAX_MATCHED_RULES)
  })
})
