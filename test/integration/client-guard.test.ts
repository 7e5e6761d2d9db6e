import { createHash } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { CallError } from "../../src/client/call-error.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { fromDataFolder } from "../../src/client/data-folder.ts"
import { createGuard, type Execution } from "../../src/client/guard.ts"
import { ApprovalRequiredError, DeniedError, ObligationError, StoppedError } from "../../src/client/guard-errors.ts"
import type { ObligationHandlers } from "../../src/client/guard-request.ts"
import { type HeartbeatAgent, startHeartbeatAgent } from "../../src/client/heartbeat-agent.ts"
import { startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { makeRuntime, RUNTIMES_YAML } from "../support/runtime.ts"

const POLICY = `
version: "guard"
types:
  subjects: { agent: { known: any } }
  resources: { url: {} }
  actions:
    get: {}
    quick: {}
    inside: {}
    pay: { parameters: { amount: { type: int, required: true }, to: string } }
    ask: {}
    note: {}
rules:
  - { id: get, effect: allow, subjects: [{ type: agent }], actions: [get], resources: [{ type: url }], runtime: none }
  - { id: quick, effect: allow, subjects: [{ type: agent }], actions: [quick], resources: [{ type: url }], runtime: none, token: { max_duration: 1s } }
  - { id: inside, effect: allow, subjects: [{ type: agent }], actions: [inside], resources: [{ type: url }] }
  - { id: pay, effect: allow, subjects: [{ type: agent }], actions: [pay], resources: [{ type: url }], runtime: none, when: parameters.amount < 100 }
  - { id: ask, effect: allow, subjects: [{ type: agent }], actions: [ask], resources: [{ type: url }], runtime: none }
  - { id: ask-first, effect: require_approval, subjects: [{ type: agent }], actions: [ask], resources: [{ type: url, id: "https://*" }] }
  - id: note
    effect: allow
    subjects: [{ type: agent }]
    actions: [note]
    resources: [{ type: url }]
    runtime: none
    obligations: [{ id: second, type: log, properties: { what: body } }, { id: first, type: notify }]
${RUNTIMES_YAML}`

let database: TestDatabase
let writ: TestDaemon
let client: WritClient
const policy = makeFolder()
const agents: HeartbeatAgent[] = []

beforeAll(async () => {
  writeFileSync(join(policy.path, "policy.yaml"), POLICY)
  database = await createDatabase()
  writ = await startTestDaemon(database.url, { policy: policy.path })
  client = connect(fromDataFolder(writ.data))
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()))
})
afterAll(async () => {
  client?.close()
  expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  await writ?.stop()
  await database?.drop()
  policy.remove()
})

const subject = { type: "agent", id: "agent:a" }
const resource = { type: "url", id: "https://example.com/" }
const action = (name: string) => ({ action: name, resource })
const unreported: [Error, string][] = []
const makeGuard = (agent?: HeartbeatAgent, at = client) =>
  createGuard(at, {
    subject,
    audience: "runner",
    ...(agent && { agent }),
    onUnreported: (error, id) => void unreported.push([error, id]),
  })
const startAgent = async () => {
  const agent = await startHeartbeatAgent(client, makeRuntime())
  agents.push(agent)
  return agent
}
const stateOf = async (execution_id: string) => {
  const { execution } = await writ
    .client("auditor")
    .call<{ execution: { state: string } }>("authorization", "GetExecution", { execution_id })
  const report = await writ.client("auditor").call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
  expect(report).toMatchObject({ valid: true, reason: "" })
  return execution.state.slice("EXECUTION_STATE_".length)
}
const parentOf = async (execution_id: string) =>
  (
    await writ
      .client("auditor")
      .call<{ execution: { parent_execution_id: string } }>("authorization", "GetExecution", { execution_id })
  ).execution.parent_execution_id
const kindsOf = async (execution_id: string) => {
  const { records } = await writ
    .client("auditor")
    .call<{ records: { body: Buffer }[] }>("lineage", "GetLineage", { execution_id })
  return records.map(({ body }) => JSON.parse(body.toString()).kind as string)
}
const revoke = (execution_id: string) =>
  writ.client("operator").call("authorization", "RevokeExecution", { execution_id, reason: "test" })
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve())
  })
/** Runs a function that waits to be told to stop, does something once it runs, and answers how the guard ended. */
async function stopped(guarded: Promise<unknown>): Promise<{ readonly error: StoppedError; readonly afterMs: number }> {
  const from = performance.now()
  const error = await guarded.then(
    () => expect.fail("it was not stopped"),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(StoppedError)
  return { error: error as StoppedError, afterMs: performance.now() - from }
}

describe("guard", () => {
  test("runs what is allowed, once, with exactly the parameters that were authorized, and reports its end", async () => {
    const parameters = { to: "b", amount: 7 }
    let seen: Execution<{ to: string; amount: number }> | undefined
    const result = await makeGuard()({ ...action("pay"), parameters }, async (execution) => {
      parameters.amount = 1_000_000 // of the caller's object: not of what was authorized
      seen = execution
      expect(await stateOf(execution.executionId)).toBe("REDEEMED")
      return execution.parameters.amount
    })
    expect(result).toBe(7)
    expect(Buffer.from(seen?.parameterBytes as Uint8Array).toString()).toBe('{"amount":7,"to":"b"}')
    const claims = JSON.parse(Buffer.from(seen?.token.split(".")[1] as string, "base64url").toString())
    const digest = createHash("sha256").update('{"amount":7,"to":"b"}').digest("base64url")
    expect(claims).toMatchObject({ dig: digest, execution_id: seen?.executionId })
    expect(seen?.signal.aborted).toBe(false)
    expect(await stateOf(seen?.executionId as string)).toBe("COMPLETED")
    expect(unreported).toEqual([])
  })

  test("what it throws is thrown, and recorded as a failure", async () => {
    const failure = new Error("no such page")
    let id = ""
    await expect(
      makeGuard()(action("get"), ({ executionId }) => {
        id = executionId
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(await stateOf(id)).toBe("FAILED")
  })

  test("what is denied is not run, and the reasons are told", async () => {
    let runs = 0
    const run = () => void runs++
    const denied = makeGuard()({ ...action("pay"), parameters: { amount: 100 } }, run)
    await expect(denied).rejects.toBeInstanceOf(DeniedError)
    await expect(denied).rejects.toMatchObject({ decision: "DENY", reasons: [{ code: "NO_MATCHING_ALLOW" }] })
    await expect(makeGuard()(action("ask"), run)).rejects.toMatchObject({ decision: "REQUIRE_APPROVAL" })
    await expect(makeGuard()(action("inside"), run)).rejects.toMatchObject({ decision: "DENY" })
    await expect(createGuard(client)(action("get"), run)).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    expect(runs).toBe(0)
  })

  test("a token that was revoked before it was redeemed gives no right", async () => {
    const at: WritClient = {
      ...client,
      async call(...args) {
        if (args[1] === "RedeemToken") await revoke(claimsOf((args[2] as { token: string }).token).execution_id)
        return await client.call(...args)
      },
    }
    let runs = 0
    const refused = makeGuard(undefined, at)(action("get"), () => void runs++)
    await expect(refused).rejects.toMatchObject({ decision: "REFUSED", reasons: [{ code: "EXECUTION_REVOKED" }] })
    expect(runs).toBe(0)
  })

  test("a lost answer to redeeming or reporting costs nothing: the same goes again", async () => {
    const lost = new Set<string>()
    const at: WritClient = {
      ...client,
      async call(...args) {
        const reply = await client.call(...args)
        if (lost.has(args[1])) return reply as never
        lost.add(args[1])
        return (await client.call(...args)) as never // as `connect` does when the answer is lost
      },
    }
    let runs = 0
    let id = ""
    await makeGuard(undefined, at)(action("get"), ({ executionId }) => {
      id = executionId
      runs++
    })
    expect([...lost]).toEqual(["Authorize", "RedeemToken", "CompleteExecution"])
    expect(runs).toBe(1)
    expect(await stateOf(id)).toBe("COMPLETED")
  })

  test("a result is not held back when its end cannot be reported, and that is said", async () => {
    const at: WritClient = {
      ...client,
      call: (...args) =>
        args[1] === "CompleteExecution" ? Promise.reject(new CallError("UNREACHABLE", "cut")) : client.call(...args),
    }
    unreported.length = 0
    let id = ""
    const result = await makeGuard(undefined, at)(action("get"), ({ executionId }) => {
      id = executionId
      return "done"
    })
    expect(result).toBe("done")
    expect(unreported).toMatchObject([[{ code: "UNREACHABLE" }, id]])
    expect(await stateOf(id)).toBe("REDEEMED")
  })

  test("without a runtime a revocation is learned at the end: no result that had no right any more", async () => {
    const { error } = await stopped(
      makeGuard()(action("get"), async ({ executionId }) => {
        await revoke(executionId)
        return "done"
      }),
    )
    expect(error).toMatchObject({ code: "REVOKED", outcome: { ok: true, result: "done" } })
  })

  test("past the time that it may last it is told to stop", async () => {
    const { error, afterMs } = await stopped(makeGuard()(action("quick"), ({ signal }) => aborted(signal)))
    expect(error.code).toBe("TIME_LIMIT")
    expect(afterMs).toBeGreaterThan(900)
    expect(afterMs).toBeLessThan(1_500)
  })

  test("the caller cancels: before the start nothing runs, after it the function is told", async () => {
    const before = AbortSignal.abort(new Error("never mind"))
    let runs = 0
    await expect(makeGuard()(action("get"), () => void runs++, { signal: before })).rejects.toThrow("never mind")
    expect(runs).toBe(0)
    const caller = new AbortController()
    let id = ""
    const { error } = await stopped(
      makeGuard()(
        action("get"),
        ({ signal, executionId }) => {
          id = executionId
          caller.abort(new Error("enough"))
          return aborted(signal)
        },
        { signal: caller.signal },
      ),
    )
    expect(error).toMatchObject({ code: "CANCELLED", cause: { message: "enough" } })
    expect(await stateOf(id)).toBe("FAILED")
    expect(await kindsOf(id)).toEqual(["decision", "redeemed", "terminated"])
  })
})

describe("guard in a runtime", () => {
  test("redeems with the runtime's proof, counts, and is told of a revocation at once", async () => {
    const agent = await startAgent()
    const guard = makeGuard(agent)
    let claims: { cnf?: { jwk: { x: string } } } = {}
    expect(
      await guard(action("inside"), ({ token }) => {
        claims = claimsOf(token)
        return 5
      }),
    ).toBe(5)
    expect(claims.cnf?.jwk.x).toBe(Buffer.from(agent.session.runtime.key.publicKey).toString("base64url"))
    let told: number | undefined
    let revokedAt = 0
    let revoked = ""
    const { error } = await stopped(
      guard(action("inside"), async ({ executionId, signal }) => {
        signal.addEventListener("abort", () => {
          told = performance.now()
        })
        const stop = aborted(signal)
        await revoke(executionId)
        revoked = executionId
        revokedAt = performance.now()
        await stop
        return "ignored"
      }),
    )
    expect(error).toMatchObject({ code: "DIRECTIVE", outcome: { ok: true, result: "ignored" } })
    expect(error.directive).toMatch(/^[0-9]+$/)
    expect((told as number) - revokedAt).toBeLessThan(300)
    expect(await stateOf(revoked)).toBe("REVOKED")
    expect(await kindsOf(revoked)).toEqual(["decision", "redeemed", "revoked", "terminated"])
    expect(agent.session.counters).toMatchObject({
      authorize_requests: "2",
      tokens_received: "2",
      executions_started: "2",
      executions_completed: "1",
      executions_failed: "1",
    })
    await expect
      .poll(() => {
        agent.beatNow()
        return agent.session.acknowledged
      })
      .toBe(error.directive)
  })

  test("a revocation stops the execution that it is of, and no other", async () => {
    const agent = await startAgent()
    const guard = makeGuard(agent)
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let other: Execution<never> | undefined
    const going = guard(action("inside"), async (execution) => {
      other = execution as Execution<never>
      await released
      return "well"
    })
    await expect.poll(() => other).toBeDefined()
    await stopped(
      guard(action("inside"), async ({ executionId, signal }) => {
        const stop = aborted(signal)
        await revoke(executionId)
        await stop
      }),
    )
    expect(other?.signal.aborted).toBe(false)
    release()
    expect(await going).toBe("well")
  })

  test.each([
    ["QUARANTINED", "DIRECTIVE"],
    ["REVOKED", "DIRECTIVE"],
  ])("a runtime that is %s stops all that runs in it, and starts nothing more", async (state, code) => {
    const agent = await startAgent()
    const guard = makeGuard(agent)
    const { error } = await stopped(
      guard(action("inside"), async ({ signal }) => {
        const stop = aborted(signal)
        await writ.client("operator").call("verifier", "SetRuntimeState", {
          runtime_id: agent.session.runtime.id,
          state: `RUNTIME_STATE_${state}`,
        })
        await stop
      }),
    )
    expect(error.code).toBe(code)
    await expect(guard(action("inside"), () => expect.fail("it ran"))).rejects.toThrow(/RUNTIME_|lease/)
  })

  test("when the lease is lost, what runs is told, and what would run is not started", async () => {
    let isCut = false
    const cut: WritClient = {
      ...client,
      call: (...args) =>
        isCut && args[1] === "Heartbeat" ? Promise.reject(new CallError("UNREACHABLE", "cut")) : client.call(...args),
    }
    const agent = await startHeartbeatAgent(cut, makeRuntime())
    const guard = makeGuard(agent)
    const { error, afterMs } = await stopped(
      guard(action("inside"), ({ signal }) => {
        isCut = true
        return aborted(signal)
      }),
    )
    expect(error).toMatchObject({ code: "LEASE_LOST", cause: { code: "UNANSWERED" } })
    expect(afterMs).toBeLessThan(15_200)
    await expect(guard(action("inside"), () => expect.fail("it ran"))).rejects.toMatchObject({ code: "UNANSWERED" })
  }, 30_000)

  test("what is called within a guarded function descends from it, by the consent of its runtime", async () => {
    const agent = await startAgent()
    const guard = makeGuard(agent)
    const ids: string[] = []
    let outer: Execution<never> | undefined
    const call = ({ executionId }: Execution<never>) => void ids.push(executionId)
    await guard(action("inside"), async (execution) => {
      outer = execution as Execution<never>
      await guard({ ...action("pay"), parameters: { amount: 1 } }, call as never)
      await makeGuard()(action("get"), call as never) // in no runtime itself
      await guard(action("get"), call as never, { parent: null })
      await new Promise<unknown>((resolve, reject) => {
        setImmediate(() => guard(action("get"), call as never, { parent: execution }).then(resolve, reject))
      })
    })
    const parents = await Promise.all(ids.map(parentOf))
    expect(parents).toEqual([outer?.executionId, outer?.executionId, "", outer?.executionId])
    for (const id of ids) expect(await stateOf(id)).toBe("COMPLETED")
    const late = guard(action("get"), () => expect.fail("it ran"), { parent: outer as never })
    await expect(late).rejects.toMatchObject({ decision: "DENY", reasons: [{ code: "PARENT_NOT_ALIVE" }] })
    await expect(guard(action("get"), () => {}, { parent: {} as never })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    })
  })

  test("what runs within a guarded function is stopped with it", async () => {
    const agent = await startAgent()
    const guard = makeGuard(agent)
    let inner: unknown
    const { error } = await stopped(
      guard(action("inside"), async ({ executionId }) => {
        inner = await guard(action("get"), async ({ signal }) => {
          const stop = aborted(signal)
          await revoke(executionId)
          await stop
        }).catch((thrown: unknown) => thrown)
      }),
    )
    expect(error.code).toBe("DIRECTIVE")
    // By the parent's signal, or by a directive of its own where the daemon cascades: whichever is first.
    expect(["PARENT_STOPPED", "DIRECTIVE"]).toContain((inner as StoppedError).code)
  })
})

function claimsOf(token: string) {
  return JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString())
}

describe("what needs an approval", () => {
  const decide = (approval_id: string, approve = true) =>
    writ.client("operator").call("authorization", "DecideApproval", { approval_id, approve })

  test("is an error that names it, and runs once it was granted", async () => {
    let runs = 0
    const run = ({ executionId }: Execution<unknown>) => {
      runs++
      return executionId
    }
    const guard = makeGuard()
    const error: unknown = await guard(action("ask"), run).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApprovalRequiredError)
    expect(error).toBeInstanceOf(DeniedError)
    const { approvalId, lapsesAtMs } = error as ApprovalRequiredError
    expect(lapsesAtMs - Date.now()).toBeGreaterThan(14 * 60_000)
    // who polls finds the same one
    const polled = guard({ ...action("ask"), approvalId }, run)
    await expect(polled).rejects.toMatchObject({ approvalId, reasons: [{ code: "APPROVAL_PENDING" }] })
    await decide(approvalId)
    expect(await guard({ ...action("ask"), approvalId }, run)).toBe(approvalId)
    await expect(guard({ ...action("ask"), approvalId }, run)).rejects.toMatchObject({
      decision: "DENY",
      reasons: [{ code: "APPROVAL_USED" }],
    })
    expect([runs, await stateOf(approvalId)]).toEqual([1, "COMPLETED"])
  })

  test("is a plain denial once it was refused", async () => {
    const resource = { type: "url", id: "https://example.com/refused" }
    const guard = makeGuard()
    const asked = await guard({ action: "ask", resource }, () => {}).catch((thrown: ApprovalRequiredError) => thrown)
    const { approvalId } = asked as ApprovalRequiredError
    await decide(approvalId, false)
    const error = await guard({ action: "ask", resource, approvalId }, () => {}).catch((thrown: unknown) => thrown)
    expect(error).not.toBeInstanceOf(ApprovalRequiredError)
    expect(error).toMatchObject({ decision: "DENY", reasons: [{ code: "APPROVAL_REJECTED" }] })
  })
})

describe("obligations", () => {
  const guardWith = (obligations: ObligationHandlers) =>
    createGuard(client, { subject, audience: "runner", obligations })

  test("are met in their order before the function runs, which is given them", async () => {
    const seen: string[] = []
    const note = (name: string) => (obligation: { id: string; properties: object }) => {
      seen.push(`${name} ${obligation.id} ${JSON.stringify(obligation.properties)}`)
    }
    const ids = await guardWith({ log: note("log") })(
      { ...action("note"), obligations: { notify: async (one) => note("notify")(one) } },
      ({ obligations }) => {
        seen.push("run")
        return obligations.map(({ id }) => id)
      },
    )
    expect(seen).toEqual(['log second {"what":"body"}', "notify first {}", "run"])
    expect(ids).toEqual(["second", "first"])
  })

  test("that nobody meets are denied by the daemon", async () => {
    for (const handlers of [{}, { log: () => {} }])
      await expect(guardWith(handlers)(action("note"), () => {})).rejects.toMatchObject({
        decision: "DENY",
        reasons: expect.arrayContaining([expect.objectContaining({ code: "OBLIGATION_UNSUPPORTED" })]),
      })
  })

  test.each([
    [
      "throws",
      () => {
        throw new Error("no disk")
      },
    ],
    ["rejects", () => Promise.reject(new Error("no disk"))],
  ] as [string, () => Promise<void>][])(
    "one whose handler %s keeps the function from running, and the end is reported",
    async (_, log) => {
      const later: string[] = []
      const failing = guardWith({ log, notify: () => void later.push("notify") })(action("note"), () =>
        later.push("run"),
      )
      const error: unknown = await failing.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ObligationError)
      const { obligation, executionId, cause } = error as ObligationError
      expect(obligation).toEqual({ id: "second", type: "log" })
      expect((cause as Error).message).toBe("no disk")
      expect(later).toEqual([])
      expect(await stateOf(executionId)).toBe("FAILED")
    },
  )

  test("that the daemon asks for though they were not supported are not passed over", async () => {
    const lenient = Object.create(client) as WritClient
    lenient.call = ((service, method, request, ...rest) =>
      client.call(
        service,
        method,
        method === "Authorize" ? { ...request, supported_obligations: ["log", "notify"] } : request,
        ...rest,
      )) as WritClient["call"]
    let runs = 0
    const guard = createGuard(lenient, { subject, audience: "runner", obligations: { log: () => {} } })
    await expect(guard(action("note"), () => void runs++)).rejects.toMatchObject({
      name: "ObligationError",
      obligation: { id: "first", type: "notify" },
    })
    expect(runs).toBe(0)
  })
})
