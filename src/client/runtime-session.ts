/**
 * A runtime's side of VerifierService: registers a key, signs beats, ends. It never signs two different beats of one
 * sequence while a nonce of that sequence may be good: until a beat is answered, its very bytes are sent again.
 */
import { sha256 } from "../crypto.ts"
import { fromHex, toHex } from "../formats/bytes.ts"
import {
  type Beat,
  beatBytes,
  type Counters,
  digestOfJson,
  type Environment,
  endBytes,
  type Measurements,
  NO_COUNTERS,
  type Registration,
  registrationBytes,
} from "../formats/runtime-messages.ts"
import type { WritClient } from "./connect.ts"

/** An Ed25519 key; `publicKey` is 32 bytes, a signature 64. */
export interface RuntimeKey {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

export interface RuntimeDescription {
  readonly id: string
  readonly key: RuntimeKey
  readonly measurements: Measurements
  readonly environment?: Environment
  readonly agentVersion?: string
}

export interface RegisterReply {
  readonly lease_id: string
  readonly boot_epoch: string
  readonly state: string
  readonly next_nonce: Buffer
  readonly bundle_digest: Buffer
  readonly interval: WireDuration
  readonly lease_expires_at: WireDuration
  readonly lease_left: WireDuration | null
  readonly receipt: { readonly log: string; readonly leaf_index: string; readonly leaf_hash: Buffer } | null
}

export interface HeartbeatReply {
  readonly sequence: string
  readonly accepted: boolean
  /** Why it was refused. Doubts are in the appraisal. */
  readonly reasons: readonly { readonly code: string; readonly text: string }[]
  readonly state: string
  readonly appraisal: readonly {
    readonly claim: string
    readonly tier: string
    readonly reasons: readonly { readonly code: string; readonly text: string }[]
  }[]
  readonly next_nonce: Buffer
  readonly next_beat_in: WireDuration | null
  readonly lease_expires_at: WireDuration
  readonly lease_left: WireDuration | null
  readonly bundle_digest: Buffer
  readonly directives: readonly Directive[]
  readonly send_in_full: boolean
}

/** google.protobuf.Duration or Timestamp as it arrives. */
export interface WireDuration {
  readonly seconds: string
  readonly nanos: number
}

/** Something that a runtime is told to do. */
export interface Directive {
  /** Decimal; rises with each directive. */
  readonly number: string
  /** stop_execution, stop_all, quarantine, ... */
  readonly kind: string
  /** The execution that it concerns; empty: all. */
  readonly execution_id: string
  readonly reason: { readonly code: string; readonly text: string } | null
}

/** A signed beat as the API takes it. */
export type HeartbeatRequest = object & { readonly sequence: string }

/** What the next beat that is made will say; assigned by whoever beats. */
export interface BeatContent {
  /** What it has done; counters never fall. */
  counters: Counters
  /** The highest directive that was carried out. */
  acknowledged: string
  /** What it runs, and where, as measured just now. Sent in full when it is not what the daemon heard last. */
  measurements: Measurements
  environment: Environment
  /** Leaf hash of the newest receipt that it was given; empty before the first. */
  lastReceipt: Uint8Array
}

export interface RuntimeSession extends BeatContent {
  readonly runtime: { readonly id: string; readonly key: RuntimeKey }
  readonly registered: RegisterReply
  /**
   * Until when the lease is good at least, in milliseconds of `performance.now()`: counted from when what the daemon
   * accepted was first made, so that the daemon never ends the lease before.
   */
  readonly leaseGoodUntilMs: number
  /** A beat was made and has no answer yet: `nextBeat` answers that very one. */
  readonly isUnanswered: boolean
  /** The beat that is due: the same one until `settle`. */
  nextBeat(): HeartbeatRequest
  /** Takes the answer to it; a beat that was refused is made anew with the nonce of the answer. */
  settle(reply: HeartbeatReply): void
  /** Sends the beat that is due and takes its answer. */
  beat(timeoutMs?: number): Promise<HeartbeatReply>
  end(timeoutMs?: number): Promise<void>
}

export async function registerRuntime(client: WritClient, runtime: RuntimeDescription): Promise<RuntimeSession> {
  const { id, key, measurements, environment = {}, agentVersion = "" } = runtime
  const { nonce, audience } = await client.call<{ nonce: Buffer; audience: string }>("verifier", "BeginRegistration", {
    runtime_id: id,
    public_key: key.publicKey,
  })
  const registration: Registration = {
    agent_version: agentVersion,
    audience,
    environment,
    measurements,
    nonce: toHex(nonce),
    parent_proof: "",
    parent_runtime_id: "",
    public_key: toHex(key.publicKey),
    runtime_id: id,
  }
  const request = toWireRegistration(registration, key.sign(registrationBytes(registration)))
  const madeAtMs = performance.now()
  // A lost answer does not cost the lease: the same bytes again get the same one.
  const registered = await client.call<RegisterReply>("verifier", "RegisterRuntime", request)
  return createSession(client, runtime, audience, registered, madeAtMs)
}

function createSession(
  client: WritClient,
  { id, key, measurements, environment = {} }: RuntimeDescription,
  audience: string,
  registered: RegisterReply,
  registeredAtMs: number,
): RuntimeSession {
  let sequence = 1n
  let nonce: Uint8Array = registered.next_nonce
  let bundle: Uint8Array = registered.bundle_digest
  let previous = ""
  let due: Due | null = null
  let leaseGoodUntilMs = registeredAtMs + toMs(registered.lease_left)
  /** Digests of what the daemon was told in full last. */
  const told = { measurements: digestOf(measurements), environment: digestOf(environment) }
  let isAskedInFull = false
  const session: RuntimeSession = {
    runtime: { id, key },
    registered,
    counters: NO_COUNTERS,
    acknowledged: "0",
    measurements,
    environment,
    lastReceipt: new Uint8Array(),
    get leaseGoodUntilMs() {
      return leaseGoodUntilMs
    },
    get isUnanswered() {
      return due !== null
    },
    nextBeat() {
      due ??= make()
      return due.request
    },
    settle(reply) {
      if (reply.next_nonce.length > 0) nonce = reply.next_nonce
      bundle = reply.bundle_digest
      isAskedInFull = reply.send_in_full
      if (reply.reasons.some(({ code }) => code === "BEATS_TOO_FAST")) return // the very same bytes again, later
      if (reply.accepted && due) {
        previous = due.hash
        sequence += 1n
        leaseGoodUntilMs = Math.max(leaseGoodUntilMs, due.madeAtMs + toMs(reply.lease_left))
        told.measurements = due.measurementsDigest
        told.environment = due.environmentDigest
      }
      due = null
    },
    async beat(timeoutMs) {
      const reply = await client.call<HeartbeatReply>("verifier", "Heartbeat", session.nextBeat(), timeoutMs)
      session.settle(reply)
      return reply
    },
    async end(timeoutMs) {
      const end = {
        counters: session.counters,
        lease_id: registered.lease_id,
        runtime_id: id,
        sequence: sequence.toString(),
      }
      await client.call("verifier", "EndRuntime", { ...end, proof: key.sign(endBytes(end)) }, timeoutMs)
    },
  }
  return session

  function make(): Due {
    const measurementsDigest = digestOf(session.measurements)
    const environmentDigest = digestOf(session.environment)
    const beat: Beat = {
      acknowledged_directive: session.acknowledged,
      audience,
      boot_epoch: registered.boot_epoch,
      bundle_digest: toHex(bundle),
      counters: session.counters,
      ...((isAskedInFull || environmentDigest !== told.environment) && { environment: session.environment }),
      environment_digest: environmentDigest,
      issued_at: String(Date.now()),
      last_receipt: toHex(session.lastReceipt),
      lease_id: registered.lease_id,
      ...((isAskedInFull || measurementsDigest !== told.measurements) && { measurements: session.measurements }),
      measurements_digest: measurementsDigest,
      nonce: toHex(nonce),
      previous_beat: previous,
      runtime_id: id,
      sequence: sequence.toString(),
    }
    const bytes = beatBytes(beat)
    const request = toWireBeat(beat, key.sign(bytes))
    return { request, hash: toHex(sha256(bytes)), madeAtMs: performance.now(), measurementsDigest, environmentDigest }
  }
}

interface Due {
  readonly request: HeartbeatRequest
  readonly hash: string
  readonly madeAtMs: number
  readonly measurementsDigest: string
  readonly environmentDigest: string
}

const digestOf = (value: Measurements | Environment) => toHex(digestOfJson(sha256, value))

/** Milliseconds; 0 for one that is absent. */
export function toMs(duration: WireDuration | null): number {
  return duration ? Number(duration.seconds) * 1000 + duration.nanos / 1_000_000 : 0
}

/** The message of the API for what was signed. */
export function toWireRegistration(registration: Registration, proof: Uint8Array): object {
  return {
    ...registration,
    environment: registration.environment,
    measurements: toWireMeasurements(registration.measurements),
    nonce: fromHex(registration.nonce),
    public_key: fromHex(registration.public_key),
    proof,
  }
}

export function toWireBeat(beat: Beat, signature: Uint8Array): HeartbeatRequest {
  const { measurements, issued_at, ...rest } = beat
  const ms = Number(issued_at)
  const message = {
    ...rest,
    ...(measurements && { measurements: toWireMeasurements(measurements) }),
    bundle_digest: fromHex(beat.bundle_digest),
    environment_digest: fromHex(beat.environment_digest),
    issued_at: { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 },
    last_receipt: fromHex(beat.last_receipt),
    measurements_digest: fromHex(beat.measurements_digest),
    nonce: fromHex(beat.nonce),
    previous_beat: fromHex(beat.previous_beat),
    signature,
  }
  return message
}

function toWireMeasurements(measurements: Measurements): object {
  return Object.fromEntries(Object.entries(measurements).map(([claim, digest]) => [claim, fromHex(digest)]))
}
