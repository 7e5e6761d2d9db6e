/** VerifierService's messages, from what proto-loader gives to what is signed, and back. All of it is attacker-controlled. */
import type { DirectiveRow } from "../decision/directives.ts"
import type { BeatAnswer } from "../decision/heartbeat.ts"
import { MAX_AUDIENCE_BYTES, MAX_ID_BYTES } from "../decision/limits.ts"
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
  type Measurements,
  type Registration,
} from "../formats/runtime-messages.ts"
import { type BeatReason, toAppraisal } from "../runtime/appraise.ts"
import { toReceipt } from "./authorization.ts"

const MAX_ENVIRONMENT_BYTES = 128
const MAX_NOT_GUARANTEED = 16
const MAX_AGENT_VERSION_BYTES = 64
const MAX_PARENT_PROOF_BYTES = 8_192
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
export interface WireBeat {
  readonly audience: string
  readonly runtime_id: string
  readonly lease_id: string
  readonly boot_epoch: string
  readonly sequence: string
  readonly nonce: Buffer
  readonly issued_at: { readonly seconds: string; readonly nanos: number } | null
  readonly measurements_digest: Buffer
  readonly environment_digest: Buffer
  readonly bundle_digest: Buffer
  readonly counters: { readonly [name: string]: string } | null
  readonly last_receipt: Buffer
  readonly previous_beat: Buffer
  readonly acknowledged_directive: string
  readonly signature: Buffer
  readonly measurements: WireMeasurements
  readonly environment: WireEnvironment
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

export function toBeat(wire: WireBeat): Beat {
  return {
    acknowledged_directive: wire.acknowledged_directive,
    audience: text("audience", wire.audience, MAX_AUDIENCE_BYTES),
    boot_epoch: wire.boot_epoch,
    bundle_digest: hex("bundle_digest", wire.bundle_digest, [0, 32]),
    counters: toCounters(wire.counters),
    ...(wire.environment && { environment: toEnvironment(wire.environment) }),
    environment_digest: hex("environment_digest", wire.environment_digest, [32]),
    issued_at: toMilliseconds(wire.issued_at),
    last_receipt: hex("last_receipt", wire.last_receipt, [0, 32]),
    lease_id: toLeaseId(wire.lease_id),
    ...(wire.measurements && { measurements: toMeasurements(wire.measurements) }),
    measurements_digest: hex("measurements_digest", wire.measurements_digest, [32]),
    nonce: toNonce(wire.nonce),
    previous_beat: hex("previous_beat", wire.previous_beat, [0, 32]),
    runtime_id: toRuntimeId(wire.runtime_id),
    sequence: wire.sequence,
  }
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

function toMeasurements(wire: NonNullable<WireMeasurements>): Measurements {
  const measurements: Record<string, string> = {}
  for (const claim of MEASURED) {
    const digest = hex(`measurements.${claim}`, wire[claim] as Buffer, [0, 32])
    if (digest !== "") measurements[claim] = digest
  }
  return measurements
}

function toEnvironment(wire: WireEnvironment): Environment {
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

/** Whole milliseconds only: what is cut off would not be signed. */
function toMilliseconds(time: { readonly seconds: string; readonly nanos: number } | null): string {
  if (!time) throw invalid("issued_at", "is missing")
  const seconds = Number(time.seconds)
  const ms = time.nanos / 1_000_000
  if (!(seconds >= 0 && seconds < 253_402_300_800) || !Number.isInteger(ms) || ms < 0 || ms > 999)
    throw invalid("issued_at", "must be a time in whole milliseconds")
  return String(seconds * 1000 + ms)
}

function toNonce(bytes: Buffer): string {
  if (bytes.length < 16 || bytes.length > 64) throw invalid("nonce", "must be 16 to 64 bytes")
  return bytes.toString("hex")
}

function hex(field: string, bytes: Buffer, lengths: readonly number[]): string {
  if (!lengths.includes(bytes.length)) throw invalid(field, `must be ${lengths.join(" or ")} bytes`)
  return bytes.toString("hex")
}

function invalid(field: string, what: string): WritError {
  return new WritError("INVALID_REQUEST", `${field} ${what}.`, { details: { field } })
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

export function fromAnswer(answer: BeatAnswer): object {
  const { runtime } = answer
  const codes = answer.reasons.map(({ code }: BeatReason) => code)
  return {
    sequence: answer.sequence,
    accepted: answer.accepted,
    reasons: answer.accepted ? [] : answer.reasons.map(fromReason),
    state: `RUNTIME_STATE_${runtime?.state ?? "UNSPECIFIED"}`,
    appraisal: runtime ? fromAppraisal(codes) : [],
    next_nonce: answer.nextNonce,
    next_beat_in: fromDuration(answer.nextBeatInMs),
    lease_expires_at: fromTime(answer.leaseEndsMs),
    lease_left: fromDuration(answer.leaseLeftMs),
    bundle_digest: fromDigest(answer.bundleDigest),
    directives: answer.directives.map(fromDirective),
    send_in_full: false,
  }
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
