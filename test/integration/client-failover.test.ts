import { randomUUID } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { type AuthorizeReply, toWireRequest } from "../../src/client/authorize-request.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { createGuard } from "../../src/client/guard.ts"
import { startHeartbeatAgent } from "../../src/client/heartbeat-agent.ts"
import { readPage } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { Replicas } from "../support/replicas.ts"
import { makeRuntime, RUNTIMES_YAML } from "../support/runtime.ts"

const POLICY = `
version: "failover"
types:
  subjects: { agent: { known: any, properties: { team: string } } }
  resources: { url: {} }
  actions: { http.get: {}, inside: {} }
rules:
  - { id: get, effect: allow, subjects: [{ type: agent }], actions: [http.get], resources: [{ type: url }], runtime: none, token: { ttl: 30s } }
  - { id: inside, effect: allow, subjects: [{ type: agent }], actions: [inside], resources: [{ type: url }] }
${RUNTIMES_YAML}`

let database: TestDatabase
let replicas: Replicas
const folder = makeFolder()
beforeAll(async () => {
  mkdirSync(join(folder.path, "policy"))
  writeFileSync(join(folder.path, "policy", "policy.yaml"), POLICY)
  database = await createDatabase()
  replicas = new Replicas(join(folder.path, "data"), [
    ...["--database-url", database.url, "--policy", join(folder.path, "policy"), "--append-timeout-ms", "10000"],
  ])
  await replicas.start()
})
afterAll(async () => {
  expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  await replicas?.stop()
  await database?.drop()
  folder.remove()
})

const DECIDE = { subject: { type: "agent", id: "agent:a" }, audience: "runner" }
const PAGE = { resource: { type: "url", id: "https://example.com/" } }
/** The kinds of an execution's records, and that they verify. */
async function kindsOf(client: WritClient, execution_id: string): Promise<string[]> {
  const verify = () => client.call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
  await expect.poll(verify, { timeout: 10_000 }).toMatchObject({ valid: true, reason: "" }) // once a checkpoint is signed
  const { records } = await client.call<{ records: { body: Buffer }[] }>("lineage", "GetLineage", { execution_id })
  return records.map(({ body }) => JSON.parse(body.toString()).kind as string)
}
const countDecisions = async () =>
  Number(
    (await database.query("SELECT count(*) FROM entry WHERE convert_from(body, 'UTF8')::json->>'kind' = 'decision'"))
      .rows[0].count,
  )

describe("a client with two replicas", () => {
  test.each(["Authorize", "RedeemToken", "CompleteExecution"])(
    "the replica is killed by -9 between its commit and its answer to %s: one execution, run once",
    async (method) => {
      const client = connect(replicas.options())
      await client.call("admin", "GetServerInfo", {}) // connected to the first
      const before = await countDecisions()
      let killed: Promise<void> | null = null
      const watched: WritClient = {
        ...client,
        call(...args) {
          if (args[1] === method) killed ??= replicas.killAtAnswer()
          return client.call(...args)
        },
      }
      let runs = 0
      let id = ""
      const result = await createGuard(watched, DECIDE)({ ...PAGE, action: "http.get" }, ({ executionId }) => {
        id = executionId
        return ++runs
      })
      await killed
      expect(result).toBe(1)
      expect(runs).toBe(1)
      await replicas.startOne(0) // which signs what it wrote last
      expect(await countDecisions()).toBe(before + 1)
      expect(await kindsOf(client, id)).toEqual(["decision", "redeemed", "completed"])
      client.close()
    },
  )

  test("the same request to both at once, and again, is one decision", async () => {
    const client = connect(replicas.options())
    const [first, second] = replicas.options().target.map((target) => connect({ ...replicas.options(), target }))
    const before = await countDecisions()
    const request = toWireRequest({ ...readPage(), request_id: randomUUID() })
    const replies = await Promise.all(
      [first, second, client, first, second].map((one) =>
        (one as WritClient).call<AuthorizeReply>("authorization", "Authorize", request),
      ),
    )
    expect(new Set(replies.map(({ execution_id }) => execution_id)).size).toBe(1)
    expect(await countDecisions()).toBe(before + 1)
    for (const one of [client, first, second]) one?.close()
  })

  test("a replica that hangs costs one short try", async () => {
    const client = connect(replicas.options())
    await client.call("admin", "GetServerInfo", {})
    process.kill(replicas.pid(0), "SIGSTOP")
    try {
      const from = performance.now()
      const reply = await client.call<AuthorizeReply>("authorization", "Authorize", toWireRequest(readPage()))
      expect(reply.decision).toBe("DECISION_ALLOW")
      const tookMs = performance.now() - from
      expect(tookMs).toBeGreaterThan(1_500)
      expect(tookMs).toBeLessThan(5_000)
    } finally {
      process.kill(replicas.pid(0), "SIGCONT")
    }
    client.close()
  })

  test("a runtime's lease goes on with the other replica, and so do its directives", async () => {
    const client = connect(replicas.options())
    const lost: Error[] = []
    const agent = await startHeartbeatAgent(client, makeRuntime(), { onLeaseLost: (error) => void lost.push(error) })
    const guard = createGuard(client, { ...DECIDE, agent })
    replicas.kill(0)
    const operator = connect({ ...replicas.options(), target: replicas.options().target[1] as string })
    const before = agent.session.leaseGoodUntilMs
    // The watch was cut and is opened at the other one; then it beats, not only when a beat is due.
    await expect.poll(() => agent.session.leaseGoodUntilMs, { timeout: 3_000 }).toBeGreaterThan(before)
    const stopped = guard({ ...PAGE, action: "inside" }, async ({ executionId, signal }) => {
      await operator.call("authorization", "RevokeExecution", { execution_id: executionId, reason: "test" })
      await expect.poll(() => signal.aborted, { timeout: 4_000 }).toBe(true)
    })
    await expect(stopped).rejects.toMatchObject({ code: "DIRECTIVE" })
    expect(agent.state).toBe("TRUSTED")
    expect(lost).toEqual([])
    expect(await agent.close()).toBe(true)
    operator.close()
    client.close()
    await replicas.startOne(0)
  })

  test("with all of them gone it says so within the deadline, which covers all tries", async () => {
    const client = connect({ target: ["127.0.0.1:1", "127.0.0.1:2"], key: "none" })
    const from = performance.now()
    const failed = client.call("authorization", "Authorize", toWireRequest(readPage()), 1_000)
    await expect(failed).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringMatching(/after \d+ tries/),
    })
    expect(performance.now() - from).toBeLessThan(1_200)
    client.close()
  })
})
