/** Signs what the log holds now and stores it: one at a time, off the append's path. */
import { WritError } from "../errors.ts"
import type { Sha256 } from "../formats/ports.ts"
import type { Appender } from "./appender.ts"
import type { CheckpointSigner } from "./checkpointer.ts"
import type { Cosign, Cosigned } from "./cosigning.ts"
import type { LedgerReader } from "./lineage.ts"
import { buildConsistencyProof } from "./proofs.ts"

export interface CheckpointingOptions {
  readonly logId: number
  readonly appender: Pick<Appender, "size" | "tree" | "freeze">
  readonly signer: CheckpointSigner
  readonly store: Pick<LedgerReader, "tiles" | "checkpoint" | "putCheckpoint" | "putCosigned">
  readonly sha256: Sha256
  /** Adds what witnesses say, of whom so many have to cosign; absent: there are none. */
  readonly witnesses?: { readonly cosign: Cosign; readonly quorum: number }
}

export interface Checkpointing {
  /** When it resolves, a stored checkpoint covers all that the log held when it was called. A signer that refuses freezes the log. */
  sign(): Promise<void>
  /** The newest, with the cosignatures that came since it was stored; null before the first. */
  readonly newest: (Cosigned & { readonly size: number }) | null
}

export function createCheckpointing(options: CheckpointingOptions): Checkpointing {
  const { logId, appender, signer, store, sha256, witnesses } = options
  let signing: Promise<void> | null = null
  let newest: Checkpointing["newest"] = null
  let isAsking = false
  /** Of checkpoints that have their quorum: one after the other, so that sizes only rise (ADR 0029). */
  let storing: Promise<void> = Promise.resolve()

  async function withCosignatures(note: string, size: number): Promise<NonNullable<typeof newest>> {
    return { size, ...(witnesses ? await witnesses.cosign(note, size) : { note, count: 0 }) }
  }

  async function storeIfCosigned({ size, note, count }: NonNullable<typeof newest>): Promise<void> {
    if (!witnesses || count < witnesses.quorum) return
    storing = storing.catch(() => {}).then(() => store.putCosigned(logId, size, note))
    await storing
  }

  /** Null: it was signed, and then not stored. */
  async function knownOf(size: number): Promise<typeof newest> {
    if (newest?.size === size) return newest
    const note = await store.checkpoint(logId, size, size)
    return note === null ? null : { size, note, count: 0 }
  }

  /** Nobody waits for it. */
  function askAgain(asked: NonNullable<typeof newest>): void {
    if (isAsking) return
    isAsking = true
    void withCosignatures(asked.note, asked.size)
      .then(async (cosigned) => {
        await storeIfCosigned(cosigned)
        if (newest === asked) newest = cosigned
      })
      .catch(() => {}) // it could not be stored: they are asked again
      .finally(() => {
        isAsking = false
      })
  }

  async function sign(): Promise<void> {
    const { size } = appender
    const root = appender.tree.root()
    const { last } = signer
    if (size === 0) return
    const known = last?.size === size ? await knownOf(size) : null
    if (known) {
      newest = known
      if (witnesses && known.count < witnesses.quorum) askAgain(known)
      return
    }
    try {
      const proof =
        last && last.size > 0 && last.size < size
          ? await buildConsistencyProof(store.tiles(logId), sha256, last.size, size)
          : []
      const signed = await withCosignatures(await signer.sign({ size, root }, proof), size)
      await store.putCheckpoint(logId, size, signed.note) // what is stored of a size never changes: evidence is the same bytes always
      await storeIfCosigned(signed)
      newest = signed
    } catch (error) {
      if (WritError.from(error).code === "LEDGER_FROZEN") appender.freeze(error)
      throw error
    }
  }

  return {
    async sign() {
      await signing // it may have begun before what the caller waits for
      signing ??= sign().finally(() => {
        signing = null
      })
      await signing
    },
    get newest() {
      return newest
    },
  }
}
