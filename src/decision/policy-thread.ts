/**
 * Bundles are compiled in a thread beside (`policy-worker.ts`) and made into a policy here, in slices: neither holds up
 * decisions. When the thread dies, whoever waits is told, and the next bundle starts another.
 */
import type { Worker } from "node:worker_threads"
import { WritError } from "../errors.ts"
import { linkBundle } from "../policy/bundle-ir.ts"
import type { Opinions } from "../policy/second-opinion.ts"
import type { Policy, PolicyProblem } from "../policy/types.ts"
import { startThread } from "./background-thread.ts"
import type { PolicyJob, ResultOf } from "./policy-job.ts"
import { inSlices } from "./slices.ts"

export type CompiledPolicy =
  | {
      readonly ok: true
      readonly policy: Policy
      readonly opinions: Opinions
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/**
 * Bytes by path; they are given away. `confirm`: is the second engine asked about it, unless it is the bundle of this digest?
 * Rejects when the thread dies over it.
 */
export type CompileFiles = (
  files: Readonly<Record<string, Uint8Array>>,
  confirm: Extract<PolicyJob, { kind: "files" }>["confirm"],
) => Promise<CompiledPolicy>

export interface PolicyThread {
  readonly compileFiles: CompileFiles
  /** Null: these bytes, which are given away, are no bundle. Rejects when the thread dies over it. */
  compileCanonical(content: Uint8Array): Promise<Policy | null>
  /** Has this key signed the bundle? Of key and signature it is known that they are well formed. */
  hasSigned(publicKey: Uint8Array, canonicalBytes: Uint8Array, signature: Uint8Array): Promise<boolean>
  stop(): Promise<void>
}

/** What of a `Worker` is used. */
export type JobThread = Pick<Worker, "postMessage" | "on" | "ref" | "unref" | "terminate">

export function startPolicyWorker(): JobThread {
  return startThread("policy-worker")
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export function createPolicyThread(startWorker = startPolicyWorker): PolicyThread {
  let worker: JobThread | null = null
  let waiting: Waiting[] = []
  let isStopped = false

  function start(): JobThread {
    const started = startWorker()
    const died = (error: Error) => {
      if (worker !== started) return
      worker = null
      const told = waiting
      waiting = []
      for (const { reject } of told) reject(error)
    }
    started.on("message", (result: unknown) => {
      waiting.shift()?.resolve(result) // answered in the order of the jobs
      if (waiting.length === 0) started.unref()
    })
    started.on("error", died)
    started.on("exit", (code) => died(new Error(`the thread that compiles policies ended with code ${code}`)))
    started.unref()
    return started
  }

  function ask<J extends PolicyJob>(job: J, given: ArrayBuffer[] = []): Promise<ResultOf<J>> {
    if (isStopped) return Promise.reject(new WritError("SHUTTING_DOWN"))
    return new Promise<ResultOf<J>>((resolve, reject) => {
      waiting.push({ resolve: (result) => resolve(result as ResultOf<J>), reject })
      worker ??= start()
      worker.ref() // at the start of the daemon nothing else keeps the process alive
      worker.postMessage(job, given)
    })
  }

  worker = start()
  return {
    async compileFiles(files, confirm) {
      const given = Object.values(files).map(({ buffer }) => buffer as ArrayBuffer)
      const result = await ask({ kind: "files", files, confirm }, given)
      if (!result.ok) return result
      return { ok: true, policy: await inSlices(linkBundle(result.ir)), opinions: result.opinions }
    },
    async compileCanonical(content) {
      const result = await ask({ kind: "canonical", content }, [content.buffer as ArrayBuffer])
      return result.ok ? await inSlices(linkBundle(result.ir)) : null
    },
    hasSigned: (publicKey, canonicalBytes, signature) =>
      ask({ kind: "signature", publicKey, canonicalBytes, signature }),
    async stop() {
      isStopped = true
      const stopped = worker
      worker = null
      await stopped?.terminate()
      for (const { reject } of waiting) reject(new WritError("SHUTTING_DOWN"))
    },
  }
}
