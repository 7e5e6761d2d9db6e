/** Authorize against the bare echo: one in flight, saturated, open loop, stream. */

import * as grpc from "@grpc/grpc-js"
import pg from "pg"
import { messageType } from "../src/rpc/load.ts"
import { describeDurability } from "../src/store/durability.ts"
import { compare, type Row } from "./compare.ts"
import { Generator, type Outcome, percentile } from "./h2-generator.ts"
import {
  AUTHORIZE_PATH,
  databaseOf,
  ECHO_PATH,
  isAllow,
  type RunningDaemon,
  requestBodies,
  startDaemonProcess,
  startEcho,
} from "./subjects.ts"

const OWN = "own HTTP/2 generator (h2load sends one body only; every request needs its own request_id)"

async function durabilityOf(daemon: RunningDaemon): Promise<string> {
  const client = new pg.Client(databaseOf(daemon))
  await client.connect()
  const durable = await describeDurability(client)
  await client.end()
  return durable
}

function allAllowed(outcome: Outcome): Outcome {
  if (outcome.refused > 0)
    throw new Error(`${outcome.refused} of ${outcome.latenciesMs.length} replies were not an ALLOW with a token`)
  return outcome
}

export async function benchAuthorize(names: ReadonlySet<string>): Promise<Row[]> {
  const daemon = await startDaemonProcess()
  let echo: Awaited<ReturnType<typeof startEcho>> | undefined
  try {
    const durable = await durabilityOf(daemon)
    const body = requestBodies()
    let reply = Buffer.alloc(0)
    const connect = (port: number, path: string, accept: (bytes: Buffer) => boolean) =>
      Generator.connect({ host: "127.0.0.1", port, path, key: daemon.key, body, accept })
    const writ = await connect(daemon.port, AUTHORIZE_PATH, (bytes) => {
      if (reply.length === 0) reply = Buffer.from(bytes)
      return isAllow(bytes)
    })
    await writ.closedLoop(16, 10_000) // warm up, and a reply for the baselines to send
    echo = await startEcho(reply)
    const bare = await connect(echo.port, ECHO_PATH, () => true)
    const typed = await connect(echo.port, AUTHORIZE_PATH, isAllow)
    for (const baseline of [bare, typed]) await baseline.closedLoop(16, 10_000)
    const baselines = [
      { generator: bare, suffix: "", against: "bare grpc-js echo" },
      { generator: typed, suffix: "-typed", against: "bare grpc-js service of the same API" },
    ]
    const common = { durable, generator: OWN }
    const rows: Row[] = []
    const p50 = async (generator: Generator) =>
      percentile(allAllowed(await generator.closedLoop(1, 1_000)).latenciesMs, 0.5)
    for (const { generator, suffix, against } of baselines)
      if (names.has("authorize-unary-latency"))
        rows.push(
          await compare(
            { ...common, against, name: `authorize-unary-latency${suffix}`, unit: "ms p50" },
            () => p50(writ),
            () => p50(generator),
          ),
        )
    const throughput = async (generator: Generator) => {
      const started = performance.now()
      const { latenciesMs } = allAllowed(await generator.closedLoop(64, 8_000))
      return latenciesMs.length / ((performance.now() - started) / 1000)
    }
    for (const { generator, suffix, against } of baselines)
      if (names.has("authorize-unary-throughput"))
        rows.push(
          await compare(
            { ...common, against, name: `authorize-unary-throughput${suffix}`, unit: "rps" },
            () => throughput(writ),
            () => throughput(generator),
          ),
        )
    const p99 = async (generator: Generator) =>
      percentile(allAllowed(await generator.openLoop(1_000, 3)).latenciesMs, 0.99)
    for (const { generator, suffix, against } of baselines)
      if (names.has("authorize-openloop"))
        rows.push(
          await compare(
            { ...common, against, name: `authorize-openloop${suffix}`, unit: "ms p99" },
            () => p99(writ),
            () => p99(generator),
          ),
        )
    for (const generator of [writ, bare, typed]) generator.close()
    if (names.has("authorize-stream")) {
      const { port } = echo
      const stream = {
        ...common,
        name: "authorize-stream",
        unit: "messages/s",
        generator: "grpc-js client that takes and gives bytes, 64 in flight",
        against: "bare bidirectional-stream echo",
      }
      rows.push(
        await compare(
          stream,
          () => streamAuthorize(daemon.port, daemon.key, body),
          () => streamEcho(port, daemon.key, body),
        ),
      )
    }
    return rows
  } finally {
    echo?.stop()
    await daemon.stop()
  }
}

const STREAM_MESSAGES = 8_000
/** Request ids taken by earlier rounds. */
let streamed = 10_000_000

async function pump(
  stream: grpc.ClientDuplexStream<unknown, unknown>,
  message: (n: number) => unknown,
  check: (reply: Buffer) => boolean,
): Promise<number> {
  const started = performance.now()
  let sent = 0
  let answered = 0
  await new Promise<void>((resolve, reject) => {
    const next = () => stream.write(message(sent++))
    stream.on("error", reject)
    stream.on("data", (reply: unknown) => {
      if (!check(reply as Buffer)) reject(new Error("a reply was not what was wanted"))
      if (++answered === STREAM_MESSAGES) resolve()
      else if (sent < STREAM_MESSAGES) next()
    })
    for (let i = 0; i < 64; i++) next()
  })
  stream.end()
  return STREAM_MESSAGES / ((performance.now() - started) / 1000)
}

/** Both sides speak to the same client, which takes and gives bytes. */
function openStream(
  port: number,
  path: string,
  key: string,
): grpc.ClientDuplexStream<unknown, unknown> & { end(): void } {
  const raw = (value: Buffer) => value
  const method = {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  }
  const Client = grpc.makeGenericClientConstructor({ Stream: method }, "Stream")
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  const metadata = new grpc.Metadata()
  metadata.set("authorization", `Bearer ${key}`)
  const open = client["Stream"] as unknown as (metadata: grpc.Metadata) => grpc.ClientDuplexStream<unknown, unknown>
  const stream = open.call(client, metadata)
  stream.on("end", () => client.close())
  return stream
}

const streamReply = messageType("writ.v1.AuthorizeStreamResponse")
let replies = 0

/** Field 1, the sequence; then field 2, a response whose first field is DECISION_ALLOW. Every thousandth is parsed. */
function isStreamAllow(reply: Buffer): boolean {
  if (replies++ % 1_000 === 0) {
    const { response } = streamReply.decode(reply) as { response?: { decision: string; token: string } }
    if (response?.decision !== "DECISION_ALLOW" || response.token === "") return false
  }
  let at = reply[0] === 0x08 ? 1 : 0
  if (at === 1) while ((reply[at++] as number) > 127);
  if (reply[at++] !== 0x12) return false
  while ((reply[at++] as number) > 127);
  return reply[at] === 0x08 && reply[at + 1] === 0x01
}

async function streamAuthorize(port: number, key: string, bodies: (n: number) => Uint8Array): Promise<number> {
  const from = streamed
  streamed += STREAM_MESSAGES
  return await pump(
    openStream(port, "/writ.v1.AuthorizationService/AuthorizeStream", key),
    (n) => toStreamMessage(n + 1, bodies(from + n)),
    isStreamAllow,
  )
}

async function streamEcho(port: number, key: string, bodies: (n: number) => Uint8Array): Promise<number> {
  return await pump(
    openStream(port, "/bench.Echo/Stream", key),
    (n) => toStreamMessage(n + 1, bodies(n)),
    (reply) => reply.length > 1_000,
  )
}

/** AuthorizeStreamRequest { sequence = 1, request = 2 }. */
function toStreamMessage(sequence: number, request: Uint8Array): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
  return Buffer.concat([Buffer.from([0x08, ...varint(sequence), 0x12, ...varint(request.length)]), request])
}
