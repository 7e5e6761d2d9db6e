/** The thread beside the daemon's own that parses and checks bundles: one job after the other, each answered once. */
import { parentPort } from "node:worker_threads"
import { lowerPriority, SOME } from "./background-thread.ts"
import { type CompiledIr, doPolicyJob, type PolicyJob } from "./policy-job.ts"

/** What an answer gives away instead of having it copied. */
function buffersOf(result: CompiledIr | boolean): ArrayBuffer[] {
  if (typeof result === "boolean" || !result.ok) return []
  const { canonicalBytes, pieces } = result.ir
  return [canonicalBytes, ...pieces].map(({ buffer }) => buffer as ArrayBuffer)
}

lowerPriority(SOME)
let before: Promise<void> = Promise.resolve()
parentPort?.on("message", (job: PolicyJob) => {
  before = before.then(async () => {
    const result = await doPolicyJob(job)
    parentPort?.postMessage(result, buffersOf(result))
  })
})
