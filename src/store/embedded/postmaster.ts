/** The server's process: launched in a session of its own, found again by the next daemon, waited for. */
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { WritError } from "../../errors.ts"
import type { Connection } from "../connect.ts"
import { isAlive } from "../folder-lock.ts"
import { type Binaries, environment } from "./cluster.ts"
import { type Owner, PORT } from "./folders.ts"

const START_TIMEOUT_MS = 60_000

const SETTINGS = [
  "listen_addresses=",
  "fsync=on",
  "synchronous_commit=on",
  "full_page_writes=on",
  "wal_compression=off",
  "jit=off",
  "shared_buffers=256MB",
  "max_wal_size=2GB",
  "checkpoint_timeout=15min",
  "max_connections=40",
  "log_timezone=UTC",
  "timezone=UTC",
]

export function launch(
  binaries: Binaries,
  base: string,
  cluster: string,
  socketFolder: string,
  extra: readonly string[],
  owner: Owner | null,
): ChildProcess {
  const settings = [
    ...SETTINGS,
    `port=${PORT}`,
    `unix_socket_directories=${socketFolder}`,
    "unix_socket_permissions=0700",
    ...extra,
  ]
  const log = openSync(join(base, "postgres.log"), "a", 0o600)
  const child = spawn(binaries.postgres, ["-D", cluster, ...settings.flatMap((setting) => ["-c", setting])], {
    env: environment(binaries),
    cwd: base,
    detached: true,
    stdio: ["ignore", log, log],
    ...(owner && { uid: owner.uid, gid: owner.gid }),
  })
  closeSync(log)
  child.on("error", () => {}) // seen by waitUntilReady as a child without a pid
  child.unref()
  return child
}

export async function waitUntilReady(child: ChildProcess, connection: Connection, base: string): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS
  for (;;) {
    if (child.pid !== undefined && (await answers(connection))) return
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      const log = join(base, "postgres.log")
      const last = readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .findLast((line) => /FATAL|ERROR|PANIC/.test(line))
      throw new WritError(
        "DATABASE_UNFIT",
        `The embedded Postgres did not start: ${last ?? "no error was logged"}. Its log is ${log}.`,
      )
    }
    await sleep(30)
  }
}

/** A server of this folder that lives may still be recovering: it is waited for, never started a second time. */
export async function awaitPostmaster(cluster: string, connection: Connection): Promise<number | null> {
  const until = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const living = findPostmaster(cluster)
    if (living === null || (await answers(connection))) return living
    if (Date.now() > until) {
      throw new WritError(
        "DATABASE_UNFIT",
        `The embedded Postgres of this folder (process ${living}) runs but does not answer. Stop that process, then start again.`,
      )
    }
    await sleep(30)
  }
}

async function answers(connection: Connection): Promise<boolean> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 1_000 })
  client.on("error", () => {})
  try {
    await client.connect()
    await client.query("SELECT 1")
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Pid of a living server of this very folder, or null. */
function findPostmaster(cluster: string): number | null {
  const path = join(cluster, "postmaster.pid")
  if (!existsSync(path)) return null
  const [pid = "", folder = ""] = readFileSync(path, "utf8").split("\n")
  return folder === cluster && isAlive(Number(pid)) && !isZombie(Number(pid)) ? Number(pid) : null
}

export function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z")
  } catch {
    return false
  }
}
