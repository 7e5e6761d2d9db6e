import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { AuthorizeReply } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { changedExample } from "../support/policy-folder.ts"

/** Races to run, so many of them at a time. */
const RACES = Number(process.env["TEST_RACES"] ?? 1_000)
const AT_A_TIME = 20

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon
const policy = changedExample((text) =>
  text.replace(
    'when: subject.properties.team in ["research", "platform"]\n    runtime: none\n',
    'when: subject.properties.team in ["research", "platform"]\n    runtime: none\n    token: { max_duration: 5s }\n',
  ),
)
/** One caller, known to both replicas. */
let executors: readonly [WritClient, WritClient]
let auditor: WritClient

beforeAll(async () => {
  database = await createDatabase()
  const flags = { listen: "false", policy: policy.path } // NOTIFY switched off on both
  one = await startTestDaemon(database.url, flags)
  two = await startTestDaemon(database.url, flags)
  await one.daemon.reloadPolicy() // it signs the bundle that the other activated as well
  const key = one.key("executor")
  executors = [connect({ target: one.daemon.addresses.grpc, key }), connect({ target: two.daemon.addresses.grpc, key })]
  auditor = two.client("auditor")
})
afterAll(async () => {
  for (const client of executors ?? []) client.close()
  await Promise.all([one?.stop(), two?.stop()])
  await database?.drop()
  policy.remove()
})

interface Redeemed {
  readonly execution_id: string
  readonly receipt: { readonly log: string }
}
interface Execution {
  readonly execution_id: string
  readonly state: string
  readonly authorized_at: { readonly seconds: string; readonly nanos: number }
}
let counter = 0
const redeem = (client: WritClient, token: string, redemption_id = `redemption-${counter++}`) =>
  client.call<Redeemed>("authorization", "RedeemToken", { token, redemption_id })
const complete = (client: WritClient, execution_id: string) =>
  client.call<{ receipt: { log: string }; state: string }>("authorization", "CompleteExecution", {
    execution_id,
    succeeded: true,
  })
const revoke = (replica: TestDaemon, execution_id: string) =>
  replica.client("operator").call<object>("authorization", "RevokeExecution", { execution_id, reason: "race" })
const outcomeOf = async (call: Promise<unknown>): Promise<string> =>
  await call.then(
    () => "OK",
    (error: { code: string }) => error.code,
  )
const lineageOf = async (execution_id: string) => {
  const { records, state } = await auditor.call<{ records: { body: Buffer }[]; state: string }>(
    "lineage",
    "GetLineage",
    { execution_id },
  )
  return { kinds: records.map(({ body }) => JSON.parse(body.toString()).kind as string), state }
}
const verify = async (execution_id: string) => {
  await one.client("auditor").call("lineage", "GetCheckpoint", {})
  return await auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
}

describe("two replicas", () => {
  test("a token of the one is redeemed on the other, completed on the first, and proved over both logs", async () => {
    const { token, execution_id } = await authorize(one.client("pep"))
    const there = await redeem(executors[1], token, "mine")
    expect(await redeem(executors[0], token, "mine")).toEqual(there)
    const done = await complete(executors[0], execution_id)
    expect(there.receipt.log).not.toBe(done.receipt.log)
    expect(await complete(executors[1], execution_id)).toEqual(done)
    expect(await lineageOf(execution_id)).toEqual({
      kinds: ["decision", "redeemed", "completed"],
      state: "EXECUTION_STATE_COMPLETED",
    })
    expect(await verify(execution_id)).toMatchObject({ valid: true })
    const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id })
    const trust = parseTrust(await (await fetch(`http://${one.daemon.addresses.http}/.well-known/writ.json`)).text())
    expect(verifyEvidence(evidence, trust)).toMatchObject({ valid: true, anchored: true })
  })

  test("what is revoked on the one is redeemed on neither from the answer on", async () => {
    for (let i = 0; i < 10; i++) {
      const { token, execution_id } = await authorize(one.client("pep"))
      await revoke(two, execution_id)
      for (const client of executors) expect(await outcomeOf(redeem(client, token))).toBe("TOKEN_REFUSED")
    }
  })

  test("redeemed on both at once: one gets the right", async () => {
    for (let i = 0; i < 20; i++) {
      const { token } = await authorize(one.client("pep"))
      const outcomes = await Promise.all(executors.map((client) => outcomeOf(redeem(client, token))))
      expect(outcomes.sort()).toEqual(["ALREADY_REDEEMED", "OK"])
    }
  })

  test("what nobody reported is lost, recorded once although both replicas look; a late report changes nothing", {
    timeout: 60_000,
  }, async () => {
    const replies = await Promise.all(Array.from({ length: 5 }, () => authorize(one.client("pep"))))
    for (const { token } of replies) await redeem(executors[1], token)
    for (const { execution_id } of replies)
      await expect
        .poll(() => lineageOf(execution_id), { timeout: 20_000 })
        .toEqual({ kinds: ["decision", "redeemed", "lost"], state: "EXECUTION_STATE_LOST" })
    const { execution_id } = replies[0] as { execution_id: string }
    const first = await complete(executors[0], execution_id)
    expect(await complete(executors[1], execution_id)).toEqual(first)
    expect(await lineageOf(execution_id)).toEqual({
      kinds: ["decision", "redeemed", "lost", "completed_late"],
      state: "EXECUTION_STATE_LOST",
    })
    expect(await outcomeOf(revoke(one, execution_id))).toBe("INVALID_TRANSITION")
    for (const { execution_id } of replies) expect(await verify(execution_id)).toMatchObject({ valid: true })
  })

  test("executions of both logs are listed newest first, page by page, each once", async () => {
    for (let i = 0; i < 7; i++) await authorize((i % 2 ? one : two).client("pep"))
    await authorize(one.client("pep"), readPage({ resource: { type: "url", id: "https://169.254.169.254/" } })) // a DENY
    const list = async (request: object) => {
      const found: Execution[] = []
      let page_token = ""
      for (let pages = 0; pages < 500; pages++) {
        const page = await auditor.call<{ executions: Execution[]; next_page_token: string }>(
          "authorization",
          "ListExecutions",
          { ...request, page_token },
        )
        found.push(...page.executions)
        page_token = page.next_page_token
        if (page_token === "") return found
      }
      throw new Error("the list does not end")
    }
    const all = await list({ page_size: 3 })
    const allowed = await database.query(
      "SELECT convert_from(body, 'UTF8')::json ->> 'execution_id' AS id FROM entry WHERE convert_from(body, 'UTF8')::json ->> 'state' = 'AUTHORIZED' AND convert_from(body, 'UTF8')::json ->> 'kind' = 'decision'",
    )
    expect(all.map(({ execution_id }) => execution_id).sort()).toEqual(allowed.rows.map(({ id }) => id).sort())
    const times = all.map(({ authorized_at }) => Number(authorized_at.seconds) * 1e3 + authorized_at.nanos / 1e6)
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(new Set(all.map(({ state }) => state)).size).toBeGreaterThan(3)
    for (const state of ["COMPLETED", "REVOKED", "LOST", "REJECTED"].map((name) => `EXECUTION_STATE_${name}`)) {
      const expected = all.filter((execution) => execution.state === state).map(({ execution_id }) => execution_id)
      expect((await list({ page_size: 2, state })).map(({ execution_id }) => execution_id)).toEqual(expected)
    }
    for (const request of [{ page_size: -1 }, { page_size: 501 }, { page_token: "x" }])
      expect(await outcomeOf(auditor.call("authorization", "ListExecutions", request))).toBe("INVALID_REQUEST")
  })

  /** Runs each race on an execution of its own. */
  async function race(run: (i: number, reply: AuthorizeReply) => Promise<void>): Promise<void> {
    for (let first = 0; first < RACES; first += AT_A_TIME) {
      const count = Math.min(AT_A_TIME, RACES - first)
      await Promise.all(
        Array.from({ length: count }, async (_, n) => await run(first + n, await authorize(one.client("pep")))),
      )
    }
  }

  test(`redeemed on the one and revoked on the other at once, ${RACES} times: one outcome each, and the chain is intact`, {
    timeout: 60_000 + RACES * 100,
  }, async () => {
    const seen = { before: 0, after: 0 }
    await race(async (i, { token, execution_id }) => {
      const [here, there] = i % 2 ? [0, two] : [1, one]
      const [redeemed, revoked] = await Promise.all([
        outcomeOf(redeem(executors[here as 0 | 1], token)),
        outcomeOf(revoke(there as TestDaemon, execution_id)),
      ])
      expect(revoked).toBe("OK")
      // Whoever was first: once the revocation was answered the execution is revoked, whatever was redeemed before.
      const { kinds, state } = await lineageOf(execution_id)
      expect(state).toBe("EXECUTION_STATE_REVOKED")
      if (redeemed === "OK") {
        seen.before++
        expect(kinds).toEqual(["decision", "redeemed", "revoked"])
        expect(await complete(executors[0], execution_id)).toMatchObject({ state: "EXECUTION_STATE_REVOKED" })
      } else {
        seen.after++
        expect(redeemed).toBe("TOKEN_REFUSED")
        expect(kinds).toEqual(["decision", "revoked", "redeem_refused"])
      }
      if (i % 50 === 0) expect(await verify(execution_id)).toMatchObject({ valid: true })
    })
    expect(seen.before + seen.after).toBe(RACES)
  })

  test(`completed on the one, otherwise on the other, and revoked, all at once, ${RACES / 5} times: one end each`, {
    timeout: 60_000 + RACES * 100,
  }, async () => {
    await race(async (i, { token, execution_id }) => {
      if (i % 5 > 0) return
      await redeem(executors[1], token)
      const failed = { execution_id, succeeded: false }
      const [revoked, ...reports] = await Promise.all([
        outcomeOf(revoke(i % 2 ? one : two, execution_id)),
        outcomeOf(complete(executors[0], execution_id)),
        outcomeOf(executors[1].call("authorization", "CompleteExecution", failed)),
      ])
      // One report is taken; it is the end, or what is said of the end of what was revoked.
      expect(reports.sort()).toEqual(["INVALID_TRANSITION", "OK"])
      const { kinds, state } = await lineageOf(execution_id)
      expect(kinds).toEqual([
        "decision",
        "redeemed",
        ...(revoked === "OK" ? ["revoked", "completed_late"] : ["completed"]),
      ])
      expect(state === "EXECUTION_STATE_REVOKED").toBe(revoked === "OK")
      if (i % 50 === 0) expect(await verify(execution_id)).toMatchObject({ valid: true })
    })
  })

  test("64 revocations at once on each replica all get through", async () => {
    const replies = await Promise.all(Array.from({ length: 128 }, () => authorize(one.client("pep"))))
    const outcomes = await Promise.all(
      replies.map(({ execution_id }, i) => outcomeOf(revoke(i % 2 ? one : two, execution_id))),
    )
    expect(new Set(outcomes)).toEqual(new Set(["OK"]))
  })

  test("the ledger is clean after all", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
