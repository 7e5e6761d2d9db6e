import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { equalBytes, fromBase64, fromBase64Url, fromUtf8, toHex, utf8 } from "../../../src/formats/bytes.ts"
import { canonicalBytes } from "../../../src/formats/canonical-json.ts"
import { consistencyNodes, emptyRoot, hashLeaf, hashNode } from "../../../src/formats/merkle.ts"
import { formatVerifierKey } from "../../../src/formats/signed-note.ts"
import { parseStrictJson } from "../../../src/formats/strict-json.ts"
import { TreeTail } from "../../../src/formats/tiles.ts"
import { portableCrypto } from "../../../src/verify/index.ts"
import { leafOf, naiveRoot } from "../../support/naive-merkle.ts"

describe("equalBytes", () => {
  test("same length and same bytes, also of a view and of a Buffer", () => {
    const bytes = Uint8Array.of(1, 2, 3)
    expect(equalBytes(bytes, Buffer.from([0, 1, 2, 3]).subarray(1))).toBe(true)
    expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true)
    for (const other of [[1, 2], [1, 2, 3, 0], [1, 2, 4], [0, 2, 3], []])
      expect(equalBytes(bytes, Uint8Array.from(other))).toBe(false)
  })
})

describe("fromBase64 and fromBase64Url", () => {
  test("letters beyond ASCII are refused wherever they stand", () => {
    for (const text of ["éAAA", "AAé=", "A\u0100AA", "AAA\u{1F600}"]) expect(() => fromBase64(text)).toThrow(/base64/)
    for (const text of ["éA", "AAAé", "A\u0100A"]) expect(() => fromBase64Url(text)).toThrow(/base64/)
  })
})

describe("toHex", () => {
  test.each([0, 1, 255, 256, 257, 512, 513, 10_000])("%d bytes, as Node writes them", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 256)
    expect(toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"))
  })
})

describe("hashLeaf and hashNode", () => {
  test("whatever was hashed before, the hash is over these bytes and their prefix alone", () => {
    const [left, right] = [leafOf(1), leafOf(2)]
    for (const length of [65_535, 0, 4_097, 1, 4_096, 31, 4_095, 4_094, 65_535]) {
      const body = new Uint8Array(length).fill(length % 251)
      const expected = createHash("sha256").update(Uint8Array.of(0)).update(body).digest("hex")
      for (const hash of [sha256, portableCrypto.sha256])
        expect(toHex(hashLeaf(hash, body)), `${length}`).toBe(expected)
      expect(toHex(hashNode(sha256, left, right))).toBe(toHex(naiveRoot([left, right])))
    }
  })
})

describe("fromUtf8", () => {
  test("a byte order mark is a character like any other", () => {
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe("\ufeffA")
  })
})

describe("canonicalBytes", () => {
  test("the UTF-8 of the text", () => {
    expect(canonicalBytes({ b: "é", a: "😀" })).toEqual(utf8('{"a":"😀","b":"é"}'))
  })
})

describe("parseStrictJson", () => {
  const limits = { maxDepth: 2, maxNodes: 10 }
  test("says where: from 0, in UTF-16 units", () => {
    expect(() => parseStrictJson('["😀",x]', limits)).toThrow(/at position 6\./)
    expect(() => parseStrictJson('{"a":1,"a":2}', limits)).toThrow(/"a" twice, at position 10\./)
  })
})

describe("formatVerifierKey", () => {
  test.each(["", "a b", "a+b", "a\tb", "a\nb", "a\u00a0b", "a\u3000b", "a".repeat(256)])(
    "the name %j is refused",
    (name) => {
      expect(() => formatVerifierKey(sha256, name, new Uint8Array(32))).toThrow(/name/)
    },
  )
})

describe("consistencyNodes", () => {
  test("none between equal sizes", () => {
    for (const size of [1, 2, 7, 256]) expect(consistencyNodes(size, size)).toEqual([])
  })
})

describe("TreeTail", () => {
  const leaves = Array.from({ length: 300 }, (_, i) => leafOf(i))

  test("empty: size 0, the root of nothing, no tile in progress", () => {
    const tree = TreeTail.empty(sha256)
    expect(tree.size).toBe(0)
    expect(toHex(tree.root())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    expect(equalBytes(tree.root(), emptyRoot(sha256))).toBe(true)
    expect(tree.partialTile(0)).toEqual([])
    expect(TreeTail.restore(sha256, 0, []).root()).toEqual(tree.root())
    expect(tree.append([])).toEqual({ fullTiles: [] })
  })

  test("with the root of what follows, the root of both", () => {
    const tree = TreeTail.empty(sha256)
    expect(tree.root(naiveRoot(leaves.slice(0, 3)))).toEqual(naiveRoot(leaves.slice(0, 3)))
    tree.append(leaves.slice(0, 24))
    for (const more of [1, 3, 8])
      expect(toHex(tree.root(naiveRoot(leaves.slice(24, 24 + more))))).toBe(
        toHex(naiveRoot(leaves.slice(0, 24 + more))),
      )
  })

  test("a full tile holds its 256 hashes and their root, and the next begins empty", () => {
    const tree = TreeTail.empty(sha256)
    expect(tree.append(leaves.slice(0, 255)).fullTiles).toEqual([])
    expect(tree.partialTile(0)).toHaveLength(255)
    const { fullTiles } = tree.append(leaves.slice(255))
    expect(fullTiles).toHaveLength(1)
    const [tile] = fullTiles
    expect(tile).toMatchObject({ level: 0, index: 0 })
    expect(equalBytes(tile?.hashes as Uint8Array, Buffer.concat(leaves.slice(0, 256)))).toBe(true)
    expect(equalBytes(tile?.root as Uint8Array, naiveRoot(leaves.slice(0, 256)))).toBe(true)
    expect([tree.partialTile(0).length, tree.partialTile(1).length, tree.partialTile(2).length]).toEqual([44, 1, 0])
  })

  test("is not restored from tiles that cannot be those of its size", () => {
    const tile = (count: number) => leaves.slice(0, count)
    expect(() => TreeTail.restore(sha256, 5, [tile(4)])).toThrow(/4 hashes instead of 5/)
    expect(() => TreeTail.restore(sha256, 5, [tile(6)])).toThrow(/6 hashes instead of 5/)
    expect(() => TreeTail.restore(sha256, 257, [tile(1)])).toThrow(/do not hold 257/)
    expect(() => TreeTail.restore(sha256, 1, [])).toThrow(/do not hold 1/)
    expect(() => TreeTail.restore(sha256, 257, [tile(1), tile(2)])).toThrow(/level 1 has 2 hashes instead of 1/)
    expect(TreeTail.restore(sha256, 257, [tile(1), tile(1)]).size).toBe(257)
  })
})
