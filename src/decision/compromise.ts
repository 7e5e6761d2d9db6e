/**
 * What was started by a log whose token key is compromised is revoked, with all that descends from it. What was authorized
 * and has not started needs no record: from the key's withdrawal on no replica redeems it (`redeem.ts`).
 */
import type { Clock } from "../ledger/clock.ts"
import type { FoundExecution } from "../ledger/lineage.ts"
import type { Actor } from "../ledger/record.ts"
import type { Cascade } from "./cascade.ts"
import type { RevokeOne } from "./revoke.ts"
import type { ControlState } from "./state.ts"
import { isCompromised } from "./token-key.ts"

/** Looked at in one go. */
const PAGE = 256
const REVOKE_TIMEOUT_MS = 10_000

export interface CompromiseDependencies {
  readonly clock: Clock
  /** Who revokes what nobody revokes by name. */
  readonly actor: Actor
  readonly store: {
    findExecution(executionId: string): Promise<FoundExecution | null>
    /** REDEEMED executions after this one, in the order of their ids. */
    redeemed(after: string | null, limit: number): Promise<readonly string[]>
  }
  readonly revokeOne: RevokeOne
  readonly cascade: Pick<Cascade, "ofRevoked">
  control(): ControlState
}

/**
 * Answers how many it has revoked. When it resolves, nothing that was started by a compromised key is alive. A crash leaves
 * what is left to the next call, on any replica.
 */
export function createCompromiseSweep(deps: CompromiseDependencies): () => Promise<number> {
  /** By how many keys were withdrawn, since that is never taken back: what was looked through, and who does it now. */
  let done = 0
  let running: { readonly withdrawals: number; readonly count: Promise<number> } | null = null

  async function revoke(executionId: string): Promise<boolean> {
    const found = await deps.store.findExecution(executionId)
    if (!found || !isCompromised(deps.control().tokenKeys, found.decision)) return false
    const deadlineMs = deps.clock.now().monotonicMs + REVOKE_TIMEOUT_MS
    const data = { cause: "TOKEN_KEY_COMPROMISED" }
    const outcome = await deps.revokeOne(executionId, { actor: deps.actor, data, reason: null, deadlineMs })
    if (outcome.kind !== "revoked") return false
    await deps.cascade.ofRevoked(executionId, outcome.receipt, deadlineMs)
    return !outcome.before
  }

  async function sweep(withdrawals: number): Promise<number> {
    let count = 0
    let after: string | null = null
    for (;;) {
      const page: readonly string[] = await deps.store.redeemed(after, PAGE)
      for (const id of page) if (await revoke(id)) count++
      after = page.at(-1) ?? null
      if (after === null) break
    }
    done = withdrawals // no more can have started by these keys since
    return count
  }

  return async () => {
    const withdrawals = deps.control().tokenKeys.filter(({ withdrawn }) => withdrawn !== null).length
    if (withdrawals === done) return 0
    if (running?.withdrawals !== withdrawals) {
      const run = { withdrawals, count: sweep(withdrawals) }
      running = run
      const end = () => {
        if (running === run) running = null
      }
      run.count.then(end, end)
    }
    return await running.count
  }
}
