/** Heartbeat: appraised, counted, answered. Only what follows from it for the runtime's state is a record of its own. */
import { sha256 } from "../crypto.ts"
import { fromHex, toHex } from "../formats/bytes.ts"
import { type Beat, beatBytes, digestOfJson, type Environment, type Measurements } from "../formats/runtime-messages.ts"
import type { Clock, Instant } from "../ledger/clock.ts"
import { appraiseBeat, type BeatReason, type BeatVerdict, type KnownLease } from "../runtime/appraise.ts"
import { beatPurpose, type Nonces } from "../runtime/nonces.ts"
import { BEAT_INTERVAL_MS, LEASE_TTL_MS, type Runtime, runtimeKey } from "../runtime/runtime.ts"
import { isOpen, nextState, type RuntimeEvent, type RuntimeState } from "../runtime/states.ts"
import type { DirectiveRow } from "./directives.ts"
import type { Leases } from "./leases.ts"
import { isMeasurementGood } from "./measurement.ts"
import type { RuntimeChanges } from "./runtime-changes.ts"
import { assertLoaded, type ControlState } from "./state.ts"

/** A nonce is good for two lives of a lease: after that the runtime asks for a new one. */
const NONCE_LIFE_MS = 2 * LEASE_TTL_MS
const SIGNATURE_BYTES = 64
/** Beats without a doubt that lead to trust: the first, or so many after a doubt. */
const CLEAN_BEATS: Readonly<Partial<Record<RuntimeState, number>>> = { PROVISIONAL: 1, SUSPECT: 3 }
const WRIT = { id: "writ", proof: "process" } as const

export interface BeatAnswer {
  readonly sequence: string
  readonly accepted: boolean
  readonly reasons: readonly BeatReason[]
  /** Null: no runtime of this id is registered. */
  readonly runtime: Runtime | null
  /** Empty when a new one would be of no use: the lease is over, or the beat is to be sent again as it is. */
  readonly nextNonce: Uint8Array
  readonly leaseEndsMs: number
  readonly leaseLeftMs: number
  readonly nextBeatInMs: number
  readonly bundleDigest: string
  /** The next beat must carry measurements and environment in full. */
  readonly sendInFull: boolean
  /** Not acknowledged yet, oldest first. */
  readonly directives: readonly DirectiveRow[]
}

/** A beat that was taken, for the segment. */
export interface TakenBeat {
  readonly runtime: string
  readonly bootEpoch: string
  readonly sequence: string
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
  readonly reasons: readonly string[]
}

export interface HeartbeatDependencies {
  readonly clock: Clock
  readonly audience: string
  readonly nonces: Nonces
  readonly leases: Leases<BeatAnswer>
  readonly changes: RuntimeChanges
  control(): ControlState
  record(beat: TakenBeat): void
  /** A beat of a lease that exists was refused. */
  refused(runtime: string, leaseId: string, bootEpoch: string, sequence: string, reason: string): void
  /** Loads what other replicas changed. */
  refresh(): Promise<void>
  directivesOf(runtime: string, after: bigint): readonly DirectiveRow[]
  /** Does the signature hold, by the one rule? May throw QUEUE_FULL. */
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
  /** Executions that were redeemed under a lease, exact where it is less than was claimed; null: not known. */
  redeemed(leaseId: string, claimed: bigint): Promise<bigint | null>
  observe?(outcome: "taken" | "repeated" | "refused" | "too_fast"): void
}

export type Heartbeat = (beat: Beat, signature: Uint8Array) => Promise<BeatAnswer>

/** The same again and again: of the runtime's row, which is replaced whole when it changes. */
interface Derived {
  readonly publicKey: Uint8Array
  readonly measurementsDigest: string
  readonly environmentDigest: string
}
const derived = new WeakMap<Runtime, Derived>()
function derivedOf(runtime: Runtime): Derived {
  let known = derived.get(runtime)
  if (!known) {
    known = {
      publicKey: fromHex(runtime.public_key),
      measurementsDigest: toHex(digestOfJson(sha256, runtime.measurements)),
      environmentDigest: toHex(digestOfJson(sha256, runtime.environment)),
    }
    derived.set(runtime, known)
  }
  return known
}

/** Of its registration, or of the one before while that may be alive. */
function isLeaseOf(runtime: Runtime | undefined, { lease_id }: Beat): boolean {
  return runtime?.lease_id === lease_id || runtime?.contested?.lease_id === lease_id
}

function isFullGood({ environment, environment_digest, measurements, measurements_digest }: Beat): boolean {
  const has = (value: Environment | Measurements | undefined, digest: string) =>
    value === undefined || toHex(digestOfJson(sha256, value)) === digest
  return has(environment, environment_digest) && has(measurements, measurements_digest)
}

/** A beat on its way through: what is worked out once. */
interface Arrived {
  readonly beat: Beat
  readonly signature: Uint8Array
  readonly key: string
  readonly now: Instant
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export function createHeartbeat(deps: HeartbeatDependencies): Heartbeat {
  const { clock, nonces, leases } = deps

  return async (beat, signature) => {
    const now = clock.now()
    const key = runtimeKey(beat.runtime_id)
    // It may have registered with another replica a moment ago.
    if (!isLeaseOf(deps.control().runtimes.get(key), beat)) await deps.refresh()
    const bytes = beatBytes(beat)
    const arrived: Arrived = { beat, signature, key, now, bytes, hash: sha256(bytes) }
    // Everything that is cheap first, taking the signature for good: what fails here is not worth a verification.
    const cheap = appraise(arrived, true, null)
    if (cheap.kind !== "taken") return await conclude(arrived, cheap)
    const { publicKey } = derivedOf(deps.control().runtimes.get(key) as Runtime)
    const holds = signature.length === SIGNATURE_BYTES && (await deps.verify(publicKey, bytes, signature))
    // It may ask the database: only the key's holder can make it do so.
    const redeemed = holds ? await deps.redeemed(beat.lease_id, BigInt(beat.counters.executions_started)) : null
    // Meanwhile others of this lease may have been taken: it is held to what is known now.
    return await conclude(arrived, appraise(arrived, holds, redeemed))
  }

  function appraise({ beat, hash, key, now }: Arrived, isSignatureGood: boolean, redeemed: bigint | null): BeatVerdict {
    const state = deps.control()
    assertLoaded(state)
    const runtime = state.runtimes.get(key)
    const lease = runtime ? knownLease(runtime, beat, now) : null
    const told = leases.get(beat.lease_id)?.toldBundle ?? null
    return appraiseBeat({
      beat,
      hash,
      lease,
      audience: deps.audience,
      nowMs: now.wallMs,
      bundles: told === null ? null : [told, state.active?.policy.digest ?? ""],
      redeemed,
      isNonceGood: () => {
        const purpose = beatPurpose(beat.lease_id, beat.boot_epoch, beat.sequence)
        const madeAt = nonces.madeAt(purpose, fromHex(beat.nonce), now.wallMs, NONCE_LIFE_MS)
        // A replay of what was signed before the second registration would accuse an honest runtime.
        return madeAt !== null && (!lease?.superseded || madeAt > (runtime?.contested?.since ?? 0))
      },
      isSignatureGood: () => isSignatureGood,
      isFullGood: () => isFullGood(beat),
      isMeasurementGood: () => isMeasurementGood(state, runtime as Runtime, now.wallMs),
    })
  }

  function conclude(arrived: Arrived, verdict: BeatVerdict): BeatAnswer | Promise<BeatAnswer> {
    const { beat, key, now } = arrived
    if (verdict.kind === "refused") {
      const code = verdict.reasons[0]?.code as string
      deps.observe?.(code === "BEATS_TOO_FAST" ? "too_fast" : "refused")
      // Who beats too fast is only counted: a record for it would be what the limit is there against.
      if (code !== "BEATS_TOO_FAST" && isLeaseOf(deps.control().runtimes.get(key), beat))
        deps.refused(key, beat.lease_id, beat.boot_epoch, beat.sequence, code)
      return answer(beat, false, verdict.reasons, now)
    }
    if (verdict.kind === "repeated") {
      deps.observe?.("repeated")
      return leases.get(beat.lease_id)?.answer ?? answer(beat, true, [], now)
    }
    deps.observe?.("taken")
    const codes = verdict.reasons.map(({ code }) => code)
    const { bytes, hash, signature } = arrived
    const { boot_epoch: bootEpoch, sequence } = beat
    deps.record({ runtime: key, bootEpoch, sequence, hash, bytes, signature, reasons: codes })
    leases.charge(leases.open(beat.lease_id, now.monotonicMs), now.monotonicMs)
    const runtime = deps.control().runtimes.get(key) as Runtime
    if (verdict.contradicted) return contradict(arrived, runtime, verdict.reasons, codes)
    const extended = leases.extend(runtime.lease_id, BigInt(sequence), hash, now.monotonicMs)
    extended.counters = beat.counters
    extended.clean = codes.length === 0 ? extended.clean + 1 : 0
    const moved =
      codes.includes("ENVIRONMENT_CHANGED") && !codes.includes("FULL_DIFFERS") ? beat.environment : undefined
    const change = moved ? "moved" : changeAfter(runtime, codes, extended.clean, now)
    if (change === null) {
      extended.answer = answer(beat, true, verdict.reasons, now)
      return extended.answer
    }
    const answered = deps.changes
      .happen(key, runtime.lease_id, change, codes, WRIT, moved && { environment: moved })
      .then(() => answer(beat, true, verdict.reasons, now))
    extended.answer = answered
    answered.catch(() => {
      if (extended.answer === answered) extended.answer = null // the next repeat looks again
    })
    return answered
  }

  /** Not extended: what it proves is that it must not be trusted. The row's own lease, which may be the other one. */
  async function contradict(
    { beat, key, now }: Arrived,
    runtime: Runtime,
    reasons: readonly BeatReason[],
    codes: readonly string[],
  ): Promise<BeatAnswer> {
    await deps.changes.happen(key, runtime.lease_id, "contradicted", codes, WRIT)
    return answer(beat, false, reasons, now)
  }

  /** What a taken beat does to its runtime's state; null: nothing. */
  function changeAfter(runtime: Runtime, codes: readonly string[], clean: number, now: Instant): RuntimeEvent | null {
    if (codes.length > 0) return nextState(runtime.state, "doubted") && "doubted"
    const isContested = runtime.contested !== null && now.wallMs < runtime.contested.until
    return !isContested && clean >= (CLEAN_BEATS[runtime.state] ?? Number.POSITIVE_INFINITY) ? "affirmed" : null
  }

  function answer(beat: Beat, accepted: boolean, reasons: readonly BeatReason[], now: Instant): BeatAnswer {
    const state = deps.control()
    const runtime = state.runtimes.get(runtimeKey(beat.runtime_id)) ?? null
    const isCurrent = runtime !== null && isOpen(runtime.state) && isLeaseOf(runtime, beat)
    const lease = isCurrent ? leases.open(beat.lease_id, now.monotonicMs) : undefined
    const leaseLeftMs = isCurrent ? Math.max(0, Math.floor(leases.leftMs(beat.lease_id, now.monotonicMs) ?? 0)) : 0
    // An environment that is not the registered one is asked for, and taken over when it comes.
    const sendInFull = isCurrent && accepted && derivedOf(runtime).environmentDigest !== beat.environment_digest
    const isTooFast = reasons[0]?.code === "BEATS_TOO_FAST"
    const bundleDigest = state.active?.policy.digest ?? ""
    if (lease && accepted) {
      lease.toldBundle = bundleDigest
      lease.askedInFull = sendInFull
    }
    // After the last that was taken; where that is not known, for the very sequence that was asked with.
    const next = accepted
      ? BigInt(beat.sequence) + 1n
      : lease?.sequence == null
        ? BigInt(beat.sequence)
        : lease.sequence + 1n
    return {
      sequence: beat.sequence,
      accepted,
      reasons,
      runtime,
      // Whose beat came too fast sends the same bytes again; a second one of that sequence could be held against it.
      nextNonce:
        isCurrent && !isTooFast
          ? nonces.make(beatPurpose(beat.lease_id, beat.boot_epoch, String(next)), now.wallMs)
          : new Uint8Array(),
      leaseEndsMs: now.wallMs + leaseLeftMs,
      leaseLeftMs,
      nextBeatInMs: accepted ? BEAT_INTERVAL_MS : isTooFast ? leases.waitMs(beat.lease_id, now.monotonicMs) : 0,
      bundleDigest,
      sendInFull,
      directives: isCurrent ? deps.directivesOf(runtimeKey(beat.runtime_id), BigInt(beat.acknowledged_directive)) : [],
    }
  }

  function knownLease(runtime: Runtime, { lease_id }: Beat, now: Instant): KnownLease {
    const { contested } = runtime
    const superseded = contested?.lease_id === lease_id
    const leaseId = superseded ? contested.lease_id : runtime.lease_id
    const known = leases.get(leaseId)
    const left = leases.leftMs(leaseId, now.monotonicMs)
    return {
      leaseId,
      bootEpoch: superseded ? contested.boot_epoch : runtime.boot_epoch,
      open: isOpen(runtime.state),
      lapsed: (left !== null && left <= 0) || (superseded && now.wallMs >= contested.until),
      superseded,
      exhausted: leases.waitMs(leaseId, now.monotonicMs) > 0,
      askedInFull: known?.askedInFull ?? false,
      late: leases.isLate(leaseId, now.monotonicMs),
      lastSequence: known?.sequence ?? null,
      lastHash: known?.hash ?? null,
      counters: known?.counters ?? null,
      measurementsDigest: derivedOf(runtime).measurementsDigest,
      environmentDigest: derivedOf(runtime).environmentDigest,
    }
  }
}
