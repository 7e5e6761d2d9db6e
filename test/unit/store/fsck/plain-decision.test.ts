import { describe, expect, test } from "vitest"
import { createPlainDecisionReader } from "../../../../src/store/fsck/plain-decision.ts"

const HASH = "ab".repeat(32)
const RECORD = {
  actor: { id: "key:pep-8681c905", proof: "api-key" },
  data: { checks: [{ name: "identity", reasons: ["CODE"] }], decision: "ALLOW", matched_rules: ["é"] } as object,
  engine: "writ/0.1.0",
  epoch: "9",
  execution_id: "9a384b8a-2a72-4dea-b4f7-74430e48409d",
  kind: "decision",
  payload: HASH as string | null,
  state: "AUTHORIZED" as string | undefined,
  time: "2026-11-30T21:08:51.076Z",
  v: 1,
}
const read = createPlainDecisionReader()
const bytes = (record: object) => Buffer.from(JSON.stringify(record))

describe("createPlainDecisionReader", () => {
  test.each([
    ["that allows", {}],
    ["that denies", { state: undefined, data: { decision: "DENY" } }],
    ["without a payload", { payload: null }],
    ["whose data is like a record's end", { data: { a: { b: 1 }, engine: "x", z: [',"engine":"'] } }],
  ])("of a decision %s, what parsing gives; also when its data was seen before", (_, change) => {
    const record = { ...RECORD, ...change }
    const { execution_id, kind, payload, time } = record
    for (let i = 0; i < 2; i++) expect(read(bytes(record))).toEqual({ execution_id, kind, payload, time })
  })

  test.each([
    ["another kind", bytes({ ...RECORD, kind: "revoked" })],
    ["another state", bytes({ ...RECORD, state: "APPROVAL_PENDING" })],
    ["an approval", bytes({ ...RECORD, data: { approval: { id: "x" } } })],
    ["what other kinds say", bytes({ ...RECORD, data: { activation_id: "x" } })],
    ["a directive", bytes({ ...RECORD, data: { directive_sha256: HASH } })],
    ["data that is no object", bytes({ ...RECORD, data: [1] })],
    ["an escaped text", bytes({ ...RECORD, actor: { id: 'a"b', proof: "api-key" } })],
    ["a link", bytes({ ...RECORD, payload: HASH, previous: HASH })],
    ["another order", Buffer.from(`{"v":1,${JSON.stringify(RECORD).slice(1).replace(',"v":1', "")}`)],
    ["a key twice", Buffer.from(JSON.stringify(RECORD).replace('"v":1', '"v":1,"v":1'))],
    ["a number that is none", Buffer.from(JSON.stringify(RECORD).replace('"epoch":"9"', '"epoch":"09"'))],
    ["data that does not parse", Buffer.from(JSON.stringify(RECORD).replace('"ALLOW"', '"ALLOW'))],
    ["data that ends before its end", Buffer.from(JSON.stringify(RECORD).replace('"ALLOW"', '"ALLOW"}'))],
    ["bytes that are no UTF-8", Buffer.from(JSON.stringify(RECORD).replace("é", "\xe9"), "latin1")],
    ["a byte more", Buffer.concat([bytes(RECORD), Buffer.from("\n")])],
    ["a byte less", bytes(RECORD).subarray(0, -1)],
    ["nothing", Buffer.alloc(0)],
  ])("%s is left to be parsed", (_, body) => {
    for (let i = 0; i < 2; i++) expect(read(body)).toBeNull()
  })

  test("what it remembers is bounded, and its answers are the same after that", () => {
    const of = (n: number) => bytes({ ...RECORD, data: { n } })
    for (let n = 0; n < 4_100; n++) expect(read(of(n))?.kind).toBe("decision")
    expect(read(of(0))?.kind).toBe("decision")
  })
})
