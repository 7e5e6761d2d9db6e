/** What the verifiers take and answer. Evidence comes from a file: attacker-controlled. Trust comes from elsewhere. */

export type { Evidence, EvidenceRecord } from "../ledger/evidence.ts"

/** `reason` is a stable code (REASONS), a colon and words for people; empty when valid. */
export interface Verdict {
  readonly valid: boolean
  readonly reason: string
}

export const REASONS = [
  "MALFORMED",
  "TOO_LARGE",
  "PROOF_WRONG",
  "UNKNOWN_KEY",
  "SIGNATURE_WRONG",
  "COSIGNATURES_LACKING",
  "WRONG_ORIGIN",
  "WRONG_TYPE",
  "WRONG_AUDIENCE",
  "WRONG_ISSUER",
  "NOT_YET_VALID",
  "EXPIRED",
  "PARAMETERS_DIFFER",
  "PAYLOAD_DIFFERS",
  "LINK_WRONG",
  "TRANSITION_WRONG",
  "CLAIMS_WRONG",
  "EXECUTED_DIFFERS",
] as const
export type ReasonCode = (typeof REASONS)[number]

export function invalid(code: ReasonCode, text: string): Verdict {
  return { valid: false, reason: `${code}: ${text}` }
}
export const VALID: Verdict = { valid: true, reason: "" }

/**
 * Keys obtained outside the file that is checked: the document served at `/.well-known/writ.json`, saved beforehand
 * and compared out of band. Unknown members are ignored.
 */
export interface Trust {
  readonly logs: readonly TrustedLog[]
  /** Of logs that have none of their own. */
  readonly witnesses?: Witnesses
  /** RFC 7517 key set for execution tokens: kty OKP, crv Ed25519. */
  readonly tokens: { readonly keys: readonly TokenJwk[] }
}
/** NAME of the verifier key (C2SP, `NAME+HASH+KEY`) is the log's origin. */
export interface TrustedLog {
  readonly origin: string
  readonly vkey: string
  /** Absent, and none for all logs: nobody else has to vouch for its checkpoints, and they rest on the operator. */
  readonly witnesses?: Witnesses
}
/** Whose cosignatures count, and how many a checkpoint needs. */
export interface Witnesses {
  /** `NAME+HASH+KEY`, algorithm 0x04, obtained elsewhere than from the operator. */
  readonly vkeys: readonly string[]
  /** 0: they are counted, and none has to be there. */
  readonly quorum: number
}
export interface TokenJwk {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly kid: string
}

/** The steps of a lineage's verification, in the order in which they are made. The first that fails is named. */
export const EVIDENCE_STEPS = [
  "format", // the file is well-formed evidence
  "checkpoint", // each note parses; with trust: its signature verifies under the key for that origin, its quorum is there
  "record", // each body is a canonical record of a known version and kind, its members of the form that they must have
  "inclusion", // each body's leaf hash is in its log's checkpoint at its index
  "payload", // each payload is what the leaf committed to, or is reported erased
  "lineage", // one decision first, each further record links to the one before, same execution; a child to its parent
  "transitions", // each state follows from the one before (ledger/kinds.ts)
  "claims", // an ALLOW has claims that agree with its record, anything else has none; a child ends before its parent must
  "executed", // who reports is who redeemed; what was started is what was measured and asked for
] as const
/** `grant` follows where a token is held against the evidence. */
export type EvidenceStep = (typeof EVIDENCE_STEPS)[number] | "grant"

export interface StepResult {
  readonly step: EvidenceStep
  readonly result: "ok" | "failed" | "erased" | "not_anchored"
  readonly detail: string
}

export interface ReportedExecution {
  readonly id: string
  readonly decision: string
  readonly state: string | null
}

export interface ReportedCheckpoint {
  readonly log: string
  /** Decimal. */
  readonly size: string
  /** Of witnesses that the trust file names for this log; null where it names none. With null or 0 it rests on the operator. */
  readonly cosignatures: number | null
}

export interface EvidenceReport extends Verdict {
  /** True when keys from `trust` verified every checkpoint. False with valid: consistent, but anchored in nothing. */
  readonly anchored: boolean
  /** What was checked, with its result. Steps after the first failure are absent. */
  readonly steps: readonly StepResult[]
  readonly failedStep?: EvidenceStep
  /** Log index (decimal) of the first bad record, where one is to blame. */
  readonly failedIndex?: string
  readonly execution?: ReportedExecution
  /** In the file's order. */
  readonly checkpoints?: readonly ReportedCheckpoint[]
  /** What it descends from: its parent first. Absent when it descends from none. */
  readonly ancestors?: readonly ReportedExecution[]
}
