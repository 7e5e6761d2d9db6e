import { mkdirSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { defaultDataFolder, isLoopback, loadConfig, SETTINGS } from "../../src/config.ts"
import { WritError } from "../../src/errors.ts"
import { makeFolder } from "../support/folder.ts"

const folder = makeFolder()
afterAll(() => folder.remove())
let counter = 0
/** A data folder with this configuration file. */
function dataWith(yaml?: string): string {
  const data = join(folder.path, String(counter++))
  mkdirSync(data)
  if (yaml !== undefined) writeFileSync(join(data, "writ.yaml"), yaml)
  return data
}
const empty = dataWith()
const load = (flags: Record<string, string>, env: Record<string, string> = {}) =>
  loadConfig({ data: empty, ...flags }, env)
function refusalOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(WritError)
    expect((error as WritError).code).toBe("CONFIG_INVALID")
    return (error as WritError).message
  }
  throw new Error("it was not refused")
}
const toVariable = (key: string) => `WRIT_${key.toUpperCase().replaceAll("-", "_")}`

/** Every setting but those that find the file: where it is in the config, and three different values with what they read as. */
const READS: Readonly<
  Record<string, readonly [(config: ReturnType<typeof loadConfig>) => unknown, ...[string, unknown][]]>
> = {
  "grpc-host": [(c) => c.grpc.host, ["localhost", "localhost"], ["127.0.0.2", "127.0.0.2"], ["::1", "::1"]],
  "grpc-port": [(c) => c.grpc.port, ["0", 0], ["1", 1], ["65535", 65_535]],
  "http-host": [(c) => c.http.host, ["localhost", "localhost"], ["127.0.0.2", "127.0.0.2"], ["::1", "::1"]],
  "http-port": [(c) => c.http.port, ["0", 0], ["1", 1], ["65535", 65_535]],
  "policy-two-person": [(c) => c.policyTwoPerson, ["false", false], ["true", true], ["false", false]],
  "policy-activation-ttl-ms": [
    (c) => c.policyActivationTtlMs,
    ["1000", 1_000],
    ["1001", 1_001],
    ["604800000", 604_800_000],
  ],
  "policy-sign": [(c) => c.policySign, ["false", false], ["true", true], ["false", false]],
  "database-url": [
    (c) => c.databaseUrl,
    ["postgres://a", "postgres://a"],
    ["postgres://b", "postgres://b"],
    ["postgres://c", "postgres://c"],
  ],
  "postgres-user": [(c) => c.postgresUser, ["a", "a"], ["b", "b"], ["c", "c"]],
  origin: [(c) => c.origin, ["a/1", "a/1"], ["b", "b"], ["c.d", "c.d"]],
  issuer: [(c) => c.issuer, ["https://a", "https://a"], ["https://b", "https://b"], ["https://c", "https://c"]],
  "token-ttl-ms": [(c) => c.tokenTtlMs, ["1000", 1_000], ["5000", 5_000], ["120000", 120_000]],
  "token-key-ahead-ms": [(c) => c.tokenKeyAheadMs, ["0", 0], ["2000", 2_000], ["86400000", 86_400_000]],
  policy: [(c) => c.policyFolder, ["/p/a", "/p/a"], ["/p/b", "/p/b"], ["rel", resolve("rel")]],
  witnesses: [
    (c) => c.witnesses,
    ["http://a n+0+A", [{ url: "http://a", vkey: "n+0+A" }]],
    [
      "https://b  m+1+B, http://a n+0+A",
      [
        { url: "https://b", vkey: "m+1+B" },
        { url: "http://a", vkey: "n+0+A" },
      ],
    ],
    ["http://c k+2+C", [{ url: "http://c", vkey: "k+2+C" }]],
  ],
  "witness-quorum": [(c) => c.witnessQuorum, ["1", 1], ["2", 2], ["64", 64]],
  "policy-trusted-keys": [(c) => c.policyTrustedKeys, ["a", ["a"]], ["a, b,", ["a", "b"]], ["c,,d", ["c", "d"]]],
  "append-timeout-ms": [(c) => c.appendTimeoutMs, ["50", 50], ["51", 51], ["60000", 60_000]],
  "caller-calls-per-second": [(c) => c.limits.callerCallsPerSecond, ["11", 11], ["12", 12], ["13", 13]],
  "max-calls": [(c) => c.limits.maxCalls, ["11", 11], ["12", 12], ["13", 13]],
  "caller-max-calls": [(c) => c.limits.callerMaxCalls, ["11", 11], ["12", 12], ["13", 13]],
  "target-latency-ms": [(c) => c.limits.targetLatencyMs, ["11", 11], ["12", 12], ["13", 13]],
  "max-streams": [(c) => c.limits.maxStreams, ["11", 11], ["12", 12], ["13", 13]],
  "caller-max-streams": [(c) => c.limits.callerMaxStreams, ["11", 11], ["12", 12], ["13", 13]],
  "max-connections": [(c) => c.limits.maxConnections, ["11", 11], ["12", 12], ["13", 13]],
  "connection-max-streams": [(c) => c.limits.connectionMaxStreams, ["11", 11], ["12", 12], ["13", 13]],
  "connection-memory-mib": [(c) => c.limits.connectionMemoryMib, ["11", 11], ["12", 12], ["13", 13]],
  "max-message-kib": [(c) => c.limits.maxMessageBytes, ["11", 11264], ["12", 12288], ["13", 13312]],
  "caller-bytes-per-second": [
    (c) => c.callerBytesPerSecond,
    ["1024", 1_024],
    ["2048", 2_048],
    ["1099511627776", 2 ** 40],
  ],
  "min-free-disk-mib": [(c) => c.minFreeDiskBytes, ["0", 0], ["1", 2 ** 20], ["2", 2 ** 21]],
  public: [(c) => c.public, ["/metrics", ["/metrics"]], ["/a, /b", ["/a", "/b"]], [",", []]],
  listen: [(c) => c.listen, ["false", false], ["true", true], ["false", false]],
  "drain-ms": [(c) => c.drainMs, ["0", 0], ["1", 1], ["600000", 600_000]],
  "log-level": [(c) => c.logLevel, ["trace", "trace"], ["debug", "debug"], ["fatal", "fatal"]],
}

describe("loadConfig", () => {
  test("without anything: loopback, the embedded database, development", () => {
    expect(load({})).toEqual({
      dataFolder: empty,
      grpc: { host: "127.0.0.1", port: 50_051, tls: null, authentication: ["key"] },
      jwt: { issuers: [], skewMs: 30_000 },
      http: { host: "127.0.0.1", port: 8_080, tls: false, authentication: ["key"] },
      databaseUrl: null,
      postgresUser: null,
      origin: null,
      issuer: "https://writ.local",
      tokenTtlMs: 10_000,
      tokenKeyAheadMs: 600_000,
      policyFolder: join(empty, "policy"),
      policyTrustedKeys: [],
      policySign: true,
      policyTwoPerson: false,
      witnesses: [],
      witnessQuorum: 1,
      policyActivationTtlMs: 3_600_000,
      appendTimeoutMs: 1_000,
      callerBytesPerSecond: 67_108_864,
      limits: {
        callerCallsPerSecond: 0,
        maxCalls: 1_024,
        callerMaxCalls: 512,
        targetLatencyMs: 20,
        maxStreams: 32_768,
        callerMaxStreams: 32_768,
        maxConnections: 16_384,
        connectionMaxStreams: 1_024,
        connectionMemoryMib: 64,
        maxMessageBytes: 4 * 2 ** 20,
      },
      minFreeDiskBytes: 256 * 2 ** 20,
      public: null,
      listen: true,
      drainMs: 10_000,
      logLevel: "info",
      development: true,
    })
  })

  test("every setting is read here", () => {
    expect(Object.keys(READS).sort()).toEqual(
      SETTINGS.map(({ key }) => key)
        .filter(
          (key) =>
            ![
              "data",
              "config",
              "tls-cert",
              "tls-key",
              "tls-client-ca",
              "authentication",
              "jwt-issuers",
              "jwt-skew-ms",
              "http-tls",
              "http-authentication",
            ].includes(key),
        )
        .sort(),
    )
  })

  test.each(Object.keys(READS))(
    "%s: a flag goes before the environment, that before the file, that before the default",
    (key) => {
      const [read, ...values] = READS[key] as (typeof READS)[string]
      const [[first, asFirst], [second, asSecond], [third, asThird]] = values as [
        [string, unknown],
        [string, unknown],
        [string, unknown],
      ]
      const data = dataWith(`${key}: "${third}"\n`)
      const variable = { [toVariable(key)]: second }
      expect(read(loadConfig({ data, [key]: first }, variable))).toEqual(asFirst)
      expect(read(loadConfig({ data }, variable))).toEqual(asSecond)
      expect(read(loadConfig({ data }, {}))).toEqual(asThird)
    },
  )

  test("DATABASE_URL comes after everything that is Writ's own", () => {
    const env = { DATABASE_URL: "postgres://last" }
    expect(load({}, env).databaseUrl).toBe("postgres://last")
    expect(load({}, { ...env, WRIT_DATABASE_URL: "postgres://first" }).databaseUrl).toBe("postgres://first")
    expect(loadConfig({ data: dataWith("database-url: postgres://file") }, env).databaseUrl).toBe("postgres://file")
    expect(load({}, { DATABASE_URL: "" }).databaseUrl).toBeNull()
  })

  test("the data folder: flag, WRIT_DATA, then root's or the user's own", () => {
    const other = dataWith()
    expect(loadConfig({ data: empty }, { WRIT_DATA: other }).dataFolder).toBe(empty)
    expect(loadConfig({}, { WRIT_DATA: other }).dataFolder).toBe(other)
    expect(loadConfig({ data: "" }, { WRIT_DATA: other }).dataFolder).toBe(other)
    const fallback = defaultDataFolder({ XDG_DATA_HOME: "/xdg" })
    expect(fallback).toBe(process.getuid?.() === 0 ? "/var/lib/writ" : "/xdg/writ")
    if (process.getuid?.() !== 0) expect(defaultDataFolder({})).toBe(join(homedir(), ".local", "share", "writ"))
  })

  test("a configuration file is named by flag or variable, and must be there then; an empty name is none", () => {
    const file = join(dataWith("drain-ms: 7\n"), "writ.yaml")
    expect(load({ config: file }).drainMs).toBe(7)
    expect(load({}, { WRIT_CONFIG: file }).drainMs).toBe(7)
    expect(load({ config: "" }, { WRIT_CONFIG: "" }).drainMs).toBe(10_000)
    expect(refusalOf(() => load({ config: "/nowhere/writ.yaml" }))).toMatch(
      /^The configuration file \/nowhere\/writ\.yaml cannot be read: ENOENT/,
    )
  })

  test("lists, numbers and truth values are written as YAML has them; an empty file says nothing", () => {
    const data = dataWith(
      "public: [/metrics, /checkpoint]\ngrpc-port: 7\nlisten: false\npolicy-trusted-keys:\n  - a\n  - b\n",
    )
    expect(loadConfig({ data }, {})).toMatchObject({
      public: ["/metrics", "/checkpoint"],
      grpc: { port: 7 },
      listen: false,
      policyTrustedKeys: ["a", "b"],
    })
    expect(loadConfig({ data: dataWith("public: []\n") }, {}).public).toEqual([])
    expect(loadConfig({ data: dataWith("") }, {}).drainMs).toBe(10_000)
  })

  test("a certificate ends development mode", () => {
    expect(load({ "tls-cert": "/c", "tls-key": "/k" })).toMatchObject({
      development: false,
      grpc: { tls: { certFile: "/c", keyFile: "/k" } },
    })
  })

  test("variables of the command line and of others are left alone", () => {
    expect(load({}, { WRIT_KEY: "k", WRIT_TARGET: "t", WRIT_EXEC_KEYS: "f", PATH: "/", WRITER: "x" }).drainMs).toBe(
      10_000,
    )
  })

  test.each([
    ["grpc-port", "0", "65535"],
    ["http-port", "0", "65535"],
    ["token-ttl-ms", "1000", "120000"],
    ["token-key-ahead-ms", "0", "86400000"],
    ["append-timeout-ms", "50", "60000"],
    ["caller-calls-per-second", "0", "10000000"],
    ["max-calls", "1", "65536"],
    ["caller-max-calls", "1", "65536"],
    ["target-latency-ms", "1", "60000"],
    ["max-streams", "1", "1000000"],
    ["caller-max-streams", "1", "1000000"],
    ["max-connections", "1", "1000000"],
    ["connection-max-streams", "1", "65536"],
    ["connection-memory-mib", "1", "1024"],
    ["max-message-kib", "1", "65536"],
    ["caller-bytes-per-second", "1024", "1099511627776"],
    ["min-free-disk-mib", "0", "16777216"],
    ["drain-ms", "0", "600000"],
  ])("%s is a whole number from %s to %s", (key, least, most) => {
    expect(() => load({ [key]: least })).not.toThrow()
    expect(() => load({ [key]: most })).not.toThrow()
    for (const given of [String(Number(least) - 1), String(Number(most) + 1), "1.5", "ten", "1e4", "0x10", " 1", "NaN"])
      expect(refusalOf(() => load({ [key]: given }))).toBe(
        `${key} must be a whole number from ${least} to ${most}, not "${given}".`,
      )
  })

  test.each([
    ["tls-cert alone", { "tls-cert": "/c" }, "tls-cert and tls-key go together: set both, or neither."],
    ["tls-key alone", { "tls-key": "/k" }, "tls-cert and tls-key go together: set both, or neither."],
    [
      "an unknown log level",
      { "log-level": "verbose" },
      'log-level must be trace, debug, info, warn, error or fatal, not "verbose".',
    ],
    ["listen: maybe", { listen: "maybe" }, "listen must be true or false."],
    ["an origin with a space", { origin: "a b" }, "origin is 1 to 128 characters of A-Z a-z 0-9 . _ / -"],
    [
      "an origin of 129 characters",
      { origin: "a".repeat(129) },
      "origin is 1 to 128 characters of A-Z a-z 0-9 . _ / -",
    ],
  ])("%s is refused", (_, flags, message) => {
    expect(refusalOf(() => load(flags as Record<string, string>))).toBe(message)
  })

  test("an unknown variable is refused, and the one that was meant is named", () => {
    expect(refusalOf(() => load({}, { WRIT_GRPC_PROT: "1" }))).toBe(
      'There is no such setting: the environment variable WRIT_GRPC_PROT. Did you mean "WRIT_GRPC_PORT"?',
    )
    expect(refusalOf(() => load({}, { WRIT_TELEMETRY: "1" }))).toBe(
      "There is no such setting: the environment variable WRIT_TELEMETRY. `writ serve --help` lists them.",
    )
  })

  test.each([
    ["an unknown key", "grpc-prot: 1\n", 'There is no such setting: FILE: "grpc-prot". Did you mean "grpc-port"?'],
    [
      "a key of Object",
      "constructor: 1\n",
      'There is no such setting: FILE: "constructor". `writ serve --help` lists them.',
    ],
    ["data", "data: /x\n", 'FILE: "data" leads to this file, so it is set by --data only.'],
    ["config", "config: /x\n", 'FILE: "config" leads to this file, so it is set by --config only.'],
    ["a mapping as value", "public: { a: 1 }\n", 'FILE: "public" must be a single value or a list of them.'],
    ["a mapping in a list", "public: [{ a: 1 }]\n", 'FILE: "public" must be a single value or a list of them.'],
    ["a key without value", "origin:\n", 'FILE: "origin" must be a single value or a list of them.'],
    ["a list", "- a\n", "The configuration file FILE must be a mapping of settings."],
    ["a text", "grpc-port\n", "The configuration file FILE must be a mapping of settings."],
    [
      "a key given twice",
      "drain-ms: 1\ndrain-ms: 2\n",
      "The configuration file FILE, line 2, column 1, is not YAML: Map keys must be unique",
    ],
  ])("a file with %s is refused", (_, yaml, message) => {
    const data = dataWith(yaml)
    expect(refusalOf(() => loadConfig({ data }, {}))).toBe(message.replace("FILE", join(data, "writ.yaml")))
  })

  test.each([
    ["grpc-host", "0.0.0.0"],
    ["http-host", "0.0.0.0"],
    ["grpc-host", "::"],
    ["http-host", "10.0.0.1"],
    ["grpc-host", "127.0.0.1.example.com"],
    ["grpc-host", "127.example.com"],
  ])("%s %s is beyond loopback: it needs TLS and a database of its own", (key, host) => {
    const tls = { "tls-cert": "/c", "tls-key": "/k" }
    const database = { "database-url": "postgres://db/writ" }
    const refusal = refusalOf(() => load({ [key]: host }))
    expect(refusal).toContain(join(empty, "writ.yaml"))
    expect(refusal).toMatch(/tls-cert: .*\n.*tls-key: .*\n.*database-url: /)
    expect(refusalOf(() => load({ [key]: host, ...tls }))).not.toContain("tls-cert:")
    expect(refusalOf(() => load({ [key]: host, ...database }))).not.toContain("database-url:")
    expect(load({ [key]: host, ...tls, ...database, "http-tls": "true" }).databaseUrl).toBe("postgres://db/writ")
  })

  test("an API key is sent over HTTP, so HTTP beyond loopback is encrypted as well", () => {
    const most = { "tls-cert": "/c", "tls-key": "/k", "database-url": "postgres://db/writ" }
    expect(refusalOf(() => load({ ...most, "http-host": "0.0.0.0" }))).toMatch(/\n {2}http-tls: true$/)
    expect(load({ ...most, "grpc-host": "0.0.0.0" }).http.tls).toBe(false)
  })

  test("no refusal quotes what a setting or a file holds in secret", () => {
    const url = "postgresql://writ:hunter2@db/writ"
    const refusals = [
      refusalOf(() => load({ "database-url": url, "grpc-host": "0.0.0.0" })),
      refusalOf(() => load({ "database-url": url, "log-level": "x" })),
      refusalOf(() => load({}, { WRIT_DATABASE_URI: url })),
      refusalOf(() => load({}, { DATABASE_URL: url, WRIT_HTTP_HOST: "0.0.0.0" })),
      ...[
        `database-url: "${url}\n`,
        `database-url: ${url}\n\tx: 1\n`,
        `database-uri: ${url}\n`,
        `database-url: [${url}\n`,
        `database-url: { a: ${url} }\n`,
        `- ${url}\n`,
        `database-url: ${url}\ndatabase-url: ${url}\n`,
        `database-url: "\\q${url}"\n`,
      ].map((yaml) => refusalOf(() => loadConfig({ data: dataWith(yaml) }, {}))),
    ]
    expect(refusals).toHaveLength(12)
    for (const refusal of refusals) expect(refusal).not.toContain("hunter2")
  })
})

describe("isLoopback", () => {
  test("knows loopback from everything else", () => {
    expect(["127.0.0.1", "127.1.2.3", "localhost", "::1"].filter((host) => !isLoopback(host))).toEqual([])
    expect(
      ["0.0.0.0", "::", "", "10.0.0.1", "127.evil.com", "localhost.evil.com", "1127.0.0.1"].filter(isLoopback),
    ).toEqual([])
  })
})

describe("loadConfig: who may call gRPC", () => {
  const tls = { "tls-cert": "/c", "tls-key": "/k", "tls-client-ca": "/ca" }
  const methods = (flags: Record<string, string>) => loadConfig({ data: "/nowhere", ...flags }, {}).grpc.authentication

  test("keys, and certificates where authorities of clients are named, unless it is said", () => {
    expect(methods({})).toEqual(["key"])
    expect(methods(tls)).toEqual(["key", "mtls"])
    expect(methods({ ...tls, authentication: "mtls" })).toEqual(["mtls"])
    expect(methods({ ...tls, authentication: "key" })).toEqual(["key"])
  })

  test("HTTP takes the same without certificates, unless it is said", () => {
    const ofHttp = (flags: Record<string, string>) => loadConfig({ data: "/nowhere", ...tls, ...flags }, {}).http
    expect(ofHttp({})).toMatchObject({ tls: false, authentication: ["key"] })
    expect(ofHttp({ authentication: "mtls" })).toMatchObject({ authentication: [] })
    expect(ofHttp({ "http-tls": "true", "http-authentication": "mtls" })).toMatchObject({
      tls: true,
      authentication: ["mtls"],
    })
  })

  test("tokens, where issuers are named, each with its audience", () => {
    const flags = { "jwt-issuers": "https://a.example/x writ, http://127.0.0.1:8080 writ http://127.0.0.1:8080/keys" }
    expect(methods(flags)).toEqual(["key", "jwt"])
    expect(loadConfig({ data: "/nowhere", ...flags, "jwt-skew-ms": "0" }, {}).jwt).toEqual({
      issuers: [
        { issuer: "https://a.example/x", audience: "writ", url: null },
        { issuer: "http://127.0.0.1:8080", audience: "writ", url: "http://127.0.0.1:8080/keys" },
      ],
      skewMs: 0,
    })
  })

  test.each([
    [{ authentication: "mtls" }, /authentication: mtls needs tls-client-ca/],
    [{ "http-tls": "true" }, /http-tls needs tls-cert/],
    [{ ...tls, "http-authentication": "mtls" }, /mtls needs http-tls/],
    [{ ...tls, "http-authentication": "jwt" }, /http-authentication: jwt needs jwt-issuers/],
    [{ authentication: "jwt" }, /jwt needs jwt-issuers/],
    [{ authentication: "key,none" }, /"none" is none of them/],
    [{ "jwt-issuers": "https://a.example" }, /ISSUER AUDIENCE/],
    [{ "jwt-issuers": "http://a.example writ" }, /by https/],
    [{ "jwt-issuers": "https://a.example writ ftp://a.example/keys" }, /by https/],
    [{ "jwt-issuers": "https://a.example|b writ" }, /ISSUER AUDIENCE/],
    [{ "jwt-issuers": "https://a.example writ https://a.example/keys more" }, /ISSUER AUDIENCE/],
    [{ "jwt-issuers": "https://a.example a,https://a.example b" }, /twice/],
    [{ "tls-client-ca": "/ca" }, /tls-client-ca needs tls-cert/],
  ])("%j is refused", (flags, refusal) => {
    expect(() => methods(flags)).toThrow(refusal)
  })
})
