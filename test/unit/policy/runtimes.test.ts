import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { Measurements } from "../../../src/formats/runtime-messages.ts"
import { loadCanonicalPolicy } from "../../../src/policy/load.ts"
import { load } from "../../support/policy.ts"

const [A, B, C] = ["aa", "bb", "cc"].map((byte) => byte.repeat(32)) as [string, string, string]
const { policy } = load({
  version: "1",
  types: { subjects: {}, resources: {}, actions: {} },
  rules: [],
  runtimes: [
    { id: "worker-*", measurements: { code: [A, B], image: [C] } },
    { id: "worker-special", measurements: { code: [C] } },
    { id: "pet", measure: "trust-on-first-use" },
    { id: "exec:*", measure: "trust-on-first-use", claims: ["image", "code"] },
  ],
})

describe("checkRuntime", () => {
  test.each<[string, string, Measurements, Measurements | null, string]>([
    ["nobody lists it", "stranger", { code: A }, null, "not_listed"],
    ["every claim is one of its values", "worker-1", { code: B, image: C }, null, "accepted"],
    ["a claim that is not named is not looked at", "worker-1", { code: A, image: C, model: B }, null, "accepted"],
    ["a claim that is named was not measured", "worker-1", { code: A }, null, "refused"],
    ["a value of another claim", "worker-1", { code: C, image: C }, null, "refused"],
    ["any entry that matches suffices", "worker-special", { code: C }, null, "accepted"],
    ["an entry of another id does not", "worker-1", { code: C }, null, "refused"],
    ["the first use is trusted", "pet", { code: A }, null, "first_use"],
    ["the first use must be of something", "pet", {}, null, "refused"],
    ["the same as at first", "pet", { code: A }, { code: A }, "accepted"],
    ["another than at first", "pet", { code: B }, { code: A }, "refused"],
    ["less than at first", "pet", {}, { code: A }, "refused"],
    ["more than at first", "pet", { code: A, model: B }, { code: A }, "refused"],
    ["the first use of an id that a glob names", "exec:/bin/a", { code: A }, null, "first_use"],
    ["the first use must be of a claim that counts", "exec:/bin/a", { config: A }, null, "refused"],
    [
      "a claim that does not count may change",
      "exec:/bin/a",
      { code: A, config: B },
      { code: A, config: A },
      "accepted",
    ],
    ["a claim that counts may not", "exec:/bin/a", { code: B, config: A }, { code: A, config: A }, "refused"],
  ])("%s", (_, id, measurements, first, verdict) => {
    expect(policy.checkRuntime(id, measurements, first)).toBe(verdict)
  })

  test("the runtimes are part of the bundle's identity, and read back from its canonical bytes", () => {
    const again = loadCanonicalPolicy(policy.canonicalBytes, sha256)
    if (!again.ok) throw new Error(again.problems[0]?.message)
    expect(again.policy.digest).toBe(policy.digest)
    expect(again.policy.checkRuntime("worker-1", { code: B, image: C }, null)).toBe("accepted")
    expect(again.policy.checkRuntime("exec:/bin/a", { code: A, config: B }, { code: A })).toBe("accepted")
    const without = load({ version: "1", types: { subjects: {}, resources: {}, actions: {} }, rules: [] }).policy
    expect(without.digest).not.toBe(policy.digest)
    expect(without.checkRuntime("pet", { code: A }, null)).toBe("not_listed")
  })
})
