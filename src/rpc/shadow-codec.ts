/** SetShadowBundle's and GetShadow's messages, from what proto-loader gives to what the daemon works with, and back. */
import { toBundleDigest } from "../decision/bundles.ts"
import type { ShadowRequest, ShadowView } from "../decision/set-shadow.ts"
import type { ShadowChange } from "../decision/shadow-tally.ts"
import { WritError } from "../errors.ts"
import { toReceipt } from "./authorization.ts"
import { fromBundle, toReason } from "./policy-codec.ts"
import { fromTime } from "./verifier-codec.ts"

export interface WireSetShadow {
  readonly digest: Buffer
  readonly sample_per_million: number
  readonly duration: { readonly seconds: string; readonly nanos: number } | null
  readonly reason: string
}

/** Throws INVALID_REQUEST. */
export function toShadowRequest({ digest, sample_per_million, duration, reason }: WireSetShadow): ShadowRequest {
  return {
    digest: digest.length === 0 ? null : toBundleDigest("digest", digest),
    samplePerMillion: sample_per_million,
    durationMs: duration && toMs(duration),
    reason: toReason("reason", reason),
  }
}

function toMs({ seconds, nanos }: NonNullable<WireSetShadow["duration"]>): number {
  const ms = Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000)
  if (Number.isSafeInteger(ms) && ms >= 0) return ms
  throw new WritError("INVALID_REQUEST", "duration is not a duration of zero or more.", {
    details: { field: "duration" },
  })
}

export function fromShadow({ setting, bundle, receipt, replicas }: ShadowView): object {
  return {
    bundle: fromBundle(bundle),
    receipt: toReceipt(receipt),
    set_by: setting.setBy,
    set_at: fromTime(setting.setAtMs),
    ends_at: fromTime(setting.endsAtMs),
    sample_per_million: setting.samplePerMillion,
    replicas: replicas.map(({ origin, seenAtMs, report }) => ({
      log: origin,
      seen_at: fromTime(seenAtMs),
      state: report?.state ?? "waiting",
      ...(report && {
        problem: report.problem,
        ...(report.sinceMs !== null && { since: fromTime(report.sinceMs) }),
        counts: { ...report.counts, dropped: report.dropped },
        changes: report.changes.map(fromChange),
      }),
    })),
  }
}

function fromChange({ from, to, code, executions, ...change }: ShadowChange): object {
  return { ...change, from: `DECISION_${from}`, to: `DECISION_${to}`, reason: code, execution_ids: executions }
}
