/**
 * The bundle of the policy folder (ADR 0020): the first to be active, and replaced by the folder's next one for as long as
 * nobody has activated another. What came by the API is never replaced by a folder.
 */
import { WritError } from "../errors.ts"
import { equalBytes, fromHex, toHex } from "../formats/bytes.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { readBody } from "../ledger/lineage.ts"
import type { Actor } from "../ledger/record.ts"
import type { Opinions } from "../policy/second-opinion.ts"
import type { Policy } from "../policy/types.ts"
import type { Signer } from "../token/signer.ts"
import type { ActiveBundle, BundleStore } from "./bundles.ts"
import { type StorePublication, signBundle } from "./publish-bundle.ts"
import { seal } from "./seal.ts"
import { type ControlState, isActive, outsideWindow } from "./state.ts"

const MAX_ATTEMPTS = 16

export interface FolderBundleDependencies {
  /** The daemon itself. */
  readonly actor: Actor
  readonly clock: Clock
  /** Of this daemon's log. */
  readonly origin: string
  readonly store: BundleStore
  readonly publish: StorePublication
  readonly signer: Signer
  readonly twoPerson: boolean
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

/** `kept`: another bundle stays active, since it did not come from this folder, or since two must agree. */
export type FolderOutcome = "unchanged" | "vouched" | "activated" | "kept"

/** Throws POLICY_INVALID outside of its window. */
export function createFolderBundle(
  deps: FolderBundleDependencies,
): (policy: Policy, opinions: Opinions) => Promise<FolderOutcome> {
  const { store, actor } = deps

  /** May the folder's bundle take this one's place? */
  function mayReplace(active: ActiveBundle | null): boolean {
    if (!active) return true
    const by = readBody(active.record.body).actor
    return !deps.twoPerson && active.record.origin === deps.origin && by?.id === actor.id && by.proof === actor.proof
  }

  return async (policy, opinions) => {
    const digest = fromHex(policy.digest)
    const publish = async () => {
      const signatures = [await signBundle(policy.canonicalBytes, deps.signer)]
      await deps.publish({ checked: { ...policy, opinions }, signatures, comment: "" }, actor)
    }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const state = deps.control() // before what is read: if that is newer, the append finds this stale
      const active = await store.active()
      if (active && equalBytes(active.digest, digest)) {
        if (isActive(state, policy)) return "unchanged"
        await publish() // of another key's bundle this daemon's signature was all that it lacked
        return "vouched"
      }
      if (!mayReplace(active)) return "kept"
      const outside = outsideWindow(policy.window, deps.clock.now().wallMs)
      if (outside) throw new WritError("POLICY_INVALID", `${outside.code}: ${outside.text}`)
      await publish()
      const record = seal(
        {
          kind: "bundle_activated",
          actor,
          epoch: String(state.epoch + 1n),
          data: {
            digest: policy.digest,
            ...(active && { previous: toHex(active.digest) }),
            version: policy.version,
          },
        },
        null,
        deps.clock.now().wallMs,
      )
      const change = { effects: [{ kind: "activate", digest } as const], raisesEpoch: true }
      const result = await deps.ledger.append({ record, epoch: state.epoch, change })
      if (result.kind === "written") return "activated"
      // stale: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }
}
