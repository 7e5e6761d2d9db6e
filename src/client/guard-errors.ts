/** How a guard ends without a result. */
import type { AuthorizeReply } from "./authorize-request.ts"

export interface DenialReason {
  readonly code: string
  readonly text: string
  /** Of the policy, where one decided. */
  readonly rule?: string
  /** JSON pointer into the request, where a part of it is to blame. */
  readonly pointer?: string
}

/** Nothing was started: the action was not allowed, or its token gave no right any more. */
export class DeniedError extends Error {
  /** DENY, REQUIRE_APPROVAL, or REFUSED: allowed, but the token could not be redeemed. */
  readonly decision: "DENY" | "REQUIRE_APPROVAL" | "REFUSED"
  /** The decisive one first. */
  readonly reasons: readonly DenialReason[]
  /** Names the decision in the ledger. */
  readonly executionId: string
  constructor(decision: DeniedError["decision"], reasons: readonly DenialReason[], executionId: string) {
    const why = reasons.map(({ code, text, pointer }) => `${code}${pointer ? ` at ${pointer}` : ""}: ${text}`).join(" ")
    super(`Not executed (${decision}). ${why} Execution ${executionId}.`)
    this.name = "DeniedError"
    this.decision = decision
    this.reasons = reasons
    this.executionId = executionId
  }

  static of(reply: AuthorizeReply): DeniedError {
    const withheld = reply.token_withheld
    const decision = reply.decision.slice("DECISION_".length)
    if (decision === "REQUIRE_APPROVAL") return new ApprovalRequiredError(reply)
    return decision === "ALLOW"
      ? new DeniedError("REFUSED", withheld ? [withheld] : [], reply.execution_id)
      : new DeniedError("DENY", reply.reasons, reply.execution_id)
  }
}

/** It may be allowed once this approval was granted: call the guard again with the same action and this `approvalId`. */
export class ApprovalRequiredError extends DeniedError {
  readonly approvalId: string
  /** Unix milliseconds: after that it has to be asked for anew. */
  readonly lapsesAtMs: number
  constructor(reply: Pick<AuthorizeReply, "reasons" | "execution_id" | "approval_id" | "approval_expires_at">) {
    super("REQUIRE_APPROVAL", reply.reasons, reply.execution_id)
    this.name = "ApprovalRequiredError"
    this.approvalId = reply.approval_id
    this.lapsesAtMs = Number(reply.approval_expires_at?.seconds ?? 0) * 1000
  }
}

/** An obligation was not met, so nothing was run; the execution is reported as failed. `cause` is what its handler threw. */
export class ObligationError extends Error {
  readonly obligation: { readonly id: string; readonly type: string }
  readonly executionId: string
  constructor(obligation: { readonly id: string; readonly type: string }, executionId: string, cause?: unknown) {
    const { id, type } = obligation
    super(`Not executed: the obligation ${id} (${type}) was not met. Execution ${executionId}.`, { cause })
    this.name = "ObligationError"
    this.obligation = { id, type }
    this.executionId = executionId
  }
}

export type StopCode =
  /** A directive said so: the execution was revoked, or its runtime quarantined or revoked. */
  | "DIRECTIVE"
  /** The runtime's lease is over. */
  | "LEASE_LOST"
  /** The time that the execution may last is over. */
  | "TIME_LIMIT"
  /** The caller's own signal. */
  | "CANCELLED"
  /** What this execution descends from was stopped. */
  | "PARENT_STOPPED"
  /** The daemon's answer to the report: it was revoked, and nobody could be told in time. */
  | "REVOKED"
  /** The daemon's answer to the report: it came after the execution had to have ended. */
  | "LOST"

/** It was started, and was told to stop or had lost its right by its end. What it did meanwhile is not undone. */
export class StoppedError extends Error {
  readonly code: StopCode
  /** Decimal; with DIRECTIVE. */
  readonly directive: string | undefined
  /** How the function ended nevertheless; absent while it runs. */
  outcome: Outcome<unknown> | undefined
  constructor(
    code: StopCode,
    message: string,
    options: { readonly directive?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "StoppedError"
    this.code = code
    this.directive = options.directive
  }
}

/** How a function ended. */
export type Outcome<T> = { readonly ok: true; readonly result: T } | { readonly ok: false; readonly error: unknown }
