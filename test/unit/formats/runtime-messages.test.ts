import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import {
  beatBytes,
  digestOfJson,
  endBytes,
  NO_COUNTERS,
  registrationBytes,
} from "../../../src/formats/runtime-messages.ts"

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8")
const counters = `{"authorize_requests":"0","bytes_out":"0","children":"0","denied":"0","distinct_targets":"0","executions_completed":"0","executions_failed":"0","executions_started":"0","spent_micros":"0","tokens_received":"0"}`

describe("what a runtime signs, byte for byte", () => {
  test("a registration", () => {
    expect(
      text(
        registrationBytes({
          agent_version: "1",
          audience: "a",
          environment: { node: "n", not_guaranteed: ["pid-namespace"], os: "linux" },
          measurements: { code: "ab" },
          nonce: "00",
          parent_proof: "",
          parent_runtime_id: "",
          public_key: "11",
          runtime_id: "é",
        }),
      ),
    ).toBe(
      'writ/registration/v1\n{"agent_version":"1","audience":"a","environment":{"node":"n","not_guaranteed":["pid-namespace"],"os":"linux"},"measurements":{"code":"ab"},"nonce":"00","parent_proof":"","parent_runtime_id":"","public_key":"11","runtime_id":"é"}',
    )
  })

  test("a beat", () => {
    expect(
      text(
        beatBytes({
          acknowledged_directive: "0",
          audience: "a",
          boot_epoch: "1",
          bundle_digest: "",
          counters: NO_COUNTERS,
          environment_digest: "cd",
          issued_at: "1767225600000",
          last_receipt: "",
          lease_id: "l",
          measurements_digest: "ab",
          nonce: "00",
          previous_beat: "",
          runtime_id: "w",
          sequence: "1",
        }),
      ),
    ).toBe(
      `writ/beat/v1\n{"acknowledged_directive":"0","audience":"a","boot_epoch":"1","bundle_digest":"","counters":${counters},"environment_digest":"cd","issued_at":"1767225600000","last_receipt":"","lease_id":"l","measurements_digest":"ab","nonce":"00","previous_beat":"","runtime_id":"w","sequence":"1"}`,
    )
  })

  test("an end", () => {
    expect(text(endBytes({ counters: NO_COUNTERS, lease_id: "l", runtime_id: "w", sequence: "2" }))).toBe(
      `writ/end/v1\n{"counters":${counters},"lease_id":"l","runtime_id":"w","sequence":"2"}`,
    )
  })

  test("the digest of measurements is that of their canonical JSON, in whatever order they are given", () => {
    const expected = createHash("sha256").update('{"code":"ab","model":"cd"}').digest("hex")
    expect(toHex(digestOfJson(sha256, { model: "cd", code: "ab" }))).toBe(expected)
  })
})
