/** Asked once, before a signer is used: is it the key that it says it is? */
import { randomBytes } from "node:crypto"
import { nativeCrypto } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { concatBytes, equalBytes, utf8 } from "../formats/bytes.ts"
import { parsePublicKey, parseSignature } from "../formats/ed25519-keys.ts"
import type { Signer } from "./signer.ts"

/** No token, checkpoint, envelope or proof begins so: what is signed here is good for nothing else. */
const PROBE = utf8("writ/signer-check/v1\n")

/** Throws DATA_FOLDER_UNFIT, saying which key. */
export function assertSigns<S extends Pick<Signer, "publicKey" | "sign">>(signer: S, use: string): S {
  const message = concatBytes(PROBE, randomBytes(32))
  const signature = Uint8Array.from(signer.sign(message))
  const key = parsePublicKey(signer.publicKey)
  const parsed = parseSignature(signature)
  if (!key || !parsed || !nativeCrypto.ed25519Verify(key, message, parsed))
    throw new WritError("DATA_FOLDER_UNFIT", `The ${use} key signs nothing that its public key verifies.`)
  if (!equalBytes(signer.sign(message), signature))
    throw new WritError("DATA_FOLDER_UNFIT", `The ${use} key signs the same bytes differently each time.`)
  return signer
}
