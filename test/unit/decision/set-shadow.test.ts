import { describe, expect, test } from "vitest"
import { createShadowControl, DEFAULT_SHADOW_MS, type ShadowRequest } from "../../../src/decision/set-shadow.ts"
import { fromHex } from "../../../src/formats/bytes.ts"
import { BundleWorld, callOf, policyOf } from "../../support/bundles.ts"

function setUp() {
  const world = new BundleWorld()
  const { digest, canonicalBytes } = policyOf("1")
  world.contents.set(digest, canonicalBytes)
  const record = { origin: "o", logId: 1, index: 0, leafHash: new Uint8Array(32), payload: null }
  const body = Buffer.from(JSON.stringify({ kind: "bundle_published", data: { version: "1", rules: 0 } }))
  world.bundles.set(digest, { digest: fromHex(digest), signatures: [], record: { ...record, body }, publishedAtMs: 0 })
  let told = 0
  const control = createShadowControl({
    ...world.shared,
    inTurn: (work) => work(),
    tellOwn: async () => void told++,
  })
  const request = (more: Partial<ShadowRequest> = {}): ShadowRequest => ({
    digest: fromHex(digest),
    samplePerMillion: 0,
    durationMs: null,
    reason: "because",
    ...more,
  })
  return { world, control, request, digest, told: () => told }
}

describe("createShadowControl", () => {
  test("set, told, ended: each a record that raises the epoch, with its actor and reason", async () => {
    const { world, control, request, digest, told } = setUp()
    const { epoch } = world.state
    expect(await control.get()).toBeNull()
    expect(await control.set(request(), callOf("one"))).toMatchObject({ bundle: { state: "shadow" } })
    expect(world.state.epoch).toBe(epoch + 1n)
    const ends_at = new Date(world.clock.wallMs + DEFAULT_SHADOW_MS).toISOString()
    expect(world.lastBody()).toMatchObject({
      kind: "shadow_changed",
      actor: { id: "key:operator-one" },
      epoch: String(epoch + 1n),
      data: { digest, ends_at, sample_per_million: 1_000_000, version: "1" },
    })
    expect(world.lastPayload()).toContain('{"reason":"because"}')
    expect(await control.get()).toMatchObject({ setting: { digest, setBy: "key:operator-one" }, replicas: [] })
    expect(told()).toBe(2)
    expect(await control.set(request({ digest: null }), callOf("two"))).toMatchObject({ bundle: null })
    expect(world.lastBody().data).toEqual({ previous: digest })
    expect(await control.get()).toBeNull()
    expect(await control.set(request({ digest: null }), callOf("two"))).toEqual({ bundle: null, receipt: null })
    expect(world.kinds()).toEqual(["shadow_changed", "shadow_changed"])
  })

  test("what a replica says of another setting is not what it says of this one", async () => {
    const { world, control, request } = setUp()
    await control.set(request(), callOf("one"))
    const counted = { id: "of another", state: "comparing", problem: "", sinceMs: 0, dropped: 0, changes: [] }
    world.shadowRows.push({ origin: "o", seenAtMs: 0, report: { ...counted, counts: {} } as never })
    expect((await control.get())?.replicas).toEqual([{ origin: "o", seenAtMs: 0, report: null }])
  })

  test("somebody else changes something first: it is tried again, until the deadline or a revoked credential", async () => {
    const { world, control, request } = setUp()
    world.meanwhile.push(() => world.raiseEpoch())
    await control.set(request(), callOf("one"))
    expect(world.entries).toHaveLength(2)
    world.meanwhile.push(() => {
      world.raiseEpoch()
      world.clock.monotonicMs += 60_000
    })
    await expect(control.set(request(), callOf("one"))).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    await expect(control.set(request(), callOf("nobody"))).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    for (let i = 0; i < 16; i++) world.meanwhile.push(() => world.raiseEpoch())
    await expect(control.set(request(), callOf("one"))).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
  })
})
