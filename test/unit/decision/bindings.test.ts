import { describe, expect, test } from "vitest"
import { type Binding, bindingKey, bindingName } from "../../../src/decision/binding.ts"
import { createBindings, MAX_BINDINGS } from "../../../src/decision/bindings.ts"
import { assertMaySpeak, assertUsable } from "../../../src/decision/caller.ts"
import type { Caller, ControlState } from "../../../src/decision/state.ts"
import { PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { CALL, CALLER, CALLER_KEY, controlOf, FakeClock, FakeLedger } from "../../support/decision.ts"
import { NOW_MS, stateOf } from "../../support/policy.ts"

const WHO = "spiffe://bank.example/pay"
const BINDING: Binding = { principal: WHO, role: "pep", scope: { subjects: ["agent:pay-*"] }, state: "active" }
const asMap = (...bindings: Binding[]) => new Map(bindings.map((one) => [bindingName(one.principal, one.role), one]))

function setUp(more: Partial<ControlState> = {}) {
  const ledger = new FakeLedger()
  const control = controlOf({ ...stateOf(null), ...more })
  const bindings = createBindings({
    clock: new FakeClock(),
    origin: "writ.test/log",
    control: () => control.current,
    ledger,
  })
  return { ledger, control, bindings }
}

describe("createBindings", () => {
  test("one is a record, a row and a higher epoch in one; the leaf names neither principal nor scope", async () => {
    const { bindings, ledger } = setUp()
    const { binding } = await bindings.put(
      { principal: WHO, role: "pep", scope: { subjects: ["agent:pay-*"] }, expiresAtMs: NOW_MS + 1 },
      CALL,
    )
    const [entry] = ledger.entries
    const content = `{"expires_at":${NOW_MS + 1},"principal":"${WHO}","role":"pep","scope":{"subjects":["agent:pay-*"]},"state":"active"}`
    expect(JSON.parse(content)).toEqual(binding)
    expect(entry?.change).toEqual({
      effects: [
        { kind: "binding", key: bindingKey(WHO, "pep"), epoch: 8n, content: new TextEncoder().encode(content) },
      ],
      raisesEpoch: true,
    })
    expect(ledger.bodies()[0]).toMatchObject({
      kind: "binding_changed",
      epoch: "8",
      actor: { id: CALLER.id, proof: "api-key" },
      data: { binding: bindingKey(WHO, "pep"), role: "pep", state: "active" },
    })
    expect(Buffer.from(entry?.record.body ?? []).toString()).not.toMatch(/bank|agent/)
    expect(
      JSON.parse(
        Buffer.from(entry?.record.payload ?? [])
          .subarray(PAYLOAD_SALT_BYTES)
          .toString(),
      ),
    ).toEqual({
      content: binding,
    })
  })

  test("no two principals and roles have one key", () => {
    const keys = [
      bindingKey("x509:CN=a", "pep"),
      bindingKey("x509:CN=a", "executor"),
      bindingKey("x509:CN=a pep", "pep"),
      bindingKey("x509:CN=b", "pep"),
    ]
    expect(new Set(keys).size).toBe(4)
  })

  test("what is wrong writes nothing", async () => {
    const { bindings, ledger } = setUp()
    const put = (more: object) =>
      bindings.put({ principal: WHO, role: "pep", scope: {}, expiresAtMs: null, ...more }, CALL)
    await expect(put({ principal: "somebody" })).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    await expect(put({ expiresAtMs: NOW_MS })).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    await expect(put({ role: "auditor", scope: { subjects: ["a"] } })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    })
    await expect(bindings.remove(WHO, "pep", CALL)).rejects.toMatchObject({ code: "NOT_FOUND" })
    expect(ledger.entries).toEqual([])
  })

  test("removing leaves the row, in that state, once", async () => {
    const { bindings, control, ledger } = setUp({ bindings: asMap(BINDING) })
    const { binding } = await bindings.remove(WHO, "pep", CALL)
    expect(binding).toEqual({ ...BINDING, state: "removed" })
    control.current = { ...control.current, bindings: asMap(binding) }
    await expect(bindings.remove(WHO, "pep", CALL)).rejects.toMatchObject({ code: "NOT_FOUND" })
    expect(ledger.entries).toHaveLength(1)
    expect(bindings.list("", 10)).toEqual({ page: [], next: "" })
  })

  test("there is an end to them; one that exists can be replaced all the same", async () => {
    const many = Array.from({ length: MAX_BINDINGS }, (_, i): Binding => ({ ...BINDING, principal: `x509:CN=${i}` }))
    const { bindings } = setUp({ bindings: asMap(...many) })
    const put = (principal: string) => bindings.put({ principal, role: "pep", scope: {}, expiresAtMs: null }, CALL)
    await expect(put(WHO)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" })
    await expect(put("x509:CN=7")).resolves.toBeTruthy()
  })

  test("pages by role and name hold together", () => {
    const { bindings } = setUp({
      bindings: asMap(BINDING, { ...BINDING, role: "admin" }, { ...BINDING, principal: "x509:CN=a" }),
    })
    const first = bindings.list("", 2)
    expect(first.page.map(({ role, principal }) => [role, principal])).toEqual([
      ["admin", WHO],
      ["pep", WHO],
    ])
    const second = bindings.list(first.next, 2)
    expect(second.page.map(({ principal }) => principal)).toEqual(["x509:CN=a"])
    expect(second.next).toBe("")
  })

  test("when the state moved it tries again; an admin whose key was revoked meanwhile, and a call too late, change nothing", async () => {
    const { bindings, control, ledger } = setUp()
    ledger.answers.push("stale")
    await bindings.put({ principal: WHO, role: "pep", scope: {}, expiresAtMs: null }, CALL)
    expect(ledger.entries).toHaveLength(2)
    ledger.answers.push("stale")
    ledger.onAppend = () => {
      control.current = { ...control.current, callers: new Map([["1", { ...CALLER_KEY, state: "revoked" as const }]]) }
    }
    await expect(
      bindings.put({ principal: WHO, role: "pep", scope: {}, expiresAtMs: null }, CALL),
    ).rejects.toMatchObject({ code: "UNAUTHENTICATED" })
    expect(ledger.entries).toHaveLength(3)
    await expect(
      bindings.put({ principal: WHO, role: "pep", scope: {}, expiresAtMs: null }, { ...CALL, timeoutMs: 0 }),
    ).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
  })
})

describe("assertUsable", () => {
  const caller: Caller = { id: WHO, keyId: bindingKey(WHO, "pep"), role: "pep", scope: null, proof: "mtls" }
  const of = (...bindings: Binding[]) => ({ callers: new Map(), bindings: asMap(...bindings) })

  test("a key, and a binding, by the state as it is given: its scope, not the caller's", () => {
    const key = { ...CALLER_KEY, scope: { audiences: ["a"] } }
    expect(assertUsable({ callers: new Map([["1", key]]), bindings: new Map() }, CALLER, NOW_MS)).toEqual(key.scope)
    expect(assertUsable(of(BINDING), caller, NOW_MS)).toEqual(BINDING.scope)
    const { scope: _, ...unlimited } = BINDING
    expect(assertUsable(of(unlimited), caller, NOW_MS)).toBeNull()
  })

  test.each([
    ["none", []],
    ["one that was removed", [{ ...BINDING, state: "removed" as const }]],
    ["one in another role", [{ ...BINDING, role: "executor" as const }]],
    ["another principal's", [{ ...BINDING, principal: "spiffe://bank.example/pay2" }]],
    ["one that ends now", [{ ...BINDING, expires_at: NOW_MS }]],
  ])("with %s the caller is refused", (_name, bindings) => {
    expect(() => assertUsable(of(...bindings), caller, NOW_MS)).toThrow(
      expect.objectContaining({ code: "UNAUTHENTICATED" }),
    )
  })

  test("one that ends in a millisecond still holds", () => {
    expect(() => assertUsable(of({ ...BINDING, expires_at: NOW_MS + 1 }), caller, NOW_MS)).not.toThrow()
  })
})

describe("assertMaySpeak", () => {
  test("FORBIDDEN says whose right lacks what, and does not repeat what was asked", () => {
    const caller: Caller = { id: WHO, keyId: "", role: "pep", scope: null, proof: "mtls" }
    const state = {
      callers: new Map([["1", { ...CALLER_KEY, scope: { audiences: ["a"] } }]]),
      bindings: asMap(BINDING),
    }
    expect(() => assertMaySpeak(state, caller, { subjects: "agent:x" }, NOW_MS)).toThrow(
      expect.objectContaining({
        code: "FORBIDDEN",
        message: `The binding of ${WHO} with role pep does not cover this subject: it is limited to subjects agent:pay-*.`,
        details: { lacks: "subjects" },
      }),
    )
    expect(() => assertMaySpeak(state, CALLER, { audiences: "b" }, NOW_MS)).toThrow(
      /^The API key pep-1 does not cover this audience/,
    )
    expect(() => assertMaySpeak(state, caller, { subjects: "agent:pay-7" }, NOW_MS)).not.toThrow()
  })
})
