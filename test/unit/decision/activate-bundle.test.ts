import { beforeEach, describe, expect, test } from "vitest"
import { type ActivateDependencies, createActivation } from "../../../src/decision/activate-bundle.ts"
import type { StoredBundle } from "../../../src/decision/bundles.ts"
import { NO_OPINIONS } from "../../../src/decision/check-bundle.ts"
import type { BundleSignature } from "../../../src/decision/control.ts"
import { createStorePublication, signBundle } from "../../../src/decision/publish-bundle.ts"
import { createTurns } from "../../../src/decision/turns.ts"
import { fromHex, toHex } from "../../../src/formats/bytes.ts"
import type { Policy } from "../../../src/policy/types.ts"
import { BundleWorld, callOf, POLICY_SIGNER, policyOf } from "../../support/bundles.ts"
import { testSigner } from "../../support/decision.ts"
import { NOW_MS } from "../../support/policy.ts"

const TTL_MS = 60_000
const first = policyOf("1")
const second = policyOf("2")
const third = policyOf("3")
const ended = policyOf("4", { not_after: new Date(NOW_MS).toISOString() })

let world: BundleWorld
beforeEach(() => {
  world = new BundleWorld()
})
async function publish(policy: Policy, signer = POLICY_SIGNER): Promise<void> {
  const signatures = [await signBundle(policy.canonicalBytes, signer)]
  const store = createStorePublication(world.shared)
  await store({ checked: { ...policy, opinions: NO_OPINIONS }, signatures, comment: "" }, callOf("one").caller)
}
const activation = (more: Partial<ActivateDependencies> = {}) =>
  createActivation({ ...world.shared, inTurn: createTurns(), twoPerson: false, activationTtlMs: TTL_MS, ...more })
interface Asked extends Partial<ActivateDependencies> {
  readonly expected?: Policy
  readonly by?: string
}
const activate = (policy: Policy, { expected, by = "one", ...more }: Asked = {}) =>
  activation(more).activate(
    { digest: fromHex(policy.digest), expectedActive: expected ? fromHex(expected.digest) : null, reason: "why" },
    callOf(by),
  )
const decide = (id: string, approve: boolean, by: string) =>
  activation({ twoPerson: true }).decide({ id, approve, reason: "seen" }, callOf(by))
/** The second bundle waits for another operator; answers the activation's id. */
async function ask(): Promise<string> {
  for (const policy of [first, second, third]) await publish(policy)
  await activate(first)
  const { waiting } = await activate(second, { twoPerson: true })
  return (waiting as NonNullable<typeof waiting>).id
}

/** With other signatures than it was published with. */
function restore({ digest }: Policy, signatures: readonly BundleSignature[]): void {
  world.bundles.set(digest, { ...(world.bundles.get(digest) as StoredBundle), signatures })
}

describe("activate", () => {
  test("raises the control epoch from which on the bundle decides, with who did it and why", async () => {
    await publish(first)
    await publish(second)
    const one = await activate(first)
    expect(one).toMatchObject({ epoch: 8n, waiting: null, bundle: { version: "1", state: "active", previous: null } })
    expect(world.lastBody()).toMatchObject({ kind: "bundle_activated", actor: { id: "key:operator-one" }, epoch: "8" })
    expect(world.lastPayload()).toContain('{"reason":"why"}')
    const two = await activate(second, { expected: first })
    expect(two).toMatchObject({ epoch: 9n, bundle: { previous: fromHex(first.digest) } })
    expect(world.state.epoch).toBe(9n)
  })

  test("what is active already answers with its record, and writes none", async () => {
    await publish(first)
    const { receipt } = await activate(first)
    const count = world.entries.length
    expect(await activate(first)).toMatchObject({ epoch: 8n, receipt })
    expect(world.entries).toHaveLength(count)
  })

  test("only where the bundle is active that was expected; it is said which is", async () => {
    await publish(first)
    await publish(second)
    await expect(activate(second, { expected: first })).rejects.toMatchObject({
      code: "ACTIVE_BUNDLE_CHANGED",
      details: { active: "" },
    })
    await activate(first)
    await expect(activate(second, { expected: second })).rejects.toMatchObject({ details: { active: first.digest } })
    // and where another one becomes active in the very moment
    world.meanwhile.push(() => activate(second, { by: "two" }))
    await expect(activate(second, { expected: first })).rejects.toMatchObject({ code: "ACTIVE_BUNDLE_CHANGED" })
  })

  test("begins again when somebody else changed something first, and gives up at last", async () => {
    await publish(first)
    world.meanwhile.push(() => world.raiseEpoch())
    expect((await activate(first)).epoch).toBe(9n)
    await publish(second)
    world.meanwhile.push(...Array.from({ length: 20 }, () => () => world.raiseEpoch()))
    await expect(activate(second)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(world.active?.digest).toEqual(fromHex(first.digest))
  })

  test.each([
    ["what is not published", () => Promise.resolve(), first, "NOT_FOUND"],
    ["what no trusted key has signed", () => publish(first, testSigner(9)), first, "POLICY_INVALID"],
    ["what is outside of its window", () => publish(ended), ended, "POLICY_INVALID"],
    [
      "what is stored otherwise than it was published",
      async () => {
        await publish(first)
        await publish(second)
        world.contents.set(first.digest, second.canonicalBytes)
        restore(first, world.bundles.get(second.digest)?.signatures ?? [])
      },
      first,
      "POLICY_INVALID",
    ],
    [
      "what this program does not read any more",
      async () => {
        const content = Buffer.from('{"rules":[]}')
        await publish(first)
        world.contents.set(first.digest, content)
        const signature = await signBundle(content, POLICY_SIGNER)
        restore(first, [signature])
      },
      first,
      "POLICY_INVALID",
    ],
  ] as const)("refuses %s", async (_, prepare, policy, code) => {
    await prepare()
    const count = world.entries.length
    await expect(activate(policy)).rejects.toMatchObject({ code })
    expect([world.entries.length, world.active]).toEqual([count, null])
  })

  test("not with a key that was revoked meanwhile, and not after the deadline", async () => {
    await publish(first)
    const { callers } = world.state
    const revoking: ActivateDependencies["checkCanonical"] = async (content) => {
      world.state = { ...world.state, callers: new Map() }
      return await world.shared.checkCanonical(content)
    }
    await expect(activate(first, { checkCanonical: revoking })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    })
    world.state = { ...world.state, callers }
    const slow: ActivateDependencies["checkCanonical"] = async (content) => {
      world.clock.monotonicMs += 30_000
      return await world.shared.checkCanonical(content)
    }
    await expect(activate(first, { checkCanonical: slow })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    })
    expect(world.active).toBeNull()
  })
})

describe("two operators", () => {
  test("one asks, and nothing changes; another one grants, and it decides", async () => {
    const id = await ask()
    expect(world.lastBody()).toMatchObject({ kind: "activation_requested", data: { requested_by: "one" } })
    expect([world.state.epoch, toHex(world.active?.digest as Uint8Array)]).toEqual([8n, first.digest])
    expect(await decide(id, true, "two")).toMatchObject({ epoch: 9n, bundle: { version: "2", state: "active" } })
    expect(world.lastBody()).toMatchObject({
      kind: "bundle_activated",
      data: { activation_id: id, decided_by: "two", requested_by: "one", previous: first.digest },
    })
    const count = world.entries.length
    expect((await decide(id, true, "two")).epoch).toBe(9n) // the same again is the same answer
    await expect(decide(id, false, "two")).rejects.toMatchObject({ code: "INVALID_TRANSITION" })
    expect(world.entries).toHaveLength(count)
  })

  test("the first bundle ever needs nobody else; who asks again waits for the same", async () => {
    await publish(first)
    expect(await activate(first, { twoPerson: true })).toMatchObject({ epoch: 8n, waiting: null })
    await publish(second)
    const one = await activate(second, { twoPerson: true })
    const again = await activate(second, { twoPerson: true, by: "two" })
    expect(again.waiting?.id).toBe(one.waiting?.id)
    expect(one).toMatchObject({ epoch: 0n, bundle: { state: "pending" } })
  })

  test("who asked cannot decide; a refusal is final, and raises nothing", async () => {
    const id = await ask()
    await expect(decide(id, true, "one")).rejects.toMatchObject({ code: "FORBIDDEN" })
    expect(await decide(id, false, "two")).toMatchObject({ epoch: 0n, bundle: { state: "published" } })
    expect([world.lastBody().kind, world.state.epoch]).toEqual(["activation_refused", 8n])
    await expect(decide(id, true, "two")).rejects.toMatchObject({ code: "INVALID_TRANSITION" })
    expect(toHex(world.active?.digest as Uint8Array)).toBe(first.digest)
  })

  test("lapses with its time, and with the bundle that was active when it was asked for", async () => {
    const id = await ask()
    await activate(third)
    await expect(decide(id, true, "two")).rejects.toMatchObject({ code: "ACTIVE_BUNDLE_CHANGED" })
    world.clock.wallMs += TTL_MS
    await expect(decide(id, true, "two")).rejects.toMatchObject({ code: "INVALID_TRANSITION" })
    await expect(decide("none", true, "two")).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test("at most 64 wait at once", async () => {
    const id = await ask()
    const waiting = world.activations.get(id) as NonNullable<ReturnType<typeof world.activations.get>>
    for (let i = 1; i < 64; i++)
      world.activations.set(String(i), { ...waiting, id: String(i), digest: new Uint8Array(32).fill(i) })
    await expect(activate(third, { twoPerson: true })).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" })
  })
})
