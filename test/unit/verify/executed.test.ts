/** What the step says where it holds; where it does not is in test/vectors. */
import { describe, expect, test } from "vitest"
import { completed, follow, lost, redeemed, started } from "../../../scripts/vectors/evidence-executions.ts"
import {
  CLAIMS,
  CONTENT,
  decision,
  denied,
  type File,
  fileOf,
  type Json,
  places,
  revoked,
  type Sealed,
  step,
  TRUST,
} from "../../../scripts/vectors/lineage.ts"
import { verifyEvidence } from "../../../src/verify/index.ts"

const at = (seconds: string) => `2027-01-15T${seconds}.000Z`
const CODE = "ab".repeat(32)
const DIG = "d".repeat(43)
const measured = decision(
  {},
  { ...CONTENT, claims: { ...CLAIMS, dig: DIG }, facts: { runtime: { code: CODE, public_key: "aa" } } },
)
const withDig = (before: Sealed) => redeemed(before, {}, { dig: DIG })
const startedWith = (before: Sealed) =>
  step(
    before,
    { kind: "started", state: "REDEEMED", time: at("08:00:03"), data: { code: CODE, isolation: "PROCESS_GROUP" } },
    { details: {}, dig: DIG },
  )
const terminated = (before: Sealed, record: Json = {}) =>
  step(
    before,
    { kind: "terminated", state: "REVOKED", time: at("08:00:09"), data: { succeeded: false }, ...record },
    null,
  )
const stopped = (before: Sealed) => step(before, { kind: "revoked", state: "REVOKED", time: at("08:00:06") }, null)
const erase = (file: File, erased: number): File => ({
  ...file,
  records: file.records.map((entry, i) => (i === erased ? { ...entry, payload: null } : entry)),
})
const tell = (file: File) => {
  const report = verifyEvidence(JSON.stringify(file), TRUST)
  expect(report.reason).toBe("")
  return report.steps.find(({ step }) => step === "executed")?.detail
}

describe("the step executed", () => {
  test("what was executed stands beside what was authorized", () => {
    expect(tell(follow(measured, withDig, startedWith, completed))).toBe(
      `authorized: payments.transfer on account:42; redeemed 2.0 s later by key:executor, with the same parameters; started (code ${CODE}, as the runtime registered that was authorized, with the parameters of the token, held by PROCESS_GROUP); completed after 2.0 s, 3598.0 s before it had to end`,
    )
  })

  const allow = decision()
  test.each<[string, File, RegExp]>([
    ["nothing was allowed", fileOf(places(denied())), /^nothing was authorized$/],
    ["it was never redeemed", follow(allow), /; never redeemed$/],
    ["it was revoked before", fileOf(places(allow, revoked(allow))), /; never redeemed$/],
    [
      "it runs",
      follow(allow, redeemed),
      /without parameters; its start was not reported, so nothing shows what ran; its end is not recorded; .* before 2027-01-15T09:00:02\.000Z$/,
    ],
    [
      "it was started without saying how",
      follow(allow, redeemed, (before) => started(before, { data: {} })),
      /; started \(its code was not measured, parameters not told\); its end/,
    ],
    [
      "no runtime was authorized",
      follow(allow, redeemed, started),
      /; started \(code abab\S+, which no registration was there to be held against, parameters not told, held by PID_NAMESPACE\); its end/,
    ],
    ["it was lost", follow(allow, redeemed, lost), /; lost after 3600\.0 s, 0\.0 s after it had to end$/],
    [
      "it was revoked, and ended then",
      follow(allow, redeemed, stopped, terminated),
      /; terminated after 7\.0 s, 3593\.0 s before it had to end$/,
    ],
    ["it was revoked, and nobody said how it ended", follow(allow, redeemed, stopped), /; revoked after 4\.0 s/],
    [
      "the decision is erased",
      erase(follow(measured, withDig, startedWith), 0),
      /^what was authorized is erased; redeemed .* parameters erased; started \(code abab\S+, held against nothing, as the registration is erased, parameters held against nothing, as the token is erased, held/,
    ],
    ["the redemption is erased", erase(follow(measured, withDig, startedWith), 1), /, parameters erased; started/],
    [
      "the start is erased",
      erase(follow(measured, withDig, startedWith), 2),
      /registered .*, parameters erased, held by/,
    ],
    [
      "the token's resource is none",
      follow(decision({}, { ...CONTENT, claims: { ...CLAIMS, action: 7, resource: null } })),
      /^authorized: nothing that has a name on nothing that has a name; never redeemed$/,
    ],
  ])("%s", (_, file, detail) => {
    expect(tell(file)).toMatch(detail)
  })
})
