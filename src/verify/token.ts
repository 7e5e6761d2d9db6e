/** An execution token, checked offline: shape, key, signature, time, audience, parameters. */
import { fromBase64Url } from "../formats/bytes.ts"
import { parseCompactJws } from "../formats/jwt.ts"
import type { Crypto, JsonObject } from "../formats/ports.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { verifySignature } from "./signature.ts"
import { invalid, type TokenJwk, VALID, type Verdict } from "./types.ts"

/** Clocks may differ by this much. Seconds. */
export const MAX_SKEW_SECONDS = 5

export interface TokenCheck {
  readonly keys: readonly TokenJwk[]
  /** What the verifier is. */
  readonly audience: string
  readonly issuer?: string
  /** Unix milliseconds. */
  readonly nowMs: number
  /** base64url SHA-256 of the parameters about to be executed; undefined leaves `dig` unchecked, null means none. */
  readonly parametersDigest?: string | null
}

export interface TokenReport extends Verdict {
  /** Whether the token alone suffices to execute: never for `use: redeem`. */
  readonly sufficient: boolean
  /** When the signature holds. */
  readonly claims?: JsonObject
}

export function verifyToken(token: string, check: TokenCheck, crypto: Crypto = portableCrypto): TokenReport {
  const { claims, ...read } = readToken(token, check.keys, crypto)
  if (!claims) return { ...read, sufficient: false }
  const verdict = checkClaims(claims, check)
  return { ...verdict, sufficient: verdict.valid && claims["use"] === "offline", claims }
}

/** Shape, key and signature only: whose token it is. What its claims mean at this moment is left to the caller. */
export function readToken(
  token: string,
  keys: readonly TokenJwk[],
  crypto: Crypto = portableCrypto,
): Verdict & { readonly claims?: JsonObject } {
  try {
    const { header, claims, signingInput, signature } = parseCompactJws(token)
    if (header["typ"] !== "exec+jwt") return invalid("WRONG_TYPE", "typ is not exec+jwt")
    if (header["alg"] !== "EdDSA" && header["alg"] !== "Ed25519") return invalid("WRONG_TYPE", "alg is not EdDSA")
    if (Object.keys(header).some((name) => !["alg", "kid", "typ"].includes(name)))
      return invalid("WRONG_TYPE", "the header has members of unknown meaning")
    const key = keys.find((jwk) => jwk.kid === header["kid"])
    if (key?.kty !== "OKP" || key.crv !== "Ed25519") return invalid("UNKNOWN_KEY", "no trusted key has this kid")
    if (!verifySignature(crypto, fromBase64Url(key.x), signingInput, signature))
      return invalid("SIGNATURE_WRONG", "the signature does not verify")
    return { ...VALID, claims }
  } catch (error) {
    return invalid("MALFORMED", (error as Error).message)
  }
}

function checkClaims(claims: JsonObject, check: TokenCheck): Verdict {
  const { exp, nbf, aud, iss, dig } = claims
  if (!isSeconds(exp) || !isSeconds(nbf)) return invalid("MALFORMED", "exp and nbf must be whole seconds")
  if (check.nowMs >= (exp + MAX_SKEW_SECONDS) * 1000) return invalid("EXPIRED", "the token has expired")
  if (check.nowMs < (nbf - MAX_SKEW_SECONDS) * 1000) return invalid("NOT_YET_VALID", "the token is not valid yet")
  if (typeof aud !== "string" || aud !== check.audience)
    return invalid("WRONG_AUDIENCE", "the token is for another audience")
  if (check.issuer !== undefined && iss !== check.issuer)
    return invalid("WRONG_ISSUER", "the token is by another issuer")
  if (check.parametersDigest !== undefined && (dig ?? null) !== check.parametersDigest)
    return invalid("PARAMETERS_DIFFER", "the parameters are not those that were authorized")
  return VALID
}

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
}
