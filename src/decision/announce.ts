/** What a daemon makes known to all replicas by a record when it starts: its log, its token key. */
import { toBase64Url } from "../formats/bytes.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Actor } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

export interface AnnounceDependencies {
  readonly actor: Actor
  readonly clock: Clock
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
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
  }
}
