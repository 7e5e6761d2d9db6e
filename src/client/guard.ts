/**
 * A function that runs only with a right to run: authorized, its token redeemed, told when to stop, its end reported.
 * A function in this process cannot be killed: it is told by its signal, and is trusted to listen. `writ exec` kills.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { randomUUID } from "node:crypto"
import { sha256 } from "../crypto.ts"
import { toBase64Url } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { parseCompactJws } from "../formats/jwt.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { redeemProofInput } from "../formats/redeem-proof.ts"
import { jsonToStruct } from "../rpc/struct.ts"
import { type AuthorizeReply, structToJson, toWireRequest } from "./authorize-request.ts"
import { CallError } from "./call-error.ts"
import type { WritClient } from "./connect.ts"
import { DeniedError, type Outcome, type StopCode, StoppedError } from "./guard-errors.ts"
import type { HeartbeatAgent } from "./heartbeat-agent.ts"
import { createStopSignal, type StopSignal } from "./stop-signal.ts"

const START_TIMEOUT_MS = 10_000
const COMPLETE_TIMEOUT_MS = 10_000

/** AuthZEN's subject or resource. */
export interface GuardEntity {
  readonly type: string
  readonly id: string
  readonly properties?: JsonObject
}

/** What is to be executed. */
export interface GuardedAction<Parameters extends JsonValue | Uint8Array = JsonValue | Uint8Array> {
  readonly subject?: GuardEntity
  readonly action: string | { readonly name: string; readonly properties?: JsonObject }
  readonly resource: GuardEntity
  readonly context?: JsonObject
  /** What it will be executed with: JSON, of which the RFC 8785 bytes are authorized, or the exact bytes. */
  readonly parameters?: Parameters
  /** Media type of parameters that are bytes. */
  readonly parametersContentType?: string
  /** The one executor that may redeem the token. */
  readonly audience?: string
  /** Obligations that the function can meet; it is given those that it must. */
  readonly supportedObligations?: readonly string[]
  readonly approvalId?: string
  /** Default: a new one. The same id is the same execution, which runs once. */
  readonly requestId?: string
}

export interface GuardDefaults {
  readonly subject?: GuardEntity
  readonly audience?: string
  readonly context?: JsonObject
  readonly supportedObligations?: readonly string[]
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
  readonly obligations: readonly { readonly id: string; readonly type: string; readonly properties: JsonObject }[]
}

/**
 * Runs the function once, or not at all. Rejects with DeniedError, or CallError when the daemon could not be asked: nothing
 * was run. Rejects with what the function threw, or with StoppedError when it was told to stop or had lost its right by its
 * end, and resolves with its result otherwise: also when the end could not be reported, of which `onUnreported` tells.
 */
export type Guard = <Result, const Parameters extends JsonValue | Uint8Array>(
  action: GuardedAction<Parameters>,
  run: (execution: Execution<Parameters>) => Promise<Result> | Result,
  options?: GuardOptions,
) => Promise<Result>

interface Running {
  readonly stop: StopSignal
}

/** The guarded function in which this runs, if it does in one. */
const running = new AsyncLocalStorage<Running>()

export function createGuard(client: WritClient, defaults: GuardDefaults = {}): Guard {
  const { agent = null, onUnreported = warn } = defaults

  return async (action, run, options = {}) => {
    const { signal: caller = null, timeoutMs = START_TIMEOUT_MS } = options
    const endMs = performance.now() + timeoutMs
    const parent = running.getStore() ?? null
    agent?.signal.throwIfAborted()
    for (const signal of [caller, parent?.stop.signal]) signal?.throwIfAborted()
    const bytes = toBytes(action.parameters)
    const allowed = await authorize(toRequest({ ...defaults, ...action }, bytes, agent), timeoutMs, caller)
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
      const startedAtMs = performance.now()
      const outcome = await outcomeOf(async () => {
        stop.signal.throwIfAborted() // it may have been stopped while it was redeemed
        agent?.count("executions_started")
        return await running.run({ stop }, () => run(execution))
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

function toRequest(
  action: GuardDefaults & GuardedAction,
  bytes: Uint8Array | null,
  agent: HeartbeatAgent | null,
): object {
  const { subject, resource, context, audience, supportedObligations, approvalId, requestId = randomUUID() } = action
  if (!subject) throw new CallError("INVALID_REQUEST", "guard needs a subject: in its defaults or with the action.")
  if (!audience) throw new CallError("INVALID_REQUEST", "guard needs an audience: in its defaults or with the action.")
  const contentType =
    action.parameters instanceof Uint8Array ? (action.parametersContentType ?? "") : "application/json"
  return {
    ...toWireRequest({
      request_id: requestId,
      subject: { ...subject },
      action: typeof action.action === "string" ? { name: action.action } : { ...action.action },
      resource: { ...resource },
      context: context ?? {},
      audience,
      ...(agent && { runtime_id: agent.session.runtime.id }),
      ...(supportedObligations && { supported_obligations: supportedObligations }),
      ...(approvalId !== undefined && { approval_id: approvalId }),
    }),
    ...(bytes && { parameters: bytes, parameters_content_type: contentType }),
  }
}

/** Copied once: what the caller changes afterwards is not what was authorized, and is not what is executed. */
function toBytes(parameters: JsonValue | Uint8Array | undefined): Uint8Array | null {
  if (parameters === undefined) return null
  return parameters instanceof Uint8Array
    ? Uint8Array.from(parameters)
    : new Uint8Array(Buffer.from(encodeCanonicalJson(parameters)))
}

function copyOf(parameters: JsonValue | Uint8Array | undefined, bytes: Uint8Array | null): unknown {
  if (bytes === null) return undefined
  return parameters instanceof Uint8Array ? Uint8Array.from(bytes) : JSON.parse(Buffer.from(bytes).toString())
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
