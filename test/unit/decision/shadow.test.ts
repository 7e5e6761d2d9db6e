/** The thread itself, as the daemon starts it; and threads that die. */
import { Worker } from "node:worker_threads"
import { afterAll, describe, expect, test } from "vitest"
import { Shadow, type ShadowOptions, type ShadowReport } from "../../../src/decision/shadow.ts"
import type { ShadowSetting } from "../../../src/decision/shadow-setting.ts"
import { load, NOW_MS, requestOf, stateOf } from "../../support/policy.ts"
import { recordDecision } from "../../support/recorded.ts"

const bundle = (effect: string, when = "true") =>
  load({
    version: "1",
    types: {
      subjects: { a: { known: "any" } },
      resources: { r: {} },
      actions: { go: {} },
      context: { l: "list<int>" },
    },
    rules: [
      {
        id: "go",
        effect,
        runtime: "none",
        subjects: [{ type: "a" }],
        actions: ["go"],
        resources: [{ type: "r" }],
        when,
      },
    ].map(({ runtime, ...rule }) => (effect === "allow" ? { ...rule, runtime } : rule)),
  }).policy
const live = bundle("allow")
const strict = bundle("deny")
const costly = bundle("deny", "has(context.l) && context.l.all(x, context.l.all(y, x + y >= 0))")
const stored = new Map([live, strict, costly].map(({ digest, canonicalBytes }) => [digest, canonicalBytes]))
const { record } = recordDecision(stateOf(live), requestOf().request)

const open: Shadow[] = []
afterAll(() => {
  for (const shadow of open) shadow.stop()
})
function setUp(more: Partial<ShadowOptions> = {}) {
  const states: string[] = []
  const shadow = new Shadow({
    contentOf: async (digest) => stored.get(digest) ?? null,
    wallMs: () => NOW_MS,
    onState: (state, _, problem) => states.push(`${state} ${problem}`.trim()),
    ...more,
  })
  open.push(shadow)
  return { shadow, states }
}
const settingOf = (digest: string, change: Partial<ShadowSetting> = {}): ShadowSetting => ({
  id: digest,
  digest,
  samplePerMillion: 1_000_000,
  setBy: "key:author-1",
  setAtMs: NOW_MS,
  endsAtMs: NOW_MS + 1_000,
  ...change,
})
const patient = { timeout: 60_000 }
const comparing = async (shadow: Shadow) => await expect.poll(() => shadow.report()?.state, patient).toBe("comparing")
const counted = async (shadow: Shadow): Promise<ShadowReport["counts"] | undefined> => {
  await shadow.refresh()
  return shadow.report()?.counts
}
const thread = (code: string) => () => new Worker(code, { eval: true })
/** `more`: what else it does with a message. */
const loads = (more = "") =>
  `const { parentPort } = require("node:worker_threads")
  parentPort.on("message", ({ kind }) => { if (kind === "load") parentPort.postMessage({ kind: "loaded" }); ${more} })`

describe("Shadow", { timeout: 120_000 }, () => {
  test("none is set: nothing is given away and nothing said", async () => {
    const { shadow } = setUp()
    await shadow.refresh()
    expect([shadow.feed, shadow.report()]).toEqual([null, null])
  })

  test("what is offered is compared in its thread; another setting begins anew, none ends it", async () => {
    const { shadow, states } = setUp()
    shadow.apply(settingOf(strict.digest))
    expect(shadow.report()).toMatchObject({ state: "starting", sinceMs: null })
    expect(shadow.feed).toBeNull()
    await comparing(shadow)
    for (let i = 0; i < 3; i++) shadow.feed?.offer(record)
    await expect.poll(() => counted(shadow), patient).toMatchObject({ newly_denied: 3, same: 0 })
    expect(shadow.report()?.changes).toMatchObject([{ rule: "go", code: "DENIED_BY_RULE", count: 3 }])
    shadow.apply(settingOf(strict.digest)) // the same
    expect(shadow.report()).toMatchObject({ state: "comparing", sinceMs: NOW_MS })

    shadow.apply(settingOf(live.digest))
    expect(shadow.feed).toBeNull()
    await comparing(shadow)
    shadow.feed?.offer(record)
    await expect.poll(() => counted(shadow), patient).toMatchObject({ newly_denied: 0, same: 1 })
    shadow.apply(null)
    expect([shadow.feed, shadow.report()]).toEqual([null, null])
    expect(states).toEqual(["comparing", "comparing"])
  })

  test("a bundle at the limit of its cost is behind: what it does not get to is dropped, and its counts come nevertheless", async () => {
    const { shadow } = setUp()
    shadow.apply(settingOf(costly.digest))
    await comparing(shadow)
    const l = Array.from({ length: 500 }, (_, i) => i)
    const dear = recordDecision(stateOf(live), requestOf({ context: { l } }).request).record
    for (let i = 0; i < 400; i++) shadow.feed?.offer(dear)
    const total = async () => {
      const { newly_denied = 0, errored = 0 } = (await counted(shadow)) ?? {}
      return errored === newly_denied ? newly_denied + (shadow.report()?.dropped ?? 0) : -1
    }
    await expect.poll(total, patient).toBe(400)
    expect(shadow.report()?.dropped).toBeGreaterThan(0)
    expect(shadow.report()?.counts.newly_denied).toBeGreaterThan(0)
  })

  test("it ends by itself", async () => {
    let nowMs = NOW_MS
    const { shadow } = setUp({ wallMs: () => nowMs })
    shadow.apply(settingOf(strict.digest))
    await comparing(shadow)
    nowMs += 1_000
    await shadow.refresh()
    expect([shadow.feed, shadow.report()]).toEqual([null, null])
  })

  test.each([
    ["a bundle that is not stored", "00".repeat(32), {}, "the bundle is not stored"],
    [
      "a bundle that is not the one",
      strict.digest,
      { contentOf: async () => live.canonicalBytes },
      "the stored bundle is not the one that its digest names",
    ],
    [
      "no bundle",
      strict.digest,
      { contentOf: async () => Buffer.from("{}") },
      "this program does not read the bundle any more",
    ],
    [
      "a database that is gone",
      strict.digest,
      { contentOf: () => Promise.reject(new Error("no connection")) },
      "no connection",
    ],
    ["a thread that dies", strict.digest, { start: thread('throw new Error("broken")') }, "broken"],
    ["a thread that ends", strict.digest, { start: thread("process.exit(3)") }, "the thread ended with code 3"],
    [
      "a thread that says nothing",
      strict.digest,
      { start: thread("setInterval(() => {}, 1000)"), silenceMs: 50 },
      "the thread has not answered for 0.05 s",
    ],
  ] as [string, string, Partial<ShadowOptions>, string][])(
    "%s: it says why, and takes nothing",
    async (_, digest, more, problem) => {
      const { shadow, states } = setUp(more)
      shadow.apply(settingOf(digest))
      await expect.poll(() => shadow.report()?.state, patient).toBe("failed")
      expect(shadow.report()).toMatchObject({ problem })
      expect(shadow.feed).toBeNull()
      await shadow.refresh()
      expect(states).toEqual([`failed ${problem}`])
    },
  )

  test("a thread that dies over a batch is started again after a while", async () => {
    let starts = 0
    const { shadow, states } = setUp({
      retryMs: 20,
      start: () => thread(loads(starts++ === 0 ? 'if (kind === "decide") process.exit(9)' : ""))(),
    })
    shadow.apply(settingOf(strict.digest))
    await comparing(shadow)
    const { feed } = shadow
    feed?.offer(record)
    await expect.poll(() => states, patient).toEqual(["comparing", "failed the thread ended with code 9", "comparing"])
    feed?.offer(record) // whoever still holds the old one does no harm
    expect(shadow.feed).not.toBe(feed)
  })
})
