/** The thread itself, as the daemon starts it. */
import { afterAll, describe, expect, test } from "vitest"
import { startThread } from "../../../src/decision/background-thread.ts"
import { createReplayThread, type ReplayThread } from "../../../src/decision/replay-thread.ts"
import { load, requestOf, stateOf } from "../../support/policy.ts"
import { forge, recordDecision } from "../../support/recorded.ts"

const bundleOf = (limit: number) => ({
  version: String(limit),
  types: {
    subjects: { a: { known: "any" } },
    resources: { r: {} },
    actions: { go: {} },
    context: { amount: { type: "int", required: true }, day: { type: "timestamp" } },
  },
  rules: [
    {
      id: "small",
      effect: "allow",
      runtime: "none",
      subjects: [{ type: "a" }],
      actions: ["go"],
      resources: [{ type: "r" }],
      when: `context.amount < ${limit}`,
    },
  ],
  risk: {
    signals: [{ id: "old", when: 'has(context.day) && context.day < timestamp("2000-01-01T00:00:00Z")', tier: "low" }],
  },
})
const { policy } = load(bundleOf(100))
const { policy: strict } = load(bundleOf(10))
const record = (amount: number) => recordDecision(stateOf(policy), requestOf({ context: { amount } }).request).record
const stored = new Map([policy, strict].map(({ digest, canonicalBytes }) => [digest, canonicalBytes]))
const threads: ReplayThread[] = []
const open = (...more: [] | [Parameters<typeof createReplayThread>[1]]) => {
  const asked: string[] = []
  const thread = createReplayThread(
    async (digest) => {
      asked.push(digest)
      return stored.get(digest) ?? null
    },
    ...more,
  )
  threads.push(thread)
  return { thread, asked }
}
const shared = open()
afterAll(async () => {
  for (const thread of threads) await thread.stop()
})

describe("createReplayThread", { timeout: 120_000 }, () => {
  test("each record by its own bundle, which is asked for once; conditions have their second opinion", async () => {
    const { thread, asked } = shared
    const replayed = await thread.replay([record(5), record(100)])
    expect(replayed).toMatchObject([
      { outcome: "same", recorded: "ALLOW", replayed: "ALLOW", confirmed: 1, outside: 1, disagreements: [] },
      { outcome: "same", recorded: "DENY", replayed: "DENY", confirmed: 1, outside: 1 },
    ])
    await thread.replay([record(6)])
    expect(asked).toEqual([policy.digest])
  })

  test("a forged verdict differs, a bundle that is gone or another cannot be replayed", async () => {
    const { thread, asked } = shared
    const forged = forge(record(500), {
      leaf: (leaf) => Object.assign(leaf["data"] as object, { decision: "ALLOW", matched_rules: ["small"] }),
    })
    expect(await thread.replay([forged])).toMatchObject([
      { outcome: "different", differences: expect.arrayContaining(["decision", "matched_rules"]) },
    ])
    for (const [limit, content] of [
      [7, null],
      [8, strict.canonicalBytes],
    ] as const) {
      const { policy: gone } = load(bundleOf(limit))
      if (content) stored.set(gone.digest, content)
      const { record } = recordDecision(stateOf(gone), requestOf({ context: { amount: 1 } }).request)
      expect(await thread.replay([record])).toMatchObject([
        { outcome: "not_replayable", notReplayable: { code: "BUNDLE_UNKNOWN" } },
      ])
      expect(asked.at(-1)).toBe(gone.digest)
    }
  })

  test("by another bundle, stored or from files, and who would newly be denied", async () => {
    const { thread } = shared
    const fromFiles = await thread.load({ "policy.yaml": JSON.stringify(bundleOf(10)) })
    expect(fromFiles.digest).toBe(strict.digest)
    for (const candidate of [fromFiles, { digest: strict.digest, content: strict.canonicalBytes }])
      expect(await thread.replay([record(5), record(50)], candidate)).toMatchObject([
        { outcome: "same" },
        {
          outcome: "different",
          recorded: "ALLOW",
          replayed: "DENY",
          reasons: [{ code: "NO_MATCHING_ALLOW" }],
          compared: { subject: { type: "a", id: "x" }, action: "go", before: { matchedRules: ["small"] } },
        },
      ])
    await expect(thread.load({ "policy.yaml": "rules: 1" })).rejects.toMatchObject({ code: "POLICY_INVALID" })
    await expect(
      thread.replay([record(5)], { digest: "00".repeat(32), content: strict.canonicalBytes }),
    ).rejects.toMatchObject({ code: "POLICY_INVALID" })
  })

  test("who waits when it dies is told, and the next is answered by another one", async () => {
    let dies = true
    const { thread } = open(() => {
      const worker = startThread("replay-worker")
      if (dies) worker.once("online", () => void worker.terminate())
      dies = false
      return worker
    })
    await expect(thread.replay([record(5)])).rejects.toMatchObject({ code: "INTERNAL" })
    expect(await thread.replay([record(5)])).toMatchObject([{ outcome: "same" }])
  })

  test("more than it takes at once are refused, and who waits at its end is told", async () => {
    const { thread } = open()
    const waiting = Promise.allSettled(Array.from({ length: 16 }, () => thread.replay([record(5)])))
    await expect(thread.replay([record(5)])).rejects.toMatchObject({ code: "QUEUE_FULL" })
    await thread.stop()
    for (const result of await waiting)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "SHUTTING_DOWN" } })
  })
})
