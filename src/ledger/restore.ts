/** What a daemon reads of its log before it writes to it: the tree's right edge, and whether it extends what was signed. */
import { WritError } from "../errors.ts"
import { equalBytes } from "../formats/bytes.ts"
import { hashLeaf } from "../formats/merkle.ts"
import type { Crypto, Sha256 } from "../formats/ports.ts"
import { TILE_WIDTH, TreeTail } from "../formats/tiles.ts"
import { assertExtends, type SignedState } from "./checkpointer.ts"
import { readBody, type StoredRecord } from "./lineage.ts"
import { buildConsistencyProof, rootAt, type TileReader } from "./proofs.ts"
import type { Head } from "./store.ts"

const ALTERED =
  "The log in the database does not lead to its own root: it was altered. Run `writ ledger fsck`, and restore the database from a backup that is not older than what was signed."

interface RecordStore {
  tiles(logId: number): TileReader
  record(logId: number, index: number): Promise<StoredRecord | null>
}

/** The right edge: leaves and roots of the tiles that are not full. Throws LEDGER_FROZEN when they do not give the stored root. */
export async function restoreTree(store: Pick<RecordStore, "tiles">, head: Head, sha256: Sha256): Promise<TreeTail> {
  const tiles = store.tiles(head.logId)
  const partial: Uint8Array[][] = []
  for (let level = 0; head.size >= TILE_WIDTH ** level; level++) {
    const count = Math.floor(head.size / TILE_WIDTH ** level)
    const width = count % TILE_WIDTH
    partial.push(width === 0 ? [] : [...(await tiles.hashes(level, count - width, width))])
  }
  try {
    const tree = TreeTail.restore(sha256, head.size, partial)
    if (equalBytes(tree.root(), head.root)) return tree
  } catch {
    // hashes are missing: the same as wrong ones
  }
  throw new WritError("LEDGER_FROZEN", ALTERED)
}

/**
 * What another daemon's log holds is what its head says: up to what was signed by the root that was signed, and from there on
 * each leaf hashed from its body again. Throws LEDGER_FROZEN.
 */
export async function assertWhole(
  store: Pick<RecordStore, "tiles"> & {
    records(logId: number, start: number, limit: number): Promise<readonly StoredRecord[]>
  },
  head: Head,
  signed: SignedState,
  sha256: Sha256,
): Promise<void> {
  const tree = await restoreTree(store, { ...head, ...signed }, sha256)
  while (tree.size < head.size) {
    const records = await store.records(head.logId, tree.size, Math.min(TILE_WIDTH, head.size - tree.size))
    if (records.length === 0) break // one is missing: the same as a wrong one
    tree.append(records.map(({ body }) => hashLeaf(sha256, body)))
  }
  if (!equalBytes(tree.root(), head.root)) throw new WritError("LEDGER_FROZEN", ALTERED)
}

/** What was signed before must be a prefix of what the database holds. Throws LEDGER_FROZEN. */
export async function assertSignedPrefix(
  store: Pick<RecordStore, "tiles">,
  head: Head,
  last: SignedState | null,
  crypto: Crypto,
): Promise<void> {
  const tiles = store.tiles(head.logId)
  const proof =
    last && last.size > 0 && last.size < head.size
      ? await buildConsistencyProof(tiles, crypto.sha256, last.size, head.size)
      : []
  assertExtends(
    last,
    { size: head.size, root: head.size === 0 ? head.root : await rootAt(tiles, crypto.sha256, head.size) },
    proof,
    crypto,
  )
}

/** Unix milliseconds of the newest record, 0 when there is none: wall time within a log never runs backwards. */
export async function newestRecordMs(store: Pick<RecordStore, "record">, head: Head): Promise<number> {
  const record = head.size > 0 ? await store.record(head.logId, head.size - 1) : null
  return record ? Date.parse(readBody(record.body).time ?? "") || 0 : 0
}
