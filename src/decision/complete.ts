/** CompleteExecution: who redeemed the token says, once, how the execution ended. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Call } from "./authorize.ts"
import { assertDetails, assertDigest, createReport, type ReportDependencies, type Reported } from "./report.ts"

const MAX_EXIT_STATUS = 255
const SIGNAL = /^SIG[A-Z0-9]{1,12}$/

export const TERMINATION_CAUSES = ["DIRECTIVE", "LEASE_LOST", "TIME_LIMIT", "GUARD_STOPPED", "IMAGE_CHANGED"] as const
export type TerminationCause = (typeof TERMINATION_CAUSES)[number]

export interface CompleteRequest {
  readonly executionId: string
  readonly succeeded: boolean
  /** SHA-256, 32 bytes; empty: none. */
  readonly resultDigest: Uint8Array
  readonly details: JsonObject
  /** Of the process; null: none ran, or a signal ended it. */
  readonly exitStatus: number | null
  /** "SIGKILL"; empty: none. */
  readonly signal: string
  readonly durationMs: number | null
  /** Why what ran was ended from outside; null: it ended by itself. */
  readonly termination: {
    /** Null: not one that there is. */
    readonly cause: TerminationCause | null
    /** 0: none. */
    readonly directive: bigint
  } | null
}

/**
 * Once the execution had to have ended it is lost, and once it was revoked it is revoked: the report is recorded, and
 * changes nothing of that. Throws what `createReport` throws.
 */
export function createComplete(deps: ReportDependencies): (request: CompleteRequest, call: Call) => Promise<Reported> {
  const report = createReport(deps)
  return async (request, call) => {
    const { executionId, succeeded, resultDigest, details, termination } = request
    const data = readEnd(request)
    assertDigest("result_digest", resultDigest)
    assertDetails(details)
    return await report(
      {
        executionId,
        kinds: ["completed", "completed_late", "terminated"],
        data,
        content: { details, ...(resultDigest.length > 0 && { result_digest: toHex(resultDigest) }) },
        step(state, isOver) {
          if (state === "REVOKED" || state === "LOST")
            return { kind: termination ? "terminated" : "completed_late", state }
          if (state !== "REDEEMED") return null
          if (isOver) return { kind: termination ? "terminated" : "completed_late", state: "LOST" }
          if (termination) return { kind: "terminated", state: "FAILED" }
          return { kind: "completed", state: succeeded ? "COMPLETED" : "FAILED" }
        },
      },
      call,
    )
  }
}

/** What the leaf says of the end. Throws INVALID_REQUEST. */
function readEnd({ succeeded, exitStatus, signal, durationMs, termination }: CompleteRequest): JsonObject {
  const invalid = (text: string) => new WritError("INVALID_REQUEST", text)
  if (exitStatus !== null && exitStatus > MAX_EXIT_STATUS) throw invalid(`exit_status must be 0 to ${MAX_EXIT_STATUS}.`)
  if (signal !== "" && !SIGNAL.test(signal)) throw invalid('signal must be a name like "SIGKILL".')
  if (signal !== "" && exitStatus !== null) throw invalid("exit_status and signal must not both be set.")
  if (termination && succeeded) throw invalid("What was terminated did not succeed.")
  if (termination && termination.cause === null) throw invalid("termination.cause must say why.")
  if (termination && (termination.cause === "DIRECTIVE") !== termination.directive > 0n)
    throw invalid("termination.directive_number belongs to TERMINATION_CAUSE_DIRECTIVE, and to no other cause.")
  return {
    ...(termination && { cause: termination.cause }),
    ...(termination && termination.directive > 0n && { directive: String(termination.directive) }),
    ...(durationMs !== null && { duration_ms: durationMs }),
    ...(exitStatus !== null && { exit_status: exitStatus }),
    ...(signal !== "" && { signal }),
    succeeded,
  }
}
