/** The archive of a range of a log (docs/spec/archive.md): a line that says what it holds, blocks of 256 records, a digest. */
import { WritError } from "../errors.ts"
import { concatBytes, equalBytes, fromBase64, fromUtf8, toBase64, utf8 } from "./bytes.ts"
import { encodeCanonicalJson } from "./canonical-json.ts"
import { decodeEntryBundle, encodeEntryBundle } from "./entry-bundle.ts"
import { isHash } from "./merkle.ts"
import type { JsonObject, Sha256 } from "./ports.ts"
import { parseStrictJson } from "./strict-json.ts"
import { TILE_WIDTH } from "./tiles.ts"

/** Records of a block: those of one tile. */
export const ARCHIVE_BLOCK = TILE_WIDTH
const MAX_HEAD_BYTES = 1024 * 1024
const MAX_BLOCK_BYTES = 256 * 1024 * 1024
const MAX_HASHES = 64
const LENGTH_BYTES = 4
const NEWLINE = 0x0a

export interface ArchiveHead {
  /** Origin. */
  readonly log: string
  /** Leaves [first, past), both multiples of 256. */
  readonly first: number
  readonly past: number
  /** C2SP signed note of a size that covers them. */
  readonly checkpoint: string
  /** Roots of the largest perfect subtrees before and after, left to right (`nodesBeside`). */
  readonly left: readonly Uint8Array[]
  readonly right: readonly Uint8Array[]
}

export interface ArchivedRecord {
  readonly body: Uint8Array
  /** salt ‖ bytes; null where it was erased, or never was. */
  readonly payload: Uint8Array | null
  /** The compressed beats behind a record of kind `beats`; null for every other. */
  readonly segment: Uint8Array | null
}

/** Bytes in the order in which they stand. */
export interface ByteSource {
  /** The next `length` bytes, fewer where the end comes first. */
  take(length: number): Promise<Uint8Array>
}

export function encodeArchiveHead({ log, first, past, checkpoint, left, right }: ArchiveHead): Uint8Array {
  const head = {
    v: 1,
    type: "writ-archive",
    log,
    first: String(first),
    past: String(past),
    checkpoint,
    left: left.map(toBase64),
    right: right.map(toBase64),
  }
  return utf8(`${encodeCanonicalJson(head)}\n`)
}

/** Its length, the records, their digest. */
export function encodeArchiveBlock(sha256: Sha256, records: readonly ArchivedRecord[]): Uint8Array {
  const parts = (list: readonly (Uint8Array | null)[]) =>
    list.flatMap((part) => [bigEndian(part?.length ?? 0), part ?? new Uint8Array()])
  const block = concatBytes(
    encodeEntryBundle(records.map(({ body }) => body)),
    ...parts(records.map(({ payload }) => payload)),
    ...parts(records.map(({ segment }) => segment)),
  )
  return concatBytes(bigEndian(block.length), block, sha256(block))
}

/** What the archive ends with, and is called by: over the head and the digests of the blocks. */
export function archiveDigest(sha256: Sha256, head: Uint8Array, blocks: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(sha256(head), ...blocks))
}

/** The line as it stands, and what it says. Throws INVALID_REQUEST. */
export async function readArchiveHead(
  source: ByteSource,
): Promise<{ readonly head: ArchiveHead; readonly line: Uint8Array }> {
  const bytes: number[] = []
  do {
    const [byte] = await source.take(1)
    if (byte === undefined || bytes.length === MAX_HEAD_BYTES) throw malformed("does not begin with its head")
    bytes.push(byte)
  } while (bytes.at(-1) !== NEWLINE)
  const line = Uint8Array.from(bytes)
  const head = parseHead(fromUtf8(line.subarray(0, -1)))
  if (!equalBytes(encodeArchiveHead(head), line)) throw malformed("has a head of another form")
  return { head, line }
}

function parseHead(text: string): ArchiveHead {
  const root = parseStrictJson(text, { maxDepth: 4, maxNodes: 1_000 })
  const { v, type, log, first, past, checkpoint, left, right } = (root ?? {}) as JsonObject
  if (v !== 1 || type !== "writ-archive" || typeof log !== "string" || typeof checkpoint !== "string")
    throw malformed("is not one of this version")
  const range = { first: toPosition(first), past: toPosition(past) }
  if (range.first >= range.past) throw malformed("holds no records")
  return { log, ...range, checkpoint, left: toHashes(left), right: toHashes(right) }
}

function toPosition(value: unknown): number {
  const position = typeof value === "string" && /^(0|[1-9][0-9]{0,15})$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(position) || position % ARCHIVE_BLOCK !== 0)
    throw malformed(`begins or ends at no multiple of ${ARCHIVE_BLOCK}`)
  return position
}

function toHashes(value: unknown): readonly Uint8Array[] {
  const hashes = (Array.isArray(value) ? value : []).map((hash) => (typeof hash === "string" ? fromBase64(hash) : null))
  if (!Array.isArray(value) || hashes.length > MAX_HASHES || !hashes.every(isHash))
    throw malformed("names hashes that are none")
  return hashes
}

/** The records of the next block, and its digest. Throws INVALID_REQUEST. */
export async function readArchiveBlock(
  source: ByteSource,
  sha256: Sha256,
): Promise<{ readonly records: readonly ArchivedRecord[]; readonly digest: Uint8Array }> {
  const prefix = await source.take(LENGTH_BYTES)
  const length = prefix.length === LENGTH_BYTES ? readLength(prefix, 0) : Number.NaN
  if (!(length <= MAX_BLOCK_BYTES)) throw malformed("is cut off, or has a block that is too large")
  const block = await source.take(length)
  const digest = await source.take(sha256(new Uint8Array()).length)
  if (block.length !== length || !equalBytes(sha256(block), digest)) throw malformed("has a block that is damaged")
  return { records: decodeBlock(block), digest }
}

function decodeBlock(block: Uint8Array): ArchivedRecord[] {
  const bundleEnd = endOfBundle(block)
  const bodies = decodeEntryBundle(block.subarray(0, bundleEnd), ARCHIVE_BLOCK)
  const payloads = takeParts(block, bundleEnd)
  const segments = takeParts(block, payloads.end)
  if (segments.end !== block.length) throw malformed("has a block of another form")
  return bodies.map((body, i) => ({
    body,
    payload: payloads.parts[i] as Uint8Array | null,
    segment: segments.parts[i] as Uint8Array | null,
  }))
}

function endOfBundle(block: Uint8Array): number {
  let at = 0
  for (let i = 0; i < ARCHIVE_BLOCK; i++) at += 2 + (((block[at] ?? 0) << 8) | (block[at + 1] ?? 0))
  return at
}

function takeParts(
  block: Uint8Array,
  start: number,
): { readonly parts: readonly (Uint8Array | null)[]; readonly end: number } {
  const parts: (Uint8Array | null)[] = []
  let at = start
  for (let i = 0; i < ARCHIVE_BLOCK; i++) {
    const end = at + LENGTH_BYTES + (at + LENGTH_BYTES <= block.length ? readLength(block, at) : block.length)
    if (end > block.length) throw malformed("has a block of another form")
    parts.push(end === at + LENGTH_BYTES ? null : block.subarray(at + LENGTH_BYTES, end))
    at = end
  }
  return { parts, end: at }
}

function readLength(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
}

function bigEndian(length: number): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

function malformed(what: string): WritError {
  return new WritError("INVALID_REQUEST", `The archive ${what}.`)
}
