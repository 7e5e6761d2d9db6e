/** Authorize against the bare echo: one in flight, saturated, open loop, stream. */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as grpc from "@grpc/grpc-js"
import pg from "pg"
import { toWireRequest } from "../src/cli/authorize.ts"
import { loadService, SERVICES } from "../src/rpc/load.ts"
import { describeDurability } from "../src/store/durability.ts"
import { compare, type Row } from "./compare.ts"
import { Generator, type Outcome, percentile } from "./h2-generator.ts"
import {
  AUTHORIZE_PATH,
  ECHO_PATH,
  isAllow,
  REQUEST,
  type RunningDaemon,
  requestBodies,
  startDaemonProcess,
  startEcho,
} from "./subjects.ts"

const OWN = "own HTTP/2 generator (h2load sends one body only; every request needs its own request_id)"

async function durabilityOf(daemon: RunningDaemon): Promise<string> {
  const client = new pg.Client({
    host: join(daemon.data, "postgres"),
    port: 5432,
    user: "writ",
    database: "writ",
    password: readFileSync(join(daemon.data, "postgres", "password"), "utf8").trim(),
  })
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
        generator: "grpc-js client, 64 in flight",
        against: "bare bidirectional-stream echo",
      }
      rows.push(
        await compare(
          stream,
          () => streamAuthorize(daemon),
          () => streamEcho(port, body),
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
let prefix = 0

async function pump(
  stream: grpc.ClientDuplexStream<unknown, unknown>,
  message: (n: number) => unknown,
  check: (reply: never) => boolean,
): Promise<number> {
  const started = performance.now()
  let sent = 0
  let answered = 0
  await new Promise<void>((resolve, reject) => {
    const next = () => stream.write(message(sent++))
    stream.on("error", reject)
    stream.on("data", (reply: unknown) => {
      if (!check(reply as never)) reject(new Error("a reply was not what was wanted"))
      if (++answered === STREAM_MESSAGES) resolve()
      else if (sent < STREAM_MESSAGES) next()
    })
    for (let i = 0; i < 64; i++) next()
  })
  stream.end()
  return STREAM_MESSAGES / ((performance.now() - started) / 1000)
}

async function streamAuthorize(daemon: RunningDaemon): Promise<number> {
  const Client = grpc.makeGenericClientConstructor(loadService(SERVICES.authorization), "Authorization")
  const client = new Client(daemon.address.grpc, grpc.credentials.createInsecure())
  const metadata = new grpc.Metadata()
  metadata.set("authorization", `Bearer ${daemon.key}`)
  const run = prefix++
  const request = toWireRequest(REQUEST)
  const open = client["AuthorizeStream"] as unknown as (
    metadata: grpc.Metadata,
  ) => grpc.ClientDuplexStream<unknown, unknown>
  const rate = await pump(
    open.call(client, metadata),
    (n) => ({ sequence: n, request: { ...request, request_id: `s-${run}-${n}` } }),
    (reply: { response?: { token: string } }) => Boolean(reply.response?.token),
  )
  client.close()
  return rate
}

async function streamEcho(port: number, bodies: (n: number) => Uint8Array): Promise<number> {
  const raw = (value: Buffer) => value
  const Client = grpc.makeGenericClientConstructor(
    {
      Stream: {
        path: "/bench.Echo/Stream",
        requestStream: true,
        responseStream: true,
        requestSerialize: raw,
        requestDeserialize: raw,
        responseSerialize: raw,
        responseDeserialize: raw,
      },
    },
    "Echo",
  )
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  const open = client["Stream"] as unknown as () => grpc.ClientDuplexStream<unknown, unknown>
  const rate = await pump(
    open.call(client),
    (n) => Buffer.from(bodies(n)),
    (reply: Buffer) => reply.length > 1_000,
  )
  client.close()
  return rate
}
