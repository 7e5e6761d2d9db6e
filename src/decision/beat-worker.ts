/**
 * The thread beside the daemon's own: verifies the signatures of beats and packs taken beats into segments, so that ten
 * thousand runtimes cost Authorize as little as can be. It holds nothing but the segment that is being filled.
 */
import { parentPort } from "node:worker_threads"
import { constants, deflateRawSync } from "node:zlib"
import { nativeCrypto, sha256 } from "../crypto.ts"
import { toHex, utf8 } from "../formats/bytes.ts"
import { hashLeaf, rootOfHashes } from "../formats/merkle.ts"
import { verifySignature } from "../verify/signature.ts"
import { type PackedBeat, readJobs, readPackedBeats } from "./beat-messages.ts"

/** To the thread. The buffers are handed over, not copied. */
export type ToBeatWorker =
  | { readonly kind: "verify"; readonly jobs: Uint8Array }
  | { readonly kind: "beats"; readonly beats: Uint8Array }
  /** Ends the segment of what was sent before. */
  | { readonly kind: "segment" }

export type FromBeatWorker =
  /** In the order of the jobs: 1 for a signature that holds. */
  | { readonly kind: "verified"; readonly results: Uint8Array }
  | {
      readonly kind: "segment"
      readonly count: number
      readonly root: string
      readonly segment: Uint8Array
      readonly sha256: string
    }

let lines: string[] = []
let hashes: Uint8Array[] = []

function pack({ leaf, bytes, signature }: PackedBeat): void {
  hashes.push(hashLeaf(sha256, utf8(leaf)))
  lines.push(
    `{"leaf":${JSON.stringify(leaf)},"signature":"${signature.toString("base64")}","signed":${JSON.stringify(bytes.toString("utf8"))}}`,
  )
}

function answer(message: ToBeatWorker): FromBeatWorker | null {
  switch (message.kind) {
    case "verify":
      return {
        kind: "verified",
        results: Uint8Array.from(readJobs(message.jobs), ({ publicKey, bytes, signature }) =>
          Number(verifySignature(nativeCrypto, publicKey, bytes, signature)),
        ),
      }
    case "beats":
      for (const beat of readPackedBeats(message.beats)) pack(beat)
      return null
    case "segment": {
      // Digests hardly shrink: the fastest level leaves a tenth more than the best, in a quarter of the time.
      const segment = Uint8Array.from(deflateRawSync(Buffer.from(lines.join("\n")), { level: constants.Z_BEST_SPEED }))
      const made = {
        kind: "segment",
        count: lines.length,
        root: toHex(rootOfHashes(sha256, hashes)),
        segment,
        sha256: toHex(sha256(segment)),
      } as const
      lines = []
      hashes = []
      return made
    }
  }
}

parentPort?.on("message", (message: ToBeatWorker) => {
  const reply = answer(message)
  if (!reply) return
  const bytes = reply.kind === "verified" ? reply.results : reply.segment
  parentPort?.postMessage(reply, [bytes.buffer as ArrayBuffer])
})
