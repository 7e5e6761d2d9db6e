/** Segments of beats: in order, with gaps, and as no daemon could have taken them. */
import { naiveCanonicalJson } from "../../test/support/naive-canonical-json.ts"
import { naiveRoot } from "../../test/support/naive-merkle.ts"
import { sha256, type VectorKey, vectorKey, WEAK_KEY, WEAK_SIGNATURE } from "./keys.ts"
import { type Json, leafHash } from "./lineage.ts"
import type { Vector } from "./vector.ts"

const RUNTIME = "worker-1"
const KEY = vectorKey("runtime 1")
const OTHER = "worker-2"
const OTHER_KEY = vectorKey("runtime 2")
const STRANGER = vectorKey("stranger")
const LEASE = "cccccccc-1111-4222-8333-444444444444"
const OTHER_LEASE = "dddddddd-1111-4222-8333-444444444444"
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const KEYS = { [RUNTIME]: [hex(KEY.publicKey)], [OTHER]: [hex(STRANGER.publicKey), hex(OTHER_KEY.publicKey)] }
const COUNTERS = [
  "authorize_requests",
  "bytes_out",
  "children",
  "denied",
  "distinct_targets",
  "executions_completed",
  "executions_failed",
  "executions_started",
  "spent_micros",
  "tokens_received",
]

/** One beat as it was taken. */
interface Taken {
  readonly leaf: string
  readonly signed: string
  readonly signature: Buffer
}
const nameOf = (runtime: string) =>
  hex(sha256(`writ/runtime/v1\n${runtime}`)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5")
const hashOf = ({ signed }: Taken) => hex(sha256(signed))

interface Change {
  readonly beat?: Json
  readonly leaf?: Json
  readonly reasons?: readonly string[]
  readonly key?: VectorKey
}
/** The beat of this sequence; its `previous_beat` is the one given, or some other beat's hash. */
function take(sequence: number, before: Taken | null, { beat, leaf, reasons = [], key = KEY }: Change = {}): Taken {
  const said: Json = {
    acknowledged_directive: "0",
    audience: "https://writ.example",
    boot_epoch: "1",
    bundle_digest: "ab".repeat(32),
    counters: Object.fromEntries(COUNTERS.map((name) => [name, "0"])),
    environment_digest: hex(sha256("{}")),
    issued_at: String(1_800_000_000_000 + 5_000 * sequence),
    last_receipt: "",
    lease_id: LEASE,
    measurements_digest: hex(sha256('{"code":"00"}')),
    nonce: "cd".repeat(32),
    previous_beat: before ? hashOf(before) : sequence === 1 ? "" : "ef".repeat(32),
    runtime_id: RUNTIME,
    sequence: String(sequence),
    ...beat,
  }
  const signed = `writ/beat/v1\n${naiveCanonicalJson(said)}`
  const named: Json = {
    beat: hex(sha256(signed)),
    boot_epoch: said["boot_epoch"],
    reasons,
    runtime: nameOf(String(said["runtime_id"])),
    sequence: said["sequence"],
    ...leaf,
  }
  return { leaf: naiveCanonicalJson(named), signed, signature: key.sign(signed) }
}

const lineOf = ({ leaf, signature, signed }: Taken) =>
  JSON.stringify({ leaf, signature: signature.toString("base64"), signed })
const segmentOf = (beats: readonly Taken[]) => beats.map(lineOf).join("\n")
const recordOf = (beats: readonly Taken[]) => ({
  count: beats.length,
  root: hex(naiveRoot(beats.map(({ leaf }) => leafHash(Buffer.from(leaf))))),
})
interface Input {
  readonly count: number
  readonly root: string
  readonly segment: string
  readonly keys?: object | null
}
const of = (beats: readonly Taken[]): Input => ({ ...recordOf(beats), segment: segmentOf(beats) })
const vector = (name: string, description: string, { keys = KEYS, ...input }: Input, expected: object): Vector => ({
  name,
  description,
  input: { ...input, keys },
  expected,
})
const taken = (name: string, description: string, input: Input, gaps: readonly object[] = []) =>
  vector(name, description, input, { valid: true, anchored: input.keys !== null, gaps })
const refused =
  (step: string, code: string, line: number | null) => (name: string, description: string, input: Input) =>
    vector(name, description, input, { valid: false, failed_step: step, failed_line: line, code })
const gap = (after: number, before: number) => ({ lease_id: LEASE, after: String(after), before: String(before) })

const first = take(1, null)
const second = take(2, first)
const third = take(3, second)
const three = [first, second, third]
const honest = of(three)
const withLine = (at: number, line: string, input = honest): Input => ({
  ...input,
  segment: input.segment.split("\n").with(at, line).join("\n"),
})
const other = (sequence: number, before: Taken | null) =>
  take(sequence, before, { beat: { runtime_id: OTHER, lease_id: OTHER_LEASE }, key: OTHER_KEY })
const otherFirst = other(1, null)

const large = take(1, null, { beat: { sequence: String(2n ** 63n - 2n) } })

const valid: readonly Vector[] = [
  taken("in-order", "three beats of one lease", honest),
  taken("one", "a segment of one beat", of([first])),
  taken("first-of-segment", "what it names before it is in the segment before", of([take(9, null)])),
  taken("without-keys", "without keys: consistent, and signed by nobody known", { ...honest, keys: null }),
  taken("two-runtimes", "two leases among each other, one of them with an older key too", {
    ...of([first, otherFirst, second, other(2, otherFirst), third]),
  }),
  taken("gap", "beats that another replica took, or that a crash lost", of([first, take(5, null)]), [gap(1, 5)]),
  taken("two-gaps", "two of them", of([first, take(5, null), take(9, null)]), [gap(1, 5), gap(5, 9)]),
  taken(
    "doubted",
    "it names another beat before it, and was doubted for it",
    of([first, take(2, null, { reasons: ["PREVIOUS_BEAT_DIFFERS"] })]),
  ),
  taken(
    "equivocation",
    "two different beats of one sequence, held against the runtime; the first one counts",
    of([first, second, take(2, first, { beat: { issued_at: "1" }, reasons: ["BEAT_EQUIVOCATION"] }), third]),
  ),
  taken(
    "sequences-of-64-bits",
    "sequences beyond 2^53",
    of([large, take(2, large, { beat: { sequence: String(2n ** 63n - 1n) } })]),
  ),
]

const format = refused("format", "MALFORMED", 1)
const signedLine = (signed: string) => withLine(1, lineOf({ ...second, signed }))
const said = (beat: Json) => withLine(1, lineOf(take(2, first, { beat })))
const formats: readonly Vector[] = [
  refused("format", "MALFORMED", null)("one-left-out", "fewer than the record says", {
    ...honest,
    segment: segmentOf([first, third]),
  }),
  refused("format", "MALFORMED", null)("line-end", "a line more, and it is empty", {
    ...honest,
    segment: `${honest.segment}\n`,
  }),
  format("line-not-json", "a line that is no JSON", withLine(1, "beat")),
  format(
    "line-duplicate-key",
    "two signatures in one line",
    withLine(1, lineOf(second).replace("{", '{"signature":"",')),
  ),
  format("leaf-missing", "no leaf", withLine(1, lineOf(second).replace('"leaf"', '"leaves"'))),
  format("leaf-not-json", "a leaf that is no JSON", withLine(1, lineOf({ ...second, leaf: "beat" }))),
  format(
    "leaf-duplicate-key",
    "a leaf with two sequences",
    withLine(1, lineOf({ ...second, leaf: second.leaf.replace("{", '{"sequence":"7",') })),
  ),
  format("reasons-text", "reasons that are no list", withLine(1, lineOf(take(2, first, { leaf: { reasons: "" } })))),
  format(
    "other-domain",
    "what was signed is no beat but the end of a lease",
    signedLine(second.signed.replace("beat", "end")),
  ),
  format("domain-missing", "what was signed has no domain", signedLine(second.signed.slice("writ/beat/v1\n".length))),
  format(
    "signed-duplicate-key",
    "a beat with two sequences",
    signedLine(second.signed.replace("{", '{"sequence":"7",')),
  ),
  format("sequence-number", "a sequence that is a number", said({ sequence: 2 })),
  format("sequence-leading-zero", "a sequence has one form", said({ sequence: "02" })),
  format("lease-missing", "a beat of no lease", said({ lease_id: null })),
  format("previous-not-hash", "a beat before it that is named otherwise", said({ previous_beat: "1" })),
  format(
    "signature-not-base64",
    "a signature in hexadecimal",
    withLine(1, lineOf(second).replace(/"signature":"[^"]*"/, `"signature":"${"0".repeat(127)}!"`)),
  ),
]

const wrongRoot = refused("root", "PROOF_WRONG", null)
const resigned = take(2, first, { beat: { issued_at: "1" } })
const roots: readonly Vector[] = [
  wrongRoot("reordered", "two beats exchanged", { ...honest, segment: segmentOf([second, first, third]) }),
  wrongRoot("replaced", "another beat, validly signed, in place of the second", {
    ...honest,
    segment: segmentOf([first, resigned, third]),
  }),
  wrongRoot("replayed-for-other", "the first beat in place of the second", {
    ...honest,
    segment: segmentOf([first, first, third]),
  }),
  wrongRoot("reasons-dropped", "what was held against the beat is gone", {
    ...recordOf([first, take(2, first, { reasons: ["BEAT_LATE"] })]),
    segment: segmentOf([first, second]),
  }),
  wrongRoot("root-flipped", "another root", {
    ...honest,
    root: honest.root.replace(/^./, (c) => (c === "0" ? "1" : "0")),
  }),
  wrongRoot("root-upper-case", "a root in upper case", { ...honest, root: honest.root.toUpperCase() }),
  wrongRoot("leaves-as-nodes", "a root over leaves hashed as nodes", {
    ...honest,
    root: hex(naiveRoot(three.map(({ leaf }) => sha256(`\u0001${leaf}`)))),
  }),
]

const wrongBeat = refused("beat", "LINK_WRONG", 1)
const misnamed = (leaf: Json) => of([first, take(2, first, { leaf })])
const names: readonly Vector[] = [
  wrongBeat("signed-replaced", "another beat's bytes under the leaf", {
    ...honest,
    segment: segmentOf([first, { ...resigned, leaf: second.leaf }, third]),
  }),
  wrongBeat("hash-of-other", "the leaf names another beat's hash", misnamed({ beat: hashOf(first) })),
  wrongBeat("sequence-of-other", "the leaf names another sequence", misnamed({ sequence: "3" })),
  wrongBeat("sequence-as-number", "the leaf names the sequence as a number", misnamed({ sequence: 2 })),
  wrongBeat("epoch-of-other", "the leaf names another boot epoch", misnamed({ boot_epoch: "2" })),
  wrongBeat("runtime-of-other", "the leaf names another runtime", misnamed({ runtime: nameOf(OTHER) })),
  wrongBeat("runtime-in-clear", "the leaf holds the runtime's id itself", misnamed({ runtime: RUNTIME })),
]

const wrongSignature = refused("signature", "SIGNATURE_WRONG", 1)
const bySecond = (signature: Buffer) => of([first, { ...second, signature }, third])
const signatures: readonly Vector[] = [
  wrongSignature(
    "signature-flipped",
    "one bit",
    bySecond(Buffer.from(second.signature).fill((second.signature[40] as number) ^ 1, 40, 41)),
  ),
  wrongSignature("signature-of-first", "another beat's signature", bySecond(first.signature)),
  wrongSignature("signature-cut", "63 bytes", bySecond(second.signature.subarray(1))),
  wrongSignature("signature-empty", "none", bySecond(Buffer.alloc(0))),
  wrongSignature("signed-by-stranger", "another key", bySecond(STRANGER.sign(second.signed))),
  refused("signature", "SIGNATURE_WRONG", 0)("small-order-key", "a key that anyone can sign with is none", {
    ...of([{ ...first, signature: WEAK_SIGNATURE }]),
    keys: { [RUNTIME]: [hex(WEAK_KEY)] },
  }),
  refused("signature", "UNKNOWN_KEY", 1)("runtime-unknown", "no key of the second runtime", {
    ...of([first, otherFirst]),
    keys: { [RUNTIME]: KEYS[RUNTIME] },
  }),
  refused("signature", "UNKNOWN_KEY", 0)("no-key-of-runtime", "an empty list of keys", {
    ...honest,
    keys: { [RUNTIME]: [] },
  }),
  refused("signature", "UNKNOWN_KEY", 0)("runtime-of-prototype", "a runtime named as what every object has", {
    ...of([take(1, null, { beat: { runtime_id: "constructor" } })]),
  }),
  refused("signature", "MALFORMED", null)("key-not-hex", "a key in base64", {
    ...honest,
    keys: { [RUNTIME]: [KEY.publicKey.toString("base64")] },
  }),
]

const wrongOrder = refused("order", "LINK_WRONG", 1)
const orders: readonly Vector[] = [
  wrongOrder("replayed", "the same beat twice", of([first, first, second])),
  wrongOrder("older", "an older beat after a newer one", of([second, first])),
  refused("order", "LINK_WRONG", 2)("replayed-later", "an earlier beat again", of([first, second, first])),
  wrongOrder(
    "two-of-one-sequence",
    "two different beats of one sequence, and nothing is held against them",
    of([first, take(1, null, { beat: { issued_at: "1" } })]),
  ),
  wrongOrder(
    "previous-differs",
    "it names another beat before it, and nothing is held against it",
    of([first, take(2, null)]),
  ),
  wrongOrder(
    "previous-empty",
    "a second beat that names none before it",
    of([first, take(2, null, { beat: { previous_beat: "" } })]),
  ),
  refused("order", "LINK_WRONG", 3)(
    "follows-contradiction",
    "it follows the beat that was held against the runtime, not the one that counted",
    (() => {
      const contradiction = take(2, first, { beat: { issued_at: "1" }, reasons: ["BEAT_EQUIVOCATION"] })
      return of([first, second, contradiction, take(3, contradiction)])
    })(),
  ),
]

export const beatsVectors: readonly Vector[] = [...valid, ...formats, ...roots, ...names, ...signatures, ...orders]
