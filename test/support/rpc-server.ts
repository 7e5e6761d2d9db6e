/** The real gRPC wrapper on a real socket, one API key per role, and a client that sends any bytes. */
import * as grpc from "@grpc/grpc-js"
import { HealthImplementation } from "grpc-health-check"
import { type Config, loadConfig } from "../../src/config.ts"
import { makeApiKey, parseApiKey } from "../../src/decision/caller-keys.ts"
import type { CallerKey, Role } from "../../src/decision/state.ts"
import { createAuthenticator } from "../../src/identity/authenticator.ts"
import { createLog } from "../../src/log.ts"
import { type Admission, createAdmission } from "../../src/rpc/admission.ts"
import { addHealth, addReflection } from "../../src/rpc/health.ts"
import { type Listening, listen } from "../../src/rpc/listen.ts"
import { ROLES } from "../../src/rpc/roles.ts"
import { buildServer, type Service } from "../../src/rpc/server.ts"

export interface RpcFixture {
  readonly address: string
  readonly listening: Listening
  readonly admission: Admission
  readonly client: RawClient
  /** Authorization header values. */
  readonly keys: Readonly<Record<Role, string>>
  readonly callers: Map<string, CallerKey>
  readonly lines: string[]
  close(): Promise<void>
}

const DEFAULTS = loadConfig({ data: "/nowhere" }, {}).limits

export async function startRpc(
  services: readonly Service[],
  limits: Partial<Config["limits"]> = {},
): Promise<RpcFixture> {
  const callers = new Map<string, CallerKey>()
  const keys = Object.fromEntries(
    ROLES.map((role) => {
      const text = makeApiKey(role)
      const parsed = parseApiKey(text) as NonNullable<ReturnType<typeof parseApiKey>>
      callers.set(parsed.id, { ...parsed, state: "active", expiresAtMs: null, scope: null })
      return [role, `Bearer ${text}`]
    }),
  ) as Record<Role, string>
  const lines: string[] = []
  const log = createLog({ level: "debug", destination: { write: (line) => void lines.push(line) } })
  const all = { ...DEFAULTS, ...limits }
  const admission = createAdmission(all)
  const wallMs = () => Date.now()
  const identify = createAuthenticator({ methods: ["key"], callers: () => callers, wallMs })
  const server = buildServer({
    services,
    limits: all,
    admission,
    identify,
    granting: () => ({ callers, bindings: new Map() }),
    wallMs,
    log,
  })
  addHealth(server, new HealthImplementation({ "": "SERVING" }))
  addReflection(server, identify)
  const { maxConnections } = all
  const listening = await listen(server, { host: "127.0.0.1", port: 0, tls: null, maxConnections })
  const { address } = listening
  const client = new RawClient(address)
  return {
    address,
    listening,
    admission,
    client,
    keys,
    callers,
    lines,
    async close() {
      client.close()
      await listening.drain(1_000)
    },
  }
}

export interface Answer {
  readonly code: number
  readonly message: string
  readonly metadata: grpc.Metadata
  readonly reply: Buffer | null
}

/** grpc-js without any message type: bytes in, bytes out. */
export class RawClient {
  readonly #client: grpc.Client

  constructor(address: string) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure())
  }

  unary(
    path: string,
    bytes: Uint8Array,
    headers: Record<string, string>,
    options: grpc.CallOptions = {},
  ): Promise<Answer> {
    return new Promise((resolve) => {
      let trailers = new grpc.Metadata()
      let status = { code: 0, details: "" }
      let reply: Buffer | null = null
      const call = this.#client.makeUnaryRequest(
        path,
        (value: Uint8Array) => Buffer.from(value),
        (value: Buffer) => value,
        bytes,
        toMetadata(headers),
        options,
        (_error, value) => {
          reply = value ?? null
        },
      )
      call.on("status", (received: grpc.StatusObject) => {
        trailers = received.metadata
        status = received
        setImmediate(() => resolve({ code: status.code, message: status.details, metadata: trailers, reply }))
      })
    })
  }

  stream(path: string, headers: Record<string, string>): grpc.ClientDuplexStream<Uint8Array, Buffer> {
    return this.#client.makeBidiStreamRequest(
      path,
      (value: Uint8Array) => Buffer.from(value),
      (value: Buffer) => value,
      toMetadata(headers),
    )
  }

  close(): void {
    this.#client.close()
  }
}

function toMetadata(headers: Record<string, string>): grpc.Metadata {
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

/** The code with which a stream ends, after all its messages were read. */
export function endOf(stream: grpc.ClientDuplexStream<Uint8Array, Buffer>): Promise<grpc.StatusObject> {
  stream.on("error", () => {})
  return new Promise((resolve) => stream.on("status", resolve))
}
