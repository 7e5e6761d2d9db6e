/** AuthorizationService: decode, call, encode. */
import type * as grpc from "@grpc/grpc-js"
import type { Authorized, Call } from "../decision/authorize.ts"
import type { CompleteRequest } from "../decision/complete.ts"
import type { Decided, DecideRequest } from "../decision/decide-approval.ts"
import type { Evaluated, EvaluateRequest } from "../decision/evaluate.ts"
import { assertExecutionId, type Execution, type Page } from "../decision/executions.ts"
import type { Redeemed, RedeemRequest } from "../decision/redeem.ts"
import type { Reported } from "../decision/report.ts"
import type { Revoked } from "../decision/revoke.ts"
import type { RawRequest } from "../decision/snapshot.ts"
import type { StartRequest } from "../decision/start.ts"
import type { TokenVerdict } from "../decision/verify-token.ts"
import type { ApprovalPage } from "../decision/waiting.ts"
import { WritError } from "../errors.ts"
import type { ExecutionState } from "../ledger/kinds.ts"
import { LEAST_DECISIONS } from "./admission.ts"
import { toApproval } from "./approval-codec.ts"
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
import { decodeCompleteRequest, decodeStartRequest } from "./complete-codec.ts"
import { decodeEvaluateRequest, toEvaluateResponse } from "./evaluate-codec.ts"
import { loadService, Malformed, SERVICES } from "./load.ts"
import type { CallContext, Service, StreamHandler } from "./server.ts"
import { encodeStatus } from "./status.ts"
import { jsonToStruct } from "./struct.ts"
import { toTimestamp } from "./timestamp.ts"

const STATE_PREFIX = "EXECUTION_STATE_"

export interface AuthorizationPorts {
  authorize(raw: RawRequest, call: Call): Promise<Authorized>
  evaluate(request: EvaluateRequest, timeoutMs: number | null): Promise<Evaluated>
  verifyToken(input: {
    readonly token: string
    readonly audience: string
    readonly parameters: Uint8Array | null
    readonly parametersDigest: Uint8Array | null
  }): Promise<TokenVerdict>
  revoke(executionId: string, reason: string, call: Call): Promise<Revoked>
  redeem(request: RedeemRequest, call: Call): Promise<Redeemed>
  start(request: StartRequest, call: Call): Promise<Reported>
  complete(request: CompleteRequest, call: Call): Promise<Reported>
  readonly executions: {
    get(executionId: string): Promise<Execution>
    list(pageSize: number, pageToken: string, state: ExecutionState | null): Promise<Page>
  }
  approvals(pageSize: number, pageToken: string): Promise<ApprovalPage>
  decideApproval(request: DecideRequest, call: Call): Promise<Decided>
}

export function authorizationService(ports: AuthorizationPorts): Service {
  return {
    definition: withHotPathCodec(loadService(SERVICES.authorization)),
    unary: {
      Authorize: (request: RawRequest, context) => ports.authorize(request, context),

      async AuthorizeBatch({ requests }: { requests: readonly (RawRequest | Malformed)[] }, context) {
        if (requests.length === 0) throw new WritError("INVALID_REQUEST", "A batch holds at least one request.")
        return { results: await Promise.all(requests.map((request) => answer(request, context, context.timeoutMs))) }
      },

      async Evaluate(request: EvaluateRequest, { timeoutMs }) {
        return toEvaluateResponse(await ports.evaluate(request, timeoutMs))
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

      async RevokeExecution({ execution_id, reason }: { execution_id: string; reason: string }, context) {
        const revoked = await ports.revoke(execution_id, reason, context)
        return { receipt: toReceipt(revoked.receipt), already_revoked: revoked.alreadyRevoked }
      },

      async RedeemToken(
        request: { token: string; redemption_id: string; parameters_digest: Buffer; proof: string },
        context,
      ) {
        const { executionId, executeUntilMs, receipt } = await ports.redeem(
          {
            token: request.token,
            redemptionId: request.redemption_id,
            parametersDigest: request.parameters_digest,
            proof: request.proof,
          },
          context,
        )
        return { execution_id: executionId, execute_until: toTimestamp(executeUntilMs), receipt: toReceipt(receipt) }
      },

      async StartExecution(request: StartRequest, context) {
        const { receipt } = await ports.start(request, context)
        return { receipt: toReceipt(receipt) }
      },

      async CompleteExecution(request: CompleteRequest, context) {
        const { receipt, state } = await ports.complete(request, context)
        return { receipt: toReceipt(receipt), state: toState(state) }
      },

      async GetExecution({ execution_id }: { execution_id: string }) {
        assertExecutionId(execution_id)
        return { execution: toExecution(await ports.executions.get(execution_id)) }
      },

      async ListExecutions(request: { page_size: number; page_token: string; state: string }) {
        const state = request.state.slice(STATE_PREFIX.length)
        const page = await ports.executions.list(
          request.page_size,
          request.page_token,
          state === "UNSPECIFIED" ? null : (state as ExecutionState),
        )
        return { executions: page.executions.map(toExecution), next_page_token: page.nextPageToken }
      },

      async ListApprovals(request: { page_size: number; page_token: string }) {
        const page = await ports.approvals(request.page_size, request.page_token)
        return { approvals: page.approvals.map(toApproval), next_page_token: page.nextPageToken }
      },

      async DecideApproval(request: { approval_id: string; approve: boolean; reason: string }, context) {
        const { approval, receipt } = await ports.decideApproval(
          { approvalId: request.approval_id, approve: request.approve, reason: request.reason },
          context,
        )
        return { approval: toApproval(approval), receipt: toReceipt(receipt) }
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
      send({ sequence, answer: await answer(request, context, timeoutMs) })
    }
    return {
      receive(message) {
        const work = reply(message as StreamMessage | Malformed).finally(() => open.delete(work))
        open.add(work)
      },
      isFull: () => open.size >= LEAST_DECISIONS,
      async end() {
        await Promise.all(open)
      },
    }
  }

  /** One of many: what goes wrong with it is its own answer. */
  async function answer(
    request: RawRequest | Malformed | null,
    context: CallContext,
    timeoutMs: number | null,
  ): Promise<Answer> {
    let enteredMs: number | null = null
    try {
      const caller = context.recheck() // an open connection gives no rights
      enteredMs = context.enter()
      if (request === null)
        throw new WritError("INVALID_REQUEST", "request is missing.", { details: { field: "request" } })
      if (request instanceof Malformed) throw request.error
      const { requestId, signal } = context
      return { response: await ports.authorize(request, { caller, requestId, timeoutMs, signal }) }
    } catch (error) {
      return { status: encodeStatus(WritError.from(error), context.requestId) }
    } finally {
      if (enteredMs !== null) context.leave(enteredMs)
    }
  }
}

function withHotPathCodec(definition: grpc.ServiceDefinition): grpc.ServiceDefinition {
  const codec = {
    Authorize: [decodeAuthorizeRequest, encodeAuthorizeResponse],
    AuthorizeStream: [decodeStreamRequest, encodeStreamResponse],
    AuthorizeBatch: [decodeBatchRequest, encodeBatchResponse],
  } as const
  // `details` is a Struct: read strictly, like those of Authorize
  const complete = { ...definition["CompleteExecution"], requestDeserialize: decodeCompleteRequest }
  const start = { ...definition["StartExecution"], requestDeserialize: decodeStartRequest }
  const evaluate = { ...definition["Evaluate"], requestDeserialize: decodeEvaluateRequest }
  const methods: Record<string, unknown> = {
    ...definition,
    CompleteExecution: complete,
    Evaluate: evaluate,
    StartExecution: start,
  }
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

function toExecution(execution: Execution): object {
  return {
    execution_id: execution.executionId,
    state: toState(execution.state),
    authorized_at: toTimestamp(execution.authorizedAtMs),
    until: toTimestamp(execution.untilMs),
    runtime_id: execution.runtimeId,
    parent_execution_id: execution.parentExecutionId,
  }
}

export function toState(state: string | null): string {
  return `${STATE_PREFIX}${state ?? "UNSPECIFIED"}`
}
