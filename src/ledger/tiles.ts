/** The log as C2SP tlog-tiles serves it: tiles of hashes, and entry bundles, as far as the newest checkpoint reaches. */
import { concatBytes } from "../formats/bytes.ts"
import { encodeEntryBundle } from "../formats/entry-bundle.ts"
import { parseTilePath, TILE_WIDTH } from "../formats/tiles.ts"
import type { LedgerReader } from "./lineage.ts"

/** What of the log: its hashes are everybody's to see, its entries are not. */
export type TileKind = "hashes" | "entries"

/**
 * `size`: of the newest checkpoint. Null where it does not reach, where rows are missing, and for what is no path of a tile
 * of this kind. Throws RECORD_ARCHIVED.
 */
export async function readTile(
  reader: Pick<LedgerReader, "tiles" | "records">,
  logId: number,
  size: number,
  kind: TileKind,
  path: string,
): Promise<Uint8Array | null> {
  const tile = parseTilePath(path)
  if (!tile || (tile.level === "entries") !== (kind === "entries")) return null
  const { level, index, width } = tile
  const start = index * TILE_WIDTH
  if (start + width > Math.floor(size / TILE_WIDTH ** (level === "entries" ? 0 : level))) return null
  if (level === "entries") {
    const records = await reader.records(logId, start, width)
    const isWhole = records.length === width && records.at(-1)?.index === start + width - 1
    if (isWhole) return encodeEntryBundle(records.map(({ body }) => body))
    await reader.records(logId, start + records.length, 1) // says so where they were moved into an archive
    return null
  }
  const hashes = await reader.tiles(logId).hashes(level, start, width)
  return hashes.length === width ? concatBytes(...hashes) : null
}
