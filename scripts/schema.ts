/**
 * migrations/schema.sql: what the migrations make, as pg_dump 15 shows it, so that a review sees the whole and not only
 * the steps. `--check` writes nothing and fails when the file is not what would be written. The migrations run on Debian's
 * PostgreSQL 15, the oldest that Writ supports, in a cluster of its own that is thrown away.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { migrate } from "../src/store/migrate.ts"

const BIN = "/usr/lib/postgresql/15/bin"
const MIGRATIONS = join(import.meta.dirname, "..", "migrations")
const FILE = join(MIGRATIONS, "schema.sql")
const USER = "writ"
const START_TIMEOUT_MS = 30_000

const dumped = await dumpSchema()
if (!process.argv.includes("--check")) writeFileSync(FILE, dumped)
else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== dumped) {
  spawnSync("diff", ["-u", FILE, "-"], { input: dumped, stdio: ["pipe", "inherit", "inherit"] })
  console.error("migrations/schema.sql is not what the migrations make: run npm run schema and commit.")
  process.exitCode = 1
}

async function dumpSchema(): Promise<string> {
  if (!existsSync(join(BIN, "pg_dump"))) throw new Error(`${BIN} is missing: apt-get install postgresql-15`)
  const folder = mkdtempSync(join(tmpdir(), "writ-schema-"))
  const owner = process.getuid?.() === 0 ? findPostgresUser() : null // Postgres refuses to run as root
  if (owner) chownSync(folder, owner.uid, owner.gid)
  const options = { cwd: folder, env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }, ...(owner ?? {}) }
  const cluster = join(folder, "cluster")
  let server: ChildProcess | undefined
  try {
    const init = ["-D", cluster, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    execFileSync(join(BIN, "initdb"), init, { ...options, stdio: ["ignore", "ignore", "inherit"] })
    const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "fsync=off"].flatMap((s) => ["-c", s])
    server = spawn(join(BIN, "postgres"), ["-D", cluster, ...settings], { ...options, stdio: "ignore" })
    const client = await connect(folder)
    await migrate(client, MIGRATIONS)
    await client.end()
    const flags = ["--schema-only", "--no-owner", "--no-privileges", "-h", folder, "-U", USER, "postgres"]
    return tidy(execFileSync(join(BIN, "pg_dump"), flags, { ...options, encoding: "utf8" }))
  } finally {
    if (server?.exitCode === null && server.kill("SIGINT")) await once(server, "exit")
    rmSync(folder, { recursive: true, force: true })
  }
}

function findPostgresUser(): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
  return { uid: id("-u"), gid: id("-g") }
}

async function connect(host: string): Promise<pg.Client> {
  const until = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const client = new pg.Client({ host, user: USER, database: "postgres" })
    client.on("error", () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      if (Date.now() > until) throw error
      await sleep(50)
    }
  }
}

/** Without what differs from machine to machine: versions, the session's settings, pg_dump's random restrict key. */
function tidy(dump: string): string {
  const lines = dump
    .split("\n")
    .filter((line) => !/^(--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict )/.test(line))
  return `-- What migrations/*.sql make. Written by \`npm run schema\`; CI compares.\n${lines.join("\n")}`
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd()
    .concat("\n")
}
