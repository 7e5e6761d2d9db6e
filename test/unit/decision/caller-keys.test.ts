import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { createCallerKeys, makeApiKey, parseApiKey } from "../../../src/decision/caller-keys.ts"
import { isUsable } from "../../../src/decision/state.ts"
import { WritError } from "../../../src/errors.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { PAYLOAD_SALT_BYTES } from "../../../src/ledger/record.ts"
import { ROLES } from "../../../src/rpc/roles.ts"
import { CALLER, CALLER_KEY, controlOf, FakeClock, FakeLedger, ISSUER } from "../../support/decision.ts"
import { NOW_MS, stateOf } from "../../support/policy.ts"

function setUp() {
  const ledger = new FakeLedger()
  const control = controlOf(stateOf(null))
  const keys = createCallerKeys({
    clock: new FakeClock(),
    origin: ISSUER.origin,
    control: () => control.current,
    ledger,
  })
  return { ledger, control, keys }
}
const secretOf = (text: string) => text.split("_").slice(3).join("_")

describe("makeApiKey", () => {
  test("every role's key is read again; no two are alike; only the secret's hash is kept", () => {
    for (const role of ROLES) {
      const text = makeApiKey(role)
      expect(parseApiKey(text)).toEqual({
        role,
        id: text.split("_")[2],
        secretHash: createHash("sha256").update(secretOf(text)).digest(),
      })
    }
    expect(new Set(Array.from({ length: 100 }, () => secretOf(makeApiKey("pep")))).size).toBe(100)
  })
})

describe("parseApiKey", () => {
  const good = `writ_pep_0123abcd_${"A".repeat(43)}`
  test.each([
    "",
    good.slice(1),
    good.slice(0, -1),
    `${good}A`,
    `${good}\n`,
    ` ${good}`,
    good.replace("0123abcd", "0123ABCD"),
    good.replace("0123abcd", "0123abc"),
    good.replace("_pep_", "__"),
    good.replace("AAAA", "AA+A"),
    good.replace("writ", "writ2"),
  ])("%j is none", (text) => {
    expect(parseApiKey(good)).not.toBeNull()
    expect(parseApiKey(text)).toBeNull()
  })
})

describe("createCallerKeys", () => {
  test("a new key is a record, an effect and a higher epoch; its secret is in none of them", async () => {
    const { ledger, keys } = setUp()
    const made = await keys.create("executor", NOW_MS + 1, {}, CALLER)
    const [entry] = ledger.entries
    const parsed = parseApiKey(made.text)
    expect(parsed).not.toBeNull()
    expect(entry?.change).toEqual({
      effects: [{ kind: "caller_key", ...parsed, state: "active", expiresAtMs: NOW_MS + 1, scope: null }],
      raisesEpoch: true,
    })
    expect(entry?.epoch).toBe(7n)
    expect(ledger.bodies()[0]).toMatchObject({
      kind: "caller_key_changed",
      epoch: "8",
      actor: { id: CALLER.id, proof: "api-key" },
      data: { id: parsed?.id, role: "executor", state: "active", expires_at_ms: NOW_MS + 1 },
    })
    const written = Buffer.concat([entry?.record.body ?? [], entry?.record.payload ?? []] as Uint8Array[]).toString(
      "latin1",
    )
    expect(written).not.toContain(secretOf(made.text))
    expect(Buffer.from(entry?.record.body ?? []).toString()).not.toContain(
      toHex(parsed?.secretHash ?? new Uint8Array()),
    )
    expect(
      Buffer.from(entry?.record.payload ?? [])
        .subarray(PAYLOAD_SALT_BYTES)
        .toString(),
    ).toBe(JSON.stringify({ secret_hash: toHex(parsed?.secretHash ?? new Uint8Array()) }))
    expect(made.receipt).toEqual({ origin: ISSUER.origin, index: 0, leafHash: entry?.record.leafHash })
  })

  test("a key that would have expired already is not made", async () => {
    const { ledger, keys } = setUp()
    for (const at of [NOW_MS, NOW_MS - 1, 0])
      await expect(keys.create("pep", at, {}, CALLER)).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    expect(ledger.entries).toEqual([])
  })

  test("a key file that holds something else is refused with what to do", async () => {
    const { ledger, keys } = setUp()
    await expect(keys.register("writ_pep_nothing", CALLER)).rejects.toMatchObject({
      code: "DATA_FOLDER_UNFIT",
      message: expect.stringContaining("Remove it"),
    })
    expect(ledger.entries).toEqual([])
  })

  test("revoking keeps id and role; an unknown key is NOT_FOUND", async () => {
    const { ledger, keys } = setUp()
    const { key } = await keys.revoke("1", CALLER)
    expect(key).toEqual({ ...CALLER_KEY, state: "revoked" })
    expect(ledger.entries[0]?.change?.effects).toEqual([{ kind: "caller_key", ...CALLER_KEY, state: "revoked" }])
    await expect(keys.revoke("2", CALLER)).rejects.toMatchObject({ code: "NOT_FOUND" })
    expect(ledger.entries).toHaveLength(1)
  })

  test("when the state moved it tries again under the new one, with the same key; a key that vanished is NOT_FOUND", async () => {
    const { ledger, control, keys } = setUp()
    ledger.answers.push("stale", "conflict")
    ledger.onAppend = () => {
      control.current = { ...control.current, epoch: control.current.epoch + 1n }
    }
    await keys.create("pep", null, {}, CALLER)
    expect(ledger.entries.map(({ epoch }) => epoch)).toEqual([7n, 8n, 9n])
    expect(ledger.bodies().map(({ epoch }) => epoch)).toEqual(["8", "9", "10"])
    expect(new Set(ledger.entries.map(({ change }) => JSON.stringify(change))).size).toBe(1)
    ledger.answers.push("stale")
    ledger.onAppend = () => {
      control.current = { ...control.current, callers: new Map() }
    }
    await expect(keys.revoke("1", CALLER)).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test("a state that never stops moving, and a ledger that fails, end the call", async () => {
    const { ledger, keys } = setUp()
    ledger.answers.push(...Array<"stale">(100).fill("stale"))
    await expect(keys.create("pep", null, {}, CALLER)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(ledger.entries.length).toBeLessThan(20)
    ledger.answers.splice(0)
    ledger.answers.push(new WritError("LEDGER_FENCED"))
    await expect(keys.create("pep", null, {}, CALLER)).rejects.toMatchObject({ code: "LEDGER_FENCED" })
  })
})

describe("isUsable", () => {
  test("active and not yet expired", () => {
    expect(isUsable(CALLER_KEY, NOW_MS)).toBe(true)
    expect(isUsable({ ...CALLER_KEY, expiresAtMs: NOW_MS + 1 }, NOW_MS)).toBe(true)
    expect(isUsable({ ...CALLER_KEY, expiresAtMs: NOW_MS }, NOW_MS)).toBe(false)
    expect(isUsable({ ...CALLER_KEY, state: "revoked" }, NOW_MS)).toBe(false)
    expect(isUsable(undefined, NOW_MS)).toBe(false)
  })
})
