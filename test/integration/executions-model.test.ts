/** Any sequence of calls, on a real daemon and Postgres, gives what a model of the table of states says. */
import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { addMember, authorizeIt, childRequest, type Member, redeemBy, trustedRuntime } from "../support/family.ts"
import { makeFolder } from "../support/folder.ts"
import { RUNTIMES_YAML } from "../support/runtime.ts"

let database: TestDatabase
let writ: TestDaemon
const policy = makeFolder()

beforeAll(async () => {
  database = await createDatabase()
  cpSync(join(import.meta.dirname, "..", "..", "examples", "agent-tools"), policy.path, { recursive: true })
  writeFileSync(join(policy.path, "runtimes.yaml"), RUNTIMES_YAML)
  writ = await startTestDaemon(database.url, { policy: policy.path })
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  policy.remove()
})

type State = "AUTHORIZED" | "REDEEMED" | "COMPLETED" | "FAILED" | "REVOKED" | "LOST"
/** An execution as the model has it. */
interface Modelled {
  readonly member: Member
  readonly parent: Modelled | null
  state: State
  wasRedeemed: boolean
  wasStarted: boolean
  /** What was reported of its end. */
  report: string | null
  hasRuntime: boolean
}
const isAlive = ({ state, hasRuntime }: Modelled) => state === "REDEEMED" && hasRuntime

const ACTIONS = ["add", "redeem", "start", "succeed", "fail", "terminate", "revoke", "end"] as const
type Action = (typeof ACTIONS)[number]
const action = fc.record({
  action: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom<Action>("add", "redeem", "redeem", "start") },
    { weight: 20, arbitrary: fc.constantFrom<Action>("succeed", "fail", "terminate", "revoke") },
    { weight: 2, arbitrary: fc.constant<Action>("end") },
  ),
  /** Of the executions that there are. */
  target: fc.nat(),
})

/** So that every state comes up, whatever is drawn. */
const sequence = (...actions: readonly (readonly [Action, number])[]) =>
  actions.map(([action, target]) => ({ action, target }))
const EXAMPLES = [
  sequence(["redeem", 0], ["start", 0], ["succeed", 0], ["succeed", 0], ["fail", 0], ["revoke", 0], ["add", 0]),
  sequence(["redeem", 0], ["add", 0], ["redeem", 1], ["add", 1], ["revoke", 0], ["terminate", 1], ["redeem", 2]),
  sequence(["redeem", 0], ["fail", 0], ["redeem", 0]),
]

const REPORTS = {
  succeed: { succeeded: true, exit_status: 0 },
  fail: { succeeded: false, exit_status: 1 },
  terminate: { succeeded: false, signal: "SIGTERM", termination: { cause: "TERMINATION_CAUSE_TIME_LIMIT" } },
} as const

/** What becomes of it, and of the model; true: the call is answered. */
function step(family: Modelled[], target: Modelled, what: Exclude<Action, "add">): boolean {
  const { parent } = target
  switch (what) {
    case "redeem": {
      const may = target.hasRuntime && (!parent || isAlive(parent))
      if (!may || !["AUTHORIZED", "REDEEMED"].includes(target.state)) return false
      target.state = "REDEEMED"
      target.wasRedeemed = true
      return true
    }
    case "start":
      if (target.wasStarted) return true
      target.wasStarted = target.state === "REDEEMED"
      return target.wasStarted
    case "revoke":
      if (!["AUTHORIZED", "REDEEMED", "REVOKED"].includes(target.state)) return false
      target.state = "REVOKED"
      revokeBelow(family, target)
      return true
    case "end":
      target.hasRuntime = false
      if (target.state !== "REDEEMED") return true
      target.state = "LOST"
      revokeBelow(family, target)
      return true
    default:
      if (!target.wasRedeemed) return false
      if (target.report !== null) return target.report === what
      target.report = what
      if (target.state === "REDEEMED") target.state = what === "succeed" ? "COMPLETED" : "FAILED"
      return true
  }
}

function revokeBelow(family: readonly Modelled[], above: Modelled): void {
  for (const child of family.filter(({ parent }) => parent === above)) {
    if (child.state === "AUTHORIZED" || child.state === "REDEEMED") child.state = "REVOKED"
    revokeBelow(family, child)
  }
}

const succeeds = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => true,
    (error: { code: string }) => {
      if (!["INVALID_TRANSITION", "TOKEN_REFUSED", "ALREADY_REDEEMED"].includes(error.code)) throw error
      return false
    },
  )

async function carryOut({ member }: Modelled, what: Exclude<Action, "add">): Promise<boolean> {
  const { execution_id } = member
  const executor = writ.client("executor")
  switch (what) {
    case "redeem":
      return await succeeds(redeemBy(writ, member))
    case "start":
      return await succeeds(executor.call("authorization", "StartExecution", { execution_id }))
    case "revoke":
      return await succeeds(
        writ.client("operator").call("authorization", "RevokeExecution", { execution_id, reason: "model" }, 20_000),
      )
    case "end":
      await member.session.end()
      return true
    default:
      return await succeeds(executor.call("authorization", "CompleteExecution", { execution_id, ...REPORTS[what] }))
  }
}

async function statesOf(family: readonly Modelled[]): Promise<string[]> {
  const auditor = writ.client("auditor")
  return await Promise.all(
    family.map(async ({ member: { execution_id } }) => {
      const { execution } = await auditor.call<{ execution: { state: string } }>("authorization", "GetExecution", {
        execution_id,
      })
      return execution.state.replace("EXECUTION_STATE_", "")
    }),
  )
}

describe("executions", () => {
  test("any sequence of calls over a family gives what the model says", { timeout: 240_000 }, async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 8, maxLength: 24 }), async (sequence) => {
        const make = (member: Member, parent: Modelled | null): Modelled => ({
          member,
          parent,
          state: "AUTHORIZED",
          wasRedeemed: false,
          wasStarted: false,
          report: null,
          hasRuntime: true,
        })
        const lasting = { requested_ttl: { seconds: "12" } } // within the lease, and longer than a sequence takes
        const family = [make(await addMember(writ, null, { redeemed: false, change: lasting }), null)]
        for (const { action, target: number } of sequence) {
          const target = family[number % family.length] as Modelled
          if (action === "add") {
            if (isAlive(target))
              family.push(make(await addMember(writ, target.member, { redeemed: false, change: lasting }), target))
            else {
              const { runtime } = await trustedRuntime(writ)
              const { decision } = await authorizeIt(writ, childRequest(target.member, runtime.id))
              expect(decision).toBe("DECISION_DENY")
            }
          } else if (action !== "end" || target.hasRuntime) {
            const expected = step(family, target, action)
            expect([action, await carryOut(target, action)]).toEqual([action, expected])
          }
          const states = family.map(({ state }) => state)
          // What ends with a lease is recorded within about a second; all else before the answer.
          if (action === "end") await expect.poll(() => statesOf(family), { timeout: 10_000 }).toEqual(states)
          else expect(await statesOf(family)).toEqual(states)
          for (const state of states) seen.add(`${action} ${state}`)
        }
        for (const { member } of family) {
          const { execution_id } = member
          const report = await writ.client("auditor").call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
          expect(report).toMatchObject({ valid: true, reason: "" })
        }
      }),
      { numRuns: 25, examples: EXAMPLES.map((sequence) => [[...sequence]]) },
    )
    for (const state of ["AUTHORIZED", "REDEEMED", "COMPLETED", "FAILED", "REVOKED"])
      expect(
        [...seen].some((pair) => pair.endsWith(state)),
        state,
      ).toBe(true)
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
