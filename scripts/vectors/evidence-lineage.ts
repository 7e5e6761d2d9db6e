/** Evidence of a log that really holds what it must not, and payloads that are not what was committed to. */
import { allow, entryOf, flipBit, honest, logged, record, refused } from "./evidence.ts"
import { sha256 } from "./keys.ts"
import {
  CLAIMS,
  CONTENT,
  commit,
  DECISION_DATA,
  decision,
  denied,
  type Json,
  leafHash,
  revoked,
  type Sealed,
} from "./lineage.ts"
import type { Vector } from "./vector.ts"

/** An ALLOW whose payload is exactly these bytes. */
const withPayload = (payload: Buffer): Sealed => ({ body: decision({ payload: commit(payload) }, null).body, payload })
const otherPayload = refused("payload", "PAYLOAD_DIFFERS", "3")
const payload = allow.payload as Buffer
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
const nothing = decision({}, null)
const payloads: readonly Vector[] = [
  otherPayload(
    "payload-flipped",
    "one bit of the content",
    record(honest, 0, { payload: flipBit(base64(payload), 40) }),
  ),
  otherPayload("salt-flipped", "one bit of the salt", record(honest, 0, { payload: flipBit(base64(payload), 0) })),
  otherPayload(
    "payload-longer",
    "a space at the end",
    record(honest, 0, { payload: base64(Buffer.concat([payload, Buffer.from(" ")])) }),
  ),
  otherPayload(
    "payloads-exchanged",
    "the two records' payloads exchanged",
    record(record(honest, 0, { payload: entryOf(honest, 1).payload }), 1, { payload: entryOf(honest, 0).payload }),
  ),
  otherPayload(
    "commitment-without-domain",
    "a commitment to salt and content alone",
    logged({ body: decision({ payload: sha256(payload).toString("hex") }, null).body, payload }),
  ),
  otherPayload(
    "salt-left-out",
    "the content without its salt",
    record(honest, 0, { payload: base64(payload.subarray(32)) }),
  ),
  otherPayload("payload-empty", "empty is not the same as erased", record(honest, 0, { payload: "" })),
  otherPayload(
    "payload-shorter-than-salt",
    "31 bytes, and a commitment that fits them",
    logged(withPayload(payload.subarray(0, 31))),
  ),
  otherPayload(
    "payload-of-second",
    "the payload of the other record",
    record(honest, 0, { payload: entryOf(honest, 1).payload }),
  ),
  otherPayload(
    "payload-uncommitted",
    "a payload where the record commits to none",
    record(logged(nothing), 0, { payload: base64(payload) }),
  ),
  refused("payload", "PAYLOAD_DIFFERS", "5")(
    "second-payload-flipped",
    "the second record is to blame",
    record(honest, 1, { payload: flipBit(entryOf(honest, 1).payload as string, 33) }),
  ),
  refused("payload", "MALFORMED", "3")(
    "payload-not-json",
    "a commitment to what is no JSON",
    logged(decision({}, "content")),
  ),
  refused("payload", "MALFORMED", "3")("payload-list", "a commitment to a list", logged(decision({}, "[]"))),
  refused("payload", "MALFORMED", "3")(
    "payload-duplicate-key",
    "a commitment to two sets of claims",
    logged(decision({}, '{"claims":{},"claims":{}}')),
  ),
  refused("payload", "MALFORMED", "3")(
    "payload-not-utf-8",
    "a commitment to bytes that are no text",
    logged(withPayload(Buffer.concat([payload.subarray(0, 32), Buffer.of(0xff)]))),
  ),
]

const unlinked = (index: string) => refused("lineage", "LINK_WRONG", index)
const other = "00000000-0000-4000-8000-000000000000"
const again = revoked(revoked(allow), { time: "2027-01-15T08:00:02.000Z" })
const three = logged(allow, revoked(allow), again)
const links: readonly Vector[] = [
  unlinked("3")("other-execution-named", "the file is said to be of another execution", {
    ...honest,
    execution_id: other,
  }),
  unlinked("5")(
    "record-of-other-execution",
    "a revocation of another execution",
    logged(allow, revoked(allow, { execution_id: other })),
  ),
  unlinked("5")(
    "execution-missing",
    "a revocation of no execution",
    logged(allow, revoked(allow, { execution_id: undefined })),
  ),
  unlinked("5")("decision-removed", "the lineage does not begin with its decision", {
    ...honest,
    records: honest.records.slice(1),
  }),
  unlinked("6")("record-removed", "the second of three records is left out", {
    ...three,
    records: [entryOf(three, 0), entryOf(three, 2)],
  }),
  unlinked("5")("reordered", "the revocation before the decision", {
    ...honest,
    records: [...honest.records].reverse(),
  }),
  unlinked("5")("repeated", "the revocation twice", { ...honest, records: [...honest.records, entryOf(honest, 1)] }),
  unlinked("3")("decision-repeated", "the decision twice", {
    ...honest,
    records: [entryOf(honest, 0), entryOf(honest, 0)],
  }),
  unlinked("5")(
    "second-decision",
    "two decisions of one execution",
    logged(allow, decision({ time: "2027-01-15T08:00:01.000Z" })),
  ),
  unlinked("5")(
    "second-decision-linked",
    "a second decision that follows the first",
    logged(allow, decision({ previous: leafHash(allow.body).toString("hex") })),
  ),
  unlinked("3")(
    "revoked-first",
    "a revocation that opens the lineage",
    logged(revoked(allow, { previous: undefined })),
  ),
  unlinked("5")(
    "other-predecessor",
    "a link to another execution's decision",
    logged(allow, revoked(decision({ epoch: "9" }))),
  ),
  unlinked("5")(
    "link-missing",
    "a revocation that follows nothing",
    logged(allow, revoked(allow, { previous: undefined })),
  ),
  unlinked("3")(
    "decision-with-link",
    "a decision that follows something",
    logged(decision({ previous: "ab".repeat(32) })),
  ),
]

const impossible = (index: string) => refused("transitions", "TRANSITION_WRONG", index)
const deny = denied()
const transitions: readonly Vector[] = [
  impossible("5")("deny-revoked", "nothing was allowed that could be revoked", logged(deny, revoked(deny))),
  impossible("6")("revoked-twice", "revoked is an end", three),
  impossible("5")(
    "kind-without-transition",
    "a change of policy is no step of an execution",
    logged(allow, revoked(allow, { kind: "bundle_activated", state: undefined })),
  ),
  impossible("3")("allow-without-state", "an ALLOW opens an execution", logged(decision({ state: undefined }))),
  impossible("3")("allow-in-other-state", "an ALLOW that claims to be revoked", logged(decision({ state: "REVOKED" }))),
  impossible("3")("deny-with-state", "a DENY opens nothing", logged(denied({ state: "AUTHORIZED" }))),
  impossible("3")(
    "approval-with-state",
    "what waits for an approval is not authorized",
    logged(denied({ state: "AUTHORIZED", data: { ...DECISION_DATA, decision: "REQUIRE_APPROVAL" } })),
  ),
  impossible("5")(
    "revoked-but-authorized",
    "a revocation that leaves the execution authorized",
    logged(allow, revoked(allow, { state: "AUTHORIZED" })),
  ),
]

const badClaims = refused("claims", "CLAIMS_WRONG", "3")
const withContent = (change: Json) => logged(decision({}, { ...CONTENT, ...change }))
const withClaims = (change: Json) => {
  const claims = Object.fromEntries(Object.entries({ ...CLAIMS, ...change }).filter(([, value]) => value !== undefined))
  return withContent({ claims })
}
const claims: readonly Vector[] = [
  badClaims("deny-with-claims", "a token for a DENY", logged(denied({}, CONTENT))),
  badClaims("allow-without-claims", "an ALLOW without a token", withContent({ claims: undefined })),
  badClaims("claims-null", "claims that are null", withContent({ claims: null })),
  badClaims("claims-list", "claims in a list", withContent({ claims: [CLAIMS] })),
  badClaims(
    "token-of-other-execution",
    "the token was made for another execution",
    withClaims({ execution_id: other }),
  ),
  badClaims("token-id-of-other-execution", "its id is another's", withClaims({ jti: other })),
  badClaims("token-of-other-log", "the token names another log", withClaims({ log: "log.example/other" })),
  badClaims("token-of-other-bundle", "the token names another policy", withClaims({ bundle: "cd".repeat(32) })),
  badClaims("token-without-bundle", "the token names no policy", withClaims({ bundle: undefined })),
  badClaims("token-without-life", "exp equals iat", withClaims({ exp: CLAIMS["iat"] })),
  badClaims("token-times-text", "exp is a text", withClaims({ exp: "2027-01-15T08:00:10Z" })),
  badClaims("token-times-fractional", "exp is no whole second", withClaims({ exp: 1_800_000_010.5 })),
  badClaims("token-times-negative", "iat before 1970", withClaims({ iat: -1 })),
  badClaims("token-duration-text", "max_duration is a text", withClaims({ max_duration: "3600" })),
  badClaims("token-duration-missing", "no max_duration", withClaims({ max_duration: undefined })),
  badClaims("token-duration-huge", "max_duration beyond 2^53", withClaims({ max_duration: 2 ** 68 })),
  badClaims("token-digest-null", "a digest that is null", withClaims({ dig: null })),
  badClaims("token-end-text", "execute_before is a text", withClaims({ execute_before: "1800003600" })),
  badClaims("token-parent-null", "a parent that is null", withClaims({ parent: null })),
  badClaims("token-without-iat", "no iat", withClaims({ iat: undefined })),
]

export const evidenceLineageVectors: readonly Vector[] = [...payloads, ...links, ...transitions, ...claims]
