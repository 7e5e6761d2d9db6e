/** An archive of a range of a log, read once from beginning to end: five steps; the first that fails is named. */
import {
  ARCHIVE_BLOCK,
  type ArchivedRecord,
  type ArchiveHead,
  archiveDigest,
  type ByteSource,
  readArchiveBlock,
  readArchiveHead,
} from "../formats/archive.ts"
import { equalBytes, fromUtf8, toHex } from "../formats/bytes.ts"
import { type Checkpoint, parseCheckpoint } from "../formats/checkpoint.ts"
import { hashLeaf, inclusionNodes, rootOfHashes, type TreeNode } from "../formats/merkle.ts"
import type { Crypto } from "../formats/ports.ts"
import { parseNote } from "../formats/signed-note.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import { TILE_HEIGHT } from "../formats/tiles.ts"
import { hashOfNode, nodesBeside, topNode } from "../formats/tree-range.ts"
import { commitPayload, PAYLOAD_SALT_BYTES, type RecordBody } from "../ledger/record.ts"
import { Fault, LIMITS } from "./case.ts"
import { verifyCheckpoint } from "./checkpoint.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { asObject } from "./shape.ts"
import { REASONS, type ReasonCode, type Trust, type Verdict } from "./types.ts"

/** In the order in which they are made. */
export const ARCHIVE_STEPS = [
  "format", // head and blocks are of the form that they must have, each block has its digest
  "checkpoint", // the checkpoint covers the records; with trust: it verifies under the key for that origin
  "payload", // payloads and segments of beats are those that the records commit to
  "tree", // with the hashes beside them the records lead to the checkpoint's root
  "digest", // the file ends with its digest, and nothing follows
] as const
export type ArchiveStep = (typeof ARCHIVE_STEPS)[number]

export interface ArchiveReport extends Verdict {
  /** True when a key from `trust` verified the checkpoint. */
  readonly anchored: boolean
  /** What the archive is called by, hex; empty when not valid. */
  readonly digest: string
  readonly failedStep?: ArchiveStep
  /** Log index of the record to blame, or of the first one of the block. */
  readonly failedIndex?: number
  /** As far as it could be read. */
  readonly head?: ArchiveHead
  /** Records that commit to a payload which is not there. */
  readonly erased: number
  /** Inclusion proof in the head's checkpoint of a record whose block was kept, leaf to root. */
  proofOf(index: number): Uint8Array[]
}

export interface ReadRecord extends ArchivedRecord {
  readonly index: number
  readonly leafHash: Uint8Array
}

export interface ArchiveReader {
  readonly trust?: Trust | undefined
  readonly crypto?: Crypto
  /** The records of a block, before the tree was seen. True where proofs of them are wanted. */
  onBlock?(records: readonly ReadRecord[]): Promise<boolean> | boolean
}

/** What a callback threw is not about the archive. */
class Theirs extends Error {}

/** Rejects only where the source or `onBlock` does. */
export async function verifyArchive(source: ByteSource, options: ArchiveReader = {}): Promise<ArchiveReport> {
  const { crypto = portableCrypto } = options
  const reading: Reading = { step: "format", index: null, head: null, size: 0, erased: 0, roots: [], leaves: new Map() }
  const common = () => ({
    erased: reading.erased,
    ...(reading.head && { head: reading.head }),
    proofOf: (index: number) =>
      inclusionNodes(index, reading.size).map((node) =>
        hashOfNode(crypto.sha256, node, reading.size, knownTo(reading)),
      ),
  })
  try {
    const { anchored, digest } = await readAll(source, options, crypto, reading)
    return { valid: true, reason: "", anchored, digest, ...common() }
  } catch (error) {
    const { code, message, cause } = error as { code?: string; message: string; cause?: unknown }
    if (error instanceof Theirs) throw cause
    if (!(error instanceof Fault) && code !== "INVALID_REQUEST") throw error
    const reason = REASONS.includes(code as ReasonCode) ? code : "MALFORMED"
    const failedIndex = error instanceof Fault && error.index !== null ? Number(error.index) : reading.index
    return {
      valid: false,
      reason: `${reason}: ${message}`,
      anchored: false,
      digest: "",
      failedStep: reading.step,
      ...(failedIndex !== null && { failedIndex }),
      ...common(),
    }
  }
}

interface Reading {
  step: ArchiveStep
  /** First record of the block that is read. */
  index: number | null
  head: ArchiveHead | null
  /** Of the checkpoint. */
  size: number
  erased: number
  /** Of the tiles, one for each block. */
  readonly roots: Uint8Array[]
  /** Leaf hashes of the blocks that were kept, by block. */
  readonly leaves: Map<number, readonly Uint8Array[]>
}

async function readAll(
  source: ByteSource,
  { trust, onBlock }: ArchiveReader,
  crypto: Crypto,
  reading: Reading,
): Promise<{ readonly anchored: boolean; readonly digest: string }> {
  const { head, line } = await readArchiveHead(source)
  reading.head = head
  reading.step = "checkpoint"
  const { size, root } = checkCheckpoint(head, trust, crypto)
  reading.size = Number(size)
  const digests: Uint8Array[] = []
  for (let index = head.first; index < head.past; index += ARCHIVE_BLOCK) {
    reading.step = "format"
    reading.index = index
    const { records, digest } = await readArchiveBlock(source, crypto.sha256)
    digests.push(digest)
    reading.step = "payload"
    const read = records.map((record, i) => readRecord(record, index + i, crypto, reading))
    const hashes = read.map(({ leafHash }) => leafHash)
    reading.roots.push(rootOfHashes(crypto.sha256, hashes))
    if (await isKept(read, onBlock)) reading.leaves.set(index / ARCHIVE_BLOCK, hashes)
  }
  reading.index = null
  reading.step = "tree"
  if (!equalBytes(hashOfNode(crypto.sha256, topNode(reading.size), reading.size, knownTo(reading)), root))
    throw new Fault("PROOF_WRONG", "the records do not lead to the checkpoint's root")
  reading.step = "digest"
  const digest = archiveDigest(crypto.sha256, line, digests)
  if (!equalBytes(await source.take(digest.length + 1), digest))
    throw new Fault("MALFORMED", "the archive does not end with its digest")
  return { anchored: trust !== undefined, digest: toHex(digest) }
}

async function isKept(records: readonly ReadRecord[], onBlock: ArchiveReader["onBlock"]): Promise<boolean> {
  try {
    return (await onBlock?.(records)) === true
  } catch (cause) {
    throw new Theirs("", { cause })
  }
}

function checkCheckpoint(head: ArchiveHead, trust: Trust | undefined, crypto: Crypto): Checkpoint {
  const checkpoint = parseCheckpoint(parseNote(head.checkpoint).text)
  if (checkpoint.origin !== head.log) throw new Fault("WRONG_ORIGIN", "the checkpoint is of another log")
  if (checkpoint.size < BigInt(head.past) || checkpoint.size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Fault("MALFORMED", "the checkpoint does not cover the records")
  const beside = nodesBeside(head.first, head.past, Number(checkpoint.size))
  if (head.left.length !== beside.left.length || head.right.length !== beside.right.length)
    throw new Fault("PROOF_WRONG", "there are too many or too few hashes beside the records")
  if (!trust) return checkpoint
  const key = trust.logs.find(({ origin }) => origin === head.log)
  if (!key) throw new Fault("UNKNOWN_KEY", `no trusted key is named for the log ${head.log}`)
  const { valid, reason } = verifyCheckpoint({ witnesses: trust.witnesses, ...key, note: head.checkpoint }, crypto)
  if (valid) return checkpoint
  const [code = "", ...text] = reason.split(": ")
  throw new Fault(code as ReasonCode, text.join(": "))
}

function readRecord(record: ArchivedRecord, index: number, { sha256 }: Crypto, reading: Reading): ReadRecord {
  const { body, payload, segment } = record
  const says = readRecordBody(body)
  const fault = (text: string) => new Fault("PAYLOAD_DIFFERS", text, BigInt(index))
  const commits = typeof says.payload === "string" ? says.payload : null
  if (payload) {
    if (payload.length < PAYLOAD_SALT_BYTES || toHex(commitPayload(sha256, payload)) !== commits)
      throw fault("the payload is not the one that the record commits to")
  } else if (commits !== null) reading.erased++
  const named = says.kind === "beats" ? says.data?.["segment_sha256"] : undefined
  if ((segment ? toHex(sha256(segment)) : undefined) !== named)
    throw fault("the segment of beats is not the one that the record names")
  return { ...record, index, leafHash: hashLeaf(sha256, body) }
}

/** As far as it can be read: that it is a record at all is for the verifier of evidence. */
function readRecordBody(body: Uint8Array): Partial<RecordBody> {
  try {
    return asObject(parseStrictJson(fromUtf8(body), LIMITS)) as Partial<RecordBody>
  } catch {
    return {}
  }
}

function knownTo({ head, size, roots, leaves }: Reading): (node: TreeNode) => Uint8Array | undefined {
  const { first, past, left, right } = head as ArchiveHead
  const beside = nodesBeside(first, past, size)
  const known = new Map<string, Uint8Array>()
  const put = (nodes: readonly TreeNode[], hashes: readonly Uint8Array[]) =>
    nodes.forEach(({ level, index }, i) => void known.set(`${level} ${index}`, hashes[i] as Uint8Array))
  put(beside.left, left)
  put(beside.right, right)
  return ({ level, index }) => {
    if (level === TILE_HEIGHT && index >= first / ARCHIVE_BLOCK && index < past / ARCHIVE_BLOCK)
      return roots[index - first / ARCHIVE_BLOCK]
    if (level === 0 && index >= first && index < past)
      return leaves.get(Math.floor(index / ARCHIVE_BLOCK))?.[index % ARCHIVE_BLOCK]
    return known.get(`${level} ${index}`)
  }
}
