/** Heartbeat: appraised, counted, answered. Only what follows from it for the runtime's state is a record of its own. */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { fromHex, toHex } from "../formats/bytes.ts"
import { type Beat, beatBytes, digestOfJson } from "../formats/runtime-messages.ts"
import type { Clock, Instant } from "../ledger/clock.ts"
import { appraiseBeat, type BeatCase, type BeatReason, type KnownLease } from "../runtime/appraise.ts"
import { beatPurpose, type Nonces } from "../runtime/nonces.ts"
import { BEAT_INTERVAL_MS, LEASE_TTL_MS, type Runtime, runtimeKey } from "../runtime/runtime.ts"
import { isOpen, nextState, type RuntimeState } from "../runtime/states.ts"
import { verifySignature } from "../verify/signature.ts"
import type { DirectiveRow } from "./directives.ts"
import type { Leases } from "./leases.ts"
import { isMeasurementGood } from "./measurement.ts"
import type { RuntimeChanges } from "./runtime-changes.ts"
import type { ControlState } from "./state.ts"

/** A nonce is good for two lives of a lease: after that the runtime asks for a new one. */
const NONCE_LIFE_MS = 2 * LEASE_TTL_MS
/** Beats without a doubt that lead to trust: the first, or so many after a doubt. */
const CLEAN_BEATS: Readonly<Partial<Record<RuntimeState, number>>> = { PROVISIONAL: 1, SUSPECT: 3 }
const WRIT = { id: "writ", proof: "process" } as const

export interface BeatAnswer {
  readonly sequence: string
  readonly accepted: boolean
  readonly reasons: readonly BeatReason[]
  /** Null: no runtime of this id is registered. */
  readonly runtime: Runtime | null
  /** Empty when a new one would be of no use: the lease is over. */
  readonly nextNonce: Uint8Array
  readonly leaseEndsMs: number
  readonly leaseLeftMs: number
  readonly nextBeatInMs: number
  readonly bundleDigest: string
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
  observe?(outcome: "taken" | "repeated" | "refused"): void
}

export type Heartbeat = (beat: Beat, signature: Uint8Array) => Promise<BeatAnswer>

/** The same digests again and again: of the runtime's row, which is replaced whole when it changes. */
interface Digests {
  readonly measurements: string
  readonly environment: string
}
const digests = new WeakMap<Runtime, Digests>()
function digestsOf(runtime: Runtime): Digests {
  let known = digests.get(runtime)
  if (!known) {
    known = {
      measurements: toHex(digestOfJson(sha256, runtime.measurements)),
      environment: toHex(digestOfJson(sha256, runtime.environment)),
    }
    digests.set(runtime, known)
  }
  return known
}

/** Of its registration, or of the one before while that may be alive. */
function isLeaseOf(runtime: Runtime | undefined, { lease_id }: Beat): boolean {
  return runtime?.lease_id === lease_id || runtime?.contested?.lease_id === lease_id
}

export function createHeartbeat(deps: HeartbeatDependencies): Heartbeat {
  const { clock, nonces, leases } = deps

  return async (beat, signature) => {
    const now = clock.now()
    const key = runtimeKey(beat.runtime_id)
    // It may have registered with another replica a moment ago.
    if (!isLeaseOf(deps.control().runtimes.get(key), beat)) await deps.refresh()
    const state = deps.control()
    const runtime = state.runtimes.get(key)
    const lease = runtime ? knownLease(runtime, beat, now) : null
    const bytes = beatBytes(beat)
    const hash = sha256(bytes)
    const told = leases.get(beat.lease_id)?.toldBundle ?? null
    const active = state.active?.policy.digest ?? ""
    const verdict = appraiseBeat({
      beat,
      hash,
      lease,
      audience: deps.audience,
      nowMs: now.wallMs,
      bundles: told === null ? null : [told, active],
      isNonceGood: () => {
        const purpose = beatPurpose(beat.lease_id, beat.boot_epoch, beat.sequence)
        const madeAt = nonces.madeAt(purpose, fromHex(beat.nonce), now.wallMs, NONCE_LIFE_MS)
        // A replay of what was signed before the second registration would accuse an honest runtime.
        return madeAt !== null && (!lease?.superseded || madeAt > (runtime?.contested?.since ?? 0))
      },
      isSignatureGood: () => verifySignature(nativeCrypto, fromHex((runtime as Runtime).public_key), bytes, signature),
      isMeasurementGood: () => state.active !== null && isMeasurementGood(state.active.policy, runtime as Runtime),
    } satisfies BeatCase)
    if (verdict.kind === "refused") {
      deps.observe?.("refused")
      if (isLeaseOf(runtime, beat))
        deps.refused(key, beat.lease_id, beat.boot_epoch, beat.sequence, verdict.reasons[0]?.code as string)
      return answer(beat, false, verdict.reasons, now)
    }
    if (verdict.kind === "repeated") {
      deps.observe?.("repeated")
      const stored = leases.get(beat.lease_id)?.answer
      return stored ? await stored : answer(beat, true, [], now)
    }
    deps.observe?.("taken")
    const codes = verdict.reasons.map(({ code }) => code)
    deps.record({
      runtime: key,
      bootEpoch: beat.boot_epoch,
      sequence: beat.sequence,
      hash,
      bytes,
      signature,
      reasons: codes,
    })
    const current = runtime as Runtime
    if (verdict.contradicted) {
      // Not extended: what it proves is that it must not be trusted. The row's own lease, which may be the other one.
      await deps.changes.happen(key, current.lease_id, "contradicted", codes, WRIT)
      return answer(beat, false, verdict.reasons, now)
    }
    const extended = leases.extend(current.lease_id, BigInt(beat.sequence), hash, now.monotonicMs)
    extended.counters = beat.counters
    extended.clean = codes.length === 0 ? extended.clean + 1 : 0
    const answered = settle(key, beat, current, verdict.reasons, extended.clean, now)
    extended.answer = answered
    answered.catch(() => {
      if (extended.answer === answered) extended.answer = null // the next repeat looks again
    })
    return await answered
  }

  async function settle(
    key: string,
    beat: Beat,
    runtime: Runtime,
    reasons: readonly BeatReason[],
    clean: number,
    now: Instant,
  ): Promise<BeatAnswer> {
    const isContested = runtime.contested !== null && now.wallMs < runtime.contested.until
    if (reasons.length > 0) {
      if (nextState(runtime.state, "doubted"))
        await deps.changes.happen(
          key,
          runtime.lease_id,
          "doubted",
          reasons.map(({ code }) => code),
          WRIT,
        )
    } else if (!isContested && clean >= (CLEAN_BEATS[runtime.state] ?? Number.POSITIVE_INFINITY))
      await deps.changes.happen(key, runtime.lease_id, "affirmed", [], WRIT)
    return answer(beat, true, reasons, now)
  }

  function answer(beat: Beat, accepted: boolean, reasons: readonly BeatReason[], now: Instant): BeatAnswer {
    const state = deps.control()
    const runtime = state.runtimes.get(runtimeKey(beat.runtime_id)) ?? null
    const isCurrent = runtime !== null && isOpen(runtime.state) && isLeaseOf(runtime, beat)
    const lease = isCurrent ? leases.open(beat.lease_id, now.monotonicMs) : undefined
    const leaseLeftMs = isCurrent ? Math.max(0, Math.floor(leases.leftMs(beat.lease_id, now.monotonicMs) ?? 0)) : 0
    const bundleDigest = state.active?.policy.digest ?? ""
    if (lease && accepted) lease.toldBundle = bundleDigest
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
      nextNonce: isCurrent
        ? nonces.make(beatPurpose(beat.lease_id, beat.boot_epoch, String(next)), now.wallMs)
        : new Uint8Array(),
      leaseEndsMs: now.wallMs + leaseLeftMs,
      leaseLeftMs,
      nextBeatInMs: accepted ? BEAT_INTERVAL_MS : 0,
      bundleDigest,
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
      lastSequence: known?.sequence ?? null,
      lastHash: known?.hash ?? null,
      counters: known?.counters ?? null,
      measurementsDigest: digestsOf(runtime).measurements,
      environmentDigest: digestsOf(runtime).environment,
    }
  }
}
