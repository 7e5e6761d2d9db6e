/** `writ init --production`, and its NEXT.md followed to the end: a PostgreSQL with two roles, TLS, an administrator by certificate. */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { loadConfig } from "../../src/config.ts"
import { type BuiltDaemon, MAIN, run, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"
import { BIN, type Postgres15, startPostgres15 } from "../support/postgres-15.ts"

const folder = makeFolder()
const path = join(folder.path, "writ")
const data = join(path, "data")
const read = (name: string) => readFileSync(join(path, name), "utf8")
let postgres: Postgres15
let socket: string
let daemon: BuiltDaemon | null = null

beforeAll(async () => {
  postgres = await startPostgres15()
  socket = new URL(postgres.url("postgres").replace("@/", "@unused/")).searchParams.get("host") as string
}, 60_000)
afterAll(async () => {
  await daemon?.stop()
  await postgres.stop()
  folder.remove()
})

/** Where the database is; the cluster of this test listens on a socket. */
const onSocket = (text: string) => text.replaceAll("@localhost:5432/writ", `@/writ?host=${encodeURIComponent(socket)}`)
/** A step of NEXT.md, as a shell runs it. */
async function step(begins: string) {
  const line = read("NEXT.md")
    .split("\n")
    .find((one) => one.trim().startsWith(begins))
    ?.trim()
  const port = daemon?.address.grpc.split(":").at(-1) as string
  const script = `writ() { "${process.execPath}" "${MAIN}" "$@"; }; ${line?.replace(":50051", `:${port}`)}`
  return await run("bash", ["-c", script])
}
const doctor = async () => {
  const { code, out } = await writ(["doctor", "--data", data, "--json"])
  const { findings } = JSON.parse(out) as { findings: { item: string; state: string }[] }
  return { code, of: (state: string) => findings.filter((one) => one.state === state).map(({ item }) => item) }
}

describe("writ init --production", () => {
  test("names what it makes, keeps secrets to their owner, and changes nothing that is there", async () => {
    const args = ["init", "--production", path, "--host", "localhost,127.0.0.1", "--trust-domain", "bank.example"]
    const { code, out } = await writ(args)
    expect(code).toBe(0)
    const made = readdirSync(path, { recursive: true, encoding: "utf8" }).filter(
      (name) => !name.startsWith("data") && !statSync(join(path, name)).isDirectory(),
    )
    for (const name of made) expect(out).toContain(name)
    const forOthers = made.filter((name) => (statSync(join(path, name)).mode & 0o077) !== 0)
    expect(forOthers.sort()).toEqual(
      ["NEXT.md", "kubernetes.yaml", "tls/admin.crt", "tls/ca.crt", "tls/server.crt", "writ.service"].sort(),
    )
    expect(statSync(join(data, "writ.yaml")).mode & 0o077).toBe(0)
    expect(await writ(args)).toMatchObject({ code: 73, err: expect.stringMatching(/is there already/) })
  })

  test.each([
    [["--production", "x"], /--host is missing/],
    [["--production", "x", "--host", "a b"], /"a b" is no host/],
    [["--production", "x", "--host", "h", "--trust-domain", "Bank"], /"Bank" is no trust domain/],
    [["--production", "x", "--host", "h", "--database", "h"], /--database is HOST:PORT/],
  ])("%j is refused, and nothing is made", async (args, why) => {
    expect(await writ(["init", ...args], { cwd: folder.path })).toMatchObject({
      code: 64,
      err: expect.stringMatching(why),
    })
    expect(existsSync(join(folder.path, "x"))).toBe(false)
  })

  test("NEXT.md leads to a daemon that takes nothing but certificates, and `writ doctor` agrees at each step", async () => {
    for (const name of ["data/writ.yaml", "owner-url"]) writeFileSync(join(path, name), onSocket(read(name)))
    expect(await doctor()).toMatchObject({ code: 1 })
    execFileSync(join(BIN, "psql"), [
      "-qX",
      "-v",
      "ON_ERROR_STOP=1",
      "-h",
      socket,
      "-U",
      "owner",
      "-d",
      "postgres",
      "-f",
      join(path, "database.sql"),
    ])
    expect(await step("writ ledger migrate")).toMatchObject({ code: 0 })
    const before = await doctor()
    expect({ code: before.code, problems: before.of("problem"), warnings: before.of("warning") }).toEqual({
      code: 0,
      problems: [],
      warnings: ["API keys", "witnesses"],
    })
    daemon = await startBuilt(data)
    expect(await step("writ bindings list")).toMatchObject({ code: 1, err: expect.stringMatching(/needs role admin/) })
    expect(await step("writ bindings put")).toMatchObject({ code: 0 })
    expect(await step("writ bindings list")).toMatchObject({
      code: 0,
      out: "admin     spiffe://bank.example/writ/admin  everything\n",
    })
    expect(await daemon.stop()).toBe(0)

    const config = read("data/writ.yaml")
    writeFileSync(join(data, "writ.yaml"), config.replace("authentication: [key, mtls]", "authentication: [mtls]"))
    daemon = await startBuilt(data)
    expect(await step("writ bindings list")).toMatchObject({ code: 0 })
    expect(await step("writ bindings put")).toMatchObject({ code: 1, err: expect.stringMatching(/credential/) })
    expect((await doctor()).of("warning")).toEqual(["witnesses"])
    expect(await daemon.stop()).toBe(0)
    daemon = null
  }, 120_000)

  test("the unit starts this program on this folder; Kubernetes sets what the configuration knows", () => {
    const [, node, main] = /^ExecStart=(\S+) \S+ (\S+) serve --data (\S+)$/m.exec(read("writ.service")) ?? []
    expect([existsSync(node as string), existsSync(main as string)]).toEqual([true, true])
    const documents = parseAllDocuments(read("kubernetes.yaml"))
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
    const [set] = documents.map((one) => one.toJS())
    const [container] = set.spec.template.spec.containers
    const env = Object.fromEntries(
      container.env.map((one: { name: string; value?: string }) => [one.name, one.value ?? "postgresql://a/b"]),
    )
    const pod = loadConfig({}, env)
    const host = loadConfig({ data }, {})
    expect(pod).toMatchObject({
      grpc: { host: host.grpc.host },
      http: { host: host.http.host, port: host.http.port, tls: true },
      policyTwoPerson: true,
      development: false,
    })
    expect(container.ports.map(({ containerPort }: { containerPort: number }) => containerPort)).toEqual([
      pod.grpc.port,
      pod.http.port,
    ])
    expect(parse(read("data/writ.yaml"))["policy-two-person"]).toBe(true)
  })
})
