/** A tree of a known size, read from the tiles that its log serves. */
import { WritError } from "../errors.ts"
import { HASH_BYTES } from "../formats/merkle.ts"
import { TILE_WIDTH, tilePath } from "../formats/tiles.ts"
import type { TileReader } from "../ledger/proofs.ts"

/** `path`: as C2SP tlog-tiles has it, below the log's prefix. */
export type FetchTile = (path: string) => Promise<Uint8Array>

/** Each tile is fetched once. Throws NOT_FOUND on a tile of another length than it must have. */
export function tilesOver(fetchTile: FetchTile, size: number): TileReader {
  const fetched = new Map<string, Promise<Uint8Array>>()
  async function fetchWhole(level: number, index: number): Promise<Uint8Array> {
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH)
    const path = tilePath(level, index, width)
    const bytes = await fetchTile(path)
    if (bytes.length === width * HASH_BYTES) return bytes
    throw new WritError("NOT_FOUND", `The log's ${path} has ${bytes.length} bytes instead of ${width * HASH_BYTES}.`)
  }
  return {
    async hashes(level, start, count) {
      const index = Math.floor(start / TILE_WIDTH)
      const key = `${level} ${index}`
      const tile = fetched.get(key) ?? fetchWhole(level, index)
      fetched.set(key, tile)
      const bytes = await tile
      const at = start - index * TILE_WIDTH
      return Array.from({ length: count }, (_, i) => bytes.subarray((at + i) * HASH_BYTES, (at + i + 1) * HASH_BYTES))
    },
  }
}
