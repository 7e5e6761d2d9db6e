import { describe, expect, test } from "vitest"
import { createPolicies, type PoliciesDependencies } from "../../../src/decision/policies.ts"
import { utf8 } from "../../../src/formats/bytes.ts"
import type { Policy } from "../../../src/policy/types.ts"

const policyOf = (digest: string, ruleCount = 1) => ({ digest, ruleCount }) as Policy

function setUp(more: Partial<PoliciesDependencies> = {}, ruleCount = 1) {
  const read: string[] = []
  const faults: unknown[] = []
  const policies = createPolicies({
    async readBundle(digest) {
      read.push(digest)
      return digest === "absent" ? null : utf8(digest)
    },
    compile: async (content) => policyOf(Buffer.from(content).toString(), ruleCount),
    onFault: (error) => faults.push(error),
    ...more,
  })
  return { policies, read, faults }
}

describe("createPolicies", () => {
  test("compiles what is asked for once, also for two who ask at the same time", async () => {
    const { policies, read } = setUp()
    const [one, other] = await Promise.all([policies.get("a"), policies.get("a")])
    expect(one?.digest).toBe("a")
    expect(other).toBe(one)
    expect(await policies.get("a")).toBe(one)
    expect(read).toEqual(["a"])
  })

  test("answers null for what is not stored, and looks again", async () => {
    const { policies, read } = setUp()
    expect(await policies.get("absent")).toBeNull()
    expect(await policies.get("absent")).toBeNull()
    expect(read).toEqual(["absent", "absent"])
  })

  test("answers what was put without reading", async () => {
    const { policies, read } = setUp()
    const own = policyOf("own")
    policies.put(own)
    expect(await policies.get("own")).toBe(own)
    expect(read).toEqual([])
  })

  test("peeks at what is known, or being compiled, and reads nothing for it", async () => {
    const { policies, read } = setUp()
    expect(policies.peek("a")).toBeUndefined()
    expect(read).toEqual([])
    const compiling = policies.get("a")
    expect(policies.peek("a")).toBe(compiling)
    await compiling
    expect((await policies.peek("a"))?.digest).toBe("a")
    expect(read).toEqual(["a"])
  })

  test("a fault is told and not kept", async () => {
    let fault: Error | null = new Error("the thread died")
    const { policies, faults } = setUp({
      async compile(content) {
        if (fault) throw fault
        return policyOf(Buffer.from(content).toString())
      },
    })
    await expect(policies.get("a")).rejects.toThrow("the thread died")
    expect(faults).toEqual([fault])
    fault = null
    expect((await policies.get("a"))?.digest).toBe("a")
  })

  test("keeps the last few, of large bundles fewer, and the newest always", async () => {
    const small = setUp()
    for (const digest of "abcdefghi") await small.policies.get(digest)
    await small.policies.get("i")
    await small.policies.get("b")
    expect(small.read.join("")).toBe("abcdefghi")
    await small.policies.get("a")
    expect(small.read.join("")).toBe("abcdefghia")
    const large = setUp({}, 60_000)
    for (const digest of ["a", "b", "b", "a"]) await large.policies.get(digest)
    expect(large.read).toEqual(["a", "b", "a"])
  })
})
