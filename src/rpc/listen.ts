/**
 * Where gRPC listens, how many connections it takes, and with which TLS: of a new certificate or authority the next
 * handshake knows. The sockets are ours rather than grpc-js's, which counts none and, without channelz, cuts none.
 */
import { lookup } from "node:dns/promises"
import type { Http2Session } from "node:http2"
import { createServer, isIPv6, type Server, type Socket } from "node:net"
import type { SecureContextOptions } from "node:tls"
import * as grpc from "@grpc/grpc-js"
import { toBindError } from "../bind-error.ts"
import type { Renewable } from "../identity/tls.ts"

const ACTIVE_MS = 1_000
/** Errors of an address that this machine does not have. */
const MISSING = ["EADDRNOTAVAIL", "EAFNOSUPPORT"]

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly tls: Renewable | null
  /** What comes on top is closed at once. */
  readonly maxConnections: number
}

export interface Listening {
  readonly address: string
  /** How many are open now, may be, and were refused since the start. */
  readonly connections: { readonly inHand: number; readonly limit: number; readonly refused: number }
  /** Connections on which something was asked for within the last second. */
  countActive(): number
  /** How many streams each connection may have open from now on: a client holds back what comes on top, and what is open stays. */
  limitStreams(each: number): void
  /** Takes nothing new and waits for what is in flight; after the limit, connections are cut. */
  drain(limitMs: number): Promise<void>
}

/** Throws ADDRESS_IN_USE, CONFIG_INVALID. */
export async function listen(
  server: grpc.Server,
  { host, port, tls, maxConnections }: ListenOptions,
): Promise<Listening> {
  const credentials = tls ? new RenewedCredentials(tls) : grpc.ServerCredentials.createInsecure()
  // Of what fails, grpc-js prints a line beside the one that we throw.
  grpc.setLogger({ error() {}, info: console.error, debug: console.error })
  const injector = server.createConnectionInjector(credentials)
  const sessions = createSessions(server)
  const sockets = new Set<Socket>()
  const doors: Server[] = []
  let refused = 0
  const take = (socket: Socket) => {
    if (sockets.size >= maxConnections) {
      refused++
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    injector.injectConnection(socket)
  }
  const bracketed = isIPv6(host) ? `[${host}]` : host
  try {
    // A name such as localhost may stand for several addresses: the first one's port is that of all.
    let lacking: unknown
    for (const { address } of await lookup(host, { all: true })) {
      try {
        doors.push(await open(address, doors[0] ? portOf(doors[0]) : port, take))
      } catch (cause) {
        if (!MISSING.includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause
        lacking = cause // such as ::1 where this machine has no IPv6
      }
    }
    if (doors.length === 0) throw lacking
  } catch (cause) {
    for (const door of doors) door.close()
    throw toBindError("gRPC", bracketed, port, cause)
  }
  return {
    address: `${bracketed}:${portOf(doors[0] as Server)}`,
    get connections() {
      return { inHand: sockets.size, limit: maxConnections, refused }
    },
    countActive: sessions.countActive,
    limitStreams: sessions.limitStreams,
    async drain(limitMs) {
      for (const door of doors) door.close()
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, limitMs)
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      clearTimeout(cut)
    },
  }
}

/** HTTP/2 sessions of the connections. grpc-js has them, and hands none out. */
function createSessions(server: grpc.Server): Pick<Listening, "countActive" | "limitStreams"> {
  interface State {
    askedAtMs: number
    /** What it was told last; null: what every connection is told at its beginning. */
    told: number | null
  }
  const sessions = new Map<Http2Session, State>()
  let limit: number | null = null
  const tell = (session: Http2Session, state: State) => {
    if (state.told === limit || limit === null || session.closed || session.destroyed) return
    state.told = limit
    session.settings({ maxConcurrentStreams: limit })
  }
  const isActive = ({ askedAtMs }: State, nowMs: number) => nowMs - askedAtMs < ACTIVE_MS
  const [http2] = server["http2Servers"].keys()
  http2?.on("session", (session: Http2Session) => {
    const state: State = { askedAtMs: Number.NEGATIVE_INFINITY, told: null }
    sessions.set(session, state)
    session.once("close", () => sessions.delete(session))
    // One that is silent is told once it asks.
    session.on("stream", () => {
      state.askedAtMs = performance.now()
      tell(session, state)
    })
  })
  return {
    countActive() {
      const nowMs = performance.now()
      let count = 0
      for (const state of sessions.values()) if (isActive(state, nowMs)) count++
      return count
    },
    limitStreams(each) {
      limit = each
      const nowMs = performance.now()
      for (const [session, state] of sessions) if (state.told !== null || isActive(state, nowMs)) tell(session, state)
    },
  }
}

function open(host: string, port: number, take: (socket: Socket) => void): Promise<Server> {
  const door = createServer({ noDelay: true }, take)
  return new Promise((resolve, reject) => {
    door.once("error", reject)
    door.listen({ host, port }, () => {
      door.off("error", reject)
      resolve(door)
    })
  })
}

function portOf(door: Server): number {
  return (door.address() as { readonly port: number }).port
}

class RenewedCredentials extends grpc.ServerCredentials {
  constructor(tls: Renewable) {
    super(tls.serverOptions, tls.context())
    tls.onRenewed((context: SecureContextOptions) => this.updateSecureContextOptions(context))
  }

  _equals(other: grpc.ServerCredentials): boolean {
    return other === this
  }
}
