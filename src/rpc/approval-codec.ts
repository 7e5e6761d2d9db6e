/** An approval, from what was recorded to the message. */
import type { ApprovalView } from "../decision/waiting.ts"
import type { JsonObject } from "../formats/ports.ts"
import { jsonToStruct } from "./struct.ts"
import { toTimestamp } from "./timestamp.ts"

export function toApproval(approval: ApprovalView): object {
  return {
    approval_id: approval.approvalId,
    ...(approval.request && { request: toRequest(approval.request as unknown as RecordedRequest) }),
    expires_at: toTimestamp(approval.expiresAtMs),
    approvals_given: approval.given,
    approvals_needed: approval.needed,
    requested_at: toTimestamp(approval.requestedAtMs),
    requested_by: approval.requester,
    rules: approval.rules,
  }
}

interface RecordedEntity {
  readonly type: string
  readonly id: string
  readonly properties: JsonObject
}

/** `json` of Snapshot, as far as the policy lets it be recorded. */
interface RecordedRequest {
  readonly request_id: string
  readonly subject: RecordedEntity
  readonly action: { readonly name: string; readonly properties: JsonObject }
  readonly resource: RecordedEntity
  readonly context: JsonObject
  /** Base64 bytes where they are recorded, and a base64url digest. */
  readonly parameters?: { readonly bytes?: string; readonly content_type: string; readonly digest: string }
  readonly audience: string
  readonly runtime_id?: string
  readonly parent_execution_id?: string
  readonly parent_proof?: string
  readonly requested_ttl_ms?: number
  readonly supported_obligations?: readonly string[]
}

function toRequest(request: RecordedRequest): object {
  const { parameters, requested_ttl_ms: ttlMs, ...rest } = request
  const withStruct = <T extends { readonly properties: JsonObject }>(named: T) => ({
    ...named,
    properties: jsonToStruct(named.properties),
  })
  return {
    ...rest,
    subject: withStruct(request.subject),
    action: withStruct(request.action),
    resource: withStruct(request.resource),
    context: jsonToStruct(request.context),
    ...(parameters && { parameters_content_type: parameters.content_type, ...toParameters(parameters) }),
    ...(ttlMs !== undefined && { requested_ttl: toTimestamp(ttlMs) }), // a Duration looks the same
  }
}

function toParameters({ bytes, digest }: NonNullable<RecordedRequest["parameters"]>): object {
  return bytes === undefined
    ? { parameters_digest: Buffer.from(digest, "base64url") }
    : { parameters: Buffer.from(bytes, "base64") }
}
