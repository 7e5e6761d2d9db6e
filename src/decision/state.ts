/** What a decision is made under besides the request: one immutable value, swapped whole when the control epoch moves. */

import { WritError } from "../errors.ts"
import type { Policy, PolicyReason, ValidityWindow } from "../policy/types.ts"
import type { Runtime } from "../runtime/runtime.ts"
import type { Binding } from "./binding.ts"
import type { ReferenceSet } from "./reference-values.ts"
import type { Scope } from "./scope.ts"
import type { TokenKey } from "./token-key.ts"

export type Role = "pep" | "runtime" | "executor" | "auditor" | "author" | "operator" | "admin"

export interface CallerKey {
  readonly id: string
  readonly role: Role
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array
  readonly state: "active" | "revoked"
  readonly expiresAtMs: number | null
  /** Null: everything. */
  readonly scope: Scope | null
}

/** An authenticated caller, in the role in which it makes this call. */
export interface Caller {
  /** As records name it: `key:ROLE-ID`, or the principal that it has proven to be. */
  readonly id: string
  /** Id of the API key, or key of the binding: what limits are counted by. */
  readonly keyId: string
  readonly role: Role
  /** Null: everything. */
  readonly scope: Scope | null
  readonly proof: Proof
}
export type Proof = "api-key" | "mtls" | "jwt"

export interface ActivePolicy {
  readonly policy: Policy
  /** Determination 3 as far as it is made once, when the bundle was loaded: empty when it is signed by a trusted key and intact. */
  readonly problems: readonly Reason[]
}

export interface ControlState {
  readonly epoch: bigint
  /** Null until a bundle was activated. */
  readonly active: ActivePolicy | null
  /** A bundle is active which is not compiled yet, or could not be: nothing is decided until it is. */
  readonly isLoading?: true
  readonly callers: ReadonlyMap<string, CallerKey>
  /** By `bindingName`; those that were removed too. */
  readonly bindings: ReadonlyMap<string, Binding>
  /** By `runtimeKey` of their id. */
  readonly runtimes: ReadonlyMap<string, Runtime>
  /** Reference Values by name. */
  readonly references: ReadonlyMap<string, ReferenceSet>
  /** Public keys of runtimes that are refused for ever, lower-case hex. */
  readonly revokedKeys: ReadonlySet<string>
  /** Of every replica, ended and compromised ones too. */
  readonly tokenKeys: readonly TokenKey[]
}

/** Reason codes that the decision path adds to those of the policy module. */
export type ReasonCode =
  | PolicyReason["code"]
  | "BUNDLE_MISSING"
  | "BUNDLE_UNTRUSTED"
  | "BUNDLE_ALTERED"
  | "BUNDLE_NOT_YET_VALID"
  | "BUNDLE_EXPIRED"
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
  | "APPROVAL_OTHER_REQUEST"
  | "APPROVAL_OTHER_POLICY"
  | "APPROVAL_USED"
  | "APPROVAL_LIMIT"

export interface Reason {
  readonly code: ReasonCode
  readonly text: string
  readonly rule?: string
  readonly pointer?: string
}

export function isUsable(key: CallerKey | undefined, wallMs: number): key is CallerKey {
  return key !== undefined && key.state === "active" && (key.expiresAtMs === null || wallMs < key.expiresAtMs)
}

/** Throws POLICY_LOADING: what the active bundle says is not known yet, so that nothing may be held against anyone. */
export function assertLoaded({ isLoading }: ControlState): void {
  if (isLoading) throw new WritError("POLICY_LOADING")
}

/** Is this the active bundle already, and found valid? */
export function isActive({ active }: ControlState, policy: Policy): boolean {
  return active?.policy.digest === policy.digest && active.problems.length === 0
}

/** Determination 3: empty when the bundle that is active may decide at this moment. */
export function bundleProblems({ active }: ControlState, nowMs: number): readonly Reason[] {
  if (!active) return [{ code: "BUNDLE_MISSING", text: "No policy bundle is active." }]
  const outside = outsideWindow(active.policy.window, nowMs)
  return outside ? [...active.problems, outside] : active.problems
}

/** Why a bundle does not count at this moment; null when it does. */
export function outsideWindow({ notBeforeMs, notAfterMs }: ValidityWindow, nowMs: number): Reason | null {
  if (nowMs < notBeforeMs)
    return { code: "BUNDLE_NOT_YET_VALID", text: `The bundle is valid from ${new Date(notBeforeMs).toISOString()} on.` }
  if (nowMs >= notAfterMs)
    return { code: "BUNDLE_EXPIRED", text: `The bundle was valid until ${new Date(notAfterMs).toISOString()}.` }
  return null
}
