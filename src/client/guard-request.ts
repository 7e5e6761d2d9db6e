/** What a guard asks for, and the consent of the runtime on whose behalf it does. */
import { randomUUID } from "node:crypto"
import { sha256 } from "../crypto.ts"
import { toBase64Url, toHex } from "../formats/bytes.ts"
import { canonicalBytes } from "../formats/canonical-json.ts"
import { consentBytes } from "../formats/parent-proof.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { toWireRequest } from "./authorize-request.ts"
import { CallError } from "./call-error.ts"
import type { HeartbeatAgent } from "./heartbeat-agent.ts"

/** AuthZEN's subject or resource. */
export interface GuardEntity {
  readonly type: string
  readonly id: string
  readonly properties?: JsonObject
}

/** What is to be executed. */
export interface GuardedAction<Parameters extends JsonValue | Uint8Array = JsonValue | Uint8Array> {
  readonly subject?: GuardEntity
  readonly action: string | { readonly name: string; readonly properties?: JsonObject }
  readonly resource: GuardEntity
  readonly context?: JsonObject
  /** What it will be executed with: JSON, of which the RFC 8785 bytes are authorized, or the exact bytes. */
  readonly parameters?: Parameters
  /** Media type of parameters that are bytes. */
  readonly parametersContentType?: string
  /** The one executor that may redeem the token. */
  readonly audience?: string
  /** Meet the obligations of these types, beside those of the guard's defaults. */
  readonly obligations?: ObligationHandlers
  /** An approval that was granted for this very action (ApprovalRequiredError names it). It is good once. */
  readonly approvalId?: string
  /** Default: a new one. The same id is the same execution, which runs once. */
  readonly requestId?: string
}

/** What has to be done with an execution, before the function runs. */
export interface GuardObligation {
  readonly id: string
  readonly type: string
  readonly properties: JsonObject
}

/** By type. What a handler throws, and what none is there for, keeps the function from being run. */
export type ObligationHandlers = {
  readonly [type: string]: (
    obligation: GuardObligation,
    execution: { readonly executionId: string; readonly signal: AbortSignal; readonly parameterBytes: Uint8Array },
  ) => Promise<void> | void
}

export function toRequest(
  action: Omit<GuardedAction, "parameters"> & { readonly parameters?: unknown },
  bytes: Uint8Array | null,
  runtimeId: string,
  parent: { readonly executionId: string; readonly agent: HeartbeatAgent | null } | null,
): object {
  const { subject, resource, context, audience, obligations = {}, approvalId, requestId = randomUUID() } = action
  if (!subject) throw new CallError("INVALID_REQUEST", "guard needs a subject: in its defaults or with the action.")
  if (!audience) throw new CallError("INVALID_REQUEST", "guard needs an audience: in its defaults or with the action.")
  const named = typeof action.action === "string" ? { name: action.action } : { ...action.action }
  const isJson = !(action.parameters instanceof Uint8Array)
  const consent = {
    action: named.name,
    audience,
    parameters_digest: bytes ? toHex(sha256(bytes)) : "",
    request_id: requestId,
    resource: { id: resource.id, type: resource.type },
    runtime_id: runtimeId,
    subject: { id: subject.id, type: subject.type },
  }
  return {
    ...toWireRequest({
      request_id: requestId,
      subject: { ...subject },
      action: named,
      resource: { ...resource },
      context: context ?? {},
      audience,
      ...(runtimeId !== "" && { runtime_id: runtimeId }),
      ...(Object.keys(obligations).length > 0 && { supported_obligations: Object.keys(obligations) }),
      ...(approvalId !== undefined && { approval_id: approvalId }),
    }),
    ...(bytes && {
      parameters: bytes,
      parameters_content_type: isJson ? "application/json" : (action.parametersContentType ?? ""),
    }),
    // Only a runtime can consent: within a function that runs in none, this is an execution of its own.
    ...(parent?.agent && proofOf(parent.agent, { ...consent, parent_execution_id: parent.executionId })),
  }
}

function proofOf({ session }: HeartbeatAgent, consent: Parameters<typeof consentBytes>[0]): object {
  return {
    parent_execution_id: consent.parent_execution_id,
    parent_proof: toBase64Url(session.runtime.key.sign(consentBytes(consent))),
  }
}

/** Copied once: what the caller changes afterwards is not what was authorized, and is not what is executed. */
export function toBytes(parameters: JsonValue | Uint8Array | undefined): Uint8Array | null {
  if (parameters === undefined) return null
  return parameters instanceof Uint8Array ? Uint8Array.from(parameters) : canonicalBytes(parameters)
}

export function copyOf(parameters: JsonValue | Uint8Array | undefined, bytes: Uint8Array | null): unknown {
  if (bytes === null) return undefined
  return parameters instanceof Uint8Array ? Uint8Array.from(bytes) : JSON.parse(Buffer.from(bytes).toString())
}
