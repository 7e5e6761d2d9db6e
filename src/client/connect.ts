/**
 * A connection to the daemon, or to several replicas of one: promises for its RPCs. A call that fails in a way that may pass
 * or has no answer for long is tried again with the very same request, at the next replica where there is one, until its deadline: the daemon knows a
 * repeated request by its id, so that it is never carried out twice.
 */
import { readFileSync } from "node:fs"
import * as grpc from "@grpc/grpc-js"
import { loadApi } from "../rpc/api.ts"
import { SERVICES } from "../rpc/load.ts"
import { RPC_ROLES } from "../rpc/roles.ts"
import { backoffMs } from "./backoff.ts"
import { CallError, isRetryable, toCallError } from "./call-error.ts"

const DEFAULT_TIMEOUT_MS = 10_000
/**
 * How long a try may take before the next replica, or the same one, is asked again: this, or an eighth of the limit where
 * that is more; twice as long in each further round. What hangs costs one try, what is slow gets through.
 */
const FIRST_TRY_MS = 2_000
const FIRST_TRY_PART = 1 / 8
const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": 64 * 1024 * 1024,
  // A connection that was cut without a word is noticed, and one that comes back is found soon.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.use_local_subchannel_pool": 1,
}
/** What may be sent again although it may have been carried out: it carries an id or a state that a repeat finds. */
const REPEATABLE =
  /^(Get|List|Verify|Export|Evaluate|Authorize$|AuthorizeBatch$|RedeemToken$|StartExecution$|CompleteExecution$|RevokeExecution$|BeginRegistration$|RegisterRuntime$|Heartbeat$|EndRuntime$)/

const NO_KEY = new grpc.Metadata()

export type Service = keyof typeof SERVICES
export type Role = (typeof RPC_ROLES)[string][number]
/** API keys by role: a key has one role, and each call takes the key of a role that may make it. */
export type Keys = { readonly [role in Role]?: string }

export interface ConnectOptions {
  /** HOST:PORT, or those of several replicas on one database. */
  readonly target: string | readonly string[]
  /** One API key or bearer token for every call, or one for each role; none where the certificate says who calls. */
  readonly key?: string | Keys | undefined
  /** PEM file of the certificate authority; null for a daemon on loopback without TLS. */
  readonly caFile?: string | null
  /** PEM files of a client's certificate and its key, where the daemon, or something in front of it, asks for one. */
  readonly clientCert?: { readonly certFile: string; readonly keyFile: string }
  /** 1: a failed call is not tried again. Default: as often as its deadline allows. */
  readonly maxTries?: number
}

export interface WritClient {
  /**
   * One unary call, e.g. `call("authorization", "Authorize", request)`. The limit covers all tries. Rejects with CallError;
   * with CANCELLED when the signal is aborted, which does not undo what the daemon may have done.
   */
  call<Reply>(
    service: Service,
    method: string,
    request: object,
    timeoutMs?: number,
    signal?: AbortSignal,
  ): Promise<Reply>
  /** An open stream; the caller reads and writes. */
  stream(service: Service, method: string): grpc.ClientDuplexStream<object, object>
  /** A stream of replies to one request; the caller reads. */
  watch(service: Service, method: string, request: object): grpc.ClientReadableStream<object>
  close(): void
}

type Method = grpc.MethodDefinition<object, object>

export function connect(options: ConnectOptions): WritClient {
  const targets = typeof options.target === "string" ? [options.target] : options.target
  if (targets.length === 0) throw new CallError("INVALID_REQUEST", "connect needs at least one target HOST:PORT.")
  const { key, maxTries = Number.POSITIVE_INFINITY } = options
  const credentials = toCredentials(options)
  const clients = new Map<number, grpc.Client>()
  const metadataByKey = new Map<string, grpc.Metadata>()
  let current = 0
  let isClosed = false

  return {
    async call<Reply>(
      service: Service,
      name: string,
      request: object,
      timeoutMs = DEFAULT_TIMEOUT_MS,
      signal?: AbortSignal,
    ): Promise<Reply> {
      const method = methodOf(service, name)
      const metadata = metadataOf(method)
      const endMs = performance.now() + timeoutMs
      const tries = REPEATABLE.test(name) ? maxTries : 1
      let before: CallError | null = null
      for (let failures = 0; ; ) {
        const at = current
        const leftMs = endMs - performance.now()
        const tryMs = tries === 1 ? leftMs : Math.min(leftMs, limitOf(failures, timeoutMs))
        try {
          return (await one(at, method, request, metadata, tryMs, signal)) as Reply
        } catch (thrown) {
          const error = toCallError(thrown as Error, targets[at])
          failures += 1
          const mayPass = isRetryable(error, targets.length > 1)
          if (mayPass) leave(at)
          // A whole round without waiting; then less and less often, and not all at once with others.
          const round = Math.floor(failures / targets.length)
          const waitMs = round === 0 ? 0 : backoffMs(round)
          if (!mayPass || failures >= tries || performance.now() + waitMs >= endMs)
            throw failures === 1 ? error : afterTries(tellingOf(error, before), failures)
          before = tellingOf(error, before)
          await pause(waitMs, signal)
        }
      }
    },
    stream(service, name) {
      const method = methodOf(service, name)
      const at = current
      const { path, requestSerialize, responseDeserialize } = method
      const stream = clientOf(at).makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadataOf(method))
      stream.on("status", ({ code }: grpc.StatusObject) => code === grpc.status.UNAVAILABLE && leave(at))
      return stream
    },
    watch(service, name, request) {
      const method = methodOf(service, name)
      const at = current
      const { path, requestSerialize, responseDeserialize } = method
      const client = clientOf(at)
      const stream = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadataOf(method),
      )
      stream.on("status", ({ code }: grpc.StatusObject) => code === grpc.status.UNAVAILABLE && leave(at))
      return stream
    },
    close() {
      isClosed = true
      for (const client of clients.values()) client.close()
    },
  }

  function limitOf(failures: number, timeoutMs: number): number {
    const firstMs = Math.max(FIRST_TRY_MS, timeoutMs * FIRST_TRY_PART)
    return firstMs * 2 ** Math.min(Math.floor(failures / targets.length), 16)
  }

  /** The next call goes to the next replica, unless another call has moved on already. */
  function leave(at: number): void {
    if (current === at) current = (at + 1) % targets.length
  }

  function clientOf(at: number): grpc.Client {
    if (isClosed) throw new CallError("CANCELLED", "The connection was closed.")
    let client = clients.get(at)
    if (!client) {
      client = new grpc.Client(targets[at] as string, credentials, CHANNEL_OPTIONS)
      clients.set(at, client)
    }
    return client
  }

  function metadataOf({ path }: Method): grpc.Metadata {
    if (key === undefined) return NO_KEY
    const roles = RPC_ROLES[path] ?? []
    const chosen = typeof key === "string" ? key : roles.map((role) => key[role]).find((text) => text !== undefined)
    if (chosen === undefined)
      throw new CallError(
        "FORBIDDEN",
        `${path.slice(1)} needs the API key of role ${roles.join(" or ")}: pass it in \`key\`.`,
      )
    let metadata = metadataByKey.get(chosen)
    if (!metadata) {
      metadata = new grpc.Metadata()
      metadata.set("authorization", `Bearer ${chosen}`)
      metadataByKey.set(chosen, metadata)
    }
    return metadata
  }

  function one(
    at: number,
    { path, requestSerialize, responseDeserialize }: Method,
    request: object,
    metadata: grpc.Metadata,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<object | undefined> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw cancelled()
      const cancel = () => call.cancel()
      const call = clientOf(at).makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, reply) => {
          signal?.removeEventListener("abort", cancel)
          if (!error) resolve(reply)
          else reject(signal?.aborted ? cancelled() : error)
        },
      )
      signal?.addEventListener("abort", cancel)
    })
  }
}

function methodOf(service: Service, name: string): Method {
  const method = (loadApi()[SERVICES[service]] as unknown as Record<string, Method>)[name]
  if (!method) throw new CallError("UNIMPLEMENTED", `${SERVICES[service]} has no method ${name}.`)
  return method
}

function toCredentials({ caFile, clientCert }: ConnectOptions): grpc.ChannelCredentials {
  if (!caFile && !clientCert) return grpc.credentials.createInsecure()
  return grpc.credentials.createSsl(
    caFile ? readFileSync(caFile) : null,
    clientCert ? readFileSync(clientCert.keyFile) : null,
    clientCert ? readFileSync(clientCert.certFile) : null,
  )
}

function cancelled(): CallError {
  return new CallError("CANCELLED", "The caller cancelled.")
}

/** That time was up says less than what a try before ran into. */
function tellingOf(error: CallError, before: CallError | null): CallError {
  return error.code === "DEADLINE_EXCEEDED" && before ? before : error
}

function afterTries(error: CallError, tries: number): CallError {
  return new CallError(error.code, `${error.message} (after ${tries} tries)`, error.details)
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms === 0) return
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener("abort", done)
  })
}
