/**
 * What a decision read besides the request and the bundle, as its payload has it: with it, and with nothing else, the same
 * engine decides the same again. A request that names neither a runtime nor a parent adds nothing.
 */
import type { ExecutionState } from "../ledger/kinds.ts"
import { type Runtime, runtimeKey } from "../runtime/runtime.ts"
import type { RuntimeState } from "../runtime/states.ts"
import { type Approval, type Approvals, checkQueue, isGranted, MAX_WAITING } from "./approval.ts"
import type { Determination, LeaseLeft } from "./determine.ts"
import type { Parent } from "./parent.ts"
import type { Snapshot } from "./snapshot.ts"
import type { ActivePolicy, ControlState, ReasonCode } from "./state.ts"

/** Of the runtime that was named, where it is known. */
export type RuntimeFacts = {
  /** SHA-256 (hex) of the code that it registered with; absent: it had not measured any. What is started is held against it. */
  readonly code?: string
  /** Names its registration's record. */
  readonly lease_id: string
  /** Null: nothing had been heard of it since the daemon started. */
  readonly lease_left_ms: number | null
  /** Did the bundle accept what it had measured? Null: that was not asked. */
  readonly measured: boolean | null
  readonly public_key: string
  readonly state: RuntimeState
}

/** Of the execution on whose behalf it was requested, where there is one. */
export type ParentFacts = {
  readonly depth: number
  /** Unix milliseconds; null: it was not redeemed. */
  readonly execute_until: number | null
  /** Another child had this consent. */
  readonly is_used: boolean
  /** Public key of the runtime that it lived in, if that was trusted and alive. */
  readonly runtime_key: string | null
  readonly state: ExecutionState | null
}

/** Of the approval that was named, where there is one. */
export type ApprovalFacts = {
  /** SHA-256 (hex) of what was asked for, and the rules that required it; null: erased. */
  readonly asked: { readonly digest: string; readonly rules: readonly string[] } | null
  readonly bundle_digest: string
  /** Unix milliseconds. */
  readonly expires_at: number
  readonly is_granted: boolean
  /** Did the caller ask for it? */
  readonly is_own: boolean
  readonly state: ExecutionState
}

/** Each is absent where nothing was read. */
export type Facts = {
  readonly approval?: ApprovalFacts
  readonly parent?: ParentFacts
  /** The caller waited for as many approvals as it may. */
  readonly queue_full?: true
  readonly runtime?: RuntimeFacts
}

/** Null where nothing was read. */
export function factsOf(
  { checks, runtime, leaseLeftMs, parent, approvals }: Determination,
  state: ControlState,
): Facts | null {
  const { caller, named } = approvals
  const isFull = checkQueue(approvals) !== null
  if (!runtime && !parent && !named && !isFull) return null
  const says = (...codes: readonly ReasonCode[]) =>
    checks.some(({ reasons }) => reasons.some(({ code }) => codes.includes(code)))
  const bound = parent?.redemption?.bound
  const isAttested = bound && !says("PARENT_NOT_ALIVE", "PARENT_NOT_ATTESTED")
  return {
    ...(named && {
      approval: {
        asked: named.asked,
        bundle_digest: named.bundleDigest,
        expires_at: named.expiresAtMs,
        is_granted: isGranted(named),
        is_own: named.requester === caller,
        state: named.state,
      },
    }),
    ...(parent && {
      parent: {
        depth: parent.depth,
        execute_until: parent.redemption?.executeUntilMs ?? null,
        is_used: parent.isUsed,
        runtime_key: (isAttested && state.runtimes.get(bound.runtime)?.public_key) || null,
        state: parent.state,
      },
    }),
    ...(isFull && { queue_full: true as const }),
    ...(runtime && {
      runtime: {
        ...(runtime.measurements.code !== undefined && { code: runtime.measurements.code }),
        lease_id: runtime.lease_id,
        lease_left_ms: leaseLeftMs,
        measured: says("MEASUREMENTS_REFUSED")
          ? false
          : checks.some(({ name, status }) => name === "environment_trust" && status === "PASS") || null,
        public_key: runtime.public_key,
        state: runtime.state,
      },
    }),
  }
}

export interface Restored {
  readonly state: ControlState
  readonly leaseLeft: LeaseLeft
  readonly parent: Parent | null
  readonly approvals: Approvals
}

/**
 * What a decision reads exactly these facts of. `asBundle`: the digest of the bundle that an approval counts as asked under,
 * by the one that it was asked under.
 */
export function restore(
  { approval, parent, queue_full, runtime }: Facts,
  active: ActivePolicy | null,
  { approvalId, runtimeId, parentExecutionId }: Pick<Snapshot, "approvalId" | "runtimeId" | "parentExecutionId">,
  asBundle: (digest: string) => string,
): Restored {
  const runtimes = new Map<string, Runtime>()
  if (runtime) runtimes.set(runtimeKey(runtimeId), toRuntime(runtimeId, runtime.lease_id, runtime))
  const key = parent?.runtime_key
  // It was trusted: that is what the fact says. Its own id is not known, and is not needed.
  if (key) runtimes.set(PARENT, toRuntime(PARENT, PARENT, { public_key: key, state: "TRUSTED" }))
  const policy = active && {
    ...active.policy,
    checkRuntime: (id: string) => (id === PARENT || runtime?.measured ? ("accepted" as const) : ("refused" as const)),
  }
  return {
    state: {
      epoch: 0n,
      active: active && policy && { ...active, policy },
      callers: new Map(),
      bindings: new Map(),
      runtimes,
      references: new Map(),
      revokedKeys: new Set(),
      tokenKeys: [],
    },
    leaseLeft(leaseId) {
      if (leaseId === PARENT) return Number.POSITIVE_INFINITY
      return runtime?.lease_id === leaseId ? runtime.lease_left_ms : null
    },
    parent: parent ? toParent(parent, parentExecutionId) : null,
    approvals: {
      caller: CALLER,
      named: approval ? toApproval(approval, approvalId, asBundle) : null,
      queue: queue_full
        ? { bundleDigest: "", key: "", caller: "", waiting: null, previous: null, count: MAX_WAITING }
        : null,
    },
  }
}

function toParent({ depth, execute_until, is_used, state }: ParentFacts, executionId: string): Parent {
  const record = { origin: "", logId: 0, index: 0, leafHash: NONE, body: NONE, payload: null }
  const bound = { runtime: PARENT, leaseId: PARENT }
  return {
    executionId,
    state,
    depth,
    isUsed: is_used,
    consent: null, // judged by the request's proof
    redemption:
      execute_until === null
        ? null
        : { record, callerId: "", atMs: 0, executeUntilMs: execute_until, key: null, bound },
  }
}

function toApproval(
  { asked, bundle_digest, expires_at, is_granted, is_own, state }: ApprovalFacts,
  id: string,
  asBundle: (digest: string) => string,
): Approval {
  return {
    link: { id, needed: 1, expires_at: "" },
    expiresAtMs: expires_at,
    requester: is_own ? CALLER : "",
    bundleDigest: asBundle(bundle_digest),
    asked,
    decisions: is_granted ? [{ by: "", approve: true }] : [],
    state,
    last: NONE,
    version: null,
  }
}

/** Nobody's name. */
const CALLER = "\0caller"
/** No runtime's key, lease or id: ids hold no control characters. */
const PARENT = "\0parent"
const NONE = new Uint8Array(0)

function toRuntime(
  id: string,
  leaseId: string,
  { public_key, state }: { readonly public_key: string; readonly state: RuntimeState },
): Runtime {
  return {
    agent_version: "",
    boot_epoch: "0",
    contested: null,
    environment: {},
    id,
    lease_id: leaseId,
    measurements: {},
    nonce_at: 0,
    public_key,
    reasons: [],
    registration: "",
    state,
    first_measurements: null,
  }
}
