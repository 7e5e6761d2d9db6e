/** Tiles as they are stored against those that the records give. */
import { equalBytes } from "../../formats/bytes.ts"
import type { FullTile } from "../../formats/tiles.ts"
import type { Finding, FsckStore } from "./types.ts"

const HASH_BYTES = 32

export async function checkTiles(
  store: FsckStore,
  log: { readonly log_id: number; readonly origin: string },
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
