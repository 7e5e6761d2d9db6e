import { describe, expect, test } from "vitest"
import { type Life, MARKS, type Mark, marksOf } from "../../../src/ledger/marks.ts"

const UNTIL_MS = 1_000
const life = (state: Life["state"], kinds: readonly string[], more: Partial<Life> = {}): Life => ({
  state,
  untilMs: UNTIL_MS,
  records: kinds.map((text) => {
    const [kind, to] = text.split(">")
    return { kind, ...(to && { state: to }) } as Life["records"][number]
  }),
  ancestors: [],
  ...more,
})
const REDEEMED = ["decision", "redeemed"]

describe("marksOf", () => {
  test.each<readonly [string, Life, number, readonly Mark[]]>([
    ["authorized, its token alive", life("AUTHORIZED", ["decision"]), 999, []],
    ["authorized, its token ended", life("AUTHORIZED", ["decision"]), 1_000, ["NEVER_REDEEMED"]],
    ["waiting for an approval that lapsed", life("APPROVAL_PENDING", ["decision"]), 1_000, []],
    ["denied", life(null, ["decision"]), 1_000, []],
    ["running", life("REDEEMED", REDEEMED), 999, []],
    ["running beyond its time", life("REDEEMED", REDEEMED), 1_000, ["NEVER_COMPLETED"]],
    ["lost", life("LOST", [...REDEEMED, "lost"]), 999, ["NEVER_COMPLETED"]],
    ["completed", life("COMPLETED", [...REDEEMED, "completed"]), 2_000, []],
    ["failed", life("FAILED", [...REDEEMED, "terminated>FAILED"]), 2_000, []],
    ["revoked before it began", life("REVOKED", ["decision", "revoked"]), 2_000, []],
    ["revoked, and nobody said that it ended", life("REVOKED", [...REDEEMED, "revoked"]), 0, ["NEVER_COMPLETED"]],
    ["revoked and ended", life("REVOKED", [...REDEEMED, "revoked", "terminated>REVOKED"]), 0, []],
    ["reported late", life("LOST", [...REDEEMED, "lost", "completed_late>LOST"]), 2_000, ["LATE"]],
    ["ended from outside, late", life("LOST", [...REDEEMED, "terminated>LOST"]), 2_000, ["LATE"]],
    ["running below what runs", life("REDEEMED", REDEEMED, { ancestors: ["REDEEMED", "REDEEMED"] }), 0, []],
    ["running below what has ended", life("REDEEMED", REDEEMED, { ancestors: ["REDEEMED", "LOST"] }), 0, ["ORPHAN"]],
    ["authorized below what has completed", life("AUTHORIZED", [], { ancestors: ["COMPLETED"] }), 0, ["ORPHAN"]],
    ["below what is unknown", life("REDEEMED", REDEEMED, { ancestors: [null] }), 0, ["ORPHAN"]],
    ["over, below what has ended", life("COMPLETED", REDEEMED, { ancestors: ["LOST"] }), 0, []],
    [
      "never redeemed, below what has ended",
      life("AUTHORIZED", [], { ancestors: ["LOST"] }),
      1_000,
      ["NEVER_REDEEMED"],
    ],
  ])("%s", (_, of, nowMs, marks) => {
    expect(marksOf(of, nowMs)).toEqual(marks)
  })
  test("each mark has a meaning", () => {
    expect(Object.values(MARKS).every((meaning) => meaning.length > 20)).toBe(true)
  })
})
