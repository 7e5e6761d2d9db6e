/** The default primitives of `writ/verify`: @noble, the same in Node and in browsers. */
import * as ed25519 from "@noble/ed25519"
import { sha256 as nobleSha256, sha512 } from "@noble/hashes/sha2.js"
import type { Crypto } from "../formats/ports.ts"

ed25519.hashes.sha512 = sha512

export const portableCrypto: Crypto = {
  sha256: (data) => nobleSha256(data),
  ed25519Verify(publicKey, message, signature) {
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false }) // RFC 8032, strict
    } catch {
      return false // not a point on the curve
    }
  },
}
