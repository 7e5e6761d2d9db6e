/** Decides recorded requests again, with the bundles that it was asked for lately. */
import { sha256 } from "../crypto.ts"
import { loadCanonicalPolicy } from "../policy/load.ts"
import { type DecisionRecord, readDecisionLeaf } from "./recorded-decision.ts"
import {
  type AskOpinion,
  type LoadedBundle,
  type ReplayedDecision,
  tellReplay,
  toLoadedBundle,
} from "./replayed-decision.ts"

/** Compiled bundles; the one that was not asked for longest gives way. */
const MAX_BUNDLES = 4

export class Replayer {
  readonly #contentOf: (digest: string) => Promise<Uint8Array | null>
  readonly #ask: AskOpinion
  readonly #bundles = new Map<string, Promise<LoadedBundle | null>>()

  /** `contentOf`: canonical bytes by digest; null: they are not stored. */
  constructor(contentOf: (digest: string) => Promise<Uint8Array | null>, ask: AskOpinion) {
    this.#contentOf = contentOf
    this.#ask = ask
  }

  put(bundle: LoadedBundle): void {
    this.#keep(bundle.policy.digest, Promise.resolve(bundle))
  }

  /** In the order of the records. `candidate`: digest of the bundle to decide by instead; null when that is not to be had. */
  async replay(records: readonly DecisionRecord[], candidate: string | null): Promise<ReplayedDecision[] | null> {
    const other = candidate === null ? undefined : await this.#bundleOf(candidate)
    if (other === null) return null
    const decisions: ReplayedDecision[] = []
    for (const record of records) {
      const deciding = readDecisionLeaf(record.body)?.data.bundle_digest
      decisions.push(tellReplay(record, deciding ? await this.#bundleOf(deciding) : null, other, this.#ask))
    }
    return decisions
  }

  /** Null when it is not stored, or not as it was; then, and when it cannot be read, it may be asked for again. */
  #bundleOf(digest: string): Promise<LoadedBundle | null> {
    const found = this.#bundles.get(digest) ?? this.#load(digest)
    this.#keep(digest, found)
    return found
  }

  async #load(digest: string): Promise<LoadedBundle | null> {
    try {
      const content = await this.#contentOf(digest)
      const loaded = content && loadCanonicalPolicy(content, sha256)
      if (loaded?.ok && loaded.policy.digest === digest) return toLoadedBundle(loaded)
    } catch (error) {
      this.#bundles.delete(digest)
      throw error
    }
    this.#bundles.delete(digest)
    return null
  }

  #keep(digest: string, bundle: Promise<LoadedBundle | null>): void {
    this.#bundles.delete(digest)
    this.#bundles.set(digest, bundle) // last in the order
    const [oldest] = this.#bundles.keys()
    if (this.#bundles.size > MAX_BUNDLES && oldest !== undefined) this.#bundles.delete(oldest)
  }
}
