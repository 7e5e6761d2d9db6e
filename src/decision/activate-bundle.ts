/**
 * ActivateBundle, which is the rollback too, and DecideActivation: a published bundle becomes the one that decides, on every
 * replica from the answer on, since every append proves the control epoch that the activation has raised.
 */
import { randomUUID } from "node:crypto"
import { WritError } from "../errors.ts"
import { equalBytes, toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { readBody, type StoredRecord } from "../ledger/lineage.ts"
import type { Effect } from "../ledger/store.ts"
import type { ValidityWindow } from "../policy/types.ts"
import type { Call } from "./authorize.ts"
import {
  type ActiveBundle,
  type BundleStore,
  type BundleView,
  bundleNotFound,
  readSurroundings,
  type StoredActivation,
  type StoredBundle,
  toBundleView,
  trustedSignatures,
} from "./bundles.ts"
import { assertUsable } from "./caller.ts"
import type { BundleCheck } from "./check-bundle.ts"
import { type Limit, limitOf, MAX_TIMEOUT_MS } from "./limits.ts"
import { assertValid } from "./publish-bundle.ts"
import type { Receipt } from "./runtime-changes.ts"
import { type RecordContent, seal } from "./seal.ts"
import { type ControlState, outsideWindow } from "./state.ts"
import type { InTurn } from "./turns.ts"

const MAX_ATTEMPTS = 16
/** Activations that wait at once. */
const MAX_PENDING = 64

export interface ActivateDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly store: BundleStore
  control(): ControlState
  readonly inTurn: InTurn
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
  /** Does this program still read what was published? */
  checkCanonical(content: Uint8Array, limitMs: number): Promise<BundleCheck>
  /** 32-byte public keys. */
  readonly trustedPolicyKeys: readonly Uint8Array[]
  readonly twoPerson: boolean
  /** How long an activation waits for the second operator. */
  readonly activationTtlMs: number
}

export interface ActivateRequest {
  readonly digest: Uint8Array
  /** Null: whichever is active. */
  readonly expectedActive: Uint8Array | null
  readonly reason: string
}

export interface DecideRequest {
  readonly id: string
  readonly approve: boolean
  readonly reason: string
}

export interface Activation {
  readonly bundle: BundleView
  /** The control epoch from which on it decides; 0 when it does not. */
  readonly epoch: bigint
  /** Until a second operator has decided. */
  readonly waiting: StoredActivation | null
  readonly receipt: Receipt
}

/** A bundle that may become the active one. */
interface Candidate {
  readonly bundle: StoredBundle
  readonly version: string
  readonly window: ValidityWindow
}

interface Change {
  readonly kind: RecordContent["kind"]
  readonly data: JsonObject
  readonly reason: string
  readonly effects: readonly Effect[]
  readonly raisesEpoch: boolean
}

export function createActivation(deps: ActivateDependencies) {
  const { store, clock } = deps

  async function findBundle(digest: Uint8Array): Promise<StoredBundle> {
    const bundle = await store.find(digest)
    if (!bundle) throw bundleNotFound(digest)
    return bundle
  }

  /** Throws NOT_FOUND, POLICY_INVALID. */
  async function findCandidate(digest: Uint8Array, limit: Limit): Promise<Candidate> {
    const bundle = await findBundle(digest)
    const content = await store.content(digest)
    if (!content) throw bundleNotFound(digest)
    const signatures = bundle.signatures.map(({ signature }) => signature)
    if (trustedSignatures(content, signatures, deps.trustedPolicyKeys).length === 0)
      throw new WritError(
        "POLICY_INVALID",
        "No trusted policy key has signed this bundle. Publish it again with such a signature, or see policy-trusted-keys.",
      )
    const check = await deps.checkCanonical(content, limit.deadlineMs - clock.now().monotonicMs)
    assertValid(check)
    if (check.digest !== toHex(digest))
      throw new WritError("POLICY_INVALID", "The stored bundle is not the one that its digest names.")
    return { bundle, version: check.version, window: check.window }
  }

  /** Throws POLICY_INVALID. */
  function assertInWindow({ window }: Candidate): void {
    const outside = outsideWindow(window, clock.now().wallMs)
    if (outside) throw new WritError("POLICY_INVALID", `${outside.code}: ${outside.text}`)
  }

  /** Throws what ends the attempts; null: somebody else changed something first. */
  async function append(
    { kind, data, reason, effects, raisesEpoch }: Change,
    state: ControlState,
    { caller }: Call,
    limit: Limit,
  ): Promise<Receipt | null> {
    const { epoch } = state
    const { wallMs, monotonicMs } = clock.now()
    if (monotonicMs >= limit.deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
    assertUsable(state, caller, wallMs)
    const record = seal(
      { kind, actor: { id: caller.id, proof: caller.proof }, epoch: String(raisesEpoch ? epoch + 1n : epoch), data },
      reason === "" ? null : encodeCanonicalJson({ reason }),
      wallMs,
    )
    const result = await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch }, ...limit })
    return result.kind === "written" ? { origin: deps.origin, index: result.index, leafHash: record.leafHash } : null
  }

  async function answer(
    bundle: StoredBundle,
    epoch: bigint,
    receipt: Receipt,
    waiting: StoredActivation | null = null,
  ): Promise<Activation> {
    return { bundle: toBundleView(bundle, await readSurroundings(store, clock.now().wallMs)), epoch, waiting, receipt }
  }

  const activation = ({ bundle, version }: Candidate, active: ActiveBundle | null, more: JsonObject = {}) => ({
    kind: "bundle_activated" as const,
    data: {
      digest: toHex(bundle.digest),
      ...(active && { previous: toHex(active.digest) }),
      version,
      ...more,
    },
    raisesEpoch: true,
  })

  /** One of the attempts. */
  async function tryActivate(request: ActivateRequest, candidate: Candidate, call: Call, limit: Limit) {
    const state = deps.control() // before what is read: if that is newer, the append finds this stale
    const active = await store.active()
    if (request.expectedActive && !(active && equalBytes(active.digest, request.expectedActive)))
      throw new WritError("ACTIVE_BUNDLE_CHANGED", undefined, {
        details: { active: active ? toHex(active.digest) : "" },
      })
    if (active && equalBytes(active.digest, request.digest))
      return await answer(candidate.bundle, epochOf(active.record), toReceipt(active.record))
    assertInWindow(candidate)
    const { digest, reason } = request
    if (deps.twoPerson && active) return await tryRequest(request, candidate, active, state, call, limit)
    const effects: Effect[] = [{ kind: "activate", digest }]
    const receipt = await append({ ...activation(candidate, active), reason, effects }, state, call, limit)
    return receipt && (await answer(candidate.bundle, state.epoch + 1n, receipt))
  }

  async function tryRequest(
    { digest, reason }: ActivateRequest,
    candidate: Candidate,
    active: ActiveBundle,
    state: ControlState,
    call: Call,
    limit: Limit,
  ): Promise<Activation | null> {
    const pending = await store.pending(clock.now().wallMs)
    const known = pending.find((one) => equalBytes(one.digest, digest) && equalBytes(one.previous, active.digest))
    if (known) return await answer(candidate.bundle, 0n, toReceipt(known.record), known)
    if (pending.length >= MAX_PENDING)
      throw new WritError("REQUEST_TOO_LARGE", `${MAX_PENDING} activations wait already. Decide some of them first.`)
    const id = randomUUID()
    const expiresAtMs = clock.now().wallMs + deps.activationTtlMs
    const requestedBy = call.caller.keyId
    const receipt = await append(
      {
        kind: "activation_requested",
        data: {
          activation_id: id,
          digest: toHex(digest),
          expires_at: new Date(expiresAtMs).toISOString(),
          previous: toHex(active.digest),
          requested_by: requestedBy,
          version: candidate.version,
        },
        reason,
        effects: [{ kind: "activation_requested", id, digest, previous: active.digest, requestedBy, expiresAtMs }],
        raisesEpoch: false,
      },
      state,
      call,
      limit,
    )
    const waiting = receipt && (await store.activation(id))
    return waiting && (await answer(candidate.bundle, 0n, receipt, waiting))
  }

  async function findActivation(id: string): Promise<StoredActivation> {
    const found = await store.activation(id)
    if (!found) throw new WritError("NOT_FOUND", "There is no activation of this id.")
    return found
  }

  /** `candidate`: looked at when it is to be granted. */
  async function tryDecide(request: DecideRequest, candidate: Candidate | null, call: Call, limit: Limit) {
    const { id, approve, reason } = request
    const state = deps.control()
    const waiting = await findActivation(id)
    const { digest, decision } = waiting
    const decidedBy = call.caller.keyId
    if (waiting.requestedBy === decidedBy)
      throw new WritError("FORBIDDEN", "Whoever asked for an activation cannot decide it: another operator must.")
    const outcome = approve ? "granted" : "refused"
    if (decision) {
      if (decision.by !== decidedBy || decision.outcome !== outcome)
        throw new WritError("INVALID_TRANSITION", `The activation was ${decision.outcome} already.`)
      const epoch = approve ? epochOf(decision.record) : 0n
      return await answer(await findBundle(digest), epoch, toReceipt(decision.record))
    }
    if (clock.now().wallMs >= waiting.expiresAtMs)
      throw new WritError(
        "INVALID_TRANSITION",
        `The activation lapsed at ${new Date(waiting.expiresAtMs).toISOString()}. Ask for it again.`,
      )
    const decided = { kind: "activation_decided", id, outcome, decidedBy } as const
    if (!candidate) {
      const data = { activation_id: id, decided_by: decidedBy, digest: toHex(digest) }
      const refusal = { kind: "activation_refused" as const, data, reason, effects: [decided], raisesEpoch: false }
      const receipt = await append(refusal, state, call, limit)
      return receipt && (await answer(await findBundle(digest), 0n, receipt))
    }
    assertInWindow(candidate)
    const active = await store.active()
    if (!active || !equalBytes(active.digest, waiting.previous))
      throw new WritError(
        "ACTIVE_BUNDLE_CHANGED",
        "Another policy bundle is active than when this activation was asked for. Ask for it again.",
      )
    const more = { activation_id: id, decided_by: decidedBy, requested_by: waiting.requestedBy }
    const effects: Effect[] = [{ kind: "activate", digest }, decided]
    const receipt = await append({ ...activation(candidate, active, more), reason, effects }, state, call, limit)
    return receipt && (await answer(candidate.bundle, state.epoch + 1n, receipt))
  }

  async function attempt(limit: Limit, once: () => Promise<Activation | null>): Promise<Activation> {
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      if (clock.now().monotonicMs >= limit.deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      const done = await deps.inTurn(once)
      if (done) return done
      // stale or a conflict: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }

  const toLimit = (call: Call) =>
    limitOf({ ...call, timeoutMs: call.timeoutMs ?? MAX_TIMEOUT_MS }, clock.now().monotonicMs)

  return {
    /** Throws NOT_FOUND, POLICY_INVALID, ACTIVE_BUNDLE_CHANGED. When it resolves, every replica decides by it. */
    async activate(request: ActivateRequest, call: Call): Promise<Activation> {
      const limit = toLimit(call)
      // Before its turn, in which it would hold up all others: what was published does not change.
      const candidate = await findCandidate(request.digest, limit)
      return await attempt(limit, () => tryActivate(request, candidate, call, limit))
    },

    /** Throws NOT_FOUND, FORBIDDEN, INVALID_TRANSITION, POLICY_INVALID, ACTIVE_BUNDLE_CHANGED. */
    async decide(request: DecideRequest, call: Call): Promise<Activation> {
      const limit = toLimit(call)
      const asked = await findActivation(request.id)
      const candidate = request.approve && !asked.decision ? await findCandidate(asked.digest, limit) : null
      return await attempt(limit, () => tryDecide(request, candidate, call, limit))
    },
  }
}

function epochOf(record: StoredRecord): bigint {
  return BigInt(readBody(record.body).epoch ?? "0")
}

function toReceipt({ origin, index, leafHash }: StoredRecord): Receipt {
  return { origin, index, leafHash }
}
