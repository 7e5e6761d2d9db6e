/**
 * Published bundles that are not active, for whoever asks what they would decide. The thread that compiles also compiles
 * what is activated, so it is given one of these at a time, and the last few are kept.
 */
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import type { Policy } from "../policy/types.ts"
import type { CheckTrust } from "./bundle-trust.ts"
import { type BundleStore, bundleNotFound } from "./bundles.ts"
import { createPolicies, type Policies } from "./policies.ts"
import type { ActivePolicy } from "./state.ts"
import { createTurns } from "./turns.ts"

/** Who waits for a bundle to be compiled; beyond it, refused. */
const MAX_WAITING = 8

export interface PublishedDependencies {
  readonly store: Pick<BundleStore, "find" | "content">
  /** What is compiled for activation, or was active lately: not compiled once more. */
  readonly activated: Pick<Policies, "peek">
  /** Null: no bundle. */
  compile(content: Uint8Array): Promise<Policy | null>
  readonly checkTrust: CheckTrust
}

/**
 * The bundle as it would be if it were active. Throws NOT_FOUND; POLICY_INVALID for what is no bundle; QUEUE_FULL;
 * DEADLINE_EXCEEDED after `limitMs`: it is compiled on, and kept for who asks again.
 */
export type FindPublished = (digest: string, limitMs: number) => Promise<ActivePolicy>

export function createFindPublished({ store, activated, compile, checkTrust }: PublishedDependencies): FindPublished {
  const inTurn = createTurns()
  let waiting = 0
  const compiled = createPolicies({
    readBundle: (digest) => store.content(fromHex(digest)),
    compile,
    onFault: () => {}, // whoever asked is told
  })

  async function find(digest: string): Promise<ActivePolicy> {
    const stored = await store.find(fromHex(digest))
    if (!stored) throw bundleNotFound(fromHex(digest))
    const known = activated.peek(digest) ?? compiled.peek(digest)
    const policy = await (known ?? inTurn(() => compiled.get(digest)))
    if (!policy) throw new WritError("POLICY_INVALID", "What is stored under this digest is no bundle.")
    return { policy, problems: await checkTrust(policy, digest, stored.signatures) }
  }

  return async (digest, limitMs) => {
    if (waiting >= MAX_WAITING) throw new WritError("QUEUE_FULL")
    waiting++
    const found = find(digest).finally(() => waiting--)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const passed = new WritError("DEADLINE_EXCEEDED", "The bundle is still compiled. Ask again.")
      timer = setTimeout(() => reject(passed), limitMs)
    })
    return await Promise.race([found, late]).finally(() => clearTimeout(timer))
  }
}
