/** What a daemon that is asked for more than it can answer does with what it takes, with what it refuses, and to others. */
import { readFileSync } from "node:fs"
import { connect as connectTcp, type Socket } from "node:net"
import { connect } from "../src/client/connect.ts"
import { compare, type Row } from "./compare.ts"
import { Generator, type Outcome, percentile } from "./h2-generator.ts"
import { AUTHORIZE_PATH, isAllow, type RunningDaemon, readKey, requestBodies, startDaemonProcess } from "./subjects.ts"

const CONNECTIONS = 8
const SECONDS = 5
const ROUNDS = 3
/** Until a daemon that was idle has found how much it may take in; not measured. */
const RAMP_SECONDS = 2
/** Of saturation: what is called unloaded. */
const UNLOADED = 0.1
/** Messages a second of the caller who is measured beside one that is at its limit. */
const NEIGHBOUR_RPS = 200
const AT_LIMIT_RPS = 500
const BURST_SECONDS = 4
const IDLE_CONNECTIONS = 10_000

interface Sum {
  readonly acceptedMs: number[]
  readonly refusedMs: number[]
  readonly seconds: number
}

async function openGenerators(daemon: RunningDaemon, key: string, count: number): Promise<Generator[]> {
  const options = { host: "127.0.0.1", port: daemon.port, path: AUTHORIZE_PATH, key, accept: isAllow }
  return await Promise.all(
    Array.from({ length: count }, () => Generator.connect({ ...options, body: requestBodies() })),
  )
}

async function together(generators: readonly Generator[], run: (one: Generator) => Promise<Outcome>): Promise<Sum> {
  const started = performance.now()
  const outcomes = await Promise.all(generators.map(run))
  return {
    acceptedMs: outcomes.flatMap(({ acceptedMs }) => acceptedMs),
    refusedMs: outcomes.flatMap(({ refusedMs }) => refusedMs),
    seconds: (performance.now() - started) / 1000,
  }
}

const goodput = ({ acceptedMs, seconds }: Sum) => acceptedMs.length / seconds
const p99 = (values: readonly number[]) => percentile(values, 0.99)

function residentMib({ child }: RunningDaemon): number {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) as RegExpExecArray
  return Number(kib) / 1024
}

/** `seconds`: how long each overload lasts; the five minutes are `BENCH_OVERLOAD_SECONDS=300`. */
export async function benchOverload(print: (line: string) => void): Promise<Row[]> {
  const seconds = Number(process.env["BENCH_OVERLOAD_SECONDS"] ?? SECONDS)
  const daemon = await startDaemonProcess()
  const rows: Row[] = []
  const common = {
    durable: "fsync on, synchronous_commit on",
    generator: `own HTTP/2 generator, ${CONNECTIONS} connections`,
  }
  try {
    const generators = await openGenerators(daemon, daemon.key, CONNECTIONS)
    const all = (rps: number, lasting: number) =>
      together(generators, (one) => one.openLoop(rps / CONNECTIONS, lasting))
    const saturate = () => together(generators, (one) => one.closedLoop(16, Number.POSITIVE_INFINITY, SECONDS))
    await saturate()
    const saturation = goodput(await saturate())
    print(`saturation: ${saturation.toFixed(0)} decisions/s, ${CONNECTIONS} connections with 16 in flight each`)
    for (const times of [1.5, 3]) {
      let worst: Sum | undefined
      const before = residentMib(daemon)
      let after = before
      const overload = async () => {
        await all(saturation * times, RAMP_SECONDS)
        worst = await all(saturation * times, seconds)
        after = residentMib(daemon)
        return worst
      }
      const name = `overload-p99, ${times} x`
      rows.push(
        await compare(
          { ...common, name, unit: "ms p99", against: `unloaded, ${UNLOADED} x` },
          async () => p99((await overload()).acceptedMs),
          async () => p99((await all(saturation * UNLOADED, SECONDS)).acceptedMs),
          ROUNDS,
        ),
        await compare(
          { ...common, name: `overload-goodput, ${times} x`, unit: "decisions/s", against: "saturation" },
          async () => goodput(await overload()),
          async () => goodput(await saturate()),
          ROUNDS,
        ),
      )
      const { acceptedMs, refusedMs } = worst as Sum
      const share = (refusedMs.length / (acceptedMs.length + refusedMs.length)) * 100
      print(
        `${times} x: ${share.toFixed(1)} % refused, p99 of refusals ${p99(refusedMs).toFixed(1)} ms; resident ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`,
      )
    }
    for (const one of generators) one.close()
  } finally {
    await daemon.stop()
  }
  return [...rows, await benchNeighbour(), await benchIdle(print)]
}

/** What a caller notices of 10,000 connections that say nothing, and what each of them costs. */
async function benchIdle(print: (line: string) => void): Promise<Row> {
  const daemon = await startDaemonProcess()
  const idle: Socket[] = []
  try {
    const [caller] = (await openGenerators(daemon, daemon.key, 1)) as [Generator]
    await caller.closedLoop(16, 5_000, 10)
    const measure = async () => p99((await caller.openLoop(NEIGHBOUR_RPS, SECONDS)).acceptedMs)
    const close = () => {
      for (const socket of idle.splice(0)) socket.destroy()
    }
    const fill = async () => {
      const before = residentMib(daemon)
      while (idle.length < IDLE_CONNECTIONS)
        idle.push(...(await Promise.all(Array.from({ length: 500 }, () => dial(daemon.port)))))
      const kib = ((residentMib(daemon) - before) * 1024) / IDLE_CONNECTIONS
      print(`${IDLE_CONNECTIONS} idle connections: ${kib.toFixed(0)} KiB of resident memory each`)
    }
    return await compare(
      {
        name: "overload-idle",
        unit: "ms p99",
        against: "without them",
        durable: "fsync on, synchronous_commit on",
        generator: `own HTTP/2 generator, beside ${IDLE_CONNECTIONS} idle connections`,
      },
      async () => {
        await fill()
        const value = await measure()
        close()
        return value
      },
      measure,
      ROUNDS,
    )
  } finally {
    for (const socket of idle) socket.destroy()
    await daemon.stop()
  }
}

async function dial(port: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1")
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject))
  socket.on("error", () => {}) // the daemon cuts those that answer no ping
  return socket
}

/** A caller that asks for three times the calls a second that it may have, and what another notices of it. */
async function benchNeighbour(): Promise<Row> {
  const daemon = await startDaemonProcess([], undefined, ["--caller-calls-per-second", String(AT_LIMIT_RPS)])
  try {
    const admin = connect({ target: daemon.address.grpc, key: readKey(daemon, "admin") })
    const { key } = await admin.call<{ key: string }>("admin", "CreateCallerKey", { role: "pep" })
    admin.close()
    const [greedy] = (await openGenerators(daemon, daemon.key, 1)) as [Generator]
    const [other] = (await openGenerators(daemon, key, 1)) as [Generator]
    await other.closedLoop(16, 5_000, 10)
    await greedy.openLoop(AT_LIMIT_RPS * 3, BURST_SECONDS) // what it may take at once is taken
    const measure = async () => p99((await other.openLoop(NEIGHBOUR_RPS, SECONDS)).acceptedMs)
    /** The same calls are answered in both: what is refused is what the second adds. */
    const beside = async (rps: number) => {
      const flood = greedy.openLoop(rps, SECONDS)
      const value = await measure()
      await flood
      return value
    }
    return await compare(
      {
        name: "overload-neighbour",
        unit: "ms p99",
        against: `beside ${AT_LIMIT_RPS}/s that are taken`,
        durable: "fsync on, synchronous_commit on",
        generator: "own HTTP/2 generator, a connection each",
      },
      () => beside(AT_LIMIT_RPS * 3),
      () => beside(AT_LIMIT_RPS),
    )
  } finally {
    await daemon.stop()
  }
}
