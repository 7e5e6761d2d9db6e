import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import {
  buildConsistencyProof,
  buildInclusionProof,
  createTileCache,
  readTilesOnce,
  rootAt,
  type TileReader,
} from "../../../src/ledger/proofs.ts"
import { verifyConsistency, verifyInclusion } from "../../../src/verify/index.ts"

const hash = (...parts: (Uint8Array | string)[]) => {
  const sha = createHash("sha256")
  for (const part of parts) sha.update(part)
  return new Uint8Array(sha.digest())
}

/** A log that nobody could store: all leaves are equal but a few, so that every hash can be worked out. */
const MARKED = [0n, 255n, 256n, 65_537n, 333_333_333n, 2n ** 32n + 5n, 2n ** 52n, 2n ** 53n - 3n]
const leaf = (index: bigint) => hash(Uint8Array.of(0), MARKED.includes(index) ? `leaf ${index}` : "leaf")
const PLAIN = [leaf(1n)]
for (let height = 1; height < 54; height++)
  PLAIN.push(hash(Uint8Array.of(1), PLAIN[height - 1] as Uint8Array, PLAIN[height - 1] as Uint8Array))

/** Root of the 2^height leaves from `index` · 2^height. */
function perfect(height: number, index: bigint): Uint8Array {
  if (height === 0) return leaf(index)
  if (!MARKED.some((marked) => marked >> BigInt(height) === index)) return PLAIN[height] as Uint8Array
  return hash(Uint8Array.of(1), perfect(height - 1, 2n * index), perfect(height - 1, 2n * index + 1n))
}
const endless: TileReader = {
  hashes: async (level, start, count) =>
    Array.from({ length: count }, (_, i) => perfect(8 * level, BigInt(start) + BigInt(i))),
}

/** RFC 6962 section 2.1 over [start, start + size), where start is a multiple of the power of two that size is below. */
function range(start: bigint, size: bigint): Uint8Array {
  let height = 0
  while (2n ** BigInt(height + 1) <= size) height++
  const left = 2n ** BigInt(height)
  const root = perfect(height, start / left)
  return left === size ? root : hash(Uint8Array.of(1), root, range(start + left, size - left))
}

const SIZES = [2 ** 53 - 1, 2 ** 53 - 2, 2 ** 52 + 1, 2 ** 48, 2 ** 32 + 12_345, 1_000_000_007]

describe("rootAt", () => {
  test.each(SIZES)("the root of %d leaves, with exact arithmetic up to 2^53", async (size) => {
    expect(Buffer.from(await rootAt(endless, sha256, size))).toEqual(Buffer.from(range(0n, BigInt(size))))
  })

  test("the root of nothing is the hash of nothing, and nothing is read", async () => {
    const reader: TileReader = {
      hashes: () => Promise.reject(new Error("was asked")),
    }
    expect(Buffer.from(await rootAt(reader, sha256, 0))).toEqual(Buffer.from(hash()))
    await expect(rootAt(reader, sha256, 1)).rejects.toThrow("was asked")
  })
})

describe("buildInclusionProof", () => {
  test.each(SIZES)("in a log of %d leaves the proofs of first, middle and last lead to the root", async (size) => {
    const rootHash = range(0n, BigInt(size))
    for (const index of [0, 1, 255, 65_537, 333_333_333, Math.floor(size / 3), size - 2, size - 1]) {
      const proof = await buildInclusionProof(endless, sha256, index, size)
      const leafHash = leaf(BigInt(index))
      const input = { leafIndex: BigInt(index), treeSize: BigInt(size), leafHash, proof, rootHash }
      expect(verifyInclusion(input), `${index}`).toEqual({ valid: true, reason: "" })
    }
  })
})

describe("buildConsistencyProof", () => {
  test.each(SIZES)("to a log of %d leaves, from one, from half and from one less", async (size2) => {
    for (const size1 of [1, 255, 256, Math.floor(size2 / 2), size2 - 1, size2]) {
      const proof = await buildConsistencyProof(endless, sha256, size1, size2)
      const [root1, root2] = [range(0n, BigInt(size1)), range(0n, BigInt(size2))]
      const input = { size1: BigInt(size1), size2: BigInt(size2), root1, root2, proof }
      expect(verifyConsistency(input), `${size1}`).toEqual({ valid: true, reason: "" })
    }
  })
})

describe("readTilesOnce", () => {
  test("a proof asks for each tile once, whole, also where it needs many of its hashes", async () => {
    const asked: string[] = []
    const counting: TileReader = {
      hashes: async (level, start, count) => {
        asked.push(`${level} ${start} ${count}`)
        return endless.hashes(level, start, count)
      },
    }
    await buildInclusionProof(readTilesOnce(counting), sha256, 70_000, 2 ** 24)
    expect(asked.sort()).toEqual(["0 69888 256", "1 256 256", "2 0 256"])
  })

  test("gives what is asked for, or as much as there is", async () => {
    const tiles = readTilesOnce({ hashes: (level, start) => endless.hashes(level, start, 5) })
    expect(await tiles.hashes(0, 257, 2)).toEqual(await endless.hashes(0, 257, 2))
    expect(await tiles.hashes(0, 260, 2)).toEqual(await endless.hashes(0, 260, 1))
    expect(await tiles.hashes(0, 261, 1)).toEqual([])
  })
})

describe("createTileCache", () => {
  /** Counts what it is asked; has `have` hashes of each level. */
  const counting = (asked: string[], have = () => Number.POSITIVE_INFINITY): TileReader => ({
    hashes: async (level, start, count) => {
      asked.push(`${level} ${start}`)
      return endless.hashes(level, start, Math.max(0, Math.min(count, have() - start)))
    },
  })

  test("tiles above the lowest level are read for the first proof only, those of another log anew", async () => {
    const asked: string[] = []
    const kept = createTileCache(10)
    const proof = async (log: number, index: number) =>
      await buildInclusionProof(kept(log, readTilesOnce(counting(asked))), sha256, index, 2 ** 24)
    const first = await proof(1, 70_000)
    expect(asked.splice(0).sort()).toEqual(["0 69888", "1 256", "2 0"])
    expect(await proof(1, 70_000)).toEqual(first)
    expect(asked.splice(0)).toEqual(["0 69888"])
    await proof(2, 70_000)
    expect(asked.splice(0).sort()).toEqual(["0 69888", "1 256", "2 0"])
  })

  test("of a tile that has grown since, more is read when more is needed", async () => {
    const asked: string[] = []
    let have = 5
    const tiles = createTileCache(10)(
      1,
      counting(asked, () => have),
    )
    expect(await tiles.hashes(1, 256, 0)).toEqual([])
    expect(await tiles.hashes(1, 3, 2)).toEqual(await endless.hashes(1, 3, 2))
    have = 9
    expect(await tiles.hashes(1, 0, 5)).toEqual(await endless.hashes(1, 0, 5))
    expect(asked.splice(0)).toEqual(["1 256", "1 0"])
    expect(await tiles.hashes(1, 4, 4)).toEqual(await endless.hashes(1, 4, 4))
    expect(await tiles.hashes(1, 8, 1)).toEqual(await endless.hashes(1, 8, 1))
    expect(asked).toEqual(["1 0"])
  })

  test("the tile that was not used for longest goes first", async () => {
    const asked: string[] = []
    const tiles = createTileCache(2)(1, counting(asked))
    for (const tile of [0, 1, 0, 2, 0, 1]) await tiles.hashes(1, tile * 256, 1)
    expect(asked).toEqual(["1 0", "1 256", "1 512", "1 256"])
  })

  test("what could not be read is read again", async () => {
    let fails = true
    const flaky: TileReader = {
      hashes: async (...range) => {
        if (fails) throw new Error("no answer")
        return await endless.hashes(...range)
      },
    }
    const tiles = createTileCache(2)(1, flaky)
    await expect(tiles.hashes(1, 0, 1)).rejects.toThrow("no answer")
    fails = false
    expect(await tiles.hashes(1, 0, 1)).toHaveLength(1)
  })
})

describe("a database in which hashes are missing", () => {
  test.each([
    ["none is there", async () => []],
    ["one is missing", async (level: number, start: number) => (level === 0 ? endless.hashes(level, start, 4) : [])],
  ])("%s: NOT_FOUND rather than a proof that leads nowhere", async (_, hashes) => {
    const reader: TileReader = { hashes }
    for (const built of [
      buildInclusionProof(reader, sha256, 3, 300),
      buildConsistencyProof(reader, sha256, 3, 300),
      rootAt(reader, sha256, 300),
    ])
      await expect(built).rejects.toMatchObject({ code: "NOT_FOUND" })
  })
})
