/** VerifierService: decode, call, encode. */
import type * as grpc from "@grpc/grpc-js"
import type { Call } from "../decision/authorize.ts"
import { assertCovers } from "../decision/caller.ts"
import type { DirectiveRow } from "../decision/directives.ts"
import type { BeatAnswer } from "../decision/heartbeat.ts"
import { MAX_ID_BYTES } from "../decision/limits.ts"
import type { ReferenceSet } from "../decision/reference-values.ts"
import type { Registered } from "../decision/register-runtime.ts"
import type { Receipt, RuntimeChanged } from "../decision/runtime-changes.ts"
import type { RuntimeView } from "../decision/runtimes.ts"
import { optionalText } from "../decision/snapshot.ts"
import type { Caller } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import type { Beat, End, Registration } from "../formats/runtime-messages.ts"
import { BEAT_INTERVAL_MS, type Runtime } from "../runtime/runtime.ts"
import { toReceipt } from "./authorization.ts"
import {
  type BeatMessage,
  type BeatReply,
  decodeHeartbeatRequest,
  decodeHeartbeatStreamRequest,
  encodeHeartbeatResponse,
  encodeHeartbeatStreamResponse,
  type SignedBeat,
} from "./heartbeat-codec.ts"
import { loadService, Malformed, SERVICES } from "./load.ts"
import type { CallContext, Service, StreamHandler, WatchHandler } from "./server.ts"
import { encodeStatus } from "./status.ts"
import {
  fromAppraisal,
  fromDigest,
  fromDirective,
  fromDuration,
  fromReferenceSet,
  fromRuntime,
  fromTime,
  toEnd,
  toLeaseId,
  toPublicKey,
  toReferenceSet,
  toRegistration,
  toRuntimeId,
  type WireEnd,
  type WireReferenceValues,
  type WireRegistration,
} from "./verifier-codec.ts"

const MAX_PAGE = 500
const DEFAULT_PAGE = 50
/** An empty message this often shows that a watch is alive. */
const WATCH_ALIVE_MS = 15_000

export interface VerifierPorts {
  readonly audience: string
  begin(runtimeId: string, publicKey: string): { readonly nonce: Uint8Array; readonly expiresMs: number }
  register(registration: Registration, proof: Uint8Array, call: Call): Promise<Registered>
  beat(beat: Beat, signature: Uint8Array): Promise<BeatAnswer>
  end(end: End, proof: Uint8Array, call: Call): Promise<Receipt>
  get(id: string): RuntimeView
  list(
    after: string,
    limit: number,
    matches: (view: RuntimeView) => boolean,
  ): { readonly page: readonly RuntimeView[]; readonly next: string }
  setState(id: string, state: string, reason: string, call: Call): Promise<RuntimeChanged>
  view(runtime: Runtime): RuntimeView
  putReferences(set: ReferenceSet, envelope: Uint8Array, call: Call): Promise<Receipt>
  listReferences(after: string, limit: number): { readonly page: readonly ReferenceSet[]; readonly next: string }
  /**
   * Calls back with each directive to this lease of a runtime after `after`, in order and once, and at last when the lease
   * is over. Answers how to stop. Throws NOT_FOUND.
   */
  watch(
    id: string,
    leaseId: string,
    after: bigint,
    onDirective: (row: DirectiveRow) => void,
    onEnd: (error?: WritError) => void,
  ): () => void
}

export function verifierService(ports: VerifierPorts): Service {
  return {
    definition: withBeatCodec(loadService(SERVICES.verifier)),
    unary: {
      async BeginRegistration({ runtime_id, public_key }: { runtime_id: string; public_key: Buffer }, { caller }) {
        assertSpeaksFor(caller, runtime_id)
        const { nonce, expiresMs } = ports.begin(toRuntimeId(runtime_id), toPublicKey(public_key))
        return { nonce, audience: ports.audience, expires_at: fromTime(expiresMs) }
      },

      async RegisterRuntime(wire: WireRegistration, context) {
        assertSpeaksFor(context.caller, wire.runtime_id)
        const made = await ports.register(toRegistration(wire), wire.proof, context)
        const { runtime } = made
        return {
          lease_id: runtime.lease_id,
          boot_epoch: runtime.boot_epoch,
          state: `RUNTIME_STATE_${runtime.state}`,
          interval: fromDuration(BEAT_INTERVAL_MS),
          lease_expires_at: fromTime(Math.round(made.leaseEndsMs)),
          lease_left: fromDuration(made.leaseLeftMs),
          next_nonce: made.nextNonce,
          bundle_digest: fromDigest(made.bundleDigest),
          ...(made.receipt && { receipt: toReceipt(made.receipt) }),
          appraisal: fromAppraisal(runtime.reasons),
        }
      },

      async Heartbeat({ beat, signature }: SignedBeat, { caller }) {
        assertSpeaksFor(caller, beat.runtime_id)
        return await ports.beat(beat, signature)
      },

      async EndRuntime(wire: WireEnd, context) {
        assertSpeaksFor(context.caller, wire.runtime_id)
        return { receipt: toReceipt(await ports.end(toEnd(wire), wire.proof, context)) }
      },

      async GetRuntime({ runtime_id }: { runtime_id: string }) {
        return { runtime: fromRuntime(ports.get(toRuntimeId(runtime_id))) }
      },

      async ListRuntimes(request: { page_size: number; page_token: string; state: string; parent_runtime_id: string }) {
        const { page_size, page_token, state, parent_runtime_id } = request
        if (page_size < 0 || page_size > MAX_PAGE)
          throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
        if (page_token !== "") toLeaseId(page_token) // of the same form
        // No runtime has a parent yet.
        if (optionalText("parent_runtime_id", parent_runtime_id, MAX_ID_BYTES) !== "")
          return { runtimes: [], next_page_token: "" }
        const any = state === "RUNTIME_STATE_UNSPECIFIED"
        const { page, next } = ports.list(
          page_token,
          page_size || DEFAULT_PAGE,
          (view) => any || state === `RUNTIME_STATE_${view.state}`,
        )
        return { runtimes: page.map(fromRuntime), next_page_token: next }
      },

      async SetRuntimeState(request: { runtime_id: string; state: string; reason: string }, context) {
        const state = request.state.replace(/^RUNTIME_STATE_/, "")
        const changed = await ports.setState(toRuntimeId(request.runtime_id), state, request.reason, context)
        return {
          runtime: fromRuntime(ports.view(changed.runtime)),
          cascaded_runtime_ids: [],
          receipt: toReceipt(changed.receipt),
        }
      },

      async PutReferenceValues(
        { reference_values, envelope }: { reference_values: WireReferenceValues | null; envelope: Buffer },
        context,
      ) {
        return { receipt: toReceipt(await ports.putReferences(toReferenceSet(reference_values), envelope, context)) }
      },

      async ListReferenceValues({ page_size, page_token }: { page_size: number; page_token: string }) {
        if (page_size < 0 || page_size > MAX_PAGE)
          throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
        const { page, next } = ports.listReferences(page_token, page_size || DEFAULT_PAGE)
        return { reference_values: page.map(fromReferenceSet), next_page_token: next }
      },
    },
    streams: { HeartbeatStream: heartbeatStream },
    watches: { WatchDirectives: watchDirectives },
  }

  /** Beats of one runtime or of many; each has its own answer, a bad one never ends the stream. */
  function heartbeatStream(context: CallContext, send: (reply: object) => void): ReturnType<StreamHandler> {
    const open = new Set<Promise<void>>()
    const answer = async ({ beat }: BeatMessage): Promise<BeatReply> => {
      try {
        const caller = context.recheck() // an open connection gives no rights
        if (beat instanceof Malformed) throw beat.error
        if (!beat) throw new WritError("INVALID_REQUEST", "beat is missing.", { details: { field: "beat" } })
        assertSpeaksFor(caller, beat.beat.runtime_id)
        return { response: await ports.beat(beat.beat, beat.signature) }
      } catch (error) {
        return { status: encodeStatus(WritError.from(error), context.requestId) }
      }
    }
    const reply = async (message: BeatMessage | Malformed) => {
      const { sequence, ...of } = message instanceof Malformed ? { sequence: 0n, beat: message } : message
      send({ sequence, reply: await answer({ sequence, ...of }) })
    }
    return {
      receive(message) {
        const work = reply(message as BeatMessage | Malformed).finally(() => open.delete(work))
        open.add(work)
      },
      async end() {
        await Promise.all(open)
      },
    }
  }

  function watchDirectives(
    request: { runtime_id: string; lease_id: string; acknowledged_directive: string },
    context: CallContext,
    send: (reply: object) => void,
    end: (error?: WritError) => void,
  ): ReturnType<WatchHandler> {
    assertSpeaksFor(context.caller, request.runtime_id)
    const stop = ports.watch(
      toRuntimeId(request.runtime_id),
      toLeaseId(request.lease_id),
      BigInt(request.acknowledged_directive),
      (row) => send({ directive: fromDirective(row) }),
      end,
    )
    send({}) // from here on nothing is missed
    const alive = setInterval(() => {
      try {
        assertSpeaksFor(context.recheck(), request.runtime_id)
        send({})
      } catch (error) {
        end(WritError.from(error))
      }
    }, WATCH_ALIVE_MS)
    return () => {
      clearInterval(alive)
      stop()
    }
  }
}

/** Beats come by the thousand: they are read and answered by a codec of their own. */
/** Throws FORBIDDEN. */
function assertSpeaksFor(caller: Caller, runtimeId: string): void {
  assertCovers(caller.scope, caller, { runtimes: runtimeId })
}

function withBeatCodec(definition: grpc.ServiceDefinition): grpc.ServiceDefinition {
  const codec = {
    Heartbeat: [decodeHeartbeatRequest, encodeHeartbeatResponse],
    HeartbeatStream: [decodeHeartbeatStreamRequest, encodeHeartbeatStreamResponse],
  } as const
  const methods: Record<string, unknown> = { ...definition }
  for (const [name, [requestDeserialize, responseSerialize]] of Object.entries(codec))
    methods[name] = { ...definition[name], requestDeserialize, responseSerialize }
  return methods as unknown as grpc.ServiceDefinition
}
