/**
 * The messages of the hot path, straight from the wire to a RawRequest and from an Authorized to the wire: what
 * proto/writ/v1/authorization.proto says, without the generic codec's objects in between. Each request of a stream or
 * a batch stands for itself: one that cannot be read is a Malformed in its place.
 */
import type { Authorized } from "../decision/authorize.ts"
import { MAX_BATCH_REQUESTS } from "../decision/limits.ts"
import type { RawEntity, RawRequest } from "../decision/snapshot.ts"
import type { Reason } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import type { JsonObject } from "../formats/ports.ts"
import { attempt, once, readDuration } from "./decoding.ts"
import type { Malformed } from "./load.ts"
import { Reader, Writer } from "./protobuf.ts"
import { readStruct, writeStruct } from "./struct.ts"

export interface StreamMessage {
  readonly sequence: bigint
  readonly request: RawRequest | Malformed | null
  /** Milliseconds; null when absent. */
  readonly timeoutMs: number | null
}

/** One answer within a stream or batch reply; `status` is an encoded google.rpc.Status. */
export type Answer = { readonly response: Authorized } | { readonly status: Uint8Array }

/** Answers Malformed for bytes that are not an AuthorizeRequest; never throws. */
export function decodeAuthorizeRequest(bytes: Buffer): RawRequest | Malformed {
  return attempt(() => readRequest(new Reader(bytes)))
}

export function decodeStreamRequest(bytes: Buffer): StreamMessage | Malformed {
  return attempt(() => {
    const reader = new Reader(bytes)
    let sequence = 0n
    let request: StreamMessage["request"] = null
    let timeoutMs: number | null = null
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) sequence = reader.uint64()
      else if (field === 2) {
        once(request, "request")
        request = reader.message((inner) => attempt(() => readRequest(inner)))
      } else if (field === 3) timeoutMs = readDuration(reader, "timeout")
      else reader.skip()
    }
    return { sequence, request, timeoutMs }
  })
}

export function decodeBatchRequest(bytes: Buffer): { requests: (RawRequest | Malformed)[] } | Malformed {
  return attempt(() => {
    const reader = new Reader(bytes)
    const requests: (RawRequest | Malformed)[] = []
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 1) reader.skip()
      else if (requests.length === MAX_BATCH_REQUESTS)
        throw new WritError("REQUEST_TOO_LARGE", `A batch holds at most ${MAX_BATCH_REQUESTS} requests.`)
      else requests.push(reader.message((inner) => attempt(() => readRequest(inner))))
    }
    return { requests }
  })
}

export function readRequest(reader: Reader): RawRequest {
  let requestId = ""
  let subject: RawEntity | null = null
  let action: RawRequest["action"] = null
  let resource: RawEntity | null = null
  let context: JsonObject | null = null
  let parameters: Uint8Array | null = null
  let parametersDigest: Uint8Array | null = null
  let contentType = ""
  let audience = ""
  let runtimeId = ""
  let parentExecutionId = ""
  let parentProof = ""
  let requestedTtlMs: number | null = null
  let approvalId = ""
  let obligations: string[] | null = null
  let explain = false
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case 1:
        requestId = reader.string()
        break
      case 2:
        once(subject, "subject")
        subject = reader.message(readSubject)
        break
      case 3:
        once(action, "action")
        action = reader.message(readAction)
        break
      case 4:
        once(resource, "resource")
        resource = reader.message(readResource)
        break
      case 5:
        once(context, "context")
        context = reader.message(readContext)
        break
      case 6:
        parameters = reader.bytes()
        break
      case 7:
        parametersDigest = reader.bytes()
        break
      case 8:
        contentType = reader.string()
        break
      case 9:
        audience = reader.string()
        break
      case 10:
        runtimeId = reader.string()
        break
      case 11:
        parentExecutionId = reader.string()
        break
      case 12:
        parentProof = reader.string()
        break
      case 13:
        once(requestedTtlMs, "requested_ttl")
        requestedTtlMs = readDuration(reader, "requested_ttl")
        break
      case 14:
        approvalId = reader.string()
        break
      case 15:
        obligations ??= []
        obligations.push(reader.string())
        break
      case 16:
        explain = reader.bool()
        break
      default:
        reader.skip()
    }
  }
  return {
    request_id: requestId,
    subject,
    action,
    resource,
    context: context ?? NOTHING,
    parameters,
    parameters_digest: parametersDigest,
    parameters_content_type: contentType,
    audience,
    runtime_id: runtimeId,
    parent_execution_id: parentExecutionId,
    parent_proof: parentProof,
    requested_ttl_ms: requestedTtlMs,
    approval_id: approvalId,
    supported_obligations: obligations ?? NONE,
    explain,
  }
}

const NOTHING: JsonObject = Object.freeze({})
const NONE: readonly string[] = Object.freeze([])

const readContext = (reader: Reader) => readStruct(reader, "context")
const readSubject = (reader: Reader) => readEntity(reader, "subject")
const readResource = (reader: Reader) => readEntity(reader, "resource")

function readEntity(reader: Reader, what: "subject" | "resource"): RawEntity {
  let type = ""
  let id = ""
  let properties: JsonObject | null = null
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) type = reader.string()
    else if (field === 2) id = reader.string()
    else if (field === 3) {
      once(properties, `${what}.properties`)
      properties = reader.message((inner) => readStruct(inner, `${what}.properties`))
    } else reader.skip()
  }
  return { type, id, properties: properties ?? NOTHING }
}

function readAction(reader: Reader): { name: string; properties: JsonObject } {
  let name = ""
  let properties: JsonObject | null = null
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.string()
    else if (field === 2) {
      once(properties, "action.properties")
      properties = reader.message((inner) => readStruct(inner, "action.properties"))
    } else reader.skip()
  }
  return { name, properties: properties ?? NOTHING }
}

const writer = new Writer()

export function encodeAuthorizeResponse(authorized: Authorized): Buffer {
  return writer.whole(() => writeResponse(authorized))
}

export function encodeStreamResponse(message: { readonly sequence: bigint; readonly answer: Answer }): Buffer {
  return writer.whole(() => {
    writer.uint64(1, message.sequence)
    writeAnswer(message.answer, 2, 3)
  })
}

export function encodeBatchResponse(message: { readonly results: readonly Answer[] }): Buffer {
  return writer.whole(() => {
    for (const answer of message.results) writer.message(1, () => writeAnswer(answer, 1, 2))
  })
}

function writeAnswer(answer: Answer, responseField: number, statusField: number): void {
  if ("response" in answer) writer.message(responseField, () => writeResponse(answer.response))
  else writer.bytes(statusField, answer.status)
}

const DECISIONS = { ALLOW: 1, DENY: 2, REQUIRE_APPROVAL: 3 } as const
const CHECK_STATUSES: Readonly<Record<string, number>> = { PASS: 1, FAIL: 2, NOT_REACHED: 3 }

function writeResponse({ verdict, token, withheld, receipt, repeated, explain, times }: Authorized): void {
  writer.uint(1, DECISIONS[verdict.decision])
  writer.string(2, verdict.executionId)
  if (token !== null && verdict.claims) {
    writer.ascii(3, token)
    const expiry = writer.begin(4) // google.protobuf.Timestamp
    writer.uint(1, verdict.claims.exp)
    writer.end(expiry)
  }
  for (const { name, status, reasons } of verdict.checks) {
    const check = writer.begin(5)
    writer.string(1, name)
    writer.uint(2, CHECK_STATUSES[status] as number)
    for (const reason of reasons) writer.message(3, () => writeReason(reason))
    writer.end(check)
  }
  // The decisive one first: the first failed check's.
  for (const { reasons } of verdict.checks) for (const reason of reasons) writer.message(6, () => writeReason(reason))
  for (const rule of verdict.matchedRules) writer.string(7, rule, true)
  for (const { id, type, properties } of verdict.obligations) {
    writer.message(8, () => {
      writer.string(1, id as string)
      writer.string(2, type as string)
      writer.message(3, () => writeStruct(writer, properties as JsonObject))
    })
  }
  const risk = writer.begin(9)
  writer.string(1, verdict.risk.tier)
  writer.uint(2, verdict.risk.points)
  for (const signal of verdict.risk.signals) writer.string(3, signal, true)
  writer.end(risk)
  writer.hex(10, verdict.bundleDigest)
  writer.string(11, verdict.bundleVersion)
  const proof = writer.begin(12)
  writer.string(1, receipt.origin)
  writer.uint(2, receipt.index)
  writer.bytes(3, receipt.leafHash)
  writer.end(proof)
  const phases = writer.begin(13)
  writer.uint(1, times.evaluate)
  writer.uint(2, times.append)
  writer.uint(3, times.sign)
  writer.end(phases)
  if (explain) for (const step of verdict.trace) writer.message(14, () => writeTrace(step))
  writer.bool(15, repeated)
  if (withheld) writer.message(16, () => writeReason(withheld))
  if (verdict.approval) {
    writer.ascii(21, verdict.approval.id)
    const lapses = writer.begin(22) // google.protobuf.Timestamp
    writer.uint(1, Math.floor(Date.parse(verdict.approval.expires_at) / 1000))
    writer.uint(2, (Date.parse(verdict.approval.expires_at) % 1000) * 1_000_000)
    writer.end(lapses)
  }
}

function writeReason(reason: Pick<Reason, "text" | "rule" | "pointer"> & { readonly code: string }): void {
  writer.string(1, reason.code)
  writer.string(2, reason.text)
  writer.string(3, reason.rule ?? "")
  writer.string(4, reason.pointer ?? "")
}

function writeTrace(step: JsonObject): void {
  writer.string(1, step["rule"] as string)
  writer.string(2, step["effect"] as string)
  writer.string(3, step["outcome"] as string)
  writer.string(4, (step["detail"] as string | undefined) ?? "")
}
