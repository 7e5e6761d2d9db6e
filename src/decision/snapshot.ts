/**
 * The request, copied once, limited and typed: from here on only the snapshot is read. Everything here is
 * attacker-controlled until it has passed.
 */
import { asBuffer, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import type { Entity, Parameters, PolicyRequest } from "../policy/types.ts"
import * as limits from "./limits.ts"

/** What the wire brought: proto names, properties already plain JSON. */
export interface RawRequest {
  readonly request_id: string
  readonly subject: RawEntity | null
  readonly action: { readonly name: string; readonly properties: JsonObject } | null
  readonly resource: RawEntity | null
  readonly context: JsonObject
  readonly parameters: Uint8Array | null
  readonly parameters_digest: Uint8Array | null
  readonly parameters_content_type: string
  readonly audience: string
  readonly runtime_id: string
  readonly parent_execution_id: string
  readonly parent_proof: string
  /** Milliseconds; null when absent. */
  readonly requested_ttl_ms: number | null
  readonly approval_id: string
  readonly supported_obligations: readonly string[]
  readonly explain: boolean
}
export interface RawEntity {
  readonly type: string
  readonly id: string
  readonly properties: JsonObject
}

export interface Snapshot {
  readonly requestId: string
  readonly subject: Entity
  readonly action: { readonly name: string; readonly properties: JsonObject }
  readonly resource: Entity
  readonly context: JsonObject
  readonly parameters: Parameters
  /** base64url SHA-256 of the parameters' bytes; null without parameters. */
  readonly parametersDigest: string | null
  readonly audience: string
  readonly runtimeId: string
  readonly parentExecutionId: string
  readonly parentProof: string
  readonly approvalId: string
  readonly requestedTtlMs: number | null
  readonly supportedObligations: readonly string[]
  readonly explain: boolean
  /** What is recorded and hashed: everything above but `explain`. */
  readonly json: JsonObject
  /** RFC 8785 encoding of `json`. */
  readonly canonical: string
}

const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFD]/u
/** What nearly every id is made of; anything else is looked at more closely. */
const PLAIN = /^[\x20-\x7e]*$/
const TYPE = /^[a-z][a-z0-9_.-]*$/
const ACTION = /^[A-Za-z0-9_.:/-]+$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Throws INVALID_REQUEST or REQUEST_TOO_LARGE, naming the field. */
export function snapshot(raw: RawRequest): Snapshot {
  const requestId = text("request_id", raw.request_id, limits.MAX_REQUEST_ID_BYTES)
  const subject = entity("subject", raw.subject)
  const resource = entity("resource", raw.resource)
  if (!raw.action) throw invalid("action", "is missing")
  if (raw.action.name.length > limits.MAX_ACTION_CHARS || !ACTION.test(raw.action.name)) {
    throw invalid("action.name", `must be 1 to ${limits.MAX_ACTION_CHARS} characters of A-Z a-z 0-9 _ . : / -`)
  }
  const action = { name: raw.action.name, properties: raw.action.properties }
  const audience = text("audience", raw.audience, limits.MAX_AUDIENCE_BYTES)
  const runtimeId = optionalText("runtime_id", raw.runtime_id, limits.MAX_ID_BYTES)
  const approvalId = optionalText("approval_id", raw.approval_id, limits.MAX_ID_BYTES)
  const parentExecutionId = raw.parent_execution_id
  if (parentExecutionId !== "" && !UUID.test(parentExecutionId))
    throw invalid("parent_execution_id", "is not an execution id")
  if (raw.parent_proof.length > 8_192) throw tooLarge("parent_proof", 8_192)
  if (raw.requested_ttl_ms !== null && !(raw.requested_ttl_ms > 0))
    throw invalid("requested_ttl", "must be more than zero")
  if (raw.supported_obligations.length > limits.MAX_OBLIGATION_TYPES)
    throw tooLarge("supported_obligations", limits.MAX_OBLIGATION_TYPES)
  const supportedObligations = raw.supported_obligations.map((type, i) =>
    text(`supported_obligations[${i}]`, type, limits.MAX_TYPE_CHARS),
  )
  const { parameters, parametersDigest, recorded } = readParameters(raw)

  // In RFC 8785 order, so that encoding need not sort.
  const json: JsonObject = {
    action,
    ...(approvalId && { approval_id: approvalId }),
    audience,
    context: raw.context,
    ...(recorded && { parameters: recorded }),
    ...(parentExecutionId && { parent_execution_id: parentExecutionId, parent_proof: raw.parent_proof }),
    request_id: requestId,
    ...(raw.requested_ttl_ms !== null && { requested_ttl_ms: raw.requested_ttl_ms }),
    resource: { id: resource.id, properties: resource.properties, type: resource.type },
    ...(runtimeId && { runtime_id: runtimeId }),
    subject: { id: subject.id, properties: subject.properties, type: subject.type },
    ...(supportedObligations.length > 0 && { supported_obligations: supportedObligations }),
  }
  const canonical = encodeCanonicalJson(json)
  if (canonical.length * 3 > limits.MAX_SNAPSHOT_BYTES && Buffer.byteLength(canonical) > limits.MAX_SNAPSHOT_BYTES) {
    throw tooLarge("the request's properties, context and parameters together", limits.MAX_SNAPSHOT_BYTES)
  }
  return {
    requestId,
    subject,
    action,
    resource,
    context: raw.context,
    parameters,
    parametersDigest,
    audience,
    runtimeId,
    parentExecutionId,
    parentProof: raw.parent_proof,
    approvalId,
    requestedTtlMs: raw.requested_ttl_ms,
    supportedObligations,
    explain: raw.explain,
    json,
    canonical,
  }
}

export function toPolicyRequest(request: Snapshot, nowMs: number): PolicyRequest {
  const { subject, action, resource, context, parameters, audience } = request
  return { subject, action, resource, context, parameters, audience, runtime: null, nowMs }
}

function readParameters(raw: RawRequest): {
  parameters: Parameters
  parametersDigest: string | null
  recorded: JsonObject | null
} {
  const contentType = raw.parameters_content_type
  if (contentType.length > limits.MAX_CONTENT_TYPE_CHARS || UNPRINTABLE.test(contentType)) {
    throw invalid("parameters_content_type", `must be at most ${limits.MAX_CONTENT_TYPE_CHARS} printable characters`)
  }
  if (raw.parameters && raw.parameters_digest) throw invalid("parameters", "and parameters_digest must not both be set")
  if (raw.parameters_digest) {
    if (raw.parameters_digest.length !== 32) throw invalid("parameters_digest", "must be the 32 bytes of a SHA-256")
    const parametersDigest = asBuffer(raw.parameters_digest).toString("base64url")
    return {
      parameters: { kind: "opaque" },
      parametersDigest,
      recorded: { digest: parametersDigest, content_type: contentType },
    }
  }
  if (!raw.parameters) {
    if (contentType !== "") throw invalid("parameters_content_type", "is set, but there are no parameters")
    return { parameters: { kind: "absent" }, parametersDigest: null, recorded: null }
  }
  if (raw.parameters.length > limits.MAX_PARAMETERS_BYTES) throw tooLarge("parameters", limits.MAX_PARAMETERS_BYTES)
  const parametersDigest = asBuffer(sha256(raw.parameters)).toString("base64url")
  const recorded = {
    bytes: asBuffer(raw.parameters).toString("base64"),
    content_type: contentType,
    digest: parametersDigest,
  }
  if (!/^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;|$)/i.test(contentType))
    return { parameters: { kind: "opaque" }, parametersDigest, recorded }
  return { parameters: { kind: "json", value: decodeParameters(raw.parameters) }, parametersDigest, recorded }
}

function decodeParameters(bytes: Uint8Array) {
  let source: string
  try {
    source = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalid("parameters", "are not UTF-8, though their content type is JSON")
  }
  try {
    return parseStrictJson(source, { maxDepth: limits.MAX_JSON_DEPTH, maxNodes: limits.MAX_JSON_NODES })
  } catch (error) {
    throw invalid("parameters", `are not strict JSON: ${(error as Error).message}`)
  }
}

function entity(field: string, raw: RawEntity | null): Entity {
  if (!raw) throw invalid(field, "is missing")
  if (raw.type.length > limits.MAX_TYPE_CHARS || !TYPE.test(raw.type)) {
    throw invalid(
      `${field}.type`,
      `must be 1 to ${limits.MAX_TYPE_CHARS} characters of a-z 0-9 _ . -, starting with a letter`,
    )
  }
  return { type: raw.type, id: text(`${field}.id`, raw.id, limits.MAX_ID_BYTES), properties: raw.properties }
}

export function text(field: string, value: string, maxBytes: number): string {
  if (value === "") throw invalid(field, "is missing")
  return optionalText(field, value, maxBytes)
}

export function optionalText(field: string, value: string, maxBytes: number): string {
  if (value.length <= maxBytes && PLAIN.test(value)) return value
  if (value.length > maxBytes || Buffer.byteLength(value) > maxBytes) throw tooLarge(field, maxBytes)
  if (UNPRINTABLE.test(value)) {
    throw invalid(field, "holds a control character, U+FFFD or bytes that are not UTF-8")
  }
  return value
}

function invalid(field: string, what: string): WritError {
  return new WritError("INVALID_REQUEST", `${field} ${what}.`, { details: { field } })
}

function tooLarge(field: string, max: number): WritError {
  return new WritError("REQUEST_TOO_LARGE", `${field} is larger than the limit of ${max}.`, {
    details: { field, limit: String(max) },
  })
}
