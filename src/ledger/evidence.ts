/** The evidence file, written by `buildEvidence` and read by `writ/verify`. Pure, browser-safe. */

/** A lineage, each record proved in a checkpoint of its log. RFC 8785 JSON. */
export interface Evidence {
  readonly v: 1
  readonly type: "writ-evidence"
  readonly execution_id: string
  /** C2SP signed notes (tlog-checkpoint), one per log, by origin. */
  readonly checkpoints: readonly { readonly log: string; readonly note: string }[]
  /**
   * Of closed logs that no checkpoint reaches far enough: the record, in another log, that says how each ended. In such an
   * order that the other log has a checkpoint, or an earlier closing. Absent when there are none.
   */
  readonly closings?: readonly { readonly log: string; readonly record: EvidenceRecord }[]
  /** In the order of the chain: the decision first. */
  readonly records: readonly EvidenceRecord[]
  /** What it descends from: its parent first, then the parent's parent. Absent when it descends from none. */
  readonly ancestors?: readonly { readonly execution_id: string; readonly records: readonly EvidenceRecord[] }[]
}
export interface EvidenceRecord {
  /** Origin of the log that holds it. */
  readonly log: string
  /** Decimal. */
  readonly index: string
  /** Base64 (RFC 4648 section 4, padded) of the exact leaf bytes. */
  readonly body: string
  /** Base64 of salt ‖ payload bytes; null when erased or when the record has none. */
  readonly payload: string | null
  /** Inclusion proof (RFC 6962 section 2.1.1) in its log's checkpoint, base64 hashes, leaf to root. */
  readonly proof: readonly string[]
}
