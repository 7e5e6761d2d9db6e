/** A C2SP tlog-checkpoint: parsed, its origin compared, its signature verified under a key from outside. */
import { utf8 } from "../formats/bytes.ts"
import { type Checkpoint, parseCheckpoint } from "../formats/checkpoint.ts"
import type { Crypto } from "../formats/ports.ts"
import { parseNote, parseVerifierKey, signaturesBy } from "../formats/signed-note.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { verifySignature } from "./signature.ts"
import { invalid, VALID, type Verdict } from "./types.ts"

export interface CheckpointVerdict extends Verdict {
  readonly checkpoint?: Checkpoint
}

/** `vkey` is trusted; `note` is not. The origin must be the key's name. */
export function verifyCheckpoint(
  input: { readonly note: string; readonly origin: string; readonly vkey: string },
  crypto: Crypto = portableCrypto,
): CheckpointVerdict {
  try {
    const note = parseNote(input.note)
    const checkpoint = parseCheckpoint(note.text)
    const key = parseVerifierKey(crypto.sha256, input.vkey)
    if (checkpoint.origin !== input.origin || key.name !== input.origin)
      return invalid("WRONG_ORIGIN", "the checkpoint is of another log")
    const signatures = signaturesBy(note, key)
    if (signatures.length === 0) return invalid("UNKNOWN_KEY", "the checkpoint has no signature by the trusted key")
    if (!signatures.every((signature) => verifySignature(crypto, key.publicKey, utf8(note.text), signature)))
      return invalid("SIGNATURE_WRONG", "the checkpoint's signature does not verify")
    return { ...VALID, checkpoint }
  } catch (error) {
    return invalid("MALFORMED", (error as Error).message)
  }
}
