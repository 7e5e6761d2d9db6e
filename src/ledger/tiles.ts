/** The log as C2SP tlog-tiles serves it: tiles and entry bundles, as far as the newest checkpoint reaches. */
import { concatBytes } from "../formats/bytes.ts"
import { parseCheckpoint } from "../formats/checkpoint.ts"
import { encodeEntryBundle } from "../formats/entry-bundle.ts"
import { parseNote } from "../formats/signed-note.ts"
import { parseTilePath, TILE_WIDTH } from "../formats/tiles.ts"
import type { LedgerReader } from "./lineage.ts"

/** Null where the newest checkpoint does not reach, where rows are missing, and for what is no such path. */
export async function readTile(
  reader: Pick<LedgerReader, "tiles" | "records" | "latestCheckpoint">,
  logId: number,
  path: string,
): Promise<Uint8Array | null> {
  const tile = parseTilePath(path)
  const note = tile && (await reader.latestCheckpoint(logId))
  if (!tile || !note) return null
  const { level, index, width } = tile
  const size = Number(parseCheckpoint(parseNote(note).text).size)
  const start = index * TILE_WIDTH
  if (start + width > Math.floor(size / TILE_WIDTH ** (level === "entries" ? 0 : level))) return null
  if (level === "entries") {
    const records = await reader.records(logId, start, width)
    const isWhole = records.length === width && records.at(-1)?.index === start + width - 1
    return isWhole ? encodeEntryBundle(records.map(({ body }) => body)) : null
  }
  const hashes = await reader.tiles(logId).hashes(level, start, width)
  return hashes.length === width ? concatBytes(...hashes) : null
}
