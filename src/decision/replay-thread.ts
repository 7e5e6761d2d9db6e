/** The daemon's side of `replay-worker.ts`: pages of records go over, what they come to comes back. */
import type { Worker } from "node:worker_threads"
import { WritError } from "../errors.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { startThread } from "./background-thread.ts"
import type { DecisionRecord } from "./recorded-decision.ts"
import type { FromReplayWorker, ToReplayWorker } from "./replay-worker.ts"
import type { ReplayedDecision } from "./replayed-decision.ts"

/** Of one page; conditions end by their cost long before. */
const JOB_LIMIT_MS = 60_000
/** Pages that wait; each caller has one at a time. */
const MAX_JOBS = 16

export interface Candidate {
  /** Lower-case hex. */
  readonly digest: string
  /** Canonical bytes. */
  readonly content: Uint8Array
}

export interface ReplayThread {
  /**
   * In the order of the records. `candidate`: the bundle to decide by instead of each one's own. Throws QUEUE_FULL,
   * POLICY_INVALID when the candidate is no bundle, INTERNAL when the thread dies.
   */
  replay(records: readonly DecisionRecord[], candidate?: Candidate): Promise<readonly ReplayedDecision[]>
  /** Compiles files. Throws POLICY_INVALID, QUEUE_FULL. */
  load(files: Readonly<Record<string, string>>): Promise<Candidate>
  stop(): Promise<void>
}

interface Job {
  /** It need not be stored. */
  readonly candidate: Candidate | undefined
  readonly resolve: (message: FromReplayWorker) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** `contentOf`: canonical bytes by digest, null when they are not stored. The thread starts with the first job, and again after its death. */
export function createReplayThread(
  contentOf: (digest: string) => Promise<Uint8Array | null>,
  start: () => Worker = () => startThread("replay-worker"),
): ReplayThread {
  let worker: Worker | null = null
  let lastId = 0
  const jobs = new Map<number, Job>()

  function open(): Worker {
    const opened = start()
    const died = (cause: Error) => {
      if (worker === opened) fail(new WritError("INTERNAL", undefined, { cause }))
    }
    opened.on("message", (message: FromReplayWorker) => {
      if (message.kind === "want") void answer(opened, message.digest)
      else take(message.id)?.resolve(message)
    })
    opened.on("error", died)
    opened.on("exit", (code) => died(new Error(`the thread for replays ended with code ${code}`)))
    return opened
  }

  async function answer(to: Worker, digest: string): Promise<void> {
    const known = [...jobs.values()].find(({ candidate }) => candidate?.digest === digest)?.candidate
    try {
      post(to, { kind: "bundle", digest, content: known?.content ?? (await contentOf(digest)) })
    } catch (error) {
      fail(WritError.from(error))
    }
  }

  function fail(error: Error): void {
    const ended = worker
    worker = null
    void ended?.terminate()
    for (const id of jobs.keys()) take(id)?.reject(error)
  }

  function take(id: number): Job | undefined {
    const job = jobs.get(id)
    jobs.delete(id)
    clearTimeout(job?.timer)
    return job
  }

  function ask(message: (id: number) => ToReplayWorker, candidate?: Candidate): Promise<FromReplayWorker> {
    if (jobs.size >= MAX_JOBS)
      throw new WritError("QUEUE_FULL", "Too many decisions are being replayed. Try again later.")
    const id = ++lastId
    worker ??= open()
    post(worker, message(id))
    return new Promise((resolve, reject) => {
      const late = () => fail(new WritError("INTERNAL", undefined, { cause: new Error("a replay took too long") }))
      jobs.set(id, { candidate, resolve, reject, timer: setTimeout(late, JOB_LIMIT_MS) })
    })
  }

  return {
    async replay(records, candidate) {
      const reply = await ask(
        (id) => ({ kind: "replay", id, records, candidate: candidate?.digest ?? null }),
        candidate,
      )
      if (reply.kind === "replayed" && reply.decisions) return reply.decisions
      throw new WritError("POLICY_INVALID", "The bundle to replay by is not stored as it was.")
    },
    async load(files) {
      const reply = await ask((id) => ({ kind: "load", id, files }))
      if (reply.kind === "loaded" && reply.bundle) return reply.bundle
      const problems = reply.kind === "loaded" ? reply.problems.map(formatProblem) : []
      throw new WritError("POLICY_INVALID", `The bundle is not valid:\n${problems.join("\n")}`)
    },
    async stop() {
      const stopped = worker
      worker = null
      for (const id of jobs.keys()) take(id)?.reject(new WritError("SHUTTING_DOWN"))
      await stopped?.terminate()
    },
  }
}

function post(worker: Worker, message: ToReplayWorker): void {
  worker.postMessage(message)
}
