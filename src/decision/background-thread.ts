/** Threads for what may wait, so that decisions need not. */
import { setPriority } from "node:os"
import { isMainThread, Worker } from "node:worker_threads"

/** What a thread may get beside decisions: about a tenth, or (19 is the lowest) what nobody else wants. */
export const SOME = 10
export const LEFTOVERS = 19

/** `name`: a file by its path from this folder, without its ending. Where nothing is built, as in tests, a thread does not read TypeScript by itself. */
export function startThread(name: string, options: ConstructorParameters<typeof Worker>[1] = {}): Worker {
  const isSource = import.meta.url.endsWith(".ts")
  const file = new URL(`./${name}.${isSource ? "ts" : "js"}`, import.meta.url)
  const worker = isSource
    ? new Worker(`import("tsx/esm/api").then(({ tsImport }) => tsImport("${file.href}", "${file.href}"))`, {
        ...options,
        eval: true,
      })
    : new Worker(file, options)
  worker.unref()
  return worker
}

/** Linux has a priority for each thread; elsewhere it would be the whole process's, and is left alone. */
export function lowerPriority(nice: typeof SOME | typeof LEFTOVERS): void {
  if (process.platform === "linux" && !isMainThread) setPriority(nice)
}
