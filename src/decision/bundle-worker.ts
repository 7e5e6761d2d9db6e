/** The thread that checks bundles, one after the other: megabytes of YAML and the second opinion must not hold up decisions. */
import { parentPort } from "node:worker_threads"
import { type BundleFiles, checkCanonical, checkFiles } from "./check-bundle.ts"

export type BundleJob =
  | { readonly kind: "files"; readonly files: BundleFiles }
  | { readonly kind: "canonical"; readonly content: Uint8Array }

parentPort?.on("message", async (job: BundleJob) => {
  parentPort?.postMessage(job.kind === "files" ? await checkFiles(job.files) : checkCanonical(job.content))
})
