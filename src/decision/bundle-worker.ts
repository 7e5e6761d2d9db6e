/** The thread that checks bundles, one after the other: megabytes of YAML and the second opinion must not hold up decisions. */
import { parentPort } from "node:worker_threads"
import { lowerPriority, SOME } from "./background-thread.ts"
import { type BundleCheck, type BundleFiles, checkCanonical, checkFiles } from "./check-bundle.ts"
import { type BundleTests, testBundle } from "./test-bundle.ts"

export type BundleJob =
  | { readonly kind: "files"; readonly files: BundleFiles }
  | { readonly kind: "canonical"; readonly content: Uint8Array }
  | { readonly kind: "tests"; readonly files: BundleFiles; readonly filter: string }
export type BundleResult<J extends BundleJob> = J["kind"] extends "tests" ? BundleTests : BundleCheck

async function doJob(job: BundleJob): Promise<BundleCheck | BundleTests> {
  switch (job.kind) {
    case "files":
      return await checkFiles(job.files)
    case "canonical":
      return checkCanonical(job.content)
    case "tests":
      return testBundle(job.files, job.filter)
  }
}

lowerPriority(SOME)
parentPort?.on("message", async (job: BundleJob) => {
  parentPort?.postMessage(await doJob(job))
})
