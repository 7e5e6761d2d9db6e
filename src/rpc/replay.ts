/** ReplayDecisions: a stream of decisions, and a summary at its end. */
import { toBundleDigest } from "../decision/bundles.ts"
import type { ReplayDecisions, ReplayItem, ReplaySummary, ReplayWish } from "../decision/replay-decisions.ts"
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import { toReceipt } from "./authorization.ts"
import { toIndex } from "./lineage.ts"
import { toBundleFiles, type WireBundleFile } from "./policy-codec.ts"
import type { WatchHandler } from "./server.ts"
import { toMilliseconds, type WireTime } from "./timestamp.ts"

export interface WireReplayRequest {
  readonly bundle_digest: Buffer
  readonly log: string
  readonly start_index: string
  readonly end_index: string
  readonly limit: number
  readonly only_differences: boolean
  readonly files: readonly WireBundleFile[]
  readonly from: WireTime | null
  readonly to: WireTime | null
}

/** The caller's credential is looked at again with every page: an open stream gives no rights. */
export function replayHandler(replay: ReplayDecisions): WatchHandler {
  return (request, context, send, end) => {
    const signal = { aborted: false }
    const run = async () => {
      const items = replay(toWish(request), signal)
      for (;;) {
        const { value, done } = await items.next()
        if (signal.aborted) return
        context.recheck()
        send(done ? { summary: fromSummary(value) } : { decision: fromItem(value) })
        if (done) return
      }
    }
    run().then(
      () => end(),
      (error: unknown) => end(WritError.from(error)),
    )
    return () => {
      signal.aborted = true
    }
  }
}

function toWish(request: WireReplayRequest): ReplayWish {
  const { bundle_digest, files } = request
  if (bundle_digest.length > 0 && files.length > 0)
    throw new WritError("INVALID_REQUEST", "bundle_digest and files must not both be set.")
  const candidate =
    bundle_digest.length > 0
      ? { digest: toBundleDigest("bundle_digest", bundle_digest) }
      : files.length > 0
        ? { files: toBundleFiles(files) }
        : null
  return {
    log: request.log,
    start: toIndex(request.start_index),
    end: toIndex(request.end_index),
    fromMs: request.from && toMilliseconds(request.from),
    toMs: request.to && toMilliseconds(request.to),
    limit: request.limit,
    onlyDifferences: request.only_differences,
    candidate,
  }
}

function fromItem({ record, decision }: ReplayItem): object {
  const { compared, notReplayable } = decision
  return {
    receipt: toReceipt(record),
    execution_id: decision.executionId,
    outcome: decision.outcome,
    recorded: toDecision(decision.recorded),
    replayed: toDecision(decision.replayed),
    reasons: notReplayable ? [notReplayable] : decision.reasons,
    differences: decision.differences,
    confirmed_count: decision.confirmed,
    outside_count: decision.outside,
    disagreements: decision.disagreements,
    bundle_digest: Buffer.from(fromHex(decision.bundleDigest)),
    matched_rules: compared?.before.matchedRules ?? [],
    replayed_rules: compared?.after.matchedRules ?? [],
    input: Buffer.from(decision.input),
  }
}

function fromSummary(summary: ReplaySummary): object {
  return {
    same_count: summary.same,
    different_count: summary.different,
    not_replayable_count: summary.notReplayable,
    next_index: summary.next,
    complete: summary.isWhole,
    notes: summary.notes,
    confirmed_count: summary.confirmed,
    outside_count: summary.outside,
    disagreeing_count: summary.disagreeing,
    changes: summary.changes.map(({ from, to, code, executions, ...change }) => ({
      ...change,
      from: toDecision(from),
      to: toDecision(to),
      reason: code,
      execution_ids: executions,
    })),
  }
}

function toDecision(decision: string | null): string {
  return `DECISION_${decision ?? "UNSPECIFIED"}`
}
