/**
 * What ends with what: children with the execution that they descend from, executions with the lease that they live by. Every
 * step is a record of its own; what a crash leaves undone is found again by a sweep of any replica.
 */
import { toHex } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Clock } from "../ledger/clock.ts"
import type { FoundExecution } from "../ledger/lineage.ts"
import type { Actor } from "../ledger/record.ts"
import type { Bound } from "../ledger/store.ts"
import type { Runtime } from "../runtime/runtime.ts"
import { isOpen } from "../runtime/states.ts"
import { MAX_TTL_MS } from "../token/token.ts"
import type { RevokeOne } from "./revoke.ts"
import type { ControlState } from "./state.ts"

/** Looked at in one go. */
const PAGE = 256
const SWEEP_TIMEOUT_MS = 10_000
/** A token that ended longer ago is redeemed on no replica, whatever its clock says. */
const AUTHORIZED_MS = MAX_TTL_MS + 60_000
/** A second registration leaves the lease before it alive for so long beyond what is known of it. */
const CONTESTED_GRACE_MS = 2_000

export interface CascadeStore {
  findExecution(executionId: string): Promise<FoundExecution | null>
  /** Of these, all that is AUTHORIZED since then (Unix milliseconds) or REDEEMED. */
  liveDescendants(executionId: string, sinceMs: number, limit: number): Promise<readonly string[]>
  /** What is so, and the executions that it descends from that are REVOKED or LOST. */
  orphans(
    sinceMs: number,
    limit: number,
  ): Promise<readonly { readonly executionId: string; readonly ancestor: string }[]>
  /** Leases that REDEEMED executions live by. */
  boundLeases(): Promise<readonly Bound[]>
  boundTo(bound: Bound, limit: number): Promise<readonly string[]>
}

export interface CascadeDependencies {
  readonly clock: Clock
  readonly store: CascadeStore
  /** Who ends what nobody ended by name. */
  readonly actor: Actor
  readonly revokeOne: RevokeOne
  /** Records that an execution was lost with its lease, as was seen at this epoch; false when it is not so any more. */
  loseLease(executionId: string, epoch: bigint): Promise<boolean>
  control(): ControlState
}

export type Cascade = ReturnType<typeof createCascade>

export function createCascade({ clock, store, actor, revokeOne, loseLease, control }: CascadeDependencies) {
  const soon = () => clock.now().monotonicMs + SWEEP_TIMEOUT_MS
  const since = () => clock.now().wallMs - AUTHORIZED_MS

  /**
   * Until nothing that descends from it is alive. The ancestor's row says that it has ended, so it gets no more children, and
   * neither does each descendant once it is revoked: what was being authorized meanwhile is found in the next round.
   */
  async function descendants(executionId: string, data: JsonObject, deadlineMs: number): Promise<void> {
    for (;;) {
      const alive = await store.liveDescendants(executionId, since(), PAGE)
      if (alive.length === 0) return
      for (const id of alive) await revokeOne(id, { actor, data, reason: null, deadlineMs })
    }
  }

  async function ofLost(executionId: string): Promise<void> {
    const found = await store.findExecution(executionId)
    if (found && (found.state === "LOST" || found.state === "REVOKED"))
      await descendants(executionId, causeOf(executionId, found.state, found.last.leafHash), soon())
  }

  return {
    ofRevoked: (executionId: string, record: { readonly leafHash: Uint8Array }, deadlineMs: number) =>
      descendants(executionId, causeOf(executionId, "REVOKED", record.leafHash), deadlineMs),

    /** Executions of runtimes that were stopped are revoked, those of leases that are over are lost, with all their children. */
    async sweepLeases(): Promise<void> {
      for (const bound of await store.boundLeases()) {
        const { runtimes, epoch } = control()
        const runtime = runtimes.get(bound.runtime)
        const end = runtime && endOf(runtime, bound, clock.now().wallMs)
        if (!end) continue
        for (const executionId of await store.boundTo(bound, PAGE)) {
          if (end === "LOST") {
            if (await loseLease(executionId, epoch)) await ofLost(executionId)
            continue
          }
          const data = { cause: `RUNTIME_${end}` }
          const outcome = await revokeOne(executionId, { actor, data, reason: null, deadlineMs: soon() })
          if (outcome.kind === "revoked")
            await descendants(executionId, causeOf(executionId, "REVOKED", outcome.receipt.leafHash), soon())
        }
      }
    },

    /** What was left alive below an execution that has ended. */
    async sweepOrphans(): Promise<void> {
      const ancestors = new Set((await store.orphans(since(), PAGE)).map(({ ancestor }) => ancestor))
      for (const ancestor of ancestors) await ofLost(ancestor)
    },
  }
}

function causeOf(ancestor: string, state: "REVOKED" | "LOST", leafHash: Uint8Array): JsonObject {
  return { ancestor, ancestor_record: toHex(leafHash), cause: `ANCESTOR_${state}` }
}

/** How executions that live by this lease end; null: it is alive. */
function endOf(runtime: Runtime, { leaseId }: Bound, nowMs: number): "QUARANTINED" | "REVOKED" | "LOST" | null {
  const { state, contested } = runtime
  if (state === "QUARANTINED" || state === "REVOKED") return state
  if (runtime.lease_id === leaseId) return isOpen(state) ? null : "LOST"
  return contested?.lease_id === leaseId && nowMs < contested.until + CONTESTED_GRACE_MS ? null : "LOST"
}
