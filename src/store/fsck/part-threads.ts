/** Parts of logs, checked by several threads at once. */
import type { Worker } from "node:worker_threads"
import { startThread } from "../../decision/background-thread.ts"
import type { Connection } from "../connect.ts"
import type { Part, PartResult } from "./part.ts"
import type { PartWorkerData } from "./part-worker.ts"

export type CheckPart = (part: Part) => Promise<PartResult>

interface Job {
  readonly part: Part
  readonly resolve: (result: PartResult) => void
  readonly reject: (error: unknown) => void
}

/** A thread that fails or ends makes every part that is asked for fail: what was not looked at is not clean. */
export async function withPartThreads<T>(
  connection: Connection,
  snapshot: string,
  count: number,
  work: (check: CheckPart) => Promise<T>,
  start: (data: PartWorkerData) => Worker = (workerData) => startThread("../store/fsck/part-worker", { workerData }),
): Promise<T> {
  const waiting: Job[] = []
  const running = new Map<Worker, Job>()
  const workers: Worker[] = []
  let failure: unknown

  const next = (worker: Worker) => {
    const job = waiting.shift()
    if (!job) return
    running.set(worker, job)
    worker.postMessage(job.part)
  }
  const fail = (error: unknown) => {
    failure ??= error
    for (const { reject } of [...running.values(), ...waiting.splice(0)]) reject(failure)
    running.clear()
  }
  for (let i = 0; i < count; i++) {
    const worker = start({ connection, snapshot })
    worker.on("message", (result: PartResult) => {
      running.get(worker)?.resolve(result)
      running.delete(worker)
      next(worker)
    })
    worker.on("error", fail)
    worker.on("exit", (code) => fail(new Error(`a thread that checked the log ended with code ${code}`)))
    workers.push(worker)
  }
  try {
    return await work(
      (part) =>
        new Promise((resolve, reject) => {
          if (failure !== undefined) return reject(failure)
          waiting.push({ part, resolve, reject })
          const idle = workers.find((worker) => !running.has(worker))
          if (idle) next(idle)
        }),
    )
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
