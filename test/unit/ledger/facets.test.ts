import { createHmac } from "node:crypto"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { type Asked, facetKey, facetsOf, readAsked, toFacets, UNREADABLE_FACET } from "../../../src/ledger/facets.ts"

const ASKED: Asked = {
  subject: { type: "agent", id: "agent:one" },
  action: "http.get",
  resource: { type: "url", id: "https://example.com/" },
  runtimeId: "worker-1",
}
const FACETS = [
  "subject\nagent\nagent:one",
  "action\nhttp.get",
  "resource\nurl\nhttps://example.com/",
  "runtime\nworker-1",
]
const REQUEST = {
  subject: { ...ASKED.subject, properties: {} },
  action: { name: "http.get", properties: {} },
  resource: { ...ASKED.resource, properties: {} },
  runtime_id: "worker-1",
}
const payloadOf = (content: unknown) => Buffer.concat([Buffer.alloc(32, 1), Buffer.from(JSON.stringify(content))])

describe("facetsOf", () => {
  test("a decision has those of what was asked for", () => {
    expect(facetsOf("decision", payloadOf({ request: REQUEST }))).toEqual(FACETS)
    const { runtime_id, ...without } = REQUEST
    expect(facetsOf("decision", payloadOf({ request: without }))).toEqual(FACETS.slice(0, 3))
  })
  test("a record of beats has one, and no other kind has any", () => {
    expect(facetsOf("beats", null)).toEqual(["beats"])
    expect(facetsOf("redeemed", payloadOf({ request: REQUEST }))).toEqual([])
    expect(facetsOf(undefined, null)).toEqual([])
  })
  test("one that is erased has none", () => {
    expect(readAsked(null)).toBeNull()
    expect(facetsOf("decision", null)).toEqual([])
  })
  test.each([
    ["no JSON", Buffer.alloc(40)],
    ["without a request", payloadOf({})],
    ["a subject without an id", payloadOf({ request: { ...REQUEST, subject: { type: "agent" } } })],
    ["a runtime that is no text", payloadOf({ request: { ...REQUEST, runtime_id: 1 } })],
  ])("a payload that is %s gives one that says so", (_, payload) => {
    expect(readAsked(payload)).toBeNull()
    expect(facetsOf("decision", payload)).toEqual([UNREADABLE_FACET])
  })
})

describe("toFacets", () => {
  test("what is not asked for is no facet", () => {
    expect(toFacets(ASKED)).toEqual(FACETS)
    expect(toFacets({ subject: null, action: "", resource: null, runtimeId: "" })).toEqual([])
  })
})

describe("facetKey", () => {
  test("is the beginning of HMAC-SHA256, as Node makes it", () => {
    const pad = (key: Uint8Array, byte: number) =>
      Uint8Array.from({ length: 64 }, (_, i) => (i < key.length ? (key[i] as number) : 0) ^ byte)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string({ unit: "grapheme" }), (key, facet) => {
        const name = facetKey(sha256, { innerPad: pad(key, 0x36), outerPad: pad(key, 0x5c) }, facet)
        expect(name.replaceAll("-", "")).toBe(createHmac("sha256", key).update(facet).digest("hex").slice(0, 32))
      }),
      { numRuns: 100 },
    )
  })
})
