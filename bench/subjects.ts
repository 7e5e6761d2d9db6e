/** The two sides of every comparison: the real daemon on its embedded Postgres, and the bare echo. Children, ended by pid. */
import { type ChildProcess, fork, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { toWireRequest } from "../src/cli/authorize.ts"
import type { DaemonFile } from "../src/cli/remote.ts"
import type { JsonObject } from "../src/formats/ports.ts"
import { loadService, SERVICES } from "../src/rpc/load.ts"
import { readApiKey } from "../src/store/data-folder.ts"

const ROOT = join(import.meta.dirname, "..")
/** What the daemon is started with: first line of src/main.ts. The baseline gets it too. */
const NODE_FLAGS = ["--max-semi-space-size=32"]

export interface RunningDaemon {
  readonly address: DaemonFile
  readonly data: string
  readonly port: number
  readonly key: string
  /** API key that may read metrics. */
  readonly operator: string
  readonly child: ChildProcess
  stop(): Promise<void>
}

export async function startDaemonProcess(
  nodeFlags: readonly string[] = [],
  data?: string,
  flags: readonly string[] = [],
): Promise<RunningDaemon> {
  const folder = data ?? mkdtempSync(join(tmpdir(), "writ-bench-"))
  if (process.getuid?.() === 0) chmodSync(folder, 0o711)
  const child = spawn(
    process.execPath,
    [
      ...NODE_FLAGS,
      ...nodeFlags,
      join(ROOT, "dist", "main.js"),
      "serve",
      "--data",
      folder,
      "--grpc-port",
      "0",
      "--http-port",
      "0",
      "--log-level",
      "error",
      ...flags,
    ],
    { stdio: ["ignore", process.env["BENCH_OUT"] ? "inherit" : "ignore", "inherit"] },
  )
  const file = join(folder, "daemon.json")
  while (!existsSync(file)) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with exit code ${child.exitCode}`)
    await sleep(5)
  }
  const address = JSON.parse(readFileSync(file, "utf8")) as DaemonFile
  return {
    address,
    data: folder,
    port: Number(address.grpc.split(":").at(-1)),
    key: readApiKey(folder, "pep"),
    operator: readApiKey(folder, "operator"),
    child,
    async stop() {
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once("exit", resolve))
        child.kill("SIGTERM")
        await ended
      }
      if (data === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function readKey(daemon: RunningDaemon, role: Parameters<typeof readApiKey>[1]): string {
  return readApiKey(daemon.data, role)
}

/** The embedded Postgres of a daemon that runs. */
export function databaseOf({ data }: RunningDaemon): pg.ClientConfig {
  const folder = join(data, "postgres")
  const password = readFileSync(join(folder, "password"), "utf8").trim()
  return { host: folder, port: 5432, user: "writ", database: "writ", password }
}

/** `reply`: the bytes of a real AuthorizeResponse; of another message, `typed` must be false. */
export async function startEcho(reply: Buffer, typed = true): Promise<{ readonly port: number; stop(): void }> {
  const child = fork(join(ROOT, "bench", "echo-server.ts"), [reply.toString("base64"), String(typed)], {
    execArgv: [...NODE_FLAGS, "--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  const port = await new Promise<number>((resolve) => child.once("message", (message) => resolve(message as number)))
  return { port, stop: () => void child.kill() }
}

/** What the examples/agent-tools bundle allows without a runtime: one rule with one condition, two risk signals. */
export const REQUEST: JsonObject = {
  audience: "tool-runner",
  subject: { type: "agent", id: "agent:researcher", properties: { team: "research", autonomy: 2 } },
  action: { name: "http.get" },
  resource: { type: "url", id: "https://api.example.com/v1/papers?query=execution+governance&page=1" },
  context: { ticket: "OPS-4711", working_hours: true },
}

const authorize = loadService(SERVICES.authorization)["Authorize"] as unknown as {
  requestSerialize(value: object): Buffer
  responseDeserialize(bytes: Buffer): { decision: string; token: string }
}

/** Serialized requests that differ in nothing but their request_id, which is patched into prepared bytes. */
export function requestBodies(): (n: number) => Uint8Array {
  const marker = "request-id-000000000000000000"
  const bytes = authorize.requestSerialize(toWireRequest({ ...REQUEST, request_id: marker }))
  const at = bytes.indexOf(marker)
  const prefix = `${randomBytes(5).toString("hex")}-`
  return (n) => {
    const body = Buffer.from(bytes)
    body.write(prefix + String(n).padStart(marker.length - prefix.length, "0"), at, "latin1")
    return body
  }
}

/** Field 1, varint, DECISION_ALLOW; the whole reply is parsed for every thousandth. */
let seen = 0
export function isAllow(reply: Buffer): boolean {
  if (seen++ % 1_000 === 0) {
    const { decision, token } = authorize.responseDeserialize(reply)
    if (decision !== "DECISION_ALLOW" || token === "") return false
  }
  return reply[0] === 0x08 && reply[1] === 0x01
}

export const AUTHORIZE_PATH = "/writ.v1.AuthorizationService/Authorize"
export const ECHO_PATH = "/bench.Echo/Echo"
