/** Recorded decisions, decided again: by VerifyLineage, and by what a forger cannot make fit. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import type { Replayed, Summary } from "../../src/cli/policy-replay.ts"
import { sha256 } from "../../src/crypto.ts"
import { encodeCanonicalJson } from "../../src/formats/canonical-json.ts"
import { hashLeaf, rootOfHashes } from "../../src/formats/merkle.ts"
import { readPolicyFolder } from "../../src/store/policy-folder.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

const folder = makeFolder()
const data = join(folder.path, "data")
let database: TestDatabase
let writ: TestDaemon

beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url, {}, data)
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  folder.remove()
})

const verify = (executionId: string) =>
  writ.client("auditor").call<VerifyReply>("lineage", "VerifyLineage", { execution_id: executionId }, 60_000)
const replayStep = ({ steps }: VerifyReply) => steps.find(({ step }) => step === "replay")

/** What the stream says, its summary last. */
async function replay(request: object): Promise<{ decisions: Replayed[]; summary: Summary }> {
  const decisions: Replayed[] = []
  let found: Summary | undefined
  const items = writ.client("author").watch("policy", "ReplayDecisions", request)
  for await (const { decision, summary } of items as AsyncIterable<{ decision?: Replayed; summary?: Summary }>) {
    if (decision) decisions.push(decision)
    if (summary) found = summary
  }
  if (!found) throw new Error("there is no summary")
  return { decisions, summary: found }
}
const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "agent-tools")
const filesOf = (change: (text: string) => string) =>
  Object.entries(readPolicyFolder(EXAMPLE)).map(([path, text]) => ({ path, content: Buffer.from(change(text)) }))

describe("ReplayDecisions", { timeout: 120_000 }, () => {
  test("every decision by its own bundle: the same, with the rule, the bundle and the input that made it", async () => {
    const { execution_id } = await authorize(writ.client("pep"))
    const { decisions, summary } = await replay({})
    expect(summary).toMatchObject({ different_count: "0", disagreeing_count: "0", complete: true, changes: [] })
    const one = decisions.find((decision) => decision.execution_id === execution_id)
    expect(one).toMatchObject({
      outcome: "same",
      recorded: "DECISION_ALLOW",
      replayed: "DECISION_ALLOW",
      differences: [],
      matched_rules: one?.replayed_rules,
    })
    expect(one?.matched_rules.length).toBeGreaterThan(0)
    expect(one?.bundle_digest.length).toBe(32)
    expect(JSON.parse(String(one?.input))).toMatchObject({
      subject: { id: "agent:researcher" },
      action: { name: "http.get" },
    })
    expect(await replay({ only_differences: true })).toMatchObject({ decisions: [] })
  })

  test("by changed files: who would newly be denied, by the rule that does it", async () => {
    const files = filesOf((text) =>
      text.replace(
        /^rules:\n/m,
        'rules:\n  - { id: no-more-pages, effect: deny, subjects: [{ type: agent }], actions: [http.get], resources: [{ type: url }], when: "action.name != resource.type" }\n',
      ),
    )
    const { decisions, summary } = await replay({ files, only_differences: true })
    expect(summary.changes).toMatchObject([
      {
        from: "DECISION_ALLOW",
        to: "DECISION_DENY",
        rule: "no-more-pages",
        reason: "DENIED_BY_RULE",
        subjects: ["agent:agent:researcher"],
        actions: ["http.get"],
        resources: ["url:https://example.com/"],
      },
    ])
    expect(String(decisions.length)).toBe(String(summary.different_count))
    expect(summary.notes.length).toBeGreaterThan(0)
    await expect(replay({ files: [{ path: "policy.yaml", content: Buffer.from("rules: 1") }] })).rejects.toThrow(
      /bundle is not valid/,
    )
  })

  test("a span of the log, and no more than is asked for", async () => {
    for (let i = 0; i < 3; i++) await authorize(writ.client("pep"))
    const two = await replay({ limit: 2 })
    expect(two.decisions).toHaveLength(2)
    expect(two.summary.complete).toBe(false)
    const rest = await replay({ start_index: two.summary.next_index })
    expect(rest.summary.complete).toBe(true)
    const all = await replay({})
    expect(rest.decisions.length + 2).toBe(all.decisions.length)
    const seconds = String(Math.floor(Date.now() / 1000) + 60)
    expect((await replay({ from: { seconds, nanos: 0 } })).decisions).toEqual([])
    expect((await replay({ to: { seconds, nanos: 0 } })).decisions).toHaveLength(all.decisions.length)
    await expect(replay({ limit: 10_001 })).rejects.toThrow(/at most 10000/)
    await expect(replay({ bundle_digest: Buffer.alloc(32) })).rejects.toThrow(/no bundle with this digest/)
  })
})

describe("VerifyLineage", { timeout: 120_000 }, () => {
  test("an allow and a deny replay to the same, and say what cel-js thought of each condition", async () => {
    for (const change of [
      {},
      { action: { name: "payment.send" }, resource: { type: "account", id: "a", properties: { currency: "EUR" } } },
    ]) {
      const { execution_id } = await authorize(writ.client("pep"), readPage(change))
      const report = await verify(execution_id)
      expect(report).toMatchObject({ valid: true })
      expect(replayStep(report)).toMatchObject({
        result: "ok",
        detail: expect.stringMatching(
          /^1 of 1 decisions replayed to the same; conditions: \d+ confirmed by cel-js, \d+ outside/,
        ),
      })
      const { confirmed_count, outside_count } = report as unknown as { confirmed_count: number; outside_count: number }
      // What does not fit the declared types is denied before any condition.
      expect(confirmed_count + outside_count > 0).toBe(Object.keys(change).length === 0)
    }
  })

  test("an erased request cannot be replayed, which is no fault", async () => {
    const { execution_id, receipt } = await authorize(writ.client("pep"))
    await writ.client("operator").call("admin", "ErasePayload", {
      execution_id,
      leaf_index: receipt.leaf_index,
      reason: "asked for",
    })
    const report = await verify(execution_id)
    expect(report.valid).toBe(true)
    const results = Object.fromEntries(report.steps.map(({ step, result }) => [step, result]))
    const { payload, claims, executed, replay: replayed, ...others } = results
    expect({ payload, claims, executed }).toEqual({ payload: "erased", claims: "erased", executed: "erased" })
    expect(replayed).toBe("not_replayable")
    expect(new Set(Object.values(others))).toEqual(new Set(["ok"]))
    expect(Object.keys(others)).toHaveLength(7)
    expect(replayStep(report)?.detail).toMatch(/^0 of 1 decisions .*The payload was erased, and with it the request/)
    const { decisions, summary } = await replay({})
    expect(decisions.find((decision) => decision.execution_id === execution_id)).toMatchObject({
      outcome: "not_replayable",
      recorded: "DECISION_ALLOW",
      reasons: [{ code: "ERASED" }],
    })
    expect(summary).toMatchObject({ not_replayable_count: "1", different_count: "0" })
  })

  test("a matched rule altered together with all hashes, heads and signatures is found by the replay alone", async () => {
    const { execution_id, receipt } = await authorize(writ.client("pep"))
    await new Promise((resolve) => setTimeout(resolve, 1_000)) // lookups are derived
    await writ.stop()
    // The forger holds the database as its superuser, and the folder with the checkpoint key.
    const { rows } = await database.query("SELECT idx, body, leaf_hash FROM entry ORDER BY idx")
    const forged = rows.find(({ idx }) => String(idx) === String(receipt.leaf_index))
    const record = JSON.parse(forged.body.toString("utf8"))
    expect(record.execution_id).toBe(execution_id)
    record.data.matched_rules = ["no-such-rule"]
    const body = Buffer.from(encodeCanonicalJson(record))
    forged.leaf_hash = Buffer.from(hashLeaf(sha256, body))
    await database.tamper("UPDATE entry SET body = $2, leaf_hash = $3 WHERE idx = $1", [
      forged.idx,
      body,
      forged.leaf_hash,
    ])
    const root = rootOfHashes(
      sha256,
      rows.map(({ leaf_hash }) => leaf_hash),
    )
    await database.query("UPDATE log_head SET root = $1", [Buffer.from(root)])
    await database.tamper("DELETE FROM checkpoint")
    rmSync(join(data, "checkpoint.state"))
    writ = await startTestDaemon(database.url, {}, data)
    const report = await verify(execution_id)
    expect(report).toMatchObject({
      valid: false,
      failed_step: "replay",
      failed_index: String(receipt.leaf_index),
      reason: expect.stringMatching(/^REPLAY_DIFFERS: .*matched_rules/),
    })
    expect(report.steps.filter(({ result }) => result === "failed").map(({ step }) => step)).toEqual(["replay"])
  })

  test("a bundle altered in the database makes it fail: nothing says any more what was decided by", async () => {
    const { execution_id } = await authorize(writ.client("pep"))
    await writ.stop() // the thread knows the bundle
    writ = await startTestDaemon(database.url, {}, data)
    await database.query("UPDATE bundle_part SET content = set_byte(content, 10, get_byte(content, 10) # 1)")
    expect(await verify(execution_id)).toMatchObject({
      valid: false,
      failed_step: "replay",
      reason: expect.stringMatching(/^REPLAY_IMPOSSIBLE: /),
    })
    await database.query("UPDATE bundle_part SET content = set_byte(content, 10, get_byte(content, 10) # 1)")
    expect(await verify(execution_id)).toMatchObject({ valid: true })
  })
})
