/** AuthorizationService: decode, call, encode. */
import type * as grpc from "@grpc/grpc-js"
import type { Authorized, Call } from "../decision/authorize.ts"
import type { Revoked } from "../decision/revoke.ts"
import type { RawRequest } from "../decision/snapshot.ts"
import type { TokenVerdict } from "../decision/verify-token.ts"
import { WritError } from "../errors.ts"
import {
  type Answer,
  decodeAuthorizeRequest,
  decodeBatchRequest,
  decodeStreamRequest,
  encodeAuthorizeResponse,
  encodeBatchResponse,
  encodeStreamResponse,
  type StreamMessage,
} from "./authorize-codec.ts"
import { loadService, Malformed, SERVICES } from "./load.ts"
import type { CallContext, Service, StreamHandler } from "./server.ts"
import { encodeStatus } from "./status.ts"
import { jsonToStruct } from "./struct.ts"

export interface AuthorizationPorts {
  authorize(raw: RawRequest, call: Call): Promise<Authorized>
  verifyToken(input: {
    readonly token: string
    readonly audience: string
    readonly parameters: Uint8Array | null
    readonly parametersDigest: Uint8Array | null
  }): Promise<TokenVerdict>
  revoke(executionId: string, reason: string, actor: Call["caller"]): Promise<Revoked>
}

export function authorizationService(ports: AuthorizationPorts): Service {
  return {
    definition: withHotPathCodec(loadService(SERVICES.authorization)),
    unary: {
      Authorize: (request: RawRequest, context) => ports.authorize(request, context),

      async AuthorizeBatch({ requests }: { requests: readonly (RawRequest | Malformed)[] }, context) {
        if (requests.length === 0) throw new WritError("INVALID_REQUEST", "A batch holds at least one request.")
        return { results: await Promise.all(requests.map((request) => answer(request, context))) }
      },

      async VerifyToken(request: { token: string; audience: string; parameters?: Buffer; parameters_digest?: Buffer }) {
        const verdict = await ports.verifyToken({
          token: request.token,
          audience: request.audience,
          parameters: request.parameters ?? null,
          parametersDigest: request.parameters_digest ?? null,
        })
        return {
          valid: verdict.valid,
          reason: verdict.reason,
          sufficient: verdict.sufficient,
          claims: verdict.claims && jsonToStruct(verdict.claims),
          state: toState(verdict.state),
        }
      },

      async RevokeExecution({ execution_id, reason }: { execution_id: string; reason: string }, { caller }) {
        const revoked = await ports.revoke(execution_id, reason, caller)
        return { receipt: toReceipt(revoked.receipt), already_revoked: revoked.alreadyRevoked }
      },
    },
    streams: { AuthorizeStream: authorizeStream },
  }

  /** Each message has its own deadline and its own answer; a bad one never ends the stream. */
  function authorizeStream(context: CallContext, send: (reply: object) => void): ReturnType<StreamHandler> {
    const open = new Set<Promise<void>>()
    const reply = async (message: StreamMessage | Malformed) => {
      const { sequence, request, timeoutMs } =
        message instanceof Malformed ? { sequence: 0n, request: message, timeoutMs: null } : message
      send({ sequence, answer: await answer(request, { ...context, timeoutMs }) })
    }
    return {
      receive(message) {
        const work = reply(message as StreamMessage | Malformed).finally(() => open.delete(work))
        open.add(work)
      },
      async end() {
        await Promise.all(open)
      },
    }
  }

  /** One of many: what goes wrong with it is its own answer. */
  async function answer(request: RawRequest | Malformed | null, context: CallContext): Promise<Answer> {
    try {
      context.recheck() // an open connection gives no rights
      if (request === null)
        throw new WritError("INVALID_REQUEST", "request is missing.", { details: { field: "request" } })
      if (request instanceof Malformed) throw request.error
      return { response: await ports.authorize(request, context) }
    } catch (error) {
      return { status: encodeStatus(WritError.from(error), context.requestId) }
    }
  }
}

function withHotPathCodec(definition: grpc.ServiceDefinition): grpc.ServiceDefinition {
  const codec = {
    Authorize: [decodeAuthorizeRequest, encodeAuthorizeResponse],
    AuthorizeStream: [decodeStreamRequest, encodeStreamResponse],
    AuthorizeBatch: [decodeBatchRequest, encodeBatchResponse],
  } as const
  const methods: Record<string, unknown> = { ...definition }
  for (const [name, [requestDeserialize, responseSerialize]] of Object.entries(codec))
    methods[name] = { ...definition[name], requestDeserialize, responseSerialize }
  return methods as unknown as grpc.ServiceDefinition
}

export function toReceipt({
  origin,
  index,
  leafHash,
}: {
  origin: string
  index: number
  leafHash: Uint8Array
}): object {
  return { log: origin, leaf_index: String(index), leaf_hash: leafHash }
}

export function toState(state: string | null): string {
  return `EXECUTION_STATE_${state ?? "UNSPECIFIED"}`
}
