/** What a decision is made under besides the request: one immutable value, swapped whole when the control epoch moves. */

import type { Policy, PolicyReason } from "../policy/types.ts"
import type { Runtime } from "../runtime/runtime.ts"
import type { ReferenceSet } from "./reference-values.ts"

export type Role = "pep" | "runtime" | "executor" | "auditor" | "author" | "operator" | "admin"

export interface CallerKey {
  readonly id: string
  readonly role: Role
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array
  readonly state: "active" | "revoked"
  readonly expiresAtMs: number | null
}

/** An authenticated caller. */
export interface Caller {
  /** `key:ROLE-ID`, as records name it. */
  readonly id: string
  readonly keyId: string
  readonly role: Role
  readonly proof: "api-key"
}

export interface ActivePolicy {
  readonly policy: Policy
  /** Determination 3, made once when the bundle was loaded: empty when it is signed by a trusted key and intact. */
  readonly problems: readonly Reason[]
}

export interface ControlState {
  readonly epoch: bigint
  /** Null until a bundle was activated. */
  readonly active: ActivePolicy | null
  readonly callers: ReadonlyMap<string, CallerKey>
  /** By `runtimeKey` of their id. */
  readonly runtimes: ReadonlyMap<string, Runtime>
  /** Reference Values by name. */
  readonly references: ReadonlyMap<string, ReferenceSet>
  /** Public keys of runtimes that are refused for ever, lower-case hex. */
  readonly revokedKeys: ReadonlySet<string>
}

/** Reason codes that the decision path adds to those of the policy module. */
export type ReasonCode =
  | PolicyReason["code"]
  | "BUNDLE_MISSING"
  | "BUNDLE_UNTRUSTED"
  | "BUNDLE_ALTERED"
  | "NOT_ATTESTED"
  | "RUNTIME_UNKNOWN"
  | "RUNTIME_PROVISIONAL"
  | "RUNTIME_SUSPECT"
  | "RUNTIME_QUARANTINED"
  | "RUNTIME_REVOKED"
  | "RUNTIME_ENDED"
  | "RUNTIME_STALE"
  | "LEASE_LAPSED"
  | "MEASUREMENTS_REFUSED"
  | "PARENT_UNKNOWN"
  | "PARENT_NOT_ALIVE"
  | "PARENT_NOT_ATTESTED"
  | "PARENT_TOO_DEEP"
  | "PARENT_PROOF_WRONG"
  | "PARENT_PROOF_USED"
  | "APPROVAL_UNKNOWN"

export interface Reason {
  readonly code: ReasonCode
  readonly text: string
  readonly rule?: string
  readonly pointer?: string
}

export function isUsable(key: CallerKey | undefined, wallMs: number): key is CallerKey {
  return key !== undefined && key.state === "active" && (key.expiresAtMs === null || wallMs < key.expiresAtMs)
}

/** Is this the active bundle already, and found valid? */
export function isActive({ active }: ControlState, policy: Policy): boolean {
  return active?.policy.digest === policy.digest && active.problems.length === 0
}
