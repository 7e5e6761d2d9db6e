/**
 * What a decision costs with two replicas on one Postgres, against one: CPU seconds of the daemons and of all of Postgres's
 * processes together. In turn, the second one started and stopped in between; the load's own process is not counted.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { compare, type Row } from "./compare.ts"
import { Generator } from "./h2-generator.ts"
import {
  AUTHORIZE_PATH,
  databaseOf,
  isAllow,
  type RunningDaemon,
  requestBodies,
  startDaemonProcess,
} from "./subjects.ts"

const DECISIONS = 10_000
const IN_FLIGHT = 16
/** Linux: USER_HZ, in which /proc tells times. */
const TICKS_PER_SECOND = 100

export async function benchReplicas(): Promise<Row[]> {
  const first = await startDaemonProcess()
  const folder = mkdtempSync(join(tmpdir(), "writ-bench-second-"))
  mkdirSync(join(folder, "keys"), { mode: 0o700 })
  cpSync(join(first.data, "keys", "policy.key"), join(folder, "keys", "policy.key"))
  const { host, user, password, database } = databaseOf(first)
  const url = `postgresql://${user}:${password}@/${database}?host=${encodeURIComponent(host as string)}`
  const postmaster = Number(
    readFileSync(join(first.data, "postgres", "cluster", "postmaster.pid"), "utf8").split("\n")[0],
  )
  const loadOn = async ({ port, key }: RunningDaemon) => {
    const generator = await Generator.connect({
      host: "127.0.0.1",
      port,
      path: AUTHORIZE_PATH,
      key,
      body: requestBodies(), // of its own: the same request ids again would be answered from the ledger
      accept: isAllow,
    })
    return async (count: number) => {
      const { refused } = await generator.closedLoop(IN_FLIGHT, count)
      if (refused > 0) throw new Error(`${refused} of ${count} replies were not an ALLOW with a token`)
    }
  }
  /** Seconds per 1,000 decisions, spread evenly over the daemons. */
  const measure = async (daemons: readonly RunningDaemon[]): Promise<number> => {
    const loads = await Promise.all(daemons.map(loadOn))
    const spread = (count: number) => Promise.all(loads.map((load) => load(count / loads.length)))
    await spread(DECISIONS / 2) // warm
    const pids = daemons.map(({ child }) => child.pid as number)
    const before = cpuSeconds(pids, postmaster)
    await spread(DECISIONS)
    return ((cpuSeconds(pids, postmaster) - before) / DECISIONS) * 1_000
  }
  const together = async (): Promise<number> => {
    const second = await startDaemonProcess([], folder, ["--database-url", url])
    try {
      return await measure([first, second])
    } finally {
      await second.stop()
    }
  }
  try {
    await measure([first])
    return [
      await compare(
        {
          name: "replicas",
          unit: "CPU s / 1,000",
          durable: "fsync=on synchronous_commit=on",
          generator: `own HTTP/2 generator, ${IN_FLIGHT} in flight on each`,
          against: "one replica",
        },
        together,
        () => measure([first]),
      ),
    ]
  } finally {
    await first.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Of these processes, and of the postmaster with its children, those included that have ended. */
function cpuSeconds(pids: readonly number[], postmaster: number): number {
  let ticks = 0
  for (const name of readdirSync("/proc")) {
    const pid = Number(name)
    const times = Number.isInteger(pid) ? readTimes(pid) : null
    if (!times) continue
    if (pid === postmaster) ticks += times.own + times.ended
    else if (pids.includes(pid) || times.parent === postmaster) ticks += times.own
  }
  return ticks / TICKS_PER_SECOND
}

/** Ticks; `ended`: of children that have ended. Null: it has ended meanwhile. */
function readTimes(pid: number): { readonly parent: number; readonly own: number; readonly ended: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number)
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11)
    return { parent: fields[1] as number, own: user + system, ended: endedUser + endedSystem }
  } catch {
    return null
  }
}
