/** A runtime as the database and the ledger have it. Its RFC 8785 JSON is the row and the payload of its records. */
import { uuidOfText } from "../crypto.ts"
import { type Environment, type Measurements, RUNTIME_DOMAIN } from "../formats/runtime-messages.ts"
import type { RuntimeState } from "./states.ts"

/** Between two beats. */
export const BEAT_INTERVAL_MS = 5_000
/** A lease lives this long from its last beat. */
export const LEASE_TTL_MS = 15_000
/** Later than this after the one before, a beat is late. */
export const LATE_AFTER_MS = 7_500
/** Beats that a lease may send at once, and how long it takes to earn one: twice as fast as it is asked to beat. */
export const MAX_BEAT_CREDIT = 30
export const BEAT_CREDIT_MS = BEAT_INTERVAL_MS / 2
/** From BeginRegistration to RegisterRuntime. */
export const REGISTRATION_NONCE_MS = 30_000
export const MAX_RUNTIMES = 100_000

export type Runtime = {
  readonly agent_version: string
  readonly boot_epoch: string
  /**
   * The lease before this one, while it may still be alive: the key was registered twice. A beat of it means that two
   * processes hold the key. Unix milliseconds: `since` the second registration, `until` it has lapsed at the latest.
   */
  readonly contested: {
    readonly lease_id: string
    readonly boot_epoch: string
    readonly since: number
    readonly until: number
  } | null
  readonly environment: Environment
  readonly id: string
  readonly lease_id: string
  readonly measurements: Measurements
  /** When the nonce of its registration was made; an older one is refused. Unix milliseconds. */
  readonly nonce_at: number
  readonly public_key: string
  /** Codes, why it is not trusted. */
  readonly reasons: readonly string[]
  /** SHA-256 of the registration's signed bytes: the same again gets the same lease. */
  readonly registration: string
  readonly state: RuntimeState
  /** What was measured at its first registration, where the policy trusts on first use. */
  readonly first_measurements: Measurements | null
}

/** Names a runtime in rows and leaves, where the id itself must not be: UUID text of 16 bytes of SHA-256. */
export function runtimeKey(id: string): string {
  return uuidOfText(RUNTIME_DOMAIN + id)
}
