/**
 * The only reader of environment and configuration file. One table of settings: flags go before WRIT_* variables, these
 * before the YAML file, that before defaults. Unknown keys are refused.
 */
import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { LineCounter, parse, YAMLParseError } from "yaml"
import { WritError } from "./errors.ts"
import { isFetchable } from "./formats/fetchable.ts"
import { suggest } from "./formats/suggest.ts"

export interface Setting {
  readonly key: string
  readonly kind: "text" | "port" | "number" | "flag" | "list"
  readonly default: string
  readonly meaning: string
}

/** `key` is the flag (`--key`), the key in the file, and WRIT_KEY in the environment. */
export const SETTINGS: readonly Setting[] = [
  {
    key: "data",
    kind: "text",
    default: "/var/lib/writ as root, else ~/.local/share/writ",
    meaning: "Data folder: keys, API keys, embedded Postgres, policy.",
  },
  { key: "config", kind: "text", default: "DATA/writ.yaml if it exists", meaning: "Configuration file." },
  { key: "grpc-host", kind: "text", default: "127.0.0.1", meaning: "Address that gRPC listens on." },
  { key: "grpc-port", kind: "port", default: "50051", meaning: "Port of gRPC; 0 takes any free one." },
  { key: "http-host", kind: "text", default: "127.0.0.1", meaning: "Address that HTTP listens on." },
  { key: "http-port", kind: "port", default: "8080", meaning: "Port of HTTP; 0 takes any free one." },
  {
    key: "tls-cert",
    kind: "text",
    default: "",
    meaning: "PEM certificate chain of the gRPC server. Needed beyond loopback.",
  },
  { key: "tls-key", kind: "text", default: "", meaning: "PEM private key of the gRPC server." },
  {
    key: "tls-client-ca",
    kind: "text",
    default: "",
    meaning:
      "PEM certificates of the authorities of clients. With `authentication: mtls` every gRPC connection must show a certificate of one of them.",
  },
  {
    key: "authentication",
    kind: "list",
    default: "key, mtls with tls-client-ca, jwt with jwt-issuers",
    meaning:
      "What gRPC takes as a proof of who calls: key (API keys), mtls (client certificates, then needed of every connection), jwt (tokens of OIDC issuers). See docs/callers.md.",
  },
  {
    key: "http-tls",
    kind: "flag",
    default: "false",
    meaning: "Serve HTTP over TLS, with tls-cert and tls-key. Needed beyond loopback.",
  },
  {
    key: "http-authentication",
    kind: "list",
    default: "as authentication, without mtls",
    meaning:
      "What HTTP takes as a proof of who calls; with mtls every connection needs a certificate, for public routes too.",
  },
  {
    key: "jwt-issuers",
    kind: "list",
    default: "",
    meaning:
      "OIDC issuers whose tokens say who calls, each as ISSUER and AUDIENCE, and the URL of its key set where its discovery document is not to be asked, with spaces between them.",
  },
  {
    key: "jwt-skew-ms",
    kind: "number",
    default: "30000",
    meaning: "How far the clocks of issuers and of this machine may differ, milliseconds: 0 to 300000.",
  },
  {
    key: "database-url",
    kind: "text",
    default: "the embedded Postgres",
    meaning: "postgresql://… of an external PostgreSQL 15 or newer; DATABASE_URL is read too. Needed beyond loopback.",
  },
  {
    key: "postgres-user",
    kind: "text",
    default: "writ, postgres or nobody",
    meaning: "Operating-system user of the embedded Postgres when writ runs as root.",
  },
  {
    key: "origin",
    kind: "text",
    default: "writ.local/ID",
    meaning:
      "Origin of this daemon's log (C2SP tlog-checkpoint); ID is the hash of its checkpoint key. Fixed once the log exists.",
  },
  { key: "issuer", kind: "text", default: "https://writ.local", meaning: "`iss` of execution tokens." },
  {
    key: "token-ttl-ms",
    kind: "number",
    default: "10000",
    meaning: "Life of a token unless request or rule says otherwise, milliseconds: 1000 to 120000.",
  },
  {
    key: "token-key-ahead-ms",
    kind: "number",
    default: "600000",
    meaning:
      "How long a new token key is published before it signs, milliseconds: 0 to 86400000. As long as verifiers keep a key set, or longer.",
  },
  { key: "policy", kind: "text", default: "DATA/policy", meaning: "Folder of the policy bundle." },
  {
    key: "policy-trusted-keys",
    kind: "list",
    default: "",
    meaning: "Further base64 Ed25519 keys whose signature makes a bundle valid, besides this daemon's own.",
  },
  {
    key: "policy-sign",
    kind: "flag",
    default: "true",
    meaning:
      "Sign a bundle that is published without a signature with this daemon's own policy key; false: only bundles that a trusted key has signed are taken.",
  },
  {
    key: "policy-two-person",
    kind: "flag",
    default: "false",
    meaning:
      "A bundle is activated only when a second operator, with another key, agrees (DecideActivation). The same on every replica.",
  },
  {
    key: "policy-activation-ttl-ms",
    kind: "number",
    default: "3600000",
    meaning: "How long an activation waits for the second operator, milliseconds: 1000 to 604800000.",
  },
  {
    key: "witnesses",
    kind: "list",
    default: "",
    meaning:
      "Witnesses (C2SP tlog-witness) that cosign this log's checkpoints, each as URL and verifier key with a space between them.",
  },
  {
    key: "witness-quorum",
    kind: "number",
    default: "1",
    meaning:
      "How many of them have to cosign; a checkpoint with fewer rests on the operator, which metrics, log and discovery say.",
  },
  {
    key: "append-timeout-ms",
    kind: "number",
    default: "1000",
    meaning: "An append that takes longer is given up, milliseconds.",
  },
  {
    key: "caller-bytes-per-second",
    kind: "number",
    default: "67108864",
    meaning: "Bytes of records that one caller may add a second.",
  },
  {
    key: "caller-calls-per-second",
    kind: "number",
    default: "0",
    meaning:
      "Calls, and messages of AuthorizeStream, that one caller may make a second, with a burst of four seconds' worth; 0 for no limit.",
  },
  {
    key: "max-calls",
    kind: "number",
    default: "1024",
    meaning:
      "Decisions in hand at once, of all callers; and as many other calls beside them. What comes on top is OVERLOADED.",
  },
  {
    key: "caller-max-calls",
    kind: "number",
    default: "512",
    meaning: "The same for one caller: what comes on top is CALLER_AT_LIMIT.",
  },
  {
    key: "target-latency-ms",
    kind: "number",
    default: "20",
    meaning:
      "While decisions are in hand for longer than this in the mean, fewer are taken at once, down to 128, milliseconds.",
  },
  {
    key: "max-streams",
    kind: "number",
    default: "32768",
    meaning: "Streams (beats, directives, AuthorizeStream) open at once, of all callers.",
  },
  {
    key: "caller-max-streams",
    kind: "number",
    default: "32768",
    meaning: "The same for one caller.",
  },
  {
    key: "max-connections",
    kind: "number",
    default: "16384",
    meaning: "Connections of gRPC that are open at once; what comes on top is closed.",
  },
  {
    key: "connection-max-streams",
    kind: "number",
    default: "1024",
    meaning:
      "Calls and streams that one connection may have open; a client holds back what comes on top (HTTP/2 SETTINGS_MAX_CONCURRENT_STREAMS).",
  },
  {
    key: "connection-memory-mib",
    kind: "number",
    default: "64",
    meaning: "Memory that one connection's HTTP/2 session may take before its new streams are refused, MiB.",
  },
  {
    key: "max-message-kib",
    kind: "number",
    default: "4096",
    meaning: "The largest message that is read, KiB.",
  },
  {
    key: "min-free-disk-mib",
    kind: "number",
    default: "256",
    meaning: "Below this much free space in the data folder nothing is accepted, MiB.",
  },
  {
    key: "public",
    kind: "list",
    default: "the routes that the README names",
    meaning: "HTTP routes that need no credential.",
  },
  {
    key: "listen",
    kind: "flag",
    default: "true",
    meaning: "Be woken by NOTIFY when another replica changes something; correctness does not depend on it.",
  },
  {
    key: "drain-ms",
    kind: "number",
    default: "10000",
    meaning: "How long a shutdown waits for calls in flight, milliseconds.",
  },
  {
    key: "log-level",
    kind: "text",
    default: "info",
    meaning: "trace, debug (every decision), info, warn, error or fatal.",
  },
]

export interface Config {
  readonly dataFolder: string
  readonly grpc: {
    readonly host: string
    readonly port: number
    readonly tls: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string | null } | null
    readonly authentication: readonly ("key" | "mtls" | "jwt")[]
  }
  readonly jwt: {
    readonly issuers: readonly { readonly issuer: string; readonly audience: string; readonly url: string | null }[]
    readonly skewMs: number
  }
  readonly http: {
    readonly host: string
    readonly port: number
    readonly tls: boolean
    readonly authentication: readonly ("key" | "mtls" | "jwt")[]
  }
  readonly databaseUrl: string | null
  readonly postgresUser: string | null
  readonly origin: string | null
  readonly issuer: string
  readonly tokenTtlMs: number
  readonly tokenKeyAheadMs: number
  readonly policyFolder: string
  readonly policyTrustedKeys: readonly string[]
  readonly witnesses: readonly { readonly url: string; readonly vkey: string }[]
  readonly witnessQuorum: number
  readonly policySign: boolean
  readonly policyTwoPerson: boolean
  readonly policyActivationTtlMs: number
  readonly appendTimeoutMs: number
  readonly callerBytesPerSecond: number
  readonly limits: {
    /** 0: none. */
    readonly callerCallsPerSecond: number
    readonly maxCalls: number
    readonly callerMaxCalls: number
    readonly targetLatencyMs: number
    readonly maxStreams: number
    readonly callerMaxStreams: number
    readonly maxConnections: number
    readonly connectionMaxStreams: number
    readonly connectionMemoryMib: number
    readonly maxMessageBytes: number
  }
  readonly minFreeDiskBytes: number
  readonly public: readonly string[] | null
  readonly listen: boolean
  readonly drainMs: number
  readonly logLevel: string
  /** Loopback without TLS: tokens say `env: dev`. */
  readonly development: boolean
}

type Methods = Config["grpc"]["authentication"]
type Issuers = Config["jwt"]["issuers"]

/** Throws CONFIG_INVALID. */
function toMethods(
  key: string,
  given: readonly string[] | undefined,
  clientCaFile: string | null,
  issuers: Issuers,
): Methods {
  const needs = {
    key: null,
    mtls: clientCaFile === null ? "tls-client-ca" : null,
    jwt: issuers[0] ? null : "jwt-issuers",
  }
  const known = Object.keys(needs) as (keyof typeof needs)[]
  if (given === undefined || given.length === 0) return known.filter((method) => needs[method] === null)
  return given.map((name) => {
    const method = known.find((one) => one === name)
    if (!method)
      throw new WritError("CONFIG_INVALID", `${key} is a list of key, mtls and jwt, and "${name}" is none of them.`)
    if (needs[method] !== null)
      throw new WritError("CONFIG_INVALID", `${key}: ${method} needs ${needs[method]}, which is not set.`)
    return method
  })
}

/** Throws CONFIG_INVALID. */
function toIssuers(given: readonly string[]): Issuers {
  const issuers = given.map((text) => {
    const [issuer = "", audience = "", url = null, ...more] = text.split(/\s+/)
    const isIssuer = isFetchable(issuer) && !/[|?#]/.test(issuer)
    if (!isIssuer || audience === "" || more.length > 0 || (url !== null && !isFetchable(url)))
      throw new WritError(
        "CONFIG_INVALID",
        `Each of jwt-issuers is ISSUER AUDIENCE [JWKS_URL] with spaces between them, addresses by https (by http on this machine only), not "${text}".`,
      )
    return { issuer, audience, url }
  })
  const twice = issuers.find(({ issuer }, i) => issuers.findIndex((one) => one.issuer === issuer) !== i)
  if (twice)
    throw new WritError("CONFIG_INVALID", `jwt-issuers names ${twice.issuer} twice: an issuer has one audience here.`)
  return issuers
}

type Values = Readonly<Record<string, string | undefined>>

export function defaultDataFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env["WRIT_DATA"]) return resolve(env["WRIT_DATA"])
  if (process.getuid?.() === 0) return "/var/lib/writ"
  return join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "writ")
}

function toWitness(text: string): Config["witnesses"][number] {
  const [url = "", vkey = "", ...more] = text.split(/\s+/)
  if (/^https?:\/\//.test(url) && vkey !== "" && more.length === 0) return { url, vkey }
  throw new WritError(
    "CONFIG_INVALID",
    `Each of witnesses is a URL and a verifier key with a space between them, as \`writ witness\` prints them, not "${text}".`,
  )
}

/** `flags` by key, without dashes in front. Throws CONFIG_INVALID, which says what to write instead. */
export function loadConfig(flags: Values, env: NodeJS.ProcessEnv = process.env): Config {
  const dataFolder = resolve(flags["data"] || defaultDataFolder(env))
  const file = readConfigFile(flags["config"] || env["WRIT_CONFIG"], join(dataFolder, "writ.yaml"))
  for (const name of Object.keys(env)) {
    if (!name.startsWith("WRIT_") || ["WRIT_KEY", "WRIT_TARGET", "WRIT_EXEC_KEYS"].includes(name)) continue
    const names = SETTINGS.map(({ key }) => toVariable(key))
    if (!names.includes(name)) throw unknown(`the environment variable ${name}`, name, names)
  }
  const raw = (key: string): string | undefined => flags[key] ?? env[toVariable(key)] ?? file[key]
  const text = (key: string, fallback: string) => raw(key) || fallback
  const number = (key: string, least: number, most: number) => {
    const given = text(key, SETTINGS.find((setting) => setting.key === key)?.default as string)
    const value = Number(given)
    if (!/^[0-9]+$/.test(given) || value < least || value > most)
      throw new WritError("CONFIG_INVALID", `${key} must be a whole number from ${least} to ${most}, not "${given}".`)
    return value
  }
  const list = (key: string) =>
    raw(key)
      ?.split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
  const certFile = raw("tls-cert")
  const keyFile = raw("tls-key")
  if (Boolean(certFile) !== Boolean(keyFile))
    throw new WritError("CONFIG_INVALID", "tls-cert and tls-key go together: set both, or neither.")
  const clientCaFile = raw("tls-client-ca") || null
  if (clientCaFile !== null && !certFile)
    throw new WritError(
      "CONFIG_INVALID",
      "tls-client-ca needs tls-cert and tls-key: without TLS there are no certificates.",
    )
  const jwtIssuers = toIssuers(list("jwt-issuers") ?? [])
  const logLevel = text("log-level", "info")
  if (!["trace", "debug", "info", "warn", "error", "fatal"].includes(logLevel))
    throw new WritError(
      "CONFIG_INVALID",
      `log-level must be trace, debug, info, warn, error or fatal, not "${logLevel}".`,
    )
  const flag = (key: string) => {
    const given = text(key, SETTINGS.find((setting) => setting.key === key)?.default as string)
    if (given !== "true" && given !== "false") throw new WritError("CONFIG_INVALID", `${key} must be true or false.`)
    return given === "true"
  }
  const authentication = toMethods("authentication", list("authentication"), clientCaFile, jwtIssuers)
  const httpTls = flag("http-tls")
  if (httpTls && !certFile) throw new WritError("CONFIG_INVALID", "http-tls needs tls-cert and tls-key.")
  const httpMethods = list("http-authentication") ?? []
  const httpAuthentication =
    httpMethods.length === 0
      ? authentication.filter((method) => method !== "mtls")
      : toMethods("http-authentication", httpMethods, clientCaFile, jwtIssuers)
  if (httpAuthentication.includes("mtls") && !httpTls)
    throw new WritError("CONFIG_INVALID", "http-authentication: mtls needs http-tls: true.")
  const config: Config = {
    dataFolder,
    grpc: {
      host: text("grpc-host", "127.0.0.1"),
      port: number("grpc-port", 0, 65_535),
      tls: certFile && keyFile ? { certFile, keyFile, clientCaFile } : null,
      authentication,
    },
    jwt: { issuers: jwtIssuers, skewMs: number("jwt-skew-ms", 0, 300_000) },
    http: {
      host: text("http-host", "127.0.0.1"),
      port: number("http-port", 0, 65_535),
      tls: httpTls,
      authentication: httpAuthentication,
    },
    databaseUrl: raw("database-url") || env["DATABASE_URL"] || null,
    postgresUser: raw("postgres-user") || null,
    origin: raw("origin") || null,
    issuer: text("issuer", "https://writ.local"),
    tokenTtlMs: number("token-ttl-ms", 1_000, 120_000),
    tokenKeyAheadMs: number("token-key-ahead-ms", 0, 86_400_000),
    policyFolder: resolve(text("policy", join(dataFolder, "policy"))),
    policyTrustedKeys: list("policy-trusted-keys") ?? [],
    policySign: flag("policy-sign"),
    policyTwoPerson: flag("policy-two-person"),
    policyActivationTtlMs: number("policy-activation-ttl-ms", 1_000, 604_800_000),
    witnesses: (list("witnesses") ?? []).map(toWitness),
    witnessQuorum: number("witness-quorum", 1, 64),
    appendTimeoutMs: number("append-timeout-ms", 50, 60_000),
    callerBytesPerSecond: number("caller-bytes-per-second", 1_024, 2 ** 40),
    limits: {
      callerCallsPerSecond: number("caller-calls-per-second", 0, 10_000_000),
      maxCalls: number("max-calls", 1, 65_536),
      callerMaxCalls: number("caller-max-calls", 1, 65_536),
      targetLatencyMs: number("target-latency-ms", 1, 60_000),
      maxStreams: number("max-streams", 1, 1_000_000),
      callerMaxStreams: number("caller-max-streams", 1, 1_000_000),
      maxConnections: number("max-connections", 1, 1_000_000),
      connectionMaxStreams: number("connection-max-streams", 1, 65_536),
      connectionMemoryMib: number("connection-memory-mib", 1, 1_024),
      maxMessageBytes: number("max-message-kib", 1, 65_536) * 1024,
    },
    minFreeDiskBytes: number("min-free-disk-mib", 0, 2 ** 24) * 1024 * 1024,
    public: list("public") ?? null,
    listen: flag("listen"),
    drainMs: number("drain-ms", 0, 600_000),
    logLevel,
    development: !certFile,
  }
  if (config.origin && !/^[A-Za-z0-9._/-]{1,128}$/.test(config.origin))
    throw new WritError("CONFIG_INVALID", "origin is 1 to 128 characters of A-Z a-z 0-9 . _ / -")
  assertBeyondLoopback(config)
  return config
}

/** Beyond loopback: TLS and a database of its own, or no start. */
function assertBeyondLoopback({ grpc, http, databaseUrl, dataFolder }: Config): void {
  if (isLoopback(grpc.host) && isLoopback(http.host)) return
  const missing = [
    ...(grpc.tls ? [] : ["tls-cert: /path/to/server.crt", "tls-key: /path/to/server.key"]),
    ...(databaseUrl ? [] : ["database-url: postgresql://USER:PASSWORD@HOST/DATABASE"]),
    ...(http.tls || isLoopback(http.host) ? [] : ["http-tls: true"]),
  ]
  if (missing.length === 0) return
  throw new WritError(
    "CONFIG_INVALID",
    `To listen beyond loopback, writ needs TLS and an external database. Write into ${join(dataFolder, "writ.yaml")}:\n${missing.map((line) => `  ${line}`).join("\n")}`,
  )
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.[0-9]{1,3}){3}$/.test(host)
}

function readConfigFile(named: string | undefined, usual: string): Values {
  if (!named && !existsSync(usual)) return {}
  const path = named || usual
  const lines = new LineCounter()
  let value: unknown
  try {
    // A pretty error quotes the line, which may hold a password.
    value = parse(readFileSync(path, "utf8"), { prettyErrors: false, lineCounter: lines, logLevel: "error" }) ?? {}
  } catch (cause) {
    const { line, col } = cause instanceof YAMLParseError ? lines.linePos(cause.pos[0]) : { line: 0, col: 0 }
    const what = line > 0 ? `, line ${line}, column ${col}, is not YAML` : " cannot be read"
    throw new WritError("CONFIG_INVALID", `The configuration file ${path}${what}: ${(cause as Error).message}`)
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new WritError("CONFIG_INVALID", `The configuration file ${path} must be a mapping of settings.`)
  const values: Record<string, string> = {}
  const keys = SETTINGS.map((setting) => setting.key)
  for (const [key, item] of Object.entries(value)) {
    if (!keys.includes(key)) throw unknown(`${path}: "${key}"`, key, keys)
    if (key === "config" || key === "data")
      throw new WritError("CONFIG_INVALID", `${path}: "${key}" leads to this file, so it is set by --${key} only.`)
    const items: readonly unknown[] = Array.isArray(item) ? item : [item]
    if (items.some((one) => typeof one === "object"))
      throw new WritError("CONFIG_INVALID", `${path}: "${key}" must be a single value or a list of them.`)
    values[key] = items.join(",")
  }
  return values
}

function toVariable(key: string): string {
  return `WRIT_${key.toUpperCase().replaceAll("-", "_")}`
}

function unknown(what: string, name: string, names: readonly string[]): WritError {
  const hint = suggest(name, names)
  return new WritError(
    "CONFIG_INVALID",
    `There is no such setting: ${what}. ${hint ?? "`writ serve --help` lists them."}`,
  )
}
