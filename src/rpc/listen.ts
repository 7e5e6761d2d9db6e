/**
 * Where gRPC listens, how many connections it takes, and with which TLS: of a new certificate or authority the next
 * handshake knows. The sockets are ours rather than grpc-js's, which counts none and, without channelz, cuts none.
 */
import { lookup } from "node:dns/promises"
import { createServer, isIPv6, type Server, type Socket } from "node:net"
import type { SecureContextOptions } from "node:tls"
import * as grpc from "@grpc/grpc-js"
import { toBindError } from "../bind-error.ts"
import type { Renewable } from "../identity/tls.ts"

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
