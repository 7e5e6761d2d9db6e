import { describe, expect, test } from "vitest"
import { progressLine } from "../../../src/cli/ledger-fsck.ts"

describe("progressLine", () => {
  test("how far, how fast, how long still; the last one ends its line", () => {
    const half = progressLine(500, 1000, 2000)
    expect(half.trimEnd()).toBe("[============            ] 500 of 1000 records, 250 /s, 2 s left")
    const last = progressLine(1000, 1000, 4000)
    expect(last.trimEnd()).toBe("[========================] 1000 of 1000 records, 250 /s, 0 s left")
    expect([half.length, last.length]).toEqual([90, 91])
    expect(last.endsWith("\n")).toBe(true)
  })

  test("nothing yet, and of nothing", () => {
    expect(progressLine(0, 10, 0).trimEnd()).toBe("[                        ] 0 of 10 records, 0 /s,")
    expect(progressLine(0, 0, 0)).toMatch(/^\[={24}\] 0 of 0 records/)
  })
})
