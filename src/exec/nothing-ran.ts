/** Why nothing ran, as an exit code and one line. The only funnel for what goes wrong before the process starts. */
import { CallError } from "../client/call-error.ts"
import { LeaseLostError } from "../client/heartbeat-agent.ts"
import { ERRORS, type ErrorCode, WritError } from "../errors.ts"
import { GUARD_EXITS, toExitCode } from "../guard/exit-codes.ts"
import { Interrupted } from "./interrupts.ts"

export class NothingRan extends Error {
  readonly exitCode: number
  /** Stable: a reason code of the decision, or an error code. */
  readonly code: string
  constructor(exitCode: number, code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = "NothingRan"
    this.exitCode = exitCode
    this.code = code
  }
}

/** What Writ refuses by a status, where a decision would have refused by a DENY. */
const DENIALS = ["REGISTRATION_REFUSED", "TOKEN_REFUSED", "ALREADY_REDEEMED", "INVALID_TRANSITION"]
/** gRPC's own, without an ErrorInfo. */
const UNANSWERED = ["UNREACHABLE", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNANSWERED"]
/** These say that the ledger cannot be written, now or ever. */
const CLOSED = ["LEDGER_FROZEN", "LEDGER_FENCED"]

/** No answer, or one that says to ask again: the same call may succeed later without being changed. */
function isUnanswered(error: unknown): boolean {
  if (!(error instanceof CallError || error instanceof LeaseLostError)) return false
  return UNANSWERED.includes(error.code) || (ERRORS[error.code as ErrorCode]?.retryable ?? false)
}

export function toNothingRan(error: unknown): NothingRan {
  if (error instanceof NothingRan) return error
  if (error instanceof Interrupted)
    return new NothingRan(toExitCode({ code: null, signal: error.signal }), "INTERRUPTED", error.message)
  const { code = "INTERNAL", message } = error as { readonly code?: string; readonly message: string }
  return new NothingRan(toExit(error, code), toReason(code, message), message, error)
}

function toExit(error: unknown, code: string): number {
  if (error instanceof WritError) {
    if (code === "COMMAND_NOT_FOUND") return GUARD_EXITS.NOT_FOUND
    if (code === "COMMAND_NOT_EXECUTABLE") return GUARD_EXITS.NOT_EXECUTABLE
    return GUARD_EXITS.GUARD_FAILED
  }
  if (isUnanswered(error) || CLOSED.includes(code)) return GUARD_EXITS.UNREACHABLE
  if (DENIALS.includes(code) || error instanceof LeaseLostError) return GUARD_EXITS.DENIED
  return GUARD_EXITS.GUARD_FAILED
}

/** Refusals carry their own code at the beginning of the text. */
export function toReason(code: string, message: string): string {
  if (UNANSWERED.includes(code)) return "UNREACHABLE"
  return (DENIALS.includes(code) && /^([A-Z][A-Z_]+):/.exec(message)?.[1]) || code
}
