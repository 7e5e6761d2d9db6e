import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import { TILE_WIDTH, TreeTail, tilePath } from "../../src/formats/tiles.ts"
import { leafOf, naiveRoot } from "../support/naive-merkle.ts"

const hex = (hash: Uint8Array) => Buffer.from(hash).toString("hex")
const leaves = Array.from({ length: 1_200 }, (_, i) => leafOf(i))

describe("tilePath", () => {
  test("tells index, level and width, and the path of a whole tile has no width", () => {
    fc.assert(
      fc.property(
        fc.nat(5),
        fc.integer({ min: 0, max: 2 ** 45 }),
        fc.integer({ min: 1, max: TILE_WIDTH }),
        (level, index, width) => {
          const path = tilePath(level, index, width)
          const match = /^tile\/([0-5])\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
          expect(match, path).not.toBeNull()
          expect(Number(match?.[1])).toBe(level)
          expect(Number(match?.[2]?.replaceAll(/[x/]/g, ""))).toBe(index)
          expect(match?.[2]).not.toMatch(/^x000/)
          expect(match?.[3]).toBe(width === TILE_WIDTH ? undefined : String(width))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe("TreeTail", () => {
  const batches = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 })
  test("however leaves are batched, and wherever it is restored or cloned: the RFC's root, and the RFC's tiles", () => {
    fc.assert(
      fc.property(
        batches,
        fc.array(fc.constantFrom("go on", "restore", "clone"), { minLength: 8, maxLength: 8 }),
        (sizes, acts) => {
          let tree = TreeTail.empty(sha256)
          const tiles: string[] = []
          for (const [i, size] of sizes.entries()) {
            const start = tree.size
            const end = Math.min(start + size, leaves.length)
            for (const tile of tree.append(leaves.slice(start, end)).fullTiles) {
              const own = leaves.slice(tile.index * TILE_WIDTH, (tile.index + 1) * TILE_WIDTH)
              expect([tile.level, hex(tile.hashes), hex(tile.root)]).toEqual([
                0,
                hex(Buffer.concat(own)),
                hex(naiveRoot(own)),
              ])
              tiles.push(`${tile.level} ${tile.index}`)
            }
            expect(tree.size).toBe(end)
            if (acts[i] === "clone") {
              const copy = tree.clone()
              tree.append(leaves.slice(end))
              tree = copy
            }
            if (acts[i] === "restore") {
              const partial = [[...tree.partialTile(0)], [...tree.partialTile(1)]]
              tree = TreeTail.restore(sha256, tree.size, partial)
            }
            expect(hex(tree.root())).toBe(hex(naiveRoot(leaves.slice(0, tree.size))))
          }
          expect(tiles).toEqual(Array.from({ length: Math.floor(tree.size / TILE_WIDTH) }, (_, i) => `0 ${i}`))
        },
      ),
      { numRuns: 40 },
    )
  })
})
