import { describe, expect, test } from "vitest"
import { createTrustCheck } from "../../../src/decision/bundle-trust.ts"
import type { StoredBundle } from "../../../src/decision/bundles.ts"
import { createFindPublished, type PublishedDependencies } from "../../../src/decision/published-policies.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import type { Policy } from "../../../src/policy/types.ts"
import { testSigner } from "../../support/decision.ts"
import { load } from "../../support/policy.ts"

const signer = testSigner(1)
const bundles = Array.from({ length: 10 }, (_, i) => {
  const { policy } = load({ version: String(i), types: { subjects: {}, resources: {}, actions: {} }, rules: [] })
  return policy
})
const [first, second] = bundles as unknown as readonly [Policy, Policy]
const ENOUGH_MS = 5_000

/** What is compiled waits for `gate`. */
function setUp(more: Partial<PublishedDependencies> = {}) {
  const compiled: string[] = []
  const state = { running: 0, most: 0, gate: Promise.resolve() as Promise<void> }
  const byBytes = new Map(bundles.map((policy) => [toHex(policy.canonicalBytes), policy]))
  const stored = new Map(bundles.map((policy) => [policy.digest, policy]))
  const find = createFindPublished({
    store: {
      async find(digest) {
        const signatures = [{ publicKey: signer.publicKey, signature: signer.sign(digest) }] // of what it is, hasSigned says
        return stored.has(toHex(digest)) ? ({ digest, signatures } as unknown as StoredBundle) : null
      },
      content: async (digest) => stored.get(toHex(digest))?.canonicalBytes ?? null,
    },
    activated: { peek: () => undefined },
    async compile(content) {
      state.most = Math.max(state.most, ++state.running)
      await state.gate
      state.running--
      const policy = byBytes.get(toHex(content)) ?? null
      compiled.push(policy?.version ?? "none")
      return policy
    },
    checkTrust: createTrustCheck({ trustedPolicyKeys: [signer.publicKey], hasSigned: () => true }),
    ...more,
  })
  return { find, compiled, state }
}

describe("createFindPublished", () => {
  test("compiles once what is asked for again, with what stands against it", async () => {
    const { find, compiled } = setUp()
    expect(await find(first.digest, ENOUGH_MS)).toEqual({ policy: first, problems: [] })
    expect((await find(first.digest, ENOUGH_MS)).policy).toBe(first)
    expect(compiled).toEqual(["0"])
    const untrusted = setUp({ checkTrust: createTrustCheck({ trustedPolicyKeys: [], hasSigned: () => true }) })
    expect((await untrusted.find(first.digest, ENOUGH_MS)).problems).toMatchObject([{ code: "BUNDLE_UNTRUSTED" }])
  })

  test("takes what is compiled for activation as it is", async () => {
    const { find, compiled } = setUp({ activated: { peek: () => Promise.resolve(second) } })
    expect((await find(second.digest, ENOUGH_MS)).policy).toBe(second)
    expect(compiled).toEqual([])
  })

  test("what is not published, and what is no bundle", async () => {
    const { find } = setUp()
    await expect(find("ab".repeat(32), ENOUGH_MS)).rejects.toMatchObject({ code: "NOT_FOUND" })
    const broken = setUp({ compile: async () => null })
    await expect(broken.find(first.digest, ENOUGH_MS)).rejects.toMatchObject({ code: "POLICY_INVALID" })
  })

  test("one at a time; what is known does not wait for what is compiled", async () => {
    const { find, state, compiled } = setUp()
    await find(first.digest, ENOUGH_MS)
    let open = () => {}
    state.gate = new Promise((resolve) => {
      open = resolve
    })
    const waiting = bundles.slice(1, 5).map((policy) => find(policy.digest, ENOUGH_MS))
    expect((await find(first.digest, ENOUGH_MS)).policy).toBe(first)
    expect(compiled).toEqual(["0"])
    open()
    await Promise.all(waiting)
    expect([state.most, compiled]).toEqual([1, ["0", "1", "2", "3", "4"]])
  })

  test("whose deadline passes is told, and finds it compiled later", async () => {
    const { find, state, compiled } = setUp()
    let open = () => {}
    state.gate = new Promise((resolve) => {
      open = resolve
    })
    await expect(find(first.digest, 5)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    open()
    expect((await find(first.digest, ENOUGH_MS)).policy).toBe(first)
    expect(compiled).toEqual(["0"])
  })

  test("at most eight wait, also where their deadlines have passed", async () => {
    const { find, state } = setUp()
    let open = () => {}
    state.gate = new Promise((resolve) => {
      open = resolve
    })
    const late = bundles.slice(0, 8).map((policy) => find(policy.digest, 1))
    for (const one of late) await expect(one).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    await expect(find((bundles[8] as Policy).digest, ENOUGH_MS)).rejects.toMatchObject({ code: "QUEUE_FULL" })
    open()
    await expect
      .poll(() =>
        find((bundles[8] as Policy).digest, ENOUGH_MS).then(
          ({ policy }) => policy.version,
          () => "",
        ),
      )
      .toBe("8")
  })

  test("after a fault it may be asked for again", async () => {
    let fault: Error | null = new Error("the thread died")
    const { find } = setUp({
      async compile() {
        if (fault) throw fault
        return first
      },
    })
    await expect(find(first.digest, ENOUGH_MS)).rejects.toThrow("the thread died")
    fault = null
    expect((await find(first.digest, ENOUGH_MS)).policy.digest).toBe(first.digest)
  })
})
