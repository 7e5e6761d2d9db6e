/** GetLineageGraph of the daemon: a family that really ran, and one of ten thousand. */
import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type GraphReply, type Node, toTree } from "../../src/cli/lineage-graph.ts"
import { startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { addMember, type Member } from "../support/family.ts"
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

const graphOf = (execution_id: string, more: object = {}) =>
  writ.client("auditor").call<GraphReply>("lineage", "GetLineageGraph", { execution_id, ...more })
const complete = ({ execution_id }: Member) =>
  writ.client("executor").call("authorization", "CompleteExecution", { execution_id, succeeded: true })
const executionsOf = ({ nodes }: GraphReply) => nodes.filter(({ kind }) => kind === "execution")
const nodesOf = ({ nodes }: GraphReply, { execution_id }: Member) =>
  nodes.filter((node) => node.execution_id === execution_id)
const idOf = (nodes: readonly Node[], kind: string) => nodes.find((node) => node.kind === kind)?.id

describe("GetLineageGraph", () => {
  test("a family: its records, what leads from one to another, and what is missing", async () => {
    const parent = await addMember(writ)
    const child = await addMember(writ, parent)
    const grandchild = await addMember(writ, child)
    const idle = await addMember(writ, child, {
      redeemed: false,
      change: { requested_ttl: { seconds: "1", nanos: 0 } },
    })
    await complete(child)
    const ended = Date.now() + 2_000
    await expect
      .poll(
        async () =>
          executionsOf(await graphOf(parent.execution_id)).map(({ state, marks }) => [state.slice(16), marks]),
        { timeout: 20_000, interval: 250 },
      )
      .toEqual([
        ["REDEEMED", []],
        ["COMPLETED", []],
        ["REDEEMED", ["ORPHAN"]],
        ["EXPIRED", ["NEVER_REDEEMED"]],
      ])
    expect(Date.now()).toBeLessThan(ended + 20_000)
    const graph = await graphOf(grandchild.execution_id)
    expect(executionsOf(graph).map(({ id }) => id)).toEqual(
      [grandchild, child, parent].map(({ execution_id }) => execution_id),
    )
    expect(executionsOf(graph)[0]).toMatchObject({
      subject: { type: "agent", id: "agent:researcher" },
      action: "http.get",
    })
    expect(nodesOf(graph, child).map(({ kind }) => kind)).toEqual([
      "execution",
      "decision",
      "redeemed",
      "lease",
      "completed",
    ])
    const [own, above] = [nodesOf(graph, grandchild), nodesOf(graph, child)]
    const edge = (from: string | undefined, to: string | undefined, kind: string) => ({ from, to, kind })
    expect(graph.edges).toEqual(
      expect.arrayContaining([
        edge(grandchild.execution_id, child.execution_id, "child_of"),
        edge(child.execution_id, parent.execution_id, "child_of"),
        edge(idOf(own, "decision"), idOf(above, "redeemed"), "on_behalf_of"),
        edge(idOf(own, "redeemed"), grandchild.session.registered.lease_id, "held_by"),
        edge(idOf(above, "completed"), idOf(above, "redeemed"), "follows"),
      ]),
    )

    await writ
      .client("operator")
      .call("authorization", "RevokeExecution", { execution_id: parent.execution_id, reason: "test" })
    const after = await graphOf(parent.execution_id)
    const stateOf = ({ execution_id }: Member) => after.nodes.find(({ id }) => id === execution_id)
    expect(stateOf(parent)).toMatchObject({ state: "EXECUTION_STATE_REVOKED", marks: ["NEVER_COMPLETED"] })
    expect(stateOf(grandchild)).toMatchObject({ state: "EXECUTION_STATE_REVOKED", marks: ["NEVER_COMPLETED"] })
    expect(after.edges).toContainEqual(
      edge(idOf(nodesOf(after, grandchild), "revoked"), idOf(nodesOf(after, parent), "revoked"), "ended_by"),
    )
    const tree = toTree(after, child.execution_id).join("\n")
    expect(tree).toMatch(new RegExp(`^• ${parent.execution_id}  REVOKED .*!NEVER_COMPLETED`))
    expect(tree).toMatch(new RegExp(`\n  ▶ ${child.execution_id}  COMPLETED`))
    expect(tree).toMatch(new RegExp(`\n    • ${idle.execution_id}  REVOKED`))

    // Beats are written every ten seconds.
    const leaseOf = ({ session }: Member) => session.registered.lease_id
    await expect
      .poll(async () => (await graphOf(parent.execution_id)).edges, { timeout: 20_000, interval: 500 })
      .toContainEqual({ from: expect.any(String), to: leaseOf(parent), kind: "beats_of" })
    const beats = (await graphOf(parent.execution_id)).nodes.find(({ kind }) => kind === "beats")
    expect(beats).toMatchObject({ beat_count: 1, first_sequence: "1", last_sequence: "1" })
  })

  test("of a family of ten thousand a bounded part, and page after page others", async () => {
    const parent = await addMember(writ)
    await database.query(
      `INSERT INTO execution_parent (child_id, parent_id, depth, consent, authorized_at)
       SELECT gen_random_uuid(), $1, 1, sha256(n::text::bytea), date_trunc('milliseconds', now()) + n % 100 * interval '1 ms' FROM generate_series(1, 10000) AS n`,
      [parent.execution_id],
    )
    const found = new Set<string>()
    for (let page_token: string | undefined = "", pages = 0; pages < 5; pages++) {
      const graph: GraphReply = await graphOf(parent.execution_id, { max_executions: 200, page_token })
      for (const { id } of executionsOf(graph).slice(1)) found.add(id)
      expect(found.size).toBe(200 * (pages + 1))
      page_token = graph.more[0]?.page_token
    }
  })

  test("what is asked wrongly is refused, and by whom", async () => {
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => "OK",
        ({ code }: { code: string }) => code,
      )
    const none = "00000000-0000-4000-8000-000000000000"
    expect(await codeOf(graphOf(none))).toBe("NOT_FOUND")
    expect(await codeOf(graphOf("nobody"))).toBe("INVALID_REQUEST")
    expect(await codeOf(graphOf(none, { max_executions: 201 }))).toBe("INVALID_REQUEST")
    expect(await codeOf(graphOf(none, { page_token: "AA" }))).toBe("INVALID_REQUEST")
    expect(await codeOf(writ.client("pep").call("lineage", "GetLineageGraph", { execution_id: none }))).toBe(
      "FORBIDDEN",
    )
  })
})
