/** The daemon's side of `bundle-worker.ts`: one bundle at a time. The thread is ended when its time is over, or when it is idle. */
import type { Worker } from "node:worker_threads"
import { WritError } from "../errors.ts"
import { startThread } from "./background-thread.ts"
import type { BundleJob, BundleResult } from "./bundle-worker.ts"
import type { BundleCheck, BundleFiles } from "./check-bundle.ts"
import type { BundleTests } from "./test-bundle.ts"

/** Bundles that wait for their turn; beyond it they are refused. */
export const MAX_WAITING = 8
/** Of what a bundle is compiled to; the thread that needs more ends, and the bundle is refused. */
const MAX_HEAP_MIB = 1_024
/** Bundles are rarely published, and often several times when they are. */
export const IDLE_MS = 60_000

export interface BundleThread {
  /** Throws QUEUE_FULL; DEADLINE_EXCEEDED when it takes longer; REQUEST_TOO_LARGE when it needs too much memory. */
  checkFiles(files: BundleFiles, limitMs: number): Promise<BundleCheck>
  checkCanonical(content: Uint8Array, limitMs: number): Promise<BundleCheck>
  /** Runs the tests among the files whose names contain `filter`. */
  testFiles(files: BundleFiles, filter: string, limitMs: number): Promise<BundleTests>
  /** Ends what runs: who waits for it is told SHUTTING_DOWN. */
  stop(): Promise<void>
}

/** What of a `Worker` is used. */
export type BundleWorker = Pick<Worker, "postMessage" | "on" | "once" | "unref" | "terminate">

function startBundleWorker(): BundleWorker {
  return startThread("bundle-worker", { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } })
}

export function createBundleThread(startWorker = startBundleWorker): BundleThread {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let worker: BundleWorker | null = null
  let fail: (error: Error) => void = () => {}
  let idle: NodeJS.Timeout | undefined
  let isStopped = false

  async function inTurn<J extends BundleJob>(job: J, limitMs: number): Promise<BundleResult<J>> {
    if (waiting >= MAX_WAITING) throw new WritError("QUEUE_FULL")
    waiting++
    const endMs = performance.now() + limitMs
    const turn = last.then(() => run(job, endMs - performance.now())).finally(() => waiting--)
    last = turn.catch(() => {})
    return await turn
  }

  async function run<J extends BundleJob>(job: J, leftMs: number): Promise<BundleResult<J>> {
    if (isStopped) throw new WritError("SHUTTING_DOWN")
    if (leftMs <= 0) throw tooLong()
    clearTimeout(idle)
    worker ??= start()
    const thread = worker
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<BundleResult<J>>((resolve, reject) => {
        fail = reject
        timer = setTimeout(() => reject(tooLong()), leftMs)
        thread.once("message", resolve)
        thread.postMessage(job)
      })
    } catch (error) {
      worker = null // whatever it is doing, nobody waits for it
      await thread.terminate()
      throw error
    } finally {
      clearTimeout(timer)
      idle = setTimeout(end, IDLE_MS).unref()
    }
  }

  function start(): BundleWorker {
    const started = startWorker()
    const died = (error: Error & { code?: string }) => {
      if (worker !== started) return
      worker = null
      fail(
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? new WritError("REQUEST_TOO_LARGE", `The bundle needs more than ${MAX_HEAP_MIB} MiB to be checked.`)
          : error,
      )
    }
    started.on("error", died)
    started.on("exit", (code) => died(new Error(`the thread for bundles ended with code ${code}`)))
    return started
  }

  async function end(): Promise<void> {
    const ended = worker
    worker = null
    await ended?.terminate()
  }

  return {
    checkFiles: (files, limitMs) => inTurn({ kind: "files", files }, limitMs),
    checkCanonical: (content, limitMs) => inTurn({ kind: "canonical", content }, limitMs),
    testFiles: (files, filter, limitMs) => inTurn({ kind: "tests", files, filter }, limitMs),
    async stop() {
      isStopped = true
      clearTimeout(idle)
      fail(new WritError("SHUTTING_DOWN"))
      await last
      await end()
    },
  }
}

function tooLong(): WritError {
  return new WritError("DEADLINE_EXCEEDED", "The deadline passed before the bundle was checked; nothing was stored.")
}
