/** From files, or from canonical bytes, to a compiled policy; or to the list of everything that is wrong. */
import { fromUtf8, toHex, utf8 } from "../formats/bytes.ts"
import { canonicalBytes, encodeCanonicalJson } from "../formats/canonical-json.ts"
import { hashLeaf, rootOfHashes } from "../formats/merkle.ts"
import type { JsonObject, JsonValue, Sha256 } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import {
  type Bundle,
  compileGlob,
  MAX_BUNDLE_BYTES,
  MAX_COST,
  MAX_FILES,
  type Properties,
  type Rule,
} from "./bundle.ts"
import { type Condition, compileCondition, type ROOTS, type Scope } from "./condition.ts"
import { parseBundle } from "./parse-bundle.ts"
import { createPolicy } from "./policy.ts"
import { type Place, problemAt, readYaml } from "./read-yaml.ts"
import { KEY } from "./reader.ts"
import { buildRuleIndex } from "./rule-index.ts"
import { positionInScalar } from "./scalar-position.ts"
import type { LoadResult, PolicyProblem } from "./types.ts"
import { constantValue, sampleValues, timestampOf } from "./values.ts"

/** Where to show a problem, by path into the merged bundle. `offset` counts from the start of the value. */
type Locate = (path: string, message: string, suggestion?: string, offset?: number) => PolicyProblem

/** `files` maps a path relative to the bundle's folder to its text. Same text, same digest, in whatever order. */
export function loadPolicy(files: Readonly<Record<string, string>>, sha256: Sha256): LoadResult {
  const merged = mergeFiles(files)
  if ("problems" in merged) return { ok: false, problems: merged.problems }
  return compile(merged.value, merged.locate, sha256)
}

/** The inverse of `Policy.canonicalBytes`. */
export function loadCanonicalPolicy(bytes: Uint8Array, sha256: Sha256): LoadResult {
  const nowhere: Locate = (path, message) => ({
    file: "canonical bundle",
    line: 1,
    column: 1,
    message: `${path.replace(KEY, "")}: ${message}`,
  })
  try {
    const value = parseStrictJson(fromUtf8(bytes), { maxDepth: 32, maxNodes: 5_000_000 })
    return compile(fromCanonical(value as JsonObject), nowhere, sha256)
  } catch (error) {
    return { ok: false, problems: [nowhere("", (error as Error).message)] }
  }
}

function compile(value: JsonValue, locate: Locate, sha256: Sha256): LoadResult {
  const problems: PolicyProblem[] = []
  const bundle = parseBundle(value, (path, message, suggestion) => problems.push(locate(path, message, suggestion)))
  if (problems.length > 0) return { ok: false, problems }
  const samples = new Samples(bundle)
  const condition = (path: string, source: string, rule: Rule | null): Condition => {
    const compiled = compileCondition(source, scopeOf(bundle, rule))
    if ("problems" in compiled) {
      for (const problem of compiled.problems)
        problems.push(locate(path, problem.message, problem.suggestion, problem.offset))
      return REFUSED
    }
    if (compiled.cost(0) > MAX_COST) {
      problems.push(locate(path, `The condition costs more than ${MAX_COST} units on every request.`))
      return REFUSED
    }
    const tried = compiled.evaluate(samples.for(rule))
    if (typeof tried !== "boolean" && tried.isTypeError)
      problems.push(locate(path, `The condition does not fit the declared types: ${tried.error}.`))
    return compiled
  }
  const paths = new Map(
    ((value as JsonObject)["rules"] as readonly JsonObject[] | undefined)?.map((rule, i) => [
      rule["id"],
      `/rules/${i}/when`,
    ]) ?? [],
  )
  const signalPaths = new Map(
    (((value as JsonObject)["risk"] as JsonObject | undefined)?.["signals"] as readonly JsonObject[] | undefined)?.map(
      (signal, i) => [signal["id"], `/risk/signals/${i}/when`],
    ) ?? [],
  )
  for (const [name, source] of Object.entries(bundle.variables)) {
    const compiled = compileCondition(source, scopeOf(bundle, null))
    if ("problems" in compiled)
      for (const problem of compiled.problems)
        problems.push(locate(`/variables/${name}`, problem.message, problem.suggestion, problem.offset))
  }
  const rules = bundle.rules.map((rule, order) => ({
    rule,
    order,
    when: condition(paths.get(rule.id) ?? "", rule.when, rule),
  }))
  const signals = bundle.risk.signals.map((signal) => ({
    ...signal,
    when: condition(signalPaths.get(signal.id) ?? "", signal.when, null),
  }))
  if (problems.length > 0) return { ok: false, problems }
  const canonical = canonicalBytes(toCanonical(bundle))
  return {
    ok: true,
    policy: createPolicy({
      bundle,
      digest: digestOf(bundle, sha256),
      canonicalBytes: canonical,
      index: buildRuleIndex(rules, bundle.types.actions),
      signals,
      usesNow: [...rules, ...signals].some(({ when }) => when.mentions("now")),
    }),
    conditions: [
      ...rules.map(({ rule, when }) => ({ id: rule.id, condition: when })),
      ...signals.map(({ id, when }) => ({ id, condition: when })),
    ],
  }
}

const REFUSED: Condition = {
  source: "",
  ast: undefined as never,
  cost: () => 0,
  mentions: () => false,
  evaluate: () => ({ error: "refused", isTypeError: false }),
}

/** Everything but the rules, then the rules by id: leaves of a Merkle tree, so that evidence can hold just the candidates. */
export function digestOf(bundle: Bundle, sha256: Sha256): string {
  const { rules, ...header } = bundle
  const leaves = [header, ...rules].map((part) =>
    hashLeaf(sha256, utf8(encodeCanonicalJson(part as unknown as JsonValue))),
  )
  return toHex(rootOfHashes(sha256, leaves))
}

/** Durations are written in milliseconds there; everything else as in the YAML. */
function toCanonical(bundle: Bundle): JsonValue {
  return bundle as unknown as JsonValue
}

function fromCanonical(value: JsonObject): JsonValue {
  const toText = (ms: JsonValue | undefined) => (typeof ms === "number" ? `${ms}ms` : undefined)
  const rules = (value["rules"] as readonly JsonObject[]).map((rule) => {
    const token = rule["token"] as JsonObject
    const ttl = toText(token["ttl_ms"])
    const duration = toText(token["max_duration_ms"])
    return {
      ...rule,
      token: {
        ...(token["use"] !== undefined && { use: token["use"] }),
        ...(ttl && { ttl }),
        ...(duration && { max_duration: duration }),
      },
    }
  })
  return { ...value, rules } as JsonValue
}

/** Mappings are joined, lists appended; the same key in two files is refused. Files named *_test.yaml are not part of it. */
function mergeFiles(
  files: Readonly<Record<string, string>>,
): { readonly value: JsonValue; readonly locate: Locate } | { readonly problems: readonly PolicyProblem[] } {
  const names = Object.keys(files)
    .filter((name) => /\.ya?ml$/.test(name) && !/_test\.ya?ml$/.test(name))
    .sort()
  const first = names[0] ?? "."
  const fail = (file: string, message: string) => ({ problems: [{ file, line: 1, column: 1, message }] })
  if (names.length === 0) return fail(".", "There is no policy file (*.yaml) in this folder.")
  if (names.length > MAX_FILES) return fail(".", `A bundle has at most ${MAX_FILES} files.`)
  if (names.reduce((sum, name) => sum + utf8(files[name] as string).length, 0) > MAX_BUNDLE_BYTES)
    return fail(".", `A bundle has at most ${MAX_BUNDLE_BYTES} bytes.`)
  const places = new Map<string, Place>()
  const problems: PolicyProblem[] = []
  const root = emptyMapping()
  for (const name of names) {
    const read = readYaml(name, files[name] as string)
    if ("problems" in read) problems.push(...read.problems)
    else merge(root, read.value, "", "", read.places, name)
  }
  if (problems.length > 0) return { problems }
  const locate: Locate = (path, message, suggestion, offset = 0) => {
    let at = path
    while (!places.has(at) && at !== "") at = at.slice(0, at.lastIndexOf("/"))
    const place = places.get(at) ?? { file: first, offset: 0 }
    const text = files[place.file] as string
    return problemAt(
      { file: place.file, offset: positionInScalar(text, place.offset, offset) },
      text,
      message,
      suggestion,
    )
  }
  return { value: root, locate }

  function merge(
    into: Record<string, JsonValue>,
    from: JsonValue,
    path: string,
    source: string,
    from_places: ReadonlyMap<string, Place>,
    file: string,
  ): void {
    if (from === null) return
    if (typeof from !== "object" || Array.isArray(from)) {
      problems.push(problemAt({ file, offset: 0 }, files[file] as string, "A policy file is a mapping."))
      return
    }
    for (const [key, value] of Object.entries(from as JsonObject)) {
      const to = `${path}/${key}`
      const old = into[key]
      if (Array.isArray(value) && (old === undefined || Array.isArray(old))) {
        const base = (old as readonly JsonValue[] | undefined) ?? []
        into[key] = [...base, ...value]
        value.forEach((_, i) => copyPlaces(`${source}/${key}/${i}`, `${to}/${base.length + i}`, from_places))
        copyPlace(`${source}/${key}`, to, from_places)
      } else if (isMapping(value) && (old === undefined || isMapping(old)) && path.split("/").length < 3) {
        copyPlace(`${source}/${key}`, to, from_places)
        const inner = Object.assign(emptyMapping(), old)
        merge(inner, value, to, `${source}/${key}`, from_places, file)
        into[key] = inner
      } else if (old !== undefined) {
        const place = from_places.get(`${source}/${key}${KEY}`) ?? { file, offset: 0 }
        problems.push(problemAt(place, files[file] as string, `"${to.slice(1)}" is given in two files.`))
      } else {
        into[key] = value
        copyPlaces(`${source}/${key}`, to, from_places)
      }
    }
  }
  function copyPlace(from: string, to: string, source: ReadonlyMap<string, Place>): void {
    for (const end of ["", KEY]) {
      const place = source.get(from + end)
      if (place && !places.has(to + end)) places.set(to + end, place)
    }
  }
  function copyPlaces(from: string, to: string, source: ReadonlyMap<string, Place>): void {
    for (const [path, place] of source) {
      if (path === from || path === from + KEY || path.startsWith(`${from}/`))
        places.set(to + path.slice(from.length), place)
    }
  }
}

/** Without a prototype, so that a key named `__proto__` or `constructor` is only a key. */
function emptyMapping(): Record<string, JsonValue> {
  return Object.create(null) as Record<string, JsonValue>
}

function isMapping(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** What the names in a condition mean: for a rule, by the types that it can match; elsewhere, by all declared types. */
function scopeOf(bundle: Bundle, rule: Rule | null): Scope {
  const { subjects, resources, actions, context } = bundle.types
  const named = (
    table: { readonly [type: string]: { readonly properties: Properties } },
    types: readonly string[] | undefined,
  ) => (types ?? Object.keys(table)).flatMap((type) => (table[type] ? [table[type].properties] : []))
  const actionNames = Object.keys(actions).filter(
    (name) => rule === null || rule.actions.some((glob) => compileGlob(glob)(name)),
  )
  const tables: Record<string, readonly Properties[]> = {
    subject: named(
      subjects,
      rule?.subjects.map(({ type }) => type),
    ),
    resource: named(
      resources,
      rule?.resources.map(({ type }) => type),
    ),
    action: actionNames.map((name) => actions[name]?.properties ?? {}),
    context: [context],
    // A request may come without parameters, and an opaque rule sees none at all.
    parameters: rule?.parameters === "opaque" ? [] : actionNames.map((name) => actions[name]?.parameters ?? {}),
  }
  const presenceIn = (all: readonly Properties[], name: string) => {
    if (!all.some((properties) => Object.hasOwn(properties, name))) return "unknown" as const
    return all.every((properties) => Object.hasOwn(properties, name) && properties[name]?.required)
      ? ("required" as const)
      : ("optional" as const)
  }
  return {
    variables: bundle.variables,
    get largestConstant() {
      return Object.values(bundle.constants).reduce<number>(
        (most, value) => Math.max(most, Array.isArray(value) ? value.length : 0),
        0,
      )
    },
    presence(root, path) {
      const [first, second] = path
      if (first === undefined) return "required"
      if (root === "constants") return Object.hasOwn(bundle.constants, first) ? "required" : "unknown"
      if (root === "context" || root === "parameters") return presenceIn(tables[root] ?? [], first)
      if (root === "audience" || root === "now") return "unknown"
      if (first === "id" || first === "type") return root === "action" ? "unknown" : "required"
      if (first === "name") return root === "action" ? "required" : "unknown"
      if (first !== "properties") return "unknown"
      return second === undefined ? "required" : presenceIn(tables[root] ?? [], second)
    },
    known(root, path) {
      const names = (all: readonly Properties[]) => [...new Set(all.flatMap((properties) => Object.keys(properties)))]
      if (root === "constants") return Object.keys(bundle.constants)
      if (root === "context" || root === "parameters" || path[0] === "properties") return names(tables[root] ?? [])
      return root === "action" ? ["name", "properties"] : ["type", "id", "properties"]
    },
  }
}

/** Requests with a value of every declared type, to try each condition on when it is loaded. */
class Samples {
  readonly #bundle: Bundle
  constructor(bundle: Bundle) {
    this.#bundle = bundle
  }

  for(rule: Rule | null): Record<(typeof ROOTS)[number], never> {
    const { subjects, resources, actions, context } = this.#bundle.types
    const merge = (all: readonly Properties[]) => sampleValues(Object.assign({}, ...all) as Properties)
    const only = <T>(table: { readonly [key: string]: T }, keep: (key: string) => boolean) =>
      Object.entries(table).flatMap(([key, value]) => (keep(key) ? [value] : []))
    const action = only(actions, (name) => rule === null || rule.actions.some((glob) => compileGlob(glob)(name)))
    const entity = (all: readonly { readonly properties: Properties }[]) =>
      new Map<string, unknown>([
        ["type", "a"],
        ["id", "a"],
        ["properties", merge(all.map(({ properties }) => properties))],
      ])
    return {
      subject: entity(
        only(subjects, (type) => rule === null || rule.subjects.some((selector) => selector.type === type)),
      ),
      resource: entity(
        only(resources, (type) => rule === null || rule.resources.some((selector) => selector.type === type)),
      ),
      action: new Map<string, unknown>([
        ["name", "a"],
        ["properties", merge(action.map(({ properties }) => properties))],
      ]),
      context: sampleValues(context),
      parameters: merge(action.map(({ parameters }) => parameters ?? {})),
      audience: "a",
      now: timestampOf(1_767_225_600_000),
      constants: new Map(Object.entries(this.#bundle.constants).map(([name, value]) => [name, constantValue(value)])),
    } as unknown as Record<(typeof ROOTS)[number], never>
  }
}
