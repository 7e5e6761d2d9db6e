/**
 * Bearer tokens of OIDC issuers (RFC 7519, RFC 8725, RFC 9068). What was verified is remembered by the whole text of the token
 * and the very key; whether that key is still published, and the token in its time, is asked at every use.
 */
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose"
import { isPrincipal, toJwtPrincipal } from "../decision/principal.ts"
import { WritError } from "../errors.ts"
import type { Identity } from "./identity.ts"
import type { KeySet, PublishedKey } from "./key-set.ts"

const MAX_TOKEN_CHARS = 8 * 1024
/** Tokens that are remembered; the oldest goes first. */
const MAX_KNOWN = 1_024
const TYPES = ["jwt", "at+jwt"]

export interface Issuer {
  readonly issuer: string
  readonly audience: string
  readonly keys: KeySet
}

export interface TokenOptions {
  readonly issuers: readonly Issuer[]
  /** How far the clocks of issuers and of this machine may differ, milliseconds. */
  readonly skewMs: number
  wallMs(): number
}

/** Throws, or rejects with, UNAUTHENTICATED. A promise where the token was not seen before, or its key changed. */
export function createTokenProof(options: TokenOptions): (token: string) => Identity | Promise<Identity> {
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]))
  const known = new Map<string, Identity>()

  return (token) => {
    const before = known.get(token)
    if (before?.holds(options.wallMs())) return before
    known.delete(token)
    return prove(token)
  }

  async function prove(token: string): Promise<Identity> {
    const identity = await verify(token)
    if (!identity.holds(options.wallMs())) throw refused("it has expired, or its key is not published any more") // jose knows whole seconds
    if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value as string)
    known.set(token, identity)
    return identity
  }

  async function verify(token: string): Promise<Identity> {
    if (token.length > MAX_TOKEN_CHARS) throw refused(`it is longer than ${MAX_TOKEN_CHARS} characters`)
    const { kid, issuer } = readUnverified(token)
    // The algorithm is the key's, the key the issuer's, the issuer one of the configuration's: the token chooses among these.
    const from = issuers.get(issuer)
    if (!from) throw refused("its issuer is not one of jwt-issuers")
    const key = await from.keys.find(kid)
    if (!key) throw refused("its issuer publishes no key with its kid")
    const { wallMs, skewMs } = { wallMs: options.wallMs(), skewMs: options.skewMs }
    const { payload, protectedHeader } = await jwtVerify(token, key.key, {
      algorithms: [key.algorithm],
      issuer: from.issuer,
      audience: from.audience,
      clockTolerance: skewMs / 1000,
      currentDate: new Date(wallMs),
      requiredClaims: ["exp", "sub"],
    }).catch((error: unknown) => {
      throw refused(reasonOf(error), error)
    })
    if (
      !TYPES.includes(
        String(protectedHeader.typ)
          .toLowerCase()
          .replace(/^application\//, ""),
      )
    )
      throw refused("its typ is neither JWT nor at+jwt")
    const { sub, exp, nbf = 0 } = payload
    const name = toJwtPrincipal(from.issuer, String(sub))
    if (typeof sub !== "string" || !isPrincipal(name)) throw refused("its sub is empty, too long or no plain text")
    return toIdentity(name, key, from.keys, (exp as number) * 1000 + skewMs, nbf * 1000 - skewMs)
  }
}

function toIdentity(name: string, key: PublishedKey, keys: KeySet, endsAtMs: number, startsAtMs: number): Identity {
  return {
    proof: "jwt",
    name,
    holds: (wallMs) => startsAtMs <= wallMs && wallMs < endsAtMs && keys.has(key),
  }
}

/** Nothing of it is believed: it only says which key to try. */
function readUnverified(token: string): { readonly kid: string; readonly issuer: string } {
  const { header, claims } = decode(token)
  // None is understood here, and RFC 7515 section 4.1.11 leaves no other way.
  if (header.crit !== undefined) throw refused("it has critical headers")
  const { kid } = header
  const { iss } = claims
  if (typeof kid === "string" && typeof iss === "string") return { kid, issuer: iss }
  throw refused("it has no kid or no iss")
}

function decode(token: string) {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) }
  } catch (cause) {
    throw refused("it is not a JWT", cause)
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired"
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its claim ${error.claim} is missing or not the right one`
  if (error instanceof errors.JOSEAlgNotAllowed) return "its alg is not the one of its key"
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is not by its key"
  return "it is not a JWT that can be verified"
}

function refused(why: string, cause?: unknown): WritError {
  return new WritError("UNAUTHENTICATED", `The token is not accepted: ${why}.`, cause === undefined ? {} : { cause })
}
