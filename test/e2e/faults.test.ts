import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { DaemonFile } from "../../src/cli/remote.ts"
import { connect } from "../../src/client/connect.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { startEmbedded } from "../../src/store/embedded.ts"
import { authorize, readPage } from "../support/daemon.ts"
import { makeFolder } from "../support/folder.ts"

const MAIN = join(import.meta.dirname, "..", "..", "dist", "main.js")
const ROUNDS = Number(process.env["CHAOS_ROUNDS"] ?? 20)
const folder = makeFolder()
const data = join(folder.path, "data")
let daemon: ChildProcess | null = null

async function start(): Promise<DaemonFile> {
  const file = join(data, "daemon.json")
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as DaemonFile).pid : 0
  const child = spawn(
    process.execPath,
    [MAIN, "serve", "--data", data, "--grpc-port", "0", "--http-port", "0", "--log-level", "fatal"],
    { stdio: ["ignore", "ignore", "inherit"] },
  )
  daemon = child
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with exit code ${child.exitCode}`)
    if (existsSync(file)) {
      const found = JSON.parse(readFileSync(file, "utf8")) as DaemonFile
      if (found.pid === child.pid && found.pid !== before) return found
    }
    await sleep(10)
  }
}

async function end(signal: NodeJS.Signals): Promise<number | null> {
  const child = daemon
  daemon = null
  if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)))
  child.kill(signal)
  return await ended
}

/** Keeps asking until stopped; answers what was received, each a token that must have a record. */
function load(address: DaemonFile): { readonly received: AuthorizeReply[]; stop(): Promise<void> } {
  const client = connect({ target: address.grpc, key: readApiKey(data, "pep"), maxTries: 1 })
  const received: AuthorizeReply[] = []
  let running = true
  const worker = async () => {
    while (running) {
      try {
        received.push(await client.call<AuthorizeReply>("authorization", "Authorize", toWireRequest(readPage()), 2_000))
      } catch {
        await sleep(5)
      }
    }
  }
  const workers = Array.from({ length: 16 }, worker)
  return {
    received,
    async stop() {
      running = false
      await Promise.all(workers)
      client.close()
    },
  }
}

async function assertRecorded(replies: readonly AuthorizeReply[]): Promise<void> {
  const { default: pg } = await import("pg")
  const embedded = await startEmbedded({ dataFolder: data })
  const client = new pg.Client(embedded.connection)
  await client.connect()
  const { rows } = await client.query("SELECT idx, leaf_hash FROM entry")
  const leaves = new Map(rows.map((row) => [String(row.idx), (row.leaf_hash as Buffer).toString("hex")]))
  await client.end()
  for (const { receipt, token } of replies)
    if (token) expect(leaves.get(receipt.leaf_index)).toBe(receipt.leaf_hash.toString("hex"))
  expect((await checkDatabase(embedded.connection, undefined, false)).findings).toEqual([])
}

const postmaster = () =>
  Number(readFileSync(join(data, "postgres", "cluster", "postmaster.pid"), "utf8").split("\n")[0])

afterAll(async () => {
  await end("SIGTERM")
  folder.remove()
})

describe("kill -9 under load", () => {
  test(`${ROUNDS} rounds on daemon and Postgres: every token has its record, fsck is clean, the next start goes on`, async () => {
    const all: AuthorizeReply[] = []
    let address = await start()
    for (let round = 0; round < ROUNDS; round++) {
      const traffic = load(address)
      await sleep(60 + ((round * 37) % 150))
      const killDaemon = round % 2 === 0
      if (killDaemon) await end("SIGKILL")
      else process.kill(postmaster(), "SIGKILL")
      await sleep(100)
      if (!killDaemon) {
        // the embedded Postgres is started again by the daemon: recovery without a restart
        const before = traffic.received.length
        await expect.poll(() => traffic.received.length, { timeout: 20_000 }).toBeGreaterThan(before)
      }
      await traffic.stop()
      all.push(...traffic.received)
      if (killDaemon) address = await start()
    }
    expect(all.length).toBeGreaterThan(ROUNDS)
    expect(await end("SIGTERM")).toBe(0)
    await assertRecorded(all)
    const embedded = await startEmbedded({ dataFolder: data })
    await embedded.stop()
  })
})

describe("a frozen Postgres", () => {
  test("UNAVAILABLE within the append limit, no token; when it is back, so is the daemon", async () => {
    const address = await start()
    const client = connect({ target: address.grpc, key: readApiKey(data, "pep"), maxTries: 1 })
    expect((await authorize(client)).decision).toBe("DECISION_ALLOW")
    const { execSync } = await import("node:child_process")
    const family = execSync(`pgrep -P ${postmaster()}`, { encoding: "utf8" }).trim().split("\n").map(Number)
    const pids = [postmaster(), ...family]
    for (const pid of pids) process.kill(pid, "SIGSTOP")
    const started = Date.now()
    const code = await authorize(client).then(
      () => "OK",
      (error: { code: string }) => error.code,
    )
    expect(code).toBe("LEDGER_UNAVAILABLE")
    expect(Date.now() - started).toBeLessThan(2_500)
    const health = await fetch(`http://${address.http}/readyz`)
    expect(health.status).toBe(503)
    for (const pid of pids) process.kill(pid, "SIGCONT")
    await expect
      .poll(
        async () =>
          await authorize(client).then(
            (reply) => reply.decision,
            () => "",
          ),
        { timeout: 20_000 },
      )
      .toBe("DECISION_ALLOW")
    client.close()
    expect(await end("SIGTERM")).toBe(0)
  })
})

describe("shutdown", () => {
  test("SIGTERM under load: exit 0, and what was answered is recorded", async () => {
    const address = await start()
    const traffic = load(address)
    await sleep(300)
    expect(await end("SIGTERM")).toBe(0)
    await traffic.stop()
    expect(traffic.received.length).toBeGreaterThan(10)
    expect(existsSync(join(data, "daemon.json"))).toBe(false)
    await assertRecorded(traffic.received)
    const embedded = await startEmbedded({ dataFolder: data })
    await embedded.stop()
  })
})

describe("what cannot start says why in one line", () => {
  const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    })
    let text = ""
    child.stdout.on("data", (chunk) => (text += String(chunk)))
    child.stderr.on("data", (chunk) => (text += String(chunk)))
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve))
    return { code, text }
  }
  const other = makeFolder()
  afterAll(() => other.remove())

  test("an unknown setting, TLS missing beyond loopback, a bad database URL", async () => {
    expect(await run(["serve", "--data", join(other.path, "x")], { WRIT_GRPC_PROT: "1" })).toMatchObject({
      code: 64,
      text: expect.stringMatching(/WRIT_GRPC_PROT.*WRIT_GRPC_PORT/s),
    })
    expect(await run(["serve", "--data", join(other.path, "x"), "--grpc-host", "0.0.0.0"])).toMatchObject({
      code: 64,
      text: expect.stringMatching(/tls-cert: .*tls-key: .*database-url: /s),
    })
    const url = await run(["serve", "--data", join(other.path, "x"), "--database-url", "mysql://u:hunter2@h/d"])
    expect(url).toMatchObject({ code: 64 })
    expect(url.text).not.toContain("hunter2")
  })

  test("a database that cannot be reached", async () => {
    const { code, text } = await run([
      "serve",
      "--data",
      join(other.path, "y"),
      "--database-url",
      "postgresql://u:hunter2@127.0.0.1:1/d",
    ])
    expect(text).toMatch(/cannot be reached/)
    expect(text).not.toContain("hunter2")
    expect(code).toBe(74)
  })

  test("a secret that others can read, and a folder in use", async () => {
    const address = await start()
    expect(await run(["serve", "--data", data, "--grpc-port", "0", "--http-port", "0"])).toMatchObject({
      code: 73,
      text: expect.stringMatching(new RegExp(`in use by process ${address.pid}`)),
    })
    await end("SIGTERM")
    chmodSync(join(data, "keys", "token.key"), 0o644)
    expect(await run(["serve", "--data", data])).toMatchObject({ code: 73, text: expect.stringMatching(/chmod 600/) })
    chmodSync(join(data, "keys", "token.key"), 0o600)
  })
})
