/** A bundle's own tests, run on files that need not be published. Takes as long as it takes. */
import { sha256 } from "../crypto.ts"
import { shorten } from "../policy/format-value.ts"
import { loadPolicy } from "../policy/load.ts"
import { describe, runTests } from "../policy/tests/run-tests.ts"
import type { PolicyProblem } from "../policy/types.ts"
import type { BundleFiles } from "./check-bundle.ts"

/** Of what differs in one test. */
const MAX_DETAIL_CHARS = 1_000

export type BundleTests =
  | {
      readonly ok: true
      readonly results: readonly {
        readonly name: string
        readonly passed: boolean
        /** What was expected and what came. */
        readonly detail: string
        readonly at: Pick<PolicyProblem, "file" | "line" | "column">
      }[]
      /** Ids of the rules that no test made match. */
      readonly uncoveredRules: readonly string[]
      readonly rulePercent: number
      readonly conditionPercent: number
    }
  /** Of the bundle or of its tests. */
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export function testBundle(files: BundleFiles, filter: string): BundleTests {
  const loaded = loadPolicy(files, sha256)
  if (!loaded.ok) return loaded
  const report = runTests(loaded, files, filter)
  if ("problems" in report) return { ok: false, problems: report.problems }
  const { results, coverage } = report
  return {
    ok: true,
    results: results.map(({ name, passed, differences, at: { file, line, column } }) => ({
      name,
      passed,
      detail: shorten(differences.map(describe).join("; "), MAX_DETAIL_CHARS),
      at: { file, line, column },
    })),
    uncoveredRules: coverage.conditions.filter(({ kind, held }) => kind === "rule" && !held).map(({ id }) => id),
    rulePercent: coverage.rulePercent,
    conditionPercent: coverage.branchPercent,
  }
}
