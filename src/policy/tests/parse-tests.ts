/** Untyped data to test cases. What a table's rows do not say is what their test says, and what that does not, the defaults. */
import { parseTimestamp } from "../../cel/time.ts"
import type { JsonObject, JsonValue } from "../../formats/ports.ts"
import { suggest } from "../../formats/suggest.ts"
import type { Bundle } from "../bundle.ts"
import { TIERS } from "../parse-bundle.ts"
import { Reader, type Report } from "../reader.ts"
import { type Entity, type Parameters, POLICY_REASON_CODES } from "../types.ts"
import { type Expectation, MAX_NAME_CHARS, MAX_TEST_CASES, type TestCase } from "./test-case.ts"

export const FIXTURE_KINDS = ["subjects", "resources", "contexts", "parameters", "times"] as const
/** What a test, a row of its table or the defaults may say of a request and its decision. */
export const SITUATION_KEYS = [
  "subject",
  "action",
  "resource",
  "context",
  "parameters",
  "opaque",
  "audience",
  "now",
  "runtime",
  "supported_obligations",
  "expect",
] as const
export const EXPECT_KEYS = ["decision", "reasons", "rules", "obligations", "risk", "signals", "token"] as const
export const DECISIONS = ["ALLOW", "DENY", "REQUIRE_APPROVAL"] as const
const DEFAULT_AUDIENCE = "test"

/** Where a key was said last, and what. */
interface Said {
  readonly path: string
  readonly value: JsonValue
}
type Layer = { readonly path: string; readonly value: JsonObject }

/** `readsNow`: does any condition of the bundle read `now`? */
export function parseTests(value: JsonValue, bundle: Bundle, readsNow: boolean, report: Report): readonly TestCase[] {
  const read = new Reader(report)
  const root = read.object("", value, ["fixtures", "defaults", "tests"])
  const fixtures = read.object("/fixtures", root["fixtures"], FIXTURE_KINDS)
  for (const kind of FIXTURE_KINDS) read.object(`/fixtures/${kind}`, fixtures[kind], null)
  const defaults = { path: "/defaults", value: read.object("/defaults", root["defaults"], SITUATION_KEYS) }
  const situations = new Situations(read, fixtures, bundle, readsNow)
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
    const test = read.object(path, raw, ["name", "cases", ...SITUATION_KEYS])
    const name = nameAt(`${path}/name`, test["name"])
    const layers = [defaults, { path, value: test }]
    if (test["cases"] === undefined) return add(path, name, layers)
    const rows = read.list(`${path}/cases`, test["cases"])
    if (rows.length === 0) read.fault(`${path}/cases`, "A table has at least one row.", "Leave `cases` out.")
    rows.forEach((row, j) => {
      const at = `${path}/cases/${j}`
      const said = read.object(at, row, ["name", ...SITUATION_KEYS])
      const rowName = said["name"] === undefined ? String(j + 1) : nameAt(`${at}/name`, said["name"])
      add(at, `${name} > ${rowName}`, [...layers, { path: at, value: said }])
    })
  })
  if (cases.length === 0) read.fault("/tests", "There is no test.")
  return cases
}

class Situations {
  readonly #read: Reader
  readonly #fixtures: JsonObject
  readonly #bundle: Bundle
  readonly #readsNow: boolean

  constructor(read: Reader, fixtures: JsonObject, bundle: Bundle, readsNow: boolean) {
    this.#read = read
    this.#fixtures = fixtures
    this.#bundle = bundle
    this.#readsNow = readsNow
  }

  read(path: string, layers: readonly Layer[]): Omit<TestCase, "name" | "path"> {
    const read = this.#read
    const last = (key: string): Said => {
      const layer = layers.findLast(({ value }) => value[key] !== undefined)
      return { path: `${layer?.path ?? path}/${key}`, value: layer?.value[key] as JsonValue }
    }
    const audience = last("audience")
    const runtime = last("runtime")
    return {
      request: {
        subject: this.#entity("subjects", "subject", path, layers),
        action: this.#action(last("action")),
        resource: this.#entity("resources", "resource", path, layers),
        context: this.#merged("contexts", "context", layers) ?? {},
        parameters: this.#parameters(layers, last("opaque")),
        audience: read.text(audience.path, audience.value, DEFAULT_AUDIENCE),
        runtime: null,
        nowMs: this.#now(path, last("now")),
      },
      runtime: read.oneOf(runtime.path, runtime.value, ["none", "trusted"], "none"),
      supportedObligations: this.#supported(last("supported_obligations")),
      expect: this.#expectation(path, layers),
    }
  }

  /** A name replaces what is there, a mapping changes it key by key, and null takes a key away. Null: no such fixture. */
  #merged(kind: (typeof FIXTURE_KINDS)[number], key: string, layers: readonly Layer[]): JsonObject | null | undefined {
    let merged: JsonObject | null | undefined
    for (const { path, value } of layers) {
      const said = value[key]
      if (said === undefined) continue
      const at = `${path}/${key}`
      if (said === null) merged = undefined
      else if (typeof said === "string") merged = this.#fixture(kind, at, said)
      else merged = overlay(merged ?? {}, this.#read.object(at, said, null))
    }
    return merged
  }

  #fixture(kind: (typeof FIXTURE_KINDS)[number], path: string, name: string): JsonObject | null {
    const named = this.#fixtures[kind]
    const known = typeof named === "object" && named !== null ? (named as JsonObject) : {}
    if (!Object.hasOwn(known, name)) {
      this.#read.fault(path, `There is no "${name}" in fixtures.${kind}.`, suggest(name, Object.keys(known)))
      return null
    }
    return this.#read.object(`/fixtures/${kind}/${name}`, known[name], null)
  }

  #entity(kind: "subjects" | "resources", key: string, path: string, layers: readonly Layer[]): Entity {
    const merged = this.#merged(kind, key, layers)
    const at = `${layers.findLast(({ value }) => value[key] !== undefined)?.path ?? path}/${key}`
    if (merged === undefined) this.#read.fault(path, `A test says its ${key}.`)
    const entity = this.#read.object(at, merged, ["type", "id", "properties"])
    if (!merged) return { type: "", id: "", properties: {} }
    return {
      type: this.#read.text(`${at}/type`, entity["type"]),
      id: this.#read.text(`${at}/id`, entity["id"]),
      properties: this.#read.object(`${at}/properties`, entity["properties"], null),
    }
  }

  #action({ path, value }: Said): { readonly name: string; readonly properties: JsonObject } {
    if (typeof value !== "object" || value === null) return { name: this.#read.text(path, value), properties: {} }
    const action = this.#read.object(path, value, ["name", "properties"])
    return {
      name: this.#read.text(`${path}/name`, action["name"]),
      properties: this.#read.object(`${path}/properties`, action["properties"], null),
    }
  }

  #parameters(layers: readonly Layer[], opaque: Said): Parameters {
    const value = this.#merged("parameters", "parameters", layers)
    if (!this.#read.flag(opaque.path, opaque.value, false)) return value ? { kind: "json", value } : { kind: "absent" }
    if (value) this.#read.fault(opaque.path, "Of opaque parameters nothing is known but their digest.")
    return { kind: "opaque" }
  }

  #now(path: string, { path: at, value }: Said): number {
    if (value === undefined) {
      if (this.#readsNow)
        this.#read.fault(path, "Conditions of this bundle read `now`, so a test says when it is.", "Add `now: …`.")
      return 0
    }
    const text = this.#read.text(at, value)
    const times = this.#fixtures["times"]
    const named =
      typeof times === "object" && times !== null && Object.hasOwn(times, text)
        ? (times as JsonObject)[text]
        : undefined
    const instant = parseTimestamp(typeof named === "string" ? named : text)
    if (instant) return instant.seconds * 1000 + Math.floor(instant.nanos / 1_000_000)
    const known = typeof times === "object" && times !== null ? Object.keys(times) : []
    this.#read.fault(
      named === undefined ? at : `/fixtures/times/${text}`,
      "This is neither a time (RFC 3339) nor in fixtures.times.",
      suggest(text, known),
    )
    return 0
  }

  /** The default is a caller that can meet all that the bundle asks for. */
  #supported({ path, value }: Said): readonly string[] {
    if (value === undefined) return this.#bundle.rules.flatMap((rule) => rule.obligations.map(({ type }) => type))
    return this.#read.list(path, value).map((item, i) => this.#read.text(`${path}/${i}`, item))
  }

  #expectation(path: string, layers: readonly Layer[]): Expectation {
    const read = this.#read
    const said = new Map<string, Said>()
    for (const { path: within, value } of layers) {
      const at = `${within}/expect`
      for (const [key, expected] of Object.entries(read.object(at, value["expect"], EXPECT_KEYS)))
        said.set(key, { path: `${at}/${key}`, value: expected })
    }
    if (!said.has("decision"))
      read.fault(path, "A test says what decision it expects.", "Add `expect: { decision: … }`.")
    const decision = said.get("decision") ?? { path, value: "DENY" }
    const { rules, risk } = this.#bundle
    const list = <T extends string>(key: string, choices: readonly T[]): readonly T[] | undefined => {
      const given = said.get(key)
      if (!given || given.value === null) return undefined
      const items = read.list(given.path, given.value).map((item, i) => {
        const at = `${given.path}/${i}`
        const text = read.text(at, item)
        const what = key === "reasons" ? "There is no reason code" : `The bundle's ${key} are without`
        if (text !== "" && !(choices as readonly string[]).includes(text))
          read.fault(at, `${what} "${text}".`, suggest(text, choices))
        return text as T
      })
      return [...new Set(items)].sort()
    }
    const tier = said.get("risk")
    const token = said.get("token")
    const lists = {
      reasons: list("reasons", POLICY_REASON_CODES),
      rules: list(
        "rules",
        rules.map(({ id }) => id),
      ),
      obligations: list(
        "obligations",
        rules.flatMap(({ obligations }) => obligations.map(({ id }) => id)),
      ),
      signals: list(
        "signals",
        risk.signals.map(({ id }) => id),
      ),
    }
    return {
      decision: read.oneOf(decision.path, decision.value, DECISIONS),
      ...(lists.reasons && { reasons: lists.reasons }),
      ...(lists.rules && { rules: lists.rules }),
      ...(lists.obligations && { obligations: lists.obligations }),
      ...(lists.signals && { signals: lists.signals }),
      ...(tier && tier.value !== null && { risk: read.oneOf(tier.path, tier.value, TIERS) }),
      ...(token && token.value !== null && { token: this.#token(token) }),
    }
  }

  #token({ path, value }: Said): NonNullable<Expectation["token"]> {
    const token = this.#read.object(path, value, ["ttl", "use", "max_duration"])
    const ttlMs = this.#read.duration(`${path}/ttl`, token["ttl"])
    const maxDurationMs = this.#read.duration(`${path}/max_duration`, token["max_duration"])
    return {
      ...(ttlMs !== undefined && { ttlMs }),
      ...(maxDurationMs !== undefined && { maxDurationMs }),
      ...(token["use"] !== undefined && { use: this.#read.oneOf(`${path}/use`, token["use"], ["redeem", "offline"]) }),
    }
  }
}

/** Mappings within mappings are changed key by key too. */
function overlay(base: JsonObject, change: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = Object.assign(Object.create(null), base) as Record<string, JsonValue>
  for (const [key, value] of Object.entries(change)) {
    const old = merged[key]
    if (value === null) delete merged[key]
    else merged[key] = isMapping(value) ? overlay(isMapping(old) ? old : {}, value) : value
  }
  return merged
}
function isMapping(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
