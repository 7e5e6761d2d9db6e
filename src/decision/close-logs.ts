/**
 * Logs that nobody writes any more are closed by a record in this daemon's own. In its transaction the other
 * log gets a fence that none can pass, so what the record says of it stays so: who wrote it, and was only slow, appends
 * nothing more.
 */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { SignedState } from "../ledger/checkpointer.ts"
import type { Clock } from "../ledger/clock.ts"
import { type Lease, LeaseWatch } from "../ledger/lease-watch.ts"
import type { LedgerReader } from "../ledger/lineage.ts"
import type { Actor } from "../ledger/record.ts"
import { assertWhole } from "../ledger/restore.ts"
import { verifyCheckpoint } from "../verify/checkpoint.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

export interface CloseLogsDependencies {
  readonly actor: Actor
  readonly clock: Clock
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
  readonly store: Pick<LedgerReader, "tiles" | "records" | "latestCheckpoint">
  /** Of all other logs. */
  leases(): Promise<readonly Lease[]>
  onClosed(lease: Lease): void
  /** Its records are not what was signed, or what its head says: nothing vouches for them, and it stays as it is. */
  onUnsound(lease: Lease, cause: WritError): void
}

/** Called at least every `LEASE_LOOK_MS`. */
export function createCloseLogs(deps: CloseLogsDependencies): () => Promise<void> {
  const watch = new LeaseWatch()
  /** Said once. */
  const unsound = new Set<string>()

  async function close(lease: Lease): Promise<void> {
    const { logId, origin, fence, beat, size, root } = lease
    try {
      await assertWhole(deps.store, lease, await signedOf(lease), sha256)
    } catch (cause) {
      const error = WritError.from(cause)
      if (error.code !== "LEDGER_FROZEN") throw cause
      const name = `${logId} ${fence} ${size}`
      if (!unsound.has(name)) deps.onUnsound(lease, error)
      unsound.add(name)
      return
    }
    const { epoch } = deps.control()
    const data = { log: origin, root: toHex(root), size: String(size) }
    const record = seal(
      { kind: "log_closed", actor: deps.actor, epoch: String(epoch), data },
      null,
      deps.clock.now().wallMs,
    )
    const effects = [{ kind: "close_log", logId, fence, beat, size, root }] as const
    // Stale: the next look tries again. Conflict: it lives after all, or another replica was first.
    const result = await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch: false } })
    if (result.kind === "written") deps.onClosed(lease)
  }

  async function signedOf({ logId, origin, verifierKey }: Lease): Promise<SignedState> {
    const note = await deps.store.latestCheckpoint(logId)
    if (note === null) return { size: 0, root: sha256(new Uint8Array()) }
    const { checkpoint, reason } = verifyCheckpoint({ note, origin, vkey: verifierKey }, nativeCrypto)
    if (!checkpoint) throw new WritError("LEDGER_FROZEN", `Its newest checkpoint does not verify: ${reason}.`)
    return { size: Number(checkpoint.size), root: checkpoint.root }
  }

  return async () => {
    for (const lease of watch.look(await deps.leases(), performance.now())) await close(lease)
  }
}
