/** The daemon's token keys, kept for a while and fetched anew: never more than one fetch at a time, never one after another. */
import type { TokenJwk } from "../verify/types.ts"

const MAX_KEYS = 64

export interface KeySetOptions {
  /** The JSON of an RFC 7517 key set. */
  fetch(): Promise<unknown>
  /** A set of this age is fetched anew before it is used. */
  readonly maxAgeMs: number
  /** As long as fetching fails, the last good set serves up to this age; after that there are no keys. */
  readonly maxStaleMs: number
  /** Between the end of one fetch and the next, whoever asks. */
  readonly cooldownMs: number
  /** Monotonic milliseconds. */
  nowMs(): number
}

export interface KeySet {
  /** The keys to use now; null: there are none that may be used. Never rejects. */
  current(): Promise<readonly TokenJwk[] | null>
  /** After a key was not found in `than`: another set, or null when there is none now. Never rejects. */
  newer(than: readonly TokenJwk[]): Promise<readonly TokenJwk[] | null>
  /** Why the last fetch failed; null when it did not. */
  readonly failure: Error | null
}

export function createKeySet(options: KeySetOptions): KeySet {
  const { nowMs } = options
  let good: { readonly keys: readonly TokenJwk[]; readonly askedAtMs: number } | null = null
  let failure: Error | null = null
  let triedAtMs = Number.NEGATIVE_INFINITY
  let flight: Promise<void> | null = null

  /** Joins the fetch that is under way; does nothing when the last one was a moment ago. */
  async function refresh(): Promise<void> {
    if (!flight && nowMs() - triedAtMs < options.cooldownMs) return
    flight ??= fetchOnce().finally(() => {
      triedAtMs = nowMs()
      flight = null
    })
    await flight
  }

  async function fetchOnce(): Promise<void> {
    const askedAtMs = nowMs() // the set is as old as the question
    try {
      good = { keys: readKeys(await options.fetch()), askedAtMs }
      failure = null
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
    }
  }

  const ageMs = () => (good ? nowMs() - good.askedAtMs : Number.POSITIVE_INFINITY)
  return {
    get failure() {
      return failure
    },
    async current() {
      if (ageMs() >= options.maxAgeMs) await refresh()
      return good && ageMs() < options.maxStaleMs ? good.keys : null
    },
    async newer(than) {
      if (good?.keys === than) await refresh()
      return good && good.keys !== than ? good.keys : null
    },
  }
}

/** Keys for Ed25519 signatures; whatever else the set holds is not ours. Throws when there is none. */
export function readKeys(document: unknown): readonly TokenJwk[] {
  const { keys } = (document ?? {}) as { readonly keys?: unknown }
  if (!Array.isArray(keys)) throw new Error("what was fetched is not a key set (RFC 7517)")
  if (keys.length > MAX_KEYS) throw new Error(`the key set holds more than ${MAX_KEYS} keys`)
  const ours = keys.filter(
    (key): key is TokenJwk =>
      typeof key === "object" &&
      key !== null &&
      key.kty === "OKP" &&
      key.crv === "Ed25519" &&
      typeof key.kid === "string" &&
      typeof key.x === "string" &&
      (key.use === undefined || key.use === "sig"),
  )
  if (ours.length === 0) throw new Error("the key set holds no Ed25519 key")
  return ours
}
