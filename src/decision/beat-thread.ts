/** The daemon's side of `beat-worker.ts`: signatures in batches, one batch at a time, and segments of beats. */
import { Worker } from "node:worker_threads"
import { WritError } from "../errors.ts"
import { BeatPacker, packJobs, type SignedBytes } from "./beat-messages.ts"
import type { FromBeatWorker, ToBeatWorker } from "./beat-worker.ts"

/** Answers of one batch are worked off in one turn, so this bounds how long Authorize waits behind beats. */
const MAX_BATCH_JOBS = 16
/** So that the thread has the next batch while the answers to the one before are worked off. */
const MAX_BATCHES = 2
/** Beats that wait for their signature to be looked at; beyond it they are refused before any work. */
const MAX_WAITING_JOBS = 2_048
const PACKED_BYTES = 128 * 1024

/** Where nothing is built, as in tests, a thread does not read TypeScript by itself. */
const FILE = new URL(import.meta.url.endsWith(".ts") ? "./beat-worker.ts" : "./beat-worker.js", import.meta.url)
const SOURCE: ConstructorParameters<typeof Worker> = FILE.href.endsWith(".js")
  ? [FILE]
  : [`import("tsx/esm/api").then(({ tsImport }) => tsImport("${FILE.href}", "${FILE.href}"))`, { eval: true }]

export interface Segment {
  readonly count: number
  /** Lower-case hex. */
  readonly root: string
  readonly segment: Uint8Array
  readonly sha256: string
}

export interface BeatThread {
  /** Throws QUEUE_FULL. */
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
  /** Adds a taken beat to the segment that is being filled. */
  add(leaf: string, bytes: Uint8Array, signature: Uint8Array): void
  /** Ends that segment. */
  finish(): Promise<Segment>
  stop(): Promise<void>
}

interface Job extends SignedBytes {
  readonly resolve: (holds: boolean) => void
  readonly reject: (error: Error) => void
}
interface Wanted {
  readonly resolve: (segment: Segment) => void
  readonly reject: (error: Error) => void
}

export function startBeatWorker(): Worker {
  return new Worker(...SOURCE)
}

/** The thread starts with the first beat. When it dies, those who wait are told, and the next beat starts another. */
export function createBeatThread(onFault: (error: Error) => void, startWorker = startBeatWorker): BeatThread {
  let worker: Worker | null = null
  let waiting: Job[] = []
  let inWork: (readonly Job[])[] = []
  let wanted: Wanted[] = []
  let scheduled = false
  const packer = new BeatPacker(PACKED_BYTES)

  function start(): Worker {
    const started = startWorker()
    started.on("message", (message: FromBeatWorker) => {
      if (message.kind === "segment") wanted.shift()?.resolve(message)
      else settle(message.results)
    })
    const died = (error: Error) => {
      if (worker !== started) return
      worker = null
      onFault(error)
      for (const { reject } of [...inWork.flat(), ...waiting, ...wanted]) reject(error)
      inWork = []
      waiting = []
      wanted = []
    }
    started.on("error", died)
    started.on("exit", (code) => died(new Error(`the thread for beats ended with code ${code}`)))
    started.unref()
    return started
  }

  function post(message: ToBeatWorker, bytes?: Uint8Array): void {
    worker ??= start()
    worker.postMessage(message, bytes ? [bytes.buffer as ArrayBuffer] : [])
  }

  function settle(results: Uint8Array): void {
    const done = inWork.shift() ?? []
    send()
    for (let i = 0; i < done.length; i++) done[i]?.resolve(results[i] === 1)
  }

  /** At the end of a turn, or when a batch is answered. */
  function send(): void {
    scheduled = false
    while (inWork.length < MAX_BATCHES && waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH_JOBS)
      waiting = waiting.slice(MAX_BATCH_JOBS)
      inWork.push(batch)
      const jobs = packJobs(batch)
      post({ kind: "verify", jobs }, jobs)
    }
  }

  function sendBeats(): void {
    const beats = packer.take()
    if (beats) post({ kind: "beats", beats }, beats)
  }

  return {
    verify(publicKey, bytes, signature) {
      if (waiting.length >= MAX_WAITING_JOBS) throw new WritError("QUEUE_FULL")
      return new Promise((resolve, reject) => {
        waiting.push({ publicKey, bytes, signature, resolve, reject })
        if (scheduled || inWork.length === MAX_BATCHES) return
        scheduled = true
        setImmediate(send)
      })
    },
    add(leaf, bytes, signature) {
      if (packer.add(leaf, bytes, signature)) return
      sendBeats()
      packer.add(leaf, bytes, signature)
    },
    finish() {
      sendBeats()
      return new Promise((resolve, reject) => {
        wanted.push({ resolve, reject })
        post({ kind: "segment" })
      })
    },
    async stop() {
      const stopped = worker
      worker = null
      await stopped?.terminate()
      for (const { reject } of [...inWork.flat(), ...waiting, ...wanted]) reject(new WritError("SHUTTING_DOWN"))
    },
  }
}
