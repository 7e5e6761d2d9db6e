import { describe, expect, test } from "vitest"
import { checkScope, encodeScope, findOutside, MAX_PATTERNS, type Scope } from "../../../src/decision/scope.ts"
import { fromUtf8 } from "../../../src/formats/bytes.ts"
import { ROLES } from "../../../src/rpc/roles.ts"

describe("checkScope", () => {
  test("patterns are kept once and in order; no patterns at all are no scope", () => {
    expect(checkScope("pep", { subjects: ["agent:b", "agent:a*", "agent:b"], resources: [] })).toEqual({
      subjects: ["agent:a*", "agent:b"],
    })
    for (const role of ROLES) expect(checkScope(role, { audiences: [] })).toBeNull()
  })

  test("what would limit nothing in a role is refused, and said", () => {
    const refused = (role: (typeof ROLES)[number], scope: Scope) => expect(() => checkScope(role, scope), role)
    for (const role of ["auditor", "author", "operator", "admin"] as const)
      refused(role, { subjects: ["a"] }).toThrow(
        expect.objectContaining({ code: "INVALID_REQUEST", message: expect.stringMatching(/leave them out/) }),
      )
    refused("executor", { subjects: ["a"] }).toThrow(/cannot limit role executor, but audiences can/)
    refused("runtime", { audiences: ["a"] }).toThrow(/but runtimes can/)
    expect(checkScope("runtime", { runtimes: ["w-*"] })).toEqual({ runtimes: ["w-*"] })
  })

  test.each([
    ["an empty pattern", [""]],
    ["a control character", ["agent:\n"]],
    ["half a surrogate pair", ["agent:\ud800"]],
    ["more than 512 bytes", ["ü".repeat(257)]],
    ["too many", Array.from({ length: MAX_PATTERNS + 1 }, (_, i) => `agent:${i}`)],
  ])("%s is refused", (_name, subjects) => {
    expect(() => checkScope("pep", { subjects })).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
  })
})

describe("findOutside", () => {
  const scope: Scope = { subjects: ["agent:pay-*", "service:till"], audiences: ["runner"] }
  test("one pattern of each limited dimension has to match the whole text", () => {
    expect(findOutside(scope, { subjects: "agent:pay-1", audiences: "runner", resources: "url:x" })).toBeNull()
    expect(findOutside(scope, { subjects: "service:till", audiences: "runner" })).toBeNull()
    expect(findOutside(scope, { subjects: "service:till2", audiences: "runner" })).toBe("subjects")
    expect(findOutside(scope, { subjects: "xagent:pay-1", audiences: "runner" })).toBe("subjects")
    expect(findOutside(scope, { subjects: "agent:pay-1", audiences: "" })).toBe("audiences")
  })

  test("what is not limited, not asked about, or not scoped at all is covered", () => {
    expect(findOutside(null, { subjects: "anybody" })).toBeNull()
    expect(findOutside(scope, {})).toBeNull()
    expect(findOutside({}, { subjects: "anybody" })).toBeNull()
  })
})

test("encodeScope is RFC 8785 JSON", () => {
  expect(fromUtf8(encodeScope({ subjects: ["a"], audiences: ["b"] }))).toBe('{"audiences":["b"],"subjects":["a"]}')
})
