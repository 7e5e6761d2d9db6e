import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { decodeEntryBundle } from "../../../src/formats/entry-bundle.ts"
import { rootOfHashes } from "../../../src/formats/merkle.ts"
import type { LedgerReader, StoredRecord } from "../../../src/ledger/lineage.ts"
import { readTile } from "../../../src/ledger/tiles.ts"
import { MemoryLog } from "../../support/log.ts"

const log = new MemoryLog(600)
function reader(holds = 600): Pick<LedgerReader, "tiles" | "records"> {
  return {
    tiles: () => ({
      hashes: async (level, start, count) =>
        (await log.tiles.hashes(level, start, count)).slice(0, Math.max(0, holds - start)),
    }),
    records: async (_, start, limit) =>
      log.entries
        .slice(start, Math.min(start + limit, holds))
        .map((body, i) => ({ body, index: start + i }) as StoredRecord),
  }
}
const read = (path: string, signed = 600, holds?: number) =>
  readTile(reader(holds), 1, signed, path.includes("entries") ? "entries" : "hashes", path)

describe("readTile", () => {
  test("full and partial tiles of each level, as tlog-tiles defines their hashes", async () => {
    const leaves = log.leaves
    expect(toHex(((await read("tile/0/001")) as Uint8Array).slice(0, 32))).toBe(toHex(leaves[256] as Uint8Array))
    expect(await read("tile/0/002.p/88")).toHaveLength(88 * 32)
    const above = (await read("tile/1/000.p/2")) as Uint8Array
    expect(toHex(above.slice(32))).toBe(toHex(rootOfHashes(sha256, leaves.slice(256, 512))))
  })

  test("entries, with what they hash to", async () => {
    const bytes = (await read("tile/entries/002.p/88")) as Uint8Array
    expect(decodeEntryBundle(bytes, 88).map(toHex)).toEqual(log.entries.slice(512).map(toHex))
  })

  test.each([
    ["tile/0/002.p/88", 599],
    ["tile/0/002", 600],
    ["tile/1/000.p/2", 511],
    ["tile/2/000.p/1", 600],
    ["tile/entries/002.p/88", 599],
    ["tile/0/000", 0],
    ["tile/x/000", 600],
  ])("%s is not there where the checkpoint is of %s", async (path, signed) => {
    expect(await read(path, signed)).toBeNull()
  })

  test("where rows are missing there is no tile", async () => {
    expect(await read("tile/0/002.p/88", 600, 590)).toBeNull()
    expect(await read("tile/entries/002.p/88", 600, 590)).toBeNull()
    const holed = {
      ...reader(600),
      records: async () => [...log.entries].slice(0, 88).map((body, i) => ({ body, index: 513 + i }) as StoredRecord),
    }
    expect(await readTile(holed, 1, 600, "entries", "tile/entries/002.p/88")).toBeNull()
  })

  test("who asks for hashes gets no entries, nor the other way round", async () => {
    expect(await readTile(reader(), 1, 600, "hashes", "tile/entries/000")).toBeNull()
    expect(await readTile(reader(), 1, 600, "entries", "tile/0/000")).toBeNull()
  })
})
