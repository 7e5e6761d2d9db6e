/**
 * `npm run engines`: writes the README's table of CEL engines, how many of the official conformance cases each one meets;
 * `-- --check` fails where the README says otherwise. How fast they are is told by `npm run bench -- cel-engines`.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readCases, SUITES } from "../test/conformance/cases.ts"
import { ENGINES } from "../test/conformance/engines.ts"

// Two of them read hours in the machine's own zone.
process.env["TZ"] = "UTC"
const FILE = join(import.meta.dirname, "..", "README.md")
const [BEGIN, END] = ["<!-- Written by npm run engines -->", "<!-- End of what npm run engines writes -->"]

const cases = readCases()
const rows = [...SUITES, null].map((suite) => {
  const asked = suite === null ? cases : cases.filter((one) => one.suite === suite)
  const met = ENGINES.map((engine) => asked.filter((one) => engine.meets(one)).length)
  return `| ${suite ?? "**all**"} | ${asked.length} | ${met.join(" | ")} |`
})
const table = [
  `| suite | cases | ${ENGINES.map(({ name }) => name).join(" | ")} |`,
  `|---|---|${ENGINES.map(() => "---|").join("")}`,
  ...rows,
].join("\n")

const text = readFileSync(FILE, "utf8")
const [before = "", rest] = text.split(BEGIN)
const [, after] = rest?.split(END) ?? []
if (after === undefined) throw new Error(`README.md has no place for the table: ${BEGIN} … ${END}`)
const written = `${before}${BEGIN}\n${table}\n${END}${after}`
if (process.argv.includes("--check")) {
  if (written !== text) {
    console.error("The table of CEL engines in README.md is not up to date: run npm run engines and commit.")
    process.exitCode = 1
  }
} else writeFileSync(FILE, written)
