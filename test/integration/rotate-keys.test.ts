import { readdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

/** Beyond what a busy machine takes to look at what is published. */
const AHEAD = { "token-key-ahead-ms": "4000", issuer: "https://writ.test" }

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon
const folder = makeFolder()

beforeAll(async () => {
  database = await createDatabase()
  one = await startTestDaemon(database.url, AHEAD, join(folder.path, "one"))
  // One policy, or what one signs the other would not trust.
  two = await startTestDaemon(database.url, { ...AHEAD, policy: join(folder.path, "one", "policy") })
})
afterAll(async () => {
  await one?.stop()
  await two?.stop()
  await database?.drop()
  folder.remove()
})

interface Rotation {
  readonly key_id: string
  readonly signs_from: { readonly seconds: string }
  readonly old_key_ends_at: { readonly seconds: string }
  readonly revoked_executions: string
  readonly is_revoking: boolean
}
const rotate = (writ: TestDaemon, compromised = false) =>
  writ.client("operator").call<Rotation>("admin", "RotateKey", { use: "token", compromised })
const ask = (writ: TestDaemon, more = {}) =>
  authorize(writ.client("pep"), readPage({ requested_ttl: { seconds: "30" }, ...more }))
const redeem = (writ: TestDaemon, token: string, redemption_id = "r") =>
  writ
    .client("executor")
    .call("authorization", "RedeemToken", { token, redemption_id })
    .then(
      () => "OK",
      (error: Error) => error.message.split(":")[0] as string,
    )
const headerOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[0] as string, "base64url").toString())
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString())
const kidOf = (token: string): string => headerOf(token).kid
const published = async (writ: TestDaemon, path = "jwks"): Promise<string[]> => {
  const answer = await fetch(`http://${writ.daemon.addresses.http}/.well-known/${path}.json`)
  type Keys = { readonly keys: readonly { readonly kid: string }[] }
  const document = (await answer.json()) as Keys & { readonly tokens: Keys }
  return (path === "jwks" ? document : document.tokens).keys.map(({ kid }) => kid)
}
const stateOf = async (execution_id: string): Promise<string> =>
  (
    await two
      .client("auditor")
      .call<{ execution: { state: string } }>("authorization", "GetExecution", { execution_id })
  ).execution.state
const keyFiles = () => readdirSync(join(folder.path, "one", "keys")).filter((name) => name.startsWith("token"))

describe("RotateKey", () => {
  test("the new key is published on every replica before it signs, and what the old one signed stays good", async () => {
    const request = readPage({ requested_ttl: { seconds: "30" } })
    const before = await authorize(one.client("pep"), request)
    const old = kidOf(before.token)
    const { key_id, signs_from, old_key_ends_at } = await rotate(one)
    for (const writ of [one, two]) {
      expect(await published(writ)).toEqual(expect.arrayContaining([old, key_id]))
      expect(await published(writ, "writ")).toEqual(expect.arrayContaining([old, key_id]))
    }
    await expect(rotate(one)).rejects.toMatchObject({ code: "INVALID_TRANSITION" })
    let last = await ask(one)
    for (; kidOf(last.token) === old; last = await ask(one)) {
      expect(claimsOf(last.token).iat).toBeLessThan(Number(signs_from.seconds))
      await sleep(50)
    }
    expect([kidOf(last.token), claimsOf(last.token).iat]).toEqual([key_id, Number(signs_from.seconds)])
    expect((await authorize(one.client("pep"), request)).token, "the same again").toBe(before.token)
    expect([await redeem(two, last.token), await redeem(two, before.token)]).toEqual(["OK", "OK"])
    expect(Number(old_key_ends_at.seconds) - Number(signs_from.seconds)).toBe(125)
    expect(keyFiles()).toHaveLength(2)
  })

  test("compromised: the key is withdrawn everywhere, what it started is revoked, what has not starts no more", async () => {
    const [running, elsewhere, request] = [await ask(one), await ask(two), readPage()]
    const waiting = await authorize(one.client("pep"), request)
    const old = kidOf(running.token)
    expect([await redeem(two, running.token), await redeem(one, elsewhere.token)]).toEqual(["OK", "OK"])
    const { key_id, revoked_executions, is_revoking } = await rotate(one, true)
    // Of the first test two have been redeemed as well.
    expect([revoked_executions, is_revoking]).toEqual(["3", false])
    for (const writ of [one, two]) {
      expect(await published(writ)).toContain(key_id)
      expect(await published(writ)).not.toContain(old)
      expect(await published(writ, "writ")).not.toContain(old)
      expect(await redeem(writ, waiting.token)).toBe("UNKNOWN_KEY")
    }
    const repeated = { token: "", token_withheld: { code: "TOKEN_WITHHELD" } }
    expect(await authorize(one.client("pep"), request)).toMatchObject(repeated)
    expect([await stateOf(running.execution_id), await stateOf(elsewhere.execution_id)]).toEqual([
      "EXECUTION_STATE_REVOKED",
      "EXECUTION_STATE_REDEEMED",
    ])
    const after = await ask(one)
    expect([kidOf(after.token), await redeem(two, after.token)]).toEqual([key_id, "OK"])
    expect(keyFiles()).toHaveLength(1)
    for (const { execution_id } of [running, elsewhere, after]) {
      // A replica has no checkpoint of another's newest records until that one has signed, which it does every second.
      const verify = () =>
        two
          .client("auditor")
          .call<VerifyReply>("lineage", "VerifyLineage", { execution_id })
          .then(
            ({ valid, reason }) => ({ valid, reason }),
            (error: Error) => error.message,
          )
      await expect.poll(verify, { timeout: 20_000, message: execution_id }).toEqual({ valid: true, reason: "" })
    }
  })

  test("a restart goes on with the new key", async () => {
    const next = await ask(one)
    const data = one.data
    await one.stop()
    one = await startTestDaemon(database.url, AHEAD, data)
    expect(kidOf((await ask(one)).token)).toBe(kidOf(next.token))
    expect(await redeem(one, next.token)).toBe("OK")
  })

  test("only operators and admins may, and only for tokens", async () => {
    for (const role of ["pep", "runtime", "executor", "auditor", "author"] as const)
      await expect(one.client(role).call("admin", "RotateKey", { use: "token" })).rejects.toMatchObject({
        code: "FORBIDDEN",
      })
    for (const use of ["", "policy", "tokens"])
      await expect(one.client("admin").call("admin", "RotateKey", { use })).rejects.toMatchObject({
        code: "INVALID_REQUEST",
      })
  })

  test("the tables are what the records say", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
