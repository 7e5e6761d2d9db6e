/** What a test says of a request and of what only a daemon knows: its own keys over those of its defaults, by fixture or written out. */
import { parseTimestamp } from "../../cel/time.ts"
import type { JsonObject, JsonValue } from "../../formats/ports.ts"
import { suggest } from "../../formats/suggest.ts"
import type { Bundle } from "../bundle.ts"
import { CHOICES, KEYS } from "../keys.ts"
import { createParsePast, type ParsePast } from "../parse-assumptions.ts"
import { KEY, Reader, type Report } from "../reader.ts"
import type { Entity, LoadResult, Parameters } from "../types.ts"
import { parseExpectation } from "./parse-expectation.ts"
import type { TestCase } from "./test-case.ts"

type FixtureKind = (typeof KEYS.fixtures)[number]
const DEFAULT_AUDIENCE = "test"

/** Where a key was said last, and what. */
interface Said {
  readonly path: string
  readonly value: JsonValue
}
/** The defaults, a test, a row of its table: each later one says it over. */
export type Layer = { readonly path: string; readonly value: JsonObject }

/** Reads what a test, with its defaults or the rows of its table, says of one request. */
export class Situations {
  readonly #report: Report
  readonly #read: Reader
  readonly #fixtures: JsonObject
  readonly #bundle: Bundle
  readonly #past: ParsePast
  /** Does any condition of the bundle read `now`? */
  readonly #readsNow: boolean

  constructor(report: Report, fixtures: JsonObject, loaded: Extract<LoadResult, { ok: true }>) {
    this.#report = report
    this.#read = new Reader(report)
    this.#fixtures = fixtures
    this.#bundle = loaded.bundle
    this.#past = createParsePast(loaded)
    this.#readsNow = loaded.conditions.some(({ condition }) => condition.mentions("now"))
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
      assumptions: {
        runtime: read.oneOf(runtime.path, runtime.value, CHOICES.testedRuntime, "none"),
        history: this.#past.history(...this.#layered("histories", "history", layers)),
        used: this.#past.budgets(...this.#layered("budgets", "budgets", layers)),
        approval: this.#past.approval(...this.#layered("approvals", "approval", layers)),
      },
      supportedObligations: this.#supported(last("supported_obligations")),
      expect: parseExpectation(read, path, layers, this.#bundle),
    }
  }

  /** A name replaces what is there, a mapping changes it key by key, and null takes a key away. Null: no such fixture. */
  #merged(kind: FixtureKind, key: string, layers: readonly Layer[]): JsonObject | null | undefined {
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

  /** The same, to be read further: each part has its place where it was said last. */
  #layered(kind: FixtureKind, key: string, layers: readonly Layer[]): [Reader, string, JsonValue | undefined] {
    const placeOf = (path: string): string => {
      const within = path.replace(KEY, "").split("/").slice(1)
      for (const layer of [...layers].reverse()) {
        const said = layer.value[key]
        if (typeof said !== "string" && at(said, within) !== undefined) return `${layer.path}/${key}${path}`
        if (typeof said === "string") return `/fixtures/${kind}/${said}${path}`
      }
      return path === "" ? path : placeOf(path.slice(0, path.lastIndexOf("/")))
    }
    const read = new Reader((path, ...told) => this.#report(placeOf(path), ...told))
    return [read, "", this.#merged(kind, key, layers) ?? undefined]
  }

  #fixture(kind: FixtureKind, path: string, name: string): JsonObject | null {
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
    const entity = this.#read.object(at, merged, KEYS.entity)
    if (!merged) return { type: "", id: "", properties: {} }
    return {
      type: this.#read.text(`${at}/type`, entity["type"]),
      id: this.#read.text(`${at}/id`, entity["id"]),
      properties: this.#read.object(`${at}/properties`, entity["properties"], null),
    }
  }

  #action({ path, value }: Said): { readonly name: string; readonly properties: JsonObject } {
    if (typeof value !== "object" || value === null) return { name: this.#read.text(path, value), properties: {} }
    const action = this.#read.object(path, value, KEYS.action)
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
/** What stands at the end of this way; undefined: nothing. */
function at(value: JsonValue | undefined, way: readonly string[]): JsonValue | undefined {
  return way.reduce<JsonValue | undefined>((within, key) => {
    if (Array.isArray(within)) return (within as readonly JsonValue[])[Number(key)]
    return isMapping(within) ? within[key] : undefined
  }, value)
}
