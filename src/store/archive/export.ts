/** The archive of a range of a log as the database holds it: the same rows are the same bytes. */
import { sha256 } from "../../crypto.ts"
import { WritError } from "../../errors.ts"
import {
  ARCHIVE_BLOCK,
  type ArchivedRecord,
  archiveDigest,
  encodeArchiveBlock,
  encodeArchiveHead,
} from "../../formats/archive.ts"
import { parseCheckpoint } from "../../formats/checkpoint.ts"
import { parseNote } from "../../formats/signed-note.ts"
import { TILE_HEIGHT } from "../../formats/tiles.ts"
import { hashOfNode, nodesBeside } from "../../formats/tree-range.ts"
import { readBody } from "../../ledger/lineage.ts"
import type { FsckStore } from "../fsck/types.ts"
import type { Partition } from "./partitions.ts"

const DIGEST_BYTES = 32

/** `store`: one snapshot. Throws INVALID_REQUEST when no checkpoint covers the range yet, or rows are missing. */
export async function* exportArchive(
  store: FsckStore,
  { logId, origin: log, first, past }: Pick<Partition, "logId" | "origin" | "first" | "past">,
): AsyncGenerator<Uint8Array> {
  const [stored] = await store.query<{ note: Buffer }>(
    "SELECT note FROM checkpoint WHERE log_id = $1 AND size >= $2 ORDER BY size LIMIT 1",
    [logId, past],
  )
  if (!stored) throw new WritError("INVALID_REQUEST", `No checkpoint of ${log} covers record ${past - 1} yet.`)
  const checkpoint = stored.note.toString("utf8")
  const size = Number(parseCheckpoint(parseNote(checkpoint).text).size)
  const { left, right } = nodesBeside(first, past, size)
  const hashes = await hashReader(store, logId, size)
  const head = encodeArchiveHead({
    log,
    first,
    past,
    checkpoint,
    left: left.map((node) => hashOfNode(sha256, node, size, hashes)),
    right: right.map((node) => hashOfNode(sha256, node, size, hashes)),
  })
  yield head
  const digests: Uint8Array[] = []
  for (let start = first; start < past; start += ARCHIVE_BLOCK) {
    const block = encodeArchiveBlock(sha256, await readBlock(store, logId, start))
    digests.push(block.subarray(-DIGEST_BYTES))
    yield block
  }
  yield archiveDigest(sha256, head, digests)
}

async function readBlock(store: FsckStore, logId: number, start: number): Promise<readonly ArchivedRecord[]> {
  const rows = await store.query<{ idx: bigint; body: Buffer; payload: Buffer | null }>(
    "SELECT idx, body, payload FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
    [logId, start, start + ARCHIVE_BLOCK],
  )
  if (rows.length !== ARCHIVE_BLOCK)
    throw new WritError(
      "INVALID_REQUEST",
      `Of records ${start} to ${start + ARCHIVE_BLOCK - 1}, only ${rows.length} are in the database.`,
    )
  const named = new Map<number, Buffer>()
  for (const [i, { body }] of rows.entries()) {
    const { kind, data } = readBody(body)
    if (kind === "beats") named.set(i, Buffer.from(String(data?.["segment_sha256"]), "hex"))
  }
  const segments = new Map<string, Buffer>()
  if (named.size > 0)
    for (const { sha256: digest, segment } of await store.query<{ sha256: Buffer; segment: Buffer }>(
      "SELECT sha256, segment FROM beat_segment WHERE sha256 = ANY ($1::bytea[])",
      [[...named.values()]],
    ))
      segments.set(digest.toString("hex"), segment)
  return rows.map(({ body, payload }, i) => {
    const digest = named.get(i)?.toString("hex")
    const segment = digest === undefined ? null : (segments.get(digest) ?? null)
    if (digest !== undefined && !segment)
      throw new WritError("INVALID_REQUEST", `The segment of beats of record ${start + i} is not in the database.`)
    return { body, payload, segment }
  })
}

/** Roots of full tiles and, behind the last of them, leaf hashes. All of a log of 2^30 records is 128 MiB of roots. */
async function hashReader(store: FsckStore, logId: number, size: number) {
  const roots = await store.query<{ last_leaf: bigint; level: number; root: Buffer }>(
    "SELECT last_leaf, level, root FROM tile WHERE log_id = $1 AND last_leaf < $2",
    [logId, size],
  )
  const known = new Map<string, Uint8Array>()
  for (const { last_leaf, level, root } of roots) {
    const span = 2 ** (TILE_HEIGHT * (level + 1))
    known.set(`${TILE_HEIGHT * (level + 1)} ${(Number(last_leaf) + 1) / span - 1}`, root)
  }
  const leaves = await store.query<{ idx: bigint; leaf_hash: Buffer }>(
    "SELECT idx, leaf_hash FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3",
    [logId, size - (size % ARCHIVE_BLOCK), size],
  )
  for (const { idx, leaf_hash } of leaves) known.set(`0 ${idx}`, leaf_hash)
  return ({ level, index }: { readonly level: number; readonly index: number }) => known.get(`${level} ${index}`)
}
