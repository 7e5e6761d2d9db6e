/** A C2SP tlog-proof: that a leaf stands in a log, under a checkpoint that log and witnesses have signed. */

import type { Crypto } from "../formats/ports.ts"
import { parseTlogProof } from "../formats/tlog-proof.ts"
import { verifyCheckpoint } from "./checkpoint.ts"
import { verifyInclusion } from "./merkle.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { invalid, type TrustedLog, VALID, type Verdict } from "./types.ts"

/** The log and its witnesses are trusted. */
export interface TlogProofInput extends TrustedLog {
  /** Text of the proof: not trusted. */
  readonly proof: string
  /** SHA-256 of 0x00 and the leaf's bytes (RFC 6962 section 2.1). */
  readonly leafHash: Uint8Array
}

/** `index` and `treeSize` when it is valid. */
export function verifyTlogProof(
  { proof: text, leafHash, ...log }: TlogProofInput,
  crypto: Crypto = portableCrypto,
): Verdict & { readonly index?: bigint; readonly treeSize?: bigint } {
  try {
    const { index, proof, checkpoint: note } = parseTlogProof(text)
    const verdict = verifyCheckpoint({ note, ...log }, crypto)
    if (!verdict.checkpoint) return verdict
    const { size: treeSize, root: rootHash } = verdict.checkpoint
    const included = verifyInclusion({ leafIndex: index, treeSize, leafHash, proof, rootHash }, crypto)
    return included.valid ? { ...VALID, index, treeSize } : included
  } catch (error) {
    return invalid("MALFORMED", (error as Error).message)
  }
}
