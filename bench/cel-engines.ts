/** One condition, evaluated: Writ's compiler against other CEL engines and against the same written by hand. */
import { CelScalar, celEnv, parse as parseCel, plan } from "@bufbuild/cel"
import { Environment } from "@marcbachmann/cel-js"
import { evaluate as celJsEvaluate, parse as celJsParse } from "cel-js"
import { CelMap, Double } from "../src/cel/value.ts"
import { sha256 } from "../src/crypto.ts"
import { linkCondition } from "../src/policy/condition.ts"
import { Layout, type Roots } from "../src/policy/layout.ts"
import { loadPolicy } from "../src/policy/load.ts"
import { median } from "./compare.ts"

const TYPES = `
types:
  subjects: { agent: { known: any, properties: {
    team: { type: string, required: true }, level: { type: int, required: true }, roles: { type: list<string>, required: true },
    email: { type: string, required: true }, score: { type: double, required: true } } } }
  resources: { doc: { properties: {
    owner: { type: string, required: true }, region: { type: string, required: true }, labels: { type: map<string>, required: true },
    size: { type: int, required: true }, classification: string } } }
  actions: { act: { parameters: { amount: { type: int, required: true }, argv: { type: list<string>, required: true }, currency: { type: string, required: true } } } }
  context: { ticket: string, mfa: { type: bool, required: true }, hour: { type: int, required: true } }
`
const REQUEST = {
  subject: {
    type: "agent",
    id: "agent:researcher",
    properties: {
      team: "research",
      level: 7,
      roles: ["reader", "writer", "deployer"],
      email: "ana@example.com",
      score: 0.75,
    },
  },
  resource: {
    type: "doc",
    id: "/srv/research/plan.md",
    properties: { owner: "agent:researcher", region: "eu-west-1", labels: { env: "prod", tier: "2" }, size: 52_000 },
  },
  action: { name: "act", properties: {} },
  context: { ticket: "OPS-1234", mfa: true, hour: 14 },
  parameters: { amount: 1_500, argv: ["git", "log", "--oneline"], currency: "EUR" },
  audience: "runner",
}
type Request = typeof REQUEST
const SAFE = new Set(["ls", "cat", "grep", "git"])
const REGIONS = new Set(["eu-west-1", "eu-central-1", "eu-north-1"])
const TEAMS = new Set(["research", "platform", "security"])

/** What a person would write in its place, absent properties and all. */
const CONDITIONS: Readonly<Record<string, readonly [cel: string, byHand: (request: Request) => boolean]>> = {
  equality: ['subject.properties.team == "research"', ({ subject }) => subject.properties.team === "research"],
  owner: [
    "resource.properties.owner == subject.id",
    ({ subject, resource }) => resource.properties.owner === subject.id,
  ],
  "list of three": [
    'subject.properties.team in ["research", "platform", "security"]',
    ({ subject }) => TEAMS.has(subject.properties.team),
  ],
  "four comparisons": [
    'parameters.amount > 0 && parameters.amount <= 2000 && parameters.currency == "EUR" && context.hour >= 8',
    ({ parameters, context }) =>
      parameters.amount > 0 && parameters.amount <= 2000 && parameters.currency === "EUR" && context.hour >= 8,
  ],
  "map and list": [
    'resource.properties.labels["env"] == "prod" && resource.properties.region in ["eu-west-1", "eu-central-1", "eu-north-1"] && subject.properties.level >= 5',
    ({ resource, subject }) =>
      resource.properties.labels.env === "prod" &&
      REGIONS.has(resource.properties.region) &&
      subject.properties.level >= 5,
  ],
  optional: [
    'has(context.ticket) && context.ticket.startsWith("OPS-")',
    ({ context }) => context.ticket?.startsWith("OPS-") === true,
  ],
  absent: [
    '!has(resource.properties.classification) || resource.properties.classification != "secret"',
    ({ resource }) => {
      const { classification } = resource.properties as { classification?: string }
      return classification === undefined || classification !== "secret"
    },
  ],
  path: [
    'resource.id.startsWith("/srv/" + subject.properties.team + "/")',
    ({ resource, subject }) => resource.id.startsWith(`/srv/${subject.properties.team}/`),
  ],
  arithmetic: [
    "parameters.amount * 3 + 500 < 10000 - subject.properties.level",
    ({ parameters, subject }) => parameters.amount * 3 + 500 < 10000 - subject.properties.level,
  ],
  programs: [
    'size(parameters.argv) > 0 && parameters.argv[0] in ["ls", "cat", "grep", "git"]',
    ({ parameters }) => parameters.argv.length > 0 && SAFE.has(parameters.argv[0] as string),
  ],
  "no word of": [
    '!parameters.argv.exists(word, word.contains("|") || word.contains(";"))',
    ({ parameters }) => !parameters.argv.some((word) => word.includes("|") || word.includes(";")),
  ],
  "every role": [
    'subject.properties.roles.all(role, role in ["reader", "writer", "deployer", "auditor"])',
    ({ subject }) =>
      subject.properties.roles.every((role) => ["reader", "writer", "deployer", "auditor"].includes(role)),
  ],
  choice: [
    "(context.mfa ? 5000 : 100) >= parameters.amount && subject.properties.score < 0.9",
    ({ context, parameters, subject }) =>
      (context.mfa ? 5000 : 100) >= parameters.amount && subject.properties.score < 0.9,
  ],
  "three rules in one": [
    '(subject.properties.team == "platform" && subject.properties.level > 8) || (context.mfa && "deployer" in subject.properties.roles) || resource.properties.size < 1000',
    ({ subject, context, resource }) =>
      (subject.properties.team === "platform" && subject.properties.level > 8) ||
      (context.mfa && subject.properties.roles.includes("deployer")) ||
      resource.properties.size < 1000,
  ],
}

/** Evaluations in one measurement, and measurements of each, in turn. */
const BATCH = 50_000
const ROUNDS = 7
const BY_HAND = "hand-written JavaScript"
type Engine = "Writ" | "@marcbachmann/cel-js" | "@bufbuild/cel" | "cel-js" | typeof BY_HAND
type Evaluate = () => unknown

/** Conditions as the daemon has them, linked from what another thread compiled, over bindings as a decision makes them. */
function compileOurs(): (name: string) => Evaluate {
  const names = Object.keys(CONDITIONS)
  const rules = Object.values(CONDITIONS).map(
    ([when], i) =>
      `  - { id: r${i}, effect: allow, subjects: [{ type: agent }], actions: [act], resources: [{ type: doc }], when: ${JSON.stringify(when)} }`,
  )
  const loaded = loadPolicy({ "policy.yaml": `version: "1"\n${TYPES}rules:\n${rules.join("\n")}\n` }, sha256)
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"))
  const { subject, resource } = REQUEST
  const roots = {
    ...REQUEST,
    subject: { ...subject, properties: { ...subject.properties, score: new Double(subject.properties.score) } },
    resource: {
      ...resource,
      properties: { ...resource.properties, labels: CelMap.of(Object.entries(resource.properties.labels)) },
    },
    now: null,
    constants: {},
    history: {},
  } satisfies Roots
  return (name) => {
    const condition = loaded.conditions.find(({ id }) => id === `r${names.indexOf(name)}`)?.condition
    if (!condition) throw new Error(`${name} is not compiled`)
    const bindings = condition.bind(roots)
    const layout = new Layout(loaded.bundle.types)
    const linked = linkCondition(condition.source, condition.toIr(new Map()), layout, new Map(), condition.histories)
    return () => linked.evaluate(bindings)
  }
}

/** As the engine has them: ints are bigints, and what a condition indexes is a Map where it wants one. */
function convert(value: unknown, asMap: boolean): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item) => convert(item, asMap))
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, convert(item, asMap)] as const)
  return asMap ? new Map(entries) : Object.fromEntries(entries)
}

function compileOthers(when: string): Record<Exclude<Engine, "Writ" | typeof BY_HAND>, Evaluate> {
  const roots = Object.keys(REQUEST)
  const bufbuild = plan(
    celEnv({ variables: Object.fromEntries(roots.map((root) => [root, CelScalar.DYN])) }),
    parseCel(when),
  )
  const maps = Object.fromEntries(Object.entries(REQUEST).map(([root, value]) => [root, convert(value, true)]))
  const marcbachmann = new Environment({ unlistedVariablesAreDyn: true }).parse(when)
  const objects = convert(REQUEST, false) as Record<string, unknown>
  const parsed = celJsParse(when)
  return {
    "@bufbuild/cel": () => bufbuild(maps as never),
    "@marcbachmann/cel-js": () => marcbachmann(objects),
    "cel-js": () => (parsed.isSuccess ? celJsEvaluate(parsed.cst, REQUEST) : undefined),
  }
}

/** Microseconds of one evaluation; null when it does not come out as it should. */
function measure(evaluate: Evaluate, expected: boolean): number | null {
  try {
    if (evaluate() !== expected) return null
  } catch {
    return null
  }
  const started = performance.now()
  let right = 0
  for (let i = 0; i < BATCH; i++) if (evaluate() === expected) right++
  const micros = ((performance.now() - started) * 1000) / BATCH
  return right === BATCH ? micros : null
}

const geometricMean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

/** A line for each condition, then each engine's time as a multiple of Writ's: geometric means over what both can do. */
export function benchCelEngines(print: (line: string) => void): void {
  const ours = compileOurs()
  const ratios = new Map<Engine, number[]>()
  for (const [name, [when, byHand]] of Object.entries(CONDITIONS)) {
    const expected = byHand(REQUEST)
    const engines: [Engine, Evaluate][] = [
      ["Writ", ours(name)],
      [BY_HAND, () => byHand(REQUEST)],
      ...(Object.entries(compileOthers(when)) as [Engine, Evaluate][]),
    ]
    const times = new Map<Engine, number[]>(engines.map(([engine]) => [engine, []]))
    for (let round = 0; round < ROUNDS; round++)
      for (const [engine, evaluate] of engines) {
        const micros = measure(evaluate, expected)
        if (micros !== null) times.get(engine)?.push(micros)
      }
    const mine = median(times.get("Writ") ?? [])
    const shown = engines.map(([engine]) => {
      const own = times.get(engine) ?? []
      if (own.length < ROUNDS) return `${engine} -`
      const micros = median(own)
      ratios.set(engine, [...(ratios.get(engine) ?? []), micros / mine])
      return `${engine} ${micros.toFixed(3)}`
    })
    print(`cel-engines  ${name.padEnd(20)} µs: ${shown.join(" · ")}`)
  }
  for (const [engine, own] of ratios)
    if (engine !== "Writ")
      print(
        `cel-engines  ${engine}: ${geometricMean(own).toFixed(2)} × Writ's time (${Math.min(...own).toFixed(2)}–${Math.max(...own).toFixed(2)}), geometric mean of ${own.length} conditions`,
      )
}
