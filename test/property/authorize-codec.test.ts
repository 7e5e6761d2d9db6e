/** The hot path's codec against the generic one (proto-loader), which is the oracle here. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Authorized } from "../../src/decision/authorize.ts"
import type { RawRequest } from "../../src/decision/snapshot.ts"
import { WritError } from "../../src/errors.ts"
import {
  decodeAuthorizeRequest,
  decodeBatchRequest,
  decodeStreamRequest,
  encodeAuthorizeResponse,
  encodeBatchResponse,
  encodeStreamResponse,
  type StreamMessage,
} from "../../src/rpc/authorize-codec.ts"
import { Malformed, messageType } from "../../src/rpc/load.ts"
import { encodeStatus } from "../../src/rpc/status.ts"
import { jsonToStruct } from "../../src/rpc/struct.ts"

const requestType = messageType("writ.v1.AuthorizeRequest")
const responseType = messageType("writ.v1.AuthorizeResponse")

const text = fc.string({ unit: "grapheme", maxLength: 60 }).filter((value) => !value.includes("\uFFFD"))
const bytes = (length: { minLength?: number; maxLength: number }) =>
  fc.uint8Array(length).map((value) => Buffer.from(value))
const properties = fc.dictionary(
  text.filter((name) => name !== "__proto__"),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 })),
  { maxKeys: 4, noNullPrototype: true },
)
const entity = fc.record({ type: text, id: text, properties })
const raw: fc.Arbitrary<RawRequest> = fc.record({
  request_id: text,
  subject: fc.option(entity),
  action: fc.option(fc.record({ name: text, properties })),
  resource: fc.option(entity),
  context: properties,
  parameters: fc.option(bytes({ maxLength: 200 })),
  parameters_digest: fc.constant(null),
  parameters_content_type: text,
  audience: text,
  runtime_id: text,
  parent_execution_id: text,
  parent_proof: text,
  requested_ttl_ms: fc.option(fc.nat({ max: 100_000 })),
  approval_id: text,
  supported_obligations: fc.array(text, { maxLength: 4 }),
  explain: fc.boolean(),
})

const duration = (ms: number) => ({ seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 })

/** As the generic codec takes it. */
function toWire({ requested_ttl_ms, subject, action, resource, context, parameters, ...rest }: RawRequest): object {
  const withStruct = <T extends { properties: RawRequest["context"] }>(value: T | null) =>
    value && { ...value, properties: jsonToStruct(value.properties) }
  return {
    ...rest,
    subject: withStruct(subject),
    action: withStruct(action),
    resource: withStruct(resource),
    context: jsonToStruct(context),
    ...(parameters && { parameters }),
    ...(requested_ttl_ms !== null && { requested_ttl: duration(requested_ttl_ms) }),
  }
}

const reason = fc.record({ code: text, text, rule: text, pointer: text })
const authorized = fc.record({
  verdict: fc.record({
    executionId: text,
    decision: fc.constantFrom("ALLOW", "DENY", "REQUIRE_APPROVAL"),
    checks: fc.array(
      fc.record({ name: text, status: fc.constantFrom("PASS", "FAIL", "NOT_REACHED"), reasons: fc.array(reason) }),
      { maxLength: 6 },
    ),
    matchedRules: fc.array(text, { maxLength: 3 }),
    obligations: fc.array(fc.record({ id: text, type: text, properties }), { maxLength: 2 }),
    risk: fc.record({ tier: text, points: fc.nat(), signals: fc.array(text, { maxLength: 3 }) }),
    trace: fc.array(fc.record({ rule: text, effect: text, outcome: text, detail: text }), { maxLength: 3 }),
    bundleDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((value) => Buffer.from(value).toString("hex")),
    bundleVersion: text,
    claims: fc.record({ exp: fc.integer({ min: 1, max: 2 ** 40 }) }),
    approval: fc.option(
      fc.record({
        id: fc.uuid(),
        expires_at: fc.integer({ min: 0, max: 2 ** 42 }).map((ms) => new Date(ms).toISOString()),
        needed: fc.integer({ min: 1, max: 8 }),
      }),
    ),
  }),
  token: fc.option(fc.string({ minLength: 1, maxLength: 900 })),
  withheld: fc.option(fc.record({ code: text, text })),
  receipt: fc.record({
    origin: text,
    index: fc.maxSafeNat(),
    leafHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
  repeated: fc.boolean(),
  explain: fc.boolean(),
  times: fc.record({ evaluate: fc.nat(), append: fc.nat(), sign: fc.nat() }),
}) as unknown as fc.Arbitrary<Authorized>

/** What a client of the generic codec must see. */
function expectedReply({ verdict, token, withheld, receipt, repeated, explain, times }: Authorized): object {
  const toReason = (value: object) => ({ rule: "", pointer: "", ...value })
  return {
    decision: `DECISION_${verdict.decision}`,
    execution_id: verdict.executionId,
    token: token ?? "",
    expires_at: token === null ? null : { seconds: String(verdict.claims?.exp), nanos: 0 },
    checks: verdict.checks.map(({ name, status, reasons }) => ({ name, status: `CHECK_STATUS_${status}`, reasons })),
    reasons: verdict.checks.flatMap(({ reasons }) => reasons),
    matched_rules: verdict.matchedRules,
    obligations: verdict.obligations.map((obligation) => ({
      ...obligation,
      properties: overTheWire(obligation["properties"] as RawRequest["context"]),
    })),
    risk: verdict.risk,
    bundle_digest: Buffer.from(verdict.bundleDigest, "hex"),
    bundle_version: verdict.bundleVersion,
    receipt: { log: receipt.origin, leaf_index: String(receipt.index), leaf_hash: Buffer.from(receipt.leafHash) },
    times: { evaluate_us: times.evaluate, append_us: times.append, sign_us: times.sign },
    trace: explain ? verdict.trace : [],
    repeated_request: repeated,
    token_withheld: withheld && toReason(withheld),
    approval_id: verdict.approval?.id ?? "",
    approval_expires_at: verdict.approval && duration(Date.parse(verdict.approval.expires_at)),
  }
}

const structType = messageType("google.protobuf.Struct")
const overTheWire = (json: RawRequest["context"]) => structType.decode(structType.encode(jsonToStruct(json)))

describe("decodeAuthorizeRequest", () => {
  test("reads what the generic codec wrote", () => {
    fc.assert(
      fc.property(raw, (request) => {
        expect(decodeAuthorizeRequest(requestType.encode(toWire(request)))).toEqual(request)
      }),
    )
  })

  test("a later value of a text wins, a digest is read, a later version's fields are passed over", () => {
    const first = requestType.encode({ request_id: "first", parameters_digest: Buffer.alloc(32, 1) })
    const second = requestType.encode({ request_id: "second" })
    const unknown = Buffer.from([
      0xa2, 0x01, 1, 0x61, 0xa8, 0x01, 5, 0xb1, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0xbd, 0x01, 1, 2, 3, 4,
    ])
    const read = decodeAuthorizeRequest(Buffer.concat([first, unknown, second]))
    expect(read).toMatchObject({ request_id: "second", parameters_digest: Buffer.alloc(32, 1) })
  })

  test.each([
    ["subject", { subject: { type: "agent" } }],
    ["action", { action: { name: "read" } }],
    ["resource", { resource: { type: "file" } }],
    ["context", { context: jsonToStruct({}) }],
    ["requested_ttl", { requested_ttl: duration(5) }],
  ])("%s given twice is refused by name", (field, value) => {
    const once = requestType.encode(value)
    const twice = decodeAuthorizeRequest(Buffer.concat([once, once]))
    expect(twice).toBeInstanceOf(Malformed)
    expect((twice as Malformed).error).toMatchObject({ code: "INVALID_REQUEST", details: { field } })
  })

  test.each([
    ["negative", { seconds: "-1", nanos: 0 }],
    ["of too many nanoseconds", { seconds: "1", nanos: 1_000_000_000 }],
    ["of too many seconds", { seconds: "9223372036854775807", nanos: 0 }],
  ])("a duration that is %s is refused", (_name, requested_ttl) => {
    const read = decodeAuthorizeRequest(requestType.encode({ requested_ttl }))
    expect((read as Malformed).error).toMatchObject({ code: "INVALID_REQUEST", details: { field: "requested_ttl" } })
  })

  test("cut off anywhere, or with any byte changed, it answers a request or Malformed, and never throws", () => {
    fc.assert(
      fc.property(raw, fc.nat(), fc.integer({ min: 1, max: 255 }), (request, at, flip) => {
        const whole = requestType.encode(toWire(request))
        if (whole.length === 0) return
        decodeAuthorizeRequest(whole.subarray(0, at % whole.length))
        const changed = Buffer.from(whole)
        changed[at % whole.length] = (changed[at % whole.length] as number) ^ flip
        const read = decodeAuthorizeRequest(changed)
        expect(read instanceof Malformed || typeof read.request_id === "string").toBe(true)
      }),
    )
  })

  test("random bytes are never an exception, and rarely a request", () => {
    let malformed = 0
    fc.assert(
      fc.property(bytes({ minLength: 8, maxLength: 64 }), (garbage) => {
        if (decodeAuthorizeRequest(garbage) instanceof Malformed) malformed++
      }),
      { numRuns: 500 },
    )
    expect(malformed).toBeGreaterThan(400)
  })

  test.each([
    ["a field number of zero", [0x00, 0x00]],
    ["a group", [0x0b]],
    ["a text sent as a number", [0x08, 0x01]],
    ["a length beyond the end", [0x0a, 0x05, 0x61]],
    ["a length beyond 2^53", [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ["a number of eleven bytes", [0xa8, 0x01, ...Array(10).fill(0xff), 0x01]],
    ["a message that ends inside a number", [0x80]],
    ["a fixed number that is cut off", [0xb1, 0x01, 1, 2, 3]],
  ])("%s is Malformed", (_name, wire) => {
    const read = decodeAuthorizeRequest(Buffer.from(wire))
    expect((read as Malformed).error).toMatchObject({ code: "MALFORMED_MESSAGE" })
  })
})

describe("decodeStreamRequest", () => {
  const type = messageType("writ.v1.AuthorizeStreamRequest")

  test("reads what the generic codec wrote", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), raw, fc.option(fc.nat()), (sequence, request, ms) => {
        const message = {
          sequence: String(sequence),
          request: toWire(request),
          ...(ms !== null && { timeout: duration(ms) }),
        }
        expect(decodeStreamRequest(type.encode(message))).toEqual({ sequence, request, timeoutMs: ms })
      }),
    )
  })

  test("a request that cannot be read leaves its sequence readable", () => {
    const message = type.encode({ sequence: "7", request: { context: { fields: { a: { numberValue: Number.NaN } } } } })
    const { sequence, request } = decodeStreamRequest(message) as StreamMessage
    expect(sequence).toBe(7n)
    expect((request as Malformed).error).toMatchObject({ code: "INVALID_REQUEST", details: { field: "context.a" } })
  })
})

describe("decodeBatchRequest", () => {
  const type = messageType("writ.v1.AuthorizeBatchRequest")

  test("reads what the generic codec wrote; what cannot be read is Malformed in its place", () => {
    fc.assert(
      fc.property(fc.array(raw, { maxLength: 4 }), (requests) => {
        const broken = { context: { fields: { a: {} } } }
        const read = decodeBatchRequest(type.encode({ requests: [...requests.map(toWire), broken] }))
        if (read instanceof Malformed) throw read.error
        expect(read.requests.slice(0, -1)).toEqual(requests)
        expect(read.requests.at(-1)).toBeInstanceOf(Malformed)
      }),
    )
  })

  test("64 are read, 65 are REQUEST_TOO_LARGE", () => {
    const many = (count: number) => type.encode({ requests: Array.from({ length: count }, () => ({ explain: true })) })
    expect(decodeBatchRequest(many(64))).toMatchObject({ requests: { length: 64 } })
    expect((decodeBatchRequest(many(65)) as Malformed).error).toMatchObject({ code: "REQUEST_TOO_LARGE" })
  })
})

describe("encodeAuthorizeResponse", () => {
  test("the generic codec reads all that was decided", () => {
    fc.assert(
      fc.property(authorized, (decided) => {
        expect(responseType.decode(encodeAuthorizeResponse(decided))).toEqual(expectedReply(decided))
      }),
    )
  })

  test("in streams and batches, beside statuses", () => {
    const streamType = messageType("writ.v1.AuthorizeStreamResponse")
    const batchType = messageType("writ.v1.AuthorizeBatchResponse")
    const status = encodeStatus(new WritError("DEADLINE_EXCEEDED"), "r-1")
    const readStatus = messageType("google.rpc.Status").decode(Buffer.from(status))
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), authorized, (sequence, response) => {
        const expected = expectedReply(response)
        expect(streamType.decode(encodeStreamResponse({ sequence, answer: { response } }))).toMatchObject({
          sequence: String(sequence),
          response: expected,
        })
        expect(streamType.decode(encodeStreamResponse({ sequence, answer: { status } }))).toMatchObject({
          status: readStatus,
        })
        expect(
          batchType.decode(encodeBatchResponse({ results: [{ response }, { status }, { response }] })),
        ).toMatchObject({
          results: [{ response: expected }, { status: readStatus }, { response: expected }],
        })
      }),
      { numRuns: 50 },
    )
  })
})
