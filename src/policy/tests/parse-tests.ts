/** Untyped data to test cases. What a table's rows do not say is what their test says, and what that does not, the defaults. */
import type { JsonValue } from "../../formats/ports.ts"
import { KEYS } from "../keys.ts"
import { Reader, type Report } from "../reader.ts"
import type { LoadResult } from "../types.ts"
import { type Layer, Situations } from "./parse-situation.ts"
import { MAX_NAME_CHARS, MAX_TEST_CASES, type TestCase } from "./test-case.ts"

export function parseTests(
  value: JsonValue,
  loaded: Extract<LoadResult, { ok: true }>,
  report: Report,
): readonly TestCase[] {
  const read = new Reader(report)
  const root = read.object("", value, KEYS.tests)
  const fixtures = read.object("/fixtures", root["fixtures"], KEYS.fixtures)
  for (const kind of KEYS.fixtures)
    for (const [name, fixture] of Object.entries(read.object(`/fixtures/${kind}`, fixtures[kind], null)))
      if (kind === "times") read.text(`/fixtures/times/${name}`, fixture)
      else read.object(`/fixtures/${kind}/${name}`, fixture, null)
  const defaults = { path: "/defaults", value: read.object("/defaults", root["defaults"], KEYS.situation) }
  const situations = new Situations(report, fixtures, loaded)
  const cases: TestCase[] = []
  const names = new Set<string>()
  const add = (path: string, name: string, layers: readonly Layer[]) => {
    if (names.has(name)) read.fault(`${path}/name`, `Two tests have the name "${name}".`)
    names.add(name)
    if (cases.length < MAX_TEST_CASES) cases.push({ name, path, ...situations.read(path, layers) })
    else if (cases.length === MAX_TEST_CASES) read.fault(path, `A bundle has at most ${MAX_TEST_CASES} test cases.`)
  }
  const nameAt = (path: string, raw: JsonValue | undefined) => {
    const name = read.text(path, raw)
    if (name.length > MAX_NAME_CHARS) read.fault(path, `A name has at most ${MAX_NAME_CHARS} characters.`)
    return name
  }
  read.list("/tests", root["tests"]).forEach((raw, i) => {
    const path = `/tests/${i}`
    const test = read.object(path, raw, KEYS.test)
    const name = nameAt(`${path}/name`, test["name"])
    const layers = [defaults, { path, value: test }]
    if (test["cases"] === undefined) return add(path, name, layers)
    const rows = read.list(`${path}/cases`, test["cases"])
    if (rows.length === 0) read.fault(`${path}/cases`, "A table has at least one row.", "Leave `cases` out.")
    rows.forEach((row, j) => {
      const at = `${path}/cases/${j}`
      const said = read.object(at, row, KEYS.row)
      const rowName = said["name"] === undefined ? String(j + 1) : nameAt(`${at}/name`, said["name"])
      add(at, `${name} > ${rowName}`, [...layers, { path: at, value: said }])
    })
  })
  if (cases.length === 0) read.fault("/tests", "There is no test.")
  return cases
}
