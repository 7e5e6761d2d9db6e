/**
 * What a runtime signs: a domain line, then the RFC 8785 JSON of every field of the message but the signature, under the
 * names of proto/writ/v1/verifier.proto. Bytes are lower-case hex, 64-bit numbers decimal texts, `issued_at` decimal
 * milliseconds; measurements and environment hold only what is not empty. Pure: the daemon, the guard and the SDK share it.
 */
import { utf8 } from "./bytes.ts"
import { encodeCanonicalJson } from "./canonical-json.ts"
import type { JsonObject, Sha256 } from "./ports.ts"

export const REGISTRATION_DOMAIN = "writ/registration/v1\n"
export const BEAT_DOMAIN = "writ/beat/v1\n"
/** Of a runtime's id, where only a name made from it may stand: UUID text of SHA-256(domain ‖ id). */
export const RUNTIME_DOMAIN = "writ/runtime/v1\n"
export const END_DOMAIN = "writ/end/v1\n"

/** Claims that a runtime measures; what Reference Values can be given for. */
export const MEASURED = ["code", "config", "image", "model", "prompt", "tool_manifest"] as const
export type Measured = (typeof MEASURED)[number]
/** SHA-256 digests, lower-case hex; absent: not measured. */
export type Measurements = { readonly [claim in Measured]?: string }

export type Environment = {
  readonly arch?: string
  readonly node?: string
  readonly not_guaranteed?: readonly string[]
  readonly os?: string
  readonly region?: string
  readonly tee?: string
}

export const COUNTERS = [
  "authorize_requests",
  "bytes_out",
  "children",
  "denied",
  "distinct_targets",
  "executions_completed",
  "executions_failed",
  "executions_started",
  "spent_micros",
  "tokens_received",
] as const
/** Decimal. */
export type Counters = { readonly [name in (typeof COUNTERS)[number]]: string }
export const NO_COUNTERS = Object.fromEntries(COUNTERS.map((name) => [name, "0"])) as Counters

export type Registration = {
  readonly agent_version: string
  readonly audience: string
  readonly environment: Environment
  readonly measurements: Measurements
  readonly nonce: string
  readonly parent_proof: string
  readonly parent_runtime_id: string
  readonly public_key: string
  readonly runtime_id: string
}

export type Beat = {
  readonly acknowledged_directive: string
  readonly audience: string
  readonly boot_epoch: string
  readonly bundle_digest: string
  readonly counters: Counters
  /** In full when it changed or was asked for. */
  readonly environment?: Environment
  readonly environment_digest: string
  readonly issued_at: string
  readonly last_receipt: string
  readonly lease_id: string
  /** In full when they changed or were asked for. */
  readonly measurements?: Measurements
  readonly measurements_digest: string
  readonly nonce: string
  /** SHA-256 of the previous beat's signed bytes; empty in the first beat of a lease. */
  readonly previous_beat: string
  readonly runtime_id: string
  readonly sequence: string
}

export type End = {
  readonly counters: Counters
  readonly lease_id: string
  readonly runtime_id: string
  readonly sequence: string
}

export function registrationBytes(registration: Registration): Uint8Array {
  return utf8(REGISTRATION_DOMAIN + encodeCanonicalJson(registration as unknown as JsonObject))
}

/** Written out member by member, in RFC 8785 order: a daemon makes thousands a second. Digests are hex, numbers decimal. */
export function beatBytes(beat: Beat): Uint8Array {
  const { environment, measurements } = beat
  return utf8(
    `${BEAT_DOMAIN}{"acknowledged_directive":"${beat.acknowledged_directive}","audience":${encodeCanonicalJson(beat.audience)},"boot_epoch":"${beat.boot_epoch}","bundle_digest":"${beat.bundle_digest}","counters":${countersJson(beat.counters)},${
      environment === undefined ? "" : `"environment":${encodeCanonicalJson(environment as unknown as JsonObject)},`
    }"environment_digest":"${beat.environment_digest}","issued_at":"${beat.issued_at}","last_receipt":"${beat.last_receipt}","lease_id":${encodeCanonicalJson(beat.lease_id)},${
      measurements === undefined ? "" : `"measurements":${encodeCanonicalJson(measurements as unknown as JsonObject)},`
    }"measurements_digest":"${beat.measurements_digest}","nonce":"${beat.nonce}","previous_beat":"${beat.previous_beat}","runtime_id":${encodeCanonicalJson(beat.runtime_id)},"sequence":"${beat.sequence}"}`,
  )
}

function countersJson(counters: Counters): string {
  let text = ""
  for (const name of COUNTERS) text += `${text === "" ? "{" : ","}"${name}":"${counters[name]}"`
  return `${text}}`
}

export function endBytes(end: End): Uint8Array {
  return utf8(END_DOMAIN + encodeCanonicalJson(end as unknown as JsonObject))
}

/** `measurements_digest` and `environment_digest`: SHA-256 of the RFC 8785 JSON. */
export function digestOfJson(sha256: Sha256, value: Measurements | Environment): Uint8Array {
  return sha256(utf8(encodeCanonicalJson(value as unknown as JsonObject)))
}
