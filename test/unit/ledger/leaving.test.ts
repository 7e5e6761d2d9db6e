import { expect, test } from "vitest"
import { KINDS, type RecordKind } from "../../../src/ledger/kinds.ts"
import { leavesWithArchive } from "../../../src/ledger/leaving.ts"

test("the steps of executions and beats leave with an archive; what governs, and what raises the epoch, stays", () => {
  const leaving = (Object.keys(KINDS) as RecordKind[]).filter(leavesWithArchive)
  expect(leaving.sort()).toEqual(
    [
      "decision",
      "approval_decided",
      "redeemed",
      "redeem_refused",
      "started",
      "completed",
      "completed_late",
      "terminated",
      "lost",
      "beats",
      "beat_refused",
    ].sort(),
  )
  expect(leavesWithArchive(undefined)).toBe(false)
  expect(leavesWithArchive("toString" as RecordKind)).toBe(false)
})
