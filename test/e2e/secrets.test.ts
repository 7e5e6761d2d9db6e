/**
 * Secrets with marks, planted wherever a daemon meets one, and every place that others read: its logs at their most
 * talkative, its errors, metrics, discovery, records, and how its process is called.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { DaemonFile } from "../../src/cli/remote.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { MAIN, writ } from "../support/built-daemon.ts"
import { authorize, readPage } from "../support/daemon.ts"
import { makeFolder } from "../support/folder.ts"

const PARAMETER = "MARK-in-parameters-7f3a"
const PAYMENT = { amount: 1, instalments: 1, memo: PARAMETER }
const CONTEXT = "MARK-in-context-91bc"
const BAD_BEARER = "MARK-in-a-bad-credential-55de"
const CONFIG_PASSWORD = "MARK-in-a-configuration-22aa"
const STRANGE_KEY = `writ_admin_00000000_${"MARKkey".padEnd(43, "x")}`

const folder = makeFolder()
const [first, second] = [join(folder.path, "first"), join(folder.path, "second")]
/** What was written where others read it, by the name of the place. */
const sinks = new Map<string, string>()
/** By what it is. */
const secrets = new Map<string, string>()
const daemons: { child: ChildProcess; said: () => string }[] = []

async function serve(data: string, flags: readonly string[] = []): Promise<DaemonFile> {
  const child = spawn(
    process.execPath,
    [MAIN, "serve", "--data", data, "--grpc-port", "0", "--http-port", "0", "--log-level", "trace", ...flags],
    { stdio: ["ignore", "pipe", "pipe"] },
  )
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text))
  daemons.push({ child, said: () => said })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the daemon ended: ${said}`)
    try {
      const file = JSON.parse(readFileSync(join(data, "daemon.json"), "utf8")) as DaemonFile
      if (file.pid === child.pid) return file
    } catch {}
    await sleep(20)
  }
}

beforeAll(async () => {
  const a = await serve(first)
  const socket = join(first, "postgres")
  const password = readFileSync(join(socket, "password"), "utf8").trim()
  const url = `postgresql://writ:${password}@localhost/writ?host=${encodeURIComponent(socket)}`
  secrets.set("the database password", password)
  const clients: WritClient[] = []
  const clientOf = (role: Role, key = readApiKey(first, role)) => {
    const client = connect({ target: a.grpc, key, maxTries: 1 })
    clients.push(client)
    return client
  }
  const errors: string[] = []
  const fails = async (call: Promise<unknown>) =>
    errors.push(
      await call.then(
        () => "it did not fail",
        (error: Error) => `${error.message} ${JSON.stringify(error)}`,
      ),
    )
  const pep = clientOf("pep")
  const { token } = await authorize(pep, readPage({ context: { ticket: CONTEXT } }))
  await authorize(pep, readPage({ action: { name: "payment.send" }, parameters: PAYMENT }))
  secrets.set("the execution token", token.split(".")[2] as string)
  const executor = clientOf("executor")
  await executor.call("authorization", "VerifyToken", { token, audience: "another" })
  await fails(executor.call("authorization", "RedeemToken", { token, redemption_id: "r", proof: "x" }))
  await fails(executor.call("authorization", "RedeemToken", { token: `${token}x`, redemption_id: "r" }))
  await fails(clientOf("admin", STRANGE_KEY).call("admin", "ListCallerKeys", {}))
  await fails(clientOf("admin", BAD_BEARER).call("admin", "ListCallerKeys", {}))
  const made = await clientOf("admin").call<{ key: string }>("admin", "CreateCallerKey", { role: "pep" })
  secrets.set("a key that was made", made.key.split("_").slice(3).join("_"))
  await fails(clientOf("pep", made.key).call("admin", "ListCallerKeys", {}))
  expect(errors).not.toContain("it did not fail")
  sinks.set("errors of calls", errors.join("\n"))
  const info = await clientOf("admin").call("admin", "GetServerInfo", {})
  sinks.set("GetServerInfo", JSON.stringify(info))
  for (const client of clients) client.close()

  const readHttp = async (path: string, key?: string) =>
    await (
      await fetch(`http://${a.http}${path}`, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } })
    ).text()
  sinks.set("metrics", await readHttp("/metrics", readApiKey(first, "auditor")))
  for (const path of ["/.well-known/writ.json", "/.well-known/jwks.json", "/readyz", "/checkpoint"])
    sinks.set(path, await readHttp(path))
  sinks.set("HTTP refusal", await readHttp("/metrics", BAD_BEARER))
  // It brings its own policy, which the first does not trust.
  const b = await serve(second, ["--database-url", url])
  for (const data of [first, second]) {
    for (const name of readdirSync(join(data, "api-keys")))
      secrets.set(
        `${data}: API key ${name}`,
        readFileSync(join(data, "api-keys", name), "utf8")
          .trim()
          .split("_")
          .slice(3)
          .join("_"),
      )
    for (const name of readdirSync(join(data, "keys"), { recursive: true, encoding: "utf8" })) {
      const path = join(data, "keys", name)
      const [, body] = /-----BEGIN PRIVATE KEY-----\s+(\S+)/.exec(readText(path)) ?? []
      if (body) secrets.set(`${data}: key ${name}`, body.slice(-30))
    }
  }
  for (const { pid, ...file } of [a, b]) {
    sinks.set(`daemon.json of ${pid}`, JSON.stringify(file))
    sinks.set(`the command line of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, "latin1"))
    sinks.set(`the name of ${pid}`, readFileSync(`/proc/${pid}/status`, "latin1"))
  }

  const broken = join(folder.path, "broken")
  mkdirSync(broken)
  for (const [name, config] of [
    ["YAML", `database-url: "postgresql://writ:${CONFIG_PASSWORD}@localhost/writ\nlisten: [`],
    ["a setting", `database-ur: postgresql://writ:${CONFIG_PASSWORD}@localhost/writ`],
    ["a URL", `database-url: http://writ:${CONFIG_PASSWORD}@localhost/writ`],
    ["a port", `database-url: postgresql://writ:${CONFIG_PASSWORD}@127.0.0.1:1/writ`],
  ] as const) {
    writeFileSync(join(broken, "writ.yaml"), config)
    const { code, out, err } = await writ(["serve", "--data", broken, "--log-level", "trace"])
    expect(code, name).not.toBe(0)
    sinks.set(`writ serve where ${name} is wrong`, out + err)
  }
  const { code, out, err } = await writ(["keys", "list", "--target", a.grpc, "--key", STRANGE_KEY])
  expect(code).not.toBe(0)
  sinks.set("writ keys list with a key that does not exist", out + err)

  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ body: Buffer; payload: Buffer | null }>("SELECT body, payload FROM entry")
  await client.end()
  sinks.set("records", rows.map(({ body }) => body.toString("latin1")).join("\n"))
  sinks.set("payloads", rows.map(({ payload }) => payload?.toString("latin1") ?? "").join("\n"))

  for (const { child } of [...daemons].reverse()) {
    const ended = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGTERM")
    await ended
  }
  daemons.forEach(({ said }, i) => sinks.set(`what daemon ${i} said`, said()))
}, 120_000)
afterAll(() => {
  for (const { child } of daemons) if (child.exitCode === null) child.kill("SIGKILL")
  folder.remove()
})

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return "" // a folder
  }
}
const placesOf = (secret: string) => [...sinks].filter(([, text]) => text.includes(secret)).map(([place]) => place)

test("what callers hand over for a decision stands where it can be erased, and nowhere else", () => {
  // Their bytes are kept as they came, in base64.
  expect(placesOf(Buffer.from(JSON.stringify(PAYMENT)).toString("base64"))).toEqual(["payloads"])
  expect(placesOf(PARAMETER)).toEqual([])
  expect(placesOf(CONTEXT)).toEqual(["payloads"])
})

test("keys, tokens and passwords stand nowhere", () => {
  expect([...secrets.keys()].length).toBeGreaterThan(20)
  for (const [name, secret] of secrets) {
    expect(secret.length, name).toBeGreaterThan(15)
    expect(placesOf(secret), name).toEqual([])
  }
})

test("a credential that is wrong, and a password in a configuration that is, stand nowhere either", () => {
  for (const secret of [BAD_BEARER, STRANGE_KEY.slice(20), CONFIG_PASSWORD]) expect(placesOf(secret)).toEqual([])
})

test("and each of these places says something", () => {
  for (const [place, text] of sinks) expect(text.length, place).toBeGreaterThan(10)
  expect(sinks.get("what daemon 0 said")).toMatch(/"level":"debug"/)
})
