/** The built daemon and the built command line as child processes: what a user runs. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { DaemonFile } from "../../src/cli/remote.ts"

export const MAIN = join(import.meta.dirname, "..", "..", "dist", "main.js")

export interface Finished {
  /** Exit code; null when it had to be killed. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a program to its end; past the limit it is killed. Nothing of this environment's configuration reaches it. */
export async function run(
  command: string,
  args: readonly string[],
  { env = {}, cwd, limitMs = 60_000 }: { env?: NodeJS.ProcessEnv; cwd?: string; limitMs?: number } = {},
): Promise<Finished> {
  const { DATABASE_URL: _, ...rest } = process.env
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...rest, NO_COLOR: "1", ...env },
    timeout: limitMs,
    killSignal: "SIGKILL",
    ...(cwd !== undefined && { cwd }),
  })
  let out = ""
  let err = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", resolve)
  })
  return { code, out, err }
}

/** `writ ARGS`. */
export async function writ(args: readonly string[], options?: Parameters<typeof run>[2]): Promise<Finished> {
  return await run(process.execPath, [MAIN, ...args], options)
}

export interface BuiltDaemon {
  readonly address: DaemonFile
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
}

/** `writ serve` on free ports, of this build or another; resolves when it answers. */
export async function startBuilt(data: string, args: readonly string[] = [], main = MAIN): Promise<BuiltDaemon> {
  const child = spawn(
    process.execPath,
    [main, "serve", "--data", data, "--grpc-port", "0", "--http-port", "0", "--log-level", "error", ...args],
    { stdio: ["ignore", "ignore", "inherit"] },
  )
  const file = join(data, "daemon.json")
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with exit code ${child.exitCode}`)
    if (existsSync(file)) {
      const address = JSON.parse(readFileSync(file, "utf8")) as DaemonFile
      if (address.pid === child.pid) return { address, stop: () => end(child) }
    }
    await sleep(10)
  }
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
  child.kill("SIGTERM")
  return await ended
}
