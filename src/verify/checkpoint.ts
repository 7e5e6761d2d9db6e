/** A C2SP tlog-checkpoint: parsed, its origin compared, its signature verified under a key from outside, its witnesses counted. */
import { utf8 } from "../formats/bytes.ts"
import { type Checkpoint, parseCheckpoint } from "../formats/checkpoint.ts"
import type { Crypto } from "../formats/ports.ts"
import { parseNote, parseVerifierKey, signaturesBy } from "../formats/signed-note.ts"
import { cosignaturesOf } from "./cosignatures.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { verifySignature } from "./signature.ts"
import { invalid, type TrustedLog, VALID, type Verdict, type Witnesses } from "./types.ts"

export interface CheckpointVerdict extends Verdict {
  readonly checkpoint?: Checkpoint
  /** How many of the trusted witnesses vouch for it; null where none are named. */
  readonly cosignatures?: number | null
}

/** `note` is not trusted; everything else is. The origin must be the key's name. */
export function verifyCheckpoint(
  input: Omit<TrustedLog, "witnesses"> & { readonly note: string; readonly witnesses?: Witnesses | undefined },
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
    const { witnesses } = input
    if (!witnesses) return { ...VALID, checkpoint, cosignatures: null }
    const cosignatures = cosignaturesOf(note, witnesses.vkeys, crypto).length
    if (!(cosignatures >= witnesses.quorum))
      return invalid(
        "COSIGNATURES_LACKING",
        `${cosignatures} of the trusted witnesses vouch for the checkpoint, and ${witnesses.quorum} have to`,
      )
    return { ...VALID, checkpoint, cosignatures }
  } catch (error) {
    return invalid("MALFORMED", (error as Error).message)
  }
}
