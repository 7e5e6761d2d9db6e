import { describe, expect, test } from "vitest"
import { CLOSED } from "../../../scripts/vectors/evidence-closings.ts"
import {
  CONTENT,
  decision,
  EXECUTION,
  fileOf,
  Log,
  leafHash,
  ORIGIN,
  OTHER_LOG_KEY,
  OTHER_ORIGIN,
  type Place,
  places,
  revoked,
  seal,
  TRUST,
} from "../../../scripts/vectors/lineage.ts"
import { sha256 } from "../../../src/crypto.ts"
import {
  buildEvidence,
  isIntact,
  type LineageStore,
  openingOf,
  orderLineage,
  readBody,
  readLineages,
  receiptOf,
  type StoredRecord,
  versionOf,
} from "../../../src/ledger/lineage.ts"
import { MAX_ANCESTORS } from "../../../src/ledger/record.ts"
import { verifyEvidence } from "../../../src/verify/index.ts"
import { naiveCanonicalJson } from "../../support/naive-canonical-json.ts"

const allow = decision()
const lineage = places(allow, revoked(allow))

const stored = ({ record, index }: Place, logId = 1, origin = ORIGIN): StoredRecord => ({
  origin,
  logId,
  index,
  leafHash: leafHash(record.body),
  ...record,
})

/** Logs in memory, with the checkpoints that were signed; log 1 is the first. */
function storeOf(records: readonly StoredRecord[], logs: readonly Log[], signed: readonly number[]): LineageStore {
  return {
    findExecution: async () => null,
    recordsOf: async (executionId) => (executionId === EXECUTION ? records : []),
    tiles: (logId) => ({
      hashes: async (level, start, count) =>
        level === 0 ? (logs[logId - 1] as Log).leaves.slice(start, start + count) : [],
    }),
    async checkpoint(logId, atLeast, exactly) {
      const size = signed.find((size) => (exactly === undefined ? size >= atLeast : size === exactly))
      return size === undefined ? null : (logs[logId - 1] as Log).checkpoint(size)
    },
    closing: async () => null,
  }
}
const exportOf = async (store: LineageStore, executionId: string, exactSize?: number) =>
  buildEvidence(store, sha256, await readLineages(store, executionId), exactSize)
const textOf = async (evidence: Promise<Uint8Array>) => Buffer.from(await evidence).toString()

describe("buildEvidence", () => {
  const log = new Log(lineage, { size: 9 })
  const records = lineage.map((place) => stored(place))

  test("gives the bytes that the format's description gives, whatever the order in which the store answers", async () => {
    const expected = naiveCanonicalJson(fileOf(lineage, log))
    for (const order of [records, records.toReversed()])
      expect(await textOf(exportOf(storeOf(order, [log], [9]), EXECUTION))).toBe(expected)
    expect(verifyEvidence(expected, TRUST)).toMatchObject({ valid: true, anchored: true })
  })

  test("takes the oldest checkpoint that covers all records, or exactly the size asked for", async () => {
    const store = storeOf(records, [log], [3, 6, 7, 9])
    const noteOf = async (size?: number) =>
      (JSON.parse(await textOf(exportOf(store, EXECUTION, size))) as { checkpoints: { note: string }[] }).checkpoints[0]
        ?.note
    expect(await noteOf()).toBe(log.checkpoint(6))
    for (const size of [6, 7, 9]) expect(await noteOf(size)).toBe(log.checkpoint(size))
    for (const size of [6, 7, 9]) expect(verifyEvidence(await exportOf(store, EXECUTION, size), TRUST).valid).toBe(true)
  })

  test("a log that ended without a checkpoint of these records has its closing, and that a checkpoint", async () => {
    const { chain, logs, closing, file } = CLOSED
    const store: LineageStore = {
      ...storeOf(
        chain.map((place) => stored(place)),
        logs,
        [],
      ),
      checkpoint: async (logId) => (logId === 2 ? logs[1].checkpoint() : null),
      closing: async () => ({ size: logs[0].leaves.length, record: stored(closing, 2, OTHER_ORIGIN) }),
    }
    expect(await textOf(exportOf(store, EXECUTION))).toBe(naiveCanonicalJson(file))
  })

  test("a lineage across two logs has a checkpoint of each, in the order of their names", async () => {
    const second = { record: revoked(allow), index: 1 }
    const other = new Log([second], { size: 3, origin: OTHER_ORIGIN, key: OTHER_LOG_KEY })
    for (const [first, last] of [
      [ORIGIN, OTHER_ORIGIN],
      [OTHER_ORIGIN, ORIGIN],
    ] as const) {
      const one = first === ORIGIN ? log : new Log(lineage, { size: 9, origin: first, key: OTHER_LOG_KEY })
      const two = first === ORIGIN ? other : new Log([second], { size: 3 })
      const store = storeOf([stored(lineage[0] as Place, 1, first), stored(second, 2, last)], [one, two], [3, 9])
      const atThree: LineageStore = {
        ...store,
        checkpoint: async (logId) => ([one, two][logId - 1] as Log).checkpoint(),
      }
      const evidence = JSON.parse(await textOf(exportOf(atThree, EXECUTION)))
      expect(evidence.checkpoints.map((entry: { log: string }) => entry.log)).toEqual([ORIGIN, OTHER_ORIGIN])
      expect(evidence.records.map((entry: { log: string }) => entry.log)).toEqual([first, last])
    }
  })

  test("what it descends from comes after it, parent first, under the same checkpoint", async () => {
    const PARENT = "aaaaaaaa-1111-4222-8333-444444444444"
    const child = decision({ parent: { consent: "", depth: 1, execution_id: PARENT, leaf: "" } })
    const own = { record: child, index: 7 }
    const above = { record: decision({ execution_id: PARENT }), index: 2 }
    const whole = new Log([own, above], { size: 9 })
    const store: LineageStore = {
      ...storeOf([], [whole], [9]),
      recordsOf: async (id) => (id === EXECUTION ? [stored(own)] : id === PARENT ? [stored(above)] : []),
    }
    const expected = {
      ...fileOf([own], whole),
      ancestors: [{ execution_id: PARENT, records: [whole.entry(above)] }],
    }
    expect(await textOf(exportOf(store, EXECUTION))).toBe(naiveCanonicalJson(expected))
  })

  test("an erased payload is null, and the rest still verifies", async () => {
    const erased = records.map((record) => ({ ...record, payload: null }))
    const evidence = await exportOf(storeOf(erased, [log], [9]), EXECUTION)
    expect(verifyEvidence(evidence, TRUST)).toMatchObject({
      valid: true,
      steps: expect.arrayContaining([expect.objectContaining({ step: "payload", result: "erased" })]),
    })
  })

  test.each([
    ["an unknown execution", [9], "00000000-0000-4000-8000-000000000000", undefined, "NOT_FOUND", /no execution/],
    ["no checkpoint yet", [], EXECUTION, undefined, "NOT_SIGNED_YET", /covers size 6.*about every second/],
    ["only older checkpoints", [3, 5], EXECUTION, undefined, "NOT_SIGNED_YET", /covers size 6/],
    ["a size that was never signed", [9], EXECUTION, 8, "NOT_FOUND", /covers size 8/],
    [
      "a size that does not cover the records",
      [5, 9],
      EXECUTION,
      5,
      "INVALID_REQUEST",
      /size 5 does not cover.*need 6/,
    ],
  ] as const)("%s is said", async (_, signed, execution, size, code, why) => {
    const evidence = exportOf(storeOf(records, [log], signed), execution, size)
    await expect(evidence).rejects.toMatchObject({ code, message: expect.stringMatching(why) })
  })

  test("hashes that are missing from the database are said, not made up", async () => {
    const store: LineageStore = { ...storeOf(records, [log], [9]), tiles: () => ({ hashes: async () => [] }) }
    await expect(exportOf(store, EXECUTION)).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test("what was altered in the database is exported as it is, and found by whoever verifies", async () => {
    const body = Buffer.from(allow.body.toString().replace("ALLOW", "DENY!"))
    const altered = records.map((record, i) => (i === 0 ? { ...record, body } : record))
    const evidence = await exportOf(storeOf(altered, [log], [9]), EXECUTION)
    expect(verifyEvidence(evidence, TRUST)).toMatchObject({ valid: false, failedStep: "record", failedIndex: "3" })
  })
})

describe("readLineages", () => {
  const withParent = (parent: string) =>
    stored({
      record: decision({ parent: { consent: "", depth: 1, execution_id: parent, leaf: "" } }),
      index: 1,
    })

  test("follows what decisions name, to one that is not there", async () => {
    const lineages = await readLineages(
      { recordsOf: async (id) => (id === "a" ? [withParent("b")] : id === "b" ? [withParent("c")] : []) },
      "a",
    )
    expect(lineages.map(({ executionId, records }) => [executionId, records.length])).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 0],
    ])
  })

  test("follows what the decision names that allowed it, after one that asked", async () => {
    const asked = stored({ record: decision({ state: "APPROVAL_PENDING" }), index: 0 })
    const recordsOf = async (id: string) => (id === "a" ? [asked, withParent("b")] : [])
    expect((await readLineages({ recordsOf }, "a")).map(({ executionId }) => executionId)).toEqual(["a", "b"])
  })

  test("a circle ends", async () => {
    expect(await readLineages({ recordsOf: async () => [withParent("a")] }, "a")).toHaveLength(MAX_ANCESTORS + 1)
  })
})

describe("orderLineage", () => {
  const second = revoked(allow)
  const third = revoked(second)
  const at = (index: number, record: Place["record"], origin = ORIGIN) => stored({ record, index }, 1, origin)
  const indexes = (records: readonly StoredRecord[]) =>
    orderLineage(records).map(({ origin, index }) => `${origin} ${index}`)
  const named = (...list: number[]) => list.map((index) => `${ORIGIN} ${index}`)

  test("follows the links, wherever the records lie", () => {
    expect(indexes([at(9, allow), at(2, third), at(4, second)])).toEqual(named(9, 4, 2))
    expect(indexes([at(1, second, "a"), at(1, allow, "b")])).toEqual(["b 1", "a 1"])
  })

  test("what links to nothing comes last, by log and index", () => {
    const stray = seal({ kind: "revoked", previous: "00" }, null)
    const unreadable = { body: Buffer.from([0xff]), payload: null }
    const records = [at(8, unreadable), at(7, stray, "z"), at(6, stray), at(5, allow), at(3, stray, "a")]
    expect(indexes(records)).toEqual([`${ORIGIN} 5`, "a 3", `${ORIGIN} 6`, `${ORIGIN} 8`, "z 7"])
  })

  test("without a decision the records keep their places", () => {
    expect(indexes([at(5, third), at(4, second)])).toEqual(named(4, 5))
    expect(orderLineage([])).toEqual([])
  })

  test("does not change the list that it is given", () => {
    const records = [at(5, second), at(4, allow)]
    orderLineage(records)
    expect(records.map(({ index }) => index)).toEqual([5, 4])
  })
})

describe("versionOf", () => {
  const [first, second] = lineage.map((place) => stored(place)) as [StoredRecord, StoredRecord]
  test("the newest record's hash; none where nothing has followed the decision", () => {
    const found = { decision: first, records: [first], state: "AUTHORIZED" } as const
    expect(versionOf({ ...found, last: { ...first } })).toBeNull()
    expect(versionOf({ ...found, last: second })).toBe(second.leafHash)
  })

  test("of what was approved it is the decision that allowed it, which is not the first", () => {
    const allowed = stored({ record: decision({ previous: "00" }), index: 6 })
    const found = { decision: allowed, records: [allowed, first], last: allowed, state: "AUTHORIZED" } as const
    expect(versionOf(found)).toBe(allowed.leafHash)
    expect(openingOf(found)).toBe(first)
    expect(openingOf({ decision: allowed, records: [] })).toBe(allowed)
  })
})

describe("receiptOf", () => {
  const [first, second] = lineage.map((place) => stored(place)) as [StoredRecord, StoredRecord]
  test("the record of the kind asked for, else the newest", () => {
    const found = { decision: first, records: [first, second], last: second, state: "REVOKED" } as const
    expect(receiptOf(found, "decision")).toBe(first)
    expect(receiptOf({ ...found, last: first }, "revoked")).toBe(second)
    expect(receiptOf(found, "redeemed")).toBe(second)
  })
})

describe("readBody", () => {
  test("what a body says; nothing where it says nothing", () => {
    expect(readBody(allow.body)).toMatchObject({ kind: "decision", execution_id: EXECUTION })
    expect(readBody(Buffer.from("{"))).toEqual({})
    expect(readBody(Buffer.from([0xff]))).toEqual({})
  })
})

describe("isIntact", () => {
  test("a stored body and leaf hash that belong together, and not otherwise", () => {
    const record = stored(lineage[0] as Place)
    expect(isIntact(record, sha256)).toBe(true)
    expect(isIntact({ ...record, body: Buffer.concat([record.body, Buffer.from(" ")]) }, sha256)).toBe(false)
    expect(isIntact({ ...record, leafHash: leafHash(Buffer.from(naiveCanonicalJson(CONTENT))) }, sha256)).toBe(false)
  })
})
