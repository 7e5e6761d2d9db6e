/** The thread in which the shadow bundle decides, with what the processors have left. It knows nothing but bundle and records. */
import { setTimeout as sleep } from "node:timers/promises"
import { parentPort } from "node:worker_threads"
import { sha256 } from "../crypto.ts"
import { loadCanonicalPolicy } from "../policy/load.ts"
import type { Policy } from "../policy/types.ts"
import { LEFTOVERS, lowerPriority } from "./background-thread.ts"
import { compareByShadow } from "./shadow-comparison.ts"
import type { ShadowBatch } from "./shadow-feed.ts"
import { ShadowTally, type Tallied } from "./shadow-tally.ts"

export type ToShadowWorker =
  /** Canonical bytes of the bundle with this digest, once. */
  | { readonly kind: "load"; readonly digest: string; readonly content: Uint8Array }
  | { readonly kind: "decide"; readonly batch: ShadowBatch }
  | { readonly kind: "tell" }

export type FromShadowWorker =
  | { readonly kind: "loaded" }
  | { readonly kind: "refused"; readonly problem: string }
  /** The batch comes back; `dropped`: so many of its records were not decided. */
  | { readonly kind: "done"; readonly bytes: Uint8Array<ArrayBuffer>; readonly dropped: number }
  | { readonly kind: "told"; readonly tallied: Tallied }

/** A bundle at the limit of its cost takes 5 ms for each decision: what is not reached in this time is dropped. */
const BATCH_LIMIT_MS = 500
/** It works for so long, and then rests so many times as long: a fifth of a processor, and less where it is held up. */
const WORK_MS = 4
const RESTS = 4
const MAX_REST_MS = 200

const tally = new ShadowTally()
let policy: Policy | null = null

function load(digest: string, content: Uint8Array): FromShadowWorker {
  const loaded = loadCanonicalPolicy(content, sha256)
  if (!loaded.ok) return { kind: "refused", problem: "this program does not read the bundle any more" }
  if (loaded.policy.digest !== digest)
    return { kind: "refused", problem: "the stored bundle is not the one that its digest names" }
  policy = loaded.policy
  return { kind: "loaded" }
}

async function decide({ bytes, lengths }: ShadowBatch, policy: Policy): Promise<FromShadowWorker> {
  const endMs = performance.now() + BATCH_LIMIT_MS
  let at = 0
  let next = 0
  const take = () => {
    const from = at
    at += lengths[next++] as number
    return bytes.subarray(from, at)
  }
  while (next < lengths.length && performance.now() < endMs) {
    const startedMs = performance.now()
    let workedMs = 0
    while (next < lengths.length && workedMs < WORK_MS) {
      tally.add(compareByShadow({ body: take(), payload: take() }, policy))
      workedMs = performance.now() - startedMs
    }
    await sleep(Math.min(workedMs * RESTS, MAX_REST_MS))
  }
  return { kind: "done", bytes, dropped: (lengths.length - next) / 2 }
}

function send(message: FromShadowWorker): void {
  parentPort?.postMessage(message, message.kind === "done" ? [message.bytes.buffer] : [])
}

lowerPriority(LEFTOVERS)
parentPort?.on("message", async (message: ToShadowWorker) => {
  switch (message.kind) {
    case "load":
      send(load(message.digest, message.content))
      break
    case "decide":
      if (policy) send(await decide(message.batch, policy))
      break
    case "tell":
      send({ kind: "told", tallied: tally.tell() })
  }
})
