import { describe, expect, test } from "vitest"
import { portableCrypto, verifyArchive, verifyInclusion } from "../../../src/verify/index.ts"
import { ArchivedLog, putTogether, record, sourceOf } from "../../support/archive.ts"
import { MemoryLog } from "../../support/log.ts"

const log = new ArchivedLog(900)
const TRUST = { logs: [{ origin: log.origin, vkey: log.vkey }], tokens: { keys: [] } }
const blocks = [log.block(256), log.block(512)]
const verify = (bytes: Uint8Array, trust = true) => verifyArchive(sourceOf(bytes), trust ? { trust: TRUST } : {})
const withHead = (change: object) => verify(putTogether({ ...log.head(256, 768), ...change }, blocks))
const withRecord = (index: number, change: object) => {
  const stored = log.stored.slice(256, 512)
  stored[index - 256] = { ...record(index), ...change }
  return verify(putTogether(log.head(256, 768), [log.block(256, stored), blocks[1] as Buffer]))
}

describe("verifyArchive", () => {
  test("takes an archive of any range, at any checkpoint that covers it", async () => {
    for (const [first, past, size] of [
      [0, 256, 256],
      [0, 256, 257],
      [0, 768, 900],
      [256, 512, 900],
      [512, 768, 768],
    ] as const) {
      const report = await verify(log.archive(first, past, size))
      expect(report).toMatchObject({ valid: true, reason: "", anchored: true, head: { first, past } })
      expect(report.digest).toMatch(/^[0-9a-f]{64}$/)
      expect(report.erased).toBe(
        log.stored.slice(first, past).filter(({ body }, i) => (first + i) % 100 === 5 && body).length,
      )
    }
  })

  test("without trust it is consistent, and anchored in nothing", async () => {
    expect(await verify(log.archive(256, 768), false)).toMatchObject({ valid: true, anchored: false })
  })

  test("proves each record of a block that was kept, and no other", async () => {
    const report = await verifyArchive(sourceOf(log.archive(256, 768)), {
      onBlock: (records) => records.some(({ index }) => index === 300),
    })
    for (const index of [256, 300, 511])
      expect(
        verifyInclusion({
          leafIndex: BigInt(index),
          treeSize: 900n,
          leafHash: log.leaves[index] as Uint8Array,
          proof: report.proofOf(index),
          rootHash: log.root(),
        }),
      ).toMatchObject({ valid: true })
    expect(() => report.proofOf(600)).toThrow(/not known/)
  })

  test.each([
    ["a checkpoint of another log", { checkpoint: new MemoryLog(900).checkpoint() }, "WRONG_ORIGIN"],
    ["a checkpoint that does not reach", { checkpoint: log.checkpoint(767) }, "MALFORMED"],
    ["a checkpoint that is none", { checkpoint: "x" }, "MALFORMED"],
    ["a hash too few beside it", { left: [] }, "PROOF_WRONG"],
    [
      "a hash too many beside it",
      { right: Array.from({ length: 9 }, () => Buffer.alloc(32).toString("base64")) },
      "PROOF_WRONG",
    ],
  ])("refuses %s", async (_, change, code) => {
    const report = await withHead(change)
    expect([report.valid, report.failedStep, report.reason.split(":")[0]]).toEqual([false, "checkpoint", code])
  })

  test("refuses a checkpoint by no trusted key, and one that a key did not sign", async () => {
    const other = { logs: [{ origin: "else", vkey: log.vkey }], tokens: { keys: [] } }
    expect(await verifyArchive(sourceOf(log.archive(0, 256)), { trust: other })).toMatchObject({
      failedStep: "checkpoint",
      reason: expect.stringMatching(/^UNKNOWN_KEY: /),
    })
    const forged = new MemoryLog(0, log.origin, "stranger").checkpoint(900, log.root())
    expect(await withHead({ checkpoint: forged })).toMatchObject({
      failedStep: "checkpoint",
      reason: expect.stringMatching(/^UNKNOWN_KEY: /),
    })
  })

  test("counts the cosignatures of witnesses that the trust names", async () => {
    const witnesses = { vkeys: [], quorum: 1 }
    expect(await verifyArchive(sourceOf(log.archive(0, 256)), { trust: { ...TRUST, witnesses } })).toMatchObject({
      valid: false,
      failedStep: "checkpoint",
      reason: expect.stringMatching(/^COSIGNATURES_LACKING: /),
    })
  })

  test("refuses another hash beside it, and another record, however well its block is made", async () => {
    expect(await withHead({ left: [Buffer.alloc(32).toString("base64")] })).toMatchObject({
      failedStep: "tree",
      reason: expect.stringMatching(/^PROOF_WRONG: /),
    })
    expect(await withRecord(300, { body: Buffer.from('{"kind":"decision"}') })).toMatchObject({ failedStep: "tree" })
    expect(await withRecord(300, { body: Buffer.from("no JSON") })).toMatchObject({ failedStep: "tree" })
    expect(await withRecord(300, { body: Buffer.from("null") })).toMatchObject({ failedStep: "tree" })
  })

  test.each([
    ["another payload", 304, { payload: Buffer.alloc(40) }],
    ["a payload without its salt", 304, { payload: Buffer.alloc(31) }],
    ["a payload that nobody committed to", 300, { payload: Buffer.alloc(40) }],
    ["another segment", 303, { segment: Buffer.from("other") }],
    ["no segment", 303, { segment: null }],
    ["a segment that no record names", 300, { segment: Buffer.from("more") }],
  ])("refuses %s, and names the record", async (_, index, change) => {
    const report = await withRecord(index, change)
    expect([report.failedStep, report.failedIndex, report.reason.split(":")[0]]).toEqual([
      "payload",
      index,
      "PAYLOAD_DIFFERS",
    ])
  })

  test("a payload that was taken away reads erased", async () => {
    const report = await withRecord(304, { payload: null })
    expect(report).toMatchObject({ valid: true, erased: 6 })
  })

  test("refuses every byte that is changed, lost or added", async () => {
    const good = log.archive(256, 768)
    const changes = [
      ...Array.from({ length: 60 }, (_, i) => {
        const bytes = Buffer.from(good)
        const at = Math.floor((i * (good.length - 1)) / 59)
        bytes[at] = (bytes[at] as number) ^ 1
        return bytes
      }),
      good.subarray(0, -1),
      good.subarray(0, -32),
      Buffer.concat([good, Buffer.alloc(1)]),
    ]
    for (const bytes of changes) expect((await verify(bytes)).valid).toBe(false)
    expect((await verify(good.subarray(0, -1))).failedStep).toBe("digest")
  })

  test("blocks in another order, or fewer of them", async () => {
    const [a, b] = blocks as [Buffer, Buffer]
    expect(await verify(putTogether(log.head(256, 768), [b, a]))).toMatchObject({ valid: false, failedStep: "tree" })
    expect(await verify(putTogether(log.head(256, 768), [a]))).toMatchObject({ failedStep: "format", failedIndex: 512 })
  })

  test("what the reader throws is his, what the source throws too", async () => {
    const broken = new Error("the disk is gone")
    const archive = log.archive(0, 256)
    await expect(
      verifyArchive(sourceOf(archive), {
        crypto: portableCrypto,
        onBlock: () => {
          throw broken
        },
      }),
    ).rejects.toBe(broken)
    await expect(verifyArchive({ take: () => Promise.reject(broken) })).rejects.toBe(broken)
  })
})
