import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { toHex, utf8 } from "../../../src/formats/bytes.ts"
import { commitPayload, PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"

describe("commitPayload", () => {
  test("is SHA-256 over the domain, the salt and the bytes", () => {
    const salted = Buffer.concat([Buffer.alloc(PAYLOAD_SALT_BYTES, 7), utf8("content")])
    const expected = createHash("sha256").update("writ/payload/v1\n").update(salted).digest("hex")
    expect(toHex(commitPayload(sha256, salted))).toBe(expected)
  })

  test("the same content under another salt cannot be told from other content", () => {
    const commitment = (salt: number) =>
      toHex(commitPayload(sha256, Buffer.concat([Buffer.alloc(PAYLOAD_SALT_BYTES, salt), utf8("content")])))
    expect(commitment(1)).not.toBe(commitment(2))
  })
})
