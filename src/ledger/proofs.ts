/** Proofs from tiles: a full tile holds 256 hashes of a level, the right edge follows from leaves and tile roots. */

import { WritError } from "../errors.ts"
import { consistencyNodes, hashNode, inclusionNodes, type TreeNode } from "../formats/merkle.ts"
import type { Sha256 } from "../formats/ports.ts"
import { TILE_HEIGHT, TILE_WIDTH } from "../formats/tiles.ts"

export interface TileReader {
  /**
   * Hashes of complete subtrees of 256^level leaves from `start` on: `count` of them, or up to the first that is not there.
   * A range never crosses a tile.
   */
  hashes(level: number, start: number, count: number): Promise<readonly Uint8Array[]>
}

/** Reads each tile once and whole, and keeps it: a proof needs several hashes of each, and so do the proofs of one lineage. */
export function readTilesOnce(reader: TileReader): TileReader {
  const tiles = new Map<string, Promise<readonly Uint8Array[]>>()
  return {
    async hashes(level, start, count) {
      const first = start % TILE_WIDTH
      const key = `${level}/${start - first}`
      const tile = tiles.get(key) ?? reader.hashes(level, start - first, TILE_WIDTH)
      tiles.set(key, tile)
      return (await tile).slice(first, first + count)
    },
  }
}

/**
 * Keeps the tiles above the lowest level, whole, from proof to proof: a complete subtree never changes, so what was read of it
 * stays right, also of a tile that has grown since. One for each 65,536 leaves, `limit` in all, the longest unused leave first.
 * The answer of a proof is checked against a checkpoint by who asked; what stands in the database is fsck's to check.
 */
export function createTileCache(limit: number): (log: number, reader: TileReader) => TileReader {
  const tiles = new Map<string, Promise<readonly Uint8Array[]>>()
  return (log, reader) => ({
    async hashes(level, start, count) {
      if (level === 0) return await reader.hashes(level, start, count)
      const first = start % TILE_WIDTH
      const key = `${log}/${level}/${start - first}`
      const keep = (tile: Promise<readonly Uint8Array[]>) => {
        tiles.delete(key)
        tiles.set(key, tile)
        return tile
      }
      const read = () => {
        const tile = keep(reader.hashes(level, start - first, TILE_WIDTH))
        tile.catch(() => tiles.get(key) === tile && tiles.delete(key))
        for (const oldest of tiles.keys()) {
          if (tiles.size <= limit) break
          tiles.delete(oldest)
        }
        return tile
      }
      const known = tiles.get(key)
      let hashes = await (known ? keep(known) : read())
      if (known && hashes.length < first + count) hashes = await read() // it has grown
      return hashes.slice(first, first + count)
    },
  })
}

/** Sibling hashes, leaf to root. Needs index < size, and a log of at least `size` leaves. */
export async function buildInclusionProof(
  reader: TileReader,
  sha256: Sha256,
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  return await Promise.all(inclusionNodes(index, size).map((node) => nodeHash(reader, sha256, node, size)))
}

/** Needs 0 < size1 ≤ size2. */
export async function buildConsistencyProof(
  reader: TileReader,
  sha256: Sha256,
  size1: number,
  size2: number,
): Promise<Uint8Array[]> {
  return await Promise.all(consistencyNodes(size1, size2).map((node) => nodeHash(reader, sha256, node, size2)))
}

export async function rootAt(reader: TileReader, sha256: Sha256, size: number): Promise<Uint8Array> {
  if (size === 0) return sha256(new Uint8Array())
  return await rangeRoot(reader, sha256, 0, size)
}

/** A node at the right edge covers fewer leaves than its level says. */
async function nodeHash(
  reader: TileReader,
  sha256: Sha256,
  { level, index }: TreeNode,
  size: number,
): Promise<Uint8Array> {
  const start = index * 2 ** level
  return await rangeRoot(reader, sha256, start, Math.min(start + 2 ** level, size))
}

/** Root of leaves [start, end), where start is a multiple of the next power of two of the length. */
async function rangeRoot(reader: TileReader, sha256: Sha256, start: number, end: number): Promise<Uint8Array> {
  const peaks: Promise<Uint8Array>[] = []
  for (let at = start; at < end; ) {
    let height = Math.floor(Math.log2(end - at))
    if (2 ** height > end - at) height-- // log2 may round up near 2^53
    peaks.push(perfectRoot(reader, sha256, at, height))
    at += 2 ** height
  }
  const hashes = await Promise.all(peaks)
  return hashes.reduceRight((right, left) => hashNode(sha256, left, right))
}

async function perfectRoot(reader: TileReader, sha256: Sha256, start: number, height: number): Promise<Uint8Array> {
  const level = Math.floor(height / TILE_HEIGHT)
  const width = 2 ** (height % TILE_HEIGHT)
  let hashes = await reader.hashes(level, start / 2 ** (level * TILE_HEIGHT), width)
  if (hashes.length !== width)
    throw new WritError("NOT_FOUND", "Hashes that the proof needs are missing from the database.")
  while (hashes.length > 1) {
    const below = hashes
    hashes = Array.from({ length: below.length / 2 }, (_, i) =>
      hashNode(sha256, below[2 * i] as Uint8Array, below[2 * i + 1] as Uint8Array),
    )
  }
  return hashes[0] as Uint8Array
}
