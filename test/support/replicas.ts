/** Two built daemons on one database, the first behind a proxy that can lose its answers: what a client with two targets sees. */
import { cpSync, mkdirSync } from "node:fs"
import { createServer, connect as openSocket, type Server, type Socket } from "node:net"
import { join } from "node:path"
import { fromDataFolder } from "../../src/client/data-folder.ts"
import { type BuiltDaemon, startBuilt } from "./built-daemon.ts"

/** RFC 9113 section 4.1: length (3), type (1), flags (1), stream (4). */
const FRAME_HEADER_BYTES = 9
const DATA = 0

export class Replicas {
  readonly #folders: readonly [string, string]
  readonly #args: readonly string[]
  readonly #daemons: [BuiltDaemon | null, BuiltDaemon | null] = [null, null]
  readonly #proxy: Server
  readonly #sockets = new Set<Socket>()
  /** Called when the first replica answers: the answer goes no further. */
  #onAnswer: (() => void) | null = null

  constructor(folder: string, args: readonly string[]) {
    this.#folders = [join(folder, "one"), join(folder, "two")]
    this.#args = [...args, "--issuer", "https://writ.test"]
    this.#proxy = createServer((inner) => this.#forward(inner))
  }

  async start(): Promise<void> {
    await this.startOne(0)
    // One policy key, so that either's bundle is the other's too.
    mkdirSync(join(this.#folders[1], "keys"), { recursive: true, mode: 0o700 })
    cpSync(join(this.#folders[0], "keys", "policy.key"), join(this.#folders[1], "keys", "policy.key"))
    await this.startOne(1)
    await new Promise<void>((resolve) => this.#proxy.listen(0, "127.0.0.1", resolve))
  }

  async startOne(which: 0 | 1): Promise<void> {
    this.#daemons[which] = await startBuilt(this.#folders[which], this.#args)
  }

  pid(which: 0 | 1): number {
    return this.#daemons[which]?.address.pid as number
  }

  /** The first by way of the proxy, the second directly. Keys of the first: both know them. */
  options() {
    const { port } = this.#proxy.address() as { port: number }
    const { key } = fromDataFolder(this.#folders[0], ["pep", "runtime", "executor", "operator", "auditor"])
    return { target: [`127.0.0.1:${port}`, this.#daemons[1]?.address.grpc as string], key }
  }

  /** Resolves when the first replica has answered, which nobody was told, and is dead. */
  killAtAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswer = () => {
        this.#onAnswer = null
        this.kill(0)
        resolve()
      }
    })
  }

  kill(which: 0 | 1): void {
    process.kill(this.pid(which), "SIGKILL")
    if (which === 0) for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#proxy.close()
    await Promise.all(this.#daemons.map((daemon) => daemon?.stop()))
  }

  #forward(inner: Socket): void {
    const port = Number(this.#daemons[0]?.address.grpc.split(":")[1])
    const outer = openSocket(port, "127.0.0.1")
    for (const socket of [inner, outer]) {
      this.#sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        this.#sockets.delete(socket)
        inner.destroy()
        outer.destroy()
      })
    }
    inner.on("data", (bytes) => outer.write(bytes))
    const sees = lookForData()
    outer.on("data", (bytes: Buffer) => {
      if (sees(bytes) && this.#onAnswer) this.#onAnswer()
      else if (!inner.destroyed) inner.write(bytes)
    })
  }
}

/** Is there an answer in these bytes of an HTTP/2 connection, rather than housekeeping? */
function lookForData(): (bytes: Buffer) => boolean {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    let isData = false
    while (rest.length >= FRAME_HEADER_BYTES) {
      const length = rest.readUIntBE(0, 3)
      if (rest.length < FRAME_HEADER_BYTES + length) break
      if (rest[3] === DATA && length > 0) isData = true
      rest = rest.subarray(FRAME_HEADER_BYTES + length)
    }
    return isData
  }
}
