import { createHmac } from "node:crypto"
import { describe, expect, test } from "vitest"
import {
  beatPurpose,
  createHmacSha256,
  createNonces,
  NONCE_BYTES,
  registrationPurpose,
} from "../../../src/runtime/nonces.ts"

const NOW = 1_767_225_600_000
const one = createNonces(new Uint8Array(32).fill(1))
const other = createNonces(new Uint8Array(32).fill(2))
const purpose = beatPurpose("lease", "1", "7")

describe("createNonces", () => {
  test("a nonce is good for its purpose, on every replica that shares the key, until it is too old", () => {
    const nonce = one.make(purpose, NOW)
    expect(nonce).toHaveLength(NONCE_BYTES)
    expect(createNonces(new Uint8Array(32).fill(1)).madeAt(purpose, nonce, NOW + 999, 1_000)).toBe(NOW)
    expect(one.madeAt(purpose, nonce, NOW + 1_000, 1_000)).toBe(NOW)
    expect(one.madeAt(purpose, nonce, NOW + 1_001, 1_000)).toBeNull()
  })

  test("a replica whose clock is a little behind takes it, one far behind does not", () => {
    const nonce = one.make(purpose, NOW)
    expect(one.madeAt(purpose, nonce, NOW - 5_000, 1_000)).toBe(NOW)
    expect(one.madeAt(purpose, nonce, NOW - 5_001, 1_000)).toBeNull()
  })

  test.each([
    ["another sequence", beatPurpose("lease", "1", "8")],
    ["another epoch", beatPurpose("lease", "2", "7")],
    ["another lease", beatPurpose("leas", "e1", "7")],
    ["parts cut elsewhere", beatPurpose("lease", "17", "")],
    ["a registration", registrationPurpose("lease", "1")],
  ])("it is worth nothing for %s", (_, wrong) => {
    expect(one.madeAt(wrong, one.make(purpose, NOW), NOW, 1_000)).toBeNull()
  })

  test("it is worth nothing under another key, cut, longer, or with any bit changed", () => {
    const nonce = one.make(purpose, NOW)
    expect(other.madeAt(purpose, nonce, NOW, 1_000)).toBeNull()
    expect(one.madeAt(purpose, nonce.subarray(1), NOW, 1_000)).toBeNull()
    expect(one.madeAt(purpose, Buffer.concat([nonce, Buffer.of(0)]), NOW, 1_000)).toBeNull()
    for (let bit = 0; bit < 8 * nonce.length; bit++) {
      const flipped = Uint8Array.from(nonce)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(one.madeAt(purpose, flipped, NOW, Number.MAX_SAFE_INTEGER)).toBeNull()
    }
  })
})

describe("createHmacSha256", () => {
  test("is HMAC-SHA-256, for keys up to a block and messages of any length", () => {
    for (const size of [0, 1, 32, 63, 64])
      for (const length of [0, 1, 55, 64, 200]) {
        const [key, message] = [Buffer.alloc(size, 7), Buffer.alloc(length, 3)]
        const expected = createHmac("sha256", key).update(message).digest("hex")
        expect(Buffer.from(createHmacSha256(key)(message)).toString("hex")).toBe(expected)
      }
  })
})
