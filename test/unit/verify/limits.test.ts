import { describe, expect, test } from "vitest"
import { MAX_EVIDENCE_CHARS } from "../../../src/verify/evidence.ts"
import { verifyBeats, verifyConsistency, verifyEvidence, verifyInclusion } from "../../../src/verify/index.ts"

const hash = new Uint8Array(32)

describe("verifyEvidence", () => {
  const refused = { valid: false, anchored: false, failedStep: "format", reason: expect.stringMatching(/^TOO_LARGE: /) }
  test("a file past the limit is refused unread", () => {
    expect(verifyEvidence(" ".repeat(MAX_EVIDENCE_CHARS + 1), undefined)).toMatchObject(refused)
    expect(verifyEvidence(" ".repeat(1_000), undefined).reason).toMatch(/^MALFORMED: /)
  })

  test("more than 100,000 records are refused before one is looked at", () => {
    const file = (count: number) =>
      `{"v":1,"type":"writ-evidence","execution_id":"e","checkpoints":[],"records":[${"0,".repeat(count - 1)}0]}`
    expect(verifyEvidence(file(100_001), undefined)).toMatchObject(refused)
    expect(verifyEvidence(file(100_000), undefined).reason).toMatch(/^MALFORMED: /)
  })
})

describe("verifyBeats", () => {
  test("a segment past the limit is refused unread", () => {
    const segment = new Uint8Array(256 * 1024 * 1024 + 1)
    expect(verifyBeats({ count: 1, root: "", segment }, undefined)).toMatchObject({
      valid: false,
      failedStep: "format",
      reason: expect.stringMatching(/^TOO_LARGE: /),
    })
  })
})

describe("verifyInclusion", () => {
  test.each([
    ["a number as index", { leafIndex: 0 }],
    ["a number as size", { treeSize: 1 }],
    ["text as leaf hash", { leafHash: "00".repeat(32) }],
    ["text as root", { rootHash: "00".repeat(32) }],
    ["a list of texts as proof", { proof: ["00".repeat(32)] }],
    ["no proof", { proof: undefined }],
  ])("a caller without types who passes %s is told MALFORMED", (_, wrong) => {
    const good = { leafIndex: 0n, treeSize: 1n, leafHash: hash, proof: [], rootHash: hash }
    expect(verifyInclusion(good)).toEqual({ valid: true, reason: "" })
    expect(verifyInclusion({ ...good, ...wrong } as never).reason).toMatch(/^MALFORMED: /)
  })
})

describe("verifyConsistency", () => {
  test.each([
    ["a number as first size", { size1: 1 }],
    ["a number as second size", { size2: 1 }],
    ["text as first root", { root1: "00".repeat(32) }],
    ["text as second root", { root2: "00".repeat(32) }],
    ["no proof", { proof: undefined }],
  ])("a caller without types who passes %s is told MALFORMED", (_, wrong) => {
    const good = { size1: 1n, size2: 1n, root1: hash, root2: hash, proof: [] }
    expect(verifyConsistency(good)).toEqual({ valid: true, reason: "" })
    expect(verifyConsistency({ ...good, ...wrong } as never).reason).toMatch(/^MALFORMED: /)
  })
})
