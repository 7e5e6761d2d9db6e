import { describe, expect, test } from "vitest"
import { isMeasurementGood } from "../../../src/decision/measurement.ts"
import {
  createReferenceValues,
  MAX_SETS,
  type ReferenceSet,
  referenceKey,
  referenceSigningInput,
} from "../../../src/decision/reference-values.ts"
import type { ControlState } from "../../../src/decision/state.ts"
import { toBase64, toHex, utf8 } from "../../../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import type { JsonObject } from "../../../src/formats/ports.ts"
import type { Runtime } from "../../../src/runtime/runtime.ts"
import { CALL, CALLER, CALLER_KEY, FakeClock, FakeLedger, testSigner } from "../../support/decision.ts"
import { load, NOW_MS, stateOf } from "../../support/policy.ts"
import { CODE, OTHER_CODE } from "../../support/runtime.ts"

const trusted = testSigner(8)
const SET: ReferenceSet = { claim: "code", digests: [CODE], name: "builds", provenance: "build 7" }
const { policy } = load({
  version: "1",
  types: { subjects: {}, resources: {}, actions: {} },
  rules: [],
  runtimes: [{ id: "w", measurements: { code: ["@builds", OTHER_CODE] } }],
})
const base: ControlState = { ...stateOf(policy), callers: new Map([[CALLER_KEY.id, CALLER_KEY]]) }

function setUp(state: ControlState = base) {
  const ledger = new FakeLedger()
  const references = createReferenceValues({
    clock: new FakeClock(),
    origin: "writ.test/log",
    trustedPolicyKeys: [trusted.publicKey],
    control: () => state,
    ledger,
  })
  const put = (
    set: Partial<ReferenceSet> = {},
    envelope: Uint8Array = new Uint8Array(),
    call: Partial<typeof CALL> = {},
  ) => references.put({ ...SET, ...set }, envelope, { ...CALL, ...call })
  return { ledger, put, list: references.list }
}

function envelopeOver(set: ReferenceSet, signer = trusted, payloadType = "application/vnd.writ.reference-values+json") {
  const content = utf8(encodeCanonicalJson(set as unknown as JsonObject))
  const sig = toBase64(signer.sign(referenceSigningInput(content)))
  return utf8(JSON.stringify({ payloadType, payload: toBase64(content), signatures: [{ keyid: "k", sig }] }))
}

describe("createReferenceValues", () => {
  test("a set is a record, a row and a higher epoch in one; who vouches is said", async () => {
    const { put, ledger } = setUp()
    await put({ digests: [OTHER_CODE, CODE, CODE] })
    const [{ change } = {}] = ledger.entries
    const [body] = ledger.bodies()
    const key = referenceKey("builds")
    expect(body).toMatchObject({
      kind: "reference_values_changed",
      actor: { id: CALLER.id },
      epoch: String(base.epoch + 1n),
      data: { claim: "code", count: 2, reference_values: key, vouched_by: "caller" },
    })
    expect(change).toMatchObject({
      raisesEpoch: true,
      effects: [{ kind: "reference_values", key, epoch: base.epoch + 1n }],
    })
    expect(JSON.stringify(body)).not.toContain("build") // names and provenance are in the payload
  })

  test("an envelope over this very set by a trusted policy key vouches for it", async () => {
    const { put, ledger } = setUp()
    await put({}, envelopeOver(SET))
    expect(ledger.bodies()[0]?.data).toMatchObject({ vouched_by: toHex(trusted.publicKey) })
  })

  test.each([
    ["by another key", envelopeOver(SET, testSigner(9)), /not signed by a trusted/],
    ["over other values", envelopeOver({ ...SET, digests: [OTHER_CODE] }), /not over these values/],
    ["of another type", envelopeOver(SET, trusted, "application/vnd.writ.bundle+json"), /not over these values/],
    ["that is none", utf8("{}"), /not a DSSE envelope/],
    ["that is not text", Uint8Array.of(0xff), /not a DSSE envelope/],
    ["that is too large", new Uint8Array(65 * 1024), /larger than/],
  ])("an envelope %s is refused, and nothing is recorded", async (_, envelope, message) => {
    const { put, ledger } = setUp()
    await expect(put({}, envelope)).rejects.toThrow(message)
    expect(ledger.entries).toEqual([])
  })

  test.each([
    ["name", { name: "Builds" }],
    ["claim", { claim: "colour" as "code" }],
    ["digests", { digests: ["00"] }],
    ["digests", { digests: Array.from({ length: 257 }, (_, i) => String(i).padStart(64, "0")) }],
    ["provenance", { provenance: "x".repeat(1_025) }],
    ["provenance", { provenance: "\ud800" }],
  ])("a wrong %s is named", async (field, change) => {
    await expect(setUp().put(change)).rejects.toMatchObject({ code: "INVALID_REQUEST", details: { field } })
  })

  test("it is put again when something else changed first, and given up when that does not end", async () => {
    const { put, ledger } = setUp()
    ledger.answers.push("stale")
    await put()
    expect(ledger.entries).toHaveLength(2)
    ledger.answers.push(...Array<"stale">(16).fill("stale"))
    await expect(put()).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
  })

  test("a key that was revoked meanwhile puts nothing; there are only so many sets", async () => {
    await expect(setUp({ ...base, callers: new Map() }).put()).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    const full = new Map(Array.from({ length: MAX_SETS }, (_, i) => [`set-${i}`, { ...SET, name: `set-${i}` }]))
    await expect(setUp({ ...base, references: full }).put()).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" })
    await setUp({ ...base, references: full }).put({ name: "set-7" })
  })

  test("past the caller's deadline nothing is put", async () => {
    const { put, ledger } = setUp()
    await expect(put({}, new Uint8Array(), { timeoutMs: 0 })).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    expect(ledger.entries).toEqual([])
  })

  test("the list comes in pages, by name", () => {
    const references = new Map(["c", "a", "b"].map((name) => [name, { ...SET, name }]))
    const { list } = setUp({ ...base, references })
    const names = ({ page }: ReturnType<typeof list>) => page.map(({ name }) => name)
    const first = list("", 2)
    expect([names(first), first.next]).toEqual([["a", "b"], "b"])
    const second = list(first.next, 2)
    expect([names(second), second.next]).toEqual([["c"], ""])
  })
})

describe("isMeasurementGood", () => {
  const runtime = { id: "w", measurements: { code: CODE }, first_measurements: null } as unknown as Runtime
  const withSet = (set: ReferenceSet): ControlState => ({ ...base, references: new Map([[set.name, set]]) })

  test("what a named set holds is good, for its claim and until it ends; a set that is missing holds nothing", () => {
    expect(isMeasurementGood(base, runtime, NOW_MS)).toBe(false)
    expect(isMeasurementGood(base, { ...runtime, measurements: { code: OTHER_CODE } }, NOW_MS)).toBe(true)
    expect(isMeasurementGood(withSet(SET), runtime, NOW_MS)).toBe(true)
    expect(isMeasurementGood(withSet({ ...SET, claim: "image" }), runtime, NOW_MS)).toBe(false)
    expect(isMeasurementGood(withSet({ ...SET, name: "others" }), runtime, NOW_MS)).toBe(false)
    const ending = withSet({ ...SET, expires_at: NOW_MS + 1 })
    expect(isMeasurementGood(ending, runtime, NOW_MS)).toBe(true)
    expect(isMeasurementGood(ending, runtime, NOW_MS + 1)).toBe(false)
    expect(isMeasurementGood({ ...withSet(SET), active: null }, runtime, NOW_MS)).toBe(false)
  })
})
