import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { InFlight, RecentKeys } from "../../../src/decision/request-keys.ts"

describe("InFlight", () => {
  test("answers what a Map does, keys of one bucket included", () => {
    const inFlight = new InFlight<number>()
    const model = new Map<string, number>()
    // a few buckets only, so that most operations meet another key there
    const keys = Array.from({ length: 60 }, (_, i) => `00${i % 3}${randomUUID().slice(3)}`)
    for (let i = 0; i < 5_000; i++) {
      const key = keys[(i * 7919 + (i >> 3)) % keys.length] as string
      if (i % 3 === 0) {
        inFlight.delete(key)
        model.delete(key)
      } else {
        inFlight.set(key, i)
        model.set(key, i)
      }
      expect(keys.map((other) => inFlight.get(other))).toEqual(keys.map((other) => model.get(other)))
    }
  })
})

describe("RecentKeys", () => {
  test("knows the thousands of keys that were added last, and none that was not", () => {
    const recent = new RecentKeys()
    const keys = Array.from({ length: 2_000 }, () => randomUUID())
    for (const key of keys) recent.add(key)
    const forgotten = keys.filter((key) => !recent.has(key)).length
    expect(forgotten).toBeLessThan(100) // their slots were taken by newer ones
    expect(Array.from({ length: 2_000 }, () => randomUUID()).filter((key) => recent.has(key))).toEqual([])
  })

  test("an empty slot is nobody's, whatever the key ends in", () => {
    expect(new RecentKeys().has("00000000-0000-4000-8000-000000000000")).toBe(false)
  })

  test("a newer key takes the slot of an older", () => {
    const recent = new RecentKeys()
    recent.add("12345678-0000-4000-8000-000011111111")
    recent.add("12345678-0000-4000-8000-000033333333")
    expect(recent.has("12345678-0000-4000-8000-000033333333")).toBe(true)
    expect(recent.has("12345678-0000-4000-8000-000011111111")).toBe(false)
  })
})
