/** A wire between client and daemon that can be cut: what goes in is delivered, what comes back is lost. */
import { createServer, connect as dial, type Server, type Socket } from "node:net"

export interface TcpProxy {
  readonly target: string
  /** From now on the next bytes towards the daemon are delivered, and its answer never arrives: the connection breaks. */
  loseReplies(count: number): void
  /** Refuses new connections and breaks those that are open. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** Bytes of an answer, above the frames that only keep a connection going. */
const ANSWER_BYTES = 60

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const [host, port] = target.split(":") as [string, string]
  const open = new Set<Socket>()
  let toLose = 0
  let isCut = false
  const server: Server = createServer((client) => {
    if (isCut) return void client.destroy()
    const upstream = dial(Number(port), host)
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on("data", (bytes) => upstream.write(bytes))
    upstream.on("data", (bytes) => {
      if (toLose > 0 && bytes.length > ANSWER_BYTES) {
        toLose--
        client.destroy()
      } else client.write(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port: own } = server.address() as { port: number }
  const breakAll = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    target: `127.0.0.1:${own}`,
    loseReplies(count) {
      toLose = count
    },
    cut() {
      isCut = true
      breakAll()
    },
    mend() {
      isCut = false
    },
    async close() {
      breakAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
