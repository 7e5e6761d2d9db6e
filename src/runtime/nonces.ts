/**
 * Nonces that nobody stores: time ‖ HMAC-SHA-256 over what the nonce is for and that time, by a key that all replicas
 * share. 8 bytes of Unix milliseconds, big-endian, then 16 bytes.
 */
import { timingSafeEqual } from "node:crypto"
import { sha256 } from "../crypto.ts"

export const NONCE_BYTES = 24
const TIME_BYTES = 8
/** Replicas' clocks may differ by this much. */
const MAX_AHEAD_MS = 5_000

export interface Nonces {
  /** `purpose` names everything that the nonce is good for; its parts hold no NUL. */
  make(purpose: readonly string[], nowMs: number): Uint8Array
  /** When this nonce was made for this purpose; null when it was not, or longer than `maxAgeMs` ago. */
  madeAt(purpose: readonly string[], nonce: Uint8Array, nowMs: number, maxAgeMs: number): number | null
}

export function createNonces(key: Uint8Array): Nonces {
  const hmac = createHmacSha256(key)
  const macOf = (purpose: readonly string[], time: Uint8Array) =>
    hmac(Buffer.concat([Buffer.from(`writ/nonce/v1\n${purpose.join("\0")}\0`), time])).subarray(
      0,
      NONCE_BYTES - TIME_BYTES,
    )
  return {
    make(purpose, nowMs) {
      const nonce = Buffer.alloc(NONCE_BYTES)
      nonce.writeBigUInt64BE(BigInt(nowMs))
      nonce.set(macOf(purpose, nonce.subarray(0, TIME_BYTES)), TIME_BYTES)
      return nonce
    },
    madeAt(purpose, nonce, nowMs, maxAgeMs) {
      if (nonce.length !== NONCE_BYTES) return null
      const bytes = Buffer.from(nonce)
      if (!timingSafeEqual(bytes.subarray(TIME_BYTES), macOf(purpose, bytes.subarray(0, TIME_BYTES)))) return null
      const madeAt = Number(bytes.readBigUInt64BE())
      return nowMs - madeAt > maxAgeMs || madeAt - nowMs > MAX_AHEAD_MS ? null : madeAt
    },
  }
}

/** RFC 2104 by one-shot hashes: an Hmac object costs three times as much. The key is at most a block, 64 bytes. */
export function createHmacSha256(key: Uint8Array): (message: Uint8Array) => Uint8Array {
  const block = Buffer.alloc(64)
  block.set(key)
  const inner = block.map((byte) => byte ^ 0x36)
  const outer = block.map((byte) => byte ^ 0x5c)
  return (message) => sha256(Buffer.concat([outer, sha256(Buffer.concat([inner, message]))]))
}

export const registrationPurpose = (runtimeId: string, publicKey: string) => ["registration", runtimeId, publicKey]
export const beatPurpose = (leaseId: string, bootEpoch: string, sequence: string) => [
  "beat",
  leaseId,
  bootEpoch,
  sequence,
]
