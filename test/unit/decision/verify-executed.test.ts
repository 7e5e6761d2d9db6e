import { describe, expect, test } from "vitest"
import { redeemed } from "../../../scripts/vectors/evidence-executions.ts"
import {
  CLAIMS,
  CONTENT,
  decision,
  denied,
  EXECUTION,
  type Json,
  leafHash,
  ORIGIN,
  revoked,
  type Sealed,
  step,
} from "../../../scripts/vectors/lineage.ts"
import { checkExecuted } from "../../../src/decision/verify-executed.ts"
import type { Lineage } from "../../../src/ledger/lineage.ts"

const lineage = (...records: readonly Sealed[]): Lineage => ({
  executionId: EXECUTION,
  records: records.map((record, i) => ({
    origin: ORIGIN,
    logId: 1,
    index: 10 + i,
    leafHash: leafHash(record.body),
    ...record,
  })),
})
const check = (...records: readonly Sealed[]) => checkExecuted([lineage(...records)])
const at = (seconds: string) => `2027-01-15T${seconds}.000Z`
const allow = decision()
const redemption = redeemed(allow)
const started = (more: Json = {}) =>
  step(
    redemption,
    {
      kind: "started",
      state: "REDEEMED",
      time: at("08:00:03"),
      data: { code: "ab", isolation: "PROCESS_GROUP" },
      ...more,
    },
    {},
  )
const ended = (kind: string, more: Json = {}) =>
  step(redemption, { kind, state: "COMPLETED", time: at("08:00:04"), data: { succeeded: true }, ...more }, {})

describe("checkExecuted", () => {
  test("what was executed stands beside what was authorized", () => {
    expect(check(allow, redemption, started(), ended("completed"))).toEqual({
      result: "ok",
      detail:
        "authorized: payments.transfer on account:42; redeemed 2.0 s later by key:executor, without parameters; started (code ab, held by PROCESS_GROUP); completed after 2.0 s, 3598.0 s before it had to end",
      fault: null,
    })
  })

  test.each<[string, readonly Sealed[], string, RegExp]>([
    ["nothing was allowed", [denied()], "ok", /^nothing was authorized$/],
    ["it was never redeemed", [allow], "ok", /; never redeemed$/],
    ["it was revoked before", [allow, revoked(allow)], "ok", /; never redeemed$/],
    [
      "it runs",
      [allow, redemption],
      "ok",
      /; its start was not reported; its end is not recorded; .* before 2027-01-15T09:00:02\.000Z$/,
    ],
    ["it was started without saying how", [allow, redemption, started({ data: {} })], "ok", /; started; its end/],
    [
      "it was lost",
      [allow, redemption, ended("lost", { time: at("09:00:03") })],
      "ok",
      /; lost after 3601\.0 s, 1\.0 s after it had to end$/,
    ],
    [
      "it was revoked, and ended then",
      [allow, redemption, ended("revoked"), ended("terminated", { time: at("08:00:09") })],
      "ok",
      /; terminated after 7\.0 s/,
    ],
    [
      "the decision is erased",
      [{ ...allow, payload: null }, redemption],
      "erased",
      /^what was authorized is erased; redeemed .* parameters erased/,
    ],
    ["the redemption is erased", [allow, { ...redemption, payload: null }], "erased", /, parameters erased/],
    [
      "it had parameters",
      [decision({}, { ...CONTENT, claims: { ...CLAIMS, dig: "d" } }), redeemed(allow, {}, { dig: "d" })],
      "ok",
      /, with the same parameters;/,
    ],
  ])("%s", (_, records, result, detail) => {
    expect(check(...records)).toMatchObject({ result, detail: expect.stringMatching(detail), fault: null })
  })

  test.each(["started", "completed", "completed_late", "terminated"])(
    "%s by somebody else: its record is to blame",
    (kind) => {
      const report = check(allow, redemption, ended(kind, { actor: { id: "key:other", proof: "api-key" } }))
      expect(report).toMatchObject({ result: "failed", fault: { index: 12 } })
      expect(report.detail).toBe(`record 12 (${kind}) is by key:other, and key:executor redeemed the token`)
    },
  )

  test("so is that of an execution that it descends from", () => {
    const parent = lineage(allow, redemption, started({ actor: { id: "key:other", proof: "api-key" } }))
    expect(checkExecuted([lineage(allow), parent])).toMatchObject({ result: "failed", fault: { index: 12 } })
  })
})
