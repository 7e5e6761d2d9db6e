/** A C2SP tlog-proof: that a leaf stands in a log, under a checkpoint that log and witnesses have signed. */

import type { Crypto } from "../formats/ports.ts"
import { parseNote } from "../formats/signed-note.ts"
import { parseTlogProof } from "../formats/tlog-proof.ts"
import { verifyCheckpoint } from "./checkpoint.ts"
import { cosignaturesOf } from "./cosignatures.ts"
import { verifyInclusion } from "./merkle.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { invalid, VALID, type Verdict } from "./types.ts"

export interface TlogProofInput {
  /** Text of the proof: not trusted. */
  readonly proof: string
  /** SHA-256 of 0x00 and the leaf's bytes (RFC 6962 section 2.1). */
  readonly leafHash: Uint8Array
  readonly origin: string
  /** The log's verifier key: trusted. */
  readonly vkey: string
  /** Witnesses' verifier keys, and how many have to vouch for the checkpoint. */
  readonly witnesses?: { readonly vkeys: readonly string[]; readonly quorum: number }
}

/** `index` and `treeSize` when it is valid. */
export function verifyTlogProof(
  { proof: text, leafHash, origin, vkey, witnesses }: TlogProofInput,
  crypto: Crypto = portableCrypto,
): Verdict & { readonly index?: bigint; readonly treeSize?: bigint } {
  try {
    const { index, proof, checkpoint: note } = parseTlogProof(text)
    const verdict = verifyCheckpoint({ note, origin, vkey }, crypto)
    if (!verdict.checkpoint) return verdict
    const { size: treeSize, root: rootHash } = verdict.checkpoint
    if (witnesses) {
      const { vkeys, quorum } = witnesses
      const count = cosignaturesOf(parseNote(note), vkeys, crypto).length
      if (count < quorum)
        return invalid(
          "COSIGNATURES_LACKING",
          `${count} of the trusted witnesses vouch for the checkpoint, and ${quorum} have to`,
        )
    }
    const included = verifyInclusion({ leafIndex: index, treeSize, leafHash, proof, rootHash }, crypto)
    return included.valid ? { ...VALID, index, treeSize } : included
  } catch (error) {
    return invalid("MALFORMED", (error as Error).message)
  }
}
