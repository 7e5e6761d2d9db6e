/**
 * What a beat is worth. Checks run in this order, cheap ones first; each has a stable reason code. A refusal changes
 * nothing: whoever replays, forges or reorders beats cannot harm the runtime that they are of. Every beat that is validly
 * signed and fresh is taken, so that an honest runtime never signs two beats of one sequence.
 */
import { equalBytes } from "../formats/bytes.ts"
import { type Beat, COUNTERS, type Counters } from "../formats/runtime-messages.ts"
import { LATE_AFTER_MS } from "./runtime.ts"

/** A runtime's wall clock may differ by this much. */
export const MAX_SKEW_MS = 30_000

export const TIERS = { AFFIRMING: 2, WARNING: 32, CONTRAINDICATED: 96 } as const
export type Tier = keyof typeof TIERS
export const CLAIMS = ["instance_identity", "configuration", "executables", "accounting"] as const
export type Claim = (typeof CLAIMS)[number]

/** What is known of the lease that the beat names; null where nothing is, as after a restart. */
export interface KnownLease {
  readonly leaseId: string
  readonly bootEpoch: string
  readonly open: boolean
  readonly lapsed: boolean
  /** It was registered again since: a beat of it means that two processes hold the key. */
  readonly superseded: boolean
  /** It has sent all the beats that it may for now. */
  readonly exhausted: boolean
  /** Longer silent than an honest runtime is. */
  readonly late: boolean
  /** The last answer asked for measurements and environment in full. */
  readonly askedInFull: boolean
  /** Sequence of the last beat that was taken; null: not known. */
  readonly lastSequence: bigint | null
  readonly lastHash: Uint8Array | null
  readonly counters: Counters | null
  readonly measurementsDigest: string
  readonly environmentDigest: string
}

export interface BeatCase {
  readonly beat: Beat
  /** SHA-256 of its signed bytes. */
  readonly hash: Uint8Array
  readonly lease: KnownLease | null
  readonly audience: string
  readonly nowMs: number
  /** Digests that it may know of: the active bundle's and the one that it was last told of; null: not known. */
  readonly bundles: readonly string[] | null
  /** At least so many executions were redeemed under its lease, by the ledger; null: not known. */
  readonly redeemed: bigint | null
  isNonceGood(): boolean
  isSignatureGood(): boolean
  /** Do measurements and environment, where it sends them, have the digests that it says? */
  isFullGood(): boolean
  /** Does the active policy accept what it runs? */
  isMeasurementGood(): boolean
}

type Effect = "refuse" | "repeat" | "contradict" | "doubt"
interface Check {
  readonly effect: Effect
  readonly claim: Claim
  readonly text: string
  /** True: the check has nothing to say. */
  readonly passes: (of: BeatCase) => boolean
}

const lastOf = ({ lease }: BeatCase) => lease?.lastSequence ?? null
const isSame = ({ hash, lease }: BeatCase) => lease?.lastHash != null && equalBytes(hash, lease.lastHash)
const follows = (of: BeatCase) => lastOf(of) !== null && BigInt(of.beat.sequence) === (lastOf(of) as bigint) + 1n

export const BEAT_CHECKS = {
  AUDIENCE_WRONG: {
    effect: "refuse",
    claim: "instance_identity",
    text: "The beat is for another verifier.",
    passes: ({ beat, audience }) => beat.audience === audience,
  },
  LEASE_UNKNOWN: {
    effect: "refuse",
    claim: "instance_identity",
    text: "There is no such lease. Register again.",
    passes: ({ beat, lease }) =>
      lease !== null && lease.leaseId === beat.lease_id && lease.bootEpoch === beat.boot_epoch,
  },
  LEASE_ENDED: {
    effect: "refuse",
    claim: "instance_identity",
    text: "The runtime has ended or its key was revoked.",
    passes: ({ lease }) => lease?.open === true,
  },
  LEASE_LAPSED: {
    effect: "refuse",
    claim: "instance_identity",
    text: "The lease has lapsed. Register again.",
    passes: ({ lease }) => lease?.lapsed === false,
  },
  BEAT_REPEATED: {
    effect: "repeat",
    claim: "instance_identity",
    text: "The same beat again.",
    passes: (of) => !isSame(of),
  },
  SEQUENCE_OLD: {
    effect: "refuse",
    claim: "instance_identity",
    text: "A beat of this or a later sequence was taken already.",
    passes: (of) => BigInt(of.beat.sequence) >= (lastOf(of) ?? 0n) && of.beat.sequence !== "0",
  },
  BEATS_TOO_FAST: {
    effect: "refuse",
    claim: "instance_identity",
    text: "Beats of this lease come faster than they may. Send the same bytes again after next_beat_in.",
    passes: ({ lease }) => lease?.exhausted === false,
  },
  NONCE_UNKNOWN: {
    effect: "refuse",
    claim: "instance_identity",
    text: "The nonce was not made for this beat, or too long ago. A new one is in the reply.",
    passes: (of) => of.isNonceGood(),
  },
  SIGNATURE_WRONG: {
    effect: "refuse",
    claim: "instance_identity",
    text: "The signature is not by the registered key over this beat.",
    passes: (of) => of.isSignatureGood(),
  },
  KEY_CLONED: {
    effect: "contradict",
    claim: "instance_identity",
    text: "The key was registered again, and the lease before it still beats: two processes hold it.",
    passes: ({ lease }) => lease?.superseded === false,
  },
  BEAT_EQUIVOCATION: {
    effect: "contradict",
    claim: "instance_identity",
    text: "Two different beats of one sequence are validly signed: two processes hold the key.",
    passes: (of) => lastOf(of) === null || BigInt(of.beat.sequence) !== lastOf(of),
  },
  CLOCK_SKEWED: {
    effect: "doubt",
    claim: "configuration",
    text: `Its clock differs by more than ${MAX_SKEW_MS / 1000} s.`,
    passes: ({ beat, nowMs }) => Math.abs(Number(beat.issued_at) - nowMs) <= MAX_SKEW_MS,
  },
  BEAT_LATE: {
    effect: "doubt",
    claim: "instance_identity",
    text: `More than ${LATE_AFTER_MS / 1000} s have passed since the beat before.`,
    passes: ({ lease }) => lease?.late === false,
  },
  PREVIOUS_BEAT_DIFFERS: {
    effect: "doubt",
    claim: "instance_identity",
    text: "It names another beat before this one than the one that was taken.",
    passes: (of) =>
      !follows(of) ||
      of.lease?.lastHash == null ||
      of.beat.previous_beat === Buffer.from(of.lease.lastHash).toString("hex"),
  },
  MEASUREMENTS_CHANGED: {
    effect: "contradict",
    claim: "executables",
    text: "What it runs is not what it registered with.",
    passes: ({ beat, lease }) => beat.measurements_digest === lease?.measurementsDigest,
  },
  MEASUREMENTS_REFUSED: {
    effect: "doubt",
    claim: "executables",
    text: "The active policy does not accept what it runs.",
    passes: (of) => of.isMeasurementGood(),
  },
  ENVIRONMENT_CHANGED: {
    effect: "doubt",
    claim: "configuration",
    text: "Its environment is not the one that it registered with.",
    passes: ({ beat, lease }) => beat.environment_digest === lease?.environmentDigest,
  },
  FULL_MISSING: {
    effect: "doubt",
    claim: "configuration",
    text: "It was asked for measurements and environment in full, and did not send them.",
    passes: ({ beat, lease }) =>
      !lease?.askedInFull ||
      beat.environment_digest === lease.environmentDigest ||
      (beat.measurements !== undefined && beat.environment !== undefined),
  },
  FULL_DIFFERS: {
    effect: "doubt",
    claim: "configuration",
    text: "What it sends in full does not have the digests that it says.",
    passes: (of) => of.isFullGood(),
  },
  BUNDLE_STALE: {
    effect: "doubt",
    claim: "configuration",
    text: "It does not know of the policy bundle that it was told of.",
    passes: ({ beat, bundles }) => bundles === null || bundles.includes(beat.bundle_digest),
  },
  COUNTERS_FELL: {
    effect: "doubt",
    claim: "accounting",
    text: "A counter is lower than before.",
    passes: ({ beat, lease }) => {
      const before = lease?.counters
      return !before || COUNTERS.every((name) => BigInt(beat.counters[name]) >= BigInt(before[name]))
    },
  },
  COUNTERS_UNACCOUNTED: {
    effect: "doubt",
    claim: "accounting",
    text: "It says that it started more executions than were redeemed under its lease.",
    // Fewer is none: what was redeemed may not have started yet, or never.
    passes: ({ beat, redeemed }) => redeemed === null || BigInt(beat.counters.executions_started) <= redeemed,
  },
} as const satisfies Record<string, Check>

export type BeatReasonCode = keyof typeof BEAT_CHECKS
export interface BeatReason {
  readonly code: BeatReasonCode
  readonly text: string
}

export type BeatVerdict =
  /** No state changes. */
  | { readonly kind: "refused"; readonly reasons: readonly BeatReason[] }
  /** The same bytes again: the stored answer. */
  | { readonly kind: "repeated" }
  /** Taken; without a doubt when there are no reasons. `contradicted`: what an honest runtime cannot produce. */
  | { readonly kind: "taken"; readonly contradicted: boolean; readonly reasons: readonly BeatReason[] }

const ORDER = Object.entries(BEAT_CHECKS) as [BeatReasonCode, Check][]

export function appraiseBeat(of: BeatCase): BeatVerdict {
  const reasons: BeatReason[] = []
  let contradicted = false
  for (const [code, { effect, text, passes }] of ORDER) {
    if (passes(of)) continue
    if (effect === "repeat") return { kind: "repeated" }
    if (effect === "refuse") return { kind: "refused", reasons: [{ code, text }] }
    reasons.push({ code, text })
    if (effect === "contradict") contradicted = true
  }
  return { kind: "taken", contradicted, reasons }
}

/** Claim by claim, each no better than its worst reason (EAR). */
export function toAppraisal(
  codes: readonly string[],
): { readonly claim: Claim; readonly tier: Tier; readonly reasons: readonly BeatReason[] }[] {
  const known = codes.flatMap((code) =>
    Object.hasOwn(BEAT_CHECKS, code) ? [{ code: code as BeatReasonCode, ...BEAT_CHECKS[code as BeatReasonCode] }] : [],
  )
  return CLAIMS.map((claim) => {
    const mine = known.filter((check) => check.claim === claim)
    const worst = mine.some(({ effect }) => effect !== "doubt") ? "CONTRAINDICATED" : "WARNING"
    return {
      claim,
      tier: mine.length === 0 ? "AFFIRMING" : worst,
      reasons: mine.map(({ code, text }) => ({ code, text })),
    }
  })
}
