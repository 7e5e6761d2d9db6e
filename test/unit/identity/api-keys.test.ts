import { describe, expect, test } from "vitest"
import { makeApiKey, parseApiKey } from "../../../src/decision/caller-keys.ts"
import type { CallerKey, Role } from "../../../src/decision/state.ts"
import { proveKey } from "../../../src/identity/api-keys.ts"

const NOW = 1_800_000_000_000

function keyOf(role: Role, over: Partial<CallerKey> = {}): { text: string; id: string; keys: Map<string, CallerKey> } {
  const text = makeApiKey(role)
  const parsed = parseApiKey(text) as NonNullable<ReturnType<typeof parseApiKey>>
  return {
    text,
    id: parsed.id,
    keys: new Map([[parsed.id, { ...parsed, state: "active", expiresAtMs: null, scope: null, ...over }]]),
  }
}

const refused = expect.objectContaining({ code: "UNAUTHENTICATED" })

describe("proveKey", () => {
  test("a registered key names its caller", () => {
    const { text, id, keys } = keyOf("pep")
    expect(proveKey(`Bearer ${text}`, keys, NOW)).toMatchObject({ name: id, proof: "api-key" })
  })

  test.each([
    ["an empty header", () => ""],
    ["the key without Bearer", (text: string) => text],
    ["another scheme", (text: string) => `Basic ${text}`],
    ["text behind the key", (text: string) => `Bearer ${text} `],
    ["two keys", (text: string) => `Bearer ${text}, Bearer ${text}`],
    ["another secret of the same id", (text: string) => `Bearer ${text.slice(0, -4)}AAAA`],
    ["a shorter secret", (text: string) => `Bearer ${text.slice(0, -1)}`],
    ["an unknown id", () => `Bearer ${makeApiKey("pep")}`],
    ["another role before the same id and secret", (text: string) => `Bearer ${text.replace("_pep_", "_admin_")}`],
    ["an id in upper case", (text: string) => `Bearer ${text.toUpperCase()}`],
  ])("%s is refused", (_name, header) => {
    const { text, keys } = keyOf("pep")
    expect(() => proveKey(header(text), keys, NOW)).toThrow(refused)
  })

  test("a revoked key is refused", () => {
    const { text, keys } = keyOf("pep", { state: "revoked" })
    expect(() => proveKey(`Bearer ${text}`, keys, NOW)).toThrow(refused)
  })

  test("a key holds until the millisecond of its end, and not in it", () => {
    const { text, keys } = keyOf("pep", { expiresAtMs: NOW })
    expect(proveKey(`Bearer ${text}`, keys, NOW - 1).proof).toBe("api-key")
    expect(() => proveKey(`Bearer ${text}`, keys, NOW)).toThrow(refused)
  })

  test("nothing is remembered: the same header fails as soon as the keys say so", () => {
    const { text, id, keys } = keyOf("operator")
    proveKey(`Bearer ${text}`, keys, NOW)
    keys.delete(id)
    expect(() => proveKey(`Bearer ${text}`, keys, NOW)).toThrow(refused)
  })

  test("the secret stored as an all-zero hash matches nobody", () => {
    const { keys } = keyOf("pep", { secretHash: new Uint8Array(32) })
    const [id] = keys.keys()
    expect(() => proveKey(`Bearer writ_pep_${id}_${"A".repeat(43)}`, keys, NOW)).toThrow(refused)
  })
})
