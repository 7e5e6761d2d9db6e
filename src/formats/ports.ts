/** The two primitives that the pure folders take as parameters: daemon, browser and tests each bring their own. */

/** SHA-256 (FIPS 180-4): any number of bytes to 32 bytes. Must not keep or change its argument. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/**
 * Ed25519 verification by RFC 8032's cofactorless equation, [S]B = R + [k]A, as OpenSSL and libsodium do: the cofactored
 * one takes signatures that these refuse. Callers have passed the key through `parsePublicKey` and
 * the signature through `parseSignature` first, so implementations may be as lax as node:crypto is.
 * Answers false for what does not verify; never throws on 32-byte keys and 64-byte signatures.
 */
export type Ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

/** What a verifier needs; `src/verify` binds @noble, the daemon may bind node:crypto or sodium. */
export interface Crypto {
  readonly sha256: Sha256
  readonly ed25519Verify: Ed25519Verify
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}
