import type * as grpc from "@grpc/grpc-js"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { connect, type WritClient } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { ROUTES } from "../../src/http/server.ts"
import { loadApi } from "../../src/rpc/api.ts"
import { ROLES, RPC_ROLES } from "../../src/rpc/roles.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { RawClient } from "../support/rpc-server.ts"

let database: TestDatabase
let writ: TestDaemon
let raw: RawClient

beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url)
  raw = new RawClient(writ.daemon.addresses.grpc)
}, 120_000)
afterAll(async () => {
  raw?.close()
  await writ?.stop()
  await database?.drop()
})

const records = async () => Number((await database.query("SELECT count(*) AS n FROM entry")).rows[0].n)
const epoch = async () => (await database.query("SELECT epoch FROM control")).rows[0].epoch as bigint

/** Every method of the API that answers, by its path. */
const METHODS = Object.values(loadApi())
  .flatMap((definition) => Object.values(definition as grpc.ServiceDefinition))
  .filter(({ path }) => path?.startsWith("/writ.v1."))
  .map(({ path }) => path)

describe("every RPC and every route, with every role and with none", () => {
  test("an RPC answers the roles of the table and no others; without a credential none does anything", async () => {
    expect(METHODS.length).toBeGreaterThan(50)
    const before = [await records(), await epoch()]
    for (const path of METHODS) {
      const { code } = await raw.unary(path, Buffer.alloc(0), {})
      expect([path, code]).toEqual([path, code === 12 && !isBuilt(path) ? 12 : 16])
    }
    let refused = 0
    for (const role of ROLES)
      for (const path of METHODS.filter((path) => isBuilt(path) && !RPC_ROLES[path]?.includes(role))) {
        const { code, message } = await raw.unary(path, Buffer.alloc(0), { authorization: `Bearer ${writ.key(role)}` })
        expect([path, role, code, message]).toEqual([path, role, 7, expect.stringMatching(/may not make this call/)])
        refused++
      }
    expect(refused).toBeGreaterThan(200)
    expect([await records(), await epoch()]).toEqual(before)
    for (const role of ROLES)
      for (const path of METHODS.filter((path) => RPC_ROLES[path]?.includes(role))) {
        const { code } = await raw.unary(
          path,
          Buffer.alloc(0),
          { authorization: `Bearer ${writ.key(role)}` },
          { deadline: Date.now() + 20_000 },
        )
        expect([path, role, [7, 16].includes(code)]).toEqual([path, role, false])
      }
  }, 120_000)

  test("a route that is not public answers operator, auditor and admin", async () => {
    for (const [route, { public: open }] of Object.entries(ROUTES)) {
      const url = `http://${writ.daemon.addresses.http}${route.replace("*", "0/000")}`
      const ask = async (headers: Record<string, string>) => (await fetch(url, { headers })).status
      expect([route, [401, 403].includes(await ask({}))]).toEqual([route, !open])
      for (const role of ROLES) {
        const may = open || ["operator", "auditor", "admin"].includes(role)
        const status = await ask({ authorization: `Bearer ${writ.key(role)}` })
        expect([route, role, status === 403 || status === 401]).toEqual([route, role, !may])
      }
    }
  })

  function isBuilt(path: string): boolean {
    return RPC_ROLES[path] !== undefined
  }
})

describe("a key with a scope", () => {
  const clients: WritClient[] = []
  afterAll(() => {
    for (const client of clients) client.close()
  })
  async function keyWith(role: Role, scope: object): Promise<WritClient> {
    const made = await writ.client("admin").call<{ key: string }>("admin", "CreateCallerKey", { role, scope })
    const client = connect({ target: writ.daemon.addresses.grpc, key: made.key, maxTries: 1 })
    clients.push(client)
    return client
  }
  const refusal = (call: Promise<unknown>) =>
    call.then(
      () => "answered",
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    )

  test("a PEP asks for what is covered, and for nothing else: refused without a record", async () => {
    const pep = await keyWith("pep", { subjects: ["agent:agent:res*"], audiences: ["runner"], runtimes: ["w-*"] })
    expect((await authorize(pep)).decision).toBe("DECISION_ALLOW")
    const before = await records()
    const other = { type: "agent", id: "agent:deployer", properties: { team: "platform" } }
    expect(await refusal(authorize(pep, readPage({ subject: other })))).toMatch(/^FORBIDDEN .* this subject/)
    expect(await refusal(authorize(pep, readPage({ audience: "else" })))).toMatch(/^FORBIDDEN .* this audience/)
    expect(await refusal(authorize(pep, readPage({ runtime_id: "x" })))).toMatch(/^FORBIDDEN .* this runtime/)
    expect(await records()).toBe(before)
  })

  test("an executor redeems tokens for its audience only, and the token stays good", async () => {
    const { token } = await authorize(writ.client("pep"))
    const redeem = (client: WritClient) => client.call("authorization", "RedeemToken", { token, redemption_id: "one" })
    const before = await records()
    expect(await refusal(redeem(await keyWith("executor", { audiences: ["other-*"] })))).toMatch(
      /^FORBIDDEN .* this audience/,
    )
    expect(await records()).toBe(before + 1) // the key
    expect(await refusal(redeem(await keyWith("executor", { audiences: ["run*"] })))).toBe("answered")
  })

  test("a runtime's key speaks for its runtimes only, message by message", async () => {
    const runtime = await keyWith("runtime", { runtimes: ["worker-1"] })
    const begin = (runtime_id: string) =>
      refusal(
        runtime.call("verifier", "BeginRegistration", {
          runtime_id,
          public_key: Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex"),
        }),
      )
    expect(await begin("worker-1")).toBe("answered")
    expect(await begin("worker-2")).toMatch(/^FORBIDDEN .* this runtime/)
  })

  test("fsck holds keys, scopes and bindings against the records", async () => {
    const { checkDatabase } = await import("../../src/cli/ledger-fsck.ts")
    const admin = writ.client("admin")
    const binding = { principal: "spiffe://bank.example/pay", role: "pep", scope: { subjects: ["agent:*"] } }
    await admin.call("admin", "PutBinding", { binding })
    await admin.call("admin", "PutBinding", { binding: { ...binding, role: "executor", scope: null } })
    await admin.call("admin", "RemoveBinding", { principal: binding.principal, role: "executor" })
    const { bindings } = await admin.call<{ bindings: object[] }>("admin", "ListBindings", {})
    expect(bindings).toEqual([expect.objectContaining({ principal: binding.principal, role: "pep" })])
    const report = await checkDatabase(database.connection, undefined, false)
    expect(report.findings).toEqual([])
  })
})
