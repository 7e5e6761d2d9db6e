/** The connection behind a request. */
import type { IncomingMessage } from "node:http"
import type { TLSSocket } from "node:tls"
import type { Identity } from "../identity/identity.ts"
import type { Peers } from "../identity/peer.ts"

/** `request`: what Hono's Node server hands on. Throws UNAUTHENTICATED. */
export function peerOfRequest(peers: Peers, request: object): Identity {
  const { socket } = (request as { readonly incoming: IncomingMessage }).incoming
  return peers(socket, socket as TLSSocket)
}
