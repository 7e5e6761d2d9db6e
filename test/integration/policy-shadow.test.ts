/** SetShadowBundle and GetShadow on two replicas with NOTIFY switched off; and that no verdict depends on a shadow. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { PACKAGE_ROOT } from "../../src/rpc/api.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

const EXAMPLE = readFileSync(join(PACKAGE_ROOT, "examples", "agent-tools", "policy.yaml"), "utf8")
const reversed = (text: string) =>
  text
    .replaceAll("effect: allow", "effect: was")
    .replaceAll("effect: deny", "effect: allow")
    .replaceAll("effect: was", "effect: deny")

interface Counts {
  readonly same: string
  readonly newly_denied: string
  readonly newly_allowed: string
  readonly not_comparable: string
}
interface Replica {
  readonly log: string
  readonly state: string
  readonly problem: string
  readonly counts: Counts | null
  readonly changes: readonly {
    readonly rule: string
    readonly count: string
    readonly execution_ids: readonly string[]
  }[]
}
interface Shadow {
  readonly bundle: { readonly digest: Buffer; readonly state: string } | null
  readonly set_by: string
  readonly set_at: { readonly seconds: string }
  readonly ends_at: { readonly seconds: string }
  readonly sample_per_million: number
  readonly replicas: readonly Replica[]
}
interface Changed {
  readonly bundle: Shadow["bundle"]
  readonly receipt: { readonly log: string; readonly leaf_index: string } | null
}

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon
const logs = new Map<TestDaemon, string>()
beforeAll(async () => {
  database = await createDatabase()
  one = await startTestDaemon(database.url, { listen: "false" })
  two = await startTestDaemon(database.url, { listen: "false" })
  for (const writ of [one, two]) logs.set(writ, (await authorize(writ.client("pep"))).receipt.log)
})
afterAll(async () => {
  await Promise.all([one?.stop(), two?.stop()])
  await database?.drop()
})

async function publish(version: string, change = (text: string) => text): Promise<Buffer> {
  const text = change(EXAMPLE).replace(/^version: .*$/m, `version: "${version}"`)
  const files = [{ path: "policy.yaml", content: Buffer.from(text) }]
  const { bundle } = await one
    .client("author")
    .call<{ bundle: { digest: Buffer } }>("policy", "PublishBundle", { files }, 60_000)
  return bundle.digest
}
const set = (writ: TestDaemon, digest: Buffer, more: object = {}) =>
  writ.client("author").call<Changed>("policy", "SetShadowBundle", { digest, reason: "to see", ...more }, 60_000)
const clear = (writ: TestDaemon) =>
  writ.client("operator").call<Changed>("policy", "SetShadowBundle", { reason: "seen" }, 60_000)
const get = (writ: TestDaemon) => writ.client("auditor").call<Shadow>("policy", "GetShadow", {}, 60_000)
const patient = { timeout: 60_000 }
const states = async (writ: TestDaemon) => (await get(writ)).replicas.map(({ state }) => state)
/** Of this replica, as the other one tells it; -1: it tells none. */
const countOf = async (writ: TestDaemon, field: keyof Counts) => {
  const { replicas } = await get(writ === one ? two : one)
  return Number(replicas.find(({ log }) => log === logs.get(writ))?.counts?.[field] ?? -1)
}
const stateOf = async (digest: Buffer) =>
  (await two.client("operator").call<{ bundle: { state: string } }>("policy", "GetBundle", { digest })).bundle.state
const metricOf = async (writ: TestDaemon, name: string) => {
  const text = await (
    await fetch(`http://${writ.daemon.addresses.http}/metrics`, {
      headers: { authorization: `Bearer ${writ.key("operator")}` },
    })
  ).text()
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1],
  )
}
const recordOf = async ({ receipt }: Changed) => {
  const { record } = await one
    .client("auditor")
    .call<{ record: { body: Buffer; payload: Buffer } }>("lineage", "GetRecord", {
      log: receipt?.log,
      leaf_index: receipt?.leaf_index,
    })
  return JSON.parse(record.body.toString()) as { readonly data: object }
}

describe("two replicas", { timeout: 240_000 }, () => {
  test("none is set: nothing is said, and ending it records nothing", async () => {
    expect(await get(one)).toMatchObject({ bundle: null, replicas: [] })
    expect(await clear(one)).toMatchObject({ bundle: null, receipt: null })
    expect(await metricOf(one, "writ_shadow_set")).toBe(0)
  })

  test("set on one it compares on both, each counts its own, and the verdicts are those of the active bundle", async () => {
    const requests = [
      readPage(),
      readPage({ resource: { type: "url", id: "http://plain.example.com/" } }),
      readPage({ action: { name: "http.post" } }),
      readPage({ subject: { type: "agent", id: "agent:unknown", properties: { team: "sales" } } }),
    ]
    const ask = async (writ: TestDaemon, round: string) =>
      await Promise.all(
        requests.map(async (request) => {
          const { execution_id, token, receipt, times, checks, ...reply } = (await authorize(writ.client("pep"), {
            ...request,
            request_id: `${round}-${request["request_id"]}`,
          })) as unknown as Record<string, unknown>
          return {
            decision: reply["decision"],
            reasons: reply["reasons"],
            rules: reply["matched_rules"],
            obligations: reply["obligations"],
            bundle: reply["bundle_digest"],
            checks,
            hasToken: token !== "",
          }
        }),
      )
    const before = await ask(one, "before")
    expect(new Set(before.map(({ decision }) => decision))).toContain("DECISION_ALLOW")
    expect(new Set(before.map(({ decision }) => decision))).toContain("DECISION_DENY")

    const digest = await publish("reversed", reversed)
    const changed = await set(one, digest)
    expect(changed.bundle).toMatchObject({ digest, state: "shadow" })
    expect(await stateOf(digest)).toBe("shadow")
    await expect.poll(() => states(two), patient).toEqual(["comparing", "comparing"])
    for (let i = 0; i < 3; i++) expect(await ask(one, `with-${i}`)).toEqual(before)
    expect(await ask(two, "with")).toEqual(before)
    const newlyDenied = before.filter(({ decision }) => decision === "DECISION_ALLOW").length
    await expect.poll(() => countOf(one, "newly_denied"), patient).toBe(3 * newlyDenied)
    await expect.poll(() => countOf(two, "newly_denied"), patient).toBe(newlyDenied)

    const { replicas, set_by, sample_per_million, ...shadow } = await get(one)
    expect(set_by).toMatch(/^key:author-/)
    expect(sample_per_million).toBe(1_000_000)
    expect(Number(shadow.ends_at.seconds) - Number(shadow.set_at.seconds)).toBe(7 * 86_400)
    const total = (writ: TestDaemon) => {
      const { counts } = replicas.find(({ log }) => log === logs.get(writ)) as Replica
      return Object.values(counts as Counts).reduce((sum, n) => sum + Number(n), 0)
    }
    expect([total(one), total(two)]).toEqual([3 * requests.length, requests.length])
    const executions = replicas.flatMap(({ changes }) => changes.flatMap(({ execution_ids }) => execution_ids))
    expect(executions.length).toBeGreaterThan(0)
    for (const execution_id of executions) await one.client("auditor").call("lineage", "GetLineage", { execution_id })
    expect(await metricOf(one, "writ_shadow_set")).toBe(1)
    expect(await metricOf(one, "writ_shadow_comparing")).toBe(1)
    expect(await metricOf(one, 'writ_shadow_decisions_total{outcome="newly_denied"}')).toBe(3 * newlyDenied)

    expect(await recordOf(changed)).toMatchObject({
      kind: "shadow_changed",
      actor: { id: expect.stringMatching(/^key:author-/), proof: "api-key" },
      data: { digest: digest.toString("hex"), sample_per_million: 1_000_000, version: "reversed" },
    })
  })

  test("another one begins anew; its end is a record too, and both replicas stop", async () => {
    const before = await get(two)
    const digest = await publish("as it is")
    await set(two, digest, { sample_per_million: 500_000, duration: { seconds: 3_600 } })
    await expect.poll(() => states(one), patient).toEqual(["comparing", "comparing"])
    expect(await get(one)).toMatchObject({ bundle: { digest, state: "shadow" }, sample_per_million: 500_000 })
    expect([await countOf(one, "newly_denied"), await countOf(two, "newly_denied")]).toEqual([0, 0])
    const findings = async () => (await checkDatabase(database.connection, undefined, false)).findings
    expect(await findings()).toEqual([])
    const ended = await clear(one)
    expect(await findings()).toEqual([])
    expect(await recordOf(ended)).toMatchObject({
      kind: "shadow_changed",
      actor: { id: expect.stringMatching(/^key:operator-/) },
      data: { previous: digest.toString("hex") },
    })
    expect((await recordOf(ended)).data).not.toHaveProperty("digest")
    expect(await get(two)).toMatchObject({ bundle: null, replicas: [] })
    expect(await stateOf(digest)).toBe("published")
    expect(await stateOf((before.bundle as { digest: Buffer }).digest)).toBe("published")
    await expect.poll(() => metricOf(two, "writ_shadow_set"), patient).toBe(0)
  })

  test("a daemon that starts later has it too", async () => {
    await set(one, await publish("as it is"))
    const three = await startTestDaemon(database.url, { listen: "false" })
    try {
      await expect.poll(() => states(three), patient).toEqual(["comparing", "comparing", "comparing"])
    } finally {
      await three.stop()
    }
    expect(await states(one)).toHaveLength(2)
  })

  test("a bundle that is not stored as it was: FAILED with the reason, and decisions go on", async () => {
    const digest = await publish("spoiled")
    await database.query("UPDATE bundle_part SET content = $2 WHERE digest = $1", [digest, Buffer.from("{}")])
    await set(one, digest)
    await expect.poll(() => states(one), patient).toEqual(["failed", "failed"])
    expect((await get(one)).replicas[0]?.problem).toBe("this program does not read the bundle any more")
    expect((await authorize(one.client("pep"))).decision).toBe("DECISION_ALLOW")
    await clear(one)
  })

  test("what is unknown or out of range is refused; pep may not, and auditors only read", async () => {
    const refusal = (call: Promise<unknown>) =>
      call.then(
        () => "",
        (error: { code: string }) => error.code,
      )
    expect(await refusal(set(one, Buffer.alloc(32, 1)))).toBe("NOT_FOUND")
    expect(await refusal(set(one, Buffer.alloc(31, 1)))).toBe("INVALID_REQUEST")
    const digest = await publish("as it is")
    expect(await refusal(set(one, digest, { sample_per_million: 1_000_001 }))).toBe("INVALID_REQUEST")
    expect(await refusal(set(one, digest, { duration: { seconds: 91 * 86_400 } }))).toBe("INVALID_REQUEST")
    expect(await refusal(set(one, digest, { duration: { seconds: -5 } }))).toBe("INVALID_REQUEST")
    for (const role of ["pep", "auditor"] as const)
      expect(await refusal(one.client(role).call("policy", "SetShadowBundle", { digest }))).toBe("FORBIDDEN")
    expect(await refusal(one.client("pep").call("policy", "GetShadow", {}))).toBe("FORBIDDEN")
    expect(await get(one)).toMatchObject({ bundle: null })
  })

  test("it ends by itself", async () => {
    await set(one, await publish("as it is"), { duration: { seconds: 2 } })
    expect(await get(two)).toMatchObject({ bundle: { state: "shadow" } })
    await expect.poll(() => get(two), patient).toMatchObject({ bundle: null })
    expect(await clear(one)).toMatchObject({ receipt: null })
    await expect.poll(() => metricOf(one, "writ_shadow_set"), patient).toBe(0)
  })
})
