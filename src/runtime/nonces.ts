/**
 * Nonces that nobody stores: time ‖ HMAC-SHA-256 over what the nonce is for and that time, by a key that all replicas
 * share. 8 bytes of Unix milliseconds, big-endian, then 16 bytes.
 */
import { createHmac, timingSafeEqual } from "node:crypto"

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
  const macOf = (purpose: readonly string[], time: Uint8Array) =>
    createHmac("sha256", key)
      .update(`writ/nonce/v1\n${purpose.join("\0")}\0`)
      .update(time)
      .digest()
      .subarray(0, NONCE_BYTES - TIME_BYTES)
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

export const registrationPurpose = (runtimeId: string, publicKey: string) => ["registration", runtimeId, publicKey]
export const beatPurpose = (leaseId: string, bootEpoch: string, sequence: string) => [
  "beat",
  leaseId,
  bootEpoch,
  sequence,
]
