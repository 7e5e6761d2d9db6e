/**
 * Golden cases: what a bundle is refused for. Each case is a file, or a folder of files, in test/golden/policy; the
 * comment at its head lists every problem as `# FILE:LINE:COLUMN MESSAGE SUGGESTION`.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { loadPolicy } from "../../../src/policy/load.ts"
import { MAX_EXCERPT_CHARS } from "../../../src/policy/read-yaml.ts"
import { readPolicyFolder } from "../../../src/store/policy-folder.ts"

const FOLDER = join(import.meta.dirname, "..", "..", "golden", "policy")
const cases = readdirSync(FOLDER, { withFileTypes: true }).map((entry): [string, Record<string, string>] => [
  entry.name.replace(/\.yaml$/, ""),
  entry.isDirectory()
    ? readPolicyFolder(join(FOLDER, entry.name))
    : { [entry.name]: readFileSync(join(FOLDER, entry.name), "utf8") },
])

function expectedOf(files: Record<string, string>): string[] {
  return Object.values(files).flatMap((text) => {
    const lines = text.split("\n")
    return lines.slice(
      0,
      lines.findIndex((line) => !line.startsWith("#")),
    )
  })
}

describe("loadPolicy", () => {
  test("there is a golden case for each refusal", () => {
    expect(cases.length).toBeGreaterThan(120)
  })

  test.each(cases)("refuses %s, and says where and why", (_, files) => {
    const loaded = loadPolicy(files, sha256)
    const problems = loaded.ok ? [] : loaded.problems
    expect(
      problems.map(
        ({ file, line, column, message, suggestion }) =>
          `# ${file}:${line}:${column} ${message}${suggestion ? ` ${suggestion}` : ""}`,
      ),
    ).toEqual(expectedOf(files))
    expect(problems.length).toBeGreaterThan(0)
    for (const { file, line, column, excerpt } of problems) {
      const source = (files[file] as string).split("\n")[line - 1] as string
      if (source.length <= MAX_EXCERPT_CHARS) expect(excerpt).toBe(`${source}\n${" ".repeat(column - 1)}^`)
      else expect(excerpt?.length).toBeLessThan(2 * MAX_EXCERPT_CHARS) // read-yaml.test.ts tells what is shown
    }
  })

  test("a file with CRLF and a byte order mark has the same places, and no CR in the excerpt", () => {
    const [, files] = cases.find(([name]) => name === "place-in-folded-block") as [string, Record<string, string>]
    const [[name, text]] = Object.entries(files) as [[string, string]]
    const problemsOf = (content: string) => {
      const loaded = loadPolicy({ [name]: content }, sha256)
      return loaded.ok ? [] : loaded.problems
    }
    expect(problemsOf(text.replaceAll("\n", "\r\n"))).toEqual(problemsOf(text))
    expect(problemsOf(`\uFEFF${text}`).map(({ line, column }) => [line, column])).toEqual(
      problemsOf(text).map(({ line, column }) => [line, column]),
    )
    expect(problemsOf(text)).toHaveLength(1)
  })
})
