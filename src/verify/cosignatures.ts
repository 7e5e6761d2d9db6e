/** Which witnesses vouch for a checkpoint: C2SP tlog-cosignature, Ed25519. */
import { toHex } from "../formats/bytes.ts"
import { cosignedMessage, decodeCosignature } from "../formats/cosignature.ts"
import type { Crypto } from "../formats/ports.ts"
import {
  ED25519_COSIGNATURE,
  type NoteSignature,
  parseVerifierKey,
  type SignedNote,
  signaturesBy,
} from "../formats/signed-note.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { verifySignature } from "./signature.ts"

/**
 * Of these keys (`NAME+HASH+KEY`, algorithm 0x04) the cosignatures of the note that verify, one of each, whatever names it
 * goes by; what others have added is passed over. Throws INVALID_REQUEST on a key that is none.
 */
export function cosignaturesOf(
  note: SignedNote,
  vkeys: readonly string[],
  crypto: Crypto = portableCrypto,
): NoteSignature[] {
  const counted = new Set<string>()
  return vkeys.flatMap((vkey) => {
    const key = parseVerifierKey(crypto.sha256, vkey, ED25519_COSIGNATURE)
    const id = toHex(key.publicKey)
    if (counted.has(id)) return []
    const found = signaturesBy(note, key).find((bytes) => {
      const cosignature = decodeCosignature(bytes)
      return (
        cosignature !== null &&
        verifySignature(crypto, key.publicKey, cosignedMessage(cosignature.time, note.text), cosignature.signature)
      )
    })
    if (!found) return []
    counted.add(id)
    return [{ name: key.name, keyHash: key.keyHash, signature: found }]
  })
}
