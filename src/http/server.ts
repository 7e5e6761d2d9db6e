/** HTTP: health, metrics, keys, the log as C2SP tlog-tiles has it. One table of routes, each public or not. */
import { randomUUID } from "node:crypto"
import type { Server } from "node:http"
import { createServer as createTlsServer, type Server as TlsServer } from "node:https"
import { serve } from "@hono/node-server"
import { Hono } from "hono"
import { bodyLimit } from "hono/body-limit"
import { secureHeaders } from "hono/secure-headers"
import { toBindError } from "../bind-error.ts"
import { ERRORS, WritError } from "../errors.ts"
import type { Renewable } from "../identity/tls.ts"
import type { Logger } from "../log.ts"

export interface HttpState {
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] }
  metrics(): Promise<string>
  jwks(): Promise<object>
  /** Origins, verifier keys, fingerprints: what an auditor saves as trust. */
  discovery(): Promise<object>
  /** The newest signed checkpoint of this daemon's log; null before the first. */
  checkpoint(): Promise<string | null>
  /** Null where the newest checkpoint does not reach, or there is no such path of this kind. */
  tile(kind: "hashes" | "entries", path: string): Promise<Uint8Array | null>
  /** Rejects with UNAUTHENTICATED or FORBIDDEN. */
  authenticate(header: string | undefined, request: object): Promise<void>
}

type Answer = {
  readonly status?: number
  readonly type: string
  readonly body: string | Uint8Array
  /** "always": it never changes. */
  readonly maxAgeSeconds?: number | "always"
}

interface Route {
  /** Needs no credential: by default, and unless configuration says otherwise. */
  readonly public: boolean
  /** `path`: without its leading slash. */
  answer(state: HttpState, path: string): Promise<Answer>
}

const json = (body: object, more: { readonly status?: number; readonly maxAgeSeconds?: number } = {}): Answer => ({
  type: "application/json",
  body: `${JSON.stringify(body)}\n`,
  ...more,
})

const tile =
  (kind: Parameters<HttpState["tile"]>[0]): Route["answer"] =>
  async (state, path) => {
    const body = await state.tile(kind, path)
    if (!body) throw new WritError("NOT_FOUND", "The newest checkpoint holds no such tile.")
    return { type: "application/octet-stream", body, maxAgeSeconds: "always" }
  }

export const ROUTES: Readonly<Record<string, Route>> = {
  "/healthz": { public: true, answer: async () => json({ live: true }) },
  "/readyz": {
    public: true,
    async answer(state) {
      const readiness = state.readiness()
      return json(readiness, { status: readiness.ready ? 200 : 503 })
    },
  },
  "/.well-known/jwks.json": { public: true, answer: async (state) => json(await state.jwks(), { maxAgeSeconds: 300 }) },
  "/.well-known/writ.json": {
    public: true,
    answer: async (state) => json(await state.discovery(), { maxAgeSeconds: 60 }),
  },
  "/checkpoint": {
    public: true,
    async answer(state) {
      const note = await state.checkpoint()
      if (note === null) throw new WritError("NOT_FOUND", "No checkpoint has been signed yet.")
      return { type: "text/plain; charset=utf-8", body: note }
    },
  },
  // What callers are called stands in the leaves, so they are for auditors.
  "/tile/entries/*": { public: false, answer: tile("entries") },
  "/tile/*": { public: true, answer: tile("hashes") },
  "/metrics": {
    public: false,
    answer: async (state) => ({ type: "text/plain; version=0.0.4; charset=utf-8", body: await state.metrics() }),
  },
}

const LIMITS = { maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 5_000 }

export interface HttpOptions {
  readonly host: string
  readonly port: number
  readonly tls: Renewable | null
  readonly state: HttpState
  /** Routes that need no credential; null: those that the table says. */
  readonly public: readonly string[] | null
  readonly log: Logger
}

export interface HttpServer {
  readonly address: string
  close(): Promise<void>
}

export function buildApp({ state, public: open, log }: Pick<HttpOptions, "state" | "public" | "log">): Hono {
  const app = new Hono()
  app.use(secureHeaders({ crossOriginResourcePolicy: false }))
  app.use(bodyLimit({ maxSize: 64 * 1024 }))
  app.use(async (context, next) => {
    await next()
    context.header(
      "x-request-id",
      context.req.header("x-request-id")?.match(/^[A-Za-z0-9_.:-]{1,64}$/)?.[0] ?? randomUUID(),
    )
  })
  for (const [path, route] of Object.entries(ROUTES)) {
    app.get(path, async (context) => {
      if (!(open?.includes(path) ?? route.public))
        await state.authenticate(context.req.header("authorization"), context.env as object)
      const { status, type, body, maxAgeSeconds } = await route.answer(state, context.req.path.slice(1))
      return new Response(typeof body === "string" ? body : Uint8Array.from(body), {
        status: status ?? 200,
        headers: { "content-type": type, "cache-control": cacheControl(maxAgeSeconds) },
      })
    })
    app.all(path, (context) =>
      context.json({ error: { code: "METHOD_NOT_ALLOWED", message: `${path} is read with GET.` } }, 405, {
        allow: "GET, HEAD",
      }),
    )
  }
  app.notFound((context) => context.json({ error: { code: "NOT_FOUND", message: "There is nothing here." } }, 404))
  app.onError((thrown, context) => {
    const error = WritError.from(thrown)
    if (error.code === "INTERNAL") log.error({ err: error.cause, path: context.req.path }, "an HTTP request failed")
    return context.json({ error: { code: error.code, message: error.message } }, ERRORS[error.code].http as 500)
  })
  return app
}

function cacheControl(maxAge: Answer["maxAgeSeconds"]): string {
  if (maxAge === undefined) return "no-store"
  return maxAge === "always" ? "max-age=31536000, immutable" : `max-age=${maxAge}`
}

/** Throws ADDRESS_IN_USE, CONFIG_INVALID. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  return await startApp(buildApp(options), options)
}

/** Throws ADDRESS_IN_USE, CONFIG_INVALID. */
export async function startApp(
  app: Hono,
  { host, port, tls = null }: { readonly host: string; readonly port: number; readonly tls?: Renewable | null },
): Promise<HttpServer> {
  return await new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: app.fetch,
        hostname: host,
        port,
        ...(tls && { createServer: createTlsServer }),
        serverOptions: { ...LIMITS, ...(tls && { ...tls.serverOptions, ...tls.context() }) },
      },
      (info) => {
        const shown = info.address.includes(":") ? `[${info.address}]` : info.address
        resolve({ address: `${shown}:${info.port}`, close: () => close(server) })
      },
    ) as Server
    tls?.onRenewed((context) => (server as TlsServer).setSecureContext(context))
    server.on("error", (cause) => reject(toBindError("HTTP", host, port, cause)))
  })
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 500).unref()
  })
}
