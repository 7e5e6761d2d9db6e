/** The default primitives of `writ/verify`: @noble, the same in Node and in browsers. */
import * as ed25519 from "@noble/ed25519"
import { sha256 as nobleSha256, sha512 } from "@noble/hashes/sha2.js"
import { concatBytes, equalBytes } from "../formats/bytes.ts"
import { L, littleEndian } from "../formats/ed25519-keys.ts"
import type { Crypto } from "../formats/ports.ts"

const { Point } = ed25519

export const portableCrypto: Crypto = {
  sha256: (data) => nobleSha256(data),
  /** Not noble's `verify`: that multiplies by the cofactor, so the owner of a key could make a signature that only we take. */
  ed25519Verify(publicKey, message, signature) {
    const r = signature.subarray(0, 32)
    const s = littleEndian(signature.subarray(32))
    const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % L
    try {
      const expected = Point.BASE.multiply(s, false).subtract(Point.fromBytes(publicKey).multiply(k, false))
      return equalBytes(expected.toBytes(), r)
    } catch {
      return false // not a point on the curve
    }
  },
}
