/** The one verification rule (DESIGN section 6): key and signature canonical, neither of small order, S < L. */
import { parsePublicKey, parseSignature } from "../formats/ed25519-keys.ts"
import type { Crypto } from "../formats/ports.ts"

export function verifySignature(
  crypto: Crypto,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = parsePublicKey(publicKey)
  const parsed = parseSignature(signature)
  return key !== null && parsed !== null && crypto.ed25519Verify(key, message, parsed)
}
