/** Execution tokens, checked without asking the daemon about each: by its published keys, kept in a cache. Fails closed. */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { toBase64Url } from "../formats/bytes.ts"
import { canonicalBytes } from "../formats/canonical-json.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { verifyToken } from "../verify/token.ts"
import { CallError } from "./call-error.ts"
import { createKeySet } from "./key-set.ts"

const MAX_AGE_MS = 5 * 60_000
const MAX_STALE_MS = 60 * 60_000
const COOLDOWN_MS = 10_000
const FETCH_TIMEOUT_MS = 3_000
const MAX_KEY_SET_CHARS = 64 * 1024

export interface TokenVerifierOptions {
  /** Where the daemon publishes its keys: https, or http on this machine. */
  readonly jwksUrl?: string
  /** Instead of `jwksUrl`: answers the JSON of the key set, obtained in another way. */
  fetchKeys?(): Promise<unknown>
  /** `iss` of the tokens: the daemon's issuer name. */
  readonly issuer: string
  /** What the verifier is: `aud` of the tokens. */
  readonly audience: string
  /** Keys of this age are fetched anew before they are used. Default 5 min. */
  readonly maxAgeMs?: number
  /** While they cannot be fetched, the last ones serve up to this age. Default 1 h. */
  readonly maxStaleMs?: number
}

export interface TokenUse {
  /** What is about to be executed: JSON, of which the RFC 8785 bytes count, or exact bytes. Absent: nothing. */
  readonly parameters?: JsonValue | Uint8Array
  /**
   * Public key, 32 bytes, that whoever presents the token has proved to hold. A token that is bound to a key is not valid
   * without; null leaves that to RedeemToken.
   */
  readonly holder?: Uint8Array | null
}

export interface TokenVerdict {
  readonly valid: boolean
  /** A stable code, a colon, and words for people; empty when valid. */
  readonly reason: string
  /** Whether the token alone suffices to execute. False with `valid`: it must be redeemed first. */
  readonly sufficient: boolean
  /** When the signature holds. */
  readonly claims?: JsonObject
}

export interface TokenVerifier {
  /** Never rejects. Whether the execution was revoked meanwhile, only the daemon knows. */
  verify(token: string, use?: TokenUse): Promise<TokenVerdict>
}

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, maxAgeMs = MAX_AGE_MS, maxStaleMs = MAX_STALE_MS } = options
  const keySet = createKeySet({
    fetch: toFetch(options),
    maxAgeMs,
    maxStaleMs,
    cooldownMs: COOLDOWN_MS,
    nowMs: () => performance.now(),
  })

  return {
    async verify(token, use = {}) {
      try {
        const keys = await keySet.current()
        if (!keys) return refused(`KEYS_UNAVAILABLE: ${keySet.failure?.message ?? "the keys are too old"}`)
        const parametersDigest = digestOf(use.parameters)
        const check = (of: typeof keys) =>
          verifyToken(token, { keys: of, audience, issuer, parametersDigest, nowMs: Date.now() }, nativeCrypto)
        let verdict = check(keys)
        if (verdict.reason.startsWith("UNKNOWN_KEY:")) {
          const newer = await keySet.newer(keys)
          if (newer) verdict = check(newer)
        }
        return verdict.valid ? checkHolder(verdict, use.holder) : verdict
      } catch (error) {
        return refused(`MALFORMED: ${(error as Error).message}`)
      }
    },
  }
}

function checkHolder(verdict: TokenVerdict, holder: Uint8Array | null | undefined): TokenVerdict {
  const bound = verdict.claims?.["cnf"]
  if (bound === undefined || holder === null) return verdict
  const x = (bound as { readonly jwk?: { readonly x?: unknown } } | null)?.jwk?.x
  if (holder && typeof x === "string" && toBase64Url(holder) === x) return verdict
  const why = holder ? "who presents the token holds another key" : "the token is bound to a key, and none was proved"
  return { ...verdict, valid: false, sufficient: false, reason: `HOLDER_DIFFERS: ${why}` }
}

function digestOf(parameters: TokenUse["parameters"]): string | null {
  if (parameters === undefined) return null
  return toBase64Url(sha256(parameters instanceof Uint8Array ? parameters : canonicalBytes(parameters)))
}

function refused(reason: string): TokenVerdict {
  return { valid: false, reason, sufficient: false }
}

function toFetch({ jwksUrl, fetchKeys }: TokenVerifierOptions): () => Promise<unknown> {
  if (fetchKeys) return fetchKeys
  if (jwksUrl === undefined) throw new CallError("INVALID_REQUEST", "createTokenVerifier needs jwksUrl or fetchKeys.")
  const url = new URL(jwksUrl)
  const isLocal = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname)
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))
    throw new CallError(
      "INVALID_REQUEST",
      "Keys that come over plain HTTP could be anybody's: use https, or fetchKeys.",
    )
  return async () => {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
    if (!response.ok) throw new Error(`${url} answered ${response.status}`)
    const text = await response.text()
    if (text.length > MAX_KEY_SET_CHARS) throw new Error(`${url} answered more than ${MAX_KEY_SET_CHARS} characters`)
    return JSON.parse(text)
  }
}
