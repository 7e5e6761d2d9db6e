/** Which log this daemon writes. */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { emptyRoot } from "../formats/merkle.ts"
import { type CheckpointSigner, type CheckpointSignerOptions, createCheckpointSigner } from "../ledger/checkpointer.ts"
import type { Head } from "../ledger/store.ts"
import type { DataFolder } from "./data-folder.ts"
import type { LogOpener } from "./ledger-writer.ts"
import { createSignerState } from "./signer-state.ts"

export interface OwnLog {
  readonly origin: string
  readonly checkpoints: CheckpointSigner
  readonly head: Head
}

/**
 * The newest log of this name, taken over; where that was closed, one more: NAME, NAME/2, NAME/3 and so on, under one key,
 * each with what was signed of it in a file of its own. Throws DATA_FOLDER_UNFIT.
 */
export async function openLog(
  name: string,
  folder: Pick<DataFolder, "signerStateFile" | "newestLog">,
  signer: CheckpointSignerOptions["signer"],
  writer: LogOpener,
  onClosed: (origin: string) => void,
): Promise<OwnLog> {
  for (let number = folder.newestLog; ; number++) {
    const origin = number === 1 ? name : `${name}/${number}`
    const state = createSignerState(folder.signerStateFile(number))
    const checkpoints = createCheckpointSigner({ origin, signer, state, crypto: nativeCrypto })
    const head = await writer.open(origin, checkpoints.verifierKey, emptyRoot(sha256))
    if (head) return { origin, checkpoints, head }
    onClosed(origin)
  }
}
