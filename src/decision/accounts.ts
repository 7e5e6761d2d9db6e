/**
 * How many executions were redeemed under a lease, to which its runtime's counter is held. Memory knows a lower bound: what was
 * redeemed here, or what the database said last. The database is asked only when a beat claims more.
 */
import type { Leases } from "./leases.ts"

/** A beat waits no longer for the database: its runtime's lease is running. */
export const MAX_COUNT_MS = 1_000

export interface AccountsDependencies {
  readonly leases: Leases<unknown>
  /** By the ledger's projection, through all replicas. */
  count(leaseId: string): Promise<bigint>
}

export function createAccounts({ leases, count }: AccountsDependencies) {
  /** One at a time for each lease: whoever repeats a beat does not multiply the queries. */
  const counting = new Map<string, Promise<bigint>>()
  const known = (leaseId: string) => leases.get(leaseId)?.redeemed ?? 0n

  async function read(leaseId: string): Promise<bigint> {
    const counted = await count(leaseId)
    const lease = leases.get(leaseId)
    if (!lease) return counted
    if (lease.redeemed < counted) lease.redeemed = counted
    return lease.redeemed
  }

  async function ask(leaseId: string, claimed: bigint): Promise<bigint> {
    const before = counting.get(leaseId)
    if (before) {
      await before.catch(() => {}) // begun before this was asked: it may not have seen the newest
      if (claimed <= known(leaseId)) return known(leaseId)
    }
    let asked = counting.get(leaseId)
    if (!asked) {
      asked = read(leaseId).finally(() => counting.delete(leaseId))
      counting.set(leaseId, asked)
    }
    return await asked
  }

  return {
    /** An execution was redeemed under this lease, by a record that is durable. */
    add(leaseId: string): void {
      const lease = leases.get(leaseId)
      if (!lease) return
      lease.redeemedHere += 1n
      // Not added to what the database said, which may have seen it already.
      if (lease.redeemed < lease.redeemedHere) lease.redeemed = lease.redeemedHere
    },

    /** Exact where it is less than was claimed. Null: the database did not say in time. Never rejects. */
    async redeemed(leaseId: string, claimed: bigint): Promise<bigint | null> {
      if (claimed <= known(leaseId)) return known(leaseId)
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(resolve, MAX_COUNT_MS, null)
      })
      const asked = ask(leaseId, claimed).catch(() => null)
      return await Promise.race([asked, late]).finally(() => clearTimeout(timer))
    },
  }
}
