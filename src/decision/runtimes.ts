/** What happens to runtimes beside their beats: a clean end, an operator's word, silence. */
import { setImmediate as nextTurn } from "node:timers/promises"
import { nativeCrypto } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import { type End, endBytes } from "../formats/runtime-messages.ts"
import type { Clock } from "../ledger/clock.ts"
import { LEASE_TTL_MS, type Runtime, runtimeKey } from "../runtime/runtime.ts"
import { isOpen, nextState, type RuntimeState } from "../runtime/states.ts"
import { verifySignature } from "../verify/signature.ts"
import type { Call } from "./authorize.ts"
import type { BeatAnswer } from "./heartbeat.ts"
import type { LeaseStore, Leases } from "./leases.ts"
import { limitOf } from "./limits.ts"
import type { Receipt, RuntimeChanged, RuntimeChanges } from "./runtime-changes.ts"
import type { ControlState } from "./state.ts"

const MAX_REASON_BYTES = 1_024
/** A lease that lapsed is refused at once; this much later its runtime is recorded as ended. */
const SWEEP_GRACE_MS = 2_000
/** Of one sweep: each is a record of its own. */
const MAX_SWEPT = 256
/** Runtimes and leases that are worked off at once. */
const SLICE = 512
/** How much further back than the last time the leases of others are read: what they wrote late. */
const READ_OVERLAP_MS = 5_000
const WRIT = { id: "writ", proof: "process" } as const

export interface RuntimesDependencies {
  readonly clock: Clock
  readonly leases: Leases<BeatAnswer>
  readonly leaseStore: LeaseStore
  readonly changes: RuntimeChanges
  control(): ControlState
}

/** A runtime as it is shown: `STALE` when nothing was heard of it since the start. */
export interface RuntimeView {
  readonly runtime: Runtime
  readonly state: RuntimeState | "STALE"
  readonly lastSequence: bigint
  readonly counters: Readonly<Record<string, string>> | null
  /** Unix milliseconds; null when it is not known. */
  readonly leaseEndsMs: number | null
}

const OPERATOR_EVENTS = { QUARANTINED: "quarantined", REVOKED: "revoked", PROVISIONAL: "released" } as const

export function createRuntimes(deps: RuntimesDependencies) {
  const { clock, leases, changes } = deps
  let readAtMs = Number.NEGATIVE_INFINITY

  function view(runtime: Runtime): RuntimeView {
    const now = clock.now()
    const lease = leases.get(runtime.lease_id)
    const left = leases.leftMs(runtime.lease_id, now.monotonicMs)
    const isSilent = left === null && isOpen(runtime.state) && runtime.state !== "QUARANTINED"
    return {
      runtime,
      state: isSilent ? "STALE" : runtime.state,
      lastSequence: lease?.sequence ?? 0n,
      counters: lease?.counters ?? null,
      leaseEndsMs: left === null ? null : now.wallMs + Math.round(left),
    }
  }

  function find(id: string): Runtime {
    const runtime = deps.control().runtimes.get(runtimeKey(id))
    if (!runtime) throw new WritError("NOT_FOUND", "There is no runtime with this id.")
    return runtime
  }

  return {
    view,
    get: (id: string): RuntimeView => view(find(id)),

    /** By key, so that pages hold together while runtimes come and go. */
    list(
      after: string,
      limit: number,
      matches: (view: RuntimeView) => boolean,
    ): { readonly page: readonly RuntimeView[]; readonly next: string } {
      const keys = [...deps.control().runtimes.keys()].filter((key) => key > after).sort()
      const page: RuntimeView[] = []
      for (const key of keys) {
        const runtime = deps.control().runtimes.get(key)
        const shown = runtime && view(runtime)
        if (!shown || !matches(shown)) continue
        if (page.length === limit) return { page, next: runtimeKey(page.at(-1)?.runtime.id as string) }
        page.push(shown)
      }
      return { page, next: "" }
    },

    /** A clean end, proved by the key. The same again gets NOT_FOUND's sibling INVALID_TRANSITION. */
    async end(end: End, proof: Uint8Array, call: Call): Promise<Receipt> {
      const limit = limitOf(call, clock.now().monotonicMs)
      const runtime = find(end.runtime_id)
      if (runtime.lease_id !== end.lease_id) throw new WritError("NOT_FOUND", "There is no such lease.")
      if (!verifySignature(nativeCrypto, fromHex(runtime.public_key), endBytes(end), proof))
        throw new WritError("FORBIDDEN", "The proof is not by the registered key.")
      const changed = await changes.happen(runtimeKey(runtime.id), end.lease_id, "ended", [], call.caller, { limit })
      if (!changed)
        throw new WritError("INVALID_TRANSITION", `The runtime is ${find(end.runtime_id).state} and cannot end.`)
      return changed.receipt
    },

    async setState(id: string, state: string, reason: string, call: Call): Promise<RuntimeChanged> {
      const limit = limitOf(call, clock.now().monotonicMs)
      if (Buffer.byteLength(reason) > MAX_REASON_BYTES)
        throw new WritError("REQUEST_TOO_LARGE", `reason is larger than ${MAX_REASON_BYTES} bytes.`)
      if (!reason.isWellFormed()) throw new WritError("INVALID_REQUEST", "reason is not valid text.")
      if (!Object.hasOwn(OPERATOR_EVENTS, state))
        throw new WritError("INVALID_REQUEST", "state must be QUARANTINED, REVOKED or PROVISIONAL.")
      const event = OPERATOR_EVENTS[state as keyof typeof OPERATOR_EVENTS]
      const runtime = find(id)
      const changed = await changes.happen(runtimeKey(id), runtime.lease_id, event, [], call.caller, {
        note: reason,
        limit,
      })
      if (!changed)
        throw new WritError("INVALID_TRANSITION", `The runtime is ${find(id).state}; it cannot be ${state}.`)
      return changed
    },

    /**
     * Leases of all runtimes: told to and learned from the other replicas; those that lapsed end their runtimes. A little
     * at a time: with thousands of runtimes a decision must not wait for it.
     */
    async sweep(): Promise<void> {
      const { monotonicMs } = clock.now()
      leases.tick(monotonicMs)
      const before = leases.ids() // what is given while this waits is not looked at
      const open = new Set<string>()
      const silent: [key: string, leaseId: string][] = []
      let looked = 0
      for (const [key, { contested, lease_id, state }] of deps.control().runtimes) {
        if (++looked % SLICE === 0) await nextTurn()
        if (!isOpen(state)) continue
        open.add(lease_id)
        if (contested) open.add(contested.lease_id)
        const { endsAtMs } = leases.open(lease_id, monotonicMs)
        if (monotonicMs >= endsAtMs + SWEEP_GRACE_MS && nextState(state, "lapsed")) silent.push([key, lease_id])
      }
      for (const leaseId of before) if (!open.has(leaseId)) leases.forget(leaseId)
      const dirty = leases.takeDirty(monotonicMs)
      for (let at = 0; at < dirty.length; at += SLICE) await deps.leaseStore.write(dirty.slice(at, at + SLICE))
      const others = await deps.leaseStore.readOthers(Math.min(LEASE_TTL_MS, monotonicMs - readAtMs + READ_OVERLAP_MS))
      readAtMs = monotonicMs
      leases.learn(others, monotonicMs)
      for (const [key, leaseId] of silent.slice(0, MAX_SWEPT)) {
        const lease = leases.get(leaseId) // another replica may have heard of it
        if (lease && monotonicMs >= lease.endsAtMs + SWEEP_GRACE_MS)
          await changes.happen(key, leaseId, "lapsed", [], WRIT)
      }
    },
  }
}
