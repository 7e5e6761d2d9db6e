import { mkdirSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { makeAuthority } from "../../src/cli/init/certificates.ts"
import { type EmbeddedPostgres, startEmbedded } from "../../src/store/embedded.ts"
import { migrate } from "../../src/store/migrate.ts"
import { type Finished, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const MIGRATIONS = join(import.meta.dirname, "..", "..", "migrations")
const folder = makeFolder()
const path = (name: string) => join(folder.path, name)
let counter = 0

/** `writ serve` in a new data folder on free ports, but for what `args` say. */
const serve = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  writ(["serve", "--data", path(`data-${counter++}`), "--grpc-port", "0", "--http-port", "0", ...args], {
    env,
    limitMs: 30_000,
  })

/** The refusal is all that is said: one line on stderr, no stack trace, and the process ends by itself. */
function expectRefusal({ code, out, err }: Finished, exitCode: number, line: RegExp): void {
  expect(err).toMatch(new RegExp(`^writ: ${line.source}[^\\n]*\\n$`))
  expect({ code, out }).toEqual({ code: exitCode, out: "" })
}

/** A Postgres of its own, which the daemon takes for an external one. */
async function startPostgres(name: string, settings: readonly string[] = []): Promise<EmbeddedPostgres> {
  return await startEmbedded({ dataFolder: path(name), settings })
}

function urlOf({ connection }: EmbeddedPostgres, database = "writ"): string {
  const { host, port, user, password } = connection as { host: string; port: number; user: string; password: string }
  return `postgresql://${user}:${encodeURIComponent(password)}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
}

let postgres: EmbeddedPostgres
const url = () => urlOf(postgres)

beforeAll(async () => {
  mkdirSync(path("postgres"), { mode: 0o711 })
  postgres = await startPostgres("postgres")
})
afterAll(async () => {
  await postgres?.stop()
  folder.remove()
})

describe("an address that cannot be had", () => {
  let taken: Server
  let port: string
  beforeAll(async () => {
    taken = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => taken.once("listening", resolve))
    port = String((taken.address() as { port: number }).port)
  })
  afterAll(() => taken.close())

  test.each([
    ["gRPC", "--grpc-port"],
    ["HTTP", "--http-port"],
  ])("%s's port is in use", async (door, flag) => {
    const refused = await serve([flag, port, "--database-url", url(), "--log-level", "fatal"])
    expectRefusal(
      refused,
      69,
      new RegExp(`${door} cannot listen on 127\\.0\\.0\\.1:${port}: the address is in use\\. .*${flag}\\.`),
    )
  })

  test("the address is another machine's", async () => {
    const { certificate, key } = await (await makeAuthority("test")).issueServer(["localhost"])
    writeFileSync(path("server.crt"), certificate)
    writeFileSync(path("server.key"), key)
    const tls = ["--tls-cert", path("server.crt"), "--tls-key", path("server.key"), "--http-tls", "true"]
    // RFC 5737: an address for documentation, which no machine has
    for (const [door, flag] of [
      ["gRPC", "--grpc-host"],
      ["HTTP", "--http-host"],
    ] as const) {
      const refused = await serve([flag, "203.0.113.7", "--database-url", url(), "--log-level", "fatal", ...tls])
      expectRefusal(
        refused,
        64,
        new RegExp(
          `${door} cannot listen on 203\\.0\\.113\\.7:0: this machine does not have that address\\. .*${flag}\\.`,
        ),
      )
    }
  })
})

describe("TLS files that are of no use", () => {
  test("no certificate, a key of another certificate, no file", async () => {
    const authority = await makeAuthority("test")
    const [one, other] = [await authority.issueServer(["localhost"]), await authority.issueServer(["localhost"])]
    writeFileSync(path("one.crt"), one.certificate)
    writeFileSync(path("other.key"), other.key)
    writeFileSync(path("no.pem"), "no")
    const start = (cert: string, key: string) =>
      serve(["--tls-cert", path(cert), "--tls-key", path(key), "--database-url", url(), "--log-level", "fatal"])
    expectRefusal(await start("no.pem", "other.key"), 64, /\S+no\.pem and \S+other\.key are not a PEM certificate/)
    expectRefusal(await start("one.crt", "other.key"), 64, /\S+one\.crt and \S+other\.key are not a PEM certificate/)
    expectRefusal(await start("one.crt", "none.key"), 64, /The TLS file \S+none\.key cannot be read \(ENOENT\)/)
  })
})

describe("a data folder that cannot be written", () => {
  test("a file in its place, a file among its parents, a file system that holds no folders", async () => {
    writeFileSync(path("file"), "")
    for (const data of [path("file"), path("file/data"), "/proc/writ"])
      expectRefusal(
        await writ(["serve", "--data", data], { limitMs: 30_000 }),
        73,
        new RegExp(`The data folder ${data} cannot be written \\([A-Z]+\\)\\. .*--data`),
      )
  })
})

describe("a database that is not fit", () => {
  const inDatabase = async (name: string, work: (client: pg.Client) => Promise<unknown>): Promise<string> => {
    const admin = new pg.Client(postgres.connection)
    await admin.connect()
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.end()
    const client = new pg.Client({ ...postgres.connection, database: name })
    await client.connect()
    await migrate(client, MIGRATIONS)
    await work(client)
    await client.end()
    return urlOf(postgres, name)
  }

  test("its schema is of a newer version of writ", async () => {
    const newer = await inDatabase("newer", (client) =>
      client.query(
        "INSERT INTO schema_migration (version, name, sha256) SELECT max(version) + 1, 'later.sql', '\\x00' FROM schema_migration",
      ),
    )
    expectRefusal(
      await serve([], { DATABASE_URL: newer }),
      74,
      /The database has schema version \d+, this program knows \d+, and later\.sql is more than an addition\. Run the newer version of writ\./,
    )
  })

  test("its schema was made by other migrations", async () => {
    const altered = await inDatabase("altered", (client) =>
      client.query("UPDATE schema_migration SET sha256 = '\\x00' WHERE version = 1"),
    )
    expectRefusal(
      await serve([], { DATABASE_URL: altered }),
      74,
      /Migration 1 is not the one that was applied to this database\. Install the version of writ that made it\./,
    )
  })

  test.each([["fsync"], ["full_page_writes"]])("%s is off", async (setting) => {
    mkdirSync(path(setting), { mode: 0o711 })
    const unsafe = await startPostgres(setting, [`${setting}=off`])
    try {
      expectRefusal(
        await serve([], { DATABASE_URL: urlOf(unsafe) }),
        74,
        new RegExp(`The database cannot hold a ledger: ${setting} is off\\. Set ${setting} = on in postgresql\\.conf`),
      )
    } finally {
      await unsafe.stop()
    }
  })

  test("its encoding is not UTF8, or it is read-only", async () => {
    const admin = new pg.Client(postgres.connection)
    await admin.connect()
    await admin.query(
      "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'",
    )
    await admin.query("CREATE DATABASE frozen")
    await admin.query("ALTER DATABASE frozen SET default_transaction_read_only = on")
    await admin.end()
    const refusal = (what: string) => new RegExp(`The database cannot hold a ledger: ${what}`)
    expectRefusal(await serve([], { DATABASE_URL: urlOf(postgres, "latin") }), 74, refusal("its encoding is LATIN1"))
    expectRefusal(await serve([], { DATABASE_URL: urlOf(postgres, "frozen") }), 74, refusal("it is read-only"))
  })

  test("it does not exist, and its password stays out of what is said", async () => {
    const refused = await serve([], { DATABASE_URL: urlOf(postgres, "nowhere") })
    expectRefusal(refused, 74, /The database cannot be reached: database "nowhere" does not exist\. Check DATABASE_URL/)
    expect(refused.err).not.toContain(postgres.connection.password as string)
  })
})

describe("a policy that does not compile", () => {
  test("file, line, column and a caret; no database is touched", async () => {
    mkdirSync(path("policy"))
    writeFileSync(path("policy/a.yaml"), 'version: "1"\nrules:\n  - { id: one, effect: allow }\n  - {\n')
    const { code, out, err } = await serve(["--policy", path("policy"), "--database-url", "postgresql://127.0.0.1:1/d"])
    expect({ code, out }).toEqual({ code: 65, out: "" })
    expect(err).toMatch(/^writ: The policy in \S+policy is not valid:\na\.yaml:\d+:\d+ /)
    expect(err).toMatch(/^ +\^$/m)
    expect(err).not.toMatch(/^\s+at .*:\d+:\d+/m)
  })

  test("a folder without a bundle, or none at all", async () => {
    mkdirSync(path("empty"))
    const empty = await serve(["--policy", path("empty")])
    expect(empty.code).toBe(65)
    expect(empty.err).toMatch(/^writ: The policy in /)
    expectRefusal(
      await serve(["--policy", path("nothing")]),
      65,
      /The policy folder \S+nothing cannot be read \(ENOENT\)\. Name another with --policy\./,
    )
  })
})

describe("a configuration that is not valid", () => {
  test.each([
    [
      "an unknown variable",
      [],
      { WRIT_TOKEN_TTL: "1" },
      /There is no such setting: .*WRIT_TOKEN_TTL\. .*WRIT_TOKEN_TTL_MS/,
    ],
    [
      "a port that is none",
      ["--grpc-port", "65536"],
      {},
      /grpc-port must be a whole number from 0 to 65535, not "65536"/,
    ],
    ["a number that is none", [], { WRIT_DRAIN_MS: "10s" }, /drain-ms must be a whole number .*, not "10s"/],
    ["a time out of range", ["--token-ttl-ms", "999"], {}, /token-ttl-ms must be a whole number from 1000 to 120000/],
    ["a log level that is none", ["--log-level", "loud"], {}, /log-level must be trace, .*, not "loud"/],
    ["a flag that is none", [], { WRIT_LISTEN: "yes" }, /listen must be true or false/],
    ["authorities of clients without TLS", ["--tls-client-ca", "ca.crt"], {}, /tls-client-ca needs tls-cert/],
    [
      "a proof that there is not",
      ["--authentication", "password"],
      {},
      /authentication is a list of key, mtls and jwt, and "password" is none of them/,
    ],
    ["half of TLS", ["--tls-cert", "a.crt"], {}, /tls-cert and tls-key go together/],
    ["an origin with a space", ["--origin", "a b"], {}, /origin is 1 to 128 characters/],
  ])("%s", async (_, args, env, line) => {
    expectRefusal(await serve(args, env), 64, line)
  })

  test("a trusted policy key that is none", async () => {
    for (const key of ["abc", "AAAA"])
      expectRefusal(
        await serve(["--policy-trusted-keys", key, "--database-url", url(), "--log-level", "fatal"]),
        64,
        /policy-trusted-keys are base64 Ed25519 public keys of 32 bytes\./,
      )
  })

  test("a file with a key that there is not, or that is no mapping, or is not there", async () => {
    const withFile = async (text: string) => {
      writeFileSync(path("writ.yaml"), text)
      return await serve(["--config", path("writ.yaml")])
    }
    expectRefusal(
      await withFile("grpc-prot: 1\n"),
      64,
      /There is no such setting: \S+writ\.yaml: "grpc-prot"\. .*grpc-port/,
    )
    expectRefusal(await withFile("- 1\n"), 64, /The configuration file \S+writ\.yaml must be a mapping of settings\./)
    expectRefusal(
      await serve(["--config", path("none.yaml")]),
      64,
      /The configuration file \S+none\.yaml cannot be read: ENOENT/,
    )
    expectRefusal(
      await withFile("a: [\n"),
      64,
      /The configuration file \S+writ\.yaml, line \d+, column \d+, is not YAML: /,
    )
  })
})
