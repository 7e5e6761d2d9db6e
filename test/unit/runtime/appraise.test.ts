/** Golden cases: one for each reason of a beat, in the order of the checks. A new check does not compile without its case. */
import { describe, expect, test } from "vitest"
import { type Beat, NO_COUNTERS } from "../../../src/formats/runtime-messages.ts"
import {
  appraiseBeat,
  BEAT_CHECKS,
  type BeatCase,
  type BeatReasonCode,
  type KnownLease,
  MAX_SKEW_MS,
  toAppraisal,
} from "../../../src/runtime/appraise.ts"

const NOW = 1_767_225_600_000
const LAST = new Uint8Array(32).fill(9)
const beat: Beat = {
  acknowledged_directive: "0",
  audience: "writ",
  boot_epoch: "1",
  bundle_digest: "b1",
  counters: { ...NO_COUNTERS, denied: "5" },
  environment_digest: "e1",
  issued_at: String(NOW),
  last_receipt: "",
  lease_id: "lease",
  measurements_digest: "m1",
  nonce: "",
  previous_beat: "09".repeat(32),
  runtime_id: "worker",
  sequence: "8",
}
const lease: KnownLease = {
  leaseId: "lease",
  bootEpoch: "1",
  open: true,
  lapsed: false,
  superseded: false,
  exhausted: false,
  late: false,
  askedInFull: false,
  lastSequence: 7n,
  lastHash: LAST,
  counters: { ...NO_COUNTERS, denied: "5" },
  measurementsDigest: "m1",
  environmentDigest: "e1",
}
const good: BeatCase = {
  beat,
  hash: new Uint8Array(32).fill(1),
  lease,
  audience: "writ",
  nowMs: NOW,
  bundles: ["b0", "b1"],
  redeemed: 3n,
  isNonceGood: () => true,
  isSignatureGood: () => true,
  isFullGood: () => true,
  isMeasurementGood: () => true,
}
type Change = Omit<Partial<BeatCase>, "beat" | "lease"> & { beat?: Partial<Beat>; lease?: Partial<KnownLease> | null }
const make = ({ beat: b, lease: l, ...rest }: Change = {}): BeatCase => ({
  ...good,
  ...rest,
  beat: { ...beat, ...b },
  lease: l === null ? null : { ...lease, ...l },
})

const GOLDEN: Readonly<Record<BeatReasonCode, Change>> = {
  AUDIENCE_WRONG: { beat: { audience: "other" } },
  LEASE_UNKNOWN: { beat: { lease_id: "other" } },
  LEASE_ENDED: { lease: { open: false } },
  LEASE_LAPSED: { lease: { lapsed: true } },
  BEAT_REPEATED: { hash: LAST },
  SEQUENCE_OLD: { beat: { sequence: "6" } },
  BEATS_TOO_FAST: { lease: { exhausted: true } },
  NONCE_UNKNOWN: { isNonceGood: () => false },
  SIGNATURE_WRONG: { isSignatureGood: () => false },
  KEY_CLONED: { lease: { superseded: true } },
  BEAT_EQUIVOCATION: { beat: { sequence: "7" } },
  CLOCK_SKEWED: { beat: { issued_at: String(NOW - MAX_SKEW_MS - 1) } },
  BEAT_LATE: { lease: { late: true } },
  PREVIOUS_BEAT_DIFFERS: { beat: { previous_beat: "08".repeat(32) } },
  MEASUREMENTS_CHANGED: { beat: { measurements_digest: "m2" } },
  MEASUREMENTS_REFUSED: { isMeasurementGood: () => false },
  ENVIRONMENT_CHANGED: { beat: { environment_digest: "e2" } },
  FULL_MISSING: { lease: { askedInFull: true }, beat: { environment_digest: "e2" } },
  FULL_DIFFERS: { isFullGood: () => false },
  BUNDLE_STALE: { beat: { bundle_digest: "b2" } },
  COUNTERS_FELL: { beat: { counters: { ...NO_COUNTERS, denied: "4" } } },
  COUNTERS_UNACCOUNTED: { beat: { counters: { ...beat.counters, executions_started: "4" } } },
}

const reasonOf = (code: BeatReasonCode) => ({ code, text: BEAT_CHECKS[code].text })

describe("appraiseBeat", () => {
  test.each([
    ["as it should be", {}],
    [
      "of a lease of which nothing is known since the restart",
      { lease: { lastSequence: null, lastHash: null, counters: null }, bundles: null },
    ],
    ["that other replicas heard the beat before", { lease: { lastSequence: 3n } }],
    [
      "that says as many were started as were redeemed",
      { beat: { counters: { ...beat.counters, executions_started: "3" } } },
    ],
    ["that says fewer", { beat: { counters: { ...beat.counters, executions_started: "2" } } }],
    [
      "that says any number where it is not known how many were redeemed",
      { beat: { counters: { ...beat.counters, executions_started: String(2n ** 64n - 1n) } }, redeemed: null },
    ],
    ["with the clock at the edge", { beat: { issued_at: String(NOW + MAX_SKEW_MS) } }],
    [
      "the first of a lease",
      { beat: { sequence: "1", previous_beat: "" }, lease: { lastSequence: 0n, lastHash: null } },
    ],
  ] satisfies [string, Change][])("a beat %s is taken without a doubt", (_, change) => {
    expect(appraiseBeat(make(change))).toEqual({ kind: "taken", contradicted: false, reasons: [] })
  })

  test.each(Object.entries(GOLDEN) as [BeatReasonCode, Change][])("%s, and nothing else", (code, change) => {
    const { effect, text } = BEAT_CHECKS[code]
    const verdict = appraiseBeat(make(change))
    if (effect === "repeat") expect(verdict).toEqual({ kind: "repeated" })
    else if (effect === "refuse") expect(verdict).toEqual({ kind: "refused", reasons: [{ code, text }] })
    else {
      // an environment is asked for in full only where it is another
      const before = code === "FULL_MISSING" ? [reasonOf("ENVIRONMENT_CHANGED")] : []
      const reasons = [...before, { code, text }]
      expect(verdict).toEqual({ kind: "taken", contradicted: effect === "contradict", reasons })
    }
  })

  test("no lease at all, another epoch and sequence 0 are refused", () => {
    expect(appraiseBeat(make({ lease: null }))).toMatchObject({ reasons: [{ code: "LEASE_UNKNOWN" }] })
    expect(appraiseBeat(make({ beat: { boot_epoch: "2" } }))).toMatchObject({ reasons: [{ code: "LEASE_UNKNOWN" }] })
    expect(appraiseBeat(make({ beat: { sequence: "0" }, lease: { lastSequence: null } }))).toMatchObject({
      reasons: [{ code: "SEQUENCE_OLD" }],
    })
  })

  test("what costs is not done for what is refused before it", () => {
    const never = () => expect.fail("was asked")
    for (const code of ["AUDIENCE_WRONG", "LEASE_UNKNOWN", "LEASE_ENDED", "LEASE_LAPSED", "SEQUENCE_OLD"] as const)
      expect(appraiseBeat(make({ ...GOLDEN[code], isNonceGood: never, isSignatureGood: never })).kind).toBe("refused")
    expect(appraiseBeat(make({ isNonceGood: () => false, isSignatureGood: never })).kind).toBe("refused")
  })

  test("all doubts are told", () => {
    const verdict = appraiseBeat(make({ ...GOLDEN.CLOCK_SKEWED, ...GOLDEN.MEASUREMENTS_REFUSED, bundles: ["b9"] }))
    expect(verdict).toMatchObject({
      contradicted: false,
      reasons: [{ code: "CLOCK_SKEWED" }, { code: "MEASUREMENTS_REFUSED" }, { code: "BUNDLE_STALE" }],
    })
  })
})

describe("toAppraisal", () => {
  test("each claim is no better than its worst reason", () => {
    expect(toAppraisal(["CLOCK_SKEWED", "MEASUREMENTS_CHANGED", "MEASUREMENTS_REFUSED"])).toMatchObject([
      { claim: "instance_identity", tier: "AFFIRMING", reasons: [] },
      { claim: "configuration", tier: "WARNING", reasons: [{ code: "CLOCK_SKEWED" }] },
      {
        claim: "executables",
        tier: "CONTRAINDICATED",
        reasons: [{ code: "MEASUREMENTS_CHANGED" }, { code: "MEASUREMENTS_REFUSED" }],
      },
      { claim: "accounting", tier: "AFFIRMING", reasons: [] },
    ])
  })

  test("codes that are not of a beat, an operator's or a prototype's, concern no claim", () => {
    expect(toAppraisal(["KEY_REGISTERED_AGAIN", "constructor"]).every(({ tier }) => tier === "AFFIRMING")).toBe(true)
  })
})
