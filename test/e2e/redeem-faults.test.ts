import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, describe, expect, test } from "vitest"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, startBuilt, writ } from "../support/built-daemon.ts"
import { authorize, readPage } from "../support/daemon.ts"
import { makeFolder } from "../support/folder.ts"

const ROUNDS = Number(process.env["CHAOS_ROUNDS"] ?? 5)
const TOKENS = 8

interface Redeemed {
  readonly execution_id: string
  readonly execute_until: object
  readonly receipt: { readonly leaf_index: string }
}

const folder = makeFolder()
const data = join(folder.path, "data")
let daemon: BuiltDaemon | null = null
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

const clientOf = (role: Role) =>
  connect({ target: daemon?.address.grpc as string, key: readApiKey(data, role), maxTries: 1 })
const redeem = (client: WritClient, token: string, redemption_id: string) =>
  client.call<Redeemed>("authorization", "RedeemToken", { token, redemption_id }, 5_000)

describe("kill -9 while tokens are redeemed", () => {
  test(`${ROUNDS} rounds: the same redemption gets its right after the restart, the same if it had it before, another one never`, async () => {
    let received = 0
    let lost = 0
    for (let round = 0; round < ROUNDS; round++) {
      daemon ??= await startBuilt(data)
      const clients = [clientOf("pep"), clientOf("executor")] as const
      const request = () => readPage({ requested_ttl: { seconds: "30" } })
      const allowed = await Promise.all(Array.from({ length: TOKENS }, () => authorize(clients[0], request())))
      const calls = allowed.map(({ token }, i) => redeem(clients[1], token, `${round}-${i}`).catch(() => null))
      await sleep((round * 7) % 25)
      process.kill(daemon.address.pid, "SIGKILL")
      const before = await Promise.all(calls)
      for (const client of clients) client.close()
      daemon = await startBuilt(data)
      const [executor, auditor] = [clientOf("executor"), clientOf("auditor")]
      for (const [i, { token, execution_id }] of allowed.entries()) {
        const after = await redeem(executor, token, `${round}-${i}`)
        expect(after.execution_id).toBe(execution_id)
        if (before[i]) expect(after).toEqual(before[i])
        before[i] ? received++ : lost++
        await expect(redeem(executor, token, "another")).rejects.toMatchObject({ code: "ALREADY_REDEEMED" })
        const report = await auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
        expect(report).toMatchObject({ valid: true, reason: "" })
      }
      executor.close()
      auditor.close()
    }
    expect(received + lost).toBe(ROUNDS * TOKENS)
    expect(lost, "some answers must have been lost for this to have shown anything").toBeGreaterThan(0)
    expect(await daemon?.stop()).toBe(0)
    daemon = null
    expect(await writ(["ledger", "fsck", "--data", data])).toMatchObject({ code: 0 })
  })
})
