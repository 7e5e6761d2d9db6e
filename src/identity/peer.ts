/** The other end of a TLS connection: looked at once, then kept as long as its connection. */
import type { DetailedPeerCertificate, TLSSocket } from "node:tls"
import { WritError } from "../errors.ts"
import type { Identity } from "./identity.ts"

/** Authorities that client certificates may come from, by the SHA-256 of their certificates; replaced whole. */
export interface Authorities {
  current(): ReadonlySet<string>
}

/** Of all certificates that a connection's identity rests on. */
export interface Chain {
  readonly leaf: Uint8Array
  readonly fingerprints: readonly string[]
  /** When the first of them ends, Unix milliseconds. */
  readonly endsAtMs: number
}

/** Throws UNAUTHENTICATED when there is no certificate that the handshake has verified. */
export function readChain(socket: Pick<TLSSocket, "authorized" | "getPeerCertificate">): Chain {
  const first = socket.authorized ? socket.getPeerCertificate(true) : undefined
  if (!first?.raw) throw new WritError("UNAUTHENTICATED", "A client certificate is needed.")
  const fingerprints: string[] = []
  let endsAtMs = Number.POSITIVE_INFINITY
  for (let at: DetailedPeerCertificate | undefined = first; at?.raw; at = at.issuerCertificate) {
    if (fingerprints.includes(at.fingerprint256)) break // signed by itself
    fingerprints.push(at.fingerprint256)
    endsAtMs = Math.min(endsAtMs, Date.parse(at.valid_to))
  }
  if (!Number.isFinite(endsAtMs)) throw new WritError("UNAUTHENTICATED", "The client certificate has no end.")
  return { leaf: first.raw, fingerprints, endsAtMs }
}

/** Holds until a certificate of the chain ends, or none of it is an authority's any more. Throws UNAUTHENTICATED. */
export function proveChain(
  { leaf, fingerprints, endsAtMs }: Chain,
  authorities: Authorities,
  nameOf: (der: Uint8Array) => string,
): Identity {
  const name = nameOf(leaf)
  return {
    proof: "mtls",
    name,
    holds: (wallMs) => wallMs < endsAtMs && fingerprints.some((print) => authorities.current().has(print)),
  }
}

/** `connection`: what lives as long as the connection, and no longer. Throws UNAUTHENTICATED. */
export type Peers = (connection: object, socket: Pick<TLSSocket, "authorized" | "getPeerCertificate">) => Identity

/** `nameOf`: `principalOf`, loaded only where certificates are asked for, since its library is slow to load. */
export function createPeers(authorities: Authorities, nameOf: (der: Uint8Array) => string): Peers {
  const peers = new WeakMap<object, Identity | WritError>()
  return (connection, socket) => {
    let peer = peers.get(connection)
    if (!peer) {
      try {
        peer = proveChain(readChain(socket), authorities, nameOf)
      } catch (error) {
        peer = WritError.from(error)
      }
      peers.set(connection, peer)
    }
    if (peer instanceof WritError) throw peer
    return peer
  }
}
