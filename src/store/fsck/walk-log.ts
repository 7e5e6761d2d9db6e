import { equalBytes, toHex } from "../../formats/bytes.ts"
import { hashLeaf } from "../../formats/merkle.ts"
import type { Crypto } from "../../formats/ports.ts"
import { type FullTile, TreeTail } from "../../formats/tiles.ts"
import { readBody } from "../../ledger/lineage.ts"
import { commitPayload, PAYLOAD_SALT_BYTES } from "../../ledger/record.ts"
import { type ArchivedRange, type Entry, withEntries } from "./archives.ts"
import { type Derived, learn } from "./derived.ts"
import type { HeadCheck } from "./heads.ts"
import { type CheckedRecord, openLookupCheck } from "./lookups.ts"
import { checkArchivedSegment } from "./runtimes.ts"
import { type Finding, type FsckStore, type LogRow, PAGE } from "./types.ts"

const HASH_BYTES = 32

export interface Walk {
  readonly log: LogRow
  /** Parts of it that are in archives. */
  readonly ranges: readonly ArchivedRange[]
  /** In rising order: of the tree of these sizes the root is wanted. */
  readonly sizes: readonly number[]
  readonly heads: HeadCheck
}
export interface Walked {
  readonly size: number
  readonly root: Uint8Array
  /** By size; of those that are wanted, and within the log. */
  readonly roots: ReadonlyMap<number, Uint8Array>
}

/** Bodies, leaf hashes, payloads, tiles, root and head of one log; collects what its records say of other tables. */
export async function walkLog(
  store: FsckStore,
  walk: Walk,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
  progress: (count: number) => void,
): Promise<Walked> {
  const roots = new Map<number, Uint8Array>()
  const tree = await withEntries(store, walk.log, walk.ranges, (page) =>
    walkEntries(store, walk, page, roots, derived, crypto, find, progress),
  )
  return { size: tree.size, root: tree.root(), roots }
}

async function walkEntries(
  store: FsckStore,
  { log, sizes, heads }: Walk,
  page: (start: number, end: number) => Promise<ReadonlyMap<number, Entry>>,
  roots: Map<number, Uint8Array>,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
  progress: (count: number) => void,
): Promise<TreeTail> {
  const size = Number(log.size)
  const at = (index: number, table: string, text: string) => find({ table, text, index, log: log.origin })
  if (BigInt(log.fence ?? 0n) < 1n)
    find({ table: "log_head", text: "the fence of a log that was opened is at least 1", log: log.origin })
  const tree = TreeTail.empty(crypto.sha256)
  const lookups = await openLookupCheck(store, log, crypto.sha256, derived.unread, find)
  const read = (start: number) => page(start, Math.min(start + PAGE, size))
  const wanted = sizes.filter((one) => one >= 0 && one <= size)
  let previousTime = ""
  let ahead = read(0)
  for (let start = 0; start < size; start += PAGE) {
    const rows = await ahead
    if (start + PAGE < size) {
      ahead = read(start + PAGE) // Postgres reads while these are checked
      ahead.catch(() => {}) // told when it is awaited, if it is
    }
    const hashes: Uint8Array[] = []
    const checked: CheckedRecord[] = []
    for (let i = 0; i < Math.min(PAGE, size - start); i++) {
      const index = start + i
      const row = rows.get(index)
      if (!row) {
        at(index, "entry", "the record is missing")
        return tree
      }
      if (!isRead(row)) {
        hashes.push(row.leaf_hash)
        checked.push({ index, record: null, payload: null })
        continue
      }
      const hash = hashLeaf(crypto.sha256, row.body)
      if (!equalBytes(hash, row.leaf_hash)) at(index, "entry", "the stored leaf hash is not that of the body")
      hashes.push(hash)
      const record = readBody(row.body)
      if (record.kind === undefined) at(index, "entry", "the body is not a record")
      if (record.time !== undefined && record.time < previousTime) at(index, "entry", "time runs backwards")
      previousTime = record.time ?? previousTime
      if (typeof record.payload === "string") {
        if (row.payload === null) derived.withoutPayload.add(`${log.origin} ${index}`)
        else if (
          row.payload.length < PAYLOAD_SALT_BYTES ||
          toHex(commitPayload(crypto.sha256, row.payload)) !== record.payload
        )
          at(index, "entry", "the payload is not the one that the record commits to")
      } else if (row.payload !== null) at(index, "entry", "there is a payload that the record does not commit to")
      learn(derived, record, row, log, index, find)
      if (row.segment) checkArchivedSegment(derived, record, row.segment, crypto, find)
      checked.push({ index, record, payload: row.payload })
    }
    await lookups.check(checked)
    await heads.check(log, checked)
    const fullTiles: FullTile[] = []
    for (let from = 0; from < hashes.length; ) {
      const to = wanted[0] === undefined ? hashes.length : Math.min(hashes.length, wanted[0] - start)
      fullTiles.push(...tree.append(hashes.slice(from, to)).fullTiles)
      for (; wanted[0] === tree.size; wanted.shift()) roots.set(tree.size, tree.root())
      from = to
    }
    await checkTiles(store, log, fullTiles, find)
    progress(hashes.length)
  }
  await lookups.end()
  if (!equalBytes(tree.root(), log.root as Buffer))
    find({ table: "log_head", text: "the stored root is not that of the records", log: log.origin })
  const beyond = await store.query<{ idx: bigint }>(
    "SELECT idx FROM entry WHERE log_id = $1 AND (idx >= $2 OR idx < 0) ORDER BY idx LIMIT 1",
    [log.log_id, size],
  )
  if (beyond[0]) at(Number(beyond[0].idx), "entry", "a record lies beyond the head")
  const tiles = await store.query<{ count: bigint }>("SELECT count(*) AS count FROM tile WHERE log_id = $1", [
    log.log_id,
  ])
  let expected = 0
  for (let span = 256; span <= size; span *= 256) expected += Math.floor(size / span)
  if (Number(tiles[0]?.count) !== expected)
    find({
      table: "tile",
      text: `there are ${tiles[0]?.count} tiles, ${expected} follow from the records`,
      log: log.origin,
    })
  return tree
}

/** It stands in an archive that was not given otherwise. */
function isRead(entry: Entry): entry is Entry & { readonly body: Buffer } {
  return entry.body !== null
}

async function checkTiles(
  store: FsckStore,
  log: LogRow,
  tiles: readonly FullTile[],
  find: (finding: Finding) => void,
): Promise<void> {
  if (tiles.length === 0) return
  const lastOf = ({ level, index }: FullTile) => (index + 1) * 256 ** (level + 1) - 1
  const rows = await store.query<{ level: number; last_leaf: bigint; hashes: Buffer; root: Buffer }>(
    "SELECT level, last_leaf, hashes, root FROM tile WHERE log_id = $1 AND last_leaf = ANY ($2::bigint[])",
    [log.log_id, [...new Set(tiles.map(lastOf))]],
  )
  const stored = new Map(rows.map((row) => [`${row.level} ${row.last_leaf}`, row]))
  for (const tile of tiles) {
    const { level, index, hashes, root } = tile
    const last = lastOf(tile)
    const row = stored.get(`${level} ${last}`)
    if (!row) find({ table: "tile", text: `tile ${index} of level ${level} is missing`, index: last, log: log.origin })
    else if (!equalBytes(row.hashes, hashes) || !equalBytes(row.root, root)) {
      const differing = Math.floor(row.hashes.findIndex((byte, i) => byte !== hashes[i]) / HASH_BYTES)
      find({
        table: "tile",
        text: `tile ${index} of level ${level} is not what the records give`,
        index: differing < 0 ? last : (index * 256 + differing) * 256 ** level, // the first leaf below the first bad hash
        log: log.origin,
      })
    }
  }
}
