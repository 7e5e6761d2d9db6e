import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import pg from "pg"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { connectOnce, connectWriter, openPool } from "../../src/store/connect.ts"
import { openDataFolder } from "../../src/store/data-folder.ts"
import { type EmbeddedPostgres, startEmbedded } from "../../src/store/embedded.ts"
import { startFeed } from "../../src/store/feed.ts"
import { lockFolder } from "../../src/store/folder-lock.ts"
import { migrate } from "../../src/store/migrate.ts"
import { tileReader } from "../../src/store/tile-reader.ts"
import { startTestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const MIGRATIONS = join(ROOT, "migrations")
const isRoot = process.getuid?.() === 0

let database: TestDatabase
let folder: ReturnType<typeof makeFolder>

beforeAll(async () => {
  database = await createDatabase("template1")
  folder = makeFolder()
})
afterAll(async () => {
  await database.drop()
  folder.remove()
})

/** A copy of the migrations that a test may change. */
function copyMigrations(name: string): string {
  const copy = join(folder.path, name)
  cpSync(MIGRATIONS, copy, { recursive: true })
  return copy
}

async function migrateFrom(path: string, connection: pg.ClientConfig = database.connection) {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return await migrate(client, path)
  } finally {
    await client.end()
  }
}

const NUMBERED = /^[0-9]{4}_/
const newest = readdirSync(MIGRATIONS).filter((name) => NUMBERED.test(name)).length

describe("migrate", () => {
  test("an empty database gets every migration, once", async () => {
    expect((await migrateFrom(MIGRATIONS)).applied).toHaveLength(newest)
    expect(await migrateFrom(MIGRATIONS)).toEqual({ applied: [], version: newest })
    const { rows } = await database.query("SELECT count(*)::integer AS count FROM schema_migration")
    expect(rows).toEqual([{ count: newest }])
  })

  test("two daemons that migrate at once apply each migration once", async () => {
    const both = await createDatabase("template1")
    const results = await Promise.all([
      migrateFrom(MIGRATIONS, both.connection),
      migrateFrom(MIGRATIONS, both.connection),
    ])
    expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, newest])
    await both.drop()
  })

  test("a migration that fails leaves nothing of itself, names itself and can be repeated", async () => {
    const path = copyMigrations("failing")
    const name = `${String(newest + 1).padStart(4, "0")}_broken.sql`
    writeFileSync(join(path, name), "CREATE TABLE half (a integer); SELECT 1 / 0;")
    await expect(migrateFrom(path)).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(new RegExp(`${name}.*division by zero`)),
    })
    expect((await database.query("SELECT to_regclass('half') AS half")).rows).toEqual([{ half: null }])
    writeFileSync(join(path, name), "CREATE TABLE whole (a integer);")
    expect((await migrateFrom(path)).applied).toEqual([newest + 1])
  })

  test("a database that a newer program has migrated is refused", async () => {
    await expect(migrateFrom(MIGRATIONS)).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(
        new RegExp(
          `schema version ${newest + 1}, this program knows ${newest}, and [0-9]{4}_[a-z]+.sql is more than an addition.*newer version`,
        ),
      ),
    })
  })

  test("a daemon that is refused leaves no connection behind that would keep its process alive", async () => {
    await expect(startTestDaemon(database.url)).rejects.toMatchObject({ code: "DATABASE_UNFIT" })
    const open =
      "SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
    await expect
      .poll(async () => (await database.query(open, [database.connection.database])).rows, { timeout: 10_000 })
      .toEqual([{ count: 0 }])
  })

  test("a migration file that is not the one that was applied is refused", async () => {
    const changed = await createDatabase()
    const path = copyMigrations("changed")
    const first = join(path, "0001_ledger.sql")
    writeFileSync(first, `${readFileSync(first, "utf8")}\n-- one more line\n`)
    await expect(migrateFrom(path, changed.connection)).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(/Migration 1 is not the one that was applied/),
    })
    await changed.drop()
  })

  test("line ends of a Windows checkout are the same file", async () => {
    const database = await createDatabase()
    const path = copyMigrations("windows")
    for (const name of readdirSync(path).filter((name) => NUMBERED.test(name)))
      writeFileSync(join(path, name), readFileSync(join(path, name), "utf8").replaceAll("\n", "\r\n"))
    expect(await migrateFrom(path, database.connection)).toEqual({ applied: [], version: newest })
    await database.drop()
  })

  test("a gap in the numbers is refused before anything is applied", async () => {
    const path = copyMigrations("gap")
    writeFileSync(join(path, "0099_later.sql"), "SELECT 1")
    await expect(migrateFrom(path)).rejects.toMatchObject({
      message: expect.stringMatching(/0099_later.*out of sequence/),
    })
  })
})

describe("connectWriter", () => {
  test("takes a database that is durable, in a session that commits synchronously whatever the role's setting is", async () => {
    const fit = await createDatabase()
    for (const setting of ["off", "local", "remote_write"]) {
      await fit.query(`ALTER DATABASE ${fit.connection.database} SET synchronous_commit = ${setting}`)
      const client = await connectWriter(fit.connection)
      expect((await client.query("SHOW synchronous_commit")).rows, setting).toEqual([{ synchronous_commit: "on" }])
      await client.end()
    }
    await fit.drop()
  })

  test("refuses a database that is read-only, and says what to do", async () => {
    const readOnly = await createDatabase()
    await readOnly.query(`ALTER DATABASE ${readOnly.connection.database} SET default_transaction_read_only = on`)
    await expect(connectWriter(readOnly.connection)).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(/read-only.*primary/),
    })
    await readOnly.drop()
  })

  test("refuses another encoding than UTF8", async () => {
    const name = `ascii_${process.pid}`
    await database.query(
      `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
    )
    await expect(connectWriter({ ...database.connection, database: name })).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(/SQL_ASCII.*UTF8/),
    })
    await database.query(`DROP DATABASE ${name}`)
  })
})

describe("connectOnce", () => {
  test("a database that cannot be reached is told in one line", async () => {
    await expect(connectOnce({ ...database.connection, host: join(folder.path, "nowhere") })).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(/^The database cannot be reached: .*ENOENT.*DATABASE_URL/),
    })
  })
})

describe("openPool", () => {
  test("a connection that dies while lent out fails its query only; the next query works", async () => {
    const pool = openPool(database.connection)
    const client = await pool.connect()
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid")
    // Not events.once: it listens to "error" as well, and whether somebody does is what this test is about.
    const ended = new Promise<void>((resolve) => client.once("end", resolve))
    await database.query("SELECT pg_terminate_backend($1)", [rows[0].pid])
    await ended // between two queries, when nobody waits for an answer
    await expect(client.query("SELECT 1")).rejects.toThrow()
    client.release()
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }])
    await pool.end()
  })

  test("idle connections that die are replaced", async () => {
    const pool = openPool(database.connection)
    await Promise.all([pool.query("SELECT 1"), pool.query("SELECT 2")])
    const others =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    expect((await database.query(others)).rowCount).toBeGreaterThan(0)
    await expect.poll(() => pool.totalCount, { timeout: 10_000 }).toBe(0)
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }])
    await pool.end()
  })
})

describe("openPool's query", () => {
  const unavailable = { code: "LEDGER_UNAVAILABLE", retryable: true }

  test("says that the database cannot answer: no connection for too long, ended by its operator, not there", async () => {
    const pool = openPool(database.connection)
    const held = await Promise.all([1, 2, 3, 4].map(() => pool.connect()))
    await expect(pool.query("SELECT 1"), "all are lent out").rejects.toMatchObject(unavailable)
    for (const client of held) client.release()
    await expect(pool.query("SELECT pg_terminate_backend(pg_backend_pid())")).rejects.toMatchObject(unavailable)
    await pool.end()
    const nowhere = openPool({ host: "127.0.0.1", port: 1, database: "none" })
    await expect(nowhere.query("SELECT 1")).rejects.toMatchObject({
      ...unavailable,
      cause: expect.objectContaining({ code: "ECONNREFUSED" }),
    })
    await nowhere.end()
  })

  test("a statement that is wrong is its own fault", async () => {
    const pool = openPool(database.connection)
    await expect(pool.query("SELECT nothing")).rejects.toMatchObject({ code: "42703" })
    await pool.end()
  })
})

describe("tileReader", () => {
  test("of what is not in a full tile yet: as many hashes as there are without a gap", async () => {
    const log = await createDatabase()
    const pool = openPool(log.connection)
    await log.query("INSERT INTO log (log_id, origin, verifier_key) VALUES (7, 'writ.test/gap', 'key')")
    await log.query("SELECT writ_ensure_partition(7::smallint, 0)")
    const [at, hash] = ["(last + 1) * 256 - 1", "decode(lpad(to_hex(last), 64, '0'), 'hex')"]
    await log.query(
      `INSERT INTO entry SELECT 7, last, ${hash}, 'body' FROM unnest('{512,513,514,516}'::bigint[]) AS t (last)`,
    )
    await log.query(
      `INSERT INTO tile (log_id, last_leaf, level, hashes, root)
         SELECT 7, ${at}, 0, repeat('x', 8192)::bytea, ${hash} FROM unnest('{256,257,259}'::bigint[]) AS t (last)`,
    )
    const last = async (...range: [number, number, number]) =>
      (await tileReader(pool, 7).hashes(...range)).map((hash) => Buffer.from(hash).readUInt32BE(28))
    expect(await last(0, 512, 256)).toEqual([512, 513, 514])
    expect(await last(0, 513, 1)).toEqual([513])
    expect(await last(0, 515, 2)).toEqual([])
    expect(await last(1, 256, 256)).toEqual([256, 257])
    expect(await last(1, 258, 1)).toEqual([])
    const tiles = tileReader(pool, 7) // what is asked for at once, of several levels, is told apart
    const many = Array.from({ length: 40 }, (_, i) => (i % 2 ? tiles.hashes(0, 512, 3) : tiles.hashes(1, 256, 2)))
    expect((await Promise.all(many)).map((hashes) => hashes.length)).toEqual(many.map((_, i) => (i % 2 ? 3 : 2)))
    await expect(Promise.all([tiles.hashes(0, 0.5, 1), tiles.hashes(0, 512, 1)])).rejects.toThrow("0.5")
    await pool.end()
    await log.drop()
  })
})

describe("startFeed", () => {
  const open = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'writ-feed'"
  const connections = async () => (await database.query(open)).rows

  test("wakes when it listens, at each notification, and after its connection died", async () => {
    let woken = 0
    const feed = startFeed(database.connection, () => woken++)
    await expect.poll(() => woken, { timeout: 10_000 }).toBe(1)
    await database.query("NOTIFY writ_control")
    await expect.poll(() => woken, { timeout: 10_000 }).toBe(2)
    await database.query("SELECT pg_terminate_backend($1)", [(await connections())[0].pid])
    await expect.poll(() => woken, { timeout: 10_000 }).toBe(3)
    expect(await connections()).toHaveLength(1)
    feed.stop()
    await expect.poll(connections, { timeout: 10_000 }).toEqual([])
  })

  test("stopped at any moment of its start, it leaves no connection behind", async () => {
    for (let ms = 0; ms < 24; ms += 2) {
      const feed = startFeed(database.connection, () => {})
      await sleep(ms)
      feed.stop()
    }
    await sleep(500) // a start that went on would be through by now
    expect(await connections()).toEqual([])
  })
})

describe("startEmbedded", () => {
  const started: EmbeddedPostgres[] = []
  async function start(dataFolder: string, settings: readonly string[] = []): Promise<EmbeddedPostgres> {
    const embedded = await startEmbedded({ dataFolder, settings })
    started.push(embedded)
    return embedded
  }
  async function ask(embedded: EmbeddedPostgres, text: string) {
    const client = new pg.Client(embedded.connection)
    await client.connect()
    const { rows } = await client.query(text)
    await client.end()
    return rows
  }
  afterEach(async () => {
    for (const embedded of started.splice(0)) await embedded.stop()
  })

  const shared = () => join(folder.path, "shared")

  test("what initdb had not finished when a daemon was killed does not hinder the next", async () => {
    const left = join(shared(), "postgres", "initdb-1")
    mkdirSync(left, { recursive: true })
    writeFileSync(join(left, "PG_VERSION"), "17\n")
    writeFileSync(`${left}.password`, "left")
    const embedded = await start(shared())
    expect(await ask(embedded, "SHOW server_encoding")).toEqual([{ server_encoding: "UTF8" }])
    expect(readdirSync(join(shared(), "postgres")).filter((name) => name.startsWith("initdb"))).toEqual([])
  })

  test("a folder that exists keeps its data; a server that still runs is adopted, one that was killed started again", async () => {
    const first = await start(shared())
    expect(first.adopted).toBe(false)
    await ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
    const second = await start(shared())
    expect(second).toMatchObject({ adopted: true, pid: first.pid })
    process.kill(first.pid, "SIGKILL")
    const again = async () => {
      await second.ensureRunning()
      return second.pid
    }
    await expect.poll(again, { timeout: 20_000 }).not.toBe(first.pid)
    expect(await ask(second, "SELECT answer FROM kept")).toEqual([{ answer: 42 }])
  })

  test("listens on no TCP port, and to nobody without the password", async () => {
    const embedded = await start(shared())
    expect(await ask(embedded, "SHOW listen_addresses")).toEqual([{ listen_addresses: "" }])
    const stranger = new pg.Client({ ...embedded.connection, password: "guess" })
    await expect(stranger.connect()).rejects.toThrow(/password authentication failed/)
    expect(statSync(join(shared(), "postgres", "password")).mode & 0o077).toBe(0)
  })

  test.each(["fsync", "full_page_writes"])(
    "with %s off the writer refuses it, and says what to set",
    async (setting) => {
      const embedded = await start(shared(), [`${setting}=off`])
      await expect(connectWriter(embedded.connection)).rejects.toMatchObject({
        code: "DATABASE_UNFIT",
        message: expect.stringMatching(new RegExp(`${setting} is off\\. Set ${setting} = on`)),
      })
    },
  )

  test("a folder of another major version is refused and left as it is", async () => {
    const file = join(shared(), "postgres", "cluster", "PG_VERSION")
    const version = readFileSync(file, "utf8")
    writeFileSync(file, "16\n")
    await expect(start(shared())).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(
        new RegExp(`made by PostgreSQL 16, and this writ brings ${version.trim()}.*pg_dump`),
      ),
    })
    writeFileSync(file, version)
    expect(await ask(await start(shared()), "SELECT answer FROM kept")).toEqual([{ answer: 42 }])
  })

  test("a server that cannot start is told with its own words and its log", async () => {
    await expect(start(shared(), ["max_connections=none"])).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: expect.stringMatching(/max_connections.*postgres\.log/s),
    })
  })

  test("a folder that cannot be made is refused in one line", async () => {
    const file = join(folder.path, "file")
    writeFileSync(file, "")
    await expect(start(join(file, "data"))).rejects.toMatchObject({
      code: "DATA_FOLDER_UNFIT",
      message: expect.stringMatching(/ENOTDIR.*--data/),
    })
  })

  test("a folder that Postgres may not enter is named; run by an ordinary user, Postgres is that user", async () => {
    const closed = join(folder.path, "closed")
    mkdirSync(closed, { mode: 0o700 })
    const embedded = start(join(closed, "data"))
    if (isRoot)
      await expect(embedded).rejects.toMatchObject({
        code: "DATA_FOLDER_UNFIT",
        message: expect.stringMatching(new RegExp(`cannot enter ${closed}.*--data`)),
      })
    else expect((await embedded).adopted).toBe(false)
  })

  test("a path too long for a socket gets a short one, private, gone after the stop", async () => {
    const long = join(folder.path, "a".repeat(120))
    mkdirSync(long, { mode: 0o711 })
    const embedded = await start(long)
    const host = embedded.connection.host as string
    expect(Buffer.byteLength(host)).toBeLessThan(90)
    const { uid, gid, mode } = statSync(host)
    expect(mode & 0o777).toBe(0o700)
    expect(await ask(embedded, "SELECT 1 AS one")).toEqual([{ one: 1 }])
    await embedded.stop()
    expect(existsSync(host)).toBe(false)

    // Anybody can foresee its name: what stands there already is not used, nor is what a link names given away.
    mkdirSync(host)
    chmodSync(host, 0o755)
    chownSync(host, uid, gid)
    await expect(start(long)).rejects.toMatchObject({
      message: expect.stringMatching(/belongs to somebody else.*shorter path/),
    })
    rmSync(host, { recursive: true })
    const victim = join(folder.path, "victim")
    mkdirSync(victim, { mode: 0o700 })
    symlinkSync(victim, host)
    await expect(start(long)).rejects.toMatchObject({ message: expect.stringMatching(/belongs to somebody else/) })
    expect(statSync(victim).uid).toBe(process.getuid?.())
    rmSync(host)
  })
})

describe("lockFolder", () => {
  const holders: ChildProcess[] = []
  afterEach(() => {
    for (const holder of holders.splice(0)) holder.kill("SIGKILL")
  })
  /** Another process that holds the lock. */
  async function holdElsewhere(path: string) {
    const lock = pathToFileURL(join(ROOT, "src", "store", "folder-lock.ts")).href
    const code = `import { lockFolder } from ${JSON.stringify(lock)}; lockFolder(process.argv[1]); console.log("held"); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code, path], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    })
    holders.push(child)
    await once(child.stdout, "data")
    return child
  }

  test("a folder that another daemon holds is refused and names it; after a kill -9 it is free", async () => {
    const path = join(folder.path, "locked")
    mkdirSync(path)
    const holder = await holdElsewhere(path)
    expect(() => lockFolder(path)).toThrow(new RegExp(`in use by process ${holder.pid}.*--data`))
    const ended = once(holder, "exit")
    holder.kill("SIGKILL")
    await ended
    expect(existsSync(join(path, "daemon.lock")), "the lock of the killed daemon is left").toBe(true)
    const release = lockFolder(path)
    expect(readFileSync(join(path, "daemon.lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `))
    release()
    expect(existsSync(join(path, "daemon.lock"))).toBe(false)
  })

  test("a living process that only has the killed daemon's number does not hold it", () => {
    const path = join(folder.path, "reused")
    mkdirSync(path)
    writeFileSync(join(path, "daemon.lock"), `${process.ppid} 1\n`)
    const release = lockFolder(path)
    release()
  })

  test("a folder that cannot be written is refused in one line", () => {
    const file = join(folder.path, "not-a-folder")
    writeFileSync(file, "")
    expect(() => lockFolder(file)).toThrow(/cannot be written \(ENOTDIR\)\. Choose another with --data/)
  })
})

describe("openDataFolder", () => {
  const policy = join(ROOT, "examples", "agent-tools")
  const open = (path: string) => openDataFolder(path, ["pep", "admin"], policy)

  test("keeps keys, API keys and policy of a folder that exists", () => {
    const path = join(folder.path, "data")
    const first = open(path)
    const file = join(path, "policy", readdirSync(join(path, "policy"))[0] as string)
    writeFileSync(file, "# mine\n")
    const second = open(path)
    expect([first.isNew, second.isNew]).toEqual([true, false])
    for (const use of ["checkpoint", "policy"] as const)
      expect(second.keys[use].equals(first.keys[use]), use).toBe(true)
    expect(second.tokenKeys.keys.map((key, i) => first.tokenKeys.keys[i]?.equals(key))).toEqual([true])
    expect(second.apiKeys).toEqual(first.apiKeys)
    expect(readFileSync(file, "utf8")).toBe("# mine\n")
  })

  test("a policy that was being copied when the first start was killed is copied again", () => {
    const path = join(folder.path, "half")
    mkdirSync(join(path, "policy.new"), { recursive: true })
    open(path)
    expect(readdirSync(join(path, "policy")).sort()).toEqual(readdirSync(policy).sort())
  })

  test("a folder that cannot be made is refused in one line", () => {
    const file = join(folder.path, "plain")
    writeFileSync(file, "")
    expect(() => open(join(file, "data"))).toThrow(/cannot be written \(ENOTDIR\)\. Choose another with --data/)
  })
})
