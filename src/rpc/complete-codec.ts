/** StartExecutionRequest and CompleteExecutionRequest, read from the wire: their `details` are JSON or are refused. */
import { type CompleteRequest, TERMINATION_CAUSES } from "../decision/complete.ts"
import { ISOLATIONS, type StartRequest } from "../decision/start.ts"
import { WritError } from "../errors.ts"
import type { JsonObject } from "../formats/ports.ts"
import { attempt, readDuration } from "./decoding.ts"
import type { Malformed } from "./load.ts"
import { Reader } from "./protobuf.ts"
import { readStruct } from "./struct.ts"

type Mutable<T> = { -readonly [name in keyof T]: T[name] }

/** Answers Malformed for bytes that are not a StartExecutionRequest; never throws. */
export function decodeStartRequest(bytes: Buffer): StartRequest | Malformed {
  return attempt(() => {
    const reader = new Reader(bytes)
    const request: Mutable<StartRequest> = {
      executionId: "",
      codeDigest: new Uint8Array(),
      parametersDigest: new Uint8Array(),
      isolation: null,
      notGuaranteed: [],
      details: {},
    }
    const readDetails = detailsReader(reader)
    const codes: string[] = []
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) request.executionId = reader.string()
      else if (field === 2) request.codeDigest = reader.bytes()
      else if (field === 3) request.isolation = readEnum(reader, "isolation", ISOLATIONS)
      else if (field === 4) codes.push(reader.string())
      else if (field === 5) request.details = readDetails()
      else if (field === 6) request.parametersDigest = reader.bytes()
      else reader.skip()
    }
    return { ...request, notGuaranteed: codes }
  })
}

/** Answers Malformed for bytes that are not a CompleteExecutionRequest; never throws. */
export function decodeCompleteRequest(bytes: Buffer): CompleteRequest | Malformed {
  return attempt(() => {
    const reader = new Reader(bytes)
    const request: Mutable<CompleteRequest> = {
      executionId: "",
      succeeded: false,
      resultDigest: new Uint8Array(),
      details: {},
      exitStatus: null,
      signal: "",
      durationMs: null,
      termination: null,
    }
    const readDetails = detailsReader(reader)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) request.executionId = reader.string()
      else if (field === 2) request.succeeded = reader.bool()
      else if (field === 3) request.resultDigest = reader.bytes()
      else if (field === 4) request.details = readDetails()
      else if (field === 5) request.exitStatus = Number(reader.uint64())
      else if (field === 6) request.signal = reader.string()
      else if (field === 7) request.durationMs = readDuration(reader, "duration")
      else if (field === 8) request.termination = reader.message(readTermination)
      else reader.skip()
    }
    return request
  })
}

function readTermination(reader: Reader): CompleteRequest["termination"] {
  const termination: Mutable<NonNullable<CompleteRequest["termination"]>> = { cause: null, directive: 0n }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) termination.cause = readEnum(reader, "termination.cause", TERMINATION_CAUSES)
    else if (field === 2) termination.directive = reader.uint64()
    else reader.skip()
  }
  return termination
}

/** The names in the order of their numbers, from 1; null: unspecified. */
function readEnum<T extends string>(reader: Reader, field: string, names: readonly T[]): T | null {
  const number = Number(reader.uint64())
  if (number === 0) return null
  const name = names[number - 1]
  if (name === undefined) throw new WritError("INVALID_REQUEST", `${field} has a value that the API does not name.`)
  return name
}

function detailsReader(reader: Reader): () => JsonObject {
  let isGiven = false
  return () => {
    if (isGiven) throw new WritError("INVALID_REQUEST", "details is given twice.")
    isGiven = true
    return reader.message((inner) => readStruct(inner, "details"))
  }
}
