/** A decision's record, read back: what was asked, what was answered, and what was read on the way. */
import { fromBase64, fromBase64Url, fromUtf8 } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import { type DecisionData, type DecisionPayload, PAYLOAD_SALT_BYTES, type RecordBody } from "../ledger/record.ts"
import { type RawEntity, type RawRequest, type Snapshot, snapshot } from "./snapshot.ts"

/** A leaf and its payload, as stored. */
export interface DecisionRecord {
  readonly body: Uint8Array
  readonly payload: Uint8Array | null
}

export interface Named {
  readonly type: string
  readonly id: string
}

/** What the leaf says. */
export interface DecisionLeaf {
  readonly executionId: string
  readonly engine: string
  /** Unix milliseconds: `now` of every condition. */
  readonly timeMs: number
  readonly data: DecisionData
}

/** Null when it is not a decision. */
export function readDecisionLeaf(bytes: Uint8Array): DecisionLeaf | null {
  const body = parse<RecordBody>(bytes)
  const timeMs = Date.parse(body?.time ?? "")
  if (body?.kind !== "decision" || typeof body.execution_id !== "string" || Number.isNaN(timeMs)) return null
  return { executionId: body.execution_id, engine: body.engine, timeMs, data: body.data as unknown as DecisionData }
}

export interface DecisionContent {
  readonly content: DecisionPayload
  /** As it was recorded, which may be less than what came. */
  readonly request: Snapshot
}

/** What the payload says; null when it cannot be read. */
export function readDecisionContent(payload: Uint8Array): DecisionContent | null {
  const content = parse<DecisionPayload>(payload.subarray(PAYLOAD_SALT_BYTES))
  if (!content) return null
  try {
    return { content, request: snapshot(toRawRequest(content.request)) }
  } catch {
    return null // what no request can be
  }
}

/** Our own bytes, whose hash was checked or is: numbers beyond what strict JSON lets callers write are in them too. */
function parse<T>(bytes: Uint8Array): T | null {
  try {
    return JSON.parse(fromUtf8(bytes)) as T
  } catch {
    return null
  }
}

/** The inverse of what `snapshot` records. */
function toRawRequest(json: JsonObject): RawRequest {
  const text = (name: string) => (json[name] as string | undefined) ?? ""
  const parameters = json["parameters"] as
    | { readonly bytes?: string; readonly digest: string; readonly content_type: string }
    | undefined
  return {
    request_id: text("request_id"),
    subject: json["subject"] as unknown as RawEntity,
    action: json["action"] as unknown as NonNullable<RawRequest["action"]>,
    resource: json["resource"] as unknown as RawEntity,
    context: json["context"] as JsonObject,
    parameters: parameters?.bytes === undefined ? null : fromBase64(parameters.bytes),
    parameters_digest: parameters && parameters.bytes === undefined ? fromBase64Url(parameters.digest) : null,
    parameters_content_type: parameters?.content_type ?? "",
    audience: text("audience"),
    runtime_id: text("runtime_id"),
    parent_execution_id: text("parent_execution_id"),
    parent_proof: text("parent_proof"),
    requested_ttl_ms: (json["requested_ttl_ms"] as number | undefined) ?? null,
    approval_id: text("approval_id"),
    supported_obligations: (json["supported_obligations"] as readonly string[] | undefined) ?? [],
    explain: false,
  }
}
