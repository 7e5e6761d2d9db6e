import { describe, expect, test } from "vitest"
import { type Compared, MAX_EXAMPLES, RuleChanges, type Side } from "../../../src/decision/rule-changes.ts"
import type { Reason } from "../../../src/decision/state.ts"

const side = (
  decision: Side["decision"],
  matchedRules: readonly string[] = [],
  ...reasons: Partial<Reason>[]
): Side => ({
  decision,
  matchedRules,
  reasons: reasons.map((reason) => ({ code: "DENIED_BY_RULE", text: "", ...reason })),
})
const none = { code: "NO_MATCHING_ALLOW" } as const
let executions = 0
const compared = (before: Side, after: Side, subject = "x"): Compared => ({
  executionId: `e${executions++}`,
  subject: { type: "a", id: subject },
  action: "go",
  resource: { type: "r", id: "y" },
  before,
  after,
})
const listed = (...all: Compared[]) => {
  const changes = new RuleChanges()
  for (const one of all) changes.add(one)
  return changes.list().map(({ from, to, rule, code, count }) => [from, to, rule, code, count])
}

describe("RuleChanges", () => {
  test.each([
    ["a new deny", side("ALLOW", ["go"]), side("DENY", ["go", "stop"], { rule: "stop" }), ["stop", "DENIED_BY_RULE"]],
    ["an allow that is gone", side("ALLOW", ["go"]), side("DENY", [], none), ["go", "NO_MATCHING_ALLOW"]],
    [
      "a new approval",
      side("ALLOW", ["go"]),
      side("REQUIRE_APPROVAL", ["go", "ask"], { rule: "ask", code: "APPROVAL_REQUIRED" }),
      ["ask", "APPROVAL_REQUIRED"],
    ],
    [
      "a type that is not declared",
      side("ALLOW", ["go"]),
      side("DENY", [], { code: "TYPE_UNKNOWN" }),
      ["go", "TYPE_UNKNOWN"],
    ],
    [
      "a deny that is gone",
      side("DENY", ["go", "stop"], { rule: "stop" }),
      side("ALLOW", ["go"]),
      ["stop", "DENIED_BY_RULE"],
    ],
    ["a new allow", side("DENY", [], none), side("ALLOW", ["more"]), ["more", "NO_MATCHING_ALLOW"]],
    [
      "a deny for another reason than before",
      side("REQUIRE_APPROVAL", ["a"], { rule: "a" }),
      side("DENY", ["a"], { rule: "a" }, { rule: "b" }),
      ["b", "DENIED_BY_RULE"],
    ],
  ] as [string, Side, Side, readonly string[]][])("%s is by its rule", (_, before, after, [rule, code]) => {
    expect(listed(compared(before, after))).toEqual([[before.decision, after.decision, rule, code, 1]])
  })

  test("the same decision for other reasons is no change", () => {
    expect(listed(compared(side("DENY", [], none), side("DENY", [], { rule: "stop" })))).toEqual([])
  })

  test("newly denied first, then by how many; examples are few, each once", () => {
    const changes = new RuleChanges()
    for (let i = 0; i < 20; i++) changes.add(compared(side("DENY", [], none), side("ALLOW", ["more"]), `s${i % 7}`))
    changes.add(compared(side("ALLOW", ["go"]), side("DENY", [], { rule: "rare" })))
    for (let i = 0; i < 2; i++) changes.add(compared(side("ALLOW", ["go"]), side("DENY", [], { rule: "often" })))
    const list = changes.list()
    expect(list.map(({ rule, count }) => [rule, count])).toEqual([
      ["often", 2],
      ["rare", 1],
      ["more", 20],
    ])
    expect(list[2]?.subjects).toEqual(["a:s0", "a:s1", "a:s2", "a:s3", "a:s4"])
    expect(list[2]?.actions).toEqual(["go"])
    expect(list[2]?.executions).toHaveLength(MAX_EXAMPLES)
  })

  test("of more rules than are kept apart the rest is counted in one", () => {
    const changes = Array.from({ length: 300 }, (_, i) =>
      compared(side("ALLOW", ["go"]), side("DENY", [], { rule: `r${i}` })),
    )
    const list = listed(...changes)
    expect(list).toHaveLength(257)
    expect(list[0]).toEqual(["ALLOW", "DENY", "", "OTHERS", 44])
  })
})
