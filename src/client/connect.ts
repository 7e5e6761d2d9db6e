/** A connection to a daemon: promises for its RPCs, and errors that say what to do. The SDK grows from here. */
import { readFileSync } from "node:fs"
import * as grpc from "@grpc/grpc-js"
import { loadApi } from "../rpc/api.ts"
import { SERVICES } from "../rpc/load.ts"
import { readErrorInfo } from "../rpc/status.ts"

const DEFAULT_TIMEOUT_MS = 10_000

export interface ConnectOptions {
  /** HOST:PORT. */
  readonly target: string
  /** API key. */
  readonly key: string
  /** PEM file of the certificate authority; null for a daemon on loopback without TLS. */
  readonly caFile?: string | null
}

/** A call that failed: the daemon's stable code where it gave one, else the gRPC status. */
export class CallError extends Error {
  readonly code: string
  readonly requestId: string | undefined
  constructor(code: string, message: string, requestId?: string) {
    super(message)
    this.name = "CallError"
    this.code = code
    this.requestId = requestId
  }
}

export interface WritClient {
  /** One unary call, e.g. `call("authorization", "Authorize", request)`. Rejects with CallError. */
  call<Reply>(service: keyof typeof SERVICES, method: string, request: object, timeoutMs?: number): Promise<Reply>
  /** An open stream; the caller reads and writes. */
  stream(service: keyof typeof SERVICES, method: string): grpc.ClientDuplexStream<object, object>
  /** A stream of replies to one request; the caller reads. */
  watch(service: keyof typeof SERVICES, method: string, request: object): grpc.ClientReadableStream<object>
  close(): void
}

export function connect({ target, key, caFile = null }: ConnectOptions): WritClient {
  const credentials = caFile ? grpc.credentials.createSsl(readFileSync(caFile)) : grpc.credentials.createInsecure()
  const metadata = new grpc.Metadata()
  metadata.set("authorization", `Bearer ${key}`)
  const options = { "grpc.max_receive_message_length": 64 * 1024 * 1024 }
  const clients = new Map<string, grpc.Client>()
  const clientOf = (service: keyof typeof SERVICES): Record<string, (...args: unknown[]) => unknown> => {
    const name = SERVICES[service]
    let client = clients.get(name)
    if (!client) {
      const Client = grpc.makeGenericClientConstructor(loadApi()[name] as unknown as grpc.ServiceDefinition, name)
      client = new Client(target, credentials, options)
      clients.set(name, client)
    }
    return client as unknown as Record<string, (...args: unknown[]) => unknown>
  }
  return {
    async call<Reply>(
      service: keyof typeof SERVICES,
      method: string,
      request: object,
      timeoutMs = DEFAULT_TIMEOUT_MS,
    ): Promise<Reply> {
      const client = clientOf(service)
      return await new Promise((resolve, reject) => {
        client[method]?.call(
          client,
          request,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error: grpc.ServiceError | null, reply: Reply) => {
            if (error) reject(toCallError(error, target))
            else resolve(reply)
          },
        )
      })
    },
    stream(service, method) {
      const client = clientOf(service)
      return client[method]?.call(client, metadata) as grpc.ClientDuplexStream<object, object>
    },
    watch(service, method, request) {
      const client = clientOf(service)
      return client[method]?.call(client, request, metadata) as grpc.ClientReadableStream<object>
    },
    close() {
      for (const client of clients.values()) client.close()
    },
  }
}

/** Of whatever a call or a stream failed with. */
export function toCallError(thrown: Error, target = "its address"): CallError {
  const error = thrown as grpc.ServiceError
  const info = error.metadata ? readErrorInfo(error.metadata) : null
  if (info) return new CallError(info.reason, error.details, info.metadata["request_id"])
  if (error.code === grpc.status.UNAVAILABLE)
    return new CallError("UNREACHABLE", `No daemon answers at ${target}: ${error.details}`)
  return new CallError(grpc.status[error.code] ?? "UNKNOWN", error.details)
}
