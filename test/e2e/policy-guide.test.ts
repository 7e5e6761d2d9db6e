/** What docs/policy.md shows on a command line is what the built program says. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const guide = readFileSync(join(ROOT, "docs", "policy.md"), "utf8")
const sessions = [...guide.matchAll(/^```console\n\$ writ ([^\n]*)\n([\s\S]*?)^```$/gm)].map(
  ([, command, output]) => [command as string, output as string] as const,
)

describe("docs/policy.md", () => {
  test("shows sessions", () => expect(sessions.length).toBeGreaterThan(0))

  test.each(sessions)("writ %s", async (command, output) => {
    const args = command.split(" ").map((arg) => (arg.startsWith("examples/") ? join(ROOT, arg) : arg))
    const { out, err } = await writ(args)
    expect({ out, err }).toEqual({ out: output, err: "" })
  })
})

describe("writ policy test", () => {
  const run = async (tests: string, ...flags: string[]) => {
    const folder = makeFolder()
    try {
      writeFileSync(
        join(folder.path, "policy.yaml"),
        readFileSync(join(ROOT, "examples", "minimal", "policy.yaml"), "utf8"),
      )
      if (tests !== "") writeFileSync(join(folder.path, "policy_test.yaml"), tests)
      return await writ(["policy", "test", folder.path, ...flags])
    } finally {
      folder.remove()
    }
  }
  const reading = (id: string, decision: string) =>
    `tests: [{ name: reading, subject: { type: agent, id: a }, action: http.get, resource: { type: url, id: "${id}" }, expect: { decision: ${decision} } }]\n`

  test("a test that fails: where it stands, what came instead and why, exit code 1", async () => {
    const { code, out } = await run(reading("https://example.com/", "ALLOW"))
    expect(code).toBe(1)
    expect(out).toContain("✗ reading\n    policy_test.yaml:1:9\n    decision: expected ALLOW, got DENY\n")
    expect(out).toContain("    because NO_MATCHING_ALLOW: No rule allows this.\n1 test, 1 failed.\n")
    expect(out).toContain("  never held    rule read-docs\n")
  })

  test("the guide's tests of the past go with the guide's bundle", async () => {
    const blocks = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string)
    const find = (part: string) => blocks.find((text) => text.includes(part)) as string
    const fixtures =
      "fixtures: { subjects: { agent: { type: agent, id: a } }, resources: { account: { type: account, id: b } } }\ntests:\n"
    const folder = makeFolder()
    try {
      writeFileSync(join(folder.path, "policy.yaml"), find('version: "past-1"'))
      writeFileSync(join(folder.path, "policy_test.yaml"), fixtures + find("the last of the day's money"))
      expect((await writ(["policy", "test", folder.path])).out).toMatch(/^3 tests, 0 failed\.\n/)
    } finally {
      folder.remove()
    }
  })

  test("too little is covered: exit code 1, only where that is asked", async () => {
    const tests = reading("https://example.com/", "DENY")
    expect((await run(tests)).code).toBe(0)
    const { code, out } = await run(tests, "--min-coverage", "100")
    expect(code).toBe(1)
    expect(out).toContain("The coverage is below 100 %.")
  })

  test("JSON names each test, its place and the coverage", async () => {
    const { code, out } = await run(reading("https://docs.example.com/", "ALLOW"), "--json")
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      passed: true,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      results: [{ name: "reading", passed: true, file: "policy_test.yaml", line: 1, differences: [] }],
      coverage: { rulePercent: 100, branchPercent: 100 },
    })
  })

  test("tests that are not valid, or none: file, line, column, a caret, exit code 2", async () => {
    const { code, out } = await run(reading("https://docs.example.com/", "ALOW"))
    expect(code).toBe(2)
    expect(out).toMatch(/^policy_test\.yaml:1:\d+ This must be one of ALLOW, DENY, REQUIRE_APPROVAL\.\n/)
    expect(out).toContain('Did you mean "ALLOW"?')
    const none = await run("")
    expect({ code: none.code, out: none.out }).toEqual({
      code: 2,
      out: expect.stringContaining("There is no test file (*_test.yaml) in this folder."),
    })
    const json = await run(reading("https://docs.example.com/", "ALOW"), "--json")
    expect(JSON.parse(json.out)).toMatchObject({ passed: false, problems: [{ file: "policy_test.yaml", line: 1 }] })
  })

  test("a filter that no name contains, and a coverage that is no percentage, are told in a line", async () => {
    const tests = reading("https://docs.example.com/", "ALLOW")
    expect((await run(tests, "--filter", "writing")).err).toMatch(/^writ: No test has a name that contains/)
    expect((await run(tests, "--min-coverage", "1.5")).err).toMatch(/^writ: --min-coverage takes a whole number/)
  })
})

describe("writ policy explain", () => {
  const example = join(ROOT, "examples", "agent-tools")
  const request = join(example, "large-payment.json")

  test("a time that conditions are to be read at is for a bundle without a daemon, and has to be one", async () => {
    expect((await writ(["policy", "explain", request, "--now", "2026-11-02T10:00:00Z"])).err).toMatch(
      /^writ: --now goes with --bundle/,
    )
    expect((await writ(["policy", "explain", request, "--bundle", example, "--now", "noon"])).err).toMatch(
      /^writ: --now takes a time of RFC 3339, not "noon"\./,
    )
  })

  test("without a daemon the request says what was before; a daemon knows it, and refuses to be told", async () => {
    const trading = join(ROOT, "examples", "trading-limits")
    const busy = join(trading, "busy-desk.json")
    const explained = async (change: (text: string) => string) => {
      const folder = makeFolder()
      try {
        const file = join(folder.path, "request.json")
        writeFileSync(file, change(readFileSync(busy, "utf8")))
        return await writ(["policy", "explain", file, "--bundle", trading])
      } finally {
        folder.remove()
      }
    }
    const { out } = await explained((text) => text)
    expect(out).toMatch(/^ALLOW\n/)
    expect(out).toContain('history.count("orders", duration("1m")) → 12\n')
    expect(out).toContain('history.sum("orders", duration("10m")) → 80000\n')
    const spent = await explained((text) => text.replace("96000000", "97000001"))
    expect(spent.out).toMatch(
      /^DENY\n[\s\S]*✗ authorization_state {4}BUDGET_EXCEEDED: The budget "desk_day" of 100000000 cents/,
    )
    const pending = await explained((text) => text.replace('"head-of-desk"', ""))
    expect(pending.out).toMatch(/^REQUIRE_APPROVAL\n[\s\S]*✗ authorization_state {4}APPROVAL_PENDING/)
    const wrong = await explained((text) => text.replace("orders", "order"))
    expect(wrong.err).toMatch(
      /request\.json:16:17 No history "order" is declared\.\n.*\n +\^\n +Did you mean "orders"\?\n$/,
    )
    expect((await writ(["policy", "explain", busy])).err).toMatch(/^writ: `history` in a request goes with --bundle/)
  })

  test("JSON is what the RPC answers", async () => {
    const { code, out } = await writ(["policy", "explain", request, "--bundle", example, "--json"])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      response: { decision: "DECISION_DENY", checks: { length: 6 }, matched_rules: ["payment-large-needs-a-person"] },
      signals: [{ id: "outside-working-hours" }],
      rules: [{ id: "payment-large-needs-a-person", part: { values: ["true"] } }, { id: "payment-small" }],
    })
  })

  test("a running daemon answers alike, with all six checks", async () => {
    const folder = makeFolder()
    const data = join(folder.path, "data")
    const daemon = await startBuilt(data)
    try {
      const { code, out } = await writ(["policy", "explain", request, "--data", data])
      expect(code).toBe(0)
      const shown = sessions.find(([command]) => command.includes("large-payment"))?.[1] as string
      expect(out).toBe(shown.replaceAll("  · ", "  ✓ ").replace(/ {2}Without a daemon .*\n/, ""))
    } finally {
      await daemon.stop()
      folder.remove()
    }
  })
})
