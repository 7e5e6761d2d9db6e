/** Every example bundle: it loads, its tests pass and reach all of it, and cel-js confirms at least one of its conditions. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import { formatProblem } from "../../src/policy/format-problem.ts"
import { loadPolicy } from "../../src/policy/load.ts"
import { countOpinions } from "../../src/policy/second-opinion.ts"
import { runTests } from "../../src/policy/tests/run-tests.ts"
import { readPolicyFolder } from "../../src/store/policy-folder.ts"
import { EXAMPLE_BUNDLES as bundles, EXAMPLES } from "../support/examples.ts"

test("there are examples", () => {
  expect(bundles).toHaveLength(7)
  for (const name of bundles) if (name !== "minimal") expect(readdirSync(join(EXAMPLES, name))).toContain("README.md")
})

describe.each(bundles)("examples/%s", (name) => {
  const files = readPolicyFolder(join(EXAMPLES, name))
  const loaded = loadPolicy(files, sha256)

  test("its tests pass and reach every rule, signal and operand", () => {
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join("\n"))
    const report = runTests(loaded, files)
    if ("problems" in report) throw new Error(report.problems.map(formatProblem).join("\n"))
    expect(report.results.filter(({ passed }) => !passed)).toEqual([])
    expect(report.coverage.conditions.filter(({ held, failed, canFail }) => !held || (canFail && !failed))).toEqual([])
    expect(report.coverage.branches.filter(({ wasTrue, wasFalse }) => !wasTrue || !wasFalse)).toEqual([])
  })

  test("both engines read its conditions alike", () => {
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join("\n"))
    const { confirmed, disagreements } = countOpinions(loaded.conditions)
    expect(disagreements).toEqual([])
    expect(confirmed).toBeGreaterThan(0)
  })
})
