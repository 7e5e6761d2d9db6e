// `npm test`: every suite that Node and npm alone can give, its own Postgres included. Suites that need another package
// are named at the end; under CI=true a missing package is a failure, and so is coverage of the pure part below the
// thresholds of vitest.config.ts. The last line is `N passed, N failed[, N skipped]`.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const folder = mkdtempSync(join(tmpdir(), "writ-test-"))
const missing = join(folder, "missing-packages")
const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
const ci = process.env.CI === "true"
const asked = process.argv.slice(2)
// What unit and property tests cover is measured without the suites that run the whole daemon.
const PURE = ["--coverage", "--project", "unit", "--project", "property"]
const WHOLE = ["--project", "integration", "--project", "e2e", "--project", "e2e-timed"]
// What CEL says of times does not depend on where the machine stands.
const ZONED = [
  "--project",
  "unit",
  "--project",
  "property",
  "test/conformance/",
  "test/unit/cel/",
  "test/unit/policy/condition",
  "test/property/cel",
]
// The many random expressions are compared there: counting what is covered would make them twice as slow.
const ELSEWHERE = { TZ: "America/New_York" }
const FEW = { CEL_EXPRESSIONS: "10000" }
const runs =
  ci && asked.length === 0
    ? [{ args: PURE, env: FEW }, { args: WHOLE }, { args: ZONED, env: ELSEWHERE }]
    : [{ args: asked }]

let passed = 0
let failed = 0
let skipped = 0
for (const [i, { args, env }] of runs.entries()) {
  const report = join(folder, `report-${i}.json`)
  const run = spawnSync(
    process.execPath,
    [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env, TEST_MISSING_PACKAGES: missing, FORCE_COLOR: process.env.FORCE_COLOR ?? "0" },
    },
  )
  const failedBefore = failed
  if (existsSync(report)) {
    const result = JSON.parse(readFileSync(report, "utf8"))
    passed += result.numPassedTests
    failed += result.numFailedTests
    skipped += result.numPendingTests + result.numTodoTests
    // A file that fails before its tests are known counts as one failure.
    failed += result.testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
    ).length
  }
  // Coverage below a threshold, an unhandled error, or no report at all.
  if (run.status !== 0 && failed === failedBefore) failed++
}
const packages = existsSync(missing) ? [...new Set(readFileSync(missing, "utf8").trim().split("\n"))] : []
rmSync(folder, { recursive: true, force: true })
if (packages.length > 0) {
  console.log(`\nSkipped for want of packages: ${packages.join("; ")}`)
  if (ci) failed += packages.length
}
if (skipped > 0) console.log(`\nSkipped: ${skipped}; their names are above.`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
