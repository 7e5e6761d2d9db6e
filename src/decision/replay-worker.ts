/** The thread that decides recorded requests again. It holds the bundles that it was asked for lately, and asks for others. */
import { parentPort } from "node:worker_threads"
import { sha256 } from "../crypto.ts"
import { loadPolicy } from "../policy/load.ts"
import { opinionOn } from "../policy/opinion-on.ts"
import type { PolicyProblem } from "../policy/types.ts"
import { lowerPriority, SOME } from "./background-thread.ts"
import type { DecisionRecord } from "./recorded-decision.ts"
import { type ReplayedDecision, toLoadedBundle } from "./replayed-decision.ts"
import { Replayer } from "./replayer.ts"

export type ToReplayWorker =
  | { readonly kind: "load"; readonly id: number; readonly files: Readonly<Record<string, string>> }
  /** `candidate`: digest of the bundle to decide by; null: for each the one that decided. */
  | {
      readonly kind: "replay"
      readonly id: number
      readonly records: readonly DecisionRecord[]
      readonly candidate: string | null
    }
  /** What was wanted; null: it is not stored. */
  | { readonly kind: "bundle"; readonly digest: string; readonly content: Uint8Array | null }

export type FromReplayWorker =
  | { readonly kind: "want"; readonly digest: string }
  | {
      readonly kind: "loaded"
      readonly id: number
      readonly bundle: { readonly digest: string; readonly content: Uint8Array } | null
      readonly problems: readonly PolicyProblem[]
    }
  /** Null: the candidate is not a bundle of this digest. */
  | { readonly kind: "replayed"; readonly id: number; readonly decisions: readonly ReplayedDecision[] | null }

const wanted = new Map<string, (content: Uint8Array | null) => void>()

const replayer = new Replayer(
  (digest) =>
    new Promise((resolve) => {
      wanted.set(digest, resolve)
      send({ kind: "want", digest })
    }),
  opinionOn,
)

function load(
  files: Readonly<Record<string, string>>,
): Pick<FromReplayWorker & { kind: "loaded" }, "bundle" | "problems"> {
  const loaded = loadPolicy(files, sha256)
  if (!loaded.ok) return { bundle: null, problems: loaded.problems }
  const { digest, canonicalBytes } = loaded.policy
  replayer.put(toLoadedBundle(loaded))
  return { bundle: { digest, content: canonicalBytes }, problems: [] }
}

function send(message: FromReplayWorker): void {
  parentPort?.postMessage(message)
}

lowerPriority(SOME)
parentPort?.on("message", async (message: ToReplayWorker) => {
  switch (message.kind) {
    case "bundle":
      wanted.get(message.digest)?.(message.content)
      wanted.delete(message.digest)
      return
    case "load":
      send({ kind: "loaded", id: message.id, ...load(message.files) })
      return
    case "replay":
      send({ kind: "replayed", id: message.id, decisions: await replayer.replay(message.records, message.candidate) })
  }
})
