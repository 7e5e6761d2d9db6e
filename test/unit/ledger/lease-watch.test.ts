import { describe, expect, test } from "vitest"
import { LEASE_LIFE_MS, LEASE_LOOK_MS, type Lease, LeaseWatch } from "../../../src/ledger/lease-watch.ts"

const lease = (more: Partial<Lease> = {}): Lease => ({
  logId: 1,
  origin: "log.example/1",
  verifierKey: "",
  size: 5,
  root: new Uint8Array(32),
  fence: 1n,
  beat: 1n,
  ...more,
})

/** Looks four times a second from `fromMs` to `toMs`; answers what the last look gave. */
function lookOn(watch: LeaseWatch, leases: (nowMs: number) => readonly Lease[], fromMs: number, toMs: number): Lease[] {
  let lapsed: Lease[] = []
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += LEASE_LOOK_MS) lapsed = watch.look(leases(nowMs), nowMs)
  return lapsed
}

describe("LeaseWatch", () => {
  test("a lease that stands still for its life has lapsed, and not a look before", () => {
    const watch = new LeaseWatch()
    expect(lookOn(watch, () => [lease()], 0, LEASE_LIFE_MS - 1)).toEqual([])
    expect(watch.look([lease()], LEASE_LIFE_MS)).toEqual([lease()])
  })

  test.each([
    ["a beat", (nowMs: number) => lease({ beat: BigInt(nowMs) })],
    ["an append", (nowMs: number) => lease({ size: nowMs })],
    ["a take-over", (nowMs: number) => lease({ fence: BigInt(nowMs) })],
  ])("%s is a sign of life", (_, at) => {
    expect(lookOn(new LeaseWatch(), (nowMs) => [at(nowMs)], 0, 10 * LEASE_LIFE_MS)).toEqual([])
  })

  test("each log for itself; one that is gone from the list begins anew", () => {
    const watch = new LeaseWatch()
    const dead = lease({ logId: 2 })
    expect(lookOn(watch, (nowMs) => [lease({ beat: BigInt(nowMs) }), dead], 0, LEASE_LIFE_MS)).toEqual([dead])
    watch.look([], LEASE_LIFE_MS + LEASE_LOOK_MS)
    expect(watch.look([dead], LEASE_LIFE_MS + 2 * LEASE_LOOK_MS)).toEqual([])
  })

  test("who has not looked for a while, or has never looked, says nothing of what was before", () => {
    const watch = new LeaseWatch()
    expect(watch.look([lease()], 10 * LEASE_LIFE_MS)).toEqual([])
    lookOn(watch, () => [lease()], 0, LEASE_LIFE_MS - LEASE_LOOK_MS)
    const pausedMs = LEASE_LIFE_MS + 5 * LEASE_LOOK_MS
    expect(watch.look([lease()], pausedMs)).toEqual([])
    expect(lookOn(watch, () => [lease()], pausedMs, pausedMs + LEASE_LIFE_MS - 1)).toEqual([])
    expect(lookOn(watch, () => [lease()], pausedMs, pausedMs + LEASE_LIFE_MS)).toEqual([lease()])
  })
})
