import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import * as limits from "../../../src/decision/limits.ts"
import { type RawRequest, snapshot, toPolicyRequest } from "../../../src/decision/snapshot.ts"
import { WritError } from "../../../src/errors.ts"
import { rawRequest } from "../../support/policy.ts"

const entity = (type: string, id: string, properties = {}) => ({ type, id, properties })
const json = (text: string | Uint8Array) => ({
  parameters: typeof text === "string" ? Buffer.from(text) : text,
  parameters_content_type: "application/json",
})
/** OK, or the code and the field that is to blame. */
function judge(change: Partial<RawRequest>): string {
  try {
    snapshot(rawRequest(change))
    return "OK"
  } catch (error) {
    const { code, details, message } = error as WritError
    expect(error).toBeInstanceOf(WritError)
    expect(message).toContain(details["field"])
    return `${code} ${details["field"]}`
  }
}
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)

/** Each limit: at its bound, one over it, and what is to blame then. Two-byte characters where bytes are counted. */
const LIMITS: readonly (readonly [string, (size: number) => Partial<RawRequest>, number, string])[] = [
  ["request_id", (n) => ({ request_id: "x".repeat(n) }), limits.MAX_REQUEST_ID_BYTES, "REQUEST_TOO_LARGE request_id"],
  [
    "request_id in bytes",
    (n) => ({ request_id: `${"é".repeat(63)}${"x".repeat(n - 126)}` }),
    limits.MAX_REQUEST_ID_BYTES,
    "REQUEST_TOO_LARGE request_id",
  ],
  ["subject.id", (n) => ({ subject: entity("a", "x".repeat(n)) }), limits.MAX_ID_BYTES, "REQUEST_TOO_LARGE subject.id"],
  [
    "resource.id in bytes",
    (n) => ({ resource: entity("r", `${"€".repeat(170)}${"x".repeat(n - 510)}`) }),
    limits.MAX_ID_BYTES,
    "REQUEST_TOO_LARGE resource.id",
  ],
  ["runtime_id", (n) => ({ runtime_id: "x".repeat(n) }), limits.MAX_ID_BYTES, "REQUEST_TOO_LARGE runtime_id"],
  ["approval_id", (n) => ({ approval_id: "x".repeat(n) }), limits.MAX_ID_BYTES, "REQUEST_TOO_LARGE approval_id"],
  [
    "subject.type",
    (n) => ({ subject: entity("a".repeat(n), "x") }),
    limits.MAX_TYPE_CHARS,
    "INVALID_REQUEST subject.type",
  ],
  [
    "resource.type",
    (n) => ({ resource: entity("a".repeat(n), "x") }),
    limits.MAX_TYPE_CHARS,
    "INVALID_REQUEST resource.type",
  ],
  [
    "action.name",
    (n) => ({ action: { name: "a".repeat(n), properties: {} } }),
    limits.MAX_ACTION_CHARS,
    "INVALID_REQUEST action.name",
  ],
  ["audience", (n) => ({ audience: "x".repeat(n) }), limits.MAX_AUDIENCE_BYTES, "REQUEST_TOO_LARGE audience"],
  ["parameters", (n) => json(`"${"x".repeat(n - 2)}"`), limits.MAX_PARAMETERS_BYTES, "REQUEST_TOO_LARGE parameters"],
  [
    "parameters_content_type",
    (n) => ({ parameters: Buffer.from("x"), parameters_content_type: "x".repeat(n) }),
    limits.MAX_CONTENT_TYPE_CHARS,
    "INVALID_REQUEST parameters_content_type",
  ],
  ["depth of parameters", (n) => json(nested(n + 1)), limits.MAX_JSON_DEPTH, "INVALID_REQUEST parameters"],
  [
    "values in parameters",
    (n) => json(`[${"1,".repeat(n - 2)}1]`),
    limits.MAX_JSON_NODES,
    "INVALID_REQUEST parameters",
  ],
  [
    "supported_obligations",
    (n) => ({ supported_obligations: Array(n).fill("log") as string[] }),
    limits.MAX_OBLIGATION_TYPES,
    "REQUEST_TOO_LARGE supported_obligations",
  ],
  [
    "an obligation's type",
    (n) => ({ supported_obligations: ["ok", "x".repeat(n)] }),
    limits.MAX_TYPE_CHARS,
    "REQUEST_TOO_LARGE supported_obligations[1]",
  ],
  [
    "parent_proof",
    (n) => ({ parent_execution_id: "00000000-0000-4000-8000-000000000000", parent_proof: "x".repeat(n) }),
    8_192,
    "REQUEST_TOO_LARGE parent_proof",
  ],
]

describe("snapshot", () => {
  test.each(LIMITS)("%s: its limit is taken, one more is refused", (_, change, limit, blame) => {
    expect(judge(change(limit))).toBe("OK")
    expect(judge(change(limit + 1))).toBe(blame)
  })

  test("properties, context and parameters together have a limit, in bytes of canonical JSON", () => {
    const room = limits.MAX_SNAPSHOT_BYTES - Buffer.byteLength(snapshot(rawRequest({ context: { a: "" } })).canonical)
    const fill = (bytes: number) => ({ context: { a: "é".repeat(Math.floor(bytes / 2)) + "x".repeat(bytes % 2) } })
    expect(judge(fill(room))).toBe("OK")
    expect(judge(fill(room + 1))).toBe("REQUEST_TOO_LARGE the request's properties, context and parameters together")
    expect(judge({ ...fill(room - 20_000), ...json(`"${"x".repeat(20_000)}"`) })).toMatch(/^REQUEST_TOO_LARGE/)
  })

  test.each([
    ["request_id", { request_id: "" }],
    ["subject", { subject: null }],
    ["subject.id", { subject: entity("a", "") }],
    ["subject.type", { subject: entity("", "x") }],
    ["action", { action: null }],
    ["action.name", { action: { name: "", properties: {} } }],
    ["resource", { resource: null }],
    ["resource.id", { resource: entity("r", "") }],
    ["audience", { audience: "" }],
    ["supported_obligations[0]", { supported_obligations: [""] }],
  ] as [string, Partial<RawRequest>][])("%s is missing", (field, change) => {
    expect(judge(change)).toBe(`INVALID_REQUEST ${field}`)
  })

  test.each([
    ["a type in capitals", { subject: entity("Agent", "x") }, "subject.type"],
    ["a type with a space", { resource: entity("a b", "x") }, "resource.type"],
    ["a type that begins with a digit", { resource: entity("1a", "x") }, "resource.type"],
    ["an action with a space", { action: { name: "a b", properties: {} } }, "action.name"],
    ["an action beyond ASCII", { action: { name: "é", properties: {} } }, "action.name"],
    ["a parent that is no UUID", { parent_execution_id: "x" }, "parent_execution_id"],
    ["a parent in capitals", { parent_execution_id: "0000000A-0000-4000-8000-000000000000" }, "parent_execution_id"],
    ["a TTL of zero", { requested_ttl_ms: 0 }, "requested_ttl"],
    ["a negative TTL", { requested_ttl_ms: -1 }, "requested_ttl"],
    ["a TTL that is no number", { requested_ttl_ms: Number.NaN }, "requested_ttl"],
    ["both forms of parameters", { ...json("{}"), parameters_digest: new Uint8Array(32) }, "parameters"],
    ["a digest of 31 bytes", { parameters_digest: new Uint8Array(31) }, "parameters_digest"],
    ["an empty digest", { parameters_digest: new Uint8Array() }, "parameters_digest"],
    ["a content type without parameters", { parameters_content_type: "text/plain" }, "parameters_content_type"],
    [
      "a line end in the content type",
      { parameters: Buffer.from(""), parameters_content_type: "a\nb" },
      "parameters_content_type",
    ],
    ["JSON that is none", json("{"), "parameters"],
    ["JSON with a duplicate key", json('{"a":1,"a":1}'), "parameters"],
    ["JSON with a byte order mark", json("\uFEFF{}"), "parameters"],
    ["JSON that is not UTF-8", json(Uint8Array.of(0x22, 0xc3, 0x28, 0x22)), "parameters"],
    ["empty JSON", json(""), "parameters"],
  ] as [string, Partial<RawRequest>, string][])("%s is refused", (_, change, field) => {
    expect(judge(change)).toBe(`INVALID_REQUEST ${field}`)
  })

  test.each(["\0", "\n", "\u007f", "\u0085", "\u009f", "\ufffd", "\ud800"])("%j is refused in every text", (bad) => {
    for (const [field, change] of [
      ["request_id", { request_id: `a${bad}` }],
      ["subject.id", { subject: entity("a", `x${bad}`) }],
      ["resource.id", { resource: entity("r", `${bad}x`) }],
      ["audience", { audience: `x${bad}y` }],
      ["runtime_id", { runtime_id: bad }],
      ["approval_id", { approval_id: bad }],
      ["supported_obligations[0]", { supported_obligations: [bad] }],
    ] as [string, Partial<RawRequest>][])
      expect(judge(change)).toBe(`INVALID_REQUEST ${field}`)
  })

  test("letters of every script, emoji and invisible joiners are plain text", () => {
    for (const id of ["Ωmega", "агент", "代理", "👩‍💻", "a\u200db", "e\u0301"])
      expect(snapshot(rawRequest({ subject: entity("a", id) })).subject.id).toBe(id)
  })

  test.each([
    ["application/json", "json"],
    ["Application/JSON; charset=utf-8", "json"],
    ["application/vnd.tool+json", "json"],
    ["application/json-seq", "opaque"],
    ["text/json", "opaque"],
    ["application/jsonx", "opaque"],
    ["", "opaque"],
  ])("parameters of content type %j are %s", (parameters_content_type, kind) => {
    const bytes = Buffer.from('{"a":[1,"é"]}')
    const made = snapshot(rawRequest({ parameters: bytes, parameters_content_type }))
    expect(made.parameters.kind).toBe(kind)
    expect(made.parametersDigest).toBe(createHash("sha256").update(bytes).digest("base64url"))
    expect(made.json["parameters"]).toEqual({
      digest: made.parametersDigest,
      content_type: parameters_content_type,
      bytes: bytes.toString("base64"),
    })
  })

  test("parameters that are empty bytes are parameters; none are none; a digest is opaque", () => {
    const none = snapshot(rawRequest())
    expect([none.parameters, none.parametersDigest, none.json["parameters"]]).toEqual([
      { kind: "absent" },
      null,
      undefined,
    ])
    const empty = snapshot(rawRequest({ parameters: new Uint8Array() }))
    expect(empty.parametersDigest).toBe(createHash("sha256").digest("base64url"))
    const digest = snapshot(rawRequest({ parameters_digest: new Uint8Array(32).fill(7) }))
    expect(digest.parameters).toEqual({ kind: "opaque" })
    expect(digest.json["parameters"]).toEqual({ digest: Buffer.alloc(32, 7).toString("base64url"), content_type: "" })
  })

  test("every part of a request but `explain` makes it another request", () => {
    const base = snapshot(rawRequest()).canonical
    const changes: Partial<RawRequest>[] = [
      { request_id: "other" },
      { subject: entity("a", "other") },
      { subject: entity("b", "x") },
      { subject: entity("a", "x", { a: 1 }) },
      { action: { name: "other", properties: {} } },
      { action: { name: "go", properties: { a: 1 } } },
      { resource: entity("r", "other") },
      { resource: entity("r", "y", { a: 1 }) },
      { context: { a: 1 } },
      json("{}"),
      json("{ }"),
      { ...json("{}"), parameters_content_type: "text/plain" },
      { parameters_digest: createHash("sha256").update("{}").digest() },
      { audience: "other" },
      { runtime_id: "r" },
      { parent_execution_id: "00000000-0000-4000-8000-000000000000" },
      { parent_execution_id: "00000000-0000-4000-8000-000000000000", parent_proof: "p" },
      { approval_id: "a" },
      { requested_ttl_ms: 1 },
      { supported_obligations: ["a"] },
      { supported_obligations: ["a", "b"] },
    ]
    const canonical = changes.map((change) => snapshot(rawRequest(change)).canonical)
    expect(new Set([base, ...canonical]).size).toBe(changes.length + 1)
    expect(snapshot(rawRequest({ explain: true })).canonical).toBe(base)
  })

  test("what the policy sees is what was recorded", () => {
    const made = snapshot(rawRequest({ context: { a: 1 }, ...json('{"b":2}') }))
    expect(toPolicyRequest(made, 5)).toEqual({
      subject: made.json["subject"],
      action: made.json["action"],
      resource: made.json["resource"],
      context: { a: 1 },
      parameters: { kind: "json", value: { b: 2 } },
      audience: "runner",
      runtime: null,
      nowMs: 5,
    })
  })
})
