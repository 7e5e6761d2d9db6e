import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { nativeCrypto, sha256 } from "../../src/crypto.ts"
import { toHex } from "../../src/formats/bytes.ts"
import {
  BEAT_DOMAIN,
  type Beat,
  beatBytes,
  COUNTERS,
  type Counters,
  END_DOMAIN,
  endBytes,
  REGISTRATION_DOMAIN,
  registrationBytes,
} from "../../src/formats/runtime-messages.ts"
import { nextState, RUNTIME_EVENTS, RUNTIME_STATES, type RuntimeEvent } from "../../src/runtime/states.ts"
import { verifySignature } from "../../src/verify/signature.ts"
import { testSigner } from "../support/decision.ts"
import { naiveCanonicalJson } from "../support/naive-canonical-json.ts"

const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(toHex)
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((value) => value.isWellFormed())
const counters = fc.record(Object.fromEntries(COUNTERS.map((name) => [name, uint64]))) as fc.Arbitrary<Counters>
const beat = {
  acknowledged_directive: uint64,
  audience: text,
  boot_epoch: uint64,
  bundle_digest: hex(32),
  counters,
  environment_digest: hex(32),
  issued_at: uint64,
  last_receipt: hex(32),
  lease_id: fc.uuid(),
  measurements_digest: hex(32),
  nonce: hex(24),
  previous_beat: hex(32),
  runtime_id: text,
  sequence: uint64,
}
const beats: fc.Arbitrary<Beat> = fc.record(
  {
    ...beat,
    environment: fc.record({ node: text, not_guaranteed: fc.array(text), os: text }, { requiredKeys: [] }),
    measurements: fc.record({ code: hex(32), tool_manifest: hex(32) }, { requiredKeys: [] }),
  },
  { requiredKeys: Object.keys(beat) as (keyof typeof beat)[] },
)
const signer = testSigner(3)
const isGood = (bytes: Uint8Array, signature: Uint8Array) =>
  verifySignature(nativeCrypto, signer.publicKey, bytes, signature)

describe("beatBytes", () => {
  test("are the domain and the RFC 8785 JSON of every field", () => {
    fc.assert(
      fc.property(beats, (beat) => {
        expect(Buffer.from(beatBytes(beat)).toString("utf8")).toBe(BEAT_DOMAIN + naiveCanonicalJson(beat))
      }),
    )
  })

  test("any byte of them or of the signature flipped: the signature does not hold", () => {
    fc.assert(
      fc.property(beats, fc.nat(), fc.integer({ min: 1, max: 255 }), (beat, at, mask) => {
        const bytes = beatBytes(beat)
        const signature = signer.sign(bytes)
        expect(isGood(bytes, signature)).toBe(true)
        const whole = Buffer.concat([bytes, signature])
        const place = at % whole.length
        whole[place] = (whole[place] as number) ^ mask
        expect(isGood(whole.subarray(0, bytes.length), whole.subarray(bytes.length))).toBe(false)
      }),
    )
  })

  test("two beats that differ in any field have different bytes", () => {
    fc.assert(
      fc.property(beats, beats, fc.constantFrom(...Object.keys({ ...BEAT_FIELDS })), (beat, other, field) => {
        const { [field as keyof Beat]: _, ...rest } = beat
        const changed = { ...rest, ...(field in other && { [field]: other[field as keyof Beat] }) } as Beat
        fc.pre(naiveCanonicalJson(changed) !== naiveCanonicalJson(beat))
        expect(sha256(beatBytes(changed))).not.toEqual(sha256(beatBytes(beat)))
      }),
    )
  })

  test("a signature over one kind of message is none over another", () => {
    const [registration, end] = [{}, {}] as never[]
    const all = [registrationBytes(registration as never), endBytes(end as never), beatBytes(BEAT_FIELDS)]
    expect(new Set(all.map((bytes) => Buffer.from(bytes).toString())).size).toBe(3)
    expect(new Set([BEAT_DOMAIN, END_DOMAIN, REGISTRATION_DOMAIN]).size).toBe(3)
  })
})

const BEAT_FIELDS = fc.sample(beats, 1)[0] as Beat

describe("nextState", () => {
  const events = fc.array(fc.constantFrom(...(Object.keys(RUNTIME_EVENTS) as RuntimeEvent[])), { maxLength: 40 })
  const run = (list: readonly RuntimeEvent[]) => {
    const path = [RUNTIME_STATES[0] as (typeof RUNTIME_STATES)[number]]
    for (const event of list)
      path.push(nextState(path.at(-1) as (typeof RUNTIME_STATES)[number], event) ?? (path.at(-1) as "ENDED"))
    return path
  }

  test("no events lead out of the table, and what is over stays over", () => {
    fc.assert(
      fc.property(events, (list) => {
        const path = run(list)
        for (const [i, state] of path.entries()) {
          expect(RUNTIME_STATES).toContain(state)
          if (state === "ENDED" || state === "REVOKED")
            expect(path.slice(i).every((later) => later === state)).toBe(true)
        }
      }),
    )
  })

  test("out of a quarantine lead only an operator's words", () => {
    fc.assert(
      fc.property(events, (list) => {
        const own = list.filter((event) => event !== "released" && event !== "revoked")
        const path = run(own)
        const at = path.indexOf("QUARANTINED")
        if (at >= 0) expect(path.slice(at).every((state) => state === "QUARANTINED")).toBe(true)
      }),
    )
  })

  test("nobody is trusted without an affirmation, nor revoked without an operator", () => {
    fc.assert(
      fc.property(events, (list) => {
        expect(run(list.filter((event) => event !== "affirmed"))).not.toContain("TRUSTED")
        expect(run(list.filter((event) => event !== "revoked"))).not.toContain("REVOKED")
      }),
    )
  })
})
