/** FindDecisions of the daemon, over its own socket. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { FoundPage } from "../../src/cli/lineage-find.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let writ: TestDaemon
beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url)
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
})

const find = (query: object, role: "auditor" | "operator" | "pep" = "auditor") =>
  writ.client(role).call<FoundPage>("lineage", "FindDecisions", query)
const subject = { type: "agent", id: "agent:researcher" }

describe("FindDecisions", () => {
  test("says what was asked for and what became of it, at once, and no more after an erasure", async () => {
    const one = await authorize(writ.client("pep"), readPage())
    const resource = { type: "url", id: "ftp://elsewhere/" }
    const two = await authorize(writ.client("pep"), readPage({ resource }))
    const revoked = { execution_id: one.execution_id, reason: "test" }
    await writ.client("operator").call("authorization", "RevokeExecution", revoked)
    const { decisions, next_page_token } = await find({ subject })
    expect(next_page_token).toBe("")
    expect(decisions).toMatchObject([
      {
        execution_id: two.execution_id,
        decision: "DECISION_DENY",
        state: "EXECUTION_STATE_UNSPECIFIED",
        subject,
        resource,
      },
      {
        execution_id: one.execution_id,
        decision: "DECISION_ALLOW",
        state: "EXECUTION_STATE_REVOKED",
        action: "http.get",
      },
    ])
    expect((await find({ subject, resource })).decisions).toMatchObject([{ receipt: two.receipt }])
    await writ.client("operator").call("admin", "ErasePayload", { leaf_index: two.receipt.leaf_index, reason: "test" })
    expect((await find({ subject })).decisions).toMatchObject([{ execution_id: one.execution_id }])
    const [first] = decisions
    const erased = (await find({ since: first?.time })).decisions
    expect(erased).toMatchObject([{ execution_id: two.execution_id, payload_erased: true, subject: null, action: "" }])
  })

  test("is for auditors and operators, and refuses what can be no value", async () => {
    const codeOf = async (query: object, role?: "operator" | "pep") =>
      await find(query, role).then(
        () => "OK",
        ({ code }: { code: string }) => code,
      )
    expect(await codeOf({}, "operator")).toBe("OK")
    expect(await codeOf({}, "pep")).toBe("FORBIDDEN")
    for (const query of [
      { page_size: 501 },
      { page_token: "AAAA" },
      { action: "a\nb" },
      { subject: { type: "agent", id: "" } },
      { runtime_id: "x".repeat(513) },
      { resource: { type: "url", id: "\u0000" } },
    ])
      expect(await codeOf(query), JSON.stringify(query)).toBe("INVALID_REQUEST")
  })
})
