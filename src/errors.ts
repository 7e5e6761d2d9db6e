/**
 * The one error type and the one table of codes. Imports nothing.
 *
 * Clients see `code`, the table's or the thrower's public message and the request id; `cause` and `details` that are not
 * strings go to the log only. A DENY is never an error: it is a normal reply.
 */

/** gRPC status numbers (grpc/doc/statuscodes.md), named here so that nothing below `rpc/` imports gRPC. */
const STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const

interface ErrorRow {
  readonly grpc: number
  readonly http: number
  /** May the same call succeed later without being changed? */
  readonly retryable: boolean
  /** What a client may always be told. */
  readonly text: string
}

/** One row per stable code. The code is the `reason` of google.rpc.ErrorInfo, domain `writ`. */
export const ERRORS = {
  INVALID_REQUEST: { grpc: STATUS.INVALID_ARGUMENT, http: 400, retryable: false, text: "The request is not valid." },
  MALFORMED_MESSAGE: {
    grpc: STATUS.INVALID_ARGUMENT,
    http: 400,
    retryable: false,
    text: "The message is not valid protobuf for this method.",
  },
  REQUEST_TOO_LARGE: {
    grpc: STATUS.RESOURCE_EXHAUSTED,
    http: 413,
    retryable: false,
    text: "The request is larger than the limit.",
  },
  UNAUTHENTICATED: {
    grpc: STATUS.UNAUTHENTICATED,
    http: 401,
    retryable: false,
    text: "A valid credential is needed: send it as `authorization: Bearer KEY`.",
  },
  FORBIDDEN: {
    grpc: STATUS.PERMISSION_DENIED,
    http: 403,
    retryable: false,
    text: "This credential's role does not allow this call.",
  },
  NOT_FOUND: { grpc: STATUS.NOT_FOUND, http: 404, retryable: false, text: "There is no such object." },
  RECORD_ARCHIVED: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 410,
    retryable: false,
    text: "The record was moved into an archive. It is read there, or brought back with `writ ledger archive restore`.",
  },
  NOT_SIGNED_YET: {
    grpc: STATUS.UNAVAILABLE,
    http: 503,
    retryable: true,
    text: "No signed checkpoint covers it yet. Retry after the delay in RetryInfo.",
  },
  REQUEST_ID_REUSED: {
    grpc: STATUS.ALREADY_EXISTS,
    http: 409,
    retryable: false,
    text: "This request_id was already used for a different request. Use a new id.",
  },
  REGISTRATION_REFUSED: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 409,
    retryable: false,
    text: "The runtime may not register.",
  },
  INVALID_TRANSITION: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 409,
    retryable: false,
    text: "The execution is not in a state that allows this.",
  },
  TOKEN_REFUSED: {
    grpc: STATUS.PERMISSION_DENIED,
    http: 403,
    retryable: false,
    text: "The token gives no right to start this execution now. Authorize again.",
  },
  ACTIVE_BUNDLE_CHANGED: {
    grpc: STATUS.ABORTED,
    http: 409,
    retryable: false,
    text: "Another policy bundle is active than the one that was expected. Look at it, and ask again.",
  },
  ALREADY_REDEEMED: {
    grpc: STATUS.ALREADY_EXISTS,
    http: 409,
    retryable: false,
    text: "The token has been redeemed already.",
  },
  DEADLINE_EXCEEDED: {
    grpc: STATUS.DEADLINE_EXCEEDED,
    http: 504,
    retryable: true,
    text: "The deadline passed before the decision was recorded; nothing was recorded.",
  },
  CANCELLED: {
    grpc: STATUS.CANCELLED,
    http: 499,
    retryable: true,
    text: "The caller cancelled before the decision was recorded; nothing was recorded.",
  },
  OVERLOADED: {
    grpc: STATUS.RESOURCE_EXHAUSTED,
    http: 429,
    retryable: true,
    text: "The daemon has as many calls in hand as it answers in time; nothing was done. Retry after the delay in RetryInfo.",
  },
  CALLER_AT_LIMIT: {
    grpc: STATUS.RESOURCE_EXHAUSTED,
    http: 429,
    retryable: true,
    text: "This caller has as many calls or streams open as one caller may; nothing was done. Wait for some to be answered.",
  },
  QUEUE_FULL: {
    grpc: STATUS.RESOURCE_EXHAUSTED,
    http: 429,
    retryable: true,
    text: "The append queue is full. Retry after the delay in RetryInfo.",
  },
  RATE_LIMITED: {
    grpc: STATUS.RESOURCE_EXHAUSTED,
    http: 429,
    retryable: true,
    text: "This caller makes more calls a second, or records more bytes, than it may. Retry after the delay in RetryInfo.",
  },
  LEDGER_UNAVAILABLE: {
    grpc: STATUS.UNAVAILABLE,
    http: 503,
    retryable: true,
    text: "The ledger cannot be written now, so nothing may be allowed. Retry with the same request_id.",
  },
  POLICY_LOADING: {
    grpc: STATUS.UNAVAILABLE,
    http: 503,
    retryable: true,
    text: "Another policy bundle became active and is still being compiled. Retry with the same request_id.",
  },
  LEDGER_FENCED: {
    grpc: STATUS.UNAVAILABLE,
    http: 503,
    retryable: true,
    text: "Another daemon has taken over this daemon's log, or closed it since it showed no sign of life for some seconds. This daemon decides nothing any more: start it again, alone in its data folder.",
  },
  LEDGER_FROZEN: {
    grpc: STATUS.UNAVAILABLE,
    http: 503,
    retryable: false,
    text: "The log is frozen: the database does not hold what was signed before. See SECURITY.md.",
  },
  SHUTTING_DOWN: {
    grpc: STATUS.UNAVAILABLE,
    http: 503,
    retryable: true,
    text: "The daemon is shutting down. Retry with the same request_id.",
  },
  NOT_READY: { grpc: STATUS.UNAVAILABLE, http: 503, retryable: true, text: "The daemon has not finished starting." },
  POLICY_INVALID: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 422,
    retryable: false,
    text: "The policy bundle is not valid.",
  },
  CONFIG_INVALID: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 500,
    retryable: false,
    text: "The configuration is not valid.",
  },
  DATABASE_UNFIT: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 500,
    retryable: false,
    text: "The database cannot be used for a ledger.",
  },
  DATA_FOLDER_UNFIT: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 500,
    retryable: false,
    text: "The data folder cannot be used.",
  },
  ADDRESS_IN_USE: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 500,
    retryable: false,
    text: "The address is already in use.",
  },
  COMMAND_NOT_FOUND: {
    grpc: STATUS.NOT_FOUND,
    http: 404,
    retryable: false,
    text: "There is no such command.",
  },
  COMMAND_NOT_EXECUTABLE: {
    grpc: STATUS.FAILED_PRECONDITION,
    http: 409,
    retryable: false,
    text: "The command cannot be measured or executed.",
  },
  GUARD_FAILED: {
    grpc: STATUS.INTERNAL,
    http: 500,
    retryable: false,
    text: "The process could not be started under guard.",
  },
  INTERNAL: {
    grpc: STATUS.INTERNAL,
    http: 500,
    retryable: false,
    text: "An internal error; the log line with this request id tells more.",
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** Exit codes of the command line, by error code; anything else is 1. */
export const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  // Three of guard/exit-codes.ts, as the shells and env(1) say them.
  GUARD_FAILED: 125,
  COMMAND_NOT_EXECUTABLE: 126,
  COMMAND_NOT_FOUND: 127,
  CONFIG_INVALID: 64,
  POLICY_INVALID: 65,
  ADDRESS_IN_USE: 69,
  DATA_FOLDER_UNFIT: 73,
  DATABASE_UNFIT: 74,
  LEDGER_FROZEN: 75,
  LEDGER_FENCED: 76,
}

export interface WritErrorOptions {
  readonly cause?: unknown
  /** String values may be shown to the client (google.rpc.ErrorInfo metadata); keep secrets out. */
  readonly details?: Readonly<Record<string, string>>
}

/** The only error that crosses a module border. `message` is public: never put a secret or a caller's payload in it. */
export class WritError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, string>>

  constructor(code: ErrorCode, message?: string, options: WritErrorOptions = {}) {
    super(message ?? ERRORS[code].text, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "WritError"
    this.code = code
    this.details = options.details ?? {}
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  /** The only funnel from `unknown`: what is not a WritError is INTERNAL, its text kept for the log as the cause. */
  static from(error: unknown): WritError {
    return error instanceof WritError ? error : new WritError("INTERNAL", undefined, { cause: error })
  }
}
