import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { registerRuntime } from "../../src/client/runtime-session.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { addMember, authorizeIt, childRequest, type Member, redeemBy, trustedRuntime } from "../support/family.ts"
import { makeFolder } from "../support/folder.ts"
import { RUNTIMES_YAML } from "../support/runtime.ts"

let database: TestDatabase
let one: TestDaemon
let two: TestDaemon
const policy = makeFolder()

beforeAll(async () => {
  database = await createDatabase()
  cpSync(join(import.meta.dirname, "..", "..", "examples", "agent-tools"), policy.path, { recursive: true })
  writeFileSync(join(policy.path, "runtimes.yaml"), RUNTIMES_YAML)
  const flags = { listen: "false", policy: policy.path } // NOTIFY switched off on both
  one = await startTestDaemon(database.url, flags)
  two = await startTestDaemon(database.url, flags)
  await one.daemon.reloadPolicy() // it signs the bundle that the other activated as well
})
afterAll(async () => {
  await Promise.all([one?.stop(), two?.stop()])
  await database?.drop()
  policy.remove()
})

interface Lineage {
  readonly records: readonly { readonly body: Buffer }[]
  readonly ancestors: readonly {
    readonly execution_id: string
    readonly state: string
    readonly records: readonly { readonly receipt: { readonly leaf_hash: Buffer } }[]
  }[]
}
const codesOf = async (writ: TestDaemon, request: Parameters<typeof authorizeIt>[1]) =>
  (await authorizeIt(writ, request)).reasons.map(({ code }) => code)
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString())

describe("a child execution", () => {
  test("is authorized by the consent of its parent's runtime, links to the parent's redemption, and ends before it", async () => {
    const parent = await addMember(one)
    const child = await addMember(one, parent)
    const { execute_before, parent: named, exp } = claimsOf(child.token)
    expect(named).toBe(parent.execution_id)
    expect(exp).toBeLessThanOrEqual(execute_before)
    const untilOf = async (execution_id: string) => {
      const { rows } = await database.query("SELECT execute_until FROM execution WHERE execution_id = $1", [
        execution_id,
      ])
      return (rows[0] as { execute_until: Date }).execute_until.getTime()
    }
    expect(await untilOf(child.execution_id)).toBeLessThanOrEqual(await untilOf(parent.execution_id))
    const grandchild = await addMember(two, child)
    const { execution_id } = grandchild
    const auditor = two.client("auditor")
    const lineage = await auditor.call<Lineage>("lineage", "GetLineage", { execution_id })
    expect(lineage.ancestors.map((ancestor) => [ancestor.execution_id, ancestor.state])).toEqual([
      [child.execution_id, "EXECUTION_STATE_REDEEMED"],
      [parent.execution_id, "EXECUTION_STATE_REDEEMED"],
    ])
    expect(JSON.parse((lineage.records[0] as { body: Buffer }).body.toString()).parent).toMatchObject({
      execution_id: child.execution_id,
      leaf: lineage.ancestors[0]?.records[1]?.receipt.leaf_hash.toString("hex"),
      depth: 2,
    })
    await one.client("auditor").call("lineage", "GetCheckpoint", {})
    expect(await auditor.call<object>("lineage", "VerifyLineage", { execution_id })).toMatchObject({ valid: true })
    const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id })
    const trust = parseTrust(await (await fetch(`http://${one.daemon.addresses.http}/.well-known/writ.json`)).text())
    expect(verifyEvidence(evidence, trust)).toMatchObject({
      valid: true,
      anchored: true,
      execution: { id: execution_id, state: "REDEEMED" },
      ancestors: [
        { id: child.execution_id, state: "REDEEMED" },
        { id: parent.execution_id, state: "REDEEMED" },
      ],
    })
    expect(execute_before).toBe(Math.floor((await untilOf(parent.execution_id)) / 1000))
  })

  test("needs a proof for this very request, once", async () => {
    const parent = await addMember(one)
    const { runtime } = await trustedRuntime(one)
    const of = (change = {}, consent = {}) => childRequest(parent, runtime.id, change, consent)
    expect(await codesOf(one, { ...of(), parent_proof: "" })).toEqual(["PARENT_PROOF_WRONG"])
    expect(await codesOf(one, of({}, { audience: "somebody" }))).toEqual(["PARENT_PROOF_WRONG"])
    expect(await codesOf(one, of({ parent_execution_id: "00000000-0000-4000-8000-000000000000" }))).toEqual([
      "PARENT_UNKNOWN",
    ])
    await expect.poll(() => codesOf(two, of()), { timeout: 5_000 }).toEqual([]) // it knows of both leases
    const request = of()
    const first = await authorizeIt(one, request)
    expect(first.decision).toBe("DECISION_ALLOW")
    // the same request again is the same decision; as another caller's it is another request, with a proof that is used
    expect((await authorizeIt(one, request)).execution_id).toBe(first.execution_id)
    expect(await codesOf(two, request)).toEqual(["PARENT_PROOF_USED"])
  })

  test("the same consent on both replicas at once makes one child", async () => {
    const parent = await addMember(one)
    const { runtime } = await trustedRuntime(one)
    await expect.poll(() => codesOf(two, childRequest(parent, runtime.id)), { timeout: 5_000 }).toEqual([])
    for (let i = 0; i < 10; i++) {
      const request = childRequest(parent, runtime.id)
      const codes = await Promise.all([codesOf(one, request), codesOf(two, request)])
      expect(codes.flat()).toEqual(["PARENT_PROOF_USED"])
    }
  })

  test("a parent that was not redeemed, or has ended, has no children, and what it authorized starts no more", async () => {
    const waiting = await addMember(one, null, { redeemed: false })
    const { runtime } = await trustedRuntime(one)
    expect(await codesOf(one, childRequest(waiting, runtime.id))).toEqual(["PARENT_NOT_ALIVE"])
    await redeemBy(one, waiting)
    const child = await addMember(one, waiting, { redeemed: false })
    await one
      .client("executor")
      .call("authorization", "CompleteExecution", { execution_id: waiting.execution_id, succeeded: true })
    expect(await codesOf(one, childRequest(waiting, runtime.id))).toEqual(["PARENT_NOT_ALIVE"])
    await expect(redeemBy(one, child)).rejects.toThrow("PARENT_NOT_ALIVE")
  })

  const stateOf = async (execution_id: string) =>
    (
      await two
        .client("auditor")
        .call<{ execution: { state: string } }>("authorization", "GetExecution", { execution_id })
    ).execution.state.replace("EXECUTION_STATE_", "")
  const revoke = (writ: TestDaemon, execution_id: string) =>
    writ.client("operator").call<object>("authorization", "RevokeExecution", { execution_id, reason: "test" })
  const verify = async (execution_id: string) => {
    for (const writ of [one, two]) await writ.client("auditor").call("lineage", "GetCheckpoint", {})
    return await two.client("auditor").call<object>("lineage", "VerifyLineage", { execution_id })
  }
  /** What each member's runtime is told to stop, as it comes. */
  const watch = (writ: TestDaemon, members: readonly Member[]) =>
    members.map(({ runtime, session }) => {
      const told: string[] = []
      const { lease_id } = session.registered
      const stream = writ
        .client("runtime")
        .watch("verifier", "WatchDirectives", { runtime_id: runtime.id, lease_id, acknowledged_directive: "0" })
      void (async () => {
        for await (const { directive } of stream as AsyncIterable<{ directive: { execution_id: string } | null }>)
          if (directive) told.push(directive.execution_id)
      })().catch(() => {})
      return told
    })

  test("revoked with everything that descends from it: all watchers hear it, and nothing starts on either replica", async () => {
    const parent = await addMember(one)
    const child = await addMember(one, parent)
    const [sibling, grandchild] = [
      await addMember(one, parent, { redeemed: false }),
      await addMember(one, child, { redeemed: false }),
    ]
    const stranger = await addMember(one)
    const family = [parent, child, sibling, grandchild]
    const told = watch(one, [...family, stranger])
    await revoke(one, parent.execution_id)
    for (const { execution_id } of family) expect(await stateOf(execution_id)).toBe("REVOKED")
    expect(await stateOf(stranger.execution_id)).toBe("REDEEMED")
    for (const writ of [one, two])
      for (const member of family)
        await expect(redeemBy(writ, member)).rejects.toThrow(/EXECUTION_REVOKED|RUNTIME_STALE/)
    const { runtime } = await trustedRuntime(one)
    expect(await codesOf(one, childRequest(parent, runtime.id))).toEqual(["PARENT_NOT_ALIVE"])
    expect(await codesOf(two, childRequest(child, runtime.id))).toContain("PARENT_NOT_ALIVE")
    await expect.poll(() => told).toEqual([...family.map(({ execution_id }) => [execution_id]), []])
    expect(await revoke(two, parent.execution_id)).toMatchObject({ already_revoked: true })
    for (const { execution_id } of family) expect(await verify(execution_id)).toMatchObject({ valid: true, reason: "" })
  })

  test("a child that is authorized while its parent is revoked is revoked too, or was not allowed", async () => {
    const seen = { allowed: 0, denied: 0 }
    for (let i = 0; i < 4; i++) {
      const parent = await addMember(one)
      const { runtime } = await trustedRuntime(one)
      await expect.poll(() => codesOf(two, childRequest(parent, runtime.id)), { timeout: 5_000 }).toEqual([])
      const asked = Array.from({ length: 6 }, (_, n) =>
        authorizeIt(n % 2 ? one : two, childRequest(parent, runtime.id)),
      )
      const [, ...replies] = await Promise.all([revoke(i % 2 ? one : two, parent.execution_id), ...asked])
      for (const writ of [one, two])
        expect(await codesOf(writ, childRequest(parent, runtime.id))).toEqual(["PARENT_NOT_ALIVE"])
      for (const { decision, execution_id, reasons } of replies) {
        if (decision === "DECISION_ALLOW") {
          seen.allowed++
          expect(await stateOf(execution_id)).toBe("REVOKED")
        } else {
          seen.denied++
          expect(reasons.map(({ code }) => code)).toEqual(["PARENT_NOT_ALIVE"])
        }
      }
    }
    expect(seen.allowed + seen.denied).toBe(24)
  })

  test("while the parent's row is being changed a child waits, and then sees what was changed", async () => {
    const parent = await addMember(one)
    const { runtime } = await trustedRuntime(one)
    const set = (state: string) =>
      database.query("UPDATE execution SET state = $1 WHERE execution_id = $2", [state, parent.execution_id])
    await database.query("BEGIN") // one connection: a revocation between its statement and its commit
    await set("REVOKED")
    let answered = false
    const asked = codesOf(one, childRequest(parent, runtime.id)).finally(() => (answered = true))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(answered).toBe(false)
    await database.query("COMMIT")
    expect(await asked).toEqual(["PARENT_NOT_ALIVE"])
    await set("REDEEMED")
    expect(await codesOf(one, childRequest(parent, runtime.id))).toEqual([])
  })

  test.each(["QUARANTINED", "REVOKED"])(
    "a runtime that is %s: what it ran is revoked, with its children, before the answer",
    async (to) => {
      const parent = await addMember(one)
      const child = await addMember(one, parent)
      const told = watch(one, [child])
      await one.client("operator").call("verifier", "SetRuntimeState", {
        runtime_id: parent.runtime.id,
        state: `RUNTIME_STATE_${to}`,
        reason: "test",
      })
      expect([await stateOf(parent.execution_id), await stateOf(child.execution_id)]).toEqual(["REVOKED", "REVOKED"])
      await expect.poll(() => told).toEqual([[child.execution_id]])
      for (const { execution_id } of [parent, child])
        expect(await verify(execution_id)).toMatchObject({ valid: true, reason: "" })
    },
  )

  test("a runtime that ends without a report: what it ran is lost, and its children are revoked", async () => {
    const parent = await addMember(one)
    const child = await addMember(one, parent)
    const other = await addMember(one)
    await parent.session.end()
    await expect.poll(() => stateOf(parent.execution_id), { timeout: 5_000 }).toBe("LOST")
    await expect.poll(() => stateOf(child.execution_id), { timeout: 5_000 }).toBe("REVOKED")
    expect(await stateOf(other.execution_id)).toBe("REDEEMED")
    for (const { execution_id } of [parent, child])
      expect(await verify(execution_id)).toMatchObject({ valid: true, reason: "" })
  })

  test("a runtime that registers anew lives by another lease: what it ran by the one before is lost", async () => {
    const { runtime, session, execution_id } = await addMember(one)
    await session.end()
    await (await registerRuntime(one.client("runtime"), runtime)).beat()
    await expect.poll(() => stateOf(execution_id), { timeout: 5_000 }).toBe("LOST")
    expect(await verify(execution_id)).toMatchObject({ valid: true, reason: "" })
  })

  test("the ledger is clean after all", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})
