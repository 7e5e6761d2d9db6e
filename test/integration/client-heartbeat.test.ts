import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { CallError } from "../../src/client/call-error.ts"
import type { WritClient } from "../../src/client/connect.ts"
import {
  type HeartbeatAgent,
  type HeartbeatAgentOptions,
  type LeaseLostError,
  type RuntimeStateName,
  startHeartbeatAgent,
} from "../../src/client/heartbeat-agent.ts"
import type { Directive, HeartbeatReply } from "../../src/client/runtime-session.ts"
import { startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { makeRuntime, OTHER_CODE, RUNTIMES_POLICY } from "../support/runtime.ts"

let database: TestDatabase
let writ: TestDaemon
const policy = makeFolder()
const agents: HeartbeatAgent[] = []

beforeAll(async () => {
  writeFileSync(join(policy.path, "policy.yaml"), RUNTIMES_POLICY)
  database = await createDatabase()
  writ = await startTestDaemon(database.url, { policy: policy.path })
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()))
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  policy.remove()
})

/** An agent, and what it has told. */
async function start(options: HeartbeatAgentOptions = {}, client = writ.client("runtime"), runtime = makeRuntime()) {
  const told = {
    directives: [] as Directive[],
    states: [] as RuntimeStateName[],
    lost: [] as LeaseLostError[],
    errors: [] as Error[],
  }
  const agent = await startHeartbeatAgent(client, runtime, {
    onDirective: (directive) => void told.directives.push(directive),
    onState: (state) => void told.states.push(state),
    onLeaseLost: (error) => void told.lost.push(error),
    onError: (error) => void told.errors.push(error),
    ...options,
  })
  agents.push(agent)
  return { agent, told, id: runtime.id }
}
const setState = (id: string, state: string) =>
  writ.client("operator").call("verifier", "SetRuntimeState", { runtime_id: id, state: `RUNTIME_STATE_${state}` })
const get = async (id: string) =>
  (
    await writ
      .client("operator")
      .call<{ runtime: { state: string; last_sequence: string; counters: Record<string, string> } }>(
        "verifier",
        "GetRuntime",
        { runtime_id: id },
      )
  ).runtime
const until = async (isSo: () => boolean | Promise<boolean>, limitMs = 5_000) => {
  const endMs = performance.now() + limitMs
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not so after ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A client whose beats may be lost on the way there or back; `sent` are the beats that were sent, as text. */
function lossy(client: WritClient, fate: (n: number) => "arrives" | "lost" | "reply lost") {
  const sent: string[] = []
  const replies: HeartbeatReply[] = []
  const call: WritClient["call"] = async <Reply>(...args: Parameters<WritClient["call"]>): Promise<Reply> => {
    if (args[1] !== "Heartbeat") return await client.call<Reply>(...args)
    const fails = fate(sent.length)
    sent.push(JSON.stringify(args[2]))
    if (fails === "lost") throw new CallError("UNREACHABLE", "lost by the test")
    const reply = await client.call<Reply>(...args)
    if (fails === "reply lost") throw new CallError("UNREACHABLE", "lost by the test")
    replies.push(reply as HeartbeatReply)
    return reply
  }
  return { client: { ...client, call }, sent, replies }
}

describe("startHeartbeatAgent", () => {
  test("registers, is trusted after its first beat, beats on when it is due, and ends cleanly", async () => {
    const { agent, told, id } = await start()
    expect(agent.state).toBe("TRUSTED")
    expect(told.states).toEqual(["TRUSTED"])
    await agent.trusted()
    expect(agent.leaseLeftMs).toBeGreaterThan(10_000)
    expect(agent.leaseLeftMs).toBeLessThanOrEqual(15_000)
    agent.count("authorize_requests")
    agent.count("bytes_out", 10n ** 12n)
    await until(async () => (await get(id)).last_sequence === "2", 8_000) // 5 s after the first
    expect((await get(id)).counters).toMatchObject({ authorize_requests: "1", bytes_out: "1000000000000" })
    expect(await agent.close(15_000)).toBe(true)
    expect(agent.leaseLeftMs).toBe(0)
    expect((await get(id)).state).toBe("RUNTIME_STATE_ENDED")
    expect(told).toMatchObject({ lost: [], errors: [], directives: [] })
    expect(await agent.close()).toBe(false)
  })

  test("a runtime that may not register is not started", async () => {
    await expect(start({}, undefined, makeRuntime({ measurements: { code: OTHER_CODE } }))).rejects.toMatchObject({
      code: "REGISTRATION_REFUSED",
    })
  })

  test("a directive is delivered once, though watch and beats both bring it, and acknowledged when it is carried out", async () => {
    let finish = () => {}
    const carriedOut = new Promise<void>((resolve) => {
      finish = resolve
    })
    const { client, replies } = lossy(writ.client("runtime"), () => "arrives")
    const directives: Directive[] = []
    const { agent, told, id } = await start(
      {
        onDirective(directive) {
          directives.push(directive)
          return carriedOut
        },
      },
      client,
    )
    await setState(id, "QUARANTINED")
    await until(() => directives.length === 1, 500) // by the watch: no beat is due yet
    for (let i = 0; i < 3; i++) {
      const before = replies.length
      agent.beatNow()
      await until(() => replies.length > before)
    }
    expect(replies.at(-1)).toMatchObject({ accepted: true, directives: [{ number: directives[0]?.number }] })
    expect(agent.state).toBe("QUARANTINED")
    expect(told.states).toEqual(["TRUSTED", "QUARANTINED"])
    finish()
    await until(() => {
      agent.beatNow()
      return replies.at(-1)?.directives.length === 0
    })
    expect(directives.map(({ kind }) => kind)).toEqual(["quarantine"])
    expect(agent.session.acknowledged).toBe(directives[0]?.number)
    expect(told.errors).toEqual([])
  })

  test("a directive that could not be carried out is reported and not acknowledged", async () => {
    const failure = new Error("it would not stop")
    const { agent, told, id } = await start({ onDirective: () => Promise.reject(failure) })
    await setState(id, "QUARANTINED")
    await until(() => told.errors.length > 0)
    agent.beatNow()
    await until(() => agent.state === "QUARANTINED")
    agent.beatNow()
    await until(async () => (await get(id)).last_sequence === "3")
    expect(told.errors).toEqual([failure])
    expect(agent.session.acknowledged).toBe("0")
  })

  test("a revoked runtime hears it at once, and its lease is lost", async () => {
    const { agent, told, id } = await start()
    await setState(id, "REVOKED")
    await until(() => told.lost.length > 0, 1_000)
    expect(told.directives.map(({ kind }) => kind)).toEqual(["stop_all"])
    expect(agent.signal.reason).toBe(told.lost[0])
    expect(["LEASE_ENDED", "RUNTIME_REVOKED"]).toContain(told.lost[0]?.code)
    expect(agent.leaseLeftMs).toBe(0)
    await expect(agent.trusted()).rejects.toBe(told.lost[0])
  })

  test("a beat whose answer is lost goes again with the same bytes, and no doubt falls on the runtime", async () => {
    const fates = ["reply lost", "lost", "reply lost", "arrives", "lost", "arrives", "reply lost"] as const
    const { client, sent, replies } = lossy(writ.client("runtime"), (n) => fates[n] ?? "arrives")
    const { agent, told, id } = await start({}, client)
    for (let i = 0; i < 6; i++) {
      const before = replies.length
      agent.beatNow()
      await until(() => replies.length > before)
    }
    expect(told.states).toEqual(["TRUSTED"])
    expect(replies.every(({ accepted }) => accepted)).toBe(true)
    expect(new Set(sent.slice(0, 4)).size).toBe(1) // answered by the fourth
    expect(sent.length - new Set(sent).size).toBe(5)
    expect(told.errors.length).toBe(5)
    expect(Number((await get(id)).last_sequence)).toBe(replies.length)
  })

  test("what is measured goes with each beat: a runtime that changed is quarantined", async () => {
    const { code } = makeRuntime().measurements as { code: string }
    let now = code
    const { client, sent } = lossy(writ.client("runtime"), () => "arrives")
    const { agent, told, id } = await start({ measure: async () => ({ measurements: { code: now } }) }, client)
    agent.beatNow()
    await until(async () => (await get(id)).last_sequence === "2")
    expect(agent.state).toBe("TRUSTED")
    now = OTHER_CODE
    agent.beatNow()
    await until(() => agent.state === "QUARANTINED")
    expect(JSON.parse(sent[2] as string)).toHaveProperty("measurements")
    expect(JSON.parse(sent[1] as string)).not.toHaveProperty("measurements")
    await until(() => told.directives.length === 1)
    const tries = sent.length
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(sent.length, "a refused beat is not hammered at").toBeLessThanOrEqual(tries + 1)
  })

  test("without answers, or without measurements, the lease is lost before the daemon ends it", async () => {
    let isCut = false
    const { client } = lossy(writ.client("runtime"), () => (isCut ? "lost" : "arrives"))
    let lastSentMs = 0
    const measure = () => {
      if (isCut) throw new Error("there is nothing to measure")
      lastSentMs = performance.now()
      return { measurements: makeRuntime().measurements }
    }
    const [unanswered, unmeasured] = await Promise.all([start({}, client), start({ measure })])
    isCut = true
    await until(() => unanswered.told.lost.length + unmeasured.told.lost.length === 2, 20_000)
    expect(performance.now() - lastSentMs).toBeLessThan(15_500)
    for (const { agent, told, id } of [unanswered, unmeasured]) {
      expect(told.lost).toMatchObject([{ code: "UNANSWERED" }])
      expect(agent.signal.aborted).toBe(true)
      expect((await get(id)).state).toBe("RUNTIME_STATE_TRUSTED") // not recorded as ended yet
      expect(await agent.close()).toBe(false)
    }
    expect(unanswered.told.errors.length).toBeGreaterThan(3)
  }, 60_000)

  test("close says within its limit that the end could not be reported", async () => {
    const { client } = lossy(writ.client("runtime"), () => "arrives")
    const call: WritClient["call"] = (...args) =>
      args[1] === "EndRuntime" ? Promise.reject(new CallError("UNREACHABLE", "cut")) : client.call(...args)
    const { agent, told } = await start({}, { ...client, call })
    expect(await agent.close(500)).toBe(false)
    expect(told.errors).toMatchObject([{ code: "UNREACHABLE" }])
  })

  test("a daemon that was restarted within the lease finds the runtime trusted, without a new registration", async () => {
    const own = await createDatabase()
    const data = makeFolder()
    const flags = { policy: policy.path, "grpc-port": "0" }
    const first = await startTestDaemon(own.url, flags, data.path)
    const port = first.daemon.addresses.grpc.split(":")[1] as string
    const { agent, told } = await start({}, first.client("runtime"))
    await first.daemon.stop()
    agent.beatNow()
    await until(() => told.errors.length > 0)
    const second = await startTestDaemon(own.url, { ...flags, "grpc-port": port }, data.path)
    const sequence = async () => {
      const { runtime } = await second
        .client("operator")
        .call<{ runtime: { state: string; last_sequence: string } }>("verifier", "GetRuntime", {
          runtime_id: agent.session.runtime.id,
        })
      return `${runtime.state} ${runtime.last_sequence}`
    }
    await until(async () => /^RUNTIME_STATE_TRUSTED [2-9]$/.test(await sequence()), 10_000)
    expect(agent.state).toBe("TRUSTED")
    expect(told.lost).toEqual([])
    expect(await agent.close(15_000)).toBe(true)
    await second.stop()
    await first.stop()
    data.remove()
    await own.drop()
  })
})
