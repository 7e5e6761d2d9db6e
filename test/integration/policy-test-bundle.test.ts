import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { PACKAGE_ROOT } from "../../src/rpc/api.ts"
import { readPolicyFolder } from "../../src/store/policy-folder.ts"
import { startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

interface Tested {
  readonly passed: boolean
  readonly results: readonly {
    readonly name: string
    readonly passed: boolean
    readonly detail: string
    readonly at: { readonly file: string; readonly line: number; readonly column: number }
  }[]
  readonly uncovered_rules: readonly string[]
  readonly problems: readonly { readonly file: string; readonly line: number; readonly message: string }[]
  readonly rule_percent: number
  readonly condition_percent: number
}

const EXAMPLE = readPolicyFolder(join(PACKAGE_ROOT, "examples", "agent-tools"))
let database: TestDatabase
let writ: TestDaemon
beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url)
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
})

const testBundle = (files: Readonly<Record<string, string>>, more: object = {}, role: "author" | "pep" = "author") =>
  writ.client(role).call<Tested>(
    "policy",
    "TestBundle",
    {
      files: { files: Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) })) },
      ...more,
    },
    60_000,
  )

describe("TestBundle", () => {
  test("the example passes, and its tests reach all of it", async () => {
    const tested = await testBundle(EXAMPLE)
    expect(tested).toMatchObject({
      passed: true,
      uncovered_rules: [],
      problems: [],
      rule_percent: 100,
      condition_percent: 100,
    })
    expect(tested.results.length).toBeGreaterThan(30)
  })

  test("a test that fails says what came instead, and where it stands", async () => {
    const tests = EXAMPLE["policy_test.yaml"]?.replace("rules: [http-get-public], risk: low", "rules: [], risk: low")
    const tested = await testBundle({ ...EXAMPLE, "policy_test.yaml": tests as string })
    expect(tested.passed).toBe(false)
    expect(tested.results.find(({ passed }) => !passed)).toMatchObject({
      detail: "rules: expected [], got [http-get-public]",
      at: { file: "policy_test.yaml", line: expect.any(Number), column: expect.any(Number) },
    })
  })

  test("a filter picks tests; none that passes because none was run", async () => {
    const some = await testBundle(EXAMPLE, { filter: "payments > " })
    expect(some.results.every(({ name }) => name.startsWith("payments > "))).toBe(true)
    expect(some.uncovered_rules).toContain("http-get-public")
    expect(await testBundle(EXAMPLE, { filter: "no such test" })).toMatchObject({ passed: false, results: [] })
  })

  test("what is wrong with the bundle or its tests is told, and nothing is run", async () => {
    const { "policy_test.yaml": tests = "", ...bundle } = EXAMPLE
    expect(await testBundle(bundle)).toMatchObject({
      passed: false,
      problems: [{ message: "There is no test file (*_test.yaml) in this folder." }],
    })
    expect(await testBundle({ "policy.yaml": "version: 1", "policy_test.yaml": tests })).toMatchObject({
      passed: false,
      results: [],
      problems: expect.arrayContaining([expect.objectContaining({ file: "policy.yaml" })]),
    })
  })

  test("a published bundle has no tests; who is no author runs none", async () => {
    const byDigest = writ.client("author").call("policy", "TestBundle", { digest: Buffer.alloc(32, 1) })
    await expect(byDigest).rejects.toMatchObject({ code: "POLICY_INVALID" })
    await expect(testBundle(EXAMPLE, {}, "pep")).rejects.toMatchObject({ code: "FORBIDDEN" })
    await expect(testBundle(EXAMPLE, { filter: "x".repeat(257) })).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" })
  })
})
