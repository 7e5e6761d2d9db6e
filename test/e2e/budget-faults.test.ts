/** The built daemon is killed while transfers draw on one budget: what was allowed never passes the limit. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/client/authorize-request.ts"
import { connect } from "../../src/client/connect.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const LIMIT = 300
const ROUNDS = 4
const POLICY = `
version: budget-faults
types:
  subjects: { agent: { known: any } }
  resources: { account: {} }
  actions: { transfer: { parameters: { amount: { type: int, required: true } } } }
budgets:
  transfers: { unit: USD, limit: ${LIMIT}, window: 1d, key: subject.id, amount: parameters.amount }
rules:
  - id: transfer
    effect: allow
    runtime: none
    subjects: [{ type: agent }]
    actions: [transfer]
    resources: [{ type: account }]
    budgets: [transfers]
    token: { use: offline } # spent at once: nothing comes back when a token ends
`

const folder = makeFolder()
const policy = makeFolder()
const data = join(folder.path, "data")
let daemon: BuiltDaemon | undefined
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
  policy.remove()
})

interface BudgetReply {
  readonly budget: { readonly spent_micros: string; readonly reserved_micros: string }
}

test(`killed ${ROUNDS} times while transfers are asked for: all that was allowed is counted, and no more than the limit`, async () => {
  writeFileSync(join(policy.path, "policy.yaml"), POLICY)
  const allowed = new Set<string>()
  let denied = 0
  for (let round = 0; round <= ROUNDS; round++) {
    const running = await startBuilt(data, ["--policy", policy.path])
    daemon = running
    const client = connect({ target: running.address.grpc, key: readApiKey(data, "pep"), maxTries: 1 })
    const isLast = round === ROUNDS
    let asking = true
    const ask = async (worker: number) => {
      for (let n = 0; asking; n++) {
        const request = {
          request_id: `r-${round}-${worker}-${n}`,
          audience: "bank",
          subject: { type: "agent", id: "ada" },
          action: { name: "transfer" },
          resource: { type: "account", id: "a" },
          parameters: JSON.stringify({ amount: 1 }),
          parameters_content_type: "application/json",
        }
        try {
          const reply = await client.call<AuthorizeReply>("authorization", "Authorize", toWireRequest(request), 2_000)
          if (reply.decision === "DECISION_ALLOW") allowed.add(reply.execution_id)
          else {
            denied++
            if (isLast) return
          }
        } catch {
          await sleep(5) // it is being killed
        }
      }
    }
    const workers = Array.from({ length: 8 }, (_, worker) => ask(worker))
    if (isLast) await Promise.all(workers)
    else {
      await sleep(150)
      process.kill(running.address.pid, "SIGKILL")
      asking = false
      await Promise.all(workers)
    }
    client.close()
  }
  const operator = connect({ target: (daemon as BuiltDaemon).address.grpc, key: readApiKey(data, "operator") })
  const { budget } = await operator.call<BudgetReply>("policy", "GetBudget", { name: "transfers", key: "ada" })
  operator.close()
  // What was spent is the ledger's: at least what answers told of, since an answer may have been lost with the daemon.
  expect(budget).toMatchObject({ spent_micros: String(LIMIT * 1_000_000), reserved_micros: "0" })
  expect(allowed.size).toBeGreaterThan(0)
  expect(allowed.size).toBeLessThanOrEqual(LIMIT)
  expect(denied).toBeGreaterThanOrEqual(8)
  expect(await daemon?.stop()).toBe(0)
  daemon = undefined
  // fsck derives every budget again from the log and compares
  expect(await writ(["ledger", "fsck", "--data", data])).toMatchObject({ code: 0 })
})
