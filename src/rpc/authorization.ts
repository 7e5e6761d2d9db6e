/** AuthorizationService: decode, call, encode. */
import type { Authorized, Call } from "../decision/authorize.ts"
import { MAX_BATCH_REQUESTS, MAX_TIMEOUT_MS } from "../decision/limits.ts"
import type { Revoked } from "../decision/revoke.ts"
import type { RawRequest } from "../decision/snapshot.ts"
import type { Reason } from "../decision/state.ts"
import type { TokenVerdict } from "../decision/verify-token.ts"
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import { loadService, Malformed, SERVICES } from "./load.ts"
import type { Service, StreamHandler } from "./server.ts"
import { toStatusMessage } from "./status.ts"
import { jsonToStruct, structToJson, type WireStruct } from "./struct.ts"

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

interface WireEntity {
  readonly type: string
  readonly id: string
  readonly properties: WireStruct | null
}
interface WireDuration {
  readonly seconds: string
  readonly nanos: number
}
export interface WireAuthorizeRequest {
  readonly request_id: string
  readonly subject: WireEntity | null
  readonly action: { readonly name: string; readonly properties: WireStruct | null } | null
  readonly resource: WireEntity | null
  readonly context: WireStruct | null
  readonly parameters?: Buffer
  readonly parameters_digest?: Buffer
  readonly parameters_content_type: string
  readonly audience: string
  readonly runtime_id: string
  readonly parent_execution_id: string
  readonly parent_proof: string
  readonly requested_ttl: WireDuration | null
  readonly approval_id: string
  readonly supported_obligations: readonly string[]
  readonly explain: boolean
}

export function authorizationService(ports: AuthorizationPorts): Service {
  return {
    definition: loadService(SERVICES.authorization),
    unary: {
      async Authorize(request: WireAuthorizeRequest, context) {
        return toResponse(await ports.authorize(toRaw(request), context))
      },

      async AuthorizeBatch({ requests }: { requests: readonly WireAuthorizeRequest[] }, context) {
        if (requests.length === 0) throw new WritError("INVALID_REQUEST", "A batch holds at least one request.")
        if (requests.length > MAX_BATCH_REQUESTS)
          throw new WritError("REQUEST_TOO_LARGE", `A batch holds at most ${MAX_BATCH_REQUESTS} requests.`)
        const one = async (request: WireAuthorizeRequest) => {
          try {
            return { response: toResponse(await ports.authorize(toRaw(request), context)) }
          } catch (error) {
            return { status: toStatusMessage(WritError.from(error), context.requestId) }
          }
        }
        return { results: await Promise.all(requests.map(one)) }
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
    streams: { AuthorizeStream: authorizeStream(ports) },
  }
}

/** Each message has its own deadline and its own answer; a bad one never ends the stream. */
function authorizeStream(ports: AuthorizationPorts): StreamHandler {
  return (context, send) => {
    const open = new Set<Promise<void>>()
    return {
      receive(message) {
        const work = answer(message).finally(() => open.delete(work))
        open.add(work)
      },
      async end() {
        await Promise.all(open)
      },
    }

    async function answer(message: object): Promise<void> {
      const { sequence, request, timeout } = message as {
        sequence: string
        request: WireAuthorizeRequest | null
        timeout: WireDuration | null
      }
      try {
        if (message instanceof Malformed) throw new WritError("MALFORMED_MESSAGE", undefined, { cause: message.cause })
        context.recheck() // an open connection gives no rights
        if (!request) throw new WritError("INVALID_REQUEST", "request is missing.", { details: { field: "request" } })
        const timeoutMs = timeout ? Math.min(toMs(timeout, "timeout"), MAX_TIMEOUT_MS) : null
        const authorized = await ports.authorize(toRaw(request), {
          ...context,
          timeoutMs,
        })
        send({ sequence, response: toResponse(authorized) })
      } catch (error) {
        send({ sequence: sequence ?? "0", status: toStatusMessage(WritError.from(error), context.requestId) })
      }
    }
  }
}

export function toRaw(wire: WireAuthorizeRequest): RawRequest {
  const { subject, action, resource } = wire
  return {
    ...wire,
    subject: subject && {
      type: subject.type,
      id: subject.id,
      properties: structToJson(subject.properties, "subject.properties"),
    },
    action: action && { name: action.name, properties: structToJson(action.properties, "action.properties") },
    resource: resource && {
      type: resource.type,
      id: resource.id,
      properties: structToJson(resource.properties, "resource.properties"),
    },
    context: structToJson(wire.context, "context"),
    parameters: wire.parameters ?? null,
    parameters_digest: wire.parameters_digest ?? null,
    requested_ttl_ms: wire.requested_ttl ? toMs(wire.requested_ttl, "requested_ttl") : null,
  }
}

function toMs({ seconds, nanos }: WireDuration, field: string): number {
  const ms = Number(seconds) * 1000 + Math.floor(nanos / 1_000_000)
  if (!Number.isSafeInteger(ms) || ms < 0 || Math.abs(nanos) >= 1_000_000_000) {
    throw new WritError("INVALID_REQUEST", `${field} is not a duration of zero or more.`, { details: { field } })
  }
  return ms
}

export function toResponse(authorized: Authorized): object {
  const { verdict, token, withheld, receipt, repeated, explain, times } = authorized
  const checks = verdict.checks.map(({ name, status, reasons }) => ({
    name,
    status: `CHECK_STATUS_${status}`,
    reasons,
  }))
  return {
    decision: `DECISION_${verdict.decision}`,
    execution_id: verdict.executionId,
    ...(token !== null && verdict.claims && { token, expires_at: { seconds: verdict.claims.exp, nanos: 0 } }),
    checks,
    reasons: orderReasons(verdict.checks),
    matched_rules: verdict.matchedRules,
    obligations: verdict.obligations.map(({ id, type, properties }) => ({
      id,
      type,
      properties: jsonToStruct(properties as JsonObject),
    })),
    risk: verdict.risk,
    bundle_digest: Buffer.from(fromHex(verdict.bundleDigest)),
    bundle_version: verdict.bundleVersion,
    receipt: toReceipt(receipt),
    times: { evaluate_us: times.evaluate, append_us: times.append, sign_us: times.sign },
    ...(explain && { trace: verdict.trace }),
    repeated_request: repeated,
    ...(withheld && { token_withheld: withheld }),
  }
}

/** The decisive one first: the first failed check's. */
function orderReasons(checks: Authorized["verdict"]["checks"]): readonly Reason[] {
  return checks.flatMap((check) => check.reasons)
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
