/** Who signs. The adapter here holds the key of a file in memory; one for PKCS#11 or a KMS has to keep the same contract. */
import * as crypto from "node:crypto"
import { promisify } from "node:util"
import { asBuffer, sodium } from "../crypto.ts"

/**
 * What an adapter guarantees (docs/keys.md says why; `test/support/signer-contract.ts` holds an adapter to it):
 * - `publicKey`: 32 bytes, canonical and of large order, the same for the life of the object, and known without asking
 *   whoever holds the private key: it is what was published. `assertSigns` compares once, before anything is signed.
 * - `sign`: the 64-byte Ed25519 signature (RFC 8032 section 5.1, pure: no prehash, no context) of exactly these bytes under
 *   that key, canonical (S < L). The same bytes get the same signature: a repeated request gets its token again, and a size
 *   of a log is signed once.
 * - It reads `message` before it returns and never afterwards, changes nothing in it, and signs nothing that it was not
 *   asked for. What it answers is the caller's alone.
 * - It throws rather than answer anything else: no key, no session, no permission, too late. Nobody signs in its place.
 * - It never waits without a limit. The event loop stands still meanwhile, so a token's has to come within 100 µs.
 */
export interface Signer {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
  /** The same, while the caller's thread does something else: of megabytes. */
  signLong(message: Uint8Array): Promise<Uint8Array>
}

const signApart = promisify(crypto.sign)
const PKCS8_PREFIX_BYTES = 16 // RFC 8410: the 32-byte seed follows

/** The private key as libsodium has it: seed, then public key. */
export function sodiumKey(privateKey: crypto.KeyObject): Uint8Array {
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(PKCS8_PREFIX_BYTES)
  return Buffer.concat([seed, rawPublicKey(privateKey)])
}

/** libsodium if it loads (23 µs a signature), else node:crypto (54 µs). */
export function createSigner(privateKey: crypto.KeyObject, native: typeof sodium = sodium): Signer {
  const publicKey = rawPublicKey(privateKey)
  const signLong = (message: Uint8Array) => signApart(null, message, privateKey)
  if (!native) return { publicKey, sign: (message) => crypto.sign(null, message, privateKey), signLong }
  const { crypto_sign_detached } = native
  const secretKey = asBuffer(sodiumKey(privateKey))
  return {
    publicKey,
    signLong,
    sign(message) {
      const signature = Buffer.allocUnsafe(64)
      crypto_sign_detached(signature, asBuffer(message), secretKey)
      return signature
    },
  }
}

/** 32 bytes. */
export function rawPublicKey(key: crypto.KeyObject): Uint8Array {
  const der = crypto.createPublicKey(key).export({ format: "der", type: "spki" })
  return new Uint8Array(der.subarray(der.length - 32))
}
