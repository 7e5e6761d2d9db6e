import { describe, expect, test } from "vitest"
import { readVerdict } from "../../../src/decision/recall.ts"
import { utf8 } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"

describe("readVerdict", () => {
  test("a record whose request held 1e20 is read again: RFC 8785 writes it as an integer", () => {
    const data = { bundle_digest: "", bundle_version: "", checks: [], decision: "DENY", matched_rules: [] }
    const content = { request: { context: { limit: 1e20 } }, reasons: [], obligations: [], risk: {}, trace: [] }
    const body = encodeCanonicalJson({ data, execution_id: "e" })
    const payload = `${"s".repeat(32)}${encodeCanonicalJson(content)}`
    expect(payload).toContain("100000000000000000000")
    expect(readVerdict(utf8(body), utf8(payload))).toMatchObject({ executionId: "e", decision: "DENY", claims: null })
  })
})
