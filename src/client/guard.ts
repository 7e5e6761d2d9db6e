/**
 * A function that runs only with a right to run: authorized, its token redeemed, told when to stop, its end reported.
 * A function in this process cannot be killed: it is told by its signal, and is trusted to listen. `writ exec` kills.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { randomUUID } from "node:crypto"
import { sha256 } from "../crypto.ts"
import { toBase64Url } from "../formats/bytes.ts"
import { parseCompactJws } from "../formats/jwt.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { redeemProofInput } from "../formats/redeem-proof.ts"
import { jsonToStruct } from "../rpc/struct.ts"
import { type AuthorizeReply, structToJson } from "./authorize-request.ts"
import { CallError } from "./call-error.ts"
import type { WritClient } from "./connect.ts"
import { DeniedError, ObligationError, type Outcome, type StopCode, StoppedError } from "./guard-errors.ts"
import {
  copyOf,
  type GuardEntity,
  type GuardedAction,
  type GuardObligation,
  type ObligationHandlers,
  toBytes,
  toRequest,
} from "./guard-request.ts"
import type { HeartbeatAgent } from "./heartbeat-agent.ts"
import { createStopSignal, type StopSignal } from "./stop-signal.ts"

const START_TIMEOUT_MS = 10_000
const COMPLETE_TIMEOUT_MS = 10_000

export interface GuardDefaults {
  readonly subject?: GuardEntity
  readonly audience?: string
  readonly context?: JsonObject
  /** Meet the obligations of these types; no other types are said to be supported. */
  readonly obligations?: ObligationHandlers
  /** The runtime in which functions run; absent: none, which only rules that say `runtime: none` allow. */
  readonly agent?: HeartbeatAgent
  /** Told when an end could not be reported; the function's result is not held back. Default: a process warning. */
  onUnreported?(error: Error, executionId: string): void
}

export interface GuardOptions {
  /** Cancels: before the start nothing is run, after it the function is told to stop. */
  readonly signal?: AbortSignal
  /** For authorizing and redeeming together, all tries. */
  readonly timeoutMs?: number
  /**
   * What this is part of, which it descends from and is stopped with: what another guarded function was given, or null for
   * nothing. Default: the guarded function in which this is called.
   */
  readonly parent?: Execution<unknown> | null
  /** For reporting the end, all tries. */
  readonly completeTimeoutMs?: number
  /** What the report says beside success or failure; at most 16 KiB of JSON. Not for secrets: it is recorded. */
  describe?(outcome: Outcome<unknown>): { readonly resultDigest?: Uint8Array; readonly details?: JsonObject }
}

/** What the function is given. */
export interface Execution<Parameters> {
  readonly executionId: string
  readonly token: string
  /** Aborted with a StoppedError: revoked, runtime stopped or lease lost, time over, cancelled. */
  readonly signal: AbortSignal
  /** A copy of exactly what was authorized. */
  readonly parameters: Parameters
  /** Their bytes, of which the token's `dig` is the SHA-256. */
  readonly parameterBytes: Uint8Array
  /** Those that were met before it was called, in their order. */
  readonly obligations: readonly GuardObligation[]
}

/**
 * Runs the function once, or not at all. Rejects with DeniedError (ApprovalRequiredError where an approval is missing), with
 * ObligationError, or with CallError when the daemon could not be asked: nothing was run. Rejects with what the function threw, or with StoppedError when it was told to stop or had lost its right by its
 * end, and resolves with its result otherwise: also when the end could not be reported, of which `onUnreported` tells.
 */
export type Guard = <Result, const Parameters extends JsonValue | Uint8Array>(
  action: GuardedAction<Parameters>,
  run: (execution: Execution<Parameters>) => Promise<Result> | Result,
  options?: GuardOptions,
) => Promise<Result>

interface Running {
  readonly executionId: string
  readonly stop: StopSignal
  readonly agent: HeartbeatAgent | null
}

/** The guarded function in which this runs, if it does in one. */
const running = new AsyncLocalStorage<Running>()
/** For `parent`: what was handed out. */
const handles = new WeakMap<object, Running>()

export function createGuard(client: WritClient, defaults: GuardDefaults = {}): Guard {
  const { agent = null, onUnreported = warn } = defaults

  return async (action, run, options = {}) => {
    const { signal: caller = null, timeoutMs = START_TIMEOUT_MS } = options
    const endMs = performance.now() + timeoutMs
    const parent = findParent(options.parent)
    agent?.signal.throwIfAborted()
    for (const signal of [caller, parent?.stop.signal]) signal?.throwIfAborted()
    const bytes = toBytes(action.parameters)
    const handlers = { ...defaults.obligations, ...action.obligations }
    const request = toRequest(
      { ...defaults, ...action, obligations: handlers },
      bytes,
      agent?.session.runtime.id ?? "",
      parent,
    )
    const allowed = await authorize(request, timeoutMs, caller)
    const { execution_id: executionId, token } = allowed
    // Before the redemption: a revocation before that refuses it, one after it is heard.
    const stop = createStopSignal(executionId, agent, caller, parent?.stop.signal ?? null)
    try {
      const durationMs = durationOf(token)
      stop.limit(await redeem(allowed, bytes, stop.signal, endMs), durationMs)
      const execution = {
        executionId,
        token,
        signal: stop.signal,
        parameters: copyOf(action.parameters, bytes) as never,
        parameterBytes: bytes ?? new Uint8Array(),
        obligations: allowed.obligations.map((one) => ({ ...one, properties: structToJson(one.properties) })),
      }
      const self = { executionId, stop, agent }
      handles.set(execution, self)
      const startedAtMs = performance.now()
      const outcome = await outcomeOf(async () => {
        stop.signal.throwIfAborted() // it may have been stopped while it was redeemed
        await meet(handlers, execution)
        stop.signal.throwIfAborted()
        agent?.count("executions_started")
        return await running.run(self, () => run(execution))
      })
      const told = stop.signal.aborted ? (stop.signal.reason as StoppedError) : null
      agent?.count(outcome.ok && !told ? "executions_completed" : "executions_failed")
      const stopped = (await report(executionId, outcome, told, performance.now() - startedAtMs, options)) ?? told
      if (stopped) {
        stopped.outcome = outcome
        throw stopped
      }
      if (!outcome.ok) throw outcome.error
      return outcome.result
    } finally {
      stop.close()
    }
  }

  /** The daemon's ALLOW, with its token. Throws DeniedError. */
  async function authorize(request: object, timeoutMs: number, caller: AbortSignal | null): Promise<AuthorizeReply> {
    agent?.count("authorize_requests")
    const reply = await client.call<AuthorizeReply>(
      "authorization",
      "Authorize",
      request,
      timeoutMs,
      caller ?? undefined,
    )
    if (agent) agent.session.lastReceipt = reply.receipt.leaf_hash
    if (reply.decision !== "DECISION_ALLOW" || reply.token === "") {
      agent?.count("denied")
      throw DeniedError.of(reply)
    }
    agent?.count("tokens_received")
    return reply
  }

  /** Answers from when on the execution's time counts at the latest: from when it was first asked for. Throws DeniedError. */
  async function redeem(
    { token, execution_id }: AuthorizeReply,
    bytes: Uint8Array | null,
    signal: AbortSignal,
    endMs: number,
  ): Promise<number> {
    const redemption_id = randomUUID() // of every try
    const digest = bytes && sha256(bytes)
    const input = redeemProofInput(sha256, token, redemption_id, digest)
    const request = {
      token,
      redemption_id,
      ...(digest && { parameters_digest: digest }),
      ...(agent && { proof: toBase64Url(agent.session.runtime.key.sign(input)) }),
    }
    const sentAtMs = performance.now()
    try {
      await client.call("authorization", "RedeemToken", request, endMs - sentAtMs, signal)
      return sentAtMs
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof CallError && ["TOKEN_REFUSED", "ALREADY_REDEEMED"].includes(error.code))
        throw new DeniedError(
          "REFUSED",
          [{ code: error.details["refusal"] ?? error.code, text: error.message }],
          execution_id,
        )
      throw error
    }
  }

  /** What the daemon makes of the execution, if that is not what was reported. Never rejects. */
  async function report(
    executionId: string,
    outcome: Outcome<unknown>,
    stopped: StoppedError | null,
    durationMs: number,
    { describe, completeTimeoutMs = COMPLETE_TIMEOUT_MS }: GuardOptions,
  ): Promise<StoppedError | null> {
    const unreported = (error: unknown) => onUnreported(error as Error, executionId)
    let said: ReturnType<NonNullable<typeof describe>> = {}
    try {
      said = describe?.(outcome) ?? {}
    } catch (error) {
      unreported(error) // the end itself is reported without
    }
    const request = {
      execution_id: executionId,
      succeeded: outcome.ok && !stopped,
      ...(said.resultDigest && { result_digest: said.resultDigest }),
      details: jsonToStruct(said.details ?? {}),
      duration: toDuration(durationMs),
      ...(stopped && { termination: toTermination(stopped) }),
    }
    try {
      const { state } = await client.call<{ state: string }>(
        "authorization",
        "CompleteExecution",
        request,
        completeTimeoutMs,
      )
      if (stopped) return null
      if (state === "EXECUTION_STATE_REVOKED")
        return new StoppedError("REVOKED", "The execution had been revoked when it ended.")
      if (state === "EXECUTION_STATE_LOST")
        return new StoppedError("LOST", "The execution's end was reported after it had to have ended.")
    } catch (error) {
      unreported(error)
    }
    return null
  }
}

/** One after the other, in the order in which the daemon gives them. Throws ObligationError. */
async function meet(handlers: ObligationHandlers, execution: Execution<unknown>): Promise<void> {
  const { executionId, obligations } = execution
  for (const obligation of obligations) {
    // The daemon denies what is not said to be supported; that it does is not relied on.
    const handler = Object.hasOwn(handlers, obligation.type) ? handlers[obligation.type] : undefined
    if (!handler) throw new ObligationError(obligation, executionId)
    try {
      await handler(obligation, execution)
    } catch (cause) {
      throw new ObligationError(obligation, executionId, cause)
    }
  }
}

/** The one that was named, or in which this runs; null: none. */
function findParent(named: Execution<unknown> | null | undefined): Running | null {
  if (named === undefined) return running.getStore() ?? null
  const parent = named && handles.get(named)
  if (parent === undefined) throw new CallError("INVALID_REQUEST", "parent takes what a guarded function was given.")
  return parent
}

/** Milliseconds that the token gives. */
function durationOf(token: string): number {
  return Number(parseCompactJws(token).claims["max_duration"]) * 1000
}

const CAUSES: Readonly<Record<StopCode, string>> = {
  DIRECTIVE: "DIRECTIVE",
  LEASE_LOST: "LEASE_LOST",
  TIME_LIMIT: "TIME_LIMIT",
  CANCELLED: "GUARD_STOPPED",
  PARENT_STOPPED: "GUARD_STOPPED",
  REVOKED: "UNSPECIFIED", // these two are what the daemon answers to a report
  LOST: "UNSPECIFIED",
}

function toTermination({ code, directive }: StoppedError): object {
  return { cause: `TERMINATION_CAUSE_${CAUSES[code]}`, ...(directive !== undefined && { directive_number: directive }) }
}

function toDuration(ms: number): object {
  const whole = Math.round(ms)
  return { seconds: String(Math.floor(whole / 1000)), nanos: (whole % 1000) * 1_000_000 }
}

async function outcomeOf<T>(run: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, result: await run() }
  } catch (error) {
    return { ok: false, error }
  }
}

function warn(error: Error, executionId: string): void {
  process.emitWarning(`The end of execution ${executionId} could not be reported: ${error.message}`, {
    code: "WRIT_UNREPORTED",
  })
}
