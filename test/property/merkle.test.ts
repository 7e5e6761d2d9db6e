import { describe, expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import { TreeTail } from "../../src/formats/tiles.ts"
import { buildConsistencyProof, buildInclusionProof, rootAt, type TileReader } from "../../src/ledger/proofs.ts"
import { verifyConsistency, verifyInclusion } from "../../src/verify/index.ts"
import { leafOf, naiveConsistency, naiveInclusion, naiveRoot } from "../support/naive-merkle.ts"

const MAX = 300
/** A Buffer and a Uint8Array of the same bytes are the same here. */
const hexes = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString("hex"))
const leaves = Array.from({ length: MAX }, (_, i) => leafOf(i))
const roots = Array.from({ length: MAX + 1 }, (_, n) => naiveRoot(leaves.slice(0, n)))

/** Serves hashes as the database does: full tiles, leaves, roots of the tiles below. */
function readerOf(count: number): TileReader {
  const levels: Uint8Array[][] = [leaves.slice(0, count)]
  for (let below = levels[0] as Uint8Array[]; below.length >= 256; ) {
    const above: Uint8Array[] = []
    for (let i = 0; i + 256 <= below.length; i += 256) above.push(naiveRoot(below.slice(i, i + 256)))
    levels.push(above)
    below = above
  }
  return { hashes: async (level, start, width) => (levels[level] ?? []).slice(start, start + width) }
}

const flips = (bytes: Uint8Array) => [0, 7, 31].map((at) => bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte)))

describe("TreeTail", () => {
  test("has the RFC's root at every size, however the leaves are batched", () => {
    for (const batch of [1, 3, 17, 300]) {
      const tree = TreeTail.empty(sha256)
      for (let at = 0; at < MAX; at += batch) {
        tree.append(leaves.slice(at, at + batch))
        expect(Buffer.from(tree.root())).toEqual(Buffer.from(roots[tree.size] as Uint8Array))
      }
    }
  })

  test("a clone that is thrown away changes nothing", () => {
    const tree = TreeTail.empty(sha256)
    tree.append(leaves.slice(0, 250))
    tree.clone().append(leaves.slice(250))
    expect(Buffer.from(tree.root())).toEqual(Buffer.from(roots[250] as Uint8Array))
    expect(tree.append(leaves.slice(250, 257)).fullTiles).toHaveLength(1)
    expect(Buffer.from(tree.root())).toEqual(Buffer.from(roots[257] as Uint8Array))
  })

  test("restored from partial tiles it goes on as before, over three tile levels", () => {
    const tree = TreeTail.empty(sha256)
    const full = new Map<string, { hashes: Uint8Array; root: Uint8Array }>()
    const many = Array.from({ length: 66_000 }, (_, i) => leaves[i % MAX] as Uint8Array)
    for (const tile of tree.append(many.slice(0, 65_900)).fullTiles) full.set(`${tile.level} ${tile.index}`, tile)
    expect(full.has("1 0")).toBe(true)
    const partial = [0, 1, 2].map((level) => [...tree.partialTile(level)])
    const restored = TreeTail.restore(sha256, tree.size, partial)
    expect(restored.root()).toEqual(tree.root())
    tree.append(many.slice(65_900))
    restored.append(many.slice(65_900))
    expect(restored.root()).toEqual(tree.root())
    expect(hexes([restored.root()])).toEqual(hexes([naiveRoot(many)]))
    expect(() => TreeTail.restore(sha256, 5, [[leaves[0] as Uint8Array]])).toThrow(/instead of 5/)
  })
})

describe("verifyInclusion", () => {
  test("takes the RFC's proof of every leaf at every size up to 300, and ours is the same", async () => {
    for (let size = 1; size <= MAX; size += size < 40 ? 1 : 13) {
      const tree = leaves.slice(0, size)
      for (let index = 0; index < size; index++) {
        const proof = naiveInclusion(index, tree)
        const input = {
          leafIndex: BigInt(index),
          treeSize: BigInt(size),
          leafHash: leaves[index] as Uint8Array,
          proof,
          rootHash: roots[size] as Uint8Array,
        }
        expect(verifyInclusion(input).valid).toBe(true)
        if (index % 5 === 0)
          expect(hexes(await buildInclusionProof(readerOf(size), sha256, index, size))).toEqual(hexes(proof))
      }
    }
  })

  test("any flipped byte, other index, other size, or longer or shorter proof is caught", () => {
    for (const [index, size] of [
      [0, 1],
      [3, 7],
      [255, 256],
      [256, 300],
      [299, 300],
    ] as const) {
      const proof = naiveInclusion(index, leaves.slice(0, size))
      const good = {
        leafIndex: BigInt(index),
        treeSize: BigInt(size),
        leafHash: leaves[index] as Uint8Array,
        proof,
        rootHash: roots[size] as Uint8Array,
      }
      const bad = [
        ...flips(good.leafHash).map((leafHash) => ({ ...good, leafHash })),
        ...flips(good.rootHash).map((rootHash) => ({ ...good, rootHash })),
        ...proof.flatMap((hash, at) => flips(hash).map((flipped) => ({ ...good, proof: proof.with(at, flipped) }))),
        ...(proof.length > 0
          ? [
              { ...good, proof: proof.slice(1) },
              { ...good, proof: proof.slice(0, -1) },
            ]
          : []),
        { ...good, proof: [...proof, good.rootHash] },
        { ...good, leafIndex: good.leafIndex + 1n },
        { ...good, leafIndex: -1n },
        { ...good, treeSize: 0n },
        { ...good, leafHash: good.leafHash.slice(1) },
        { ...good, proof: "no" as unknown as Uint8Array[] },
      ]
      for (const input of bad)
        expect(verifyInclusion(input)).toMatchObject({
          valid: false,
          reason: expect.stringMatching(/^(PROOF_WRONG|MALFORMED): /),
        })
    }
  })
})

describe("verifyConsistency", () => {
  test("takes the RFC's proof between all sizes up to 64 and some up to 300, and ours is the same", async () => {
    for (let size2 = 1; size2 <= MAX; size2 += size2 < 64 ? 1 : 47) {
      const tree = leaves.slice(0, size2)
      for (let size1 = 1; size1 <= size2; size1 += size2 < 64 ? 1 : 7) {
        const proof = naiveConsistency(size1, tree)
        const input = {
          size1: BigInt(size1),
          size2: BigInt(size2),
          root1: roots[size1] as Uint8Array,
          root2: roots[size2] as Uint8Array,
          proof,
        }
        expect(verifyConsistency(input), `${size1} ${size2}`).toEqual({ valid: true, reason: "" })
        if (size1 % 3 === 0)
          expect(hexes(await buildConsistencyProof(readerOf(size2), sha256, size1, size2))).toEqual(hexes(proof))
      }
    }
  })

  test("any flipped byte, swapped root or other length is caught; size 0 proves nothing", () => {
    for (const [size1, size2] of [
      [1, 2],
      [5, 8],
      [6, 300],
      [256, 257],
      [7, 7],
    ] as const) {
      const proof = naiveConsistency(size1, leaves.slice(0, size2))
      const good = {
        size1: BigInt(size1),
        size2: BigInt(size2),
        root1: roots[size1] as Uint8Array,
        root2: roots[size2] as Uint8Array,
        proof,
      }
      const bad = [
        ...flips(good.root1).map((root1) => ({ ...good, root1 })),
        ...flips(good.root2).map((root2) => ({ ...good, root2 })),
        ...proof.flatMap((hash, at) => flips(hash).map((flipped) => ({ ...good, proof: proof.with(at, flipped) }))),
        { ...good, proof: [...proof, good.root1] },
        ...(proof.length > 0 ? [{ ...good, proof: proof.slice(1) }] : []),
        { ...good, size1: 0n },
        { ...good, size1: good.size2 + 1n },
      ]
      for (const input of bad) expect(verifyConsistency(input).valid).toBe(false)
    }
  })
})

describe("rootAt", () => {
  test("gives the root of any earlier size", async () => {
    const reader = readerOf(MAX)
    for (const size of [0, 1, 2, 100, 255, 256, 257, 300])
      expect(Buffer.from(await rootAt(reader, sha256, size))).toEqual(Buffer.from(roots[size] as Uint8Array))
  })
})
