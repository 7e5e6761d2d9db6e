/** Which proofs a listener takes, and what they prove. */
import type { CallerKey } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import { proveKey } from "./api-keys.ts"
import type { Identity } from "./identity.ts"

export const METHODS = ["key", "mtls", "jwt"] as const
export type Method = (typeof METHODS)[number]

export interface AuthenticatorOptions {
  readonly methods: readonly Method[]
  callers(): ReadonlyMap<string, CallerKey>
  wallMs(): number
  /** What the certificate behind a call proves. Throws UNAUTHENTICATED. */
  peerOf?(call: object): Identity
  /** Throws UNAUTHENTICATED. A promise where the token was not seen before. */
  proveToken?(token: string): Identity | Promise<Identity>
}

/** Throws, or rejects with, UNAUTHENTICATED. A promise only where a token has to be verified first. */
export type Authenticator = (header: string | undefined, call: object) => Identity | Promise<Identity>

const BEARER = "Bearer "

/**
 * With `mtls` every connection has a certificate; alone it says who calls, and a key or token that is sent beside it says so
 * in its place, for as long as the certificate holds. What is sent and not good is refused, whatever else was proven.
 */
export function createAuthenticator({
  methods,
  callers,
  wallMs,
  peerOf,
  proveToken,
}: AuthenticatorOptions): Authenticator {
  const [takesKeys, takesCertificates, takesTokens] = METHODS.map((method) => methods.includes(method))
  if (takesCertificates && !peerOf) throw new Error("nobody says whose certificate a call has")
  return (header, call) => {
    const certificate = takesCertificates && peerOf ? peerOf(call) : null
    if (certificate && !certificate.holds(wallMs()))
      throw new WritError(
        "UNAUTHENTICATED",
        "The client certificate has ended, or its authority is not trusted any more.",
      )
    if (header === undefined) {
      if (certificate) return certificate
      throw new WritError("UNAUTHENTICATED")
    }
    const shown = prove(header)
    if (!certificate) return shown
    return shown instanceof Promise ? shown.then((identity) => both(identity, certificate)) : both(shown, certificate)
  }

  function prove(header: string): Identity | Promise<Identity> {
    if (header.startsWith("Bearer writ_")) {
      if (takesKeys) return proveKey(header, callers(), wallMs())
    } else if (takesTokens && proveToken && header.startsWith(BEARER)) return proveToken(header.slice(BEARER.length))
    throw new WritError("UNAUTHENTICATED")
  }
}

function both({ proof, name, holds }: Identity, certificate: Identity): Identity {
  return { proof, name, holds: (wallMs) => holds(wallMs) && certificate.holds(wallMs) }
}
