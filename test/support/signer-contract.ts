/** What every signer has to keep to (`src/token/signer.ts`, docs/keys.md): run it on an adapter before Writ signs with that. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { nativeCrypto } from "../../src/crypto.ts"
import { parsePublicKey } from "../../src/formats/ed25519-keys.ts"
import type { Signer } from "../../src/token/signer.ts"
import { assertSigns } from "../../src/token/signer-check.ts"
import { portableCrypto } from "../../src/verify/portable-crypto.ts"
import { verifySignature } from "../../src/verify/signature.ts"

/** Above the largest token, checkpoint and leaf. */
const LONG_BYTES = 65_536

/** `open` reaches the same key each time, as a daemon does after a restart. */
export function holdToSignerContract(open: () => Pick<Signer, "publicKey" | "sign">): void {
  const signer = open()
  const verifies = (message: Uint8Array, signature: Uint8Array) =>
    verifySignature(nativeCrypto, signer.publicKey, message, signature)

  test("the public key is one that every verifier takes, and the same when it is opened again", () => {
    expect(parsePublicKey(signer.publicKey)).not.toBeNull()
    expect(Uint8Array.from(open().publicKey)).toEqual(Uint8Array.from(signer.publicKey))
    expect(assertSigns(signer, "test")).toBe(signer)
  })

  test("any bytes are signed as they are: 64 bytes that verify, the same each time and when it is opened again", () => {
    const again = open()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        const signature = Uint8Array.from(signer.sign(message))
        expect(signature).toHaveLength(64)
        expect(verifies(message, signature)).toBe(true)
        expect(Uint8Array.from(signer.sign(message))).toEqual(signature)
        expect(Uint8Array.from(again.sign(message))).toEqual(signature)
      }),
      { numRuns: 20 },
    )
  })

  test("the portable verifier takes it too", () => {
    const message = Uint8Array.of(1, 2, 3)
    expect(verifySignature(portableCrypto, signer.publicKey, message, signer.sign(message))).toBe(true)
  })

  test("nothing at all, and 64 KiB", () => {
    for (const message of [new Uint8Array(), new Uint8Array(LONG_BYTES).fill(7)])
      expect(verifies(message, signer.sign(message))).toBe(true)
  })

  test("it is not prehashed: another message's signature never fits, one bit away or cut short", () => {
    const message = new Uint8Array(64).fill(9)
    const signature = signer.sign(message)
    for (let bit = 0; bit < 8; bit++) {
      const other = Uint8Array.from(message)
      other[63] = 9 ^ (1 << bit)
      expect(verifies(other, signature)).toBe(false)
    }
    expect(verifies(message.subarray(1), signature)).toBe(false)
  })

  test("a view into a larger buffer is signed as those bytes alone, and left as it was", () => {
    const buffer = new Uint8Array(32).fill(1)
    const view = buffer.subarray(8, 16)
    const before = Uint8Array.from(buffer)
    const signature = Uint8Array.from(signer.sign(view))
    expect(buffer).toEqual(before)
    expect(signature).toEqual(Uint8Array.from(signer.sign(new Uint8Array(8).fill(1))))
  })

  test("the message is read before it returns, and what it answers is nobody else's memory", () => {
    const message = new Uint8Array(40).fill(2)
    const first = signer.sign(message)
    const kept = Uint8Array.from(first)
    message.fill(3)
    signer.sign(message)
    expect(Uint8Array.from(first)).toEqual(kept)
    expect(verifies(new Uint8Array(40).fill(2), first)).toBe(true)
  })
}
