/**
 * A record: the JSON whose RFC 8785 bytes are a leaf of the log. Pure, browser-safe.
 *
 * Nothing by which a person could be recognised is in it; that is in the payload, which the leaf commits to by
 * `payload` = SHA-256("writ/payload/v1" ‖ 0x0A ‖ 32-byte salt ‖ payload bytes), lower-case hex. The stored payload
 * column is salt ‖ bytes; null after erasure.
 */
import type { JsonObject, JsonValue, Sha256 } from "../formats/ports.ts"
import type { ExecutionState, RecordKind } from "./kinds.ts"

export const RECORD_VERSION = 1
/** C2SP tlog-tiles entry bundles carry a uint16 length. */
export const MAX_RECORD_BYTES = 65_535
export const PAYLOAD_DOMAIN = "writ/payload/v1\n"
export const PAYLOAD_SALT_BYTES = 32

export type Actor = {
  /** `key:ID` for an API key, `writ` for the daemon itself. */
  readonly id: string
  /** How that was proven: `api-key`, `process` (the daemon's own act). */
  readonly proof: string
}

export type RecordBody = {
  readonly v: typeof RECORD_VERSION
  readonly kind: RecordKind
  /** `writ/VERSION` of the daemon that wrote it. */
  readonly engine: string
  /** RFC 3339 UTC with milliseconds; never runs backwards within a log. */
  readonly time: string
  readonly actor: Actor
  /** Random id (UUID version 4) of the execution concerned. Present on every decision, and on what follows from it. */
  readonly execution_id?: string
  /** The state this record puts the execution in. Absent on a decision that allowed nothing. */
  readonly state?: ExecutionState
  /** Leaf hash (hex) of the record before this one in the same execution; absent on the decision that opens it. */
  readonly previous?: string
  /** Of a decision that allowed a child: what it descends from. */
  readonly parent?: ParentLink
  /** Control epoch: for a decision the one it was decided under, otherwise the one this record established. Decimal. */
  readonly epoch?: string
  /** Commitment to the payload (hex); null where the record has none. */
  readonly payload: string | null
  /** What this kind says, without personal data. For a decision: see DecisionData. */
  readonly data: JsonObject
}

/** A child, its parent, and so on: at most so many above an execution. */
export const MAX_ANCESTORS = 16

export type ParentLink = {
  /** Names the consent of the parent's runtime (formats/parent-proof.ts), hex. */
  readonly consent: string
  /** How many executions it descends from; 1: its parent descends from none. */
  readonly depth: number
  readonly execution_id: string
  /** Leaf hash (hex) of the parent's redemption. */
  readonly leaf: string
}

export const CHECK_NAMES = [
  "identity",
  "context",
  "policy_validity",
  "environment_trust",
  "authorization_state",
  "execution_eligibility",
] as const
export type CheckName = (typeof CHECK_NAMES)[number]

/** `data` of a decision. */
export type DecisionData = {
  readonly decision: "ALLOW" | "DENY" | "REQUIRE_APPROVAL"
  /** In the order of CHECK_NAMES, all six. Reason texts are in the payload (they may quote ids), codes are here. */
  readonly checks: readonly {
    readonly name: CheckName
    readonly status: "PASS" | "FAIL" | "NOT_REACHED"
    readonly reasons: readonly string[]
  }[]
  readonly matched_rules: readonly string[]
  readonly bundle_digest: string
  readonly bundle_version: string
  /** That was asked for, waits already, or was used. */
  readonly approval?: ApprovalLink
  /** Names of the budgets that hold something back for the execution; absent: none do. The payload tells the rest. */
  readonly budgets?: readonly string[]
}

export type ApprovalLink = {
  /** RFC 3339: when it lapses. */
  readonly expires_at: string
  /** Id of the execution that waits for it. */
  readonly id: string
  /** How many principals must approve. */
  readonly needed: number
}

/** Payload of a decision (RFC 8785 JSON). Token claims are present exactly when `decision` is ALLOW, and lack `leaf`. */
export type DecisionPayload = {
  readonly request: JsonObject
  /** The request-id claim that the record takes: key (UUID text) and snapshot digest (hex). */
  readonly idempotency: { readonly key: string; readonly digest: string }
  readonly claims?: JsonObject
  /** Of the decision that asks for an approval: digest (hex) of what is asked for, and the rules that require it. */
  readonly approval?: { readonly digest: string; readonly rules: readonly string[] }
  /** What it did to which histories and budgets, and what it read of them (policy/past.ts); absent: nothing. */
  readonly consumed?: JsonValue
  readonly readings?: JsonValue
  readonly reasons: JsonValue
  readonly obligations: JsonValue
  readonly risk: JsonValue
  readonly trace: JsonValue
  readonly cost: number
  /** What was read of the runtime, the parent and the approval that the request names (decision/facts.ts). Absent: nothing. */
  readonly facts?: JsonObject
}

const domain = new TextEncoder().encode(PAYLOAD_DOMAIN)
/** Put together here, and kept: an allocation for each record would cost as much as the hash. */
let input = new Uint8Array(0)

/** Domain ‖ salt ‖ bytes, hashed: what a leaf says of its payload. `saltedPayload` is salt ‖ bytes as stored. */
export function commitPayload(sha256: Sha256, saltedPayload: Uint8Array): Uint8Array {
  const bytes = domain.length + saltedPayload.length
  if (input.length < bytes) {
    input = new Uint8Array(2 * bytes)
    input.set(domain)
  }
  input.set(saltedPayload, domain.length)
  return sha256(input.subarray(0, bytes))
}
