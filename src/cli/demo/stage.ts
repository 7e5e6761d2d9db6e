/** Where the demo plays: a throwaway folder, a daemon on it, a connection that has a key for each role. */
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { connect, type WritClient } from "../../client/connect.ts"
import { scrubEnvironment } from "../../guard/environment.ts"
import { ROLES } from "../../rpc/roles.ts"
import { readApiKey } from "../../store/data-folder.ts"
import { print } from "../output.ts"
import type { DaemonFile } from "../remote.ts"

const POLL_MS = 20
const STOP_LIMIT_MS = 15_000

export interface Stage {
  readonly folder: string
  /** Working folder of what it starts; everybody may read it. */
  readonly work: string
  readonly data: string
  readonly address: DaemonFile
  readonly client: WritClient
  /** `writ WORDS` with pipes for its output, and one more at descriptor 3. */
  writ(words: readonly string[]): ChildProcess
}

export interface Theatre {
  /** Resolves when the daemon answers. */
  open(): Promise<Stage>
  /** Ends what still runs, and removes the folder. */
  close(): Promise<void>
}

export function createTheatre(): Theatre {
  const folder = mkdtempSync(join(tmpdir(), "writ-demo-"))
  // The embedded Postgres and what root guards run as other users: they pass through it and see nothing.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711)
  const work = join(folder, "work")
  mkdirSync(work)
  chmodSync(work, 0o755)
  const data = join(folder, "data")
  const children: ChildProcess[] = []
  let client: WritClient | undefined

  const start = (words: readonly string[], stdio: ("ignore" | "inherit" | "pipe")[], env: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, [process.argv[1] as string, ...words], { cwd: work, stdio, env })
    children.push(child)
    return child
  }

  return {
    async open() {
      print("▸ A daemon starts in a throwaway folder, on free ports, with its own Postgres.")
      const ports = ["--grpc-port", "0", "--http-port", "0"]
      const words = ["serve", "--data", data, ...ports, "--log-level", "error"]
      const daemon = start(words, ["ignore", "ignore", "inherit"], cleanEnvironment())
      const address = await waitFor(data, daemon)
      print(`  It answers on ${address.grpc} (gRPC) and ${address.http} (HTTP).`)
      const key = Object.fromEntries(ROLES.map((role) => [role, readApiKey(data, role)]))
      client = connect({ target: address.grpc, key })
      return {
        folder,
        work,
        data,
        address,
        client,
        writ: (words) =>
          start(words, ["ignore", "pipe", "pipe", "pipe"], {
            ...cleanEnvironment(),
            TMPDIR: folder, // what it leaves when it is killed goes with the folder
            PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
          }),
      }
    },
    async close() {
      client?.close()
      const [daemon, ...guards] = children
      // What a guard holds dies with it.
      await Promise.all(guards.map((guard) => end(guard, "SIGKILL")))
      if (daemon) await end(daemon, "SIGTERM")
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Nothing that points at another daemon or database. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...rest } = process.env
  return scrubEnvironment(rest)
}

async function waitFor(data: string, daemon: ChildProcess): Promise<DaemonFile> {
  const file = join(data, "daemon.json") // renamed into place when the daemon answers
  while (!existsSync(file)) {
    if (daemon.exitCode !== null)
      throw new Error(`the daemon ended with exit code ${daemon.exitCode} before it was ready`)
    await sleep(POLL_MS)
  }
  return JSON.parse(readFileSync(file, "utf8")) as DaemonFile
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.kill(signal)
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS)
  await ended
  clearTimeout(timer)
}
