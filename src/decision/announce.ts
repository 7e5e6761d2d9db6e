/** What a daemon makes known to all replicas by a record when it starts or its policy changes: its log, its token key, its bundle. */
import { sha256 } from "../crypto.ts"
import { fromHex, toBase64, toBase64Url, toHex } from "../formats/bytes.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Actor } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import type { Policy } from "../policy/types.ts"
import type { Signer } from "../token/signer.ts"
import { bundleSigningInput } from "./control.ts"
import { seal } from "./seal.ts"
import { type ControlState, isActive } from "./state.ts"

export interface AnnounceDependencies {
  readonly actor: Actor
  readonly clock: Clock
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
  /** Null: the bundle is not stored. Else: whether this key has signed it. */
  findBundle(digest: Uint8Array, publicKey: Uint8Array): Promise<{ readonly signed: boolean } | null>
}

export function createAnnounce(deps: AnnounceDependencies) {
  type Body = Omit<Parameters<typeof seal>[0], "actor" | "epoch">
  async function change(body: Body, effects: readonly Effect[], raisesEpoch: boolean): Promise<void> {
    for (;;) {
      const { epoch } = deps.control()
      const record = seal(
        { ...body, actor: deps.actor, epoch: String(raisesEpoch ? epoch + 1n : epoch) },
        null,
        deps.clock.now().wallMs,
      )
      const result = await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch } })
      if (result.kind === "written") return
    }
  }

  return {
    async logOpened(origin: string, verifierKey: string): Promise<void> {
      await change({ kind: "log_opened", data: { origin, verifier_key: verifierKey } }, [], false)
    },

    async tokenKey(kid: string, publicKey: Uint8Array, issuer: string): Promise<void> {
      const data = { kid, public_key: toBase64Url(publicKey), use: "token", issuer, state: "published" }
      await change({ kind: "signing_key_changed", data }, [{ kind: "token_key", kid, publicKey, issuer }], true)
    },

    /** Signs the bundle and makes it the active one. False when it is that already. */
    async bundle(policy: Policy, signer: Signer): Promise<boolean> {
      if (isActive(deps.control(), policy)) return false
      const digest = fromHex(policy.digest)
      const { publicKey } = signer
      const signature = signer.sign(bundleSigningInput(policy.canonicalBytes))
      const known = await deps.findBundle(digest, publicKey)
      const effects: Effect[] = [
        ...(known ? [] : [{ kind: "bundle", digest, content: policy.canonicalBytes } as const]),
        ...(known?.signed ? [] : [{ kind: "bundle_signature", digest, publicKey, signature } as const]),
        { kind: "activate", digest },
      ]
      const data = {
        digest: policy.digest,
        version: policy.version,
        rules: policy.ruleCount,
        signed_by: toBase64(publicKey),
        signature: toBase64(signature),
        content_sha256: toHex(sha256(policy.canonicalBytes)),
      }
      await change({ kind: "bundle_activated", data }, effects, true)
      return true
    },
  }
}
