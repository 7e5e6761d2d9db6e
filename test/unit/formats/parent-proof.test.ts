import { createHash } from "node:crypto"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { type Consent, consentBytes, consentId } from "../../../src/formats/parent-proof.ts"
import { naiveCanonicalJson } from "../../support/naive-canonical-json.ts"

const CONSENT: Consent = {
  action: "file.read",
  audience: "runner",
  parameters_digest: "ab".repeat(32),
  parent_execution_id: "6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c",
  request_id: "request-1",
  resource: { id: "/a b", type: "file" },
  runtime_id: "",
  subject: { id: "é", type: "agent" },
}
const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => value.isWellFormed())
const named = fc.record({ id: text, type: text })
const consents: fc.Arbitrary<Consent> = fc.record({
  action: text,
  audience: text,
  parameters_digest: text,
  parent_execution_id: text,
  request_id: text,
  resource: named,
  runtime_id: text,
  subject: named,
})

describe("consentBytes", () => {
  test("are the domain and the RFC 8785 JSON of every member", () => {
    expect(Buffer.from(consentBytes(CONSENT)).toString()).toBe(
      `writ/parent/v1\n{"action":"file.read","audience":"runner","parameters_digest":"${"ab".repeat(32)}",` +
        '"parent_execution_id":"6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c","request_id":"request-1",' +
        '"resource":{"id":"/a b","type":"file"},"runtime_id":"","subject":{"id":"é","type":"agent"}}',
    )
    fc.assert(
      fc.property(consents, (consent) => {
        expect(Buffer.from(consentBytes(consent)).toString()).toBe(`writ/parent/v1\n${naiveCanonicalJson(consent)}`)
      }),
    )
  })

  test("of two consents are the same only when both are the same", () => {
    fc.assert(
      fc.property(consents, consents, (a, b) => {
        expect(Buffer.compare(consentBytes(a), consentBytes(b)) === 0).toBe(
          naiveCanonicalJson(a) === naiveCanonicalJson(b),
        )
      }),
    )
  })
})

describe("consentId", () => {
  test("is the SHA-256 of a domain and the signature", () => {
    const signature = Buffer.alloc(64, 7)
    const expected = createHash("sha256").update("writ/consent/v1\n").update(signature).digest("hex")
    expect(toHex(consentId(sha256, signature))).toBe(expected)
  })
})
