import { describe, expect, test } from "vitest"
import { decision, EXECUTION, Log, leafHash, ORIGIN, places, revoked, TRUST } from "../../../scripts/vectors/lineage.ts"
import { createVerifyLineage } from "../../../src/decision/verify-lineage.ts"
import type { FoundExecution, StoredRecord } from "../../../src/ledger/lineage.ts"

const allow = decision()
const [opened, ended] = places(allow, revoked(allow)).map(
  ({ record, index }): StoredRecord => ({
    origin: ORIGIN,
    logId: 1,
    index,
    leafHash: leafHash(record.body),
    ...record,
  }),
) as [StoredRecord, StoredRecord]
const log = new Log(places(allow, revoked(allow)), { size: 9 })

/** The records as VerifyLineage reads them, and the execution that it reads after them. */
const verify = (records: readonly StoredRecord[], execution: FoundExecution | null) =>
  createVerifyLineage({
    store: {
      recordsOf: async () => records,
      findExecution: async () => execution,
      tiles: () => ({
        hashes: async (level, start, count) => (level === 0 ? log.leaves.slice(start, start + count) : []),
      }),
      checkpoint: async () => log.checkpoint(),
    },
    trust: async () => TRUST,
    checkpointNow: async () => {},
    replay: async () => [],
  })(EXECUTION)

const found = (records: readonly StoredRecord[], last: StoredRecord, state: FoundExecution["state"]) => ({
  decision: opened,
  records,
  last,
  state,
})

describe("createVerifyLineage", () => {
  test.each([
    ["as it was", [opened], found([opened], opened, "AUTHORIZED")],
    ["that ended since", [opened], found([opened, ended], ended, "REVOKED")],
    ["that ended after its row was read", [opened], found([opened, ended], opened, "AUTHORIZED")],
    ["that has ended", [opened, ended], found([opened, ended], ended, "REVOKED")],
  ] as const)("an execution %s is valid", async (_, records, execution) => {
    expect(await verify(records, execution)).toMatchObject({ valid: true, reason: "" })
  })

  test.each([
    ["none", [opened], null, /row says nothing, its records say AUTHORIZED/],
    ["another state", [opened], found([opened], opened, "REVOKED"), /row says REVOKED, its records say AUTHORIZED/],
    [
      "the state of a record that it does not name",
      [opened],
      found([opened, ended], opened, "REVOKED"),
      /row says REVOKED, its records say AUTHORIZED/,
    ],
    [
      "the state before the record that it names",
      [opened],
      found([opened, ended], ended, "AUTHORIZED"),
      /row says AUTHORIZED, its records say REVOKED/,
    ],
    [
      "an older record and its state",
      [opened, ended],
      found([opened, ended], opened, "AUTHORIZED"),
      /row says AUTHORIZED, its records say REVOKED/,
    ],
    ["an older record", [opened, ended], found([opened, ended], opened, "REVOKED"), /another record as its newest/],
    [
      "a record that is not in the log",
      [opened],
      found([opened], { ...opened, index: 8 }, "AUTHORIZED"),
      /another record as its newest/,
    ],
  ] as const)("a row that says %s is refused", async (_, records, execution, reason) => {
    const report = await verify(records, execution)
    expect(report).toMatchObject({
      valid: false,
      failedStep: "database",
      failedIndex: String(records.at(-1)?.index),
      reason: expect.stringMatching(reason),
    })
    expect(report.reason).toMatch(/^DATABASE_DIFFERS: /)
  })

  test("a stored leaf hash that is not its body's is refused", async () => {
    const other = { ...opened, leafHash: leafHash(Buffer.from("other")) }
    expect(await verify([other], found([other], other, "AUTHORIZED"))).toMatchObject({
      valid: false,
      failedStep: "database",
      failedIndex: String(opened.index),
    })
  })
})
