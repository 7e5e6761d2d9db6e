import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { type RuntimeDescription, registerRuntime } from "../../src/client/runtime-session.ts"
import { sha256 } from "../../src/crypto.ts"
import { redeemProofInput } from "../../src/formats/redeem-proof.ts"
import { NO_COUNTERS } from "../../src/formats/runtime-messages.ts"
import { readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { makeRuntime, RUNTIMES_YAML } from "../support/runtime.ts"

const POLICY = `
version: "redeem"
types:
  subjects: { agent: { known: any, properties: { team: string } } }
  resources: { url: {} }
  actions: { http.get: {} }
rules:
  - { id: get, effect: allow, subjects: [{ type: agent }], actions: [http.get], resources: [{ type: url }] }
${RUNTIMES_YAML}`

let database: TestDatabase
let writ: TestDaemon
const folder = makeFolder()

beforeAll(async () => {
  mkdirSync(join(folder.path, "p"))
  writeFileSync(join(folder.path, "p", "policy.yaml"), POLICY)
  database = await createDatabase()
  writ = await startTestDaemon(database.url, { policy: join(folder.path, "p") })
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  folder.remove()
})

/** A runtime that is trusted, and a token for it. */
async function allowed() {
  const runtime = makeRuntime()
  const session = await registerRuntime(writ.client("runtime"), runtime)
  await session.beat()
  return { runtime, session, ...(await authorize(runtime)) }
}
async function authorize(runtime: RuntimeDescription) {
  const request = toWireRequest(readPage({ runtime_id: runtime.id }))
  const reply = await writ.client("pep").call<AuthorizeReply>("authorization", "Authorize", request)
  expect(reply.decision).toBe("DECISION_ALLOW")
  return reply
}
const prove = ({ key }: RuntimeDescription, token: string, id: string) =>
  Buffer.from(key.sign(redeemProofInput(sha256, token, id, null))).toString("base64url")
const redeem = (token: string, redemption_id: string, proof: string): Promise<string> =>
  writ
    .client("executor")
    .call("authorization", "RedeemToken", { token, redemption_id, proof })
    .then(
      () => "OK",
      (error: Error) => error.message.split(":")[0] as string,
    )

describe("a token that is bound to a runtime's key", () => {
  test("is redeemed by proof of having that key, and by nothing else", async () => {
    const { runtime, token, execution_id } = await allowed()
    expect(await redeem(token, "one", "")).toBe("PROOF_MISSING")
    expect(await redeem(token, "one", prove(makeRuntime(), token, "one"))).toBe("PROOF_WRONG")
    expect(await redeem(token, "one", prove(runtime, token, "two"))).toBe("PROOF_WRONG")
    expect(await redeem(token, "one", prove(runtime, token, "one"))).toBe("OK")
    expect(await redeem(token, "one", prove(runtime, token, "one"))).toBe("OK")
    const { execution } = await writ
      .client("auditor")
      .call<{ execution: object }>("authorization", "GetExecution", { execution_id })
    expect(execution).toMatchObject({ state: "EXECUTION_STATE_REDEEMED", runtime_id: runtime.id })
    const report = await writ.client("auditor").call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
    expect(report).toMatchObject({ valid: true, reason: "" })
  })

  test("accounts for one that its runtime says to have started; for one more there is a doubt", async () => {
    const { runtime, session, token } = await allowed()
    const tokens = [token, (await authorize(runtime)).token, (await authorize(runtime)).token]
    const started = async (count: number) => {
      session.counters = { ...NO_COUNTERS, executions_started: String(count) }
      const { state, appraisal } = await session.beat()
      const reasons = appraisal.flatMap(({ reasons }) => reasons.map(({ code }) => code))
      return [state.slice("RUNTIME_STATE_".length), ...reasons].join(" ")
    }
    for (const [i, one] of tokens.entries()) {
      expect(await redeem(one, "one", prove(runtime, one, "one"))).toBe("OK")
      expect(await redeem(one, "one", prove(runtime, one, "one"))).toBe("OK") // the same again is not another one
      expect(await started(i + 1)).toBe("TRUSTED")
    }
    expect(await redeem(token, "two", prove(runtime, token, "two"))).toContain("redeemed already")
    const other = await allowed() // what others redeem does not account for it
    expect(await redeem(other.token, "one", prove(other.runtime, other.token, "one"))).toBe("OK")
    const told = []
    for (const count of [4, 4, 3, 3, 3, 3]) told.push(await started(count))
    expect(told).toEqual([
      "SUSPECT COUNTERS_UNACCOUNTED",
      "SUSPECT COUNTERS_UNACCOUNTED",
      "SUSPECT COUNTERS_FELL", // a claim that is taken back
      "SUSPECT",
      "SUSPECT",
      "TRUSTED",
    ])
  })

  test("is redeemed no more once its runtime was quarantined, not even again", async () => {
    const [before, after] = [await allowed(), await allowed()]
    const proofs = [before, after].map(({ runtime, token }) => prove(runtime, token, "one")) as [string, string]
    expect(await redeem(before.token, "one", proofs[0])).toBe("OK")
    for (const { runtime } of [before, after])
      await writ.client("operator").call("verifier", "SetRuntimeState", {
        runtime_id: runtime.id,
        state: "RUNTIME_STATE_QUARANTINED",
        reason: "test",
      })
    expect(await redeem(before.token, "one", proofs[0])).toBe("EXECUTION_REVOKED") // what runs ends with its runtime
    expect(await redeem(after.token, "one", proofs[1])).toBe("RUNTIME_QUARANTINED")
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
