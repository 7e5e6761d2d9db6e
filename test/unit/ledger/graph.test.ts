import { describe, expect, test } from "vitest"
import { toHex, utf8 } from "../../../src/formats/bytes.ts"
import { buildGraph, parentOf, type Relative } from "../../../src/ledger/graph.ts"
import type { StoredRecord } from "../../../src/ledger/lineage.ts"

const leaf = (name: string) => new Uint8Array(32).fill(name.charCodeAt(0))
const hex = (name: string) => toHex(leaf(name))
const named = (id: string) => ({ type: "t", id })
const record = (name: string, body: object, payload: Uint8Array | null = null): StoredRecord => ({
  origin: "log",
  logId: 1,
  index: 0,
  leafHash: leaf(name),
  body: utf8(JSON.stringify(body)),
  payload,
})
const PAYLOAD = utf8(
  `${" ".repeat(32)}${JSON.stringify({ request: { subject: named("s"), action: { name: "a" }, resource: named("r") } })}`,
)
const decision = (name: string, more: object = {}) => record(name, { kind: "decision", ...more }, PAYLOAD)
const redeemed = (name: string, previous: string) =>
  record(name, { kind: "redeemed", previous: hex(previous), data: { lease_id: "lease" } })
const relative = (executionId: string, records: readonly StoredRecord[], state: Relative["state"]): Relative => ({
  executionId,
  records,
  state,
  untilMs: 1_000,
})
const childOf = (executionId: string, leafOf: string) => ({
  parent: { consent: "", depth: 1, execution_id: executionId, leaf: hex(leafOf) },
})

describe("buildGraph", () => {
  const family = [
    relative("parent", [decision("d"), redeemed("r", "d"), record("l", { kind: "lost", previous: hex("r") })], "LOST"),
    relative("child", [decision("c", childOf("parent", "r")), redeemed("q", "c")], "REDEEMED"),
    relative(
      "grandchild",
      [
        decision("g", childOf("child", "q")),
        record("v", { kind: "revoked", previous: hex("g"), data: { ancestor_record: hex("l") } }),
      ],
      "REVOKED",
    ),
  ]
  const graph = buildGraph(family, [], 500)

  test("executions with their records, what they asked for, how they read and what is missing", () => {
    expect(graph.nodes.map(({ id, kind, executionId }) => [kind, executionId, id.slice(0, 5)])).toEqual([
      ["execution", "parent", "paren"],
      ["decision", "parent", hex("d").slice(0, 5)],
      ["redeemed", "parent", hex("r").slice(0, 5)],
      ["lease", "parent", "lease"],
      ["lost", "parent", hex("l").slice(0, 5)],
      ["execution", "child", "child"],
      ["decision", "child", hex("c").slice(0, 5)],
      ["redeemed", "child", hex("q").slice(0, 5)],
      ["execution", "grandchild", "grand"],
      ["decision", "grandchild", hex("g").slice(0, 5)],
      ["revoked", "grandchild", hex("v").slice(0, 5)],
    ])
    const executions = graph.nodes.filter(({ kind }) => kind === "execution")
    expect(executions.map(({ state, marks }) => [state, marks])).toEqual([
      ["LOST", ["NEVER_COMPLETED"]],
      ["REDEEMED", ["ORPHAN"]],
      ["REVOKED", []],
    ])
    expect(executions[0]?.asked).toEqual({ subject: named("s"), action: "a", resource: named("r"), runtimeId: "" })
  })

  test("what leads from one to another", () => {
    expect(graph.edges).toEqual([
      { from: "parent", to: hex("d"), kind: "opens" },
      { from: hex("r"), to: hex("d"), kind: "follows" },
      { from: hex("r"), to: "lease", kind: "held_by" },
      { from: hex("l"), to: hex("r"), kind: "follows" },
      { from: "child", to: hex("c"), kind: "opens" },
      { from: "child", to: "parent", kind: "child_of" },
      { from: hex("c"), to: hex("r"), kind: "on_behalf_of" },
      { from: hex("q"), to: hex("c"), kind: "follows" },
      { from: hex("q"), to: "lease", kind: "held_by" },
      { from: "grandchild", to: hex("g"), kind: "opens" },
      { from: "grandchild", to: "child", kind: "child_of" },
      { from: hex("g"), to: hex("q"), kind: "on_behalf_of" },
      { from: hex("v"), to: hex("g"), kind: "follows" },
      { from: hex("v"), to: hex("l"), kind: "ended_by" },
    ])
  })

  test("beats belong to a lease that is there", () => {
    const beats = { record: record("b", { kind: "beats" }), leaseId: "lease", count: 2, first: "1", last: "2" }
    const { nodes, edges } = buildGraph(family, [beats, { ...beats, leaseId: "another" }], 500)
    expect(nodes.filter(({ kind }) => kind === "beats")).toMatchObject([{ id: hex("b"), executionId: "parent", beats }])
    expect(edges.at(-1)).toEqual({ from: hex("b"), to: "lease", kind: "beats_of" })
  })

  test("no edge leads to what is not there, and what descends from it is an orphan", () => {
    const { nodes, edges } = buildGraph(family.slice(1), [], 500)
    expect(edges.some(({ to }) => to === "parent" || to === hex("r") || to === hex("l"))).toBe(false)
    expect(nodes[0]).toMatchObject({ id: "child", marks: ["ORPHAN"] })
  })

  test("erased, unreadable, and without records", () => {
    const erased = relative("one", [record("d", { kind: "decision" }), record("x", {})], "AUTHORIZED")
    const { nodes } = buildGraph([erased, relative("two", [], null)], [], 2_000)
    expect(nodes.map(({ kind, state, marks, asked }) => [kind, state, marks, asked])).toEqual([
      ["execution", "EXPIRED", ["NEVER_REDEEMED"], null],
      ["decision", null, [], null],
      ["", null, [], null],
      ["execution", null, [], null],
    ])
  })

  test("ancestors in a circle end", () => {
    const [a, b] = [decision("a", childOf("b", "x")), decision("b", childOf("a", "x"))]
    const { nodes } = buildGraph([relative("a", [a], "REDEEMED"), relative("b", [b], "REDEEMED")], [], 0)
    expect(nodes[0]?.marks).toEqual([])
  })
})

describe("parentOf", () => {
  test("the first that a record names", () => {
    expect(parentOf([decision("a"), decision("b", childOf("p", "x"))])).toBe("p")
    expect(parentOf([decision("a", { parent: { execution_id: 1 } })])).toBeNull()
  })
})
