import { beforeEach, describe, expect, test } from "vitest"
import { BUNDLE_PAYLOAD_TYPE, bundleSigningInput } from "../../../src/decision/control.ts"
import { createPublish, type PublishDependencies } from "../../../src/decision/publish-bundle.ts"
import { createRate } from "../../../src/decision/rate.ts"
import { testBundle } from "../../../src/decision/test-bundle.ts"
import { encodeDsseEnvelope } from "../../../src/formats/dsse.ts"
import { BundleWorld, bundleText, callOf, POLICY_SIGNER, policyOf } from "../../support/bundles.ts"
import { testSigner } from "../../support/decision.ts"

const other = testSigner(2)
const stranger = testSigner(3)
const NO_ENVELOPE: Uint8Array = new Uint8Array()
const first = policyOf("1")
const filesOf = (text: string) => ({ "policy.yaml": text })
const envelopeBy = (signer: typeof other, content = first.canonicalBytes) =>
  encodeDsseEnvelope({
    payloadType: BUNDLE_PAYLOAD_TYPE,
    payload: new Uint8Array(),
    signatures: [{ keyid: "", signature: signer.sign(bundleSigningInput(content)) }],
  })

let world: BundleWorld
beforeEach(() => {
  world = new BundleWorld()
})
const publish = (
  { text = bundleText("1"), envelope = NO_ENVELOPE, files = {}, comment = "" } = {},
  more: Partial<PublishDependencies> = {},
  call = callOf("one"),
) =>
  createPublish({
    ...world.shared,
    rate: createRate(1_000_000),
    trustedPolicyKeys: [POLICY_SIGNER.publicKey, other.publicKey],
    signer: POLICY_SIGNER,
    testFiles: async (given, filter) => testBundle(given, filter),
    ...more,
  })({ files: { ...filesOf(text), ...files }, envelope, comment }, call)

describe("createPublish", () => {
  test("stores the bundle, its signature and a record that says what it is, and answers that it is published", async () => {
    const { bundle, receipt, alreadyPublished } = await publish({ comment: "why" })
    expect(bundle).toMatchObject({
      version: "1",
      ruleCount: 0,
      state: "published",
      signedBy: [POLICY_SIGNER.publicKey],
    })
    expect([receipt.index, alreadyPublished, world.state.epoch]).toEqual([0, false, 7n])
    expect(world.contents.get(first.digest)).toEqual(first.canonicalBytes)
    expect(world.lastBody()).toMatchObject({
      kind: "bundle_published",
      actor: { id: "key:operator-one" },
      data: { digest: first.digest, rules: 0, version: "1", signatures: [{}] },
    })
    expect(world.lastPayload()).toContain('{"comment":"why"}')
  })

  test("the same again is the same record; another key is added to it, and every replica looks at it again", async () => {
    const { receipt } = await publish()
    const again = await publish()
    expect([again.alreadyPublished, again.receipt]).toEqual([true, receipt])
    expect(world.kinds()).toEqual(["bundle_published"])
    const more = await publish({ envelope: envelopeBy(other) })
    expect(more.bundle.signedBy).toEqual([POLICY_SIGNER.publicKey, other.publicKey])
    expect([more.alreadyPublished, more.receipt]).toEqual([true, receipt])
    expect([world.kinds(), world.state.epoch]).toEqual([["bundle_published", "bundle_signed"], 8n])
  })

  test("two who publish it at once: one record, which is the answer to both", async () => {
    let faster: Awaited<ReturnType<typeof publish>> | undefined
    world.meanwhile.push(async () => {
      faster = await publish()
    })
    const slower = await publish({}, {}, callOf("two"))
    expect([faster?.alreadyPublished, slower.alreadyPublished]).toEqual([false, true])
    expect(slower.receipt).toEqual(faster?.receipt)
    expect(world.bundles.size).toBe(1)
  })

  test("while the ledger takes nothing, nothing is compiled and nothing stored", async () => {
    world.isOpen = false
    const checkFiles = () => Promise.reject(new Error("not reached"))
    await expect(publish({}, { checkFiles })).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(world.contents.size).toBe(0)
  })

  test("gives up when the control state keeps changing, and when the deadline has passed", async () => {
    world.meanwhile.push(...Array.from({ length: 20 }, () => () => world.raiseEpoch()))
    await expect(publish()).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(world.entries).toHaveLength(16)
    const late = { ...world.shared, testFiles: async () => Promise.reject(new Error("not reached")) }
    world.meanwhile.length = 0
    await expect(
      publish(
        {},
        {
          ...late,
          checkFiles: async (files) => {
            world.clock.monotonicMs += 5_000
            return await world.shared.checkFiles(files)
          },
        },
        callOf("one", { timeoutMs: 4_000 }),
      ),
    ).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    expect(world.entries).toHaveLength(16)
  })

  test.each([
    ["a bundle that does not compile", { text: '{"version": 1}' }, {}, "POLICY_INVALID"],
    ["no envelope where this daemon does not sign", {}, { signer: null }, "INVALID_REQUEST"],
    ["an envelope by a stranger", { envelope: envelopeBy(stranger) }, {}, "INVALID_REQUEST"],
    [
      "an envelope over another bundle",
      { envelope: envelopeBy(other, policyOf("2").canonicalBytes) },
      {},
      "INVALID_REQUEST",
    ],
    ["an envelope that is none", { envelope: new Uint8Array([1]) }, {}, "INVALID_REQUEST"],
    ["an envelope that is too large", { envelope: new Uint8Array(1024 * 1024 + 1) }, {}, "REQUEST_TOO_LARGE"],
    ["more bytes than the caller may store", {}, { rate: createRate(1) }, "RATE_LIMITED"],
  ] as const)("refuses %s, and stores nothing", async (_, request, deps, code) => {
    await expect(publish(request, deps)).rejects.toMatchObject({ code })
    expect([world.entries.length, world.contents.size]).toEqual([0, 0])
  })

  test("runs its tests, and refuses with the first that fails", async () => {
    const tests = (decision: string) => ({
      "policy_test.yaml": `tests: [{ name: going, subject: { type: a, id: x }, action: go, resource: { type: r, id: y }, expect: { decision: ${decision} } }]`,
    })
    await expect(publish({ files: tests("ALLOW") })).rejects.toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringContaining("policy_test.yaml:1:9 going: decision: expected ALLOW, got DENY"),
    })
    await expect(publish({ files: { "policy_test.yaml": "tests: []" } })).rejects.toMatchObject({
      code: "POLICY_INVALID",
    })
    expect((await publish({ files: tests("DENY") })).bundle.version).toBe("1")
  })

  test("a condition that two engines read differently is refused, with both values", async () => {
    const disagreement = { id: "r", source: "a < b", input: "{}", mine: true, other: false }
    const checkFiles: PublishDependencies["checkFiles"] = async (files) => {
      const check = await world.shared.checkFiles(files)
      return check.ok ? { ...check, opinions: { ...check.opinions, disagreements: [disagreement] } } : check
    }
    await expect(publish({}, { checkFiles })).rejects.toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringContaining("r: a < b: this engine says true, cel-js says false"),
    })
  })

  test("a key that was revoked while the bundle was checked publishes nothing", async () => {
    const revoked = async (files: Parameters<PublishDependencies["checkFiles"]>[0]) => {
      world.state = { ...world.state, callers: new Map() }
      return await world.shared.checkFiles(files)
    }
    await expect(publish({}, { checkFiles: revoked })).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    expect(world.entries).toEqual([])
  })
})
