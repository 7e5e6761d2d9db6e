/** The daemon's binding of the pure folders' primitives: OpenSSL for SHA-256, libsodium or OpenSSL for Ed25519. */
import * as crypto from "node:crypto"
import { createRequire } from "node:module"
import { uuidOfHex } from "./formats/bytes.ts"
import type { Crypto } from "./formats/ports.ts"

interface Sodium {
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean
  crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void
}

function loadSodium(): Sodium | null {
  try {
    return createRequire(import.meta.url)("sodium-native") as Sodium
  } catch {
    return null // an optional dependency: node:crypto does the same, a little slower
  }
}

/** libsodium where its prebuilt binary loads, else null. */
export const sodium = loadSodium()
/** For a thread that loads it too. */
export const sodiumFile = sodium && createRequire(import.meta.url).resolve("sodium-native")

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Of a text's UTF-8, lower-case hex. */
export function sha256Hex(text: string): string {
  return crypto.hash("sha256", text, "hex")
}

/** Of a text's SHA-256. */
export function uuidOfText(text: string): string {
  return uuidOfHex(sha256Hex(text))
}

/** Of a text's UTF-8. */
export function sha256OfText(text: string): Uint8Array {
  return Buffer.from(crypto.hash("sha256", text, "binary"), "latin1")
}

/** By way of a text, since a Buffer that OpenSSL makes costs twice as much as one from Node's pool. */
export function sha256(data: Uint8Array): Uint8Array {
  return Buffer.from(crypto.hash("sha256", data, "binary"), "latin1")
}

/** The same of megabytes, while the caller's thread does something else. */
export async function sha256OfLong(data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data))
}

const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex") // RFC 8410

export function publicKeyObject(publicKey: Uint8Array): crypto.KeyObject {
  return crypto.createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: "der", type: "spki" })
}

function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (sodium) return sodium.crypto_sign_verify_detached(asBuffer(signature), asBuffer(message), asBuffer(publicKey))
  return crypto.verify(null, message, publicKeyObject(publicKey), signature)
}

export const nativeCrypto: Crypto = { sha256, ed25519Verify }
