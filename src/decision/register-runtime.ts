/** BeginRegistration and RegisterRuntime: a key proves itself over a nonce, what it runs is accepted, a lease begins. */
import { randomUUID } from "node:crypto"
import { nativeCrypto, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { fromHex, toHex } from "../formats/bytes.ts"
import { parsePublicKey } from "../formats/ed25519-keys.ts"
import { type Registration, registrationBytes } from "../formats/runtime-messages.ts"
import type { Clock, Instant } from "../ledger/clock.ts"
import { beatPurpose, type Nonces, registrationPurpose } from "../runtime/nonces.ts"
import { LEASE_TTL_MS, MAX_RUNTIMES, REGISTRATION_NONCE_MS, type Runtime, runtimeKey } from "../runtime/runtime.ts"
import { isOpen } from "../runtime/states.ts"
import { verifySignature } from "../verify/signature.ts"
import type { Call } from "./authorize.ts"
import type { BeatAnswer } from "./heartbeat.ts"
import type { Leases } from "./leases.ts"
import { limitOf } from "./limits.ts"
import type { Rate } from "./rate.ts"
import { referencesAt } from "./reference-values.ts"
import type { RuntimeChanged, RuntimeChanges } from "./runtime-changes.ts"
import { assertLoaded, type ControlState } from "./state.ts"

export interface RegisterDependencies {
  readonly clock: Clock
  readonly audience: string
  readonly nonces: Nonces
  readonly leases: Leases<BeatAnswer>
  readonly changes: RuntimeChanges
  readonly rate: Rate
  control(): ControlState
}

export interface Registered extends Omit<RuntimeChanged, "receipt"> {
  /** Null when the registration had been made already and only its answer was lost. */
  readonly receipt: RuntimeChanged["receipt"] | null
  readonly nextNonce: Uint8Array
  readonly leaseEndsMs: number
  readonly leaseLeftMs: number
  readonly bundleDigest: string
}

/** What a registration is refused for; `details.reason` of REGISTRATION_REFUSED. */
export const REGISTRATION_REASONS = {
  AUDIENCE_WRONG: "The registration is for another verifier.",
  KEY_INVALID: "public_key is not an Ed25519 key, or a weak one.",
  NONCE_UNKNOWN: "The nonce is not of BeginRegistration for this id and key, or too old, or used. Begin again.",
  SIGNATURE_WRONG: "The proof is not by the key over this registration.",
  PARENT_UNSUPPORTED: "Child runtimes cannot be registered yet.",
  KEY_REVOKED: "This key was revoked. Use a new one.",
  KEY_IN_USE: "Another runtime that is alive holds this key.",
  ID_IN_USE: "A runtime of this id is alive with another key.",
  RUNTIME_QUARANTINED: "The runtime is quarantined. An operator must release or revoke it first.",
  RUNTIME_NOT_LISTED: "The active policy lists no such runtime under `runtimes`.",
  MEASUREMENTS_REFUSED: "The active policy does not accept what the runtime measured.",
  TOO_MANY_RUNTIMES: `At most ${MAX_RUNTIMES} runtimes can be registered.`,
} as const
export type RegistrationReason = keyof typeof REGISTRATION_REASONS

export function refuse(reason: RegistrationReason): WritError {
  return new WritError("REGISTRATION_REFUSED", `${reason}: ${REGISTRATION_REASONS[reason]}`, { details: { reason } })
}

export function createRegister(deps: RegisterDependencies) {
  const { clock, nonces, leases } = deps

  function begin(runtimeId: string, publicKey: string): { nonce: Uint8Array; expiresMs: number } {
    if (!parsePublicKey(fromHex(publicKey))) throw refuse("KEY_INVALID")
    const { wallMs } = clock.now()
    return {
      nonce: nonces.make(registrationPurpose(runtimeId, publicKey), wallMs),
      expiresMs: wallMs + REGISTRATION_NONCE_MS,
    }
  }

  async function register(registration: Registration, proof: Uint8Array, call: Call): Promise<Registered> {
    const now = clock.now()
    const { caller } = call
    const { runtime_id, public_key } = registration
    if (registration.audience !== deps.audience) throw refuse("AUDIENCE_WRONG")
    const nonceAt = nonces.madeAt(
      registrationPurpose(runtime_id, public_key),
      fromHex(registration.nonce),
      now.wallMs,
      REGISTRATION_NONCE_MS,
    )
    if (nonceAt === null) throw refuse("NONCE_UNKNOWN")
    const bytes = registrationBytes(registration)
    if (!verifySignature(nativeCrypto, fromHex(public_key), bytes, proof)) throw refuse("SIGNATURE_WRONG")
    if (registration.parent_runtime_id !== "") throw refuse("PARENT_UNSUPPORTED")
    deps.rate.take(caller.keyId, bytes.length, now.monotonicMs) // each is a record, and raises the control epoch for all
    const digest = toHex(sha256(bytes))
    const key = runtimeKey(runtime_id)
    const leaseId = randomUUID()
    const changed = await deps.changes.apply(
      (state) => {
        const before = state.runtimes.get(key)
        if (before?.registration === digest && isOpen(before.state)) return null // the reply was lost
        const runtime = build(state, registration, { leaseId, digest, nonceAt, before, now })
        const contested = runtime.contested !== null
        return { kind: "runtime_registered", runtime, data: { contested, public_key } }
      },
      caller,
      limitOf(call, now.monotonicMs),
    )
    const runtime = changed?.runtime ?? (deps.control().runtimes.get(key) as Runtime)
    if (changed) leases.extend(runtime.lease_id, 0n, null, clock.now().monotonicMs)
    const { wallMs, monotonicMs } = clock.now()
    const leaseLeftMs = Math.max(0, Math.floor(leases.leftMs(runtime.lease_id, monotonicMs) ?? 0))
    const sequence = (leases.get(runtime.lease_id)?.sequence ?? 0n) + 1n
    return {
      runtime,
      receipt: changed?.receipt ?? null,
      nextNonce: nonces.make(beatPurpose(runtime.lease_id, runtime.boot_epoch, String(sequence)), wallMs),
      leaseEndsMs: wallMs + leaseLeftMs,
      leaseLeftMs,
      bundleDigest: deps.control().active?.policy.digest ?? "",
    }
  }

  /** Throws REGISTRATION_REFUSED. */
  function build(
    state: ControlState,
    registration: Registration,
    given: { leaseId: string; digest: string; nonceAt: number; before: Runtime | undefined; now: Instant },
  ): Runtime {
    const { before, now } = given
    const { public_key, runtime_id, measurements } = registration
    assertLoaded(state)
    if (state.revokedKeys.has(public_key)) throw refuse("KEY_REVOKED")
    if (!before && state.runtimes.size >= MAX_RUNTIMES) throw refuse("TOO_MANY_RUNTIMES")
    for (const other of state.runtimes.values())
      if (other.public_key === public_key && other.id !== runtime_id && isAlive(other, now)) throw refuse("KEY_IN_USE")
    if (before?.state === "QUARANTINED") throw refuse("RUNTIME_QUARANTINED")
    const alive = before !== undefined && isAlive(before, now)
    if (alive && before.public_key !== public_key) throw refuse("ID_IN_USE")
    if (before && given.nonceAt <= before.nonce_at) throw refuse("NONCE_UNKNOWN")
    // What runs at the same time as ID is ID#2 and so on (writ exec): pinned by ID, or a changed program would run beside the first.
    const base = state.runtimes.get(runtimeKey(runtime_id.replace(/#\d+$/, "")))
    const first = base?.first_measurements ?? before?.first_measurements ?? null
    const references = referencesAt(state, now.wallMs)
    const verdict = state.active?.policy.checkRuntime(runtime_id, measurements, first, references)
    if (verdict === undefined || verdict === "not_listed") throw refuse("RUNTIME_NOT_LISTED")
    if (verdict === "refused") throw refuse("MEASUREMENTS_REFUSED")
    return {
      agent_version: registration.agent_version,
      boot_epoch: String(BigInt(before?.boot_epoch ?? "0") + 1n),
      contested: alive
        ? {
            boot_epoch: before.boot_epoch,
            lease_id: before.lease_id,
            since: now.wallMs,
            until: now.wallMs + LEASE_TTL_MS,
          }
        : null,
      environment: registration.environment,
      first_measurements: verdict === "first_use" ? measurements : first,
      id: runtime_id,
      lease_id: given.leaseId,
      measurements,
      nonce_at: given.nonceAt,
      public_key,
      reasons: alive ? ["KEY_REGISTERED_AGAIN"] : [],
      registration: given.digest,
      state: "PROVISIONAL",
    }
  }

  /** A lease of which nothing is known since the start counts as alive: doubt is for the newcomer. */
  function isAlive(runtime: Runtime, now: Instant): boolean {
    return isOpen(runtime.state) && (leases.leftMs(runtime.lease_id, now.monotonicMs) ?? 1) > 0
  }

  return { begin, register }
}
