import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { redeemProofInput } from "../../../src/formats/redeem-proof.ts"

const hash = (text: string) => createHash("sha256").update(text).digest()

describe("redeemProofInput", () => {
  test("domain, hash of the token, hash of the redemption id, digest of the parameters", () => {
    const digest = hash("parameters")
    expect(Buffer.from(redeemProofInput(sha256, "a.b.c", "id-é", digest))).toEqual(
      Buffer.concat([Buffer.from("writ/redeem/v1\n"), hash("a.b.c"), hash("id-é"), digest]),
    )
  })

  test("without parameters there are zeros in their place", () => {
    const bytes = redeemProofInput(sha256, "a.b.c", "id", null)
    expect(bytes).toHaveLength(15 + 3 * 32)
    expect(bytes.subarray(15 + 64)).toEqual(new Uint8Array(32))
  })
})
