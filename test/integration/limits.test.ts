/** The limits of the gRPC server on a real socket: what is refused, with what, and that nothing stays behind. */
import { connect } from "node:http2"
import { connect as dialTcp } from "node:net"
import * as grpc from "@grpc/grpc-js"
import { afterEach, describe, expect, test } from "vitest"
import type { Config } from "../../src/config.ts"
import { MAX_HEALTH_WATCHERS } from "../../src/rpc/health.ts"
import { loadService, messageType, SERVICES } from "../../src/rpc/load.ts"
import type { Service } from "../../src/rpc/server.ts"
import { readErrorInfo } from "../../src/rpc/status.ts"
import { endOf, type RpcFixture, startRpc } from "../support/rpc-server.ts"

const LIST = "/writ.v1.AdminService/ListCallerKeys"
const INFO = "/writ.v1.AdminService/GetServerInfo"
const WATCH = "/writ.v1.VerifierService/WatchDirectives"

/** Calls that wait until they are let go. */
class Held {
  readonly #waiting: (() => void)[] = []
  get count(): number {
    return this.#waiting.length
  }
  hold(): Promise<object> {
    return new Promise((resolve) => this.#waiting.push(() => resolve({})))
  }
  letGo(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

let rpc: RpcFixture
let held: Held
const open: { cancel(): void }[] = []
async function start(limits: Partial<Config["limits"]>): Promise<void> {
  held = new Held()
  const services: Service[] = [
    {
      definition: loadService(SERVICES.admin),
      unary: { ListCallerKeys: () => held.hold(), GetServerInfo: async () => ({}) },
    },
    { definition: loadService(SERVICES.verifier), unary: {}, watches: { WatchDirectives: () => () => {} } },
  ]
  rpc = await startRpc(services, limits)
}
afterEach(async () => {
  held.letGo()
  for (const call of open.splice(0)) call.cancel()
  await rpc.close()
})

const call = (path: string, key = rpc.keys.admin) => rpc.client.unary(path, Buffer.alloc(0), { authorization: key })
const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}
async function reasonOf(answer: ReturnType<typeof call>) {
  const { code, metadata } = await answer
  return { code, reason: readErrorInfo(metadata)?.reason }
}

describe("calls", () => {
  test("what comes on top of a caller's limit is refused at once with RetryInfo, and taken again later", async () => {
    await start({ callerMaxCalls: 2 })
    const first = [call(LIST), call(LIST)]
    await until(() => held.count === 2)
    const { code, metadata } = await call(LIST)
    expect(code).toBe(grpc.status.RESOURCE_EXHAUSTED)
    const status = messageType("google.rpc.Status").decode(metadata.get("grpc-status-details-bin")[0] as Buffer)
    expect(JSON.stringify(status)).toContain("google.rpc.RetryInfo")
    expect(readErrorInfo(metadata)?.reason).toBe("CALLER_AT_LIMIT")
    expect((await call(INFO, rpc.keys.pep)).code).toBe(grpc.status.OK)
    held.letGo()
    for (const one of first) expect((await one).code).toBe(grpc.status.OK)
    expect((await call(INFO)).code).toBe(grpc.status.OK)
    expect(rpc.admission.others.inHand).toBe(0)
  })

  test("at the limit for all a caller without calls still enters", async () => {
    await start({ maxCalls: 2 })
    const first = [call(LIST), call(LIST)]
    await until(() => held.count === 2)
    expect(await reasonOf(call(LIST))).toEqual({ code: grpc.status.RESOURCE_EXHAUSTED, reason: "OVERLOADED" })
    expect((await call(INFO, rpc.keys.pep)).code).toBe(grpc.status.OK)
    held.letGo()
    await Promise.all(first)
  })

  test("what is refused for its credential, its role or its bytes leaves nothing in hand", async () => {
    await start({ maxCalls: 1, callerMaxCalls: 1 })
    for (let i = 0; i < 3; i++) {
      expect((await call(INFO, "Bearer writ_admin_00000000_x")).code).toBe(grpc.status.UNAUTHENTICATED)
      expect((await call(LIST, rpc.keys.pep)).code).toBe(grpc.status.PERMISSION_DENIED)
      const malformed = await rpc.client.unary(INFO, Buffer.alloc(8, 0xff), { authorization: rpc.keys.admin })
      expect(malformed.code).toBe(grpc.status.INVALID_ARGUMENT)
    }
    expect(rpc.admission.others.inHand).toBe(0)
  })

  test("a call that its caller gave up is in hand until it is over", async () => {
    await start({ maxCalls: 1, callerMaxCalls: 1 })
    const given = rpc.client.unary(
      LIST,
      Buffer.alloc(0),
      { authorization: rpc.keys.admin },
      { deadline: Date.now() + 50 },
    )
    expect((await given).code).toBe(grpc.status.DEADLINE_EXCEEDED)
    expect(rpc.admission.others.inHand).toBe(1)
    held.letGo()
    await until(() => rpc.admission.others.inHand === 0)
  })

  test("more a second than a caller may is RATE_LIMITED", async () => {
    await start({ callerCallsPerSecond: 1 })
    const reasons = []
    for (let i = 0; i < 5; i++) reasons.push((await reasonOf(call(INFO))).reason)
    expect(reasons.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined])
    expect(reasons[4]).toBe("RATE_LIMITED")
    expect(await reasonOf(call(INFO, rpc.keys.pep))).toEqual({ code: grpc.status.OK, reason: undefined })
  })
})

describe("streams", () => {
  const watch = () => {
    const stream = rpc.client.stream(WATCH, { authorization: rpc.keys.runtime })
    open.push(stream)
    stream.resume()
    stream.end(Buffer.alloc(0))
    return { stream, end: endOf(stream) }
  }

  test("more than may be open are refused; one that is cancelled makes room", async () => {
    await start({ callerMaxStreams: 2 })
    const first = watch()
    watch()
    await until(() => rpc.admission.streams.inHand === 2)
    const third = await watch().end
    expect([third.code, readErrorInfo(third.metadata)?.reason]).toEqual([
      grpc.status.RESOURCE_EXHAUSTED,
      "CALLER_AT_LIMIT",
    ])
    first.stream.cancel()
    await until(() => rpc.admission.streams.inHand === 1)
    watch()
    await until(() => rpc.admission.streams.inHand === 2)
  })

  test("a connection holds no more than it is told; what waits at the client is answered in its turn", async () => {
    await start({ connectionMaxStreams: 4 })
    await call(INFO) // the client has read the settings
    const calls = Array.from({ length: 12 }, () => call(LIST))
    await until(() => held.count === 4)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(held.count).toBe(4)
    for (let answered = 0; answered < 12; answered += 4) {
      await until(() => held.count === 4)
      held.letGo()
    }
    for (const one of calls) expect((await one).code).toBe(grpc.status.OK)
  })

  test("a client that does not hold back has its streams refused, the others of the daemon do not notice", async () => {
    await start({ connectionMaxStreams: 4 })
    const session = connect(`http://${rpc.address}`, { settings: { initialWindowSize: 65_535 } })
    session.on("error", () => {})
    // Sent before the server's settings are read.
    const ends = Array.from({ length: 40 }, () => {
      const stream = session.request({
        ":method": "POST",
        ":path": LIST,
        "content-type": "application/grpc",
        te: "trailers",
        authorization: rpc.keys.admin,
      })
      stream.on("error", () => {})
      stream.end(Buffer.alloc(5))
      return new Promise<void>((resolve) => stream.once("close", () => resolve()))
    })
    await until(() => held.count >= 1)
    expect((await call(INFO)).code).toBe(grpc.status.OK)
    expect(held.count).toBeLessThanOrEqual(4)
    session.destroy()
    await Promise.all(ends)
    held.letGo()
    await until(() => rpc.admission.others.inHand === 0)
  })
})

test("a message over the limit is RESOURCE_EXHAUSTED", async () => {
  await start({ maxMessageBytes: 1_024 })
  const send = async (bytes: number) =>
    (await rpc.client.unary(INFO, Buffer.alloc(bytes), { authorization: rpc.keys.admin })).code
  expect(await send(1_025)).toBe(grpc.status.RESOURCE_EXHAUSTED)
  expect(await send(1_024)).not.toBe(grpc.status.RESOURCE_EXHAUSTED)
})

test("health is watched without a credential, by so many at once and by one name", async () => {
  await start({ connectionMaxStreams: 4_096 })
  const path = "/grpc.health.v1.Health/Watch"
  const watch = (service = "") => {
    const stream = rpc.client.stream(path, {})
    open.push(stream)
    const name = Buffer.from(service)
    stream.end(service === "" ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]))
    const told = new Promise<Buffer>((resolve) => stream.once("data", resolve))
    return { stream, told, end: endOf(stream) }
  }
  const { code } = await watch("made.up").end
  expect(code).toBe(grpc.status.NOT_FOUND)
  const watchers = Array.from({ length: MAX_HEALTH_WATCHERS }, () => watch())
  for (const { told } of watchers) await told
  expect((await watch().end).code).toBe(grpc.status.RESOURCE_EXHAUSTED)
  watchers[0]?.stream.cancel()
  await watchers[0]?.end
  // The server learns of it a moment later.
  const next = async (): Promise<number> => {
    const { told, end } = watch()
    return await Promise.race([told.then(() => grpc.status.OK), end.then(({ code }) => code)])
  }
  let last: number
  do last = await next()
  while (last === grpc.status.RESOURCE_EXHAUSTED)
  expect(last).toBe(grpc.status.OK)
})

test("connections beyond the limit are closed at once; one that ends makes room", async () => {
  await start({ maxConnections: 2 })
  const { listening } = rpc
  const [host, port] = rpc.address.split(":") as [string, string]
  const dial = () => {
    const socket = dialTcp(Number(port), host)
    open.push({ cancel: () => socket.destroy() })
    return socket.on("error", () => {})
  }
  const first = dial()
  expect((await call(INFO)).code).toBe(grpc.status.OK)
  expect(listening.connections).toEqual({ inHand: 2, limit: 2, refused: 0 })
  const third = dial()
  await new Promise((resolve) => third.resume().once("close", resolve))
  expect(listening.connections).toEqual({ inHand: 2, limit: 2, refused: 1 })
  expect((await call(INFO)).code).toBe(grpc.status.OK)
  first.destroy()
  await until(() => listening.connections.inHand === 1)
  dial()
  await until(() => listening.connections.inHand === 2)
})
