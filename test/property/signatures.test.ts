import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { vectorKey } from "../../scripts/vectors/keys.ts"
import { nativeCrypto } from "../../src/crypto.ts"
import { parsePublicKey, parseSignature } from "../../src/formats/ed25519-keys.ts"
import { portableCrypto } from "../../src/verify/index.ts"
import { verifySignature } from "../../src/verify/signature.ts"

const key = vectorKey("log")
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe("verifySignature", () => {
  test("both implementations take what node:crypto signed, and refuse it with any bit flipped anywhere", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (message, place) => {
        const signature = Uint8Array.from(key.sign(message))
        const good = [Uint8Array.from(key.publicKey), message, signature] as const
        const bits = 8 * good.reduce((sum, part) => sum + part.length, 0)
        let at = place % bits
        const bad = good.map((part) => {
          const flipped = part.map((byte, i) => (i === at >> 3 ? byte ^ (1 << (at & 7)) : byte))
          at = at < 8 * part.length ? Number.POSITIVE_INFINITY : at - 8 * part.length
          return flipped
        }) as [Uint8Array, Uint8Array, Uint8Array]
        for (const crypto of [nativeCrypto, portableCrypto]) {
          expect(verifySignature(crypto, ...good)).toBe(true)
          expect(verifySignature(crypto, ...bad)).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  test("whatever the bytes, nothing throws and both say the same", () => {
    const edge = fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xec, 0xed, 0xee, 0xff)
    const edgy = fc.array(edge, { minLength: 32, maxLength: 32 }).map((list) => Uint8Array.from(list))
    const part = fc.oneof(bytes(32), edgy, fc.constant(Uint8Array.from(key.publicKey)))
    fc.assert(
      fc.property(part, part, part, fc.uint8Array({ maxLength: 8 }), (publicKey, r, s, message) => {
        const signature = Uint8Array.from([...r, ...s])
        expect(verifySignature(portableCrypto, publicKey, message, signature)).toBe(
          verifySignature(nativeCrypto, publicKey, message, signature),
        )
      }),
      { numRuns: 500 },
    )
  })

  test("bytes of another length are no key and no signature", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (data) => {
        if (data.length !== 32) expect(parsePublicKey(data)).toBeNull()
        if (data.length !== 64) expect(parseSignature(data)).toBeNull()
      }),
    )
  })
})
