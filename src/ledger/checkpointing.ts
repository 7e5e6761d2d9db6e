/** Signs what the log holds now and stores it: one at a time, off the append's path. */
import { WritError } from "../errors.ts"
import type { Sha256 } from "../formats/ports.ts"
import type { Appender } from "./appender.ts"
import type { CheckpointSigner } from "./checkpointer.ts"
import type { LineageStore } from "./lineage.ts"
import { buildConsistencyProof } from "./proofs.ts"

export interface CheckpointingOptions {
  readonly logId: number
  readonly appender: Pick<Appender, "size" | "tree" | "freeze">
  readonly signer: CheckpointSigner
  readonly store: Pick<LineageStore, "tiles" | "checkpoint"> & {
    putCheckpoint(logId: number, size: number, note: string): Promise<void>
  }
  readonly sha256: Sha256
}

/** When a call resolves, a stored checkpoint covers all that the log held when it was made. A signer that refuses freezes the log. */
export function createCheckpointing({ logId, appender, signer, store, sha256 }: CheckpointingOptions) {
  let signing: Promise<void> | null = null

  async function sign(): Promise<void> {
    const { size } = appender
    const root = appender.tree.root()
    const { last } = signer
    if (size === 0 || (last?.size === size && (await store.checkpoint(logId, size, size)) !== null)) return
    try {
      const proof =
        last && last.size > 0 && last.size < size
          ? await buildConsistencyProof(store.tiles(logId), sha256, last.size, size)
          : []
      await store.putCheckpoint(logId, size, await signer.sign({ size, root }, proof))
    } catch (error) {
      if (WritError.from(error).code === "LEDGER_FROZEN") appender.freeze(error)
      throw error
    }
  }

  return async (): Promise<void> => {
    await signing // it may have begun before what the caller waits for
    signing ??= sign().finally(() => {
      signing = null
    })
    await signing
  }
}
