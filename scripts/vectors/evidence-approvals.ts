/** Evidence of executions that waited for an approval: by whom it may be decided, and for what it may be used. */

import { allow, refused, taken } from "./evidence.ts"
import { at, chain, follow, redeemed } from "./evidence-executions.ts"
import { CLAIMS, CONTENT, DECISION_DATA, decision, type Json, type Sealed, step } from "./lineage.ts"
import type { Vector } from "./vector.ts"

const link = (change: Json = {}): Json => ({
  expires_at: at("08:15:00"),
  id: CLAIMS["execution_id"],
  needed: 1,
  ...change,
})
const required = (approval: unknown = link()): Json => ({ ...DECISION_DATA, approval, decision: "REQUIRE_APPROVAL" })
const request = (change: Json = {}): Json => ({ ...(CONTENT["request"] as Json), request_id: "r-1", ...change })
const asking = (record: Json = {}, approval: unknown = link(), asked: unknown = request()): Sealed =>
  decision(
    { data: required(approval), state: "APPROVAL_PENDING", ...record },
    { ...CONTENT, approval: { digest: "ef".repeat(32), rules: ["wait"] }, claims: undefined, request: asked },
  )
const decided = (before: Sealed, approve: boolean, by = "key:operator-1", record: Json = {}): Sealed =>
  step(
    before,
    {
      actor: { id: by, proof: "api-key" },
      data: { approve },
      kind: "approval_decided",
      state: approve ? "APPROVAL_PENDING" : "REJECTED",
      time: at("08:01:00"),
      ...record,
    },
    { reason: "seen" },
  )
const granted = (before: Sealed) => decided(before, true)
const grantedByOther = (before: Sealed) => decided(before, true, "key:operator-2")
const rejected = (before: Sealed) => decided(before, false, "key:operator-2")

const claims = { ...CLAIMS, exp: (CLAIMS["exp"] as number) + 120, iat: (CLAIMS["iat"] as number) + 120 }
const used = (before: Sealed, record: Json = {}, asked: Json = {}, whole?: unknown): Sealed =>
  step(
    before,
    {
      actor: { id: "key:pep", proof: "api-key" },
      data: { ...DECISION_DATA, approval: link() },
      kind: "decision",
      state: "AUTHORIZED",
      time: at("08:02:00"),
      ...record,
    },
    {
      ...CONTENT,
      claims,
      request:
        whole === undefined ? request({ approval_id: CLAIMS["execution_id"], request_id: "r-2", ...asked }) : whole,
    },
  )
const started = (before: Sealed) => redeemed(before, { time: at("08:02:05"), data: { execute_until: at("09:02:05") } })
const two = link({ needed: 2 })
const usedOfTwo = (before: Sealed) => used(before, { data: { ...DECISION_DATA, approval: two } })

const pending = { state: "APPROVAL_PENDING", decision: "REQUIRE_APPROVAL" }
const whole = follow(asking(), granted, used)
const erased = (which: number) => ({
  ...whole,
  records: whole.records.map((entry, i) => (i === which ? { ...entry, payload: null } : entry)),
})
const valid: readonly Vector[] = [
  taken("approval-asked", "it waits", follow(asking()), pending),
  taken("approval-granted", "it may be used", follow(asking(), granted), pending),
  taken("approval-refused", "refused", follow(asking(), rejected), { ...pending, state: "REJECTED" }),
  taken("approval-withdrawn", "granted, and refused before it was used", follow(asking(), granted, rejected), {
    ...pending,
    state: "REJECTED",
  }),
  taken("approved", "granted and used", whole, { state: "AUTHORIZED" }),
  taken("approved-by-two", "granted by both who must", follow(asking({}, two), granted, grantedByOther, usedOfTwo), {
    state: "AUTHORIZED",
  }),
  taken("approved-and-redeemed", "and started", follow(asking(), granted, used, started), { state: "REDEEMED" }),
  taken("approved-what-was-asked-erased", "what was asked for is not compared any more", erased(0), {
    state: "AUTHORIZED",
    steps: { payload: "erased" },
  }),
  taken("approved-what-was-allowed-erased", "what was allowed is not compared any more", erased(2), {
    state: "AUTHORIZED",
    steps: { payload: "erased", claims: "erased", executed: "erased" },
  }),
  taken(
    "approval-waited-for-already",
    "another request waits for the same",
    chain(asking({ state: undefined }, link({ id: "00000000-0000-4000-8000-000000000000" }))),
    { state: null, decision: "REQUIRE_APPROVAL" },
  ),
]

const unlinked = refused("lineage", "LINK_WRONG", "5")
const impossible = (index: string) => refused("transitions", "TRANSITION_WRONG", index)
const invalid: readonly Vector[] = [
  unlinked("decided-twice", "a second decision where nothing waited", follow(allow, used)),
  unlinked(
    "asked-twice",
    "a second decision that allows nothing",
    follow(asking(), (before) => used(before, { data: required(), state: "APPROVAL_PENDING" })),
  ),
  impossible("5")("approval-not-granted", "used before anybody decided", follow(asking(), used)),
  impossible("6")("approval-of-one-of-two", "used with one of two", follow(asking({}, two), granted, usedOfTwo)),
  impossible("6")("approval-used-after-refusal", "used though it was refused", follow(asking(), rejected, used)),
  impossible("6")("approval-granted-after-refusal", "a refusal is an end", follow(asking(), rejected, granted)),
  impossible("8")("approval-decided-after-use", "decided when it was used", follow(asking(), granted, used, rejected)),
  impossible("8")("approval-used-twice", "one use", follow(asking(), granted, used, used)),
  impossible("5")(
    "approval-by-requester",
    "decided by who asked",
    follow(asking(), (before) => decided(before, true, "key:pep")),
  ),
  impossible("6")("approval-twice-by-one", "one principal is not two", follow(asking({}, two), granted, granted)),
  impossible("5")(
    "approval-granted-when-lapsed",
    "decided at the moment at which it lapsed",
    follow(asking(), (before) => decided(before, true, "key:operator-1", { time: at("08:15:00") })),
  ),
  refused("record", "MALFORMED", "5")(
    "approval-granted-at-no-time",
    "a decision without a time",
    follow(asking(), (before) => decided(before, true, "key:operator-1", { time: "" })),
  ),
  impossible("6")(
    "approval-used-when-lapsed",
    "used at the moment at which it lapsed",
    follow(asking(), granted, (before) => used(before, { time: at("08:15:00") })),
  ),
  impossible("6")(
    "approval-used-by-other",
    "used by another caller",
    follow(asking(), granted, (before) => used(before, { actor: { id: "key:pep-2", proof: "api-key" } })),
  ),
  impossible("6")(
    "approval-used-under-other-policy",
    "used under another bundle",
    follow(asking(), granted, (before) =>
      used(before, { data: { ...DECISION_DATA, approval: link(), bundle_digest: "cd".repeat(32) } }),
    ),
  ),
  impossible("6")(
    "approval-used-is-another",
    "the decision says that another was used",
    follow(asking(), granted, (before) => used(before, { data: { ...DECISION_DATA, approval: two } })),
  ),
  impossible("6")(
    "approval-used-is-none",
    "the decision says nothing of it",
    follow(asking(), granted, (before) => used(before, { data: DECISION_DATA })),
  ),
  impossible("5")(
    "refusal-as-grant",
    "it refuses, and its state says that it grants",
    follow(asking(), (before) => decided(before, true, "key:operator-1", { data: { approve: false } })),
  ),
  impossible("3")(
    "asked-for-nothing",
    "it waits, and does not say for what",
    chain(asking({ data: { ...DECISION_DATA, decision: "REQUIRE_APPROVAL" } })),
  ),
  impossible("3")("asked-for-other", "it waits for another's approval", chain(asking({}, link({ id: "x" })))),
  impossible("3")("asked-for-no-number", "how many must approve is a text", chain(asking({}, link({ needed: "1" })))),
  impossible("3")(
    "asked-until-other-form",
    "an end whose text has another order",
    chain(asking({}, link({ expires_at: "2027-01-15T09:15:00+01:00" }))),
  ),
  impossible("3")("asked-of-nobody", "none must approve", chain(asking({}, link({ needed: 0 })))),
  impossible("3")("asked-without-id", "an approval without an id", chain(asking({}, link({ id: 1 })))),
  impossible("3")(
    "allowed-by-approval-of-nothing",
    "the first decision says that it used one",
    chain(decision({ data: { ...DECISION_DATA, approval: link() } })),
  ),
  impossible("3")(
    "asked-but-authorized",
    "it asks, and its state says that it allows",
    chain(asking({ state: "AUTHORIZED" })),
  ),
  impossible("3")(
    "allowed-but-waiting",
    "it allows, and its state says that it asks",
    chain(decision({ state: "APPROVAL_PENDING" })),
  ),
  refused("claims", "CLAIMS_WRONG", "6")(
    "approved-other-request",
    "another resource than was approved",
    follow(asking(), granted, (before) => used(before, {}, { resource: { id: "43", type: "account" } })),
  ),
  refused("claims", "CLAIMS_WRONG", "6")(
    "approved-nothing",
    "no request was asked for, and none allowed",
    follow(asking({}, link(), null), granted, (before) => used(before, {}, {}, null)),
  ),
  refused("claims", "CLAIMS_WRONG", "6")(
    "approved-list",
    "what was asked for is a list, as what was allowed",
    follow(asking({}, link(), []), granted, (before) => used(before, {}, {}, [])),
  ),
]

export const evidenceApprovalVectors: readonly Vector[] = [...valid, ...invalid]
