import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { type HeartbeatReply, registerRuntime } from "../../src/client/runtime-session.ts"
import { sha256 } from "../../src/crypto.ts"
import { redeemProofInput } from "../../src/formats/redeem-proof.ts"
import { NO_COUNTERS } from "../../src/formats/runtime-messages.ts"
import { readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { CODE, makeRuntime, OTHER_CODE, RUNTIMES_POLICY } from "../support/runtime.ts"

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon
let client: WritClient
const policy = makeFolder()

beforeAll(async () => {
  writeFileSync(join(policy.path, "policy.yaml"), RUNTIMES_POLICY)
  database = await createDatabase()
  const flags = { policy: policy.path, issuer: "https://writ.test", listen: "false" } // NOTIFY switched off on both
  one = await startTestDaemon(database.url, flags)
  two = await startTestDaemon(database.url, flags)
  await one.daemon.reloadPolicy() // it signs the bundle that the other activated as well
  client = connect({ target: two.daemon.addresses.grpc, key: one.key("runtime") })
})
afterAll(async () => {
  client?.close()
  await Promise.all([one?.stop(), two?.stop()])
  await database?.drop()
  policy.remove()
})

const codesOf = ({ decision, ...reply }: AuthorizeReply) =>
  decision === "DECISION_ALLOW"
    ? []
    : (reply as unknown as { checks: { reasons: { code: string }[] }[] }).checks.flatMap(({ reasons }) =>
        reasons.map(({ code }) => code),
      )
const authorize = async (at: TestDaemon, runtimeId: string) =>
  codesOf(
    await at
      .client("pep")
      .call<AuthorizeReply>("authorization", "Authorize", toWireRequest(readPage({ runtime_id: runtimeId }))),
  )

describe("a runtime and two replicas", () => {
  test("registered with one it beats to the other with the first one's nonce, and back", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(one.client("runtime"), runtime)
    for (const through of [client, one.client("runtime"), client]) {
      const reply = await through.call<HeartbeatReply>("verifier", "Heartbeat", session.nextBeat())
      expect(reply).toMatchObject({ accepted: true, state: "RUNTIME_STATE_TRUSTED" })
      session.settle(reply)
    }
  })

  test("who does not take its beats learns within seconds that it is alive", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(one.client("runtime"), runtime)
    await session.beat()
    expect(await authorize(one, runtime.id)).toEqual([])
    await expect.poll(() => authorize(two, runtime.id), { timeout: 5_000 }).toEqual([])
    const stale = session.nextBeat()
    await session.beat()
    await expect
      .poll(async () => (await client.call<HeartbeatReply>("verifier", "Heartbeat", stale)).accepted, { timeout: 100 })
      .toBe(true) // the same beat, taken or repeated: the same outcome
  })

  test("what was redeemed through one accounts for what is started, ended or not, by the beats to the other", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(one.client("runtime"), runtime)
    await session.beat()
    const executor = one.client("executor")
    for (let i = 0; i < 3; i++) {
      const request = toWireRequest(readPage({ runtime_id: runtime.id }))
      const { token, execution_id } = await one
        .client("pep")
        .call<AuthorizeReply>("authorization", "Authorize", request)
      const proof = Buffer.from(runtime.key.sign(redeemProofInput(sha256, token, "one", null))).toString("base64url")
      await executor.call("authorization", "RedeemToken", { token, redemption_id: "one", proof })
      if (i === 0) await executor.call("authorization", "CompleteExecution", { execution_id, succeeded: true })
    }
    const told = []
    for (const executions_started of ["3", "4"]) {
      session.counters = { ...NO_COUNTERS, executions_started }
      const reply = await client.call<HeartbeatReply>("verifier", "Heartbeat", session.nextBeat())
      session.settle(reply)
      told.push([reply.state, ...reply.appraisal.flatMap(({ reasons }) => reasons.map(({ code }) => code))])
    }
    expect(told).toEqual([["RUNTIME_STATE_TRUSTED"], ["RUNTIME_STATE_SUSPECT", "COUNTERS_UNACCOUNTED"]])
  })

  test("what is quarantined on one is refused on the other from the answer on, and its watcher there is told", async () => {
    for (let i = 0; i < 5; i++) {
      const runtime = makeRuntime()
      const session = await registerRuntime(client, runtime)
      await session.beat()
      expect(await authorize(two, runtime.id)).toEqual([])
      const seen: string[] = []
      const stream = client.watch("verifier", "WatchDirectives", {
        runtime_id: runtime.id,
        lease_id: session.registered.lease_id,
      })
      stream.on("error", () => {})
      stream.on("data", ({ directive }) => directive && seen.push(directive.kind))
      await expect
        .poll(
          () =>
            one
              .client("operator")
              .call("verifier", "SetRuntimeState", { runtime_id: runtime.id, state: "RUNTIME_STATE_QUARANTINED" })
              .then(
                () => "done",
                (error: { code: string }) => error.code,
              ),
          { timeout: 5_000 },
        )
        .toBe("done")
      expect(await authorize(two, runtime.id)).toEqual(["RUNTIME_QUARANTINED"])
      await expect.poll(() => seen, { timeout: 3_000 }).toEqual(["quarantine"])
      stream.cancel()
    }
  })

  test("Reference Values put on one count on the other, and what they no longer hold is refused there from the answer on", async () => {
    const put = (digests: readonly string[], more = {}) =>
      one.client("operator").call<{ receipt: { leaf_index: string } }>("verifier", "PutReferenceValues", {
        reference_values: {
          name: "builds",
          claim: "code",
          digests: digests.map((hex) => Buffer.from(hex, "hex")),
          ...more,
        },
      })
    const runtime = makeRuntime({ id: "built-1" })
    await expect(registerRuntime(client, runtime)).rejects.toThrow(/^MEASUREMENTS_REFUSED/)
    await put([OTHER_CODE, CODE], { provenance: "build 7" })
    await expect.poll(() => registerRuntime(client, runtime).then(() => "in", String), { timeout: 5_000 }).toBe("in")
    const { reference_values: listed } = await two
      .client("auditor")
      .call<{ reference_values: { name: string; digests: Buffer[] }[] }>("verifier", "ListReferenceValues", {})
    expect(listed).toMatchObject([{ name: "builds", claim: "code", provenance: "build 7", expires_at: null }])
    expect(listed[0]?.digests).toHaveLength(2)
    const other = makeRuntime({ id: "built-2" })
    const second = await registerRuntime(client, other)
    await second.beat()
    expect(await authorize(two, other.id)).toEqual([])
    await put([OTHER_CODE])
    expect(await authorize(two, other.id)).toEqual(["MEASUREMENTS_REFUSED"])
    expect(await second.beat()).toMatchObject({ accepted: true, state: "RUNTIME_STATE_SUSPECT" })
    await put([CODE])
    await expect
      .poll(async () => (await second.beat()).state, { timeout: 5_000, interval: 300 })
      .toBe("RUNTIME_STATE_TRUSTED")
    await put([CODE], { expires_at: { seconds: String(Math.floor(Date.now() / 1000) - 1) } })
    expect(await authorize(two, other.id)).toEqual(["MEASUREMENTS_REFUSED"])
    await expect(
      two.client("runtime").call("verifier", "PutReferenceValues", { reference_values: null }),
    ).rejects.toMatchObject({ code: "FORBIDDEN" })
  }, 60_000)

  test("it lapses once, whichever replica notices", async () => {
    const runtime = makeRuntime()
    await registerRuntime(client, runtime)
    const stateOn = async (at: TestDaemon) =>
      (
        await at
          .client("operator")
          .call<{ runtime: { state: string } }>("verifier", "GetRuntime", { runtime_id: runtime.id })
      ).runtime.state
    await expect.poll(() => stateOn(two), { timeout: 25_000, interval: 500 }).toBe("RUNTIME_STATE_ENDED")
    await expect.poll(() => stateOn(one), { timeout: 5_000 }).toBe("RUNTIME_STATE_ENDED")
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    let ended = 0
    for (const at of [one, two]) {
      const { records } = await at
        .client("auditor")
        .call<{ records: { body: Buffer }[] }>("lineage", "ListRecords", { kind: "runtime_ended", page_size: 1000 })
      ended += records.filter(({ body }) => body.toString().includes('"event":"lapsed"')).length
    }
    const { rows } = await database.query(
      "SELECT count(*) AS count FROM runtime WHERE position('ENDED'::bytea IN content) > 0",
    )
    expect(ended).toBe(Number(rows[0].count))
  }, 60_000)

  test("the ledger is clean after all", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
