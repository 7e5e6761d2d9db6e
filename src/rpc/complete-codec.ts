/** CompleteExecutionRequest, read from the wire: its `details` are JSON or are refused. */
import type { CompleteRequest } from "../decision/complete.ts"
import { WritError } from "../errors.ts"
import type { JsonObject } from "../formats/ports.ts"
import { Malformed } from "./load.ts"
import { Reader } from "./protobuf.ts"
import { readStruct } from "./struct.ts"

/** Answers Malformed for bytes that are not a CompleteExecutionRequest; never throws. */
export function decodeCompleteRequest(bytes: Buffer): CompleteRequest | Malformed {
  try {
    const reader = new Reader(bytes)
    let executionId = ""
    let succeeded = false
    let resultDigest: Uint8Array = new Uint8Array()
    let details: JsonObject | null = null
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) executionId = reader.string()
      else if (field === 2) succeeded = reader.bool()
      else if (field === 3) resultDigest = reader.bytes()
      else if (field === 4) {
        if (details !== null) throw new WritError("INVALID_REQUEST", "details is given twice.")
        details = reader.message((inner) => readStruct(inner, "details"))
      } else reader.skip()
    }
    return { executionId, succeeded, resultDigest, details: details ?? {} }
  } catch (cause) {
    return new Malformed(cause)
  }
}
