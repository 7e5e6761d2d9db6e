/** Compiled bundles by their digest: the folder's own, those that were active lately, and those that soon may be. */
import type { Policy } from "../policy/types.ts"

/** Rules of the bundles that are kept for a rollback, the newest of which always is. */
const MAX_KEPT_RULES = 100_000
const MAX_KEPT = 8

export interface PoliciesDependencies {
  /** The canonical bytes that are stored under this digest. */
  readBundle(digest: string): Promise<Uint8Array | null>
  /** Null: no bundle. */
  compile(content: Uint8Array): Promise<Policy | null>
  onFault(error: unknown, digest: string): void
}

export interface Policies {
  /** The stored bundle of this digest, or null. Rejects where it could not be read or compiled, and may be asked again. */
  get(digest: string): Promise<Policy | null>
  /** What `get` would answer without reading anything; undefined: it would have to read. */
  peek(digest: string): Promise<Policy | null> | undefined
  /** What was compiled from elsewhere. */
  put(policy: Policy): void
}

export function createPolicies({ readBundle, compile, onFault }: PoliciesDependencies): Policies {
  /** The most lately used last. */
  const known = new Map<string, { readonly policy: Promise<Policy | null>; rules: number }>()

  function keep(digest: string, policy: Promise<Policy | null>, rules: number): void {
    known.delete(digest)
    known.set(digest, { policy, rules })
    let sum = 0
    for (const entry of known.values()) sum += entry.rules
    for (const [oldest, entry] of known) {
      if (oldest === digest || (sum <= MAX_KEPT_RULES && known.size <= MAX_KEPT)) return
      known.delete(oldest)
      sum -= entry.rules
    }
  }

  async function load(digest: string): Promise<Policy | null> {
    try {
      const content = await readBundle(digest)
      const policy = content && (await compile(content))
      if (!content) known.delete(digest)
      else if (known.has(digest)) keep(digest, Promise.resolve(policy), policy?.ruleCount ?? 0)
      return policy
    } catch (error) {
      known.delete(digest)
      onFault(error, digest)
      throw error
    }
  }

  function peek(digest: string): Promise<Policy | null> | undefined {
    const entry = known.get(digest)
    if (entry) keep(digest, entry.policy, entry.rules)
    return entry?.policy
  }

  return {
    get(digest) {
      const known = peek(digest)
      if (known) return known
      const policy = load(digest)
      keep(digest, policy, 0)
      return policy
    },
    peek,
    put(policy) {
      keep(policy.digest, Promise.resolve(policy), policy.ruleCount)
    },
  }
}
