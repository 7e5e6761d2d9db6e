/** What conditions read by number is what the request has, and what has no number is read by its name. */
import { describe, expect, test } from "vitest"
import type { JsonObject } from "../../../src/formats/ports.ts"
import type { Properties } from "../../../src/policy/bundle.ts"
import { Layout, MAX_NUMBERED } from "../../../src/policy/layout.ts"
import { load, requestOf } from "../../support/policy.ts"

const declared = (...names: readonly string[]): Properties =>
  Object.fromEntries(names.map((name) => [name, { type: "int", required: false, record: "commit" }]))
const many = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, "0")}`)

describe("Layout", () => {
  test("is the same whatever the order in which types and properties are declared", () => {
    const [one, other] = [
      {
        a: { known: "any" as const, properties: declared("x", "y") },
        b: { known: "any" as const, properties: declared("z") },
      },
      {
        b: { known: "any" as const, properties: declared("z") },
        a: { known: "any" as const, properties: declared("y", "x") },
      },
    ].map((subjects) => new Layout({ subjects, resources: {}, actions: {}, context: declared("x") })) as [
      Layout,
      Layout,
    ]
    for (const path of [
      "context.x",
      "subject.properties.x",
      "subject.properties.y",
      "subject.properties.z",
      "subject.id",
    ]) {
      expect(one.numberOf(path)).toBeTypeOf("number")
      expect([path, one.numberOf(path)]).toEqual([path, other.numberOf(path)])
    }
    expect(one.numberOf("subject.properties")).toBeUndefined()
    expect(one.numberOf("context.z")).toBeUndefined()
  })

  test(`numbers ${MAX_NUMBERED} values, whatever is declared`, () => {
    const layout = new Layout({
      subjects: {},
      resources: { r: { properties: declared(...many("r", 500)) } },
      actions: { go: { properties: declared("p"), parameters: declared("q") } },
      context: declared(...many("c", 100)),
    })
    const values = layout.begin({ type: "a", id: "x" }, { type: "r", id: "y" }, "go", "runner", null)
    expect(values).toHaveLength(MAX_NUMBERED)
    expect(values.slice(0, 7)).toEqual(["a", "x", "r", "y", "go", "runner", null])
    expect(layout.numberOf("context.c099")).toBe(106)
    expect(layout.numberOf("resource.properties.r020")).toBe(127)
    expect(layout.numberOf("resource.properties.r021")).toBeUndefined()
    expect(layout.numberOf("parameters.q")).toBeUndefined()
  })

  test("what stands by name is bound as a request is", () => {
    const layout = new Layout({ subjects: {}, resources: {}, actions: {}, context: declared("x", "toString") })
    const roots = { context: { x: 4 }, audience: "runner", subject: { id: "s" } } as never
    const { values } = layout.bind(roots)
    expect(values[layout.numberOf("context.x") as number]).toBe(4)
    expect(values[layout.numberOf("context.toString") as number]).toBeUndefined()
    expect(values[layout.numberOf("subject.id") as number]).toBe("s")
    expect(values[layout.numberOf("subject.type") as number]).toBeUndefined()
  })
})

describe("a decision", () => {
  const properties = { n: { type: "int", required: true }, maybe: "string", at: "timestamp", big: "int" }
  const extra = Object.fromEntries(many("x", 300).map((name) => [name, "int"]))
  const bundle = (when: string) => ({
    version: "1",
    types: {
      subjects: { a: { known: "any", properties }, other: { known: "any", properties: { n: "string", q: "int" } } },
      resources: { r: { properties: { ...properties, ...extra } } },
      actions: { go: { properties, parameters: properties } },
      context: properties,
    },
    rules: [
      {
        id: "one",
        effect: "allow",
        runtime: "none",
        subjects: [{ type: "a" }],
        actions: ["go"],
        resources: [{ type: "r" }],
        when,
      },
    ],
  })
  const ask = (when: string, change: { readonly [group: string]: JsonObject } = {}) => {
    const { policy } = load(bundle(when))
    const given = (group: string, n: number): JsonObject => change[group] ?? { n }
    const request = requestOf({
      subject: { type: "a", id: "x", properties: given("subject", 1) },
      resource: { type: "r", id: "y", properties: given("resource", 2) },
      action: { name: "go", properties: given("action", 3) },
      context: given("context", 4),
      parameters: Buffer.from(JSON.stringify(given("parameters", 5))),
      parameters_content_type: "application/json",
    }).policy
    expect(policy.checkContext(request)).toEqual([])
    const { decision, reasons } = policy.evaluate(request, [])
    return decision === "ALLOW" ? true : reasons[0]?.code === "NO_MATCHING_ALLOW" ? false : reasons[0]?.code
  }

  test.each([
    'subject.type == "a" && subject.id == "x" && resource.type == "r" && resource.id == "y"',
    'action.name == "go" && audience == "runner" && now == timestamp("2026-01-01T00:00:00Z")',
    "subject.properties.n == 1 && resource.properties.n == 2 && action.properties.n == 3",
    "context.n == 4 && parameters.n == 5",
    "!has(subject.properties.maybe) && !has(context.maybe) && !has(parameters.maybe) && !has(action.properties.maybe)",
    "!has(resource.properties.x000) && !has(resource.properties.x299)",
    'subject.properties.?maybe.orValue("none") == "none" && !context.?at.hasValue()',
    "dyn(subject.properties) != dyn(resource.properties) && dyn(subject).properties.n == 1",
  ])("%s", (when) => {
    expect(ask(when)).toBe(true)
  })

  test("values come as the declared type has them, with a number and without", () => {
    const at = "2026-01-01T00:00:00Z"
    const full = { n: 7, at, big: "9223372036854775807", maybe: "m" }
    expect(
      ask(
        `has(context.at) && context.at == timestamp("${at}") && context.?big == optional.of(9223372036854775807) && context.?maybe.orValue("") == "m"`,
        { context: full },
      ),
    ).toBe(true)
    const more = { ...full, x000: 1, x299: "9223372036854775806" }
    const sum =
      "has(resource.properties.x000) && has(resource.properties.x299) && resource.properties.x000 + resource.properties.x299"
    expect(ask(`${sum} == 9223372036854775807`, { resource: more })).toBe(true)
    expect(ask(`${sum} == 1`, { resource: { ...more, x000: 2 } })).toBe("CONDITION_ERROR")
  })
})
