import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { join, normalize } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parseDocument } from "yaml"
import { loadConfig, SETTINGS } from "../../src/config.ts"
import { type EmbeddedPostgres, startEmbedded } from "../../src/store/embedded.ts"
import { run, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const TEXT = readFileSync(join(ROOT, "docker-compose.yml"), "utf8")
const DURATION = /^([0-9]+(ms|s|m|h))+$/

interface Healthcheck {
  readonly test: readonly string[]
  readonly interval: string
  readonly timeout: string
  readonly retries: number
}
interface Service {
  readonly image?: string
  readonly build?: string
  readonly user?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly env_file?: readonly string[]
  readonly secrets?: readonly string[]
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: Healthcheck
}
interface Compose {
  readonly services: Readonly<Record<"postgres" | "writ", Service>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly volumes: Readonly<Record<string, null>>
}

/** Of the compose specification, what this file uses; anything else is a slip until it is added here. */
const SERVICE_KEYS = [
  "image",
  "build",
  "user",
  "command",
  "environment",
  "env_file",
  "secrets",
  "volumes",
  "ports",
  "depends_on",
  "healthcheck",
]

const document = parseDocument(TEXT)
const compose = document.toJS() as Compose
const services = Object.entries(compose.services) as [string, Service][]
const { postgres, writ: daemon } = compose.services
const health = daemon.healthcheck as Healthcheck

const folder = makeFolder()
const inProject = (path: string) => join(folder.path, path)
let init: Awaited<ReturnType<typeof writ>>
beforeAll(async () => {
  init = await writ(["init", "--compose"], { cwd: folder.path })
})
afterAll(() => folder.remove())

/** Where a path of the daemon's container lies on the host. */
function onHost(path: string): string {
  for (const volume of daemon.volumes ?? []) {
    const [host, inside] = volume.split(":") as [string, string]
    if (path === inside || path.startsWith(`${inside}/`)) return inProject(normalize(host + path.slice(inside.length)))
  }
  throw new Error(`${path} is not mounted`)
}

/** What `--flag value` pairs of the command say. */
function flags(): Record<string, string> {
  const [command, ...rest] = daemon.command as readonly string[]
  expect(command).toBe("serve")
  const pairs = rest.flatMap((word, i) => (i % 2 === 0 ? [[word.replace(/^--/, ""), rest[i + 1] as string]] : []))
  return Object.fromEntries(pairs)
}

function environment(): Record<string, string> {
  const lines = (daemon.env_file ?? []).flatMap((path) => readFileSync(inProject(path), "utf8").trim().split("\n"))
  const read = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  )
  return { ...read, ...daemon.environment }
}

describe("docker-compose.yml", () => {
  test("is YAML without errors, of keys that compose knows", () => {
    expect([...document.errors, ...document.warnings]).toEqual([])
    expect(Object.keys(compose).sort()).toEqual(["secrets", "services", "volumes"])
    expect(services.map(([name]) => name).sort()).toEqual(["postgres", "writ"])
    for (const [name, service] of services) {
      expect(SERVICE_KEYS, name).toEqual(expect.arrayContaining(Object.keys(service)))
      expect(Boolean(service.image) !== Boolean(service.build), `${name}: an image or a build`).toBe(true)
    }
  })

  test("every variable has a default, and is named by `writ init --compose` where the default does not fit", () => {
    const uses = [...TEXT.replaceAll("$$", "").matchAll(/\$(\{[^}]*\}?|\w*)/g)].map((match) => match[1] as string)
    expect(uses.length).toBeGreaterThan(0)
    for (const use of uses) expect(use).toMatch(/^\{[A-Z_]+:-[^}]+\}$/)
    const user = `${process.getuid?.()}:${process.getgid?.()}`
    expect(daemon.user).toContain(":-1000:1000}")
    if (user === "1000:1000") expect(init.out).toContain("Next: docker compose up")
    else expect(init.out).toContain(`Next: ${/[A-Z_]+/.exec(daemon.user ?? "")?.[0]}=${user} docker compose up`)
  })

  test("images and their bases are pinned to a version", () => {
    const bases = [...readFileSync(join(ROOT, "Dockerfile"), "utf8").matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
    const images = services.flatMap(([, { image }]) => (image ? [image] : []))
    expect(images).toEqual(["postgres:17"])
    expect(bases).toHaveLength(2)
    for (const image of [...images, ...bases]) expect(image).toMatch(/^[a-z0-9./-]+:[0-9]+(\.[0-9]+)*(-[a-z]+)?$/)
  })

  test("what is built exists, with everything that the Dockerfile copies from it", () => {
    const context = join(ROOT, daemon.build ?? "none")
    const dockerfile = readFileSync(join(context, "Dockerfile"), "utf8")
    const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, paths]) => paths?.split(" ") ?? [],
    )
    expect(copies.length).toBeGreaterThan(2)
    for (const path of copies) expect(existsSync(join(context, path)), path).toBe(true)
    const kept = [...dockerfile.matchAll(/^COPY --from=build \/writ\/(\S+)/gm)].map(([, path]) => path as string)
    expect(kept).toEqual(expect.arrayContaining(["dist", "proto", "migrations", "examples", "node_modules"]))
    for (const path of kept) expect(existsSync(join(context, path)), path).toBe(true)
  })

  test("every mounted file and folder is made by `writ init --compose`, secrets for nobody else", () => {
    expect({ code: init.code, err: init.err }).toEqual({ code: 0, err: "" })
    const mounts = services.flatMap(([, { volumes }]) => volumes ?? []).map((volume) => volume.split(":")[0] as string)
    const named = mounts.filter((source) => !source.startsWith("."))
    expect(named).toEqual(Object.keys(compose.volumes))
    for (const source of mounts.filter((mount) => mount.startsWith(".")))
      expect(statSync(inProject(source)).isDirectory(), source).toBe(true)
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(readFileSync(inProject(file), "utf8"), name).toMatch(/^[A-Za-z0-9_-]{32}$/)
      expect(statSync(inProject(file)).mode & 0o077, name).toBe(0)
    }
    for (const path of daemon.env_file ?? []) expect(statSync(inProject(path)).mode & 0o077, path).toBe(0)
    for (const flag of ["tls-cert", "tls-key"]) expect(existsSync(onHost(flags()[flag] as string)), flag).toBe(true)
  })

  test("`writ init --compose` does not overwrite what it made", async () => {
    const password = readFileSync(inProject("compose-data/postgres-password"), "utf8")
    const again = await writ(["init", "--compose"], { cwd: folder.path })
    expect(again).toMatchObject({ code: 73, out: "", err: expect.stringMatching(/was made before\. Remove it/) })
    expect(readFileSync(inProject("compose-data/postgres-password"), "utf8")).toBe(password)
  })

  test("every service has a health check that compose can run, and who waits for it", () => {
    for (const [name, { healthcheck, depends_on = {}, secrets = [] }] of services) {
      expect(["CMD", "CMD-SHELL"], name).toContain(healthcheck?.test[0])
      expect(healthcheck?.test.length, name).toBeGreaterThan(1)
      for (const value of [healthcheck?.interval, healthcheck?.timeout]) expect(value, name).toMatch(DURATION)
      expect(healthcheck?.retries, name).toBeGreaterThan(0)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(Object.keys(compose.services)).toContain(other)
        expect(condition).toBe("service_healthy")
      }
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining([...secrets]))
    }
    expect(Object.keys(daemon.depends_on ?? {})).toEqual(["postgres"])
  })

  test("flags and variables of the daemon are what its configuration accepts, beyond loopback too", () => {
    const settings = SETTINGS.map(({ key }) => key)
    expect(settings).toEqual(expect.arrayContaining(Object.keys(flags())))
    const config = loadConfig({ ...flags(), data: onHost("/data") }, environment())
    expect(config).toMatchObject({
      grpc: { host: "0.0.0.0", tls: { certFile: "/data/tls/server.crt", keyFile: "/data/tls/server.key" } },
      http: { host: "0.0.0.0", tls: true },
      development: false,
    })
    for (const name of Object.keys(environment()))
      expect(settings).toContain(name.slice(5).toLowerCase().replaceAll("_", "-"))
    // Published on loopback only, and under the ports that the daemon listens on.
    expect(daemon.ports).toEqual([config.grpc.port, config.http.port].map((port) => `127.0.0.1:${port}:${port}`))
    expect(health.test.join(" ")).toContain(`host: '127.0.0.1', port: ${config.http.port}, path: '/readyz'`)
  })

  test("the database that the daemon is given is the one that the postgres service makes", () => {
    const url = new URL(environment()["WRIT_DATABASE_URL"] as string)
    const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE } = postgres.environment as Record<string, string>
    expect(url).toMatchObject({
      hostname: "postgres",
      port: "5432",
      username: POSTGRES_USER,
      pathname: `/${POSTGRES_DB}`,
    })
    const secret = POSTGRES_PASSWORD_FILE?.replace("/run/secrets/", "") as string
    expect(postgres.secrets).toEqual([secret])
    expect(url.password).toBe(readFileSync(inProject(compose.secrets[secret]?.file as string), "utf8"))
    expect(postgres.healthcheck?.test[1]).toBe(`pg_isready -U ${POSTGRES_USER} -d ${POSTGRES_DB}`)
  })

  test("the daemon starts with those flags and files, its health check passes, and its certificate holds", async () => {
    mkdirSync(inProject("external"), { mode: 0o711 })
    const external: EmbeddedPostgres = await startEmbedded({ dataFolder: inProject("external") })
    const { host, password } = external.connection as { host: string; password: string }
    const url = `postgresql://writ:${password}@/writ?host=${encodeURIComponent(host)}&port=5432`
    const args = Object.entries(flags()).flatMap(([key, value]) =>
      key === "data" ? [] : [`--${key}`, value.startsWith("/data") ? onHost(value) : value],
    )
    const started = await startBuilt(onHost("/data"), [...args, "--database-url", url])
    try {
      const ports = { grpc: started.address.grpc.split(":").at(-1), http: started.address.http.split(":").at(-1) }
      const [kind, program, ...rest] = health.test as [string, string, ...string[]]
      expect([kind, program]).toEqual(["CMD", "node"])
      const probe = (port: string) =>
        run(
          process.execPath,
          rest.map((word) => word.replace("8080", port).replace("/data/tls/ca.crt", onHost("/data/tls/ca.crt"))),
        )
      expect(await probe(ports.http as string)).toEqual({ code: 0, out: "", err: "" })
      expect((await probe("1")).code).toBe(1)
      // As init's last line says.
      const [, next] = /(authorize --data compose-data --target localhost:)50051( --ca \S+) …/.exec(init.out) ?? []
      expect(next).toBeDefined()
      const asked = await writ(
        [
          ...`authorize --data compose-data --target localhost:${ports.grpc} --ca compose-data/tls/ca.crt`.split(" "),
          ...["--subject", "agent:agent:researcher", "--property", "team=research", "--action", "http.get"],
          ...["--resource", "url:https://example.com/"],
        ],
        { cwd: folder.path },
      )
      expect(asked).toMatchObject({ code: 0, out: expect.stringMatching(/^ALLOW\n/), err: "" })
    } finally {
      expect(await started.stop()).toBe(0)
      await external.stop()
    }
  })

  // The plugin needs no engine for this, but no Debian package of the CI image has it.
  const hasPlugin = spawnSync("docker", ["compose", "version"], { stdio: "ignore" }).status === 0
  if (!hasPlugin) console.warn("Skipped: `docker compose config`, for want of the docker compose plugin.")
  test.skipIf(!hasPlugin)("`docker compose config` accepts it (needs the docker compose plugin)", async () => {
    copyFileSync(join(ROOT, "docker-compose.yml"), inProject("docker-compose.yml"))
    const { code, err } = await run("docker", ["compose", "config", "--quiet"], { cwd: folder.path })
    expect({ code, err }).toEqual({ code: 0, err: "" })
  })
})
