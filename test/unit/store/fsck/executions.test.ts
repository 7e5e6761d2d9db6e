import { describe, expect, test } from "vitest"
import { checkExecutions, checkParents, type Link, toParentRow } from "../../../../src/store/fsck/executions.ts"
import type { Finding } from "../../../../src/store/fsck/types.ts"

const ID = "6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c"
const UNTIL_MS = 1_800_000_000_000
const hash = (name: string) => Buffer.alloc(32, name).toString("hex")

let index = 0
const link = (kind: Link["kind"], state: string, previous: string, leaf: string, more: Partial<Link> = {}): Link => ({
  kind,
  state,
  previous: hash(previous),
  leaf: hash(leaf),
  log: 1,
  origin: "log",
  index: index++,
  until: kind === "redeemed" ? UNTIL_MS : Number.NaN,
  bound: null,
  ...more,
})
const redeemed = link("redeemed", "REDEEMED", "d", "r", { index: 4 })
const completed = link("completed", "COMPLETED", "r", "c", { index: 7 })
const rowOf = (last: Link, change: object = {}) => ({
  execution_id: ID,
  state: last.state,
  log_id: last.log,
  idx: BigInt(last.index),
  leaf_hash: Buffer.from(last.leaf, "hex"),
  execute_until: new Date(UNTIL_MS),
  runtime: null,
  lease_id: null,
  ...change,
})

async function check(links: readonly Link[], rows: readonly object[]): Promise<Finding[]> {
  const findings: Finding[] = []
  const store = { query: async <Row>() => rows as Row[], copy: async () => {} }
  await checkExecutions(store, new Map(links.length > 0 ? [[ID, links]] : []), (finding) => findings.push(finding))
  return findings
}
const textsOf = async (links: readonly Link[], rows: readonly object[]) =>
  (await check(links, rows)).map(({ table, text, index }) => `${table} ${index ?? "-"} ${text}`)

describe("checkExecutions", () => {
  test("chains of every kind of step, in whatever order they were found, with their rows", async () => {
    const refused = link("redeem_refused", "COMPLETED", "c", "x")
    expect(await textsOf([refused, completed, redeemed], [rowOf(refused)])).toEqual([])
    const lost = link("lost", "LOST", "r", "l", { log: 2 })
    const late = link("completed_late", "LOST", "l", "y", { log: 3 })
    expect(await textsOf([late, redeemed, lost], [rowOf(late)])).toEqual([])
    const revoked = link("revoked", "REVOKED", "d", "v")
    expect(await textsOf([revoked], [rowOf(revoked, { execute_until: null })])).toEqual([])
    expect(await textsOf([], [])).toEqual([])
  })

  test.each([
    ["state", { state: "REDEEMED" }],
    ["log", { log_id: 2 }],
    ["index", { idx: 4n }],
    ["leaf hash", { leaf_hash: Buffer.alloc(32, "r") }],
    ["end", { execute_until: new Date(UNTIL_MS + 1) }],
    ["missing end", { execute_until: null }],
    ["runtime", { runtime: "r", lease_id: "l" }],
  ])("a row with another %s is blamed", async (_, change) => {
    expect(await textsOf([redeemed, completed], [rowOf(completed, change)])).toEqual([
      `execution - the row of ${ID} is not what the records say`,
    ])
  })

  test("an end that no redemption gave, a row without records and records without a row", async () => {
    const revoked = link("revoked", "REVOKED", "d", "v", { index: 9 })
    const isWrong = `execution - the row of ${ID} is not what the records say`
    expect(await textsOf([revoked], [rowOf(revoked)])).toEqual([isWrong])
    expect(await textsOf([], [rowOf(revoked)])).toEqual([isWrong])
    expect(await textsOf([revoked], [])).toEqual([`execution 9 the row of ${ID} is missing`])
  })

  test("a step that the table does not allow is blamed where it stands", async () => {
    const unstarted = link("completed", "COMPLETED", "d", "c", { index: 5 })
    expect(await textsOf([unstarted], [rowOf(unstarted, { execute_until: null })])).toEqual([
      "entry 5 a record of kind completed cannot lead from the state AUTHORIZED to COMPLETED",
    ])
    const after = link("revoked", "REVOKED", "c", "v", { index: 8 })
    expect(await textsOf([redeemed, completed, after], [rowOf(after)])).toEqual([
      "entry 8 a record of kind revoked cannot lead from the state COMPLETED to REVOKED",
    ])
  })

  test("whose lease it lives by is what the redemption says, to its end", async () => {
    const bound = link("redeemed", "REDEEMED", "d", "r", { bound: "r l" })
    expect(await textsOf([bound, completed], [rowOf(completed, { runtime: "r", lease_id: "l" })])).toEqual([])
    for (const change of [{}, { runtime: "r", lease_id: "m" }, { runtime: "s", lease_id: "l" }])
      expect(await textsOf([bound, completed], [rowOf(completed, change)])).toEqual([
        `execution - the row of ${ID} is not what the records say`,
      ])
  })

  test("two records that follow the same one, and one that follows none", async () => {
    const forked = link("revoked", "REVOKED", "r", "v", { index: 8 })
    expect(await textsOf([redeemed, completed, forked], [rowOf(completed)])).toEqual([
      `entry 8 two records of execution ${ID} follow the same one`,
      `entry 7 the records of execution ${ID} are not one chain with one of each kind`,
    ])
    const stray = link("revoked", "REVOKED", "?", "v", { index: 8 })
    expect(await textsOf([redeemed, completed, stray], [rowOf(completed)])).toEqual([
      `entry 8 the record is not linked to the others of execution ${ID}`,
    ])
  })

  test("a kind twice, and a circle, are found and end", async () => {
    const first = link("redeem_refused", "AUTHORIZED", "d", "1", { index: 1 })
    const second = link("redeem_refused", "AUTHORIZED", "1", "2", { index: 2 })
    expect(await textsOf([first, second], [rowOf(first, { execute_until: null })])).toEqual([
      `entry 1 the records of execution ${ID} are not one chain with one of each kind`,
    ])
    const circle = [link("redeemed", "REDEEMED", "b", "a"), link("revoked", "REVOKED", "a", "b")]
    expect((await check(circle, [])).length).toBeGreaterThan(0)
  })
})

describe("checkParents", () => {
  const consent = "ab".repeat(32)
  const time = "2027-01-15T08:00:00.000Z"
  const said = toParentRow({ execution_id: "p", depth: 1, consent }, time)
  const row = {
    child_id: ID,
    parent_id: "p",
    depth: 1,
    consent: Buffer.from(consent, "hex"),
    authorized_at: new Date(time),
  }
  const found = async (parents: readonly (readonly [string, string])[], rows: readonly object[]) => {
    const findings: string[] = []
    const store = { query: async <Row>() => rows as Row[], copy: async () => {} }
    await checkParents(store, new Map(parents), ({ table, text }) => findings.push(`${table} ${text}`))
    return findings
  }

  test("a row for each child, as its decision says", async () => {
    expect(await found([[ID, said]], [row])).toEqual([])
    expect(await found([], [])).toEqual([])
  })

  test.each([
    ["parent", { parent_id: "q" }],
    ["depth", { depth: 2 }],
    ["consent", { consent: Buffer.alloc(32) }],
    ["time", { authorized_at: new Date(0) }],
  ])("another %s is found", async (_, change) => {
    expect(await found([[ID, said]], [{ ...row, ...change }])).toEqual([
      `execution_parent the row of ${ID} is not what the records say`,
    ])
  })

  test("a row that is missing, and one too many", async () => {
    expect(await found([[ID, said]], [])).toEqual([`execution_parent the row of ${ID} is missing`])
    expect(await found([], [row])).toEqual([`execution_parent the row of ${ID} is not what the records say`])
  })
})
