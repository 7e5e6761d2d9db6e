/** `writ policy test [DIR]`: runs a bundle's own tests and shows what they reach of it. */
import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import type { Coverage } from "../policy/coverage.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { loadPolicy } from "../policy/load.ts"
import { describe, runTests, type TestReport, type TestResult } from "../policy/tests/run-tests.ts"
import type { PolicyProblem } from "../policy/types.ts"
import { readPolicyFolder } from "../store/policy-folder.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"

const EXITS = { passed: 0, failed: 1, invalid: 2 } as const
/** Of each kind; all of them are in the JSON. */
const MAX_SHOWN = 50

export async function policyTestCommand(folder: string, flags: Flags): Promise<number> {
  const minimum = toPercent(flags["minCoverage"] as string | undefined)
  const files = readPolicyFolder(folder)
  const loaded = loadPolicy(files, sha256)
  if (!loaded.ok) return showProblems(loaded.problems, flags)
  const report = runTests(loaded, files, (flags["filter"] as string | undefined) ?? "")
  if ("problems" in report) return showProblems(report.problems, flags)
  const { results, coverage } = report
  if (results.length === 0) throw new WritError("INVALID_REQUEST", "No test has a name that contains the filter.")
  const isCovered = coverage.rulePercent >= minimum && coverage.branchPercent >= minimum
  const passed = results.every((result) => result.passed) && isCovered
  if (flags["json"]) printJson({ passed, digest: loaded.policy.digest, results: results.map(toJson), coverage })
  else {
    showReport(report)
    if (!isCovered) print(`\nThe coverage is below ${minimum} %.`)
  }
  return passed ? EXITS.passed : EXITS.failed
}

function toPercent(text: string | undefined): number {
  if (text === undefined) return 0
  const percent = Number(text)
  if (!Number.isInteger(percent) || percent < 0 || percent > 100)
    throw new WritError("INVALID_REQUEST", `--min-coverage takes a whole number from 0 to 100, not "${text}".`)
  return percent
}

function toJson({ name, passed, differences, reasons, at }: TestResult): object {
  return { name, passed, file: at.file, line: at.line, column: at.column, differences, reasons }
}

function showProblems(problems: readonly PolicyProblem[], flags: Flags): number {
  if (flags["json"]) printJson({ passed: false, problems })
  else {
    for (const problem of problems) print(formatProblem(problem))
    print(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}.`)
  }
  return EXITS.invalid
}

function showReport({ results, coverage }: TestReport): void {
  const failed = results.filter((result) => !result.passed)
  for (const { name, at, differences, reasons } of failed) {
    print(`✗ ${name}`)
    print(`    ${at.file}:${at.line}:${at.column}`)
    for (const difference of differences) print(`    ${describe(difference)}`)
    for (const { code, text, pointer } of reasons)
      print(`    because ${code}${pointer === undefined ? "" : ` ${pointer}`}: ${text}`)
  }
  print(`${results.length} ${results.length === 1 ? "test" : "tests"}, ${failed.length} failed.`)
  showCoverage(coverage)
}

function showCoverage({ conditions, branches, rulePercent, branchPercent }: Coverage): void {
  print(`Coverage: rules, signals and budgets ${rulePercent} %, conditions ${branchPercent} %.`)
  const show = (what: string, items: readonly string[]) => {
    for (const item of items.slice(0, MAX_SHOWN)) print(`  ${what.padEnd(13)} ${item}`)
    if (items.length > MAX_SHOWN) print(`  ${what.padEnd(13)} … and ${items.length - MAX_SHOWN} more`)
  }
  const named = conditions.map((condition) => ({ ...condition, text: `${condition.kind} ${condition.id}` }))
  const texts = (found: readonly { readonly text: string }[]) => found.map(({ text }) => text)
  show("never held", texts(named.filter(({ held }) => !held)))
  show("always held", texts(named.filter(({ held, failed, canFail }) => held && !failed && canFail)))
  const parts = branches.map(({ within, text, ...branch }) => ({ ...branch, text: `${within}: ${text}` }))
  show("never reached", texts(parts.filter(({ wasTrue, wasFalse }) => !wasTrue && !wasFalse)))
  show("never true", texts(parts.filter(({ wasTrue, wasFalse }) => !wasTrue && wasFalse)))
  show("never false", texts(parts.filter(({ wasTrue, wasFalse }) => wasTrue && !wasFalse)))
}
