/** HTTP/2 frames made by hand against the gRPC server: whoever sends them, the next caller is answered, and memory stays bounded. */
import { connect, type Socket } from "node:net"
import * as grpc from "@grpc/grpc-js"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { DATA, frame, HEADERS, headerBlock, PING, PREFACE, RST_STREAM, SETTINGS } from "../../bench/h2-generator.ts"
import { loadService, SERVICES } from "../../src/rpc/load.ts"
import { type RpcFixture, startRpc } from "../support/rpc-server.ts"

const INFO = "/writ.v1.AdminService/GetServerInfo"
const LIST = "/writ.v1.AdminService/ListCallerKeys"
const CONTINUATION = 9
const GOAWAY = 7
const COMPRESSION_ERROR = 9
const MIB = 2 ** 20
const REPLY_MIB = 1

let rpc: RpcFixture
let asked = 0
const sockets: Socket[] = []

beforeAll(async () => {
  const bundle_version = "x".repeat(REPLY_MIB * MIB)
  rpc = await startRpc([
    {
      definition: loadService(SERVICES.admin),
      unary: {
        GetServerInfo: async () => ({}),
        async ListCallerKeys() {
          asked++
          return { caller_keys: [{ id: bundle_version }] }
        },
      },
    },
  ])
})
afterAll(() => rpc.close())
/** Whatever was sent, others are answered, and nothing stays in hand. */
afterEach(async () => {
  const answer = await rpc.client.unary(INFO, Buffer.alloc(0), { authorization: rpc.keys.auditor })
  expect(answer.code).toBe(grpc.status.OK)
  for (const socket of sockets.splice(0)) socket.destroy()
  await until(() => rpc.admission.others.inHand === 0)
})

const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function open(settings = Buffer.alloc(0)): Promise<{ socket: Socket; closed: Promise<void> }> {
  const [host, port] = rpc.address.split(":") as [string, string]
  const socket = connect(Number(port), host)
  sockets.push(socket)
  socket.on("error", () => {})
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()))
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, settings)]))
  return { socket, closed: new Promise((resolve) => socket.once("close", () => resolve())) }
}
/** The error code with which the server ends the connection (RFC 9113 section 7), and the last stream that it looked at. */
function endOf(socket: Socket): Promise<{ readonly code: number; readonly lastStream: number }> {
  let pending = Buffer.alloc(0)
  return new Promise((resolve) =>
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
        if (pending[3] === GOAWAY) resolve({ lastStream: pending.readUInt32BE(9), code: pending.readUInt32BE(13) })
        pending = pending.subarray(9 + pending.readUIntBE(0, 3))
      }
    }),
  )
}
const call = (path: string, more: readonly (readonly [string, string])[] = []) =>
  headerBlock([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ["authorization", rpc.keys.admin],
    ...more,
  ])
const NO_MESSAGE = Buffer.alloc(5)

test("streams opened and reset without end: after about a thousand the connection is ended", async () => {
  const { socket } = await open()
  const end = endOf(socket)
  const block = call(INFO)
  const cancel = Buffer.from([0, 0, 0, 8])
  for (let stream = 1; stream < 20_000; stream += 2) {
    socket.write(Buffer.concat([frame(HEADERS, 4, stream, block), frame(RST_STREAM, 0, stream, cancel)]))
    if (stream % 512 === 1) await new Promise((resolve) => setImmediate(resolve))
  }
  expect((await end).lastStream).toBeLessThan(2 * 1_100)
})

test.each([
  ["pings", PING, Buffer.alloc(8)],
  ["settings", SETTINGS, Buffer.alloc(0)],
])("%s without end, whose answers nobody reads: memory does not grow", async (_name, type, payload) => {
  const { socket } = await open()
  socket.pause()
  const many = Buffer.concat(Array.from({ length: 10_000 }, () => frame(type, 0, 0, payload)))
  const before = process.memoryUsage().rss
  let sent = 0
  const write = () => {
    while (sent < 400 && !socket.destroyed) {
      sent++
      if (!socket.write(many)) return
    }
  }
  socket.on("drain", write)
  write()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(sent).toBeGreaterThan(10)
  expect(process.memoryUsage().rss - before).toBeLessThan(128 * MIB)
})

test("headers that never end: the connection is ended", async () => {
  const { socket, closed } = await open()
  socket.resume()
  const filler = headerBlock([["x-filler", "x".repeat(8_000)]])
  socket.write(frame(HEADERS, 0, 1, call(INFO)))
  for (let i = 0; i < 10_000 && !socket.destroyed; i++) {
    if (!socket.write(frame(CONTINUATION, 0, 1, filler))) await new Promise((resolve) => setImmediate(resolve))
  }
  await closed
})

test("headers larger than the limit: the connection is ended", async () => {
  const { socket } = await open()
  const end = endOf(socket)
  const block = call(INFO, [["x-large", "x".repeat(200_000)]])
  socket.write(frame(HEADERS, 0, 1, block.subarray(0, 16_000)))
  for (let at = 16_000; at < block.length; at += 16_000)
    socket.write(frame(CONTINUATION, at + 16_000 >= block.length ? 4 : 0, 1, block.subarray(at, at + 16_000)))
  socket.write(frame(DATA, 1, 1, NO_MESSAGE))
  expect((await end).code).toBe(COMPRESSION_ERROR)
})

test("replies that nobody reads: no more are made than one connection's memory holds", async () => {
  const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]) // INITIAL_WINDOW_SIZE 0
  const { socket } = await open(noWindow)
  socket.resume()
  const block = call(LIST)
  asked = 0
  for (let stream = 1; stream < 2 * 250; stream += 2) {
    socket.write(Buffer.concat([frame(HEADERS, 4, stream, block), frame(DATA, 1, stream, NO_MESSAGE)]))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(asked).toBeGreaterThan(10)
  expect(asked * REPLY_MIB).toBeLessThan(64 + 32)
})

test("connections that say nothing cost little", async () => {
  const before = process.memoryUsage().rss
  const count = 2_000
  const [host, port] = rpc.address.split(":") as [string, string]
  for (let i = 0; i < count; i += 200)
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = connect(Number(port), host)
        sockets.push(socket)
        socket.on("error", () => {})
        await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject))
      }),
    )
  const answer = await rpc.client.unary(INFO, Buffer.alloc(0), { authorization: rpc.keys.auditor })
  expect(answer.code).toBe(grpc.status.OK)
  // Both ends of each are in this process.
  expect((process.memoryUsage().rss - before) / count).toBeLessThan(100 * 1024)
})
