/**
 * Every beat that was taken, provable without a row each: once in a while one `beats` leaf with an RFC 6962 root over
 * them, and the beats themselves in one deflated segment beside it. A crash loses those since the last flush, never a
 * change of state; the next beat's `previous_beat` shows the gap.
 */
import { toHex } from "../formats/bytes.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { BeatThread, Segment } from "./beat-thread.ts"
import type { TakenBeat } from "./heartbeat.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

export const BEATS_FLUSH_MS = 10_000
/** Flushed earlier from here on: a larger segment would hold up the records that wait behind it. */
export const MAX_SEGMENT_BEATS = 1_024
/** While the ledger cannot be written, the oldest are given up beyond this. */
export const MAX_HELD_SEGMENTS = 32
const MAX_ATTEMPTS = 16

export interface BeatsDependencies {
  readonly clock: Clock
  readonly thread: Pick<BeatThread, "add" | "finish">
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
  /** Stores a segment durably, by its SHA-256; the same one again changes nothing. */
  store(sha256: string, segment: Uint8Array): Promise<void>
}

/** A leaf of the tree: runtime, epoch, sequence, hash of the signed bytes, appraisal. RFC 8785: no text needs an escape. */
export function beatLeaf({
  runtime,
  bootEpoch,
  sequence,
  hash,
  reasons,
}: Omit<TakenBeat, "bytes" | "signature">): string {
  const codes = reasons.length === 0 ? "" : `"${reasons.join('","')}"`
  return `{"beat":"${toHex(hash)}","boot_epoch":"${bootEpoch}","reasons":[${codes}],"runtime":"${runtime}","sequence":"${sequence}"}`
}

export function createBeats(deps: BeatsDependencies) {
  /** In the segment that is being filled. */
  let count = 0
  /** Filled, and not in the ledger yet. */
  let held: Segment[] = []
  let flushing: Promise<void> | null = null

  async function write({ count, root, segment, sha256: digest }: Segment): Promise<void> {
    await deps.store(digest, segment)
    // Crash here: a segment that no leaf names, which fsck passes over.
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { epoch } = deps.control()
      const record = seal(
        {
          kind: "beats",
          actor: { id: "writ", proof: "process" },
          epoch: String(epoch),
          data: { count, root, segment_sha256: digest },
        },
        null,
        deps.clock.now().wallMs,
      )
      const result = await deps.ledger.append({ record, epoch })
      if (result.kind === "written") return
    }
    throw new Error("the control state kept changing while a segment of beats was written")
  }

  async function finish(): Promise<void> {
    if (count === 0) return
    count = 0
    held.push(await deps.thread.finish())
    if (held.length > MAX_HELD_SEGMENTS) held = held.slice(-MAX_HELD_SEGMENTS)
  }

  async function writeAll(): Promise<void> {
    await finish()
    for (let next = held[0]; next; next = held[0]) {
      await write(next)
      const written = next
      held = held.filter((segment) => segment !== written)
    }
  }

  /** When it resolves, all beats taken before are in the ledger. */
  async function flush(): Promise<void> {
    if (flushing) await flushing.catch(() => {})
    flushing ??= writeAll().finally(() => {
      flushing = null // never before it was set: a `finally` runs later, also where nothing was held
    })
    await flushing
  }

  return {
    add(beat: TakenBeat): void {
      deps.thread.add(beatLeaf(beat), beat.bytes, beat.signature)
      if (++count < MAX_SEGMENT_BEATS) return
      ;(flushing ? finish() : flush()).catch(() => {}) // held on to, and tried again
    },
    flush,
  }
}
