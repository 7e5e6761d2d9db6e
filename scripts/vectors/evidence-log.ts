/** Evidence: records that are none, and records that are not in the log. */
import { allow, entryOf, flipBit, honest, log, logged, note, raw, record, refused } from "./evidence.ts"
import { sha256 } from "./keys.ts"
import { CONTENT, DECISION_DATA, decision, fileOf, Log, places, revoked } from "./lineage.ts"
import type { Vector } from "./vector.ts"

const badRecord = refused("record", "MALFORMED", "3")
const body = allow.body.toString()
const records: readonly Vector[] = [
  badRecord("body-not-canonical", "a space inside", logged(raw(body.replace(":", ": ")))),
  badRecord("body-key-order", "keys in another order", logged(raw(body.replace(/^\{(.*),("v":1)\}$/, "{$2,$1}")))),
  badRecord("body-escape", "an escape where none is needed", logged(raw(body.replace("ALLOW", "\\u0041LLOW")))),
  badRecord("body-duplicate-key", "a key twice", logged(raw(body.replace(',"v":1', ',"v":1,"v":1')))),
  badRecord("body-not-utf-8", "bytes that are no text", logged(raw(Buffer.from([0x22, 0xff, 0x22])))),
  badRecord("body-not-json", "text that is no JSON", logged(raw("record"))),
  badRecord("body-list", "a list in place of the record", logged(raw(`[${body}]`))),
  badRecord("body-empty", "no bytes", logged(raw(""))),
  badRecord("record-other-version", "a version that is not known", logged(decision({ v: 2 }))),
  badRecord("unknown-kind", "a kind that is not known", logged(decision({ kind: "blessing" }))),
  badRecord("kind-of-prototype", "a kind that every object has", logged(decision({ kind: "constructor" }))),
  badRecord("kind-not-text", "a kind that is a number", logged(decision({ kind: 1 }))),
  badRecord("commitment-upper-case", "a commitment in upper case", logged(decision({ payload: "AB".repeat(32) }))),
  badRecord("commitment-missing", "no word on the payload", logged(raw(body.replace(/"payload":"[0-9a-f]+",/, "")))),
  badRecord("data-not-object", "data that is a list", logged(decision({ data: [] }))),
  badRecord("actor-missing", "nobody did it", logged(raw(body.replace(/"actor":\{[^}]*\},/, "")))),
  badRecord(
    "verdict-unknown",
    "a verdict that is none of the three",
    logged(decision({ data: { ...DECISION_DATA, decision: "PERHAPS" } })),
  ),
  badRecord(
    "body-keys-by-code-point",
    "keys ordered by code point, where RFC 8785 orders by UTF-16 code unit",
    logged(raw(body.replace('"data":{', '"data":{"\u{ff5e}":1,"\u{1f600}":2,'))),
  ),
  badRecord("body-number-form", "1.0 in place of 1", logged(raw(body.replace('"v":1', '"v":1.0')))),
  badRecord("body-newline", "a line end after the record", logged(raw(`${body}\n`))),
  badRecord("kind-missing", "no kind", logged(decision({ kind: undefined }))),
  badRecord("actor-without-proof", "who did it was proven by nothing", logged(decision({ actor: { id: "key:pep" } }))),
  badRecord("actor-id-number", "an id that is a number", logged(decision({ actor: { id: 1, proof: "api-key" } }))),
  badRecord("engine-missing", "no engine", logged(decision({ engine: undefined }))),
  badRecord("epoch-number", "64-bit numbers are texts", logged(decision({ epoch: 1 }))),
  badRecord("state-null", "a state that is none", logged(decision({ state: null }))),
  badRecord("execution-id-number", "an id that is a number", logged(decision({ execution_id: 7 }))),
  badRecord("previous-short", "a link of 31 bytes", logged(decision({ previous: "ab".repeat(31) }))),
  badRecord("link-null", "a link that is null", logged(decision({ previous: null }))),
  badRecord("bundle-digest-missing", "a decision by no policy", logged(decision({ data: { decision: "ALLOW" } }))),
  badRecord("time-missing", "no time", logged(decision({ time: undefined }))),
  badRecord("time-number", "Unix seconds", logged(decision({ time: 1_800_000_000 }))),
  badRecord(
    "time-with-offset",
    "a time whose text has another order",
    logged(decision({ time: "2027-01-15T09:00:00.000+01:00" })),
  ),
  badRecord("time-without-milliseconds", "another form", logged(decision({ time: "2027-01-15T08:00:00Z" }))),
  badRecord("time-not-in-calendar", "30 February", logged(decision({ time: "2027-02-30T08:00:00.000Z" }))),
  badRecord("time-of-no-month", "the 13th month", logged(decision({ time: "2027-13-01T08:00:00.000Z" }))),
  badRecord("time-24-hours", "midnight has one form", logged(decision({ time: "2027-01-15T24:00:00.000Z" }))),
  badRecord("time-leap-second", "a 61st second", logged(decision({ time: "2026-12-31T23:59:60.000Z" }))),
  badRecord("time-other-digits", "digits beyond ASCII", logged(decision({ time: "２027-01-15T08:00:00.000Z" }))),
  refused("record", "TOO_LARGE", "3")(
    "body-too-large",
    "65,536 bytes",
    logged(raw(body + " ".repeat(65_536 - body.length))),
  ),
  refused("record", "MALFORMED", "5")("second-record", "the second record is to blame", logged(allow, raw("{}"))),
]

const notIncluded = refused("inclusion", "PROOF_WRONG", "3")
const second = refused("inclusion", "PROOF_WRONG", "5")
const proofOf = (at: number) => entryOf(honest, at).proof
const other = entryOf(fileOf(places(decision({}, { ...CONTENT, cost: 4 }))), 0)
/** The log's leaf at index 3 is SHA-256(prefix ‖ body). */
const hashedOtherwise = (prefix: Buffer) => {
  const other = new Log(places(allow))
  other.leaves[3] = sha256(Buffer.concat([prefix, allow.body]))
  return fileOf(places(allow), other)
}
const bodyText = (change: (body: string) => string) => Buffer.from(change(body)).toString("base64")
const inclusions: readonly Vector[] = [
  notIncluded(
    "body-changed",
    "DENY in place of ALLOW: the record still reads well",
    record(honest, 0, { body: bodyText((b) => b.replace('"ALLOW"', '"DENY"')) }),
  ),
  notIncluded(
    "body-digit-changed",
    "one digit of the time",
    record(honest, 0, { body: bodyText((b) => b.replace("08:00:00.000Z", "08:00:00.001Z")) }),
  ),
  notIncluded(
    "commitment-replaced",
    "another payload, and the commitment to it",
    record(honest, 0, { body: other.body, payload: other.payload }),
  ),
  refused("inclusion", "PROOF_WRONG", "2")(
    "wrong-index",
    "the record is said to lie one place before",
    record(honest, 0, { index: "2" }),
  ),
  refused("inclusion", "PROOF_WRONG", "7")(
    "index-at-size",
    "the record is said to lie behind the end",
    record(honest, 0, { index: "7" }),
  ),
  refused("inclusion", "PROOF_WRONG", "9999999999999999999")(
    "index-huge",
    "an index beyond 64 bits",
    record(honest, 0, { index: "9999999999999999999" }),
  ),
  second("older-checkpoint", "an honest checkpoint of size 5, which cannot hold index 5", {
    ...note(log.checkpoint(5)),
    records: [log.entry({ record: allow, index: 3 }, 5), entryOf(honest, 1)],
  }),
  notIncluded("other-size", "an honest checkpoint of size 6 with proofs for size 7", note(log.checkpoint(6))),
  notIncluded(
    "proof-flipped",
    "one bit of one hash",
    record(honest, 0, { proof: proofOf(0).with(1, flipBit(proofOf(0)[1] as string, 31)) }),
  ),
  notIncluded("proof-cut", "one hash too few", record(honest, 0, { proof: proofOf(0).slice(1) })),
  notIncluded("proof-longer", "one hash too many", record(honest, 0, { proof: [...proofOf(0), ...proofOf(0)] })),
  notIncluded("proof-of-other", "the proofs of the two records swapped", {
    ...honest,
    records: [
      { ...entryOf(honest, 0), proof: proofOf(1) },
      { ...entryOf(honest, 1), proof: proofOf(0) },
    ],
  }),
  notIncluded(
    "short-hash",
    "31 bytes are no hash",
    record(honest, 0, { proof: proofOf(0).with(0, Buffer.alloc(31).toString("base64")) }),
  ),
  notIncluded(
    "leaf-without-prefix",
    "a log that hashed the record without the 0x00 of a leaf",
    hashedOtherwise(Buffer.alloc(0)),
  ),
  notIncluded("leaf-as-node", "a log that hashed the record as if it were a node", hashedOtherwise(Buffer.of(1))),
  notIncluded("proof-65-hashes", "no tree is so high", record(honest, 0, { proof: Array(65).fill(proofOf(0)[0]) })),
  notIncluded("proof-reversed", "root to leaf", record(honest, 0, { proof: [...proofOf(0)].reverse() })),
  notIncluded("proof-empty", "no proof in a log of seven", record(honest, 0, { proof: [] })),
  notIncluded("not-logged", "a record that no log ever held", {
    ...honest,
    records: [log.entry({ record: decision({ time: "2027-01-15T08:00:00.500Z" }), index: 3 }), entryOf(honest, 1)],
  }),
  second(
    "second-body-changed",
    "the revocation's actor",
    record(honest, 1, {
      body: Buffer.from(revoked(allow).body.toString().replace("operator", "somebody")).toString("base64"),
    }),
  ),
]

export const evidenceLogVectors: readonly Vector[] = [...records, ...inclusions]
