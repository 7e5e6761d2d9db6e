/** A log's records in order, wherever they are: in the database, in archive files that were given, or known by their hashes alone. */
import { nativeCrypto } from "../../crypto.ts"
import { WritError } from "../../errors.ts"
import { ARCHIVE_BLOCK, type ArchivedRecord, readArchiveBlock, readArchiveHead } from "../../formats/archive.ts"
import { hashLeaf } from "../../formats/merkle.ts"
import { verifyArchive } from "../../verify/archive.ts"
import { withArchiveFile } from "../archive/file.ts"
import type { FsckStore, LogRow } from "./types.ts"

const HASH_BYTES = 32

export interface ArchivedRange {
  readonly first: number
  readonly past: number
  /** Hex. */
  readonly digest: string
  /** Path of the file, where it was given. */
  readonly file: string | null
}

export interface Entry {
  readonly leaf_hash: Uint8Array
  /** Null: in an archive that was not given. */
  readonly body: Buffer | null
  readonly payload: Buffer | null
  /** Of an archived record of beats. */
  readonly segment?: Buffer
}

/** By place. `files`: paths by the digests of the archives, hex. */
export async function archivedRanges(
  store: FsckStore,
  log: LogRow,
  files: ReadonlyMap<string, string>,
): Promise<readonly ArchivedRange[]> {
  const rows = await store.query<{ first: bigint; past: bigint; digest: Buffer }>(
    "SELECT first, past, digest FROM archived WHERE log_id = $1 ORDER BY first",
    [log.log_id],
  )
  return rows.map(({ first, past, digest }) => {
    const name = digest.toString("hex")
    return { first: Number(first), past: Number(past), digest: name, file: files.get(name) ?? null }
  })
}

/** The digest of each file. Throws INVALID_REQUEST when one is not a good archive. */
export async function digestsOfFiles(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const path of paths) {
    const { valid, reason, failedStep, digest } = await withArchiveFile(path, (source) =>
      verifyArchive(source, { crypto: nativeCrypto }),
    )
    if (!valid) throw new WritError("INVALID_REQUEST", `${path} is not a good archive, step ${failedStep}: ${reason}`)
    files.set(digest, path)
  }
  return files
}

/** `page`: records [start, end) by index; those that are missing are not there. Each page begins where the one before ended. */
export async function withEntries<T>(
  store: FsckStore,
  log: LogRow,
  ranges: readonly ArchivedRange[],
  work: (page: (start: number, end: number) => Promise<ReadonlyMap<number, Entry>>) => Promise<T>,
): Promise<T> {
  const read = async (open: readonly FileRange[], left: readonly ArchivedRange[]): Promise<T> => {
    const [range, ...rest] = left
    if (range?.file == null)
      return range ? await read(open, rest) : await work((start, end) => pageOf(open, start, end))
    return await withArchiveFile(range.file, async (source) => {
      await readArchiveHead(source)
      return await read([...open, { ...range, next: () => readArchiveBlock(source, nativeCrypto.sha256) }], rest)
    })
  }
  const blocks = new Map<FileRange, { start: number; records: readonly ArchivedRecord[] }>()

  async function pageOf(open: readonly FileRange[], start: number, end: number): Promise<ReadonlyMap<number, Entry>> {
    const rows = await store.query<Entry & { idx: bigint }>(
      "SELECT idx, leaf_hash, body, payload FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
      [log.log_id, start, end],
    )
    const page = new Map<number, Entry>(rows.map((row) => [Number(row.idx), row]))
    for (const { first, past } of ranges) {
      const [from, to] = [Math.max(start, first), Math.min(end, past)]
      const file = open.find((range) => range.first === first)
      const archived = from < to ? (file ? await readFile(file, from, to) : await readTiles(from, to)) : []
      for (const [i, entry] of archived.entries()) if (!page.has(from + i)) page.set(from + i, entry)
    }
    return page
  }

  async function readFile(range: FileRange, from: number, to: number): Promise<Entry[]> {
    const entries: Entry[] = []
    for (let index = from; index < to; index++) {
      let block = blocks.get(range)
      while (!block || index >= block.start + ARCHIVE_BLOCK) {
        block = { start: block ? block.start + ARCHIVE_BLOCK : range.first, records: (await range.next()).records }
        blocks.set(range, block)
      }
      const { body, payload, segment } = block.records[index - block.start] as ArchivedRecord
      entries.push({
        leaf_hash: hashLeaf(nativeCrypto.sha256, body),
        body: Buffer.from(body),
        payload: payload && Buffer.from(payload),
        ...(segment && { segment: Buffer.from(segment) }),
      })
    }
    return entries
  }

  async function readTiles(from: number, to: number): Promise<Entry[]> {
    const tiles = await store.query<{ last_leaf: bigint; hashes: Buffer }>(
      "SELECT last_leaf, hashes FROM tile WHERE log_id = $1 AND level = 0 AND last_leaf >= $2 AND last_leaf < $3",
      [log.log_id, from, to + ARCHIVE_BLOCK],
    )
    const byTile = new Map(
      tiles.map(({ last_leaf, hashes }) => [Math.floor(Number(last_leaf) / ARCHIVE_BLOCK), hashes]),
    )
    const entries: Entry[] = []
    for (let index = from; index < to; index++) {
      const at = (index % ARCHIVE_BLOCK) * HASH_BYTES
      const tile = byTile.get(Math.floor(index / ARCHIVE_BLOCK))
      if (!tile) break // the record is missing, and so is what it could be known by
      entries.push({ leaf_hash: tile.subarray(at, at + HASH_BYTES), body: null, payload: null })
    }
    return entries
  }

  return await read([], ranges)
}

interface FileRange extends ArchivedRange {
  next(): Promise<{ readonly records: readonly ArchivedRecord[] }>
}
