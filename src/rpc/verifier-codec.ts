/** VerifierService's messages, from what proto-loader gives to what is signed, and back. All of it is attacker-controlled. */
import type { DirectiveRow } from "../decision/directives.ts"
import { MAX_AUDIENCE_BYTES, MAX_ID_BYTES } from "../decision/limits.ts"
import type { ReferenceSet } from "../decision/reference-values.ts"
import type { RuntimeView } from "../decision/runtimes.ts"
import { optionalText, text } from "../decision/snapshot.ts"
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import {
  type Beat,
  COUNTERS,
  type Counters,
  type End,
  type Environment,
  MEASURED,
  type Measured,
  type Measurements,
  type Registration,
} from "../formats/runtime-messages.ts"
import { toAppraisal } from "../runtime/appraise.ts"
import { toReceipt } from "./authorization.ts"

const MAX_ENVIRONMENT_BYTES = 128
const MAX_NOT_GUARANTEED = 16
const MAX_AGENT_VERSION_BYTES = 64
const MAX_PARENT_PROOF_BYTES = 8_192
const MIN_NONCE_BYTES = 16
const MAX_NONCE_BYTES = 64
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ENVIRONMENT = ["arch", "node", "os", "region", "tee"] as const

export type WireMeasurements = { readonly [claim: string]: Buffer } | null
export type WireEnvironment = {
  readonly os: string
  readonly arch: string
  readonly node: string
  readonly region: string
  readonly tee: string
  readonly not_guaranteed: readonly string[]
} | null
export interface WireRegistration {
  readonly runtime_id: string
  readonly public_key: Buffer
  readonly nonce: Buffer
  readonly audience: string
  readonly measurements: WireMeasurements
  readonly environment: WireEnvironment
  readonly parent_runtime_id: string
  readonly parent_proof: string
  readonly agent_version: string
  readonly proof: Buffer
}
export interface WireEnd {
  readonly runtime_id: string
  readonly lease_id: string
  readonly sequence: string
  readonly counters: { readonly [name: string]: string } | null
  readonly proof: Buffer
}

export function toRuntimeId(id: string): string {
  return text("runtime_id", id, MAX_ID_BYTES)
}

export function toPublicKey(key: Buffer): string {
  return hex("public_key", key, [32])
}

export function toRegistration(wire: WireRegistration): Registration {
  if (!wire.measurements) throw invalid("measurements", "are missing")
  return {
    agent_version: optionalText("agent_version", wire.agent_version, MAX_AGENT_VERSION_BYTES),
    audience: text("audience", wire.audience, MAX_AUDIENCE_BYTES),
    environment: toEnvironment(wire.environment),
    measurements: toMeasurements(wire.measurements),
    nonce: toNonce(wire.nonce),
    parent_proof: optionalText("parent_proof", wire.parent_proof, MAX_PARENT_PROOF_BYTES),
    parent_runtime_id: optionalText("parent_runtime_id", wire.parent_runtime_id, MAX_ID_BYTES),
    public_key: toPublicKey(wire.public_key),
    runtime_id: toRuntimeId(wire.runtime_id),
  }
}

/** What the fields' types do not say. Throws INVALID_REQUEST. */
export function checkBeat(beat: Beat): void {
  text("audience", beat.audience, MAX_AUDIENCE_BYTES)
  toRuntimeId(beat.runtime_id)
  toLeaseId(beat.lease_id)
  checkDigits("nonce", beat.nonce, MIN_NONCE_BYTES, MAX_NONCE_BYTES)
  checkDigest("measurements_digest", beat.measurements_digest)
  checkDigest("environment_digest", beat.environment_digest)
  for (const field of ["bundle_digest", "last_receipt", "previous_beat"] as const)
    if (beat[field] !== "") checkDigest(field, beat[field], "0 or ")
}

function checkDigest(field: string, digits: string, or = ""): void {
  if (digits.length !== 64) throw invalid(field, `must be ${or}32 bytes`)
}

function checkDigits(field: string, digits: string, min: number, max: number): void {
  if (digits.length < 2 * min || digits.length > 2 * max) throw invalid(field, `must be ${min} to ${max} bytes`)
}

export function toEnd({ runtime_id, lease_id, sequence, counters }: WireEnd): End {
  return {
    counters: toCounters(counters),
    lease_id: toLeaseId(lease_id),
    runtime_id: toRuntimeId(runtime_id),
    sequence,
  }
}

export function toLeaseId(id: string): string {
  if (!UUID.test(id)) throw invalid("lease_id", "is not a lease's id")
  return id
}

export function toMeasurements(wire: NonNullable<WireMeasurements>): Measurements {
  const measurements: Record<string, string> = {}
  for (const claim of MEASURED) {
    const digest = hex(`measurements.${claim}`, wire[claim] as Buffer, [0, 32])
    if (digest !== "") measurements[claim] = digest
  }
  return measurements
}

export function toEnvironment(wire: WireEnvironment): Environment {
  if (!wire) return {}
  if (wire.not_guaranteed.length > MAX_NOT_GUARANTEED)
    throw invalid("environment.not_guaranteed", `has more than ${MAX_NOT_GUARANTEED} entries`)
  const environment: Record<string, string | readonly string[]> = {}
  for (const name of ENVIRONMENT)
    if (wire[name] !== "") environment[name] = optionalText(`environment.${name}`, wire[name], MAX_ENVIRONMENT_BYTES)
  if (wire.not_guaranteed.length > 0)
    environment["not_guaranteed"] = wire.not_guaranteed.map((name) =>
      text("environment.not_guaranteed", name, MAX_ENVIRONMENT_BYTES),
    )
  return environment
}

function toCounters(wire: { readonly [name: string]: string } | null): Counters {
  if (!wire) throw invalid("counters", "are missing") // or an unknown field in their place would go unnoticed
  return Object.fromEntries(COUNTERS.map((name) => [name, wire[name] ?? "0"])) as Counters
}

function toNonce(bytes: Buffer): string {
  const digits = bytes.toString("hex")
  checkDigits("nonce", digits, MIN_NONCE_BYTES, MAX_NONCE_BYTES)
  return digits
}

function hex(field: string, bytes: Buffer, lengths: readonly number[]): string {
  if (!lengths.includes(bytes.length)) throw invalid(field, `must be ${lengths.join(" or ")} bytes`)
  return bytes.toString("hex")
}

function invalid(field: string, what: string): WritError {
  return new WritError("INVALID_REQUEST", `${field} ${what}.`, { details: { field } })
}

export interface WireReferenceValues {
  readonly name: string
  readonly claim: string
  readonly digests: readonly Buffer[]
  readonly expires_at: { readonly seconds: string; readonly nanos: number } | null
  readonly provenance: string
}

/** Its values are checked where it is put. */
export function toReferenceSet(wire: WireReferenceValues | null): ReferenceSet {
  if (!wire) throw invalid("reference_values", "are missing")
  const { name, claim, digests, expires_at, provenance } = wire
  return {
    claim: claim as Measured,
    digests: digests.map((digest) => digest.toString("hex")),
    ...(expires_at && { expires_at: Number(expires_at.seconds) * 1000 + Math.floor(expires_at.nanos / 1_000_000) }),
    name,
    provenance,
  }
}

export function fromReferenceSet({ claim, digests, expires_at, name, provenance }: ReferenceSet): object {
  return {
    name,
    claim,
    digests: digests.map(fromDigest),
    ...(expires_at !== undefined && { expires_at: fromTime(expires_at) }),
    provenance,
  }
}

export function fromTime(ms: number): object {
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 }
}

export function fromDuration(ms: number): object {
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 }
}

export function fromDigest(hexText: string): Buffer {
  return Buffer.from(fromHex(hexText))
}

export function fromAppraisal(codes: readonly string[]): object[] {
  return toAppraisal(codes).map(({ claim, tier, reasons }) => ({
    claim,
    tier: `TRUST_TIER_${tier}`,
    reasons: reasons.map(fromReason),
  }))
}

export function fromDirective({ number, directive, receipt }: DirectiveRow): object {
  return {
    number: number.toString(),
    kind: directive.kind,
    execution_id: directive.execution_id,
    reason: { code: directive.code, text: directive.text },
    issued_at: fromTime(directive.issued_at),
    receipt: toReceipt(receipt),
  }
}

export function fromReason({ code, text: said }: { readonly code: string; readonly text: string }): object {
  return { code, text: said }
}

export function fromRuntime({ runtime, state, lastSequence, counters, leaseEndsMs }: RuntimeView): object {
  return {
    runtime_id: runtime.id,
    public_key: fromDigest(runtime.public_key),
    state: `RUNTIME_STATE_${state}`,
    reasons: runtime.reasons.map((code) => ({ code, text: code })),
    appraisal: fromAppraisal(runtime.reasons),
    measurements: Object.fromEntries(
      Object.entries(runtime.measurements).map(([claim, digest]) => [claim, fromDigest(digest)]),
    ),
    environment: runtime.environment,
    lease_id: runtime.lease_id,
    boot_epoch: runtime.boot_epoch,
    last_sequence: lastSequence.toString(),
    ...(leaseEndsMs !== null && { lease_expires_at: fromTime(leaseEndsMs) }),
    ...(counters && { counters }),
  }
}
