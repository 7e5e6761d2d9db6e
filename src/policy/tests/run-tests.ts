/** A bundle's own tests: from its files to what passed, what did not and why, and what was reached. Pure. */
import { assess } from "../assess.ts"
import { MICROS } from "../bundle.ts"
import { type Coverage, createCoverage } from "../coverage.ts"
import { mergeFiles } from "../merge-files.ts"
import { countsOf } from "../past.ts"
import type { LoadResult, PolicyProblem, PolicyReason } from "../types.ts"
import { parseTests } from "./parse-tests.ts"
import type { Expectation, TestCase } from "./test-case.ts"

export interface Difference {
  readonly what: keyof Expectation
  readonly expected: string
  readonly actual: string
}

export interface TestResult {
  readonly name: string
  readonly passed: boolean
  readonly differences: readonly Difference[]
  /** All reasons of the decision, so that a difference can be understood. */
  readonly reasons: readonly PolicyReason[]
  /** Where the test stands. */
  readonly at: PolicyProblem
}

export interface TestReport {
  readonly results: readonly TestResult[]
  readonly coverage: Coverage
}

type Loaded = Extract<LoadResult, { ok: true }>

/** `filter`: only tests whose name contains it. The problems are those of the test files; the bundle has none. */
export function runTests(
  loaded: Loaded,
  files: Readonly<Record<string, string>>,
  filter = "",
): TestReport | { readonly problems: readonly PolicyProblem[] } {
  const merged = mergeFiles(files, "test")
  if ("problems" in merged) return merged
  const problems: PolicyProblem[] = []
  const cases = parseTests(merged.value, loaded, (path, message, suggestion) =>
    problems.push(merged.locate(path, message, suggestion)),
  )
  if (problems.length > 0) return { problems: withoutRepeats(problems) }
  const coverage = createCoverage(loaded)
  const results = cases
    .filter(({ name }) => name.includes(filter))
    .map((test): TestResult => {
      const { differences, reasons } = runTest(loaded, test, coverage)
      const message = differences.map(describe).join("; ")
      return {
        name: test.name,
        passed: differences.length === 0,
        differences,
        reasons,
        at: merged.locate(test.path, message),
      }
    })
  return { results, coverage: coverage.report() }
}

export function describe({ what, expected, actual }: Difference): string {
  return `${what}: expected ${expected}, got ${actual}`
}

function runTest(
  { policy, bundle }: Loaded,
  { request, assumptions, supportedObligations, expect }: TestCase,
  coverage: ReturnType<typeof createCoverage>,
): Pick<TestResult, "differences" | "reasons"> {
  const { decision, checks, outcome } = assess(policy, request, assumptions, (past) =>
    policy.evaluate(request, supportedObligations, coverage.evaluator, past),
  )
  const charges = outcome?.charges ?? []
  coverage.charged(charges)
  const reasons = Object.values(checks).flatMap((found) => found ?? [])
  const differences: Difference[] = []
  const compare = (what: keyof Expectation, expected: string | undefined, actual: string) => {
    if (expected !== undefined && expected !== actual) differences.push({ what, expected, actual })
  }
  compare("decision", expect.decision, decision)
  compare("reasons", expect.reasons && show(expect.reasons), show(reasons.map(({ code }) => code)))
  compare("rules", expect.rules && show(expect.rules), show(outcome?.matchedRules ?? []))
  const obligations = outcome && decision !== "DENY" ? outcome.obligations : []
  compare("obligations", expect.obligations && show(expect.obligations), show(obligations.map(({ id }) => id)))
  compare("risk", expect.risk, outcome?.risk.tier ?? "none")
  compare("signals", expect.signals && show(expect.signals), show(outcome?.risk.signals ?? []))
  const constraints = outcome && decision !== "DENY" ? outcome.constraints : {}
  for (const [key, value] of Object.entries(expect.token ?? {}))
    compare("token", `${key} ${value}`, `${key} ${constraints[key as keyof typeof constraints] ?? "not said"}`)
  const counted = outcome ? countsOf(outcome.counts, decision) : []
  compare("counted", expect.counted && show(expect.counted), show(counted.map(({ name }) => name)))
  for (const [name, micros] of expect.budgets ?? []) {
    const drawn = decision === "ALLOW" ? (charges.find((charge) => charge.name === name)?.micros ?? 0) : 0
    const inUnits = (of: number) => `${name} ${of / MICROS} ${bundle.budgets?.[name]?.unit}`
    compare("budgets", inUnits(micros), inUnits((assumptions.used.get(name) ?? 0) + drawn))
  }
  return { differences, reasons }
}

/** As a set. */
function show(items: readonly string[]): string {
  return `[${[...new Set(items)].sort().join(", ")}]`
}

/** What a default or a test says wrongly is wrong for each case that it is said for, and told once. */
function withoutRepeats(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const told = new Set<string>()
  return problems.filter(({ file, line, column, message }) => {
    const key = `${file}:${line}:${column} ${message}`
    return !told.has(key) && told.add(key) !== undefined
  })
}
