/** The connection behind a call. */
import type { Http2Session } from "node:http2"
import type { TLSSocket } from "node:tls"
import { WritError } from "../errors.ts"
import type { Identity } from "../identity/identity.ts"
import type { Peers } from "../identity/peer.ts"

/**
 * `getAuthContext` of grpc-js takes the certificate apart again for every call, and hides what could be remembered by. This
 * reads where grpc-js keeps its HTTP/2 stream; were that to move, nobody would be let in by a certificate.
 */
export function peerOfCall(peers: Peers, call: object): Identity {
  const { session } =
    (call as { readonly call?: { readonly stream?: { readonly session?: Http2Session } } }).call?.stream ?? {}
  if (!session?.socket) throw new WritError("UNAUTHENTICATED", "The connection is gone.")
  return peers(session, session.socket as TLSSocket)
}
