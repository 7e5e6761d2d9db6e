/** Beats of many runtimes, appraised and answered, against the bare echo; and what they cost Authorize. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CODE, Fleet } from "./beating.ts"
import { compare, type Row } from "./compare.ts"
import { Generator, type Outcome, percentile } from "./h2-generator.ts"
import {
  AUTHORIZE_PATH,
  ECHO_PATH,
  isAllow,
  type RunningDaemon,
  readKey,
  requestBodies,
  startDaemonProcess,
  startEcho,
} from "./subjects.ts"

const ROOT = join(import.meta.dirname, "..")
/** Each beats once a round. */
const BEATS = 8_000
const IN_FLIGHT = 64
const BEATS_PER_SECOND = 2_000
/** Each beats at least once in every round with beats, or its lease would lapse in the round without. */
const ISOLATION_RUNTIMES = 6_000
const AUTHORIZE_PER_SECOND = 300
const SECONDS = 4
const OWN = "own HTTP/2 generator, beats signed ahead"
const DURABLE = "no record a beat: one `beats` leaf for many"

/** The example's policy, and a fleet that may run. */
export async function startFleetDaemon(nodeFlags: readonly string[] = []): Promise<RunningDaemon> {
  const policy = mkdtempSync(join(tmpdir(), "writ-bench-policy-"))
  const example = join(ROOT, "examples", "agent-tools")
  for (const file of readdirSync(example))
    if (file.endsWith(".yaml")) copyFileSync(join(example, file), join(policy, file))
  writeFileSync(join(policy, "fleet.yaml"), `runtimes: [{ id: "bench-*", measurements: { code: ["${CODE}"] } }]\n`)
  const daemon = await startDaemonProcess(nodeFlags, undefined, ["--policy", policy])
  return {
    ...daemon,
    async stop() {
      await daemon.stop()
      rmSync(policy, { recursive: true, force: true })
    },
  }
}

function allTaken(outcome: Outcome, fleet: Fleet): Outcome {
  if (outcome.refused > 0)
    throw new Error(`${outcome.refused} of ${outcome.latenciesMs.length} beats were not taken: ${[...fleet.refusals]}`)
  return outcome
}

const rate = ({ latenciesMs }: Outcome, startedMs: number) =>
  latenciesMs.length / ((performance.now() - startedMs) / 1000)

export async function benchHeartbeat(): Promise<Row[]> {
  const rows: Row[] = []
  for (const [suffix, flags] of [
    ["", []],
    ["-openssl", ["--require", join(import.meta.dirname, "without-sodium.cjs")]],
  ] as const) {
    const daemon = await startFleetDaemon(flags)
    let echo: Awaited<ReturnType<typeof startEcho>> | undefined
    try {
      const key = readKey(daemon, "runtime")
      const fleet = await Fleet.start(daemon, key, BEATS)
      const beats = await fleet.connect(daemon.port, key)
      echo = await startEcho(fleet.lastReply, false)
      const body = fleet.body(-1)
      const bare = await Generator.connect({
        host: "127.0.0.1",
        port: echo.port,
        path: ECHO_PATH,
        key,
        body: () => body,
        accept: () => true,
      })
      await bare.closedLoop(IN_FLIGHT, BEATS)
      fleet.prepare(BEATS)
      await beats.closedLoop(IN_FLIGHT, BEATS)
      rows.push(
        await compare(
          {
            name: `heartbeat${suffix}`,
            unit: "beats/s",
            durable: DURABLE,
            generator: OWN,
            against: "bare grpc-js echo",
          },
          async () => {
            fleet.prepare(BEATS)
            const started = performance.now()
            return rate(allTaken(await beats.closedLoop(IN_FLIGHT, BEATS), fleet), started)
          },
          async () => {
            const started = performance.now()
            return rate(await bare.closedLoop(IN_FLIGHT, BEATS), started)
          },
        ),
      )
      for (const generator of [beats, bare]) generator.close()
    } finally {
      echo?.stop()
      await daemon.stop()
    }
  }
  return rows
}

/** p99 of Authorize with 2,000 beats a second on the daemon, against none. */
export async function benchBeatsIsolation(): Promise<Row[]> {
  const daemon = await startFleetDaemon()
  try {
    const key = readKey(daemon, "runtime")
    const authorize = await Generator.connect({
      host: "127.0.0.1",
      port: daemon.port,
      path: AUTHORIZE_PATH,
      key: daemon.key,
      body: requestBodies(),
      accept: isAllow,
    })
    await authorize.closedLoop(16, 10_000) // warm up
    const fleet = await Fleet.start(daemon, key, ISOLATION_RUNTIMES)
    const beats = await fleet.connect(daemon.port, key)
    const p99 = async () => {
      const { latenciesMs, refused } = await authorize.openLoop(AUTHORIZE_PER_SECOND, SECONDS)
      if (refused > 0) throw new Error(`${refused} requests were not allowed`)
      return percentile(latenciesMs, 0.99)
    }
    const row = await compare(
      {
        name: "beats-isolation",
        unit: "ms p99",
        durable: `${BEATS_PER_SECOND} beats/s, Authorize ${AUTHORIZE_PER_SECOND} rps`,
        generator: OWN,
        against: "the same without beats",
      },
      async () => {
        const beating = beats.openLoop(BEATS_PER_SECOND, SECONDS + 0.5)
        const value = await p99()
        allTaken(await beating, fleet)
        return value
      },
      p99,
    )
    beats.close()
    authorize.close()
    return [row]
  } finally {
    await daemon.stop()
  }
}
