/** A network namespace with a cable to this one, and a relay to a daemon on loopback at this end of it. Root only. */
import { spawnSync } from "node:child_process"
import { createServer, connect as dial, type Server, type Socket } from "node:net"

let counter = 0

export interface Network {
  /** Puts a command line into the namespace. */
  readonly wrapper: readonly string[]
  /** The relay, as it is reached from there. */
  readonly target: string
  /** Nothing passes, and nobody is told. */
  cut(): void
  heal(): void
  remove(): Promise<void>
}

/** `port`: of the daemon, on 127.0.0.1. */
export async function makeNetwork(port: number): Promise<Network> {
  const number = counter++
  const tag = `${process.pid % 10_000}x${number}`
  const [name, outer, inner] = [`writ-${tag}`, `wo${tag}`, `wi${tag}`]
  // Of the range for benchmarks, RFC 2544: not likely to be in use.
  const base = `198.18.${(process.pid + number) % 250}`
  ip("netns", "add", name)
  ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
  ip("addr", "add", `${base}.1/30`, "dev", outer)
  ip("link", "set", outer, "up")
  ip("-n", name, "addr", "add", `${base}.2/30`, "dev", inner)
  ip("-n", name, "link", "set", inner, "up")
  ip("-n", name, "link", "set", "lo", "up")
  const relay = await startRelay(port, `${base}.1`)
  return {
    wrapper: ["ip", "netns", "exec", name],
    target: `${base}.1:${relay.port}`,
    cut: () => ip("link", "set", outer, "down"),
    heal: () => ip("link", "set", outer, "up"),
    async remove() {
      await relay.close()
      ip("link", "del", outer)
      ip("netns", "del", name)
    },
  }
}

export interface Relay {
  readonly port: number
  readonly connections: number
  close(): Promise<void>
}

/** Passes bytes on, both ways. `onRequest` sees what goes to the daemon, and may answer that its reply is to be lost, with the connection. */
export async function startRelay(
  port: number,
  host = "127.0.0.1",
  loses: (chunk: Buffer) => boolean = () => false,
): Promise<Relay> {
  const open = new Set<Socket>()
  let connections = 0
  const server: Server = createServer((near) => {
    connections += 1
    const far = dial(port, "127.0.0.1")
    let isLost = false
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      from.on("error", () => to.destroy())
      from.on("close", () => {
        open.delete(from)
        to.destroy()
      })
    }
    near.on("data", (chunk) => {
      far.write(chunk)
      if (!loses(chunk)) return
      isLost = true
      setTimeout(() => near.destroy(), LOST_MS)
    })
    far.on("data", (chunk) => isLost || near.write(chunk))
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The daemon has long answered by then. */
const LOST_MS = 300

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" })
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`)
}
