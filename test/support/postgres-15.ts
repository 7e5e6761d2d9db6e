/** A PostgreSQL 15 of Debian, with its tools, in a folder of its own: the one that operators have. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chownSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { makeFolder } from "./folder.ts"

export const BIN = "/usr/lib/postgresql/15/bin"
const USER = "owner"

export interface Postgres15 {
  /** Of this database. */
  url(database: string): string
  query(database: string, text: string): Promise<pg.QueryResult>
  stop(): Promise<void>
}

export async function startPostgres15(settings: readonly string[] = [], path?: string): Promise<Postgres15> {
  const made = path === undefined ? makeFolder() : null
  const folder = path ?? (made?.path as string)
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
  const owner = process.getuid?.() === 0 ? { uid: id("-u"), gid: id("-g") } : null // it refuses to run as root
  if (owner) chownSync(folder, owner.uid, owner.gid)
  const options = { cwd: folder, env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }, ...(owner ?? {}) }
  const cluster = join(folder, "cluster")
  execFileSync(
    join(BIN, "initdb"),
    ["-D", cluster, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    {
      ...options,
      stdio: ["ignore", "ignore", "inherit"],
    },
  )
  const flags = ["listen_addresses=", `unix_socket_directories=${folder}`, ...settings].flatMap((one) => ["-c", one])
  const server: ChildProcess = spawn(join(BIN, "postgres"), ["-D", cluster, ...flags], { ...options, stdio: "ignore" })
  const connectTo = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ host: folder, user: USER, database })
    client.on("error", () => {})
    await client.connect()
    return client
  }
  for (;;) {
    if (server.exitCode !== null) throw new Error(`Postgres ended with exit code ${server.exitCode}`)
    try {
      await (await connectTo("postgres")).end()
      break
    } catch {
      await sleep(50)
    }
  }
  return {
    url: (database) => `postgresql://${USER}@/${database}?host=${encodeURIComponent(folder)}`,
    async query(database, text) {
      const client = await connectTo(database)
      try {
        return await client.query(text)
      } finally {
        await client.end()
      }
    },
    async stop() {
      if (server.exitCode === null && server.kill("SIGINT")) await once(server, "exit")
      made?.remove()
    },
  }
}
