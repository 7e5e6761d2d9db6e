/** Runtimes over wires that lose, repeat and delay, and the way of a directive to those who watch. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { type HeartbeatReply, registerRuntime } from "../../src/client/runtime-session.ts"
import { readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { makeRuntime, RUNTIMES_POLICY } from "../support/runtime.ts"
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts"

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon
let wire: TcpProxy
const clients: WritClient[] = []
const policy = makeFolder()

beforeAll(async () => {
  writeFileSync(join(policy.path, "policy.yaml"), RUNTIMES_POLICY)
  database = await createDatabase()
  const flags = { policy: policy.path, issuer: "https://writ.test" }
  one = await startTestDaemon(database.url, flags)
  two = await startTestDaemon(database.url, flags)
  await one.daemon.reloadPolicy()
  wire = await startTcpProxy(one.daemon.addresses.grpc)
})
afterAll(async () => {
  for (const client of clients) client.close()
  await wire?.close()
  await Promise.all([one?.stop(), two?.stop()])
  await database?.drop()
  policy.remove()
})

function over(target: string): WritClient {
  const client = connect({ target, key: one.key("runtime") })
  clients.push(client)
  return client
}
const get = async (id: string) =>
  (
    await one
      .client("operator")
      .call<{ runtime: { state: string; last_sequence: string } }>("verifier", "GetRuntime", { runtime_id: id })
  ).runtime
const send = (client: WritClient, beat: object) => client.call<HeartbeatReply>("verifier", "Heartbeat", beat, 10_000)

describe("a wire that loses the answers", () => {
  test("the daemon has taken the beat: its very bytes again are answered as if nothing had been", async () => {
    const runtime = makeRuntime()
    const client = over(wire.target)
    const session = await registerRuntime(client, runtime)
    await session.beat()
    for (let sequence = 2; sequence < 6; sequence++) {
      wire.loseReplies(1)
      const due = session.nextBeat()
      const reply = await send(client, due) // the client itself sends the same bytes again
      expect(reply).toMatchObject({ accepted: true, sequence: String(sequence), state: "RUNTIME_STATE_TRUSTED" })
      expect(await send(client, due)).toEqual(reply)
      session.settle(reply)
      expect((await get(runtime.id)).last_sequence).toBe(String(sequence))
    }
  })

  test("one that is cut for longer than a beat may take makes the runtime late, and no more than that", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(over(wire.target), runtime)
    await session.beat()
    wire.cut()
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    wire.mend()
    const late = await send(over(wire.target), session.nextBeat())
    session.settle(late)
    expect(late).toMatchObject({ accepted: true, state: "RUNTIME_STATE_SUSPECT" })
    const doubts = late.appraisal.filter(({ tier }) => tier !== "TRUST_TIER_AFFIRMING")
    expect(doubts).toMatchObject([{ claim: "instance_identity", reasons: [{ code: "BEAT_LATE" }] }])
    const states = []
    for (let i = 0; i < 3; i++) states.push((await session.beat()).state)
    expect(states).toEqual([...Array(2).fill("RUNTIME_STATE_SUSPECT"), "RUNTIME_STATE_TRUSTED"])
  }, 60_000)
})

describe("beats that arrive more than once", () => {
  test("the same bytes at both replicas at once, and old ones in between, leave no doubt", async () => {
    const runtime = makeRuntime()
    const [first, second] = [over(one.daemon.addresses.grpc), over(two.daemon.addresses.grpc)]
    const session = await registerRuntime(first, runtime)
    session.settle(await send(first, session.nextBeat()))
    const sent: object[] = []
    for (let i = 0; i < 8; i++) {
      const due = session.nextBeat()
      sent.push(due)
      const replies = await Promise.all([send(first, due), send(second, due), send(second, due), send(first, due)])
      for (const reply of replies) expect(reply).toMatchObject({ accepted: true, state: "RUNTIME_STATE_TRUSTED" })
      session.settle(replies[i % 4] as HeartbeatReply)
      for (const old of sent.slice(0, -1))
        expect(await send(i % 2 ? first : second, old)).toMatchObject({
          accepted: false,
          reasons: [{ code: "SEQUENCE_OLD" }],
          state: "RUNTIME_STATE_TRUSTED",
        })
    }
    expect((await get(runtime.id)).state).toBe("RUNTIME_STATE_TRUSTED")
  })
})

describe("a directive", () => {
  const TRIALS = 20

  test.each(["the same replica", "the other replica"])(
    "reaches who watches at %s by a push, not by a poll",
    async (which) => {
      const watched = which === "the same replica" ? one : two
      const runtime = makeRuntime()
      const client = over(watched.daemon.addresses.grpc)
      const session = await registerRuntime(client, runtime)
      await session.beat()
      const arrived = new Map<string, number>()
      const stream = client.watch("verifier", "WatchDirectives", {
        runtime_id: runtime.id,
        lease_id: session.registered.lease_id,
      })
      stream.on("error", () => {})
      stream.on("data", ({ directive }) => directive && arrived.set(directive.execution_id, performance.now()))
      await new Promise((resolve) => stream.once("data", resolve))
      const pep = watched.client("pep")
      const operator = one.client("operator")
      const latencies: number[] = []
      for (let trial = 0; trial < TRIALS; trial++) {
        if (trial % 5 === 0) await session.beat()
        const { execution_id } = await pep.call<AuthorizeReply>(
          "authorization",
          "Authorize",
          toWireRequest(readPage({ runtime_id: runtime.id })),
        )
        await operator.call("authorization", "RevokeExecution", { execution_id, reason: "trial" })
        const answered = performance.now()
        await expect.poll(() => arrived.has(execution_id), { interval: 1, timeout: 5_000 }).toBe(true)
        latencies.push((arrived.get(execution_id) as number) - answered)
      }
      stream.cancel()
      latencies.sort((a, b) => a - b)
      // By the poll alone, once a second, half would take more than half a second. A loaded machine may spoil a few.
      expect(latencies[TRIALS / 2]).toBeLessThan(100)
    },
  )
})

describe("the ledger of all that", () => {
  test("is clean", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
