import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import {
  archiveDigest,
  encodeArchiveBlock,
  encodeArchiveHead,
  readArchiveBlock,
  readArchiveHead,
} from "../../../src/formats/archive.ts"
import { concatBytes, fromBase64 } from "../../../src/formats/bytes.ts"
import { hashOfNode, nodesBeside, topNode } from "../../../src/formats/tree-range.ts"
import { ArchivedLog, putTogether, sourceOf } from "../../support/archive.ts"

const log = new ArchivedLog(900)
const read = (bytes: Uint8Array) => readArchiveHead(sourceOf(bytes))

describe("an archive", () => {
  test("is written as its specification says", () => {
    const { left, right, checkpoint } = log.head(256, 768) as { left: string[]; right: string[]; checkpoint: string }
    const head = encodeArchiveHead({
      log: log.origin,
      first: 256,
      past: 768,
      checkpoint,
      left: left.map(fromBase64),
      right: right.map(fromBase64),
    })
    const blocks = [256, 512].map((start) => encodeArchiveBlock(sha256, log.stored.slice(start, start + 256)))
    const digest = archiveDigest(
      sha256,
      head,
      blocks.map((block) => block.slice(-32)),
    )
    expect(Buffer.from(concatBytes(head, ...blocks, digest)).equals(log.archive(256, 768))).toBe(true)
  })

  test("is read back as it was written", async () => {
    const source = sourceOf(log.archive(256, 512))
    const { head } = await readArchiveHead(source)
    expect(head).toMatchObject({ log: log.origin, first: 256, past: 512, left: [expect.any(Uint8Array)] })
    const { records } = await readArchiveBlock(source, sha256)
    expect(records.map(({ body }) => Buffer.from(body))).toEqual(log.entries.slice(256, 512))
    expect(records.map(({ payload }) => payload && Buffer.from(payload))).toEqual(
      log.stored.slice(256, 512).map(({ payload }) => payload),
    )
    expect(records.filter(({ segment }) => segment)).toHaveLength(3)
  })
})

describe("readArchiveHead", () => {
  const good = log.head(256, 512)
  test.each([
    ["nothing", {}],
    ["another version", { ...good, v: 2 }],
    ["another type", { ...good, type: "writ-evidence" }],
    ["no log", { ...good, log: null }],
    ["no checkpoint", { ...good, checkpoint: 1 }],
    ["a range that is empty", { ...good, past: "256" }],
    ["a range that is no text", { ...good, first: 256 }],
    ["a range beyond 2^53", { ...good, past: "9007199254740992" }],
    ["a range that cuts a tile", { ...good, first: "255" }],
    ["a range of another spelling", { ...good, first: "0256" }],
    ["hashes that are no list", { ...good, left: "x" }],
    ["hashes that are no text", { ...good, left: [1] }],
    ["hashes of another length", { ...good, left: ["AA=="] }],
    ["too many hashes", { ...good, left: Array.from({ length: 65 }, () => Buffer.alloc(32).toString("base64")) }],
    ["a member that is unknown", { ...good, extra: 1 }],
  ])("refuses %s", async (_, head) => {
    await expect(read(putTogether(head, []))).rejects.toMatchObject({ code: "INVALID_REQUEST" })
  })

  test("refuses what is no object, has no end, or does not stop", async () => {
    for (const text of ["null\n", "[]\n", "{", "", "\n", " ".repeat(1024 * 1024 + 1)])
      await expect(read(Buffer.from(text))).rejects.toMatchObject({ code: "INVALID_REQUEST" })
  })
})

describe("readArchiveBlock", () => {
  const parts = log.block(0)
  const framed = (block: Buffer) => putTogether({}, [block]).subarray(3) // without the head "{}\n"
  const readBlock = (bytes: Uint8Array) => readArchiveBlock(sourceOf(bytes), sha256)

  test("refuses a block that is cut off, of another form, or damaged", async () => {
    const good = framed(parts)
    await expect(readBlock(good)).resolves.toMatchObject({ records: { length: 256 } })
    for (const cut of [0, 3, 4, 100, good.length - 40])
      await expect(readBlock(good.subarray(0, cut))).rejects.toThrow(/archive/)
    await expect(readBlock(Buffer.from("ffffffff", "hex"))).rejects.toThrow(/too large/)
    for (const block of [
      Buffer.alloc(0),
      Buffer.alloc(511), // fewer entries
      Buffer.concat([parts, Buffer.alloc(1)]),
      parts.subarray(0, -1),
      parts.subarray(0, -1_024),
      Buffer.concat([parts.subarray(0, -4), Buffer.from("00000001", "hex")]),
    ])
      await expect(readBlock(framed(block))).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    const damaged = Buffer.from(good)
    damaged[5_000] = (damaged[5_000] as number) ^ 1
    await expect(readBlock(damaged)).rejects.toThrow(/damaged/)
  })
})

describe("a range of a tree", () => {
  test("with what stands beside it gives the root and every proof, at every size", async () => {
    const small = new ArchivedLog(70)
    for (let size = 1; size <= 70; size++)
      for (const [first, past] of [
        [0, 1],
        [0, size],
        [Math.floor(size / 3), Math.ceil((2 * size) / 3)],
        [size - 1, size],
      ] as [number, number][]) {
        const known = new Map<string, Uint8Array>()
        const { left, right } = nodesBeside(first, past, size)
        const beside = small.beside(first, past, size)
        expect([left.length, right.length]).toEqual([beside.left.length, beside.right.length])
        for (const [nodes, hashes] of [
          [left, beside.left],
          [right, beside.right],
        ] as const)
          for (const [i, { level, index }] of nodes.entries())
            known.set(`${level} ${index}`, fromBase64(hashes[i] as string))
        for (let leaf = first; leaf < past; leaf++) known.set(`0 ${leaf}`, small.leaves[leaf] as Uint8Array)
        const root = hashOfNode(sha256, topNode(size), size, ({ level, index }) => known.get(`${level} ${index}`))
        expect(Buffer.from(root).equals(small.root(size))).toBe(true)
      }
  })

  test("says which leaf is missing", () => {
    expect(() => hashOfNode(sha256, topNode(3), 3, () => undefined)).toThrow(/leaf 0/)
  })
})
