/** Beats of the lease that an execution lived by, found in the segments of the time in which it ran. */
import { inflateRawSync } from "node:zlib"
import { fromUtf8 } from "../formats/bytes.ts"
import { BEAT_DOMAIN } from "../formats/runtime-messages.ts"
import { BEATS_FACET } from "../ledger/facets.ts"
import type { DecisionStore } from "../ledger/find-decisions.ts"
import { firstSince } from "../ledger/first-since.ts"
import type { LeaseBeats, Relative } from "../ledger/graph.ts"
import { readBody, type StoredRecord } from "../ledger/lineage.ts"
import { readRedemption } from "./executions.ts"

/** Newest segments that are opened for one answer, of 1,024 beats each at most. */
const MAX_SEGMENTS = 8
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024
/** Beats stand in the log up to so long after they were taken. */
const FLUSH_SLACK_MS = 15_000
const ENDS: readonly string[] = ["COMPLETED", "FAILED", "REVOKED", "LOST"]

export interface BeatSource extends DecisionStore {
  /** Deflated, by its SHA-256 (hex). */
  segment(sha256: string): Promise<Uint8Array | null>
}

/** The newest first. Empty for what was not redeemed, or lives by no lease. */
export async function beatsOf(source: BeatSource, { records }: Relative, nowMs: number): Promise<LeaseBeats[]> {
  const redemption = readRedemption({ records })
  if (!redemption?.bound) return []
  const { leaseId } = redemption.bound
  const end = records.map(({ body }) => readBody(body)).find(({ state = "" }) => ENDS.includes(state))
  const endMs = end?.time === undefined ? redemption.executeUntilMs : Date.parse(end.time)
  const untilMs = Math.min(nowMs, endMs) + FLUSH_SLACK_MS
  const found: LeaseBeats[] = []
  let opened = 0
  for (const { logId, size } of await source.logs()) {
    const from = await firstSince(source, logId, 0, size, redemption.atMs)
    let before = await firstSince(source, logId, from, size, untilMs)
    while (before > from && opened < MAX_SEGMENTS) {
      const step = await source.recordsWith(logId, [BEATS_FACET], from, before)
      before = step.next
      for (const record of step.records) {
        if (readBody(record.body).kind !== "beats" || opened++ >= MAX_SEGMENTS) continue
        const beats = await readSegment(source, record, leaseId)
        if (beats) found.push(beats)
      }
    }
  }
  return found
}

/** Null: it holds none of the lease, or is not what the record names; fsck says why. */
async function readSegment(source: BeatSource, record: StoredRecord, leaseId: string): Promise<LeaseBeats | null> {
  const segment = await source.segment(String(readBody(record.body).data?.["segment_sha256"]))
  if (!segment) return null
  try {
    const lines = fromUtf8(inflateRawSync(segment, { maxOutputLength: MAX_SEGMENT_BYTES })).split("\n")
    const beats = lines.filter((line) => line.includes(leaseId)).map(readBeat)
    const sequences = beats.filter((beat) => beat.leaseId === leaseId).map(({ sequence }) => sequence)
    const [first] = sequences
    return first === undefined
      ? null
      : { record, leaseId, first, last: sequences.at(-1) as string, count: sequences.length }
  } catch {
    return null
  }
}

/** `signed` is what the runtime signed: a domain and JSON. */
function readBeat(line: string): { readonly leaseId: string; readonly sequence: string } {
  const { signed } = JSON.parse(line) as { readonly signed: string }
  const { lease_id, sequence } = JSON.parse(signed.slice(BEAT_DOMAIN.length)) as Record<string, string>
  return { leaseId: String(lease_id), sequence: String(sequence) }
}
