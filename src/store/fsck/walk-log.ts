import { asBuffer } from "../../crypto.ts"
import { equalBytes } from "../../formats/bytes.ts"
import type { Crypto } from "../../formats/ports.ts"
import { type FullTile, TILE_WIDTH, TreeTail } from "../../formats/tiles.ts"
import { readBody } from "../../ledger/lineage.ts"
import { type ArchivedRange, type Entry, withEntries } from "./archives.ts"
import { type Derived, learn } from "./derived.ts"
import type { HeadCheck } from "./heads.ts"
import { checkBeyond, createNames, readMarks } from "./lookups.ts"
import { openPart, type Part, type PartResult } from "./part.ts"
import type { CheckPart } from "./part-threads.ts"
import { checkArchivedSegment } from "./runtimes.ts"
import { checkTiles } from "./tiles.ts"
import { type Finding, type FsckStore, type LogRow, PART_RECORDS } from "./types.ts"

const HASH_BYTES = 32
/** Parts that are checked or wait to be taken in, in order. */
const AHEAD = 4

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

type Page = (start: number, end: number) => Promise<ReadonlyMap<number, Entry>>

/**
 * Bodies, leaf hashes, payloads, tiles, root and head of one log, part after part; collects what its records say of other
 * tables. `check`: of a part that is all in the database.
 */
export async function walkLog(
  store: FsckStore,
  walk: Walk,
  check: CheckPart,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
  progress: (count: number) => void,
): Promise<Walked> {
  const { log } = walk
  const says = (table: string, text: string) => find({ table, text, log: log.origin })
  if (BigInt(log.fence ?? 0n) < 1n) says("log_head", "the fence of a log that was opened is at least 1")
  const walked = await withEntries(store, log, walk.ranges, (page) =>
    walkParts(store, walk, check, page, derived, crypto, find, progress),
  )
  const size = Number(log.size)
  if (walked.size < size) return walked // a record is missing
  await checkBeyond(store, log, find)
  if (!equalBytes(walked.root, log.root as Buffer)) says("log_head", "the stored root is not that of the records")
  const beyond = await store.query<{ idx: bigint }>(
    "SELECT idx FROM entry WHERE log_id = $1 AND (idx >= $2 OR idx < 0) ORDER BY idx LIMIT 1",
    [log.log_id, size],
  )
  if (beyond[0])
    find({ table: "entry", text: "a record lies beyond the head", index: Number(beyond[0].idx), log: log.origin })
  const tiles = await store.query<{ count: bigint }>("SELECT count(*) AS count FROM tile WHERE log_id = $1", [
    log.log_id,
  ])
  let expected = 0
  for (let span = TILE_WIDTH; span <= size; span *= TILE_WIDTH) expected += Math.floor(size / span)
  if (Number(tiles[0]?.count) !== expected)
    says("tile", `there are ${tiles[0]?.count} tiles, ${expected} follow from the records`)
  return walked
}

async function walkParts(
  store: FsckStore,
  { log, ranges, sizes, heads }: Walk,
  check: CheckPart,
  page: Page,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
  progress: (count: number) => void,
): Promise<Walked> {
  const size = Number(log.size)
  const marks = await readMarks(store, log, find)
  const nameOf = await createNames(store, crypto.sha256)
  const wanted = [...new Set([...sizes.filter((one) => one >= 0 && one < size), size])]
  const { log_id, origin } = log

  /** Archives are read from their beginning to their end: their parts are checked here, one after the other. */
  let archived: Promise<unknown> = Promise.resolve()
  const checkArchived = async (part: Part): Promise<PartResult> => {
    const before = archived
    const result = before.then(async () => {
      const opened = openPart(store, part, nameOf, crypto.sha256)
      const entries = await page(part.start, part.end)
      for (let index = part.start; index < part.end; index++) {
        const entry = entries.get(index)
        if (!entry) break
        opened.take(index, entry.leaf_hash, entry.body, entry.payload)
        if (entry.segment) segments.set(index, entry.segment)
      }
      return await opened.end()
    })
    archived = result.catch(() => {})
    return await result
  }
  const segments = new Map<number, Uint8Array>()
  const checkNext = (start: number): Promise<PartResult> => {
    const end = Math.min(start + PART_RECORDS, size)
    const within = wanted.filter((one) => one > start && one <= end)
    const part = { log: { log_id, origin }, start, end, sizes: within, marks }
    const isArchived = ranges.some(({ first, past }) => first < end && past > start)
    const result = isArchived ? checkArchived(part) : check(part)
    result.catch(() => {}) // told when it is awaited, if it is
    return result
  }

  const tree = openTree(crypto, wanted)
  const running: Promise<PartResult>[] = []
  let lastTime = ""
  let at = 0
  for (let start = 0; at < size; at += PART_RECORDS) {
    for (; start < size && running.length < AHEAD; start += PART_RECORDS) running.push(checkNext(start))
    const result = (await running.shift()) as PartResult
    for (const finding of result.findings) find(finding)
    if (result.isCutOff) break
    if (result.first && result.first.time < lastTime)
      find({ table: "entry", text: "time runs backwards", index: result.first.index, log: origin })
    lastTime = result.lastTime || lastTime
    await checkTiles(store, log, tree.append(result), find)
    await takeIn(result)
    progress(Math.min(PART_RECORDS, size - at))
  }
  await Promise.allSettled(running) // where a record is missing, others are read still
  return at < size ? { ...tree.end(), size: at } : { ...tree.end(), size }

  async function takeIn({ notable, withoutPayload, unread }: PartResult): Promise<void> {
    const records = notable.map((one) => ({ ...one, record: readBody(one.body) }))
    for (const { index, leafHash, record, payload } of records) {
      learn(derived, record, { payload: payload && asBuffer(payload), leaf_hash: leafHash }, log, index, find)
      const segment = segments.get(index)
      segments.delete(index)
      if (segment) checkArchivedSegment(derived, record, asBuffer(segment), crypto, find)
    }
    await heads.check(log, records)
    for (const index of withoutPayload) derived.withoutPayload.add(`${origin} ${index}`)
    for (const id of unread) derived.unread.add(id)
  }
}

/** The tree above the tiles of the lowest level, whose roots are its leaves. `wanted`: sizes, rising, of which the root is kept. */
function openTree({ sha256 }: Crypto, wanted: readonly number[]) {
  const above = TreeTail.empty(sha256)
  const roots = new Map<number, Uint8Array>()
  let next = 0

  /** Sizes up to the next full tile. */
  function keepRoots(rests: PartResult["rests"]): void {
    for (; next < wanted.length; next++) {
      const size = wanted[next] as number
      const rest = rests.get(size)
      const full = above.size * TILE_WIDTH
      if (size !== full && (size > full + TILE_WIDTH || !rest)) return
      roots.set(size, above.root(rest))
    }
  }

  return {
    /** Answers tiles above the lowest level that became full. */
    append({ tileRoots, rests }: PartResult): FullTile[] {
      const fullTiles: FullTile[] = []
      keepRoots(rests)
      for (let i = 0; i < tileRoots.length; i += HASH_BYTES) {
        const appended = above.append([tileRoots.subarray(i, i + HASH_BYTES)])
        for (const tile of appended.fullTiles) fullTiles.push({ ...tile, level: tile.level + 1 })
        keepRoots(rests)
      }
      return fullTiles
    },
    end(): Omit<Walked, "size"> {
      keepRoots(new Map())
      return { root: roots.get(wanted.at(-1) as number) ?? above.root(), roots }
    },
  }
}
