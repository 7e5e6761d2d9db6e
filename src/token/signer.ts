/** Who signs. One method, so that a KMS or HSM can stand behind it; the adapters here hold the key in memory. */
import * as crypto from "node:crypto"
import { promisify } from "node:util"
import { asBuffer, sodium } from "../crypto.ts"

/**
 * `sign` answers the 64-byte Ed25519 signature (RFC 8032, pure) of exactly these bytes under `publicKey` (32 bytes), or
 * throws. It must be deterministic: a repeated request gets the same token again.
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
