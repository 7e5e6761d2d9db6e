/** `writ monitor`: follows a log from outside, once or for good. Exit code and metrics say what is wrong. */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { nativeCrypto } from "../crypto.ts"
import { fromUtf8 } from "../formats/bytes.ts"
import { fetchFromLog } from "../http/log-client.ts"
import { buildMetricsApp } from "../http/metrics.ts"
import { startApp } from "../http/server.ts"
import { type Alarm, createMonitor, type MonitorReport, type MonitorState } from "../monitor/monitor.ts"
import { createMonitorMetrics } from "../monitor-metrics.ts"
import { makeFolder } from "../store/data-folder.ts"
import { lockFolder } from "../store/folder-lock.ts"
import { writeDurably } from "../store/signer-state.ts"
import { print } from "./output.ts"
import { wholeNumber } from "./whole-number.ts"

export interface MonitorFlags {
  readonly vkey: string
  readonly witness?: readonly string[]
  readonly quorum: string
  readonly key?: string
  readonly data: string
  readonly follow?: string | true
  readonly metricsPort?: string
  readonly json?: boolean
}

/** The worst decides. */
const EXIT_CODES: readonly (readonly [Alarm, number])[] = [
  ["MISBEHAVED", 1],
  ["COSIGNATURES_LACKING", 3],
  ["UNREACHABLE", 4],
]
const FOLLOW_SECONDS = 10

export async function monitorCommand(url: string, flags: MonitorFlags): Promise<number> {
  const folder = resolve(flags.data)
  makeFolder(folder)
  const unlock = lockFolder(folder)
  try {
    const witnesses = flags.witness ?? []
    const check = createMonitor({
      vkey: flags.vkey,
      witnesses,
      quorum: wholeNumber("--quorum", flags.quorum, witnesses.length),
      fetchCheckpoint: async () => fromUtf8(await fetchFromLog(url, "checkpoint")),
      fetchTile: (path) => fetchFromLog(url, path, flags.key),
      readsEntries: flags.key !== undefined,
      state: stateIn(folder),
      crypto: nativeCrypto,
    })
    if (flags.follow === undefined) return tell(await check(), folder, flags)
    const seconds = flags.follow === true ? FOLLOW_SECONDS : wholeNumber("--follow", flags.follow, 86_400)
    return await follow(check, Math.max(1, seconds), folder, flags)
  } finally {
    unlock()
  }
}

/** Until it is told to stop, or the log has misbehaved: after that there is nothing more to follow. */
async function follow(
  check: () => Promise<MonitorReport>,
  seconds: number,
  folder: string,
  flags: MonitorFlags,
): Promise<number> {
  const metrics = createMonitorMetrics()
  const port = flags.metricsPort === undefined ? null : wholeNumber("--metrics-port", flags.metricsPort, 65_535)
  const http = port === null ? null : await startApp(buildMetricsApp(metrics.text), { host: "127.0.0.1", port })
  if (http) print(`Metrics on http://${http.address}/metrics`)
  const stop = new AbortController()
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort())
  let exitCode = 0
  while (!stop.signal.aborted) {
    const report = await check()
    metrics.checked(report)
    const code = tell(report, folder, flags)
    exitCode = exitCode === 1 ? 1 : code // what has misbehaved once has
    if (exitCode === 1 && port === null) break // where metrics are scraped, the alarm stays up
    await sleep(seconds * 1_000, undefined, { signal: stop.signal }).catch(() => {})
  }
  await http?.close()
  return exitCode
}

/** The exit code. */
function tell(report: MonitorReport, folder: string, { json }: MonitorFlags): number {
  const { origin, size, grown, entries, cosignatures, alarms, evidence } = report
  if (evidence !== null) writeDurably(join(folder, "misbehaviour.note"), evidence, 0o644)
  if (json) print(JSON.stringify(report))
  else {
    print(`${origin}: ${size} records (+${grown}), ${entries} entries compared, ${cosignatures} cosignatures`)
    for (const { alarm, text } of alarms) print(`  ${alarm}: ${text}`)
    if (evidence !== null)
      print(
        `  The checkpoint is saved in ${join(folder, "misbehaviour.note")}; the one before is in ${join(folder, "state.json")}.`,
      )
  }
  return EXIT_CODES.find(([name]) => alarms.some(({ alarm }) => alarm === name))?.[1] ?? 0
}

function stateIn(folder: string) {
  const path = join(folder, "state.json")
  return {
    read: () => (existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as MonitorState) : null),
    write: (state: MonitorState) => writeDurably(path, `${JSON.stringify(state)}\n`, 0o644),
  }
}
