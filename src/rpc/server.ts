/** gRPC: one wrapper per call shape (authenticate, handle, status). */
import { randomUUID } from "node:crypto"
import type { EventEmitter } from "node:events"
import * as grpc from "@grpc/grpc-js"
import type { Config } from "../config.ts"
import type { Caller, Role } from "../decision/state.ts"
import { ERRORS, WritError } from "../errors.ts"
import type { Authenticator } from "../identity/authenticator.ts"
import { callerOf, type Granting, type Identity } from "../identity/identity.ts"
import type { Logger } from "../log.ts"
import type { Admission } from "./admission.ts"
import { Malformed } from "./load.ts"
import { OpenCalls } from "./open-calls.ts"
import { RPC_ROLES } from "./roles.ts"
import { toServiceError } from "./status.ts"

const AUTHORIZE = "/writ.v1.AuthorizationService/Authorize"
/** Messages that a watcher may leave unread. */
const MAX_WATCH_BACKLOG = 1_024
const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,64}$/

export interface CallContext {
  readonly caller: Caller
  readonly requestId: string
  /** Milliseconds left of the caller's deadline; null when it set none. */
  readonly timeoutMs: number | null
  /** True once the caller has gone. */
  readonly signal: { readonly aborted: boolean }
  /**
   * Takes in a decision that is one of several of this call, and answers when that was; it leaves by `leave`, once.
   * Throws OVERLOADED, CALLER_AT_LIMIT, RATE_LIMITED.
   */
  enter(): number
  leave(enteredMs: number): void
  /** The caller by the credential as it stands now: asked for every message of a stream. Throws. */
  recheck(): Caller
}

export type UnaryHandler = (request: never, context: CallContext) => Promise<object>
/** Answers each message by `send`, at any time and in any order, until `end`. */
export type StreamHandler = (
  context: CallContext,
  send: (reply: object) => void,
) => {
  receive(request: object | Malformed): void
  end(): Promise<void>
  /** While it says so, nothing more is read: the caller waits. */
  isFull?(): boolean
}

/** Answers one request by `send` until `end`; what it answers itself is called once when the call is over, however it ends. */
export type WatchHandler = (
  request: never,
  context: CallContext,
  send: (reply: object) => void,
  end: (error?: WritError) => void,
) => () => void

export interface Service {
  readonly definition: grpc.ServiceDefinition
  readonly unary: Readonly<Record<string, UnaryHandler>>
  readonly streams?: Readonly<Record<string, StreamHandler>>
  readonly watches?: Readonly<Record<string, WatchHandler>>
}

export interface RpcOptions {
  readonly services: readonly Service[]
  readonly limits: Pick<Config["limits"], "maxMessageBytes" | "connectionMaxStreams" | "connectionMemoryMib">
  readonly admission: Admission
  readonly identify: Authenticator
  granting(): Granting
  wallMs(): number
  readonly log: Logger
  observe?(method: string, code: number): void
}

interface Wrapping extends RpcOptions {
  readonly open: OpenCalls
}

export function buildServer(given: RpcOptions): grpc.Server {
  const options: Wrapping = { ...given, open: new OpenCalls() }
  const server = new grpc.Server({
    "grpc.max_receive_message_length": options.limits.maxMessageBytes,
    "grpc.max_concurrent_streams": options.limits.connectionMaxStreams,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc-node.max_session_memory": options.limits.connectionMemoryMib,
    "grpc.enable_channelz": 0, // counted for nobody, on every call
  })
  for (const { definition, unary, streams, watches } of options.services) {
    const methods: grpc.ServiceDefinition = {}
    const implementation: grpc.UntypedServiceImplementation = {}
    for (const [name, method] of Object.entries(definition)) {
      const roles = RPC_ROLES[method.path]
      const handler = unary[name]
      const stream = streams?.[name]
      const watch = watches?.[name]
      if (!handler && !stream && !watch) continue // of a later version: UNIMPLEMENTED by not being registered
      if (!roles) throw new Error(`${method.path} is not in the table of roles`)
      ;(methods as Record<string, unknown>)[name] = method
      implementation[name] = handler
        ? wrapUnary(method.path, roles, handler, options)
        : stream
          ? wrapStream(method.path, roles, stream, options)
          : wrapWatch(method.path, roles, watch as WatchHandler, options)
    }
    server.addService(methods, implementation)
  }
  return server
}

function wrapUnary(
  path: string,
  roles: readonly Role[],
  handle: UnaryHandler,
  options: Wrapping,
): grpc.handleUnaryCall<object, object> {
  const lane = path === AUTHORIZE ? options.admission.decisions : options.admission.others
  return (call, callback) => {
    let context: IncomingContext | null = null
    let enteredMs: number | null = null
    const leave = () => {
      if (context && enteredMs !== null) lane.leave(context.caller.id, enteredMs, performance.now())
    }
    const refuse = (thrown: unknown) => {
      leave()
      const error = WritError.from(thrown)
      const requestId = context?.requestId ?? requestIdOf(call.metadata)
      report(error, path, requestId, options)
      callback(toServiceError(error, requestId) as unknown as grpc.ServiceError)
    }
    const begin = (identity: Identity) => {
      context = new IncomingContext(call, identity, roles, options)
      const nowMs = performance.now()
      lane.enter(context.caller.id, nowMs)
      enteredMs = nowMs
      if (call.request instanceof Malformed) throw call.request.error
      handle(call.request as never, context).then((reply) => {
        leave()
        options.observe?.(path, grpc.status.OK)
        callback(null, reply)
      }, refuse)
    }
    identify(call, options, begin, refuse)
  }
}

function wrapStream(
  path: string,
  roles: readonly Role[],
  open: StreamHandler,
  options: Wrapping,
): grpc.handleBidiStreamingCall<object, object> {
  return (call) => {
    const requestId = requestIdOf(call.metadata)
    let leave = () => {}
    let isOver = false
    const fail = (thrown: unknown) => {
      if (isOver) return
      isOver = true
      leave()
      const error = WritError.from(thrown)
      report(error, path, requestId, options)
      call.emit("error", toServiceError(error, requestId))
    }
    const begin = (identity: Identity) => {
      if (call.cancelled) return // the caller went while its token was verified
      const context = new IncomingContext(call, identity, roles, options, requestId)
      leave = enterStream(call, context, options, fail)
      const stream = open(context, (reply) => {
        if (!isOver && !call.cancelled && call.writable) call.write(reply)
        regulate()
      })
      // A reader slower than we are, or a caller faster, is not read from: memory stays bounded by what is in flight.
      const regulate = () => {
        const isFull = call.writableNeedDrain || (stream.isFull?.() ?? false)
        if (isFull && !call.isPaused()) call.pause()
        else if (!isFull && call.isPaused()) call.resume()
      }
      call.on("drain", regulate)
      call.on("data", (message: object | Malformed) => {
        if (isOver) return
        try {
          stream.receive(message)
          regulate()
        } catch (error) {
          fail(error)
        }
      })
      call.on("end", () => {
        stream.end().then(
          () => {
            if (isOver) return
            isOver = true
            leave()
            options.observe?.(path, grpc.status.OK)
            call.end()
          },
          (error: unknown) => fail(error),
        )
      })
    }
    identify(call, options, begin, fail)
  }
}

function wrapWatch(
  path: string,
  roles: readonly Role[],
  open: WatchHandler,
  options: Wrapping,
): grpc.handleServerStreamingCall<object, object> {
  return (call) => {
    const requestId = requestIdOf(call.metadata)
    let isOver = false
    let stop = () => {}
    let leave = () => {}
    const end = (error?: WritError) => {
      if (isOver) return
      isOver = true
      leave()
      stop()
      if (error) {
        report(error, path, requestId, options)
        call.emit("error", toServiceError(error, requestId))
      } else {
        options.observe?.(path, grpc.status.OK)
        call.end()
      }
    }
    // A watcher that does not read is let go rather than written to without end.
    const send = (reply: object) => {
      if (!isOver && call.writableLength < MAX_WATCH_BACKLOG) call.write(reply)
      else end(new WritError("QUEUE_FULL", "What was sent is not read. Watch again."))
    }
    call.once("cancelled", () => end())
    const begin = (identity: Identity) => {
      if (isOver) return // the caller went while its token was verified
      const context = new IncomingContext(call, identity, roles, options, requestId)
      leave = enterStream(call, context, options, (error) => end(WritError.from(error)))
      if (call.request instanceof Malformed) throw call.request.error
      const stopWatch = open(call.request as never, context, send, end)
      if (isOver) stopWatch()
      else stop = stopWatch
    }
    identify(call, options, begin, (error) => end(WritError.from(error)))
  }
}

/** Goes on with who calls: at once, unless a token has to be verified first. What `begin` throws is refused too. */
function identify(
  call: IncomingCall,
  options: Wrapping,
  begin: (identity: Identity) => void,
  refuse: (thrown: unknown) => void,
): void {
  try {
    const header = call.metadata.get("authorization")[0]
    const identity = options.identify(typeof header === "string" ? header : undefined, call)
    if (identity instanceof Promise) identity.then(begin).catch(refuse)
    else begin(identity)
  } catch (thrown) {
    refuse(thrown)
  }
}

/**
 * Counts an open stream, and has it ended by `fail` once its caller may not be here any more. What it answers is called when
 * the stream is over, and counts once.
 */
function enterStream(
  call: EventEmitter,
  context: IncomingContext,
  { admission: { streams }, open }: Wrapping,
  fail: (thrown: unknown) => void,
): () => void {
  const enteredMs = performance.now()
  const callerId = context.caller.id
  streams.enter(callerId, enteredMs)
  const forget = open.add(() => {
    try {
      context.recheck()
    } catch (thrown) {
      fail(thrown)
    }
  })
  let isOpen = true
  const leave = () => {
    if (isOpen) streams.leave(callerId, enteredMs, performance.now())
    isOpen = false
    forget()
  }
  call.once("cancelled", leave)
  return leave
}

interface IncomingCall {
  readonly cancelled: boolean
  readonly metadata: grpc.Metadata
  getDeadline(): grpc.Deadline
}

/**
 * A class, not a literal with a getter: V8 makes such a literal a hidden class of its own, in the old generation, that
 * keeps all of the call until the next major collection.
 */
class IncomingContext implements CallContext {
  readonly caller: Caller
  readonly timeoutMs: number | null
  readonly signal: CallSignal
  readonly #identity: Identity
  readonly #roles: readonly Role[]
  readonly #options: RpcOptions
  /** Made when it is asked for: most calls log nothing. */
  #requestId: string | null

  /** Throws UNAUTHENTICATED, FORBIDDEN. */
  constructor(
    call: IncomingCall,
    identity: Identity,
    roles: readonly Role[],
    options: RpcOptions,
    requestId: string | null = null,
  ) {
    this.signal = new CallSignal(call)
    this.#identity = identity
    this.#roles = roles
    this.#options = options
    this.#requestId = requestId
    this.caller = this.recheck()
    const deadline = Number(call.getDeadline())
    this.timeoutMs = Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : null
  }

  get requestId(): string {
    this.#requestId ??= requestIdOf(this.signal.call.metadata)
    return this.#requestId
  }

  enter(): number {
    const nowMs = performance.now()
    this.#options.admission.decisions.enter(this.caller.id, nowMs)
    return nowMs
  }
  leave(enteredMs: number): void {
    this.#options.admission.decisions.leave(this.caller.id, enteredMs, performance.now())
  }

  recheck(): Caller {
    return callerOf(this.#identity, this.#roles, this.#options.granting(), this.#options.wallMs())
  }
}

class CallSignal {
  readonly call: IncomingCall
  constructor(call: IncomingCall) {
    this.call = call
  }
  get aborted(): boolean {
    return this.call.cancelled
  }
}

function requestIdOf(metadata: grpc.Metadata): string {
  const given = metadata.get("x-request-id")[0]
  return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID()
}

function report(error: WritError, path: string, requestId: string, options: RpcOptions): void {
  options.observe?.(path, ERRORS[error.code].grpc)
  const level = error.code === "INTERNAL" ? "error" : "debug"
  options.log[level](
    { requestId, rpc: path, code: error.code, err: error.code === "INTERNAL" ? error.cause : undefined },
    error.message,
  )
}
