/**
 * Beats, straight from the wire to what is signed, and their answers straight to the wire: what proto/writ/v1/verifier.proto
 * says, without the generic codec's objects in between. All of it is attacker-controlled.
 */
import type { DirectiveRow } from "../decision/directives.ts"
import type { BeatAnswer } from "../decision/heartbeat.ts"
import { WritError } from "../errors.ts"
import {
  type Beat,
  type COUNTERS,
  type Counters,
  type Environment,
  MEASURED,
  type Measurements,
  NO_COUNTERS,
} from "../formats/runtime-messages.ts"
import { TIERS, toAppraisal } from "../runtime/appraise.ts"
import type { RuntimeState } from "../runtime/states.ts"
import { attempt, once } from "./decoding.ts"
import type { Malformed } from "./load.ts"
import { Reader, Writer } from "./protobuf.ts"
import { checkBeat, toEnvironment, toMeasurements } from "./verifier-codec.ts"

export interface SignedBeat {
  readonly beat: Beat
  readonly signature: Uint8Array
}

export interface BeatMessage {
  readonly sequence: bigint
  readonly beat: SignedBeat | Malformed | null
}

export type BeatReply = { readonly response: BeatAnswer } | { readonly status: Uint8Array }

/** Answers Malformed for bytes that are not a HeartbeatRequest; never throws. */
export function decodeHeartbeatRequest(bytes: Buffer): SignedBeat | Malformed {
  return attempt(() => readBeat(new Reader(bytes)))
}

export function decodeHeartbeatStreamRequest(bytes: Buffer): BeatMessage | Malformed {
  return attempt(() => {
    const reader = new Reader(bytes)
    let sequence = 0n
    let beat: BeatMessage["beat"] = null
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) sequence = reader.uint64()
      else if (field === 2) {
        once(beat, "beat")
        beat = reader.message((inner) => attempt(() => readBeat(inner)))
      } else reader.skip()
    }
    return { sequence, beat }
  })
}

function readBeat(reader: Reader): SignedBeat {
  let audience = ""
  let runtimeId = ""
  let leaseId = ""
  let bootEpoch = "0"
  let sequence = "0"
  let nonce = ""
  let issuedAt: string | null = null
  let measurementsDigest = ""
  let environmentDigest = ""
  let bundleDigest = ""
  let counters: Counters | null = null
  let lastReceipt = ""
  let previousBeat = ""
  let acknowledged = "0"
  let signature: Uint8Array = NOTHING
  let measurements: Measurements | null = null
  let environment: Environment | null = null
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case 1:
        audience = reader.string()
        break
      case 2:
        runtimeId = reader.string()
        break
      case 3:
        leaseId = reader.string()
        break
      case 4:
        bootEpoch = String(reader.uint64())
        break
      case 5:
        sequence = String(reader.uint64())
        break
      case 6:
        nonce = reader.bytes().toString("hex")
        break
      case 7:
        once(issuedAt, "issued_at")
        issuedAt = reader.message(readMilliseconds)
        break
      case 8:
        measurementsDigest = reader.bytes().toString("hex")
        break
      case 9:
        environmentDigest = reader.bytes().toString("hex")
        break
      case 10:
        bundleDigest = reader.bytes().toString("hex")
        break
      case 11:
        once(counters, "counters")
        counters = reader.message(readCounters)
        break
      case 12:
        lastReceipt = reader.bytes().toString("hex")
        break
      case 13:
        previousBeat = reader.bytes().toString("hex")
        break
      case 14:
        acknowledged = String(reader.uint64())
        break
      case 15:
        signature = reader.bytes()
        break
      case 16:
        once(measurements, "measurements")
        measurements = reader.message(readMeasurements)
        break
      case 21:
        once(environment, "environment")
        environment = reader.message(readEnvironment)
        break
      default:
        reader.skip()
    }
  }
  if (issuedAt === null) throw missing("issued_at")
  if (counters === null) throw missing("counters") // or an unknown field in their place would go unnoticed
  const beat: Beat = {
    acknowledged_directive: acknowledged,
    audience,
    boot_epoch: bootEpoch,
    bundle_digest: bundleDigest,
    counters,
    ...(environment && { environment }),
    environment_digest: environmentDigest,
    issued_at: issuedAt,
    last_receipt: lastReceipt,
    lease_id: leaseId,
    ...(measurements && { measurements }),
    measurements_digest: measurementsDigest,
    nonce,
    previous_beat: previousBeat,
    runtime_id: runtimeId,
    sequence,
  }
  checkBeat(beat)
  return { beat, signature }
}

const NOTHING = new Uint8Array()

function missing(field: string): WritError {
  return new WritError("INVALID_REQUEST", `${field} is missing.`, { details: { field } })
}

/** Whole milliseconds only: what is cut off would not be signed. */
function readMilliseconds(reader: Reader): string {
  let seconds = 0n
  let nanos = 0n
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) seconds = BigInt.asIntN(64, reader.uint64())
    else if (field === 2) nanos = BigInt.asIntN(32, reader.uint64())
    else reader.skip()
  }
  if (seconds < 0n || seconds >= 253_402_300_800n || nanos < 0n || nanos > 999_999_999n || nanos % 1_000_000n !== 0n)
    throw new WritError("INVALID_REQUEST", "issued_at must be a time in whole milliseconds.", {
      details: { field: "issued_at" },
    })
  return String(seconds * 1000n + nanos / 1_000_000n)
}

/** By field number, as in the .proto. */
const COUNTER_FIELDS = [
  "",
  "authorize_requests",
  "tokens_received",
  "executions_started",
  "executions_completed",
  "executions_failed",
  "denied",
  "bytes_out",
  "children",
  "spent_micros",
  "distinct_targets",
] as const

function readCounters(reader: Reader): Counters {
  let counters: Record<(typeof COUNTERS)[number], string> | null = null
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    const name = COUNTER_FIELDS[field]
    if (!name) {
      reader.skip()
      continue
    }
    counters ??= { ...NO_COUNTERS }
    counters[name] = String(reader.uint64())
  }
  return counters ?? NO_COUNTERS
}

const MEASURED_FIELDS = ["", "code", "image", "model", "prompt", "tool_manifest", "config"] as const

function readMeasurements(reader: Reader): Measurements {
  const wire: Record<string, Buffer> = {}
  for (const claim of MEASURED) wire[claim] = EMPTY
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    const claim = MEASURED_FIELDS[field]
    if (claim) wire[claim] = reader.bytes()
    else reader.skip()
  }
  return toMeasurements(wire)
}

const EMPTY = Buffer.alloc(0)
const ENVIRONMENT_FIELDS = ["", "os", "arch", "node", "region", "tee"] as const

function readEnvironment(reader: Reader): Environment {
  const wire = { os: "", arch: "", node: "", region: "", tee: "", not_guaranteed: [] as string[] }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    const name = ENVIRONMENT_FIELDS[field]
    if (name) wire[name] = reader.string()
    else if (field === 6) wire.not_guaranteed.push(reader.string())
    else reader.skip()
  }
  return toEnvironment(wire)
}

const writer = new Writer()

export function encodeHeartbeatResponse(answer: BeatAnswer): Buffer {
  return writer.whole(() => writeAnswer(answer))
}

export function encodeHeartbeatStreamResponse(message: {
  readonly sequence: bigint
  readonly reply: BeatReply
}): Buffer {
  const { sequence, reply } = message
  return writer.whole(() => {
    writer.uint64(1, sequence)
    if ("response" in reply) writer.message(2, () => writeAnswer(reply.response))
    else writer.bytes(3, reply.status)
  })
}

const STATES: Readonly<Record<RuntimeState, number>> = {
  PROVISIONAL: 1,
  TRUSTED: 2,
  SUSPECT: 3,
  QUARANTINED: 4,
  REVOKED: 5,
  ENDED: 6,
}

function writeAnswer(answer: BeatAnswer): void {
  const { reasons, runtime } = answer
  writer.uint64(1, BigInt(answer.sequence))
  writer.bool(2, answer.accepted)
  if (!answer.accepted) for (const reason of reasons) writer.message(3, () => writeReason(reason))
  if (runtime) {
    writer.uint(4, STATES[runtime.state])
    writeAppraisal(reasons.map(({ code }) => code))
  }
  writer.bytes(6, answer.nextNonce)
  writer.message(7, () => writeTime(answer.nextBeatInMs))
  writer.message(8, () => writeTime(answer.leaseEndsMs))
  for (const row of answer.directives) writer.message(9, () => writeDirective(row))
  writer.bytes(10, Buffer.from(answer.bundleDigest, "hex"))
  writer.bool(11, answer.sendInFull)
  writer.message(12, () => writeTime(answer.leaseLeftMs))
}

function writeAppraisal(codes: readonly string[]): void {
  for (const { claim, tier, reasons } of codes.length === 0 ? AFFIRMED : toAppraisal(codes))
    writer.message(5, () => {
      writer.string(1, claim)
      writer.uint(2, TIERS[tier])
      for (const reason of reasons) writer.message(3, () => writeReason(reason))
    })
}

const AFFIRMED = toAppraisal([])

function writeReason({ code, text }: { readonly code: string; readonly text: string }): void {
  writer.string(1, code)
  writer.string(2, text)
}

function writeTime(ms: number): void {
  writer.uint(1, Math.floor(ms / 1000))
  writer.uint(2, (ms % 1000) * 1_000_000)
}

function writeDirective({ number, directive, receipt }: DirectiveRow): void {
  writer.uint64(1, number)
  writer.string(2, directive.kind)
  writer.string(3, directive.execution_id)
  writer.message(4, () => writeReason(directive))
  writer.message(5, () => writeTime(directive.issued_at))
  writer.message(6, () => {
    writer.string(1, receipt.origin)
    writer.uint(2, receipt.index)
    writer.bytes(3, receipt.leafHash)
  })
}
