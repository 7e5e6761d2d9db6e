/** Archives put together from docs/spec/archive.md, and ways to change them. */
import { naiveCanonicalJson } from "../../test/support/naive-canonical-json.ts"
import { naiveRoot } from "../../test/support/naive-merkle.ts"
import { sha256, type VectorKey, vectorKey } from "./keys.ts"
import { commit, type Json, leafHash } from "./lineage.ts"
import { keyHash, noteBy, signatureLine, verifierKey, witnessKey } from "./notes.ts"
import type { Vector } from "./vector.ts"

const ORIGIN = "log.example/archive"
const OTHER_ORIGIN = "log.example/archive-2"
const KEY = vectorKey("log of archives")
const STRANGER = vectorKey("stranger")
const TRUST = { logs: [{ origin: ORIGIN, vkey: verifierKey(ORIGIN, KEY.publicKey) }], tokens: { keys: [] } }
const WITNESSES = { vkeys: [witnessKey("w.example/one", vectorKey("witness 1"))], quorum: 1 }

interface Stored {
  readonly body: Buffer
  readonly payload: Buffer | null
  readonly segment: Buffer | null
}

const payloadOf = (index: number) => Buffer.concat([sha256(`salt ${index}`), Buffer.from(`{"n":${index}}`)])
const segmentOf = (index: number) => Buffer.from(`beats ${index}`)
/** Of each hundred, the fourth record is of beats, the fifth has a payload, the sixth had one. */
function record(index: number): Stored {
  const place = index % 100
  const segment = place === 3 ? segmentOf(index) : null
  const body = naiveCanonicalJson({
    data: segment ? { segment_sha256: sha256(segment).toString("hex") } : {},
    kind: segment ? "beats" : "decision",
    n: index,
    payload: place === 4 || place === 5 ? commit(payloadOf(index)) : null,
  })
  return { body: Buffer.from(body), payload: place === 4 ? payloadOf(index) : null, segment }
}
const log = Array.from({ length: 900 }, (_, i) => record(i))
const leaves = log.map(({ body }) => leafHash(body))

/** Roots of the largest perfect subtrees of [start, end), from left to right. */
function cut(start: number, end: number): string[] {
  if (start === end) return []
  let width = 1
  while (start % (2 * width) === 0 && start + 2 * width <= end) width *= 2
  return [Buffer.from(naiveRoot(leaves.slice(start, start + width))).toString("base64"), ...cut(start + width, end)]
}
const rootOf = (size: number) => Buffer.from(naiveRoot(leaves.slice(0, size))).toString("base64")
const textOf = (size: number | string, root: string, origin = ORIGIN) => `${origin}\n${size}\n${root}\n`
const checkpoint = (size: number, key: VectorKey = KEY, origin = ORIGIN) =>
  noteBy(key, origin, textOf(size, rootOf(size), origin))

const headOf = (first: number, past: number, size: number): Json => ({
  v: 1,
  type: "writ-archive",
  log: ORIGIN,
  first: String(first),
  past: String(past),
  checkpoint: checkpoint(size),
  left: cut(0, first),
  right: cut(past, size),
})
const u16 = (n: number) => Buffer.of(n >> 8, n & 255)
const u32 = (n: number) => Buffer.of((n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255)
const part = (bytes: Buffer | null) => Buffer.concat([u32(bytes?.length ?? 0), bytes ?? Buffer.alloc(0)])
const block = (stored: readonly Stored[]) =>
  Buffer.concat([
    ...stored.map(({ body }) => Buffer.concat([u16(body.length), body])),
    ...stored.map(({ payload }) => part(payload)),
    ...stored.map(({ segment }) => part(segment)),
  ])
const blocksOf = (first: number, past: number) =>
  Array.from({ length: (past - first) / 256 }, (_, i) => block(log.slice(first + i * 256, first + i * 256 + 256)))
const lineOf = (head: Json) => Buffer.from(`${naiveCanonicalJson(head)}\n`)
const framed = (content: Buffer) => Buffer.concat([u32(content.length), content, sha256(content)])
/** Head, blocks, and the digest that they have. */
const archive = (line: Buffer, blocks: readonly Buffer[]) =>
  Buffer.concat([
    line,
    ...blocks.map(framed),
    sha256(Buffer.concat([sha256(line), ...blocks.map((content) => sha256(content))])),
  ])
const written = (first: number, past: number, size: number) =>
  archive(lineOf(headOf(first, past, size)), blocksOf(first, past))

const vector = (name: string, description: string, bytes: Buffer, trust: object | null, expected: Json): Vector => ({
  name,
  description,
  input: { archive_base64: bytes.toString("base64"), trust },
  expected,
})
const taken = (name: string, description: string, bytes: Buffer, erased: number, trust: object | null = TRUST) =>
  vector(name, description, bytes, trust, {
    valid: true,
    anchored: trust !== null,
    erased,
    digest: bytes.subarray(-32).toString("hex"),
  })
const refused =
  (step: string, code: string, index: string | null = null) =>
  (name: string, description: string, bytes: Buffer, trust: object | null = TRUST) =>
    vector(name, description, bytes, trust, { valid: false, failed_step: step, failed_index: index, code })

const FIRST = 256
const PAST = 512
const SIZE = 700
const head = headOf(FIRST, PAST, SIZE)
const honest = written(FIRST, PAST, SIZE)
const [content] = blocksOf(FIRST, PAST) as [Buffer]
const lineLength = lineOf(head).length
/** The same head, a block with these records in place of its own. */
const withRecords = (change: (stored: Stored[]) => Stored[]) =>
  archive(lineOf(head), [block(change(log.slice(FIRST, PAST)))])
const withRecord = (index: number, change: Partial<Stored>) =>
  withRecords((stored) => stored.with(index - FIRST, { ...(stored[index - FIRST] as Stored), ...change }))
const withHead = (change: Json) => archive(lineOf({ ...head, ...change }), [content])
/** What fails before a block is read needs none. */
const headAlone = (change: Json) => lineOf({ ...head, ...change })
const flip = (bytes: Buffer, at: number) => {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] as number) ^ 1
  return changed
}

const valid: readonly Vector[] = [
  taken("whole-log", "all records of the log", written(0, 256, 256), 3),
  taken("first-records", "the first records of a log that went on", written(0, 256, 257), 3),
  taken("middle-records", "records with others before and after them", honest, 3),
  taken("two-blocks", "two blocks, at a checkpoint of another size", written(256, 768, 900), 5),
  taken("not-anchored", "no keys were given", honest, 3, null),
  taken("payload-taken-away", "a payload that was taken away reads erased", withRecord(304, { payload: null }), 4),
]

const badHead = refused("format", "MALFORMED")
const heads: readonly Vector[] = [
  badHead("empty", "no byte", Buffer.alloc(0)),
  badHead("head-cut-off", "the file ends in its head", honest.subarray(0, 100)),
  badHead("head-of-other-version", "version 2", headAlone({ v: 2 })),
  badHead("head-of-other-type", "another file", headAlone({ type: "writ-evidence" })),
  badHead("head-with-more", "a member that no head has", headAlone({ more: 1 })),
  badHead("head-not-canonical", "a space in the head", Buffer.from(`${naiveCanonicalJson(head).replace(":", ": ")}\n`)),
  badHead(
    "head-without-log",
    "no log is named",
    Buffer.from(`${naiveCanonicalJson(head).replace('"log"', '"lag"')}\n`),
  ),
  badHead("head-no-object", "a list", Buffer.from("[]\n")),
  badHead("first-inside-a-block", "it begins at no multiple of 256", headAlone({ first: "255" })),
  badHead("past-inside-a-block", "it ends at no multiple of 256", headAlone({ past: "513" })),
  badHead("no-records", "it ends where it begins", headAlone({ past: "256" })),
  badHead("ends-before-it-begins", "it ends before it begins", headAlone({ first: "512", past: "256" })),
  badHead("first-a-number", "a number where a text must be", headAlone({ first: 256 })),
  badHead("first-with-a-zero", "a zero before the number", headAlone({ first: "0256" })),
  badHead("past-too-large", "a number that no double holds", headAlone({ past: "9007199254740992" })),
  badHead("short-hash", "a hash of 31 bytes", headAlone({ left: [Buffer.alloc(31).toString("base64")] })),
  badHead("no-hashes", "no list of hashes", headAlone({ right: null })),
  badHead(
    "65-hashes",
    "more hashes than a tree has levels",
    headAlone({ left: Array(65).fill(Buffer.alloc(32).toString("base64")) }),
  ),
]

const unproved = refused("checkpoint", "PROOF_WRONG")
const checkpoints: readonly Vector[] = [
  refused("checkpoint", "MALFORMED")("checkpoint-none", "no checkpoint", headAlone({ checkpoint: "x" })),
  refused("checkpoint", "MALFORMED")(
    "checkpoint-does-not-reach",
    "a checkpoint of fewer records",
    headAlone({ checkpoint: checkpoint(511) }),
  ),
  refused("checkpoint", "MALFORMED")(
    "checkpoint-too-large",
    "a size that no double holds",
    headAlone({ checkpoint: noteBy(KEY, ORIGIN, textOf("9007199254740992", rootOf(SIZE))) }),
  ),
  refused("checkpoint", "WRONG_ORIGIN")(
    "checkpoint-of-other-log",
    "the checkpoint of another log",
    headAlone({ checkpoint: checkpoint(SIZE, KEY, OTHER_ORIGIN) }),
  ),
  refused("checkpoint", "WRONG_ORIGIN")(
    "of-other-log",
    "the records of this log, said to be another's",
    headAlone({ log: OTHER_ORIGIN }),
  ),
  refused("checkpoint", "UNKNOWN_KEY")(
    "other-log",
    "an archive of a log that the trust file does not name",
    headAlone({ log: OTHER_ORIGIN, checkpoint: checkpoint(SIZE, KEY, OTHER_ORIGIN) }),
  ),
  refused("checkpoint", "UNKNOWN_KEY")(
    "signed-by-stranger",
    "signed again by a key of the same name",
    headAlone({ checkpoint: checkpoint(SIZE, STRANGER) }),
  ),
  refused("checkpoint", "SIGNATURE_WRONG")(
    "signature-forged",
    "signed by a stranger, under the name and hash of the trusted key",
    headAlone({
      checkpoint: `${textOf(SIZE, rootOf(SIZE))}\n${signatureLine(
        ORIGIN,
        keyHash(ORIGIN, KEY.publicKey),
        STRANGER.sign(textOf(SIZE, rootOf(SIZE))),
      )}`,
    }),
  ),
  refused("checkpoint", "COSIGNATURES_LACKING")(
    "not-cosigned",
    "no witness vouches for it, and one has to",
    lineOf(head),
    { ...TRUST, witnesses: WITNESSES },
  ),
  unproved("hash-too-few-before", "a hash too few before the records", headAlone({ left: [] })),
  unproved("hash-too-few-behind", "a hash too few behind the records", headAlone({ right: cut(PAST, SIZE).slice(1) })),
  unproved(
    "hash-too-many-behind",
    "a hash too many behind the records",
    headAlone({ right: [...cut(PAST, SIZE), ...cut(0, 256)] }),
  ),
  unproved(
    "larger-checkpoint",
    "a checkpoint of more records, the hashes of fewer",
    headAlone({ checkpoint: checkpoint(900) }),
  ),
]

const badBlock = refused("format", "MALFORMED", "256")
const blocks: readonly Vector[] = [
  badBlock("no-block", "the file ends behind its head", honest.subarray(0, lineLength)),
  badBlock("block-length-cut-off", "the file ends in a block's length", honest.subarray(0, lineLength + 3)),
  badBlock("block-cut-off", "the file ends in a block", honest.subarray(0, lineLength + 4 + 200)),
  badBlock(
    "block-digest-cut-off",
    "the file ends in a block's digest",
    honest.subarray(0, lineLength + 4 + content.length + 31),
  ),
  badBlock(
    "block-too-large",
    "a block of 256 MiB and a byte",
    Buffer.concat([lineOf(head), u32(256 * 1024 * 1024 + 1)]),
  ),
  badBlock("body-altered", "a byte of a record was changed", flip(honest, lineLength + 4 + 2 + 5)),
  badBlock(
    "record-missing",
    "255 records",
    withRecords((stored) => stored.slice(1)),
  ),
  badBlock(
    "record-more",
    "257 records",
    withRecords((stored) => [...stored, stored[0] as Stored]),
  ),
  badBlock(
    "block-with-more",
    "a byte behind the segments",
    archive(lineOf(head), [Buffer.concat([content, Buffer.of(0)])]),
  ),
  badBlock(
    "segment-past-the-end",
    "the last segment reaches past the block",
    archive(lineOf(head), [Buffer.concat([content.subarray(0, -4), u32(1)])]),
  ),
  refused("format", "MALFORMED", "512")(
    "block-missing",
    "the second of two blocks is missing",
    archive(lineOf(headOf(256, 768, 900)), blocksOf(256, 512)),
  ),
]

const unfit = (index: string) => refused("payload", "PAYLOAD_DIFFERS", index)
const payloads: readonly Vector[] = [
  unfit("304")("other-payload", "another payload", withRecord(304, { payload: payloadOf(404) })),
  unfit("304")("payload-without-salt", "a payload without its salt", withRecord(304, { payload: Buffer.alloc(31) })),
  unfit("300")("payload-added", "a payload that no record commits to", withRecord(300, { payload: payloadOf(300) })),
  unfit("303")("other-segment", "the beats of another record", withRecord(303, { segment: segmentOf(403) })),
  unfit("303")("segment-missing", "the beats are missing", withRecord(303, { segment: null })),
  unfit("300")("segment-added", "beats that no record names", withRecord(300, { segment: segmentOf(300) })),
  unfit("300")(
    "segment-of-no-beats",
    "a decision that names a segment",
    withRecord(300, {
      body: Buffer.from(`{"data":{"segment_sha256":"${sha256(segmentOf(300)).toString("hex")}"},"kind":"decision"}`),
      segment: segmentOf(300),
    }),
  ),
  unfit("300")(
    "commitment-of-no-json",
    "what is no strict JSON commits to nothing",
    withRecord(300, {
      body: Buffer.from(`{"payload":"${commit(payloadOf(300))}","payload":"${commit(payloadOf(300))}"}`),
      payload: payloadOf(300),
    }),
  ),
]

const unrooted = refused("tree", "PROOF_WRONG")
const trees: readonly Vector[] = [
  unrooted(
    "body-altered-whole",
    "another record, in a block with its digest",
    withRecord(300, { body: Buffer.from('{"n":1}') }),
  ),
  unrooted("body-no-json", "a record that is no JSON", withRecord(300, { body: Buffer.from("no JSON") })),
  unrooted("body-empty", "a record of no bytes", withRecord(300, { body: Buffer.alloc(0) })),
  unrooted(
    "records-swapped",
    "two records in each other's place",
    withRecords((stored) => stored.with(10, stored[11] as Stored).with(11, stored[10] as Stored)),
  ),
  unrooted(
    "record-twice",
    "a record in place of another",
    withRecords((stored) => stored.with(10, stored[11] as Stored)),
  ),
  unrooted("blocks-swapped", "records of another range", archive(lineOf(head), blocksOf(512, 768))),
  unrooted(
    "wrong-root",
    "the log's signature over another root",
    withHead({ checkpoint: noteBy(KEY, ORIGIN, textOf(SIZE, rootOf(SIZE - 1))) }),
  ),
  unrooted("other-hash-before", "another hash before the records", withHead({ left: cut(256, 512) })),
  unrooted(
    "hashes-swapped-behind",
    "the hashes behind the records in another order",
    withHead({ right: cut(PAST, SIZE).reverse() }),
  ),
]

const undone = refused("digest", "MALFORMED")
const digests: readonly Vector[] = [
  undone("digest-missing", "the file ends before its digest", honest.subarray(0, -32)),
  undone("digest-cut-off", "the file ends in its digest", honest.subarray(0, -1)),
  undone("digest-altered", "another digest", flip(honest, honest.length - 1)),
  undone("digest-and-more", "a byte behind the digest", Buffer.concat([honest, Buffer.of(0x0a)])),
  undone(
    "digest-of-what-was-written",
    "a payload was taken away, and the digest is that of before",
    Buffer.concat([withRecord(304, { payload: null }).subarray(0, -32), honest.subarray(-32)]),
  ),
]

export const archiveVectors: readonly Vector[] = [
  ...valid,
  ...heads,
  ...checkpoints,
  ...blocks,
  ...payloads,
  ...trees,
  ...digests,
]
