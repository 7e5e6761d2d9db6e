/**
 * Every beat that was taken, provable without a row each: once in a while one `beats` leaf with an RFC 6962 root over
 * them, and the beats themselves in one deflated segment beside it. A crash loses those since the last flush, never a
 * change of state; the next beat's `previous_beat` shows the gap.
 */

import { promisify } from "node:util"
import { deflateRaw } from "node:zlib"
import { asBuffer, sha256 } from "../crypto.ts"
import { toBase64, toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { hashLeaf, rootOfHashes } from "../formats/merkle.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { TakenBeat } from "./heartbeat.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

export const BEATS_FLUSH_MS = 10_000
/** Flushed earlier from here on. */
export const MAX_SEGMENT_BEATS = 8_192
/** While the ledger cannot be written, the oldest are given up beyond this. */
const MAX_HELD_BEATS = 4 * MAX_SEGMENT_BEATS
const MAX_ATTEMPTS = 16
const deflate = promisify(deflateRaw)

export interface BeatsDependencies {
  readonly clock: Clock
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

/** A leaf of the tree: runtime, epoch, sequence, hash of the signed bytes, appraisal. RFC 8785. */
export function beatLeaf({
  runtime,
  bootEpoch,
  sequence,
  hash,
  reasons,
}: Omit<TakenBeat, "bytes" | "signature">): string {
  return encodeCanonicalJson({ beat: toHex(hash), boot_epoch: bootEpoch, reasons, runtime, sequence })
}

export function rootOfBeats(leaves: readonly string[]): Uint8Array {
  return rootOfHashes(
    sha256,
    leaves.map((leaf) => hashLeaf(sha256, utf8(leaf))),
  )
}

export function createBeats(deps: BeatsDependencies) {
  let held: TakenBeat[] = []
  let flushing: Promise<void> | null = null

  async function write(beats: readonly TakenBeat[]): Promise<void> {
    const lines = beats.map((beat) =>
      encodeCanonicalJson({
        bytes: toBase64(beat.bytes),
        leaf: beatLeaf(beat),
        signature: toBase64(beat.signature),
      } as JsonObject),
    )
    const segment = await deflate(Buffer.from(lines.join("\n")))
    const root = rootOfBeats(beats.map(beatLeaf))
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { epoch } = deps.control()
      const record = seal(
        {
          kind: "beats",
          actor: { id: "writ", proof: "process" },
          epoch: String(epoch),
          data: { count: beats.length, root: toHex(root), segment_sha256: toHex(sha256(segment)) },
        },
        null,
        deps.clock.now().wallMs,
      )
      const effects = [{ kind: "beat_segment", segment: asBuffer(segment) } as const]
      const result = await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch: false } })
      if (result.kind === "written") return
    }
    throw new Error("the control state kept changing while a segment of beats was written")
  }

  async function writeAll(): Promise<void> {
    while (held.length > 0) {
      const beats = held.slice(0, MAX_SEGMENT_BEATS)
      await write(beats)
      const written = new Set(beats)
      held = held.filter((beat) => !written.has(beat))
    }
  }

  async function flush(): Promise<void> {
    flushing ??= writeAll().finally(() => {
      flushing = null // never before it was set: a `finally` runs later, also where nothing was held
    })
    await flushing
  }

  return {
    add(beat: TakenBeat): void {
      held.push(beat)
      if (held.length > MAX_HELD_BEATS) held = held.slice(-MAX_SEGMENT_BEATS)
      else if (held.length >= MAX_SEGMENT_BEATS && !flushing) flush().catch(() => {}) // held on to, and tried again
    },
    /** When it resolves, all beats taken before are in the ledger. */
    flush,
  }
}
