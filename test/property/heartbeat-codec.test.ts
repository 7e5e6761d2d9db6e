/** The beats' codec against the generic one (proto-loader), which is the oracle here. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { toWireBeat } from "../../src/client/runtime-session.ts"
import type { DirectiveRow } from "../../src/decision/directives.ts"
import type { BeatAnswer } from "../../src/decision/heartbeat.ts"
import { toHex } from "../../src/formats/bytes.ts"
import { type Beat, COUNTERS, type Counters } from "../../src/formats/runtime-messages.ts"
import {
  decodeHeartbeatRequest,
  decodeHeartbeatStreamRequest,
  encodeHeartbeatResponse,
  encodeHeartbeatStreamResponse,
  type SignedBeat,
} from "../../src/rpc/heartbeat-codec.ts"
import { Malformed, messageType } from "../../src/rpc/load.ts"
import { BEAT_CHECKS, type BeatReasonCode } from "../../src/runtime/appraise.ts"
import type { Runtime } from "../../src/runtime/runtime.ts"
import { RUNTIME_STATES } from "../../src/runtime/states.ts"

const requestType = messageType("writ.v1.HeartbeatRequest")
const responseType = messageType("writ.v1.HeartbeatResponse")
const hex = (...lengths: number[]) =>
  fc.oneof(...lengths.map((length) => fc.uint8Array({ minLength: length, maxLength: length }).map(toHex)))
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((value) => !/[\u0000-\u001f\u007f-\u009f\ufffd]/.test(value))
const beat = {
  acknowledged_directive: uint64,
  audience: text,
  boot_epoch: uint64,
  bundle_digest: hex(0, 32),
  counters: fc.record(Object.fromEntries(COUNTERS.map((name) => [name, uint64]))) as fc.Arbitrary<Counters>,
  environment_digest: hex(32),
  issued_at: fc.nat({ max: 2 ** 31 }).map((n) => String(n * 1_000 + (n % 1_000))),
  last_receipt: hex(0, 32),
  lease_id: fc.uuid(),
  measurements_digest: hex(32),
  nonce: hex(16, 24, 64),
  previous_beat: hex(0, 32),
  runtime_id: text,
  sequence: uint64,
}
const beats: fc.Arbitrary<Beat> = fc.record(
  {
    ...beat,
    environment: fc.record(
      { arch: text, node: text, not_guaranteed: fc.array(text, { minLength: 1, maxLength: 3 }), os: text, tee: text },
      { requiredKeys: [] },
    ),
    measurements: fc.record({ code: hex(32), config: hex(32), tool_manifest: hex(32) }, { requiredKeys: [] }),
  },
  { requiredKeys: Object.keys(beat) as (keyof typeof beat)[] },
)
const signatures = fc.uint8Array({ minLength: 64, maxLength: 64 })
const encode = (value: Beat, signature: Uint8Array) => requestType.encode(toWireBeat(value, signature))

describe("decodeHeartbeatRequest", () => {
  test("reads every field of what the generic codec wrote", () => {
    fc.assert(
      fc.property(beats, signatures, (value, signature) => {
        const read = decodeHeartbeatRequest(encode(value, signature)) as SignedBeat
        expect(read.beat).toEqual(value)
        expect(Object.keys(read.beat)).toEqual(Object.keys(value).sort()) // what is signed is written in this order
        expect(Buffer.from(read.signature)).toEqual(Buffer.from(signature))
      }),
    )
  })

  test("bytes that were cut or changed are Malformed or another beat, never an exception", () => {
    fc.assert(
      fc.property(beats, signatures, fc.nat(), fc.nat(255), fc.nat(), (value, signature, at, byte, cut) => {
        const bytes = Buffer.from(encode(value, signature))
        bytes[at % bytes.length] = byte
        for (const broken of [bytes, bytes.subarray(0, cut % bytes.length)]) {
          const read = decodeHeartbeatRequest(Buffer.from(broken))
          expect(read instanceof Malformed || typeof read.beat.lease_id === "string").toBe(true)
        }
      }),
    )
  })

  test.each([
    ["audience", { audience: "" }],
    ["runtime_id", { runtime_id: "a\u0000b" }],
    ["lease_id", { lease_id: "lease" }],
    ["nonce", { nonce: "00" }],
    ["measurements_digest", { measurements_digest: "00" }],
    ["bundle_digest", { bundle_digest: "00" }],
  ])("a wrong %s is named", (field, change) => {
    const [value] = fc.sample(beats, 1) as [Beat]
    const read = decodeHeartbeatRequest(encode({ ...value, ...change }, new Uint8Array(64)))
    expect(read).toMatchObject({ error: { code: "INVALID_REQUEST", details: { field } } })
  })

  test("counters and the time must be there, the time in whole milliseconds, and nothing twice", () => {
    const [value] = fc.sample(beats, 1) as [Beat]
    const wire = toWireBeat(value, new Uint8Array(64)) as Record<string, unknown>
    const fieldOf = (change: object) =>
      (decodeHeartbeatRequest(requestType.encode({ ...wire, ...change })) as Malformed).error.details["field"]
    expect(fieldOf({ counters: undefined })).toBe("counters")
    expect(fieldOf({ issued_at: undefined })).toBe("issued_at")
    expect(fieldOf({ issued_at: { seconds: "1", nanos: 1 } })).toBe("issued_at")
    expect(fieldOf({ issued_at: { seconds: "-1", nanos: 0 } })).toBe("issued_at")
    const twice = Buffer.concat([requestType.encode(wire), requestType.encode({ counters: {} })])
    expect(decodeHeartbeatRequest(twice)).toMatchObject({ error: { details: { field: "counters" } } })
  })
})

describe("decodeHeartbeatStreamRequest", () => {
  test("a beat that cannot be read is Malformed in its place", () => {
    const type = messageType("writ.v1.HeartbeatStreamRequest")
    const [value] = fc.sample(beats, 1) as [Beat]
    const good = toWireBeat(value, new Uint8Array(64))
    const read = (message: object) => decodeHeartbeatStreamRequest(type.encode(message))
    expect(read({ sequence: 7, beat: good })).toMatchObject({ sequence: 7n, beat: { beat: value } })
    expect(read({ sequence: 8 })).toEqual({ sequence: 8n, beat: null })
    expect(read({ sequence: 9, beat: { ...good, nonce: Buffer.alloc(1) } })).toMatchObject({
      sequence: 9n,
      beat: { error: { code: "INVALID_REQUEST" } },
    })
    expect(decodeHeartbeatStreamRequest(Buffer.of(0xff))).toBeInstanceOf(Malformed)
  })
})

const codes = fc.uniqueArray(fc.constantFrom(...(Object.keys(BEAT_CHECKS) as BeatReasonCode[])), { maxLength: 4 })
const ms = fc.nat({ max: 2 ** 40 })
const row: fc.Arbitrary<DirectiveRow> = fc.record({
  number: fc.bigInt({ min: 1n, max: 2n ** 63n }),
  runtime: fc.uuid(),
  directive: fc.record({
    kind: fc.constantFrom("stop_execution", "stop_all", "quarantine"),
    execution_id: text,
    code: text,
    text,
    issued_at: ms,
  }),
  receipt: fc.record({
    origin: text,
    index: fc.nat(),
    leafHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
})
const answers: fc.Arbitrary<BeatAnswer> = fc.record({
  sequence: uint64,
  accepted: fc.boolean(),
  reasons: codes.map((list) => list.map((code) => ({ code, text: BEAT_CHECKS[code].text }))),
  runtime: fc.option(fc.constantFrom(...RUNTIME_STATES).map((state) => ({ state }) as Runtime)),
  nextNonce: fc.uint8Array({ maxLength: 24 }),
  leaseEndsMs: ms,
  leaseLeftMs: fc.nat({ max: 15_000 }),
  nextBeatInMs: fc.nat({ max: 10_000 }),
  bundleDigest: hex(0, 32),
  sendInFull: fc.boolean(),
  directives: fc.array(row, { maxLength: 3 }),
})

const TIME = (value: number) => ({ seconds: String(Math.floor(value / 1000)), nanos: (value % 1000) * 1_000_000 })

describe("encodeHeartbeatResponse", () => {
  test("the generic codec reads what it wrote", () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const read = responseType.decode(encodeHeartbeatResponse(answer)) as Record<string, unknown>
        expect(read).toMatchObject({
          sequence: answer.sequence,
          accepted: answer.accepted,
          state: `RUNTIME_STATE_${answer.runtime?.state ?? "UNSPECIFIED"}`,
          next_nonce: Buffer.from(answer.nextNonce),
          next_beat_in: TIME(answer.nextBeatInMs),
          lease_expires_at: TIME(answer.leaseEndsMs),
          lease_left: TIME(answer.leaseLeftMs),
          send_in_full: answer.sendInFull,
          bundle_digest: Buffer.from(answer.bundleDigest, "hex"),
          directives: answer.directives.map(({ number, directive, receipt }) => ({
            number: number.toString(),
            kind: directive.kind,
            execution_id: directive.execution_id,
            reason: { code: directive.code, text: directive.text },
            issued_at: TIME(directive.issued_at),
            receipt: {
              log: receipt.origin,
              leaf_index: String(receipt.index),
              leaf_hash: Buffer.from(receipt.leafHash),
            },
          })),
        })
        const said = (list: unknown) => (list as { code: string }[]).map(({ code }) => code)
        const all = answer.reasons.map(({ code }) => code)
        expect(said(read["reasons"])).toEqual(answer.accepted ? [] : all)
        const appraisal = read["appraisal"] as { claim: string; tier: string; reasons: unknown }[]
        expect(appraisal).toHaveLength(answer.runtime ? 4 : 0)
        if (answer.runtime) expect(appraisal.flatMap(({ reasons }) => said(reasons)).sort()).toEqual([...all].sort())
        for (const { tier, reasons } of appraisal)
          expect(tier === "TRUST_TIER_AFFIRMING").toBe(said(reasons).length === 0)
      }),
    )
  })

  test("in a stream it is the response or a status, under the message's sequence", () => {
    const type = messageType("writ.v1.HeartbeatStreamResponse")
    const status = messageType("google.rpc.Status").encode({ code: 3, message: "no", details: [] })
    fc.assert(
      fc.property(answers, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (response, sequence) => {
        const read = type.decode(encodeHeartbeatStreamResponse({ sequence, reply: { response } }))
        expect(read).toMatchObject({
          sequence: String(sequence),
          result: "response",
          response: { sequence: response.sequence },
        })
        const refused = type.decode(encodeHeartbeatStreamResponse({ sequence, reply: { status } }))
        expect(refused).toMatchObject({ result: "status", status: { code: 3, message: "no" } })
      }),
    )
  })
})
