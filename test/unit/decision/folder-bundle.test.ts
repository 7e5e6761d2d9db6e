import { beforeEach, describe, expect, test } from "vitest"
import { NO_OPINIONS } from "../../../src/decision/check-bundle.ts"
import { createFolderBundle, type FolderBundleDependencies } from "../../../src/decision/folder-bundle.ts"
import { createStorePublication } from "../../../src/decision/publish-bundle.ts"
import { fromHex } from "../../../src/formats/bytes.ts"
import type { Policy } from "../../../src/policy/types.ts"
import { BundleWorld, POLICY_SIGNER, policyOf } from "../../support/bundles.ts"
import { NOW_MS } from "../../support/policy.ts"

const DAEMON = { id: "writ", proof: "process" } as const
const first = policyOf("1")
const second = policyOf("2")

let world: BundleWorld
beforeEach(() => {
  world = new BundleWorld()
})
const apply = (policy: Policy, more: Partial<FolderBundleDependencies> = {}) =>
  createFolderBundle({
    ...world.shared,
    actor: DAEMON,
    publish: createStorePublication(world.shared),
    signer: POLICY_SIGNER,
    twoPerson: false,
    ...more,
  })(policy, NO_OPINIONS)
/** As the control state is once it was loaded. */
const loaded = (
  policy: Policy,
  problems: readonly never[] | readonly [{ code: "BUNDLE_UNTRUSTED"; text: string }] = [],
) => {
  world.state = { ...world.state, active: { policy, problems } }
}

describe("createFolderBundle", () => {
  test("the first bundle is published and activated by the daemon itself", async () => {
    expect(await apply(first)).toBe("activated")
    expect(world.kinds()).toEqual(["bundle_published", "bundle_activated"])
    expect(world.lastBody()).toMatchObject({ actor: DAEMON, data: { digest: first.digest, version: "1" }, epoch: "8" })
    expect([world.active?.digest, world.state.epoch]).toEqual([fromHex(first.digest), 8n])
  })

  test("the same folder again changes nothing; its next bundle follows, and names the one before", async () => {
    await apply(first)
    loaded(first)
    expect(await apply(first)).toBe("unchanged")
    expect(world.entries).toHaveLength(2)
    expect(await apply(second)).toBe("activated")
    expect(world.lastBody().data).toMatchObject({ digest: second.digest, previous: first.digest })
  })

  test.each([
    ["by somebody else", { actor: { id: "key:operator-1", proof: "api-key" as const } }, {}],
    ["by another daemon's folder", { origin: "elsewhere" }, {}],
    ["where two must agree", {}, { twoPerson: true }],
  ])("what was activated %s stays", async (_, by, here) => {
    const { actor = DAEMON, ...rest } = by as { actor?: typeof DAEMON; origin?: string }
    await apply(first, { actor })
    if (rest.origin && world.active) world.active = { ...world.active, record: { ...world.active.record, ...rest } }
    expect(await apply(second, here)).toBe("kept")
    expect(world.bundles.has(second.digest)).toBe(false)
  })

  test("where two must agree, the first one still needs nobody", async () => {
    expect(await apply(first, { twoPerson: true })).toBe("activated")
  })

  test("an active bundle that only lacks this daemon's signature gets it", async () => {
    await apply(first)
    const bundle = world.bundles.get(first.digest)
    if (bundle) world.bundles.set(first.digest, { ...bundle, signatures: [] })
    loaded(first, [{ code: "BUNDLE_UNTRUSTED", text: "" }])
    expect(await apply(first)).toBe("vouched")
    expect(world.kinds().at(-1)).toBe("bundle_signed")
    expect(world.bundles.get(first.digest)?.signatures).toHaveLength(1)
  })

  test("outside of its window it is refused, before anything is stored", async () => {
    const ended = policyOf("3", { not_after: new Date(NOW_MS).toISOString() })
    const later = policyOf("4", { not_before: new Date(NOW_MS + 1_000).toISOString() })
    for (const policy of [ended, later]) await expect(apply(policy)).rejects.toMatchObject({ code: "POLICY_INVALID" })
    expect(world.entries).toEqual([])
  })

  test("what an operator activates meanwhile stays", async () => {
    await apply(first)
    world.meanwhile.push(
      () => {}, // the publication
      () => {
        const record = { ...world.active?.record, origin: "the operator's replica" } as never
        world.active = { digest: fromHex(policyOf("theirs").digest), record }
        world.raiseEpoch()
      },
    )
    expect(await apply(second)).toBe("kept")
    expect(world.active?.digest).toEqual(fromHex(policyOf("theirs").digest))
  })

  test("gives up when the control state keeps changing", async () => {
    const publish = createStorePublication(world.shared)
    await apply(first)
    world.meanwhile.push(() => {}, ...Array.from({ length: 40 }, () => () => world.raiseEpoch()))
    await expect(apply(second, { publish })).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(world.active?.digest).toEqual(fromHex(first.digest))
  })
})
