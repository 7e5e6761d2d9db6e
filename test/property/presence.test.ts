/** A condition that loads cannot meet an attribute that is not there, whatever the request leaves out. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import { loadPolicy } from "../../src/policy/load.ts"
import { requestOf } from "../support/policy.ts"

const BUNDLES = 500
const REQUESTS = 12

type Place = "subject" | "resource" | "context" | "parameters" | "action"
const PATHS: Readonly<Record<Place, string>> = {
  subject: "subject.properties",
  resource: "resource.properties",
  context: "context",
  parameters: "parameters",
  action: "action.properties",
}
const NAMES = ["t", "u", "b", "l"] as const
type Name = (typeof NAMES)[number]
const TYPES: Readonly<Record<Name, string>> = { t: "string", u: "string", b: "bool", l: "list<string>" }
const SAMPLES: Readonly<Record<Name, readonly JsonObject[string][]>> = {
  t: ["x", "", "yz"],
  u: ["x", "w"],
  b: [true, false],
  l: [[], ["x"], ["", "x"]],
}
const attributes = (name: Name) => Object.values(PATHS).map((path) => `${path}.${name}`)

/** Truth values that read attributes with and without asking first: mostly, but not always, in ways that the checker lets through. */
const { truth } = fc.letrec<{ truth: string; text: string; list: string }>((tie) => {
  const [path, flag, texts] = (["t", "b", "l"] as const).map((name) => fc.constantFrom(...attributes(name))) as [
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
  ]
  const any = fc.constantFrom(...NAMES.flatMap(attributes))
  /** What may ask for it, or for its absence, or for something else besides. */
  const ask: readonly ((path: string, other: string) => string)[] = [
    (path) => `has(${path})`,
    (path) => `!has(${path})`,
    (path, other) => `(has(${path}) && ${other})`,
    (path, other) => `(has(${path}) || ${other})`,
    (path, other) => `!(${other} || !has(${path}))`,
    (path, other) => `!(${other} && !has(${path}))`,
    (path, other) => `!!(${other} && has(${path}))`,
  ]
  /** What is read where that came out one way or the other. */
  const use: readonly ((asked: string, path: string) => string)[] = [
    (asked, path) => `(${asked} && ${path} == 'x')`,
    (asked, path) => `(${asked} || ${path} == 'x')`,
    (asked, path) => `((${asked} ? ${path} : 'x') == 'x')`,
    (asked, path) => `((${asked} ? 'x' : ${path}) == 'x')`,
  ]
  const asked = (text: string, path: string) => `has(${path}) && ${text.replaceAll("?", path)}`
  return {
    truth: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      any.map((path) => `has(${path})`),
      path.map((path) => asked("? == 'x'", path)),
      flag.map((path) => asked("?", path)),
      texts.map((path) => asked("?.exists(i, i == 'x')", path)),
      path.map((path) => `(!has(${path}) || ${path}.startsWith('y'))`),
      flag.map((path) => `(has(${path}) ? ${path} : false)`),
      path.map((path) => `${path.replace(/\.(\w+)$/, ".?$1")}.optMap(v, v == 'x').orValue(true)`),
      flag.map((path) => path.replace(/\.(\w+)$/, ".?$1.orValue(false)")),
      fc
        .tuple(path, tie("truth"), fc.constantFrom(...ask), fc.constantFrom(...use))
        .map(([path, other, ask, use]) => use(ask(path, other), path)),
      fc.tuple(path, tie("text")).map(([path, text]) => `(has(${path}) && ${path} != ${text})`),
      fc.tuple(path, tie("truth")).map(([path, inner]) => `(has(${path}) && (${inner} || ${path} == 'w'))`),
      fc.tuple(flag, tie("truth"), tie("truth")).map(([path, a, b]) => `(has(${path}) && ${a} ? ${path} : ${b})`),
      fc.tuple(tie("truth"), tie("truth")).map(([a, b]) => `(${a} && ${b})`),
      fc.tuple(tie("truth"), tie("truth")).map(([a, b]) => `(${a} || ${b})`),
      fc.tuple(tie("truth"), tie("truth"), tie("truth")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      tie("truth").map((a) => `!(${a})`),
      fc.tuple(tie("list"), tie("truth")).map(([list, a]) => `${list}.all(i, ${a} || i != 'x')`),
      fc
        .tuple(path, tie("truth"))
        .map(([path, a]) => `cel.bind(o, ${path.replace(/\.\w+$/, "")}, has(o.t) && (o.t == 'x' || ${a}))`),
      fc.tuple(tie("text"), tie("text")).map(([a, b]) => `${a} == ${b}`),
    ),
    text: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom("'x'", "subject.id", "audience"),
      path.map((path) => `${path.replace(/\.(\w+)$/, ".?$1")}.orValue('x')`),
      path, // as it stands: to be refused, unless it is required or asked for around it
      fc.tuple(tie("truth"), tie("text"), tie("text")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    ),
    list: fc.oneof(
      fc.constant("['x', 'y']"),
      texts.map((path) => `${path.replace(/\.(\w+)$/, ".?$1")}.orValue([])`),
      texts.map((path) => `(has(${path}) ? ${path} : ['x'])`),
    ),
  }
})

type Declared = Partial<Record<Name, boolean>>
const declared: fc.Arbitrary<Declared> = fc.record(
  { t: fc.boolean(), u: fc.boolean(), b: fc.boolean(), l: fc.boolean() },
  { requiredKeys: ["t", "b", "l"] },
)
const toYaml = (properties: Declared) =>
  Object.fromEntries(
    Object.entries(properties).map(([name, required]) => [name, { type: TYPES[name as Name], required }]),
  )
/** What a request has of what is declared: all that is required, and some of the rest. */
function propertiesOf(properties: Declared, dice: () => number): JsonObject {
  const present = Object.entries(properties).filter(([, required]) => required || dice() % 2 === 0)
  return Object.fromEntries(
    present.map(([name]) => {
      const samples = SAMPLES[name as Name]
      return [name, samples[dice() % samples.length] as JsonObject[string]]
    }),
  )
}

test("a condition that loads is true or false on every request", () => {
  let loaded = 0
  let refused = 0
  const outcomes = { ALLOW: 0, DENY: 0 }
  fc.assert(
    fc.property(
      truth,
      fc.array(declared, { minLength: 7, maxLength: 7 }),
      fc.infiniteStream(fc.nat()),
      (when, types, stream) => {
        const [a, b, r, s, action, parameters, context] = types as [
          Declared,
          Declared,
          Declared,
          Declared,
          Declared,
          Declared,
          Declared,
        ]
        const bundle = {
          version: "1",
          types: {
            // The rule is about both: what one of them may lack may be absent.
            subjects: { a: { known: "any", properties: toYaml(a) }, b: { known: "any", properties: toYaml(b) } },
            resources: { r: { properties: toYaml(r) }, s: { properties: toYaml(s) } },
            actions: { go: { properties: toYaml(action), parameters: toYaml(parameters) } },
            context: toYaml(context),
          },
          rules: [
            {
              id: "one",
              effect: "allow",
              runtime: "none",
              subjects: [{ type: "a" }, { type: "b" }],
              actions: ["go"],
              resources: [{ type: "r" }, { type: "s" }],
              when,
            },
          ],
        }
        const result = loadPolicy({ "policy.yaml": JSON.stringify(bundle) }, sha256)
        if (!result.ok) {
          const known = /may be absent|declare no|false on every request|Comprehensions may be nested/
          expect(result.problems.map(({ message }) => message).filter((message) => !known.test(message))).toEqual([])
          refused++
          return
        }
        loaded++
        const dice = () => stream.next().value as number
        for (let i = 0; i < REQUESTS; i++) {
          const [subject, resource] = [dice() % 2, dice() % 2]
          const { policy: request } = requestOf({
            subject: { type: subject ? "a" : "b", id: "x", properties: propertiesOf(subject ? a : b, dice) },
            resource: { type: resource ? "r" : "s", id: "y", properties: propertiesOf(resource ? r : s, dice) },
            action: { name: "go", properties: propertiesOf(action, dice) },
            context: propertiesOf(context, dice),
            parameters: Buffer.from(JSON.stringify(propertiesOf(parameters, dice))),
            parameters_content_type: "application/json",
          })
          expect(result.policy.checkContext(request)).toEqual([])
          const { decision, reasons } = result.policy.evaluate(request, [])
          expect({ when, request, reasons: reasons.filter(({ code }) => code !== "NO_MATCHING_ALLOW") }).toMatchObject({
            reasons: [],
          })
          outcomes[decision as keyof typeof outcomes]++
        }
      },
    ),
    { numRuns: BUNDLES },
  )
  // Neither all refused nor none, and both outcomes often: else it would say nothing.
  expect(loaded / BUNDLES).toBeGreaterThan(0.2)
  expect(refused / BUNDLES).toBeGreaterThan(0.05)
  expect(Math.min(outcomes.ALLOW, outcomes.DENY) / (loaded * REQUESTS)).toBeGreaterThan(0.1)
})
