/**
 * Sees from outside when a program gets its TERM and when the last of its processes is dead: they hold one connection to a
 * socket here, which the kernel closes with the last of them. See examples/guarded/stubborn.mjs.
 */
import { chmodSync } from "node:fs"
import { createServer } from "node:net"

export interface Witness {
  /** Resolves when the program and its helpers run. */
  readonly working: Promise<void>
  /** When the next TERM reached the program, in nanoseconds of the machine's monotonic clock, as the program saw it. */
  nextTerm(): Promise<bigint>
  /** When the last process was gone, on the same clock. */
  readonly gone: Promise<bigint>
  close(): void
}

const EVERYONE = 0o777

/** `path`: of the socket, which is made. Of one program. */
export async function createWitness(path: string): Promise<Witness> {
  let sawWorking = () => {}
  const terms: bigint[] = []
  let sawTerm = () => {}
  let sawGone = (_: bigint) => {}
  const working = new Promise<void>((resolve) => (sawWorking = resolve))
  const gone = new Promise<bigint>((resolve) => (sawGone = resolve))
  const server = createServer((line) => {
    let part = ""
    line.setEncoding("utf8").on("data", (text: string) => {
      const lines = (part + text).split("\n")
      part = lines.pop() as string
      for (const each of lines) {
        const { event, ns } = JSON.parse(each) as { readonly event: string; readonly ns: string }
        if (event === "working") sawWorking()
        if (event === "term") {
          terms.push(BigInt(ns))
          sawTerm()
        }
      }
    })
    line.on("error", () => {}) // a process that is killed may reset it
    line.once("close", () => sawGone(process.hrtime.bigint()))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(path, resolve)
  })
  chmodSync(path, EVERYONE) // what root guards runs as another user
  return {
    working,
    gone,
    async nextTerm() {
      if (terms.length === 0) await new Promise<void>((resolve) => (sawTerm = resolve))
      return terms.shift() as bigint
    },
    close: () => void server.close(),
  }
}
