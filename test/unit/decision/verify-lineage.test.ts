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
const verify = (records: readonly StoredRecord[], execution: FoundExecution | null, checkpoint = log.checkpoint()) =>
  createVerifyLineage({
    store: {
      recordsOf: async () => records,
      findExecution: async () => execution,
      tiles: () => ({
        hashes: async (level, start, count) => (level === 0 ? log.leaves.slice(start, start + count) : []),
      }),
      closing: async () => null,
      checkpoint: async () => checkpoint,
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

  test.each([
    [
      "an older checkpoint in place of the newest",
      log.checkpoint(5),
      /^DATABASE_DIFFERS: The checkpoint of size 5/,
      "5",
    ],
    ["a checkpoint that is none", "note", /^DATABASE_DIFFERS: The signed note/, undefined],
  ])("%s is a report, not an error of the caller", async (_, note, reason, failedIndex) => {
    const report = await verify([opened, ended], found([opened, ended], ended, "REVOKED"), note)
    expect(report).toMatchObject({ valid: false, failedStep: "database", reason: expect.stringMatching(reason) })
    expect(report.failedIndex).toBe(failedIndex)
  })

  test("what cannot be read is no verdict", async () => {
    const fail = async () => {
      throw new Error("the database is away")
    }
    const store = {
      recordsOf: async () => [opened],
      findExecution: fail,
      tiles: () => ({ hashes: fail }),
      checkpoint: fail,
      closing: fail,
    }
    const rest = { trust: async () => TRUST, checkpointNow: async () => {}, replay: async () => [] }
    await expect(createVerifyLineage({ store, ...rest })(EXECUTION)).rejects.toThrow("the database is away")
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
