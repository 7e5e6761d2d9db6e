/** A built daemon on an external database that can be held, killed, started again, and whose words are kept. */
import { type ChildProcess, spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { DaemonFile } from "../../src/cli/remote.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { MAIN } from "./built-daemon.ts"

export class ReplicaProcess {
  readonly data: string
  readonly #args: readonly string[]
  #child: ChildProcess | null = null
  #clients: WritClient[] = []
  #said = ""

  /** `keysOf`: a replica whose policy key it shares, so that either's bundle is the other's too. */
  constructor(data: string, databaseUrl: string, args: readonly string[] = [], keysOf?: ReplicaProcess) {
    this.data = data
    const usual = ["--grpc-port", "0", "--http-port", "0", "--issuer", "https://writ.test", "--log-level", "warn"]
    this.#args = ["serve", "--data", data, "--database-url", databaseUrl, ...usual, ...args]
    if (!keysOf) return
    mkdirSync(join(data, "keys"), { recursive: true, mode: 0o700 })
    cpSync(join(keysOf.data, "keys", "policy.key"), join(data, "keys", "policy.key"))
  }

  get address(): DaemonFile {
    return JSON.parse(readFileSync(join(this.data, "daemon.json"), "utf8"))
  }
  /** All that it wrote to stdout and stderr. */
  get said(): string {
    return this.#said
  }
  /** Whether it still runs. */
  get isAlive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, ...this.#args], { stdio: ["ignore", "pipe", "pipe"] })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text
      })
    this.#child = child
    while (!existsSync(join(this.data, "daemon.json")) || this.address.pid !== child.pid) {
      if (!this.isAlive) throw new Error(`the daemon ended with exit code ${child.exitCode}: ${this.#said}`)
      await sleep(10)
    }
  }

  client(role: Role): WritClient {
    const client = connect({ target: this.address.grpc, key: readApiKey(this.data, role), maxTries: 1 })
    this.#clients.push(client)
    return client
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Its exit code when it has ended; null when a signal ended it. */
  async ended(): Promise<number | null> {
    const child = this.#child
    if (child && this.isAlive) await new Promise((resolve) => child.once("exit", resolve))
    for (const client of this.#clients.splice(0)) client.close()
    return child?.exitCode ?? null
  }

  /** Ends it, whatever it does. */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM")
    this.signal("SIGCONT")
    return await this.ended()
  }
}
