/** What a call fails with: the daemon's stable code where it gave one, else what the transport says. */
import * as grpc from "@grpc/grpc-js"
import { ERRORS, type ErrorCode } from "../errors.ts"
import { readErrorInfo } from "../rpc/status.ts"

/** Frozen is one daemon's log; the others of the same database may still write theirs. */
const OTHERS_MAY = new Set(["LEDGER_FROZEN"])

export class CallError extends Error {
  /** A code of the daemon (`errors.ts`), UNREACHABLE, or the name of a gRPC status. */
  readonly code: string
  readonly requestId: string | undefined
  /** The daemon's word on why, beside the code, e.g. `refusal` of TOKEN_REFUSED. */
  readonly details: Readonly<Record<string, string>>
  constructor(code: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = "CallError"
    this.code = code
    this.requestId = details["request_id"]
    this.details = details
  }
}

/** Of whatever a call or a stream failed with. */
export function toCallError(thrown: Error, target = "its address"): CallError {
  if (thrown instanceof CallError) return thrown
  const error = thrown as grpc.ServiceError
  const info = error.metadata ? readErrorInfo(error.metadata) : null
  if (info) return new CallError(info.reason, error.details, info.metadata)
  if (error.code === grpc.status.UNAVAILABLE)
    return new CallError("UNREACHABLE", `No daemon answers at ${target}: ${error.details}`)
  return new CallError(grpc.status[error.code] ?? "UNKNOWN", error.details ?? thrown.message)
}

/** May the same call succeed later, or at another replica where there is one, without being changed? */
export function isRetryable({ code }: CallError, hasOthers: boolean): boolean {
  if (code === "UNREACHABLE" || (hasOthers && OTHERS_MAY.has(code))) return true
  return code !== "CANCELLED" && Object.hasOwn(ERRORS, code) && ERRORS[code as ErrorCode].retryable
}
