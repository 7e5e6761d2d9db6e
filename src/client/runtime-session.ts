/**
 * A runtime's side of VerifierService: registers a key, signs beats, ends. It never signs two different beats of one
 * sequence while a nonce of that sequence may be good: until a beat is answered, its very bytes are sent again.
 */
import { createHash } from "node:crypto"
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
import { CallError, type WritClient } from "./connect.ts"

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest())

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
  readonly interval: { readonly seconds: string; readonly nanos: number }
  readonly lease_expires_at: { readonly seconds: string; readonly nanos: number }
  readonly receipt: { readonly log: string; readonly leaf_index: string; readonly leaf_hash: Buffer } | null
}

export interface HeartbeatReply {
  readonly sequence: string
  readonly accepted: boolean
  readonly reasons: readonly { readonly code: string; readonly text: string }[]
  readonly state: string
  readonly appraisal: readonly { readonly claim: string; readonly tier: string }[]
  readonly next_nonce: Buffer
  readonly next_beat_in: { readonly seconds: string; readonly nanos: number }
  readonly lease_expires_at: { readonly seconds: string; readonly nanos: number }
  readonly bundle_digest: Buffer
  readonly directives: readonly { readonly number: string; readonly kind: string; readonly execution_id: string }[]
}

/** A signed beat as the API takes it. */
export type HeartbeatRequest = object & { readonly sequence: string }

export interface RuntimeSession {
  readonly registered: RegisterReply
  /** What it has done; counters never fall. */
  counters: Counters
  /** The highest directive that was carried out. */
  acknowledged: string
  /** The beat that is due: the same one until `settle`. */
  nextBeat(): HeartbeatRequest
  /** Takes the answer to it; a beat that was refused is made anew with the nonce of the answer. */
  settle(reply: HeartbeatReply): void
  /** Sends the beat that is due and takes its answer. */
  beat(timeoutMs?: number): Promise<HeartbeatReply>
  end(): Promise<void>
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
  const register = () => client.call<RegisterReply>("verifier", "RegisterRuntime", request)
  // A lost answer must not cost the lease: the same bytes get it again.
  const registered = await register().catch((error: unknown) => {
    if (error instanceof CallError && error.code === "UNREACHABLE") return register()
    throw error
  })
  return createSession(client, runtime, audience, registered)
}

function createSession(
  client: WritClient,
  { id, key, measurements, environment = {} }: RuntimeDescription,
  audience: string,
  registered: RegisterReply,
): RuntimeSession {
  const measurementsDigest = toHex(digestOfJson(sha256, measurements))
  const environmentDigest = toHex(digestOfJson(sha256, environment))
  let sequence = 1n
  let nonce: Uint8Array = registered.next_nonce
  let bundle: Uint8Array = registered.bundle_digest
  let previous = ""
  let due: { readonly request: HeartbeatRequest; readonly hash: string } | null = null
  const session: RuntimeSession = {
    registered,
    counters: NO_COUNTERS,
    acknowledged: "0",
    nextBeat() {
      if (!due) {
        const beat: Beat = {
          acknowledged_directive: session.acknowledged,
          audience,
          boot_epoch: registered.boot_epoch,
          bundle_digest: toHex(bundle),
          counters: session.counters,
          environment_digest: environmentDigest,
          issued_at: String(Date.now()),
          last_receipt: "",
          lease_id: registered.lease_id,
          measurements_digest: measurementsDigest,
          nonce: toHex(nonce),
          previous_beat: previous,
          runtime_id: id,
          sequence: sequence.toString(),
        }
        const bytes = beatBytes(beat)
        due = { request: toWireBeat(beat, key.sign(bytes)), hash: toHex(sha256(bytes)) }
      }
      return due.request
    },
    settle(reply) {
      if (reply.next_nonce.length > 0) nonce = reply.next_nonce
      bundle = reply.bundle_digest
      if (reply.accepted && due) {
        previous = due.hash
        sequence += 1n
      }
      due = null
    },
    async beat(timeoutMs) {
      const reply = await client.call<HeartbeatReply>("verifier", "Heartbeat", session.nextBeat(), timeoutMs)
      session.settle(reply)
      return reply
    },
    async end() {
      const end = {
        counters: session.counters,
        lease_id: registered.lease_id,
        runtime_id: id,
        sequence: sequence.toString(),
      }
      await client.call("verifier", "EndRuntime", { ...end, proof: key.sign(endBytes(end)) })
    },
  }
  return session
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
