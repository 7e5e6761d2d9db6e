import { describe, expect, test } from "vitest"
import { formatProblem } from "../../../src/policy/format-problem.ts"

const problem = { file: "a.yaml", line: 3, column: 7, message: "There is no such name." }

describe("formatProblem", () => {
  test("one line says where and what", () => {
    expect(formatProblem(problem)).toBe("a.yaml:3:7 There is no such name.")
  })

  test("the excerpt with its caret, and what to do, stand below it, indented", () => {
    expect(formatProblem({ ...problem, excerpt: "when: nope\n      ^", suggestion: "Did you mean node?" })).toBe(
      "a.yaml:3:7 There is no such name.\n    when: nope\n          ^\n    Did you mean node?",
    )
  })
})
