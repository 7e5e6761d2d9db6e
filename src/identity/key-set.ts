/** The keys that an OIDC issuer publishes (RFC 7517): fetched, kept, fetched again, and not believed once they are too old. */
import { importJWK, type JWK } from "jose"
import { WritError } from "../errors.ts"
import { isFetchable } from "../formats/fetchable.ts"

/** Older than this they are fetched again beside the calls that use them. */
const FRESH_MS = 5 * 60_000
/** Older than this none of them counts: an issuer that cannot be asked may have withdrawn any. */
const STALE_MS = 60 * 60_000
/** Between two fetches: whoever makes up key ids cannot have the issuer asked for each of them. */
export const COOL_DOWN_MS = 5_000
const FETCH_LIMIT_MS = 5_000
const MAX_BYTES = 256 * 1024
const MAX_KEYS = 64
const MAX_KID_CHARS = 256

/** A key that may verify, by one algorithm and no other. */
export interface PublishedKey {
  readonly kid: string
  readonly algorithm: string
  readonly key: Awaited<ReturnType<typeof importJWK>>
  /** What was published of it. */
  readonly text: string
}

export interface KeySet {
  /** Null: none of this id is published. Rejects with UNAUTHENTICATED when the issuer cannot be asked. */
  find(kid: string): Promise<PublishedKey | null>
  /** Is this very key published still, as far as the last fetch says, and was that lately? */
  has(key: PublishedKey): boolean
}

export interface KeySetOptions {
  readonly issuer: string
  /** Null: the one that the issuer's discovery document names (OpenID Connect Discovery 1.0). */
  readonly url: string | null
  monotonicMs(): number
  onFault(error: unknown): void
}

export function createKeySet(options: KeySetOptions): KeySet {
  let keys: ReadonlyMap<string, PublishedKey> = new Map()
  let fetchedAtMs = Number.NEGATIVE_INFINITY
  let triedAtMs = Number.NEGATIVE_INFINITY
  let fetching: Promise<void> | null = null

  /** One at a time, and after one the cool-down. Never rejects: what was good stays, and gets older. */
  function refresh(): Promise<void> {
    const startedAtMs = options.monotonicMs()
    if (!fetching && startedAtMs - triedAtMs < COOL_DOWN_MS) return Promise.resolve()
    triedAtMs = startedAtMs
    fetching ??= fetchKeys(options, keys)
      .then(
        (fetched) => {
          keys = fetched
          fetchedAtMs = startedAtMs
        },
        (error: unknown) => options.onFault(error),
      )
      .finally(() => {
        fetching = null
      })
    return fetching
  }
  const ageMs = () => options.monotonicMs() - fetchedAtMs

  return {
    async find(kid) {
      if (ageMs() >= STALE_MS || !keys.has(kid)) await refresh()
      if (ageMs() >= STALE_MS)
        throw new WritError("UNAUTHENTICATED", "The token is not accepted: its issuer's keys cannot be read now.")
      return keys.get(kid) ?? null
    },
    has(key) {
      if (ageMs() >= FRESH_MS) void refresh()
      return ageMs() < STALE_MS && keys.get(key.kid) === key
    },
  }
}

async function fetchKeys(
  { issuer, url }: KeySetOptions,
  known: ReadonlyMap<string, PublishedKey>,
): Promise<ReadonlyMap<string, PublishedKey>> {
  const { keys } = (await fetchJson(url ?? (await discover(issuer)))) as { readonly keys?: unknown }
  if (!Array.isArray(keys)) throw new Error("the issuer's key set has no list of keys")
  const found = new Map<string, PublishedKey>()
  const twice = new Set<string>()
  for (const jwk of keys.slice(0, MAX_KEYS) as readonly JWK[]) {
    const algorithm = pinAlgorithm(jwk)
    if (algorithm === null || typeof jwk.kid !== "string") continue
    if (found.has(jwk.kid)) twice.add(jwk.kid)
    const text = JSON.stringify(jwk)
    const before = known.get(jwk.kid)
    // The same key stays the same object, so that what it has verified still counts.
    const kept = before?.text === text ? before : null
    found.set(jwk.kid, kept ?? { kid: jwk.kid, algorithm, key: await importJWK(jwk, algorithm), text })
  }
  for (const kid of twice) found.delete(kid) // which of them is meant nobody can say
  return found
}

async function discover(issuer: string): Promise<string> {
  const at = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`
  const { issuer: said, jwks_uri: url } = (await fetchJson(at)) as {
    readonly issuer?: unknown
    readonly jwks_uri?: unknown
  }
  if (said !== issuer) throw new Error(`${at} is of another issuer`)
  if (typeof url !== "string" || !isFetchable(url)) throw new Error(`${at} names no key set by https`)
  return url
}

async function fetchJson(url: string): Promise<unknown> {
  const answer = await fetch(url, {
    headers: { accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_LIMIT_MS),
  })
  if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}`)
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of answer.body as AsyncIterable<Uint8Array>) {
    bytes += part.length
    if (bytes > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`)
    parts.push(part)
  }
  const value: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"))
  if (typeof value !== "object" || value === null) throw new Error(`${url} answered no JSON object`)
  return value
}

const OF_CURVE: Readonly<Record<string, readonly string[]>> = {
  "P-256": ["ES256"],
  "P-384": ["ES384"],
  "P-521": ["ES512"],
  Ed25519: ["EdDSA", "Ed25519"],
}
const OF_RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]

/** What the key itself says it is for, or the first that its kind allows (RFC 8725 section 3.1). Null: it verifies nothing here. */
export function pinAlgorithm({ kty, crv, alg, use, key_ops, kid, d, k }: JWK): string | null {
  if (kid === undefined || kid === "" || kid.length > MAX_KID_CHARS) return null
  if (use !== undefined && use !== "sig") return null
  if (key_ops !== undefined && !key_ops.includes("verify")) return null
  if (d !== undefined || k !== undefined) return null // a secret that is published is nobody's
  const allowed = kty === "RSA" ? OF_RSA : kty === "EC" || kty === "OKP" ? (OF_CURVE[crv ?? ""] ?? []) : []
  return (alg === undefined ? allowed[0] : allowed.find((one) => one === alg)) ?? null
}
