import { readdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, describe, expect, test } from "vitest"
import { connect, type WritClient } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, startBuilt, writ } from "../support/built-daemon.ts"
import { authorize } from "../support/daemon.ts"
import { makeFolder } from "../support/folder.ts"

const ROUNDS = Number(process.env["CHAOS_ROUNDS"] ?? 2)

const folder = makeFolder()
const data = join(folder.path, "data")
let daemon: BuiltDaemon | null = null
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

async function withClient<T>(role: Role, work: (client: WritClient) => Promise<T>): Promise<T> {
  const client = connect({ target: daemon?.address.grpc as string, key: readApiKey(data, role), maxTries: 1 })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}
const rotate = () =>
  withClient("operator", (client) =>
    client.call<{ key_id: string }>("admin", "RotateKey", { use: "token", compromised: true }, 5_000),
  )
const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split(".")[0] as string, "base64url").toString()).kid

describe("kill -9 while a compromised key is replaced", () => {
  test(`${ROUNDS} rounds: after the restart one key signs, it is published, and it is the new one if the answer said so`, async () => {
    let answered = 0
    let lost = 0
    let before = ""
    for (let round = 0; round < ROUNDS; round++) {
      daemon ??= await startBuilt(data)
      before ||= kidOf((await withClient("pep", authorize)).token)
      const call = rotate().catch(() => null)
      if (round === 0) await call
      else await sleep((round * 5) % 20)
      process.kill(daemon.address.pid, "SIGKILL")
      const rotated = await call
      rotated ? answered++ : lost++
      daemon = await startBuilt(data)
      const { token } = await withClient("pep", authorize)
      const kid = kidOf(token)
      if (rotated) expect(kid).toBe(rotated.key_id)
      const jwks = (await (await fetch(`http://${daemon.address.http}/.well-known/jwks.json`)).json()) as {
        readonly keys: readonly { readonly kid: string }[]
      }
      expect(jwks.keys.map((key) => key.kid)).toEqual([kid])
      if (rotated) expect(kid).not.toBe(before)
      before = kid
      await withClient("executor", (client) =>
        client.call("authorization", "RedeemToken", { token, redemption_id: "one" }, 5_000),
      )
      expect(readdirSync(join(data, "keys")).filter((name) => name.startsWith("token"))).toHaveLength(1)
    }
    expect([answered > 0, lost > 0], "both must have happened for this to have shown anything").toEqual([true, true])
    const shown = await writ(["keys", "rotate", "token", "--data", data])
    expect(shown).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Key \S+ is published, and signs from 20\S+Z on/),
    })
    const refused = await writ(["keys", "rotate", "token", "--data", data])
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("is published already and signs from") })
    const compromised = await writ(["keys", "rotate", "token", "--compromised", "--data", data])
    expect(compromised).toMatchObject({ code: 0, out: expect.stringContaining("The old key is withdrawn") })
    expect(await daemon?.stop()).toBe(0)
    daemon = null
    expect(await writ(["ledger", "fsck", "--data", data])).toMatchObject({ code: 0 })
  })
})
