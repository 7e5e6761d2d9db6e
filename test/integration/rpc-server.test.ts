import { connect } from "node:http2"
import * as grpc from "@grpc/grpc-js"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { loadConfig } from "../../src/config.ts"
import type { Authorized, Call } from "../../src/decision/authorize.ts"
import { snapshot } from "../../src/decision/snapshot.ts"
import { ERRORS, WritError } from "../../src/errors.ts"
import { createAdmission } from "../../src/rpc/admission.ts"
import { loadApi } from "../../src/rpc/api.ts"
import { authorizationService } from "../../src/rpc/authorization.ts"
import { listen } from "../../src/rpc/listen.ts"
import { loadService, messageType, SERVICES } from "../../src/rpc/load.ts"
import { ROLES, RPC_ROLES } from "../../src/rpc/roles.ts"
import { buildServer, type Service, type UnaryHandler, type WatchHandler } from "../../src/rpc/server.ts"
import { readErrorInfo, readStatusInfo } from "../../src/rpc/status.ts"
import { jsonToStruct } from "../../src/rpc/struct.ts"
import { endOf, type RpcFixture, startRpc } from "../support/rpc-server.ts"

const AUTHORIZE = "/writ.v1.AuthorizationService/Authorize"
const STREAM = "/writ.v1.AuthorizationService/AuthorizeStream"
const BEATS = "/writ.v1.VerifierService/HeartbeatStream"
const BATCH = "/writ.v1.AuthorizationService/AuthorizeBatch"

const request = messageType("writ.v1.AuthorizeRequest")
const response = messageType("writ.v1.AuthorizeResponse")

const valid = () => ({
  request_id: "r-1",
  subject: { type: "agent", id: "agent-1", properties: jsonToStruct({ team: "blue" }) },
  action: { name: "http.get" },
  resource: { type: "url", id: "https://example.com/" },
  context: jsonToStruct({ note: "note" }),
  audience: "executor-1",
})

/** What the decision path would answer; the request is read as the decision path reads it. */
async function decide(raw: Parameters<typeof snapshot>[0], _call: Call): Promise<Authorized> {
  const { requestId, canonical } = snapshot(raw)
  if (requestId === "slow") await new Promise((resolve) => setTimeout(resolve, 50))
  if (requestId === "defect") throw new Error(`SECRET ${canonical}`)
  return {
    verdict: {
      decision: "DENY",
      executionId: requestId,
      claims: null,
      checks: [],
      matchedRules: [],
      obligations: [],
      risk: { tier: "low", points: 0, signals: [] },
      bundleDigest: "00".repeat(32),
      bundleVersion: "1",
      trace: [],
    },
    token: null,
    withheld: null,
    receipt: { origin: "writ.local/test", index: 0, leafHash: new Uint8Array(32) },
    repeated: false,
    explain: false,
    times: { evaluate: 1, append: 1, sign: 0 },
  } as unknown as Authorized
}

/** The details with which CompleteExecution was called. */
const completions: object[] = []
/** The rest of it, and what StartExecution was called with. */
const ends: object[] = []
const starts: object[] = []
const authorization = () =>
  authorizationService({
    authorize: decide,
    evaluate: () => Promise.reject(new WritError("NOT_FOUND")),
    verifyToken: () => Promise.reject(new WritError("NOT_FOUND")),
    revoke: () => Promise.reject(new WritError("NOT_FOUND")),
    redeem: () => Promise.reject(new WritError("NOT_FOUND")),
    start: async (request) => {
      starts.push(request)
      throw new WritError("NOT_FOUND")
    },
    complete: async ({ details, ...end }) => {
      completions.push(details)
      ends.push(end)
      throw new WritError("NOT_FOUND")
    },
    executions: {
      get: () => Promise.reject(new WritError("NOT_FOUND")),
      list: () => Promise.reject(new WritError("NOT_FOUND")),
    },
    approvals: () => Promise.reject(new WritError("NOT_FOUND")),
    decideApproval: () => Promise.reject(new WritError("NOT_FOUND")),
  })

describe("every RPC with every role", () => {
  let rpc: RpcFixture
  beforeAll(async () => {
    const answer: UnaryHandler = async () => ({})
    const watchOnce: WatchHandler = (_request, _context, send, end) => {
      send({})
      end()
      return () => {}
    }
    rpc = await startRpc(
      Object.values(SERVICES).map((name): Service => {
        const definition = loadService(name)
        const registered = Object.entries(definition).filter(([, { path }]) => path in RPC_ROLES)
        const shape = (request: boolean, response: boolean) =>
          registered.filter(
            ([, { requestStream, responseStream }]) => requestStream === request && responseStream === response,
          )
        return {
          definition,
          unary: Object.fromEntries(shape(false, false).map(([method]) => [method, answer])),
          streams: Object.fromEntries(
            shape(true, true).map(([method]) => [method, () => ({ receive: () => {}, end: async () => {} })]),
          ),
          watches: Object.fromEntries(shape(false, true).map(([method]) => [method, watchOnce])),
        }
      }),
    )
  })
  afterAll(() => rpc.close())

  const call = async (path: string, headers: Record<string, string>): Promise<grpc.StatusObject | { code: number }> => {
    if (![STREAM, BEATS].includes(path)) return await rpc.client.unary(path, Buffer.alloc(0), headers)
    const stream = rpc.client.stream(path, headers)
    stream.resume()
    const end = endOf(stream)
    stream.end()
    return await end
  }

  test.each(Object.entries(RPC_ROLES))("%s", async (path, allowed) => {
    for (const role of ROLES) {
      const { code } = await call(path, { authorization: rpc.keys[role] })
      expect(code, role).toBe(allowed.includes(role) ? grpc.status.OK : grpc.status.PERMISSION_DENIED)
    }
    expect((await call(path, {})).code, "none").toBe(grpc.status.UNAUTHENTICATED)
    expect((await call(path, { authorization: `${rpc.keys.admin}x` })).code, "bad").toBe(grpc.status.UNAUTHENTICATED)
  })

  test("a method that is not registered is UNIMPLEMENTED, whoever calls", async () => {
    const all = Object.values(SERVICES).flatMap((name) =>
      Object.values(loadApi()[name] as unknown as grpc.ServiceDefinition),
    )
    const later = all.map(({ path }) => path).filter((path) => !(path in RPC_ROLES))
    expect(later.length).toBeGreaterThan(0)
    for (const path of later) {
      const { code } = await rpc.client.unary(path, Buffer.alloc(0), { authorization: rpc.keys.admin })
      expect(code, path).toBe(grpc.status.UNIMPLEMENTED)
    }
  })

  test("health needs no credential, reflection needs one", async () => {
    expect((await rpc.client.unary("/grpc.health.v1.Health/Check", Buffer.alloc(0), {})).code).toBe(grpc.status.OK)
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    const listServices = Buffer.from([0x3a, 0x00])
    const ask = async (headers: Record<string, string>) => {
      const stream = rpc.client.stream(path, headers)
      const replies: Buffer[] = []
      stream.on("data", (reply: Buffer) => replies.push(reply))
      const end = endOf(stream)
      stream.end(listServices)
      return { code: (await end).code, text: Buffer.concat(replies).toString("latin1") }
    }
    expect((await ask({})).code).toBe(grpc.status.UNAUTHENTICATED)
    const { code, text } = await ask({ authorization: rpc.keys.auditor })
    expect(code).toBe(grpc.status.OK)
    expect(text).toContain("writ.v1.AuthorizationService")
  })
})

describe("hostile messages", () => {
  let rpc: RpcFixture
  beforeAll(async () => {
    rpc = await startRpc([authorization()])
  })
  afterAll(() => rpc.close())
  /** The process is alive and serves the next caller. */
  afterEach(async () => {
    expect((await send(request.encode(valid()))).code).toBe(grpc.status.OK)
  })

  const send = (bytes: Uint8Array, headers = {}) =>
    rpc.client.unary(AUTHORIZE, bytes, { authorization: rpc.keys.pep, ...headers })

  async function refusal(bytes: Uint8Array) {
    const { code, metadata, message } = await send(bytes)
    return { code, message, ...readErrorInfo(metadata) }
  }

  /** The encoded request with one piece of text replaced by bytes of the same length. */
  const damaged = (value: object, text: string, by: Buffer | string): Buffer => {
    const bytes = request.encode(value)
    Buffer.from(by).copy(bytes, bytes.indexOf(text))
    return bytes
  }

  test("a valid request is answered", async () => {
    const { code, reply, metadata } = await send(request.encode(valid()))
    expect(code).toBe(grpc.status.OK)
    expect(response.decode(reply as Buffer)).toMatchObject({ decision: "DECISION_DENY", execution_id: "r-1" })
    expect(metadata.get("grpc-status-details-bin")).toEqual([])
  })

  test.each([
    ["text", Buffer.from("this is not protobuf")],
    ["0xff bytes", Buffer.alloc(64, 0xff)],
    ["a length beyond the end", Buffer.from([0x0a, 0x7f, 0x61])],
    ["a truncated message", messageType("writ.v1.AuthorizeRequest").encode(valid()).subarray(0, -3)],
    ["an unclosed group", Buffer.from([0x0b])],
    ["field number 0", Buffer.from([0x02, 0x01, 0x61])],
  ])("malformed protobuf (%s) is INVALID_ARGUMENT", async (_name, bytes) => {
    expect(await refusal(bytes)).toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      message: ERRORS.MALFORMED_MESSAGE.text,
      reason: "MALFORMED_MESSAGE",
      domain: "writ",
    })
  })

  test("CompleteExecution: details arrive as JSON, or the message is refused before anything is called", async () => {
    const type = messageType("writ.v1.CompleteExecutionRequest")
    const path = "/writ.v1.AuthorizationService/CompleteExecution"
    const message = (details: object) => type.encode({ execution_id: "e", succeeded: true, details })
    const codeOf = async (bytes: Uint8Array) => {
      const { metadata } = await rpc.client.unary(path, bytes, { authorization: rpc.keys.executor })
      return readErrorInfo(metadata)?.reason
    }
    completions.length = 0
    const json = { a: [1, "x", null, { b: true }] }
    expect(await codeOf(message(jsonToStruct(json)))).toBe("NOT_FOUND") // as the handler answers
    expect(await codeOf(type.encode({ execution_id: "e" }))).toBe("NOT_FOUND")
    expect(completions).toEqual([json, {}])
    const number = (numberValue: number) => message({ fields: { a: { kind: "numberValue", numberValue } } })
    for (const bytes of [number(Number.NaN), number(-0), Buffer.concat([message(jsonToStruct(json)), message({})])])
      expect(await codeOf(bytes)).toBe("INVALID_REQUEST")
    for (const bytes of [Buffer.alloc(8, 0xff), message(jsonToStruct(json)).subarray(0, -3)])
      expect(await codeOf(bytes)).toBe("MALFORMED_MESSAGE")
    expect(completions).toHaveLength(2)
  })

  test("CompleteExecution: how it ended arrives typed; what the API does not name is refused", async () => {
    const type = messageType("writ.v1.CompleteExecutionRequest")
    const path = "/writ.v1.AuthorizationService/CompleteExecution"
    const codeOf = async (bytes: Uint8Array) => {
      const { metadata } = await rpc.client.unary(path, bytes, { authorization: rpc.keys.executor })
      return readErrorInfo(metadata)?.reason
    }
    ends.length = 0
    const none = { exitStatus: null, signal: "", durationMs: null, termination: null, resultDigest: new Uint8Array() }
    await codeOf(type.encode({ execution_id: "e", exit_status: 0, duration: { seconds: 3, nanos: 4_999_999 } }))
    const termination = { cause: "TERMINATION_CAUSE_IMAGE_CHANGED", directive_number: String(2n ** 64n - 1n) }
    await codeOf(type.encode({ execution_id: "e", signal: "SIGKILL", termination }))
    await codeOf(type.encode({ execution_id: "e", succeeded: true, termination: {} }))
    expect(ends).toEqual([
      { ...none, executionId: "e", succeeded: false, exitStatus: 0, durationMs: 3004 },
      {
        ...none,
        executionId: "e",
        succeeded: false,
        signal: "SIGKILL",
        termination: { cause: "IMAGE_CHANGED", directive: 2n ** 64n - 1n },
      },
      { ...none, executionId: "e", succeeded: true, termination: { cause: null, directive: 0n } },
    ])
    expect(await codeOf(type.encode({ execution_id: "e", termination: { cause: 6 } }))).toBe("INVALID_REQUEST")
    expect(await codeOf(type.encode({ execution_id: "e", duration: { seconds: -1 } }))).toBe("INVALID_REQUEST")
    expect(ends).toHaveLength(3)
  })

  test("StartExecution: what was started arrives typed; what the API does not name is refused", async () => {
    const type = messageType("writ.v1.StartExecutionRequest")
    const path = "/writ.v1.AuthorizationService/StartExecution"
    const codeOf = async (bytes: Uint8Array) => {
      const { metadata } = await rpc.client.unary(path, bytes, { authorization: rpc.keys.executor })
      return readErrorInfo(metadata)?.reason
    }
    starts.length = 0
    const whole = {
      execution_id: "e",
      code_digest: Buffer.alloc(32, 1),
      isolation: "ISOLATION_PROCESS_GROUP",
      not_guaranteed: ["pid-namespace", "own-proc"],
      details: jsonToStruct({ pid: "no" }),
      parameters_digest: Buffer.alloc(32, 2),
    }
    expect(await codeOf(type.encode(whole))).toBe("NOT_FOUND") // as the handler answers
    await codeOf(type.encode({ execution_id: "e" }))
    expect(starts).toEqual([
      {
        executionId: "e",
        codeDigest: Buffer.alloc(32, 1),
        isolation: "PROCESS_GROUP",
        notGuaranteed: ["pid-namespace", "own-proc"],
        details: { pid: "no" },
        parametersDigest: Buffer.alloc(32, 2),
      },
      {
        executionId: "e",
        codeDigest: new Uint8Array(),
        parametersDigest: new Uint8Array(),
        isolation: null,
        notGuaranteed: [],
        details: {},
      },
    ])
    expect(await codeOf(type.encode({ isolation: 4 }))).toBe("INVALID_REQUEST")
    expect(await codeOf(type.encode(whole).subarray(0, -3))).toBe("MALFORMED_MESSAGE")
    expect(starts).toHaveLength(2)
  })

  test("a message that is malformed needs a credential to be told so", async () => {
    const { code } = await rpc.client.unary(AUTHORIZE, Buffer.alloc(8, 0xff), {})
    expect(code).toBe(grpc.status.UNAUTHENTICATED)
  })

  test("an empty message names what is missing", async () => {
    expect(await refusal(Buffer.alloc(0))).toMatchObject({
      reason: "INVALID_REQUEST",
      metadata: { field: "request_id" },
    })
  })

  test("a message over the limit is RESOURCE_EXHAUSTED", async () => {
    const { code } = await send(Buffer.alloc(4 * 1024 * 1024 + 1))
    expect(code).toBe(grpc.status.RESOURCE_EXHAUSTED)
  })

  test("a property of 3 MiB is RESOURCE_EXHAUSTED with a reason", async () => {
    const value = { ...valid(), context: jsonToStruct({ note: "x".repeat(3 * 1024 * 1024) }) }
    expect(await refusal(request.encode(value))).toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
      reason: "REQUEST_TOO_LARGE",
    })
  })

  test("both members of a oneof are refused, in whichever order they come", async () => {
    const parameters = request.encode({ parameters: Buffer.from("{}") })
    const digest = request.encode({ parameters_digest: Buffer.alloc(32) })
    for (const tail of [
      [parameters, digest],
      [digest, parameters],
    ]) {
      expect(await refusal(Buffer.concat([request.encode(valid()), ...tail]))).toMatchObject({
        code: grpc.status.INVALID_ARGUMENT,
        reason: "INVALID_REQUEST",
      })
    }
  })

  test.each([
    ["request_id", "r-1"],
    ["subject.id", "agent-1"],
    ["audience", "executor-1"],
  ])("bytes that are not UTF-8 in %s are refused, and the field is named", async (field, text) => {
    expect(await refusal(damaged(valid(), text, Buffer.from([0xff])))).toMatchObject({
      reason: "INVALID_REQUEST",
      metadata: { field },
    })
  })

  test.each([
    ["NUL", "\0"],
    ["a line feed", "\n"],
    ["U+FFFD", "\uFFFD"],
  ])("%s in an id is refused", async (_name, character) => {
    const value = { ...valid(), resource: { type: "url", id: `a${character}b` } }
    expect(await refusal(request.encode(value))).toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      metadata: { field: "resource.id" },
    })
  })

  test.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-0", -0],
  ])("%s in a property is refused", async (_name, number) => {
    const value = { ...valid(), context: { fields: { n: { numberValue: number } } } }
    expect(await refusal(request.encode(value))).toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      metadata: { field: "context.n" },
    })
  })

  test("an unknown number of an enum is refused", async () => {
    const value = { ...valid(), context: { fields: { n: { nullValue: 3 } } } }
    expect(await refusal(request.encode(value))).toMatchObject({ reason: "INVALID_REQUEST" })
  })

  test("a key named __proto__ is refused", async () => {
    const value = { ...valid(), context: jsonToStruct({ __pr0t0__: { admin: true } }) }
    expect(await refusal(damaged(value, "__pr0t0__", "__proto__"))).toMatchObject({ reason: "INVALID_REQUEST" })
  })

  test("20 levels of nesting are INVALID_ARGUMENT, and so are 5,000", async () => {
    const nested = (levels: number): Buffer => {
      // Written by hand: no encoder nests this deep. Struct.fields = 1, entry value = 2, Value.struct_value = 5.
      let struct = Buffer.alloc(0)
      const field = (tag: number, content: Buffer) =>
        Buffer.concat([Buffer.from([tag]), varint(content.length), content])
      for (let i = 0; i < levels; i++) {
        const entry = Buffer.concat([field(0x0a, Buffer.from("a")), field(0x12, field(0x2a, struct))])
        struct = field(0x0a, entry)
      }
      return Buffer.concat([request.encode(valid()), field(0x2a, struct)])
    }
    for (const levels of [20, 200, 5_000])
      expect((await refusal(nested(levels))).code, `${levels}`).toBe(grpc.status.INVALID_ARGUMENT)
  })

  test("fields that this version does not know are ignored", async () => {
    const unknown = Buffer.from([0xfa, 0x3f, 0x01, 0x61]) // field 1023, one byte
    expect((await send(Buffer.concat([request.encode(valid()), unknown]))).code).toBe(grpc.status.OK)
  })

  test("a defect is INTERNAL: its text goes to the log with the request id, never to the caller", async () => {
    const { code, message, metadata } = await send(request.encode({ ...valid(), request_id: "defect" }), {
      "x-request-id": "trace-7",
    })
    expect(code).toBe(grpc.status.INTERNAL)
    const details = metadata.get("grpc-status-details-bin")[0] as Buffer
    expect(`${message}${details.toString("latin1")}`).not.toContain("SECRET")
    expect(readErrorInfo(metadata)?.metadata["request_id"]).toBe("trace-7")
    const line = rpc.lines.find((text) => text.includes("SECRET")) as string
    expect(JSON.parse(line)).toMatchObject({ level: "error", requestId: "trace-7", rpc: AUTHORIZE })
  })

  test("a request id that is not sane is replaced", async () => {
    const { metadata } = await send(Buffer.alloc(0), { "x-request-id": "a b" })
    expect(metadata.get("x-request-id")[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  test("a batch of no request and of 65 is refused, each of 64 fails by itself", async () => {
    const batch = messageType("writ.v1.AuthorizeBatchRequest")
    const sendBatch = (requests: object[]) =>
      rpc.client.unary(BATCH, batch.encode({ requests }), { authorization: rpc.keys.pep })
    expect((await sendBatch([])).code).toBe(grpc.status.INVALID_ARGUMENT)
    expect((await sendBatch(Array.from({ length: 65 }, valid))).code).toBe(grpc.status.RESOURCE_EXHAUSTED)
    const requests = Array.from({ length: 64 }, (_, i) => (i % 2 ? valid() : { ...valid(), audience: "" }))
    const { reply } = await sendBatch(requests)
    const { results } = messageType("writ.v1.AuthorizeBatchResponse").decode(reply as Buffer) as {
      results: { result: string; status?: Parameters<typeof readStatusInfo>[0] }[]
    }
    expect(results.map(({ result }) => result)).toEqual(requests.map((_, i) => (i % 2 ? "response" : "status")))
    expect(readStatusInfo(results[0]?.status as never)).toMatchObject({
      reason: "INVALID_REQUEST",
      metadata: { field: "audience" },
    })
  })

  test.each([
    ["a message longer than its frame says", Buffer.from([0, 0, 0, 0, 2, 0x0a, 0x05, 0x61])],
    ["a compressed message that is not", Buffer.from([1, 0, 0, 0, 2, 0x0a, 0x00])],
    ["a frame cut off in its header", Buffer.from([0, 0, 0])],
    ["a frame that promises 4 GiB", Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 0x0a])],
    ["no frame at all", Buffer.alloc(0)],
  ])("%s on a raw connection gets a status that is not OK", async (_name, body) => {
    const session = connect(`http://${rpc.address}`)
    try {
      const status = await new Promise<string>((resolve, reject) => {
        const stream = session.request({
          ":method": "POST",
          ":path": AUTHORIZE,
          "content-type": "application/grpc+proto",
          te: "trailers",
          authorization: rpc.keys.pep,
        })
        const read = (headers: Record<string, unknown>) =>
          headers["grpc-status"] !== undefined && resolve(String(headers["grpc-status"]))
        stream.on("response", read)
        stream.on("trailers", read)
        stream.on("error", reject)
        stream.on("close", () => resolve("closed"))
        stream.resume()
        stream.end(body)
      })
      expect(status).not.toBe("0")
    } finally {
      session.destroy()
    }
  })
})

describe("AuthorizeStream", () => {
  let rpc: RpcFixture
  beforeAll(async () => {
    rpc = await startRpc([authorization()])
  })
  afterAll(() => rpc.close())

  const message = messageType("writ.v1.AuthorizeStreamRequest")
  const answerType = messageType("writ.v1.AuthorizeStreamResponse")
  interface Reply {
    readonly sequence: string
    readonly result: string
    readonly status?: Parameters<typeof readStatusInfo>[0]
  }

  function open() {
    const stream = rpc.client.stream(STREAM, { authorization: rpc.keys.pep })
    const replies: Reply[] = []
    stream.on("data", (bytes: Buffer) => replies.push(answerType.decode(bytes) as Reply))
    return { stream, replies, end: endOf(stream) }
  }

  test("a bad message has its own status and never ends the stream", async () => {
    const { stream, replies, end } = open()
    stream.write(message.encode({ sequence: "1", request: valid() }))
    stream.write(Buffer.alloc(8, 0xff))
    stream.write(message.encode({ sequence: "3" }))
    stream.write(message.encode({ sequence: "4", request: { ...valid(), subject: null } }))
    stream.write(message.encode({ sequence: "18446744073709551615", request: valid() }))
    stream.end()
    expect((await end).code).toBe(grpc.status.OK)
    const seen = new Map(replies.map((reply) => [reply.sequence, reply]))
    expect([...seen.keys()].sort()).toEqual(["0", "1", "18446744073709551615", "3", "4"])
    expect(seen.get("1")?.result).toBe("response")
    expect(seen.get("18446744073709551615")?.result).toBe("response")
    const reason = (sequence: string) => readStatusInfo(seen.get(sequence)?.status as never)?.reason
    expect([reason("0"), reason("3"), reason("4")]).toEqual(["MALFORMED_MESSAGE", "INVALID_REQUEST", "INVALID_REQUEST"])
  })

  test("a slow request does not hold up the next, and the end waits for it", async () => {
    const { stream, replies, end } = open()
    stream.write(message.encode({ sequence: "1", request: { ...valid(), request_id: "slow" } }))
    stream.write(message.encode({ sequence: "2", request: valid() }))
    stream.end()
    await end
    expect(replies.map(({ sequence }) => sequence)).toEqual(["2", "1"])
  })

  test("a key that is revoked stops counting on a stream that is open", async () => {
    const { stream, replies, end } = open()
    const first = new Promise((resolve) => stream.once("data", resolve))
    stream.write(message.encode({ sequence: "1", request: valid() }))
    await first
    const id = rpc.keys.pep.split("_")[2] as string
    const key = rpc.callers.get(id) as NonNullable<ReturnType<typeof rpc.callers.get>>
    rpc.callers.set(id, { ...key, state: "revoked" })
    stream.write(message.encode({ sequence: "2", request: valid() }))
    stream.end()
    await end
    rpc.callers.set(id, key)
    expect(replies.map(({ result }) => result)).toEqual(["response", "status"])
    expect(readStatusInfo(replies[1]?.status as never)?.reason).toBe("UNAUTHENTICATED")
  })

  test("a caller that goes away in the middle leaves the server working", async () => {
    const { stream, end } = open()
    stream.write(message.encode({ sequence: "1", request: { ...valid(), request_id: "slow" } }))
    setTimeout(() => stream.cancel(), 10)
    expect((await end).code).toBe(grpc.status.CANCELLED)
    await new Promise((resolve) => setTimeout(resolve, 80))
    const next = await rpc.client.unary(AUTHORIZE, request.encode(valid()), { authorization: rpc.keys.pep })
    expect(next.code).toBe(grpc.status.OK)
  })

  test("a reader that reads nothing gets all replies once it reads", async () => {
    const { stream, end, replies } = open()
    stream.pause()
    const count = 2_000
    for (let i = 1; i <= count; i++) stream.write(message.encode({ sequence: String(i), request: valid() }))
    stream.end()
    await new Promise((resolve) => setTimeout(resolve, 100))
    stream.resume()
    expect((await end).code).toBe(grpc.status.OK)
    expect(new Set(replies.map(({ sequence }) => sequence)).size).toBe(count)
  })
})

describe("CallContext", () => {
  test("holds the time that the caller gives, and says when the caller is gone", async () => {
    const seen: (number | null)[] = []
    let aborted: () => void = () => {}
    const gone = new Promise<void>((resolve) => {
      aborted = resolve
    })
    const rpc = await startRpc([
      {
        definition: loadService(SERVICES.admin),
        unary: {
          async ListCallerKeys(_request, { timeoutMs }) {
            seen.push(timeoutMs)
            return {}
          },
          async GetServerInfo(_request, { signal }) {
            const watch = setInterval(() => {
              if (!signal.aborted) return
              clearInterval(watch)
              aborted()
            }, 5)
            return await new Promise(() => {})
          },
        },
      },
    ])
    const headers = { authorization: rpc.keys.admin }
    const list = "/writ.v1.AdminService/ListCallerKeys"
    await rpc.client.unary(list, Buffer.alloc(0), headers)
    await rpc.client.unary(list, Buffer.alloc(0), headers, { deadline: Date.now() + 5_000 })
    expect(seen[0]).toBeNull()
    expect(seen[1]).toBeGreaterThan(4_000)
    expect(seen[1]).toBeLessThanOrEqual(5_010)
    const late = await rpc.client.unary("/writ.v1.AdminService/GetServerInfo", Buffer.alloc(0), headers, {
      deadline: Date.now() + 50,
    })
    expect(late.code).toBe(grpc.status.DEADLINE_EXCEEDED)
    await gone
    await rpc.close()
  })
})

describe("listen", () => {
  test("an address in use is ADDRESS_IN_USE and names the address", async () => {
    const rpc = await startRpc([])
    const port = Number(rpc.address.split(":").at(-1))
    const second = new grpc.Server()
    await expect(listen(second, { host: "127.0.0.1", port, tls: null, maxConnections: 10 })).rejects.toMatchObject({
      code: "ADDRESS_IN_USE",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    await rpc.close()
  })
})

describe("drain", () => {
  async function startSlow(ms: number) {
    const rpc = await startRpc([
      {
        definition: loadService(SERVICES.admin),
        unary: {
          ListCallerKeys: async () => {
            await new Promise((resolve) => setTimeout(resolve, ms))
            return {}
          },
        },
      },
    ])
    const call = () =>
      rpc.client.unary("/writ.v1.AdminService/ListCallerKeys", Buffer.alloc(0), { authorization: rpc.keys.admin })
    return { rpc, call }
  }

  test("a call in flight is answered, a later one is refused", async () => {
    const { rpc, call } = await startSlow(200)
    const inFlight = call()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const drained = rpc.listening.drain(5_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await call()).code).toBe(grpc.status.UNAVAILABLE)
    expect((await inFlight).code).toBe(grpc.status.OK)
    await drained
    rpc.client.close()
  })

  test("past the limit, connections are cut", async () => {
    const { rpc, call } = await startSlow(60_000)
    const inFlight = call()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const start = Date.now()
    await rpc.listening.drain(100)
    expect(Date.now() - start).toBeLessThan(1_000)
    expect((await inFlight).code).toBe(grpc.status.UNAVAILABLE)
    expect(Date.now() - start).toBeLessThan(1_000)
    rpc.client.close()
  })
})

describe("buildServer", () => {
  test("a handler of a method that is not in the table of roles stops the start", async () => {
    const definition = loadService(SERVICES.admin)
    const { limits } = loadConfig({ data: "/nowhere" }, {})
    const build = () =>
      buildServer({
        limits,
        admission: createAdmission(limits),
        services: [{ definition, unary: { KillSwitch: async () => ({}) } }],
        identify: () => {
          throw new Error("nobody calls")
        },
        granting: () => ({ callers: new Map(), bindings: new Map() }),
        wallMs: () => 0,
        log: { debug() {}, info() {}, warn() {}, error() {} } as never,
      })
    expect(build).toThrow(/KillSwitch is not in the table of roles/)
  })
})

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
