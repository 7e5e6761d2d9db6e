import { describe, expect, test } from "vitest"
import { nativeCrypto, sha256 } from "../../../src/crypto.ts"
import { hashLeaf } from "../../../src/formats/merkle.ts"
import type { StoredRecord } from "../../../src/ledger/lineage.ts"
import type { TileReader } from "../../../src/ledger/proofs.ts"
import { assertSignedPrefix, assertWhole, newestRecordMs, restoreTree } from "../../../src/ledger/restore.ts"
import type { Head } from "../../../src/ledger/store.ts"
import { leafOf, naiveRoot } from "../../support/naive-merkle.ts"

const leaves: readonly Uint8Array[] = Array.from({ length: 700 }, (_, i) => leafOf(i))
const altered = leaves.with(2, leafOf(9_999))
const FROZEN = { code: "LEDGER_FROZEN" }

const headOf = (size: number, held = leaves): Head => ({
  logId: 1,
  size,
  root: naiveRoot(held.slice(0, size)),
  fence: 1n,
})
/** Leaves, and the roots of full tiles over them. */
const storeOf = (held: readonly Uint8Array[]): { tiles(): TileReader } => ({
  tiles: () => ({
    hashes: async (level, start, count) =>
      Array.from({ length: count }, (_, i) => held.slice((start + i) * 256 ** level, (start + i + 1) * 256 ** level))
        .filter((under) => under.length === 256 ** level)
        .map(naiveRoot),
  }),
})

describe("restoreTree", () => {
  test.each([0, 1, 2, 255, 256, 257, 511, 512, 600, 700])("a log of %d records goes on where it was", async (size) => {
    const tree = await restoreTree(storeOf(leaves), headOf(size), sha256)
    expect([tree.size, Buffer.from(tree.root())]).toEqual([size, Buffer.from(naiveRoot(leaves.slice(0, size)))])
    tree.append([leafOf(1)])
    expect(Buffer.from(tree.root())).toEqual(Buffer.from(naiveRoot([...leaves.slice(0, size), leafOf(1)])))
  })

  test.each([
    ["a leaf at the right edge is another", storeOf(leaves.with(699, leafOf(0))), headOf(700)],
    ["a full tile holds another leaf", storeOf(altered), headOf(700)],
    ["the root is another", storeOf(leaves), headOf(700, altered)],
    ["hashes are missing", storeOf(leaves.slice(0, 650)), headOf(700)],
    ["no hash is there", storeOf([]), headOf(3)],
  ])("%s: LEDGER_FROZEN, and what to do", async (_, store, head) => {
    const restored = restoreTree(store, head, sha256)
    await expect(restored).rejects.toMatchObject({ ...FROZEN, message: expect.stringMatching(/writ ledger fsck/) })
  })
})

describe("assertWhole", () => {
  const bodies = Array.from({ length: 700 }, (_, i) => Buffer.from(`record ${i}`))
  const hashed = bodies.map((body) => hashLeaf(sha256, body))
  const stored = (held: readonly Buffer[], tiles = hashed) => ({
    ...storeOf(tiles),
    records: async (_: number, start: number, limit: number) =>
      held.slice(start, start + limit).map((body, i) => ({ body, index: start + i }) as unknown as StoredRecord),
  })
  const signed = (size: number, held: readonly Uint8Array[] = hashed) => ({
    size,
    root: naiveRoot(held.slice(0, size)),
  })
  const check = (held: readonly Buffer[], size: number, last: ReturnType<typeof signed>, tiles = hashed) =>
    assertWhole(stored(held, tiles), headOf(size, hashed), last, sha256)

  test.each([0, 1, 255, 256, 300, 699, 700])("700 records of which %d were signed", async (size) => {
    await expect(check(bodies, 700, signed(size))).resolves.toBeUndefined()
  })
  test("an empty log", async () => {
    await expect(check([], 0, signed(0))).resolves.toBeUndefined()
  })
  test.each([
    ["a body that was not signed is another", () => check(bodies.with(600, Buffer.from("other")), 700, signed(300))],
    ["the last one is missing", () => check(bodies.slice(0, 699), 700, signed(300))],
    ["all are missing", () => check([], 700, signed(0))],
    ["a leaf below what was signed is another", () => check(bodies, 700, signed(300), hashed.with(299, leafOf(1)))],
    ["more was signed than there is", () => check(bodies, 300, signed(301))],
    ["what was signed is another log", () => check(bodies, 700, signed(300, leaves))],
  ])("%s: LEDGER_FROZEN", async (_, checked) => {
    await expect(checked()).rejects.toMatchObject(FROZEN)
  })
})

describe("assertSignedPrefix", () => {
  const signed = (size: number, held = leaves) => ({ size, root: naiveRoot(held.slice(0, size)) })
  const check = (held: readonly Uint8Array[], size: number, last: ReturnType<typeof signed> | null) =>
    assertSignedPrefix(storeOf(held), headOf(size, held), last, nativeCrypto)

  test("nothing was signed, or a prefix was, or all of it", async () => {
    for (const last of [null, signed(0), signed(1), signed(256), signed(299), signed(300)])
      await expect(check(leaves, 300, last)).resolves.toBeUndefined()
    await expect(check([], 0, null)).resolves.toBeUndefined()
    await expect(check([], 0, signed(0))).resolves.toBeUndefined()
  })

  test.each([
    ["more was signed than the database holds", leaves, 300, signed(301)],
    ["something was signed, and the database is empty", [], 0, signed(1)],
    ["a record that was signed is another", altered, 300, signed(299)],
    ["as many were signed, with another root", altered, 300, signed(300)],
  ])("%s: LEDGER_FROZEN", async (_, held, size, last) => {
    await expect(check(held, size, last)).rejects.toMatchObject(FROZEN)
  })

  test("it reads the leaves, not the head's word: a head that names the signed root does not help", async () => {
    await expect(assertSignedPrefix(storeOf(altered), headOf(300), signed(300), nativeCrypto)).rejects.toMatchObject(
      FROZEN,
    )
  })
})

describe("newestRecordMs", () => {
  const asked: number[] = []
  const store = (body: string | null) => ({
    async record(_: number, index: number) {
      asked.push(index)
      return body === null ? null : ({ body: Buffer.from(body) } as unknown as StoredRecord)
    },
  })

  test("the time of the last record", async () => {
    expect(await newestRecordMs(store('{"time":"2027-01-15T08:00:00.007Z"}'), headOf(7))).toBe(1_800_000_000_007)
    expect(asked).toEqual([6])
  })

  test("0 where there is none, or none that can be read", async () => {
    expect(await newestRecordMs(store('{"time":"2027-01-15T08:00:00.007Z"}'), headOf(0))).toBe(0)
    for (const body of [null, "{", "{}", '{"time":"yesterday"}'])
      expect(await newestRecordMs(store(body), headOf(7))).toBe(0)
  })
})
