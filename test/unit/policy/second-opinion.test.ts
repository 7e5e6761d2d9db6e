import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { CelError } from "../../../src/cel/value.ts"
import { policyCheckCommand } from "../../../src/cli/policy-check.ts"
import { EXIT_CODES } from "../../../src/errors.ts"
import { type Condition, compileCondition, type Scope } from "../../../src/policy/condition.ts"
import { countOpinions, type Disagreement, formatDisagreement } from "../../../src/policy/second-opinion.ts"
import { makeFolder } from "../../support/folder.ts"
import { load } from "../../support/policy.ts"

/** The engine under test lowers conditions as if they were written so; nothing is changed unless a test says. */
const engine = vi.hoisted(() => ({ lower: (source: string) => source }))
vi.mock("../../../src/policy/condition.ts", async (importOriginal) => {
  const real = await importOriginal<typeof import("../../../src/policy/condition.ts")>()
  return {
    ...real,
    compileCondition(source: string, scope: Scope) {
      const compiled = real.compileCondition(source, scope)
      const lowered = real.compileCondition(engine.lower(source), scope)
      return "problems" in compiled || "problems" in lowered ? compiled : { ...compiled, evaluate: lowered.evaluate }
    },
  }
})

const scope: Scope = { presence: () => "required", known: () => [], variables: { v: "true" } }
const opinionsOn = (source: string) => {
  const condition = compileCondition(source, scope)
  if ("problems" in condition) throw new Error(condition.problems.map(({ message }) => message).join())
  return countOpinions([{ id: "rule-1", condition }])
}
const swap = (from: string, to: string) => (source: string) => source.replaceAll(new RegExp(`${from}(?!=)`, "g"), to)
const EXAMPLES = join(import.meta.dirname, "..", "..", "..", "examples")

beforeEach(() => {
  engine.lower = (source) => source
})

describe("countOpinions", () => {
  test.each([
    "true",
    "subject.id == 'a'",
    "subject.id != audience",
    "subject.properties.team in ['research', 'ops']",
    "parameters.amount > 2000 && !(parameters.amount >= 9000)",
    "parameters.amount + 1 <= constants.limit - 1",
    "size(subject.id) > 0 || subject.id < 'b'",
    "subject.id == 'a' ? parameters.amount < 3 : true",
    "size(parameters.argv) > 0 && parameters.argv[0] in constants.programs",
  ])("%s is confirmed", (source) => {
    expect(opinionsOn(source)).toEqual({ confirmed: 1, outside: 0, disagreements: [] })
  })

  test.each([
    ["a method", "subject.id.startsWith('a')"],
    ["an escape", "subject.id == '\\n'"],
    ["a text beyond the BMP", "subject.id < '\u{1F600}'"],
    ["a uint", "uint(parameters.amount) == 1u"],
    ["a double", "parameters.amount < 1.5"],
    ["null", "parameters.amount == null"],
    ["division", "parameters.amount / 2 == 1"],
    ["a remainder", "parameters.amount % 2 == 1"],
    ["multiplication, for its negative zero", "parameters.amount * -1 == 0"],
    ["a negative zero", "parameters.amount == -0"],
    ["has()", "has(subject.properties.team)"],
    ["a comprehension", "subject.properties.teams.all(t, t == 'a')"],
    ["a map", "{'a': 1}['a'] == parameters.amount"],
    ["a variable", "variables.v"],
    ["a field named like a member of Object", "subject.properties.constructor == 'a'"],
    ["`now`", "now == now"],
    ["a number past 2^53", "parameters.amount < 9007199254740993"],
    ["numbers that add up past 2^53", "parameters.amount + 9007199254740991 > 0"],
    ["bytes", "b'a' == b'a'"],
    ["what is an error in both engines", "!parameters.amount"],
  ])("%s is outside of the subset: no opinion, never a refusal", (_, source) => {
    expect(opinionsOn(source)).toEqual({ confirmed: 0, outside: 1, disagreements: [] })
  })

  test("says the same twice", () => {
    engine.lower = swap("<", "<=")
    const twice = [1, 2].map(() => opinionsOn("parameters.amount < 2000"))
    expect(twice[0]).toEqual(twice[1])
    expect(twice[0]?.disagreements).toHaveLength(1)
  })

  test("an engine that throws or errs has no opinion", () => {
    const condition = compileCondition("subject.id == 'a'", scope) as Condition
    const erring: Condition = { ...condition, evaluate: () => new CelError("x") }
    expect(countOpinions([{ id: "r", condition: erring }])).toEqual({ confirmed: 0, outside: 1, disagreements: [] })
  })
})

describe("an engine that lowers an operator wrongly", () => {
  test.each([
    ["<", "<=", "parameters.amount < 2000"],
    ["<", "<=", "2000 < parameters.amount"],
    ["<", "<=", "parameters.amount < constants.limit"],
    ["<", "<=", "subject.id < 'research'"],
    ["<=", "<", "parameters.amount <= -70000"],
    [">", ">=", "parameters.amount > 2000 && subject.id == 'treasurer'"],
    [">=", ">", "size(subject.id) >= 1"],
    ["&&", "||", "parameters.amount > 5 && subject.id == 'a'"],
    ["==", "!=", "subject.id == 'a'"],
    ["\\+", "-", "parameters.amount + 1 == 3"],
    [" in ", " != ", "subject.id in ['a', 'b']"],
    ["\\[0\\]", "[1]", "parameters.argv[0] in constants.programs"],
  ])("`%s` as `%s` in %s: refused, and both values are shown", (from, to, source) => {
    expect(opinionsOn(source).disagreements).toEqual([])
    engine.lower = from === " in " ? () => "!(subject.id in ['a', 'b'])" : swap(from, to)
    const { disagreements, confirmed } = opinionsOn(source)
    expect(confirmed).toBe(0)
    expect(disagreements).toHaveLength(1)
    const told = formatDisagreement(disagreements[0] as Disagreement)
    expect(told).toMatch(/this engine says (true, cel-js says false|false, cel-js says true)/)
    expect(told).toContain(`rule-1: ${source}: `)
  })

  describe("policyCheckCommand", () => {
    const output: string[] = []
    const folder = makeFolder()
    beforeEach(() => {
      output.splice(0)
      vi.spyOn(process.stdout, "write").mockImplementation((text) => {
        output.push(String(text))
        return true
      })
    })
    afterEach(() => {
      vi.restoreAllMocks()
      folder.remove()
    })

    test("the examples pass, with conditions confirmed", async () => {
      for (const name of ["minimal", "agent-tools"]) expect(await policyCheckCommand(join(EXAMPLES, name), {})).toBe(0)
      expect(output.join("")).toMatch(/Second opinion \(cel-js\): [1-9]\d* conditions confirmed/)
    })

    test("`>` as `>=` refuses the example that compares, and only that one", async () => {
      engine.lower = swap(">", ">=")
      expect(await policyCheckCommand(join(EXAMPLES, "minimal"), {})).toBe(0)
      expect(await policyCheckCommand(join(EXAMPLES, "agent-tools"), {})).toBe(EXIT_CODES.POLICY_INVALID)
      expect(output.join("")).toContain(
        "payment-large-needs-a-person: parameters.amount > 2000: this engine says true, cel-js says false",
      )
    })

    test("`<` as `<=` refuses a bundle that uses it, and says so in JSON too", async () => {
      const text = readFileSync(join(EXAMPLES, "agent-tools", "policy.yaml"), "utf8")
      mkdirSync(folder.path, { recursive: true })
      writeFileSync(
        join(folder.path, "policy.yaml"),
        text.replace("when: parameters.amount > 2000", "when: 2000 < parameters.amount"),
      )
      expect(await policyCheckCommand(folder.path, {})).toBe(0)
      engine.lower = swap("<", "<=")
      output.splice(0)
      expect(await policyCheckCommand(folder.path, { json: true })).toBe(EXIT_CODES.POLICY_INVALID)
      expect(JSON.parse(output.join(""))).toMatchObject({
        ok: false,
        second_opinion: {
          disagreements: [{ source: "2000 < parameters.amount", input: expect.any(String), mine: true, other: false }],
        },
      })
    })
  })

  test("the engine itself is as it was: the mutant is of these tests only", () => {
    expect(load(readFileSync(join(EXAMPLES, "agent-tools", "policy.yaml"), "utf8")).policy.ruleCount).toBe(12)
  })
})
