/** Evidence: what must be taken, and tampering with the file itself and with its checkpoints. */

import { L } from "./ed25519.ts"
import {
  allow,
  alone,
  entryOf,
  flipBit,
  honest,
  lineage,
  log,
  logged,
  note,
  record,
  refused,
  taken,
} from "./evidence.ts"
import { WEAK_KEY, WEAK_SIGNATURE } from "./keys.ts"
import {
  CONTENT,
  DECISION_DATA,
  decision,
  denied,
  type File,
  fileOf,
  LOG_KEY,
  Log,
  ORIGIN,
  OTHER_LOG_KEY,
  OTHER_ORIGIN,
  revoked,
  STRANGER,
  TRUST,
} from "./lineage.ts"
import { keyHash, signatureLine, signedBy, verifierKey } from "./notes.ts"
import type { Vector } from "./vector.ts"

const text = JSON.stringify(honest)
const honestNote = log.checkpoint()
const forgedLog = new Log(lineage, { key: STRANGER })
const forged = {
  ...fileOf(lineage, forgedLog),
  trust: { logs: [{ origin: ORIGIN, vkey: verifierKey(ORIGIN, STRANGER.publicKey) }] },
}
const otherLog = new Log([{ record: revoked(allow), index: 1 }], { size: 3, origin: OTHER_ORIGIN, key: OTHER_LOG_KEY })
const acrossLogs: File = {
  ...alone,
  checkpoints: [...alone.checkpoints, { log: OTHER_ORIGIN, note: otherLog.checkpoint() }],
  records: [entryOf(alone, 0), otherLog.entry({ record: revoked(allow), index: 1 })],
}
const ABOVE = { ...DECISION_DATA, "\u{ff5e}": 1, "\u{1f600}": 2 }
const erased = record(honest, 0, { payload: null })

const valid: readonly Vector[] = [
  taken("allow", "an ALLOW and nothing after it", alone, { state: "AUTHORIZED" }),
  taken("revoked", "an ALLOW that was revoked", honest, { state: "REVOKED" }),
  taken("deny", "a DENY", logged(denied()), { state: null, decision: "DENY" }),
  taken("across-logs", "decided in one log, revoked in another", acrossLogs, { state: "REVOKED" }),
  taken(
    "log-of-one",
    "a log that holds nothing else",
    fileOf([{ record: allow, index: 0 }], new Log([{ record: allow, index: 0 }], { size: 1 })),
    { state: "AUTHORIZED" },
  ),
  taken("not-anchored", "without trust: consistent, but anchored in nothing", honest, {
    state: "REVOKED",
    trust: null,
    steps: { checkpoint: "not_anchored" },
  }),
  taken("resigned-without-trust", "all signed anew by another key: nothing but trust from outside shows it", forged, {
    state: "REVOKED",
    trust: null,
    steps: { checkpoint: "not_anchored" },
  }),
  taken("erased-decision", "the decision's payload was erased, and its claims with it", erased, {
    state: "REVOKED",
    steps: { payload: "erased", claims: "erased", executed: "erased" },
  }),
  taken(
    "without-payload",
    "a record that commits to no payload",
    logged(allow, { ...revoked(allow, { payload: null }), payload: null }),
    { state: "REVOKED" },
  ),
  taken("erased-second", "the second record's payload was erased", record(honest, 1, { payload: null }), {
    state: "REVOKED",
    steps: { payload: "erased" },
  }),
  taken(
    "last-record-left-out",
    "what came after cannot be missed: evidence shows what was, not that nothing followed",
    { ...honest, records: honest.records.slice(0, 1) },
    { state: "AUTHORIZED" },
  ),
  taken(
    "unknown-members",
    "members that this version does not know",
    { ...honest, note: "more", records: honest.records.map((entry) => ({ ...entry, more: 1 })) } as File,
    { state: "REVOKED" },
  ),
  taken(
    "keys-above-u-ffff",
    "U+1F600 is two code units that stand before U+FF5E, and its code point is after it",
    logged(decision({ data: ABOVE }, { ...CONTENT, request: { "\u{ff5e}": 1, "\u{1f600}": 2 } })),
    { state: "AUTHORIZED" },
  ),
  taken("trust-with-more", "members of the trust file that this version does not know", honest, {
    state: "REVOKED",
    trust: { ...TRUST, issuer: "https://writ.example" },
  }),
]

const format = refused("format", "MALFORMED", null)
const formats: readonly Vector[] = [
  format("empty", "nothing", ""),
  format("cut", "the file ends too early", text.slice(0, -1)),
  format("two-files", "one file after another", text + text),
  format("list", "a list in place of the file", `[${text}]`),
  format(
    "duplicate-records",
    "two lists of records: readers differ on which one counts",
    `{"records":[],${text.slice(1)}`,
  ),
  format("duplicate-key-escaped", "the same key, once with an escape", `{"recor\\u0064s":[],${text.slice(1)}`),
  format("byte-order-mark", "a byte order mark before the file", `\u{feff}${text}`),
  format("lone-surrogate", "a text that UTF-8 cannot hold", `{"x":"\\ud800",${text.slice(1)}`),
  format("nested-too-deep", "41 levels", `{"x":${"[".repeat(41)}${"]".repeat(41)},${text.slice(1)}`),
  format("number-too-large", "a number that is infinite as a double", `{"x":1e400,${text.slice(1)}`),
  format("integer-not-a-double", "an integer that a double does not hold", `{"x":9007199254740993,${text.slice(1)}`),
  format("negative-zero", "a number with two forms", `{"x":-0,${text.slice(1)}`),
  format(
    "file-not-utf-8",
    "a byte that is no text, in a member that nobody reads",
    Buffer.concat([Buffer.from('{"x":"'), Buffer.of(0xff), Buffer.from(`",${text.slice(1)}`)]),
  ),
  format("version-true", "a version that some languages take for 1", { ...honest, v: true } as never),
  format("ancestors-null", "ancestors that are no list", { ...honest, ancestors: null } as never),
  format("index-with-newline", "a line end after the index", record(honest, 0, { index: "3\n" })),
  format("index-of-20-digits", "an index has 19 digits at most", record(honest, 0, { index: "1".repeat(20) })),
  format("body-trailing-bits", "base64 whose last bits are not zero", record(honest, 0, { body: "e31=" })),
  format("duplicate-body", "two bodies of one record", text.replace('"body":', '"body":"e30=","body":')),
  format("other-type", "another kind of file", { ...honest, type: "evidence" }),
  format("other-version", "a version that is not known", { ...honest, v: 2 }),
  format("version-as-text", "a version that is not a number", { ...honest, v: "1" } as never),
  format("no-execution", "no execution named", { ...honest, execution_id: null } as never),
  format("no-records", "an empty list", { ...honest, records: [] }),
  format("records-object", "records by index in place of a list", {
    ...honest,
    records: { ...honest.records },
  } as never),
  format("record-is-text", "a record that is no object", { ...honest, records: ["e30="] } as never),
  format("two-checkpoints", "two checkpoints of one log", {
    ...honest,
    checkpoints: [...honest.checkpoints, ...honest.checkpoints],
  }),
  format("checkpoint-is-text", "a checkpoint that is no object", { ...honest, checkpoints: [honestNote] } as never),
  format("index-leading-zero", "an index has one form", record(honest, 0, { index: "03" })),
  format("index-number", "an index is a text", record(honest, 0, { index: 3 as never })),
  format("index-negative", "an index is not negative", record(honest, 0, { index: "-3" })),
  format("body-not-base64", "an unpadded body", record(honest, 0, { body: "e30" })),
  format(
    "payload-missing",
    "a payload that is neither given nor null",
    record(honest, 0, { payload: undefined as never }),
  ),
  format("proof-not-base64", "a hash in hexadecimal", record(honest, 0, { proof: [`${"0".repeat(63)}!`] })),
  format("proof-text", "a proof that is no list", record(honest, 0, { proof: "" as never })),
]

const unknownKey = refused("checkpoint", "UNKNOWN_KEY", null)
const wrongSignature = refused("checkpoint", "SIGNATURE_WRONG", null)
const wrongOrigin = refused("checkpoint", "WRONG_ORIGIN", null)
const badNote = refused("checkpoint", "MALFORMED", null)
const stolenHash = (noteText: string) =>
  `${noteText}\n${signatureLine(ORIGIN, keyHash(ORIGIN, LOG_KEY.publicKey), STRANGER.sign(noteText))}`
/** The honest signature with another number S. */
const resigned = (change: (s: bigint) => bigint) => {
  const signature = LOG_KEY.sign(noteText)
  const s = change(BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`))
  const bytes = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse()
  const changed = Buffer.concat([signature.subarray(0, 32), bytes])
  return `${noteText}\n${signatureLine(ORIGIN, keyHash(ORIGIN, LOG_KEY.publicKey), changed)}`
}
const [, noteText = ""] = /^(.*\n)\n— /s.exec(honestNote) ?? []
const checkpoints: readonly Vector[] = [
  unknownKey("resigned", "all signed anew by another key, which comes along in the file", forged),
  unknownKey("log-not-trusted", "the trust file does not name the log", honest, { ...TRUST, logs: [TRUST.logs[1]] }),
  wrongSignature("stolen-key-hash", "another key's signature under the trusted key's hash", note(stolenHash(noteText))),
  wrongSignature(
    "signature-flipped",
    "one bit of the signature",
    note(honestNote.replace(/ (\S+)\n$/, (_, signature: string) => ` ${flipBit(signature, 40)}\n`)),
  ),
  wrongSignature(
    "signature-s-plus-l",
    "the honest signature with S + L: another one for the same",
    note(resigned((s) => s + L)),
  ),
  wrongSignature("signature-s-negated", "the honest signature with L - S", note(resigned((s) => L - s))),
  wrongSignature(
    "signature-small-order",
    "a signature that lax verifiers take for any message under a weak key",
    note(`${noteText}\n${signatureLine(ORIGIN, keyHash(ORIGIN, LOG_KEY.publicKey), WEAK_SIGNATURE)}`),
  ),
  wrongSignature(
    "small-order-log-key",
    "a trusted key of small order is no key",
    note(`${noteText}\n${signatureLine(ORIGIN, keyHash(ORIGIN, WEAK_KEY), WEAK_SIGNATURE)}`),
    { ...TRUST, logs: [{ origin: ORIGIN, vkey: verifierKey(ORIGIN, WEAK_KEY) }] },
  ),
  wrongSignature(
    "two-signatures-one-forged",
    "two signatures by one name and key: both must verify",
    note(honestNote + stolenHash(noteText).slice(noteText.length + 1)),
  ),
  unknownKey(
    "signature-stripped",
    "the log's signature is gone, a witness's is left",
    note(`${noteText}\n${signedBy(STRANGER, "witness.example", noteText)}`),
  ),
  wrongSignature("size-changed", "a size that was not signed", note(honestNote.replace("\n7\n", "\n8\n"))),
  wrongSignature(
    "root-changed",
    "a root that was not signed",
    note(honestNote.replace(/\n7\n(\S+)\n/, (_, root: string) => `\n7\n${flipBit(root, 0)}\n`)),
  ),
  wrongOrigin("other-origin", "the checkpoint of another log, named as this one's", note(otherLog.checkpoint())),
  wrongOrigin("other-origin-without-trust", "the same without trust", note(otherLog.checkpoint()), null),
  wrongOrigin("key-under-other-name", "the trusted key is named for another origin", honest, {
    ...TRUST,
    logs: [{ origin: ORIGIN, vkey: verifierKey("other.example", LOG_KEY.publicKey) }],
  }),
  badNote("not-a-note", "no signature", note(noteText)),
  badNote("not-a-note-without-trust", "no signature, and no trust either", note(noteText), null),
  badNote(
    "not-a-checkpoint",
    "a signed note that is no checkpoint",
    note(`${ORIGIN}\n\n${signatureLine(ORIGIN, keyHash(ORIGIN, LOG_KEY.publicKey), LOG_KEY.sign(`${ORIGIN}\n`))}`),
  ),
  badNote(
    "size-of-20-digits",
    "a size beyond 64 bits, signed",
    note(log.checkpoint(7).replace("\n7\n", `\n${"9".repeat(20)}\n`)),
  ),
  badNote("trusted-key-malformed", "the trust file's key is none", honest, {
    ...TRUST,
    logs: [{ origin: ORIGIN, vkey: "key" }],
  }),
  badNote("unused-checkpoint", "a checkpoint that no record needs is checked too", {
    ...honest,
    checkpoints: [...honest.checkpoints, { log: OTHER_ORIGIN, note: "no note" }],
  }),
  refused("checkpoint", "MALFORMED", "3")("no-checkpoint", "no checkpoint of the records' log", {
    ...honest,
    checkpoints: [],
  }),
  refused("checkpoint", "MALFORMED", "5")(
    "other-log-named",
    "the second record is said to lie in another log",
    record(honest, 1, { log: OTHER_ORIGIN }),
  ),
]

export const evidenceFileVectors: readonly Vector[] = [...valid, ...formats, ...checkpoints]
