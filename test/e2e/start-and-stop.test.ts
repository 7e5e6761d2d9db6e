/** The built daemon in a bad moment: killed while its first start makes the data folder; told to stop while Postgres hangs. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { afterEach, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { startEmbedded } from "../../src/store/embedded.ts"
import { makeFolder } from "../support/folder.ts"

const MAIN = join(import.meta.dirname, "..", "..", "dist", "main.js")
const START_LIMIT_MS = 60_000
let daemon: ChildProcess | undefined
let place: ReturnType<typeof makeFolder>

function start(data: string, more: readonly string[] = []): ChildProcess {
  const args = [MAIN, "serve", "--data", data, "--grpc-port", "0", "--http-port", "0", ...more]
  daemon = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] })
  return daemon
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = once(child, "exit") as Promise<[number | null]>
  child.kill(signal)
  return (await ended)[0]
}

/** Resolves once an entry whose name begins so is in the folder. */
async function appears(folder: string, beginning: string): Promise<void> {
  for (const until = Date.now() + START_LIMIT_MS; Date.now() < until; await sleep(2))
    if (existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(beginning))) return
  throw new Error(`${beginning} did not appear in ${folder}`)
}

afterEach(async () => {
  if (daemon) await end(daemon, "SIGKILL")
  place.remove()
})

describe("kill -9 in the first start", () => {
  test.each([
    ["it makes keys", ".", "keys", 0],
    ["it copies the policy", ".", "policy", 0],
    ["initdb begins", "postgres", "initdb-", 0],
    ["initdb is at work", "postgres", "initdb-", 300],
    ["Postgres comes up", "postgres", "cluster", 0],
  ])("while %s: the next start is ready", async (_, folder, name, laterMs) => {
    place = makeFolder()
    const data = join(place.path, "data")
    const first = start(data)
    await appears(join(data, folder), name)
    await sleep(laterMs)
    await end(first, "SIGKILL")
    expect(existsSync(join(data, "daemon.json")), "the first start was killed too late").toBe(false)
    const second = start(data)
    let said = ""
    second.stderr?.on("data", (chunk) => {
      said += chunk
    })
    const ended = once(second, "exit").then(() => Promise.reject(new Error(`the second start ended: ${said}`)))
    await Promise.race([appears(data, "daemon.json"), ended])
    ended.catch(() => {}) // it ends below, as it should
    expect(await end(second, "SIGTERM")).toBe(0)
  })
})

describe("SIGTERM while Postgres hangs", () => {
  test("the daemon ends by itself, and its records are whole", async () => {
    place = makeFolder()
    const external = join(place.path, "external")
    mkdirSync(external, { mode: 0o711 })
    const postgres = await startEmbedded({ dataFolder: external })
    const { host, port, user, password, database } = postgres.connection
    const url = `postgresql://${user}:${password}@/${database}?host=${encodeURIComponent(host as string)}&port=${port}`
    const data = join(place.path, "data")
    const child = start(data, ["--database-url", url])
    await appears(data, "daemon.json")
    const client = new pg.Client(postgres.connection)
    await client.connect()
    const { rows } = await client.query("SELECT pid FROM pg_stat_activity")
    await client.end()
    const pids = [postgres.pid, ...rows.map(({ pid }) => pid as number)]
    for (const pid of pids) signal(pid, "SIGSTOP")
    try {
      const until = setTimeout(() => child.kill("SIGKILL"), 30_000)
      expect(await end(child, "SIGTERM")).toBe(0)
      clearTimeout(until)
    } finally {
      for (const pid of pids) signal(pid, "SIGCONT")
    }
    expect((await checkDatabase(postgres.connection, undefined, false)).findings).toEqual([])
    await postgres.stop()
  })
})

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // a backend that ended meanwhile, such as the one that was asked
  }
}
