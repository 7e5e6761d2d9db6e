/** What the verifiers take and answer. Evidence comes from a file: attacker-controlled. Trust comes from elsewhere. */

/** `reason` is a stable code (see `VERIFY_REASONS`) plus, after a colon, words for people; empty when valid. */
export interface Verdict {
  readonly valid: boolean
  readonly reason: string
}

/**
 * Keys obtained outside the file that is checked: the document served at `/.well-known/writ.json`, saved beforehand
 * and compared out of band. Unknown members are ignored.
 */
export interface Trust {
  /** C2SP verifier keys (`NAME+HASH+KEY`), one per log; NAME is the log's origin. */
  readonly logs: readonly { readonly origin: string; readonly vkey: string }[]
  /** RFC 7517 key set for execution tokens: kty OKP, crv Ed25519. */
  readonly tokens: { readonly keys: readonly TokenJwk[] }
}
export interface TokenJwk {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly kid: string
  readonly alg?: string
  readonly use?: string
}

/** A lineage at one checkpoint, as exported. Canonical JSON; the same lineage at the same checkpoint is the same bytes. */
export interface Evidence {
  readonly v: 1
  readonly type: "writ-evidence"
  readonly execution_id: string
  /** Log origin. */
  readonly log: string
  /** C2SP signed note (tlog-checkpoint), the whole text. */
  readonly checkpoint: string
  /** Ascending by index. */
  readonly records: readonly EvidenceRecord[]
}
export interface EvidenceRecord {
  /** Decimal. */
  readonly index: string
  /** Base64 (RFC 4648 section 4, padded) of the exact leaf bytes. */
  readonly body: string
  /** Base64 of salt ‖ payload bytes; null when erased or when the record has none. */
  readonly payload: string | null
  /** Inclusion proof (RFC 6962 section 2.1.1) in the checkpoint's tree, base64 hashes, leaf to root. */
  readonly proof: readonly string[]
}

/** The steps of a lineage's verification, in the order in which they are made. The first that fails is named. */
export const EVIDENCE_STEPS = [
  "format", // the file is well-formed evidence
  "checkpoint", // the note parses; with trust: its signature verifies under the key for that origin
  "record", // each body is a canonical record of a known version and kind
  "inclusion", // each body's leaf hash is in the checkpoint's tree at its index
  "payload", // each payload is what the leaf committed to, or is reported ERASED
  "lineage", // one decision first, each further record links to the one before, same execution
  "transitions", // each state follows from the one before (ledger/kinds.ts)
  "claims", // an ALLOW has claims that agree with its record, anything else has none
] as const
export type EvidenceStep = (typeof EVIDENCE_STEPS)[number]

export interface EvidenceReport extends Verdict {
  /** True when a key from `trust` verified the checkpoint. False with valid: consistent, but anchored in nothing. */
  readonly anchored: boolean
  /** Each step: what was checked, with its result. Steps after the first failure are absent. */
  readonly steps: readonly {
    readonly step: EvidenceStep
    readonly result: "ok" | "failed" | "erased" | "not_anchored"
    readonly detail: string
  }[]
  readonly failedStep?: EvidenceStep
  /** Log index (decimal) of the first bad record, where one is to blame. */
  readonly failedIndex?: string
  readonly execution?: { readonly id: string; readonly decision: string; readonly state: string | null }
}
