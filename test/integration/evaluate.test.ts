import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import type { WritClient } from "../../src/client/connect.ts"
import { sha256 } from "../../src/crypto.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import { loadPolicy } from "../../src/policy/load.ts"
import { mergeFiles } from "../../src/policy/merge-files.ts"
import { parseTests } from "../../src/policy/tests/parse-tests.ts"
import type { TestCase } from "../../src/policy/tests/test-case.ts"
import { readPolicyFolder } from "../../src/store/policy-folder.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { changedExample } from "../support/policy-folder.ts"

const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "agent-tools")

interface Part {
  readonly text: string
  readonly name: string
  readonly values: readonly string[]
  readonly parts: readonly Part[]
}
interface Evaluated {
  readonly response: Omit<AuthorizeReply, "receipt"> & {
    readonly bundle_digest: Buffer
    readonly trace: readonly object[]
  }
  readonly rules: readonly { readonly id: string; readonly condition: string; readonly part: Part }[]
  readonly signals: readonly { readonly id: string; readonly part: Part }[]
}

let database: TestDatabase
let writ: TestDaemon
let author: WritClient
let pep: WritClient
const folder = changedExample((text) =>
  text
    .replace("working_hours: bool", "working_hours: bool\n    password: { type: string, record: never }")
    .replace(
      'when: subject.properties.team in ["research", "platform"]',
      'when: subject.properties.team in ["research", "platform"] && context.?password.orValue("") != "wrong"',
    ),
)

beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url, { policy: folder.path })
  author = writ.client("author")
  pep = writ.client("pep")
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  folder.remove()
})

const evaluate = (request: JsonObject, client = author, more: object = {}): Promise<Evaluated> =>
  client.call<Evaluated>("authorization", "Evaluate", { request: toWireRequest(request), ...more })
const countRecords = async (): Promise<number> => {
  const { rows } = await database.query("SELECT body FROM entry")
  return rows.filter(({ body }) => JSON.parse(body.toString("utf8")).kind === "decision").length
}
/** As a caller would send it. */
const requestOf = ({ request, supportedObligations }: TestCase): JsonObject => ({
  ...readPage(),
  subject: request.subject as unknown as JsonObject,
  action: request.action,
  resource: request.resource as unknown as JsonObject,
  context: request.context,
  supported_obligations: supportedObligations.filter((type, i) => supportedObligations.indexOf(type) === i),
  ...(request.parameters.kind === "json" && { parameters: request.parameters.value }),
  ...(request.parameters.kind === "opaque" && { parameters: "x", parameters_content_type: "text/plain" }),
})

describe("Evaluate", () => {
  test("decides every case of the example's tests as Authorize does, with the same checks, rules and risk", async () => {
    const files = readPolicyFolder(EXAMPLE)
    const loaded = loadPolicy(files, sha256)
    const merged = mergeFiles(files, "test")
    if (!loaded.ok || "problems" in merged) throw new Error("the example is valid")
    // What an approval was granted by is not in a request.
    const cases = parseTests(merged.value, loaded, () => {}).filter(({ assumptions }) => !assumptions.approval)
    expect(cases.length).toBeGreaterThan(20)
    for (const one of cases) {
      const request = requestOf(one)
      const { response } = await evaluate(request)
      const decided = await authorize(pep, { ...request, explain: true })
      const common = ({
        decision,
        checks,
        reasons,
        matched_rules,
        obligations,
        ...more
      }: Omit<AuthorizeReply, "receipt">) => {
        const { risk, trace, bundle_version } = more as unknown as JsonObject
        return { decision, checks, reasons, matched_rules, obligations, risk, trace, bundle_version }
      }
      expect({ name: one.name, ...common(response) }).toEqual({ name: one.name, ...common(decided) })
    }
  })

  test("records nothing, makes no token, and needs no request id", async () => {
    const before = await countRecords()
    const { request_id: _, ...request } = readPage()
    const { response } = await evaluate(request)
    expect(response).toMatchObject({
      decision: "DECISION_ALLOW",
      execution_id: "",
      token: "",
      receipt: null,
      matched_rules: ["http-get-public"],
    })
    expect(await countRecords()).toBe(before)
  })

  test("shows each condition whole and in parts, and not what is never recorded", async () => {
    const { rules, signals } = await evaluate(readPage({ context: { password: "hunter2" } }))
    expect(signals.map(({ id }) => id)).toEqual(["outside-working-hours"])
    expect(rules).toMatchObject([
      {
        id: "http-get-public",
        condition: expect.stringContaining('context.?password.orValue("") != "wrong"'),
        part: {
          values: ["true"],
          parts: [
            { text: 'subject.properties.team in ["research", "platform"]', values: ["true"] },
            { values: ["true"], parts: [{ values: ["[not recorded]"], parts: [{ text: "context.?password" }] }] },
          ],
        },
      },
    ])
    expect(JSON.stringify({ rules, signals })).not.toContain("hunter2")
  })

  test("a request that does not fit the types is not evaluated, and there is nothing to explain", async () => {
    const { response, rules, signals } = await evaluate(readPage({ context: { nope: 1 } }))
    expect(response.reasons.map(({ code }) => code)).toEqual(["PROPERTY_UNKNOWN"])
    expect({ rules, signals, trace: response.trace }).toEqual({ rules: [], signals: [], trace: [] })
  })

  test("a runtime and a parent are looked up as Authorize does", async () => {
    const codes = async (more: JsonObject) => (await evaluate(readPage(more))).response.reasons.map(({ code }) => code)
    expect(await codes({ runtime_id: "exec:/bin/none" })).toEqual(["RUNTIME_UNKNOWN"])
    expect(await codes({ parent_execution_id: "00000000-0000-4000-8000-000000000000", parent_proof: "x" })).toEqual([
      "PARENT_UNKNOWN",
    ])
  })

  test("by a published bundle as if it were active, which it is not", async () => {
    const content = Buffer.from(
      readFileSync(join(EXAMPLE, "policy.yaml"), "utf8").replace('in ["research", "platform"]', '== "nobody"'),
    )
    const { bundle } = await author.call<{ bundle: { digest: Buffer } }>(
      "policy",
      "PublishBundle",
      { files: [{ path: "policy.yaml", content }] },
      60_000,
    )
    const { response, rules } = await evaluate(readPage(), author, { bundle_digest: bundle.digest })
    expect(response).toMatchObject({
      decision: "DECISION_DENY",
      bundle_digest: bundle.digest,
      reasons: [{ code: "NO_MATCHING_ALLOW" }],
    })
    expect(response.checks.map(({ status }) => status.replace("CHECK_STATUS_", ""))).toEqual([
      "PASS",
      "PASS",
      "PASS",
      "PASS",
      "PASS",
      "FAIL",
    ])
    expect(rules).toMatchObject([{ id: "http-get-public", part: { values: ["false"] } }])
    expect((await evaluate(readPage())).response.decision).toBe("DECISION_ALLOW")
  })

  test("the active bundle may be named; what is not published is not found", async () => {
    const { response } = await evaluate(readPage())
    const named = await evaluate(readPage(), author, { bundle_digest: response.bundle_digest })
    expect(named.response.decision).toBe("DECISION_ALLOW")
    const refused = (bundle_digest: Buffer) => expect(evaluate(readPage(), author, { bundle_digest })).rejects
    await refused(Buffer.alloc(32, 7)).toMatchObject({ code: "NOT_FOUND" })
    await refused(Buffer.alloc(31)).toMatchObject({ code: "INVALID_REQUEST" })
  })

  test("is for authors and operators; what is malformed or missing is said", async () => {
    expect((await evaluate(readPage(), writ.client("operator"))).response.decision).toBe("DECISION_ALLOW")
    await expect(evaluate(readPage(), pep)).rejects.toMatchObject({ code: "FORBIDDEN" })
    await expect(author.call("authorization", "Evaluate", {})).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    await expect(evaluate(readPage({ audience: "" }))).rejects.toMatchObject({ code: "INVALID_REQUEST" })
  })
})
