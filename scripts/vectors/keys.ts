/** Keys of the vectors: seeds that anyone can compute, so that every file comes out the same again. Never use them. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto"

export interface VectorKey {
  /** 32 bytes. */
  readonly publicKey: Buffer
  sign(message: string | Uint8Array): Buffer
}

export function vectorKey(name: string): VectorKey {
  const seed = createHash("sha256").update(`writ vector key ${name}`).digest()
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]) // RFC 8410
  const privateKey: KeyObject = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" })
  return {
    publicKey: spki.subarray(spki.length - 32),
    sign: (message) => sign(null, Buffer.from(message), privateKey),
  }
}

/** The identity as a key, and a signature that lax verifiers take under it for every message: R = B, S = 1. */
export const WEAK_KEY = Buffer.from(`01${"00".repeat(31)}`, "hex")
export const WEAK_SIGNATURE = Buffer.from(`58${"66".repeat(31)}01${"00".repeat(31)}`, "hex")

export const sha256 = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest()
