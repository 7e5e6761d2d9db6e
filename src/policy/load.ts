/** From files, or from canonical bytes, to a compiled policy; or to the list of everything that is wrong. */

import type { Value } from "../cel/value.ts"
import { fromUtf8, toHex, utf8 } from "../formats/bytes.ts"
import { canonicalBytes, encodeCanonicalJson } from "../formats/canonical-json.ts"
import { hashLeaf, rootOfHashes } from "../formats/merkle.ts"
import type { JsonObject, JsonValue, Sha256 } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import { type Bundle, MAX_PROBLEMS, type Rule, type Signal } from "./bundle.ts"
import { type Condition, compileCondition } from "./condition.ts"
import { Layout } from "./layout.ts"
import { type CompileOne, compileBudgets, compileHistories, type PastOf, withWindows } from "./load-past.ts"
import type { Locate } from "./locate.ts"
import { mergeFiles } from "./merge-files.ts"
import { parseBundle } from "./parse-bundle.ts"
import { limitText } from "./parse-past.ts"
import { createPolicy } from "./policy.ts"
import { KEY } from "./reader.ts"
import { RuleIndex } from "./rule-index.ts"
import { createScopes } from "./scopes.ts"
import type { LoadResult, PolicyProblem } from "./types.ts"
import { constantValues } from "./values.ts"

/** `files` maps a path relative to the bundle's folder to its text. Same text, same digest, in whatever order. */
export function loadPolicy(files: Readonly<Record<string, string>>, sha256: Sha256): LoadResult {
  return toLoadResult(compileFiles(files, sha256, (condition) => condition))
}

/** The inverse of `Policy.canonicalBytes`. */
export function loadCanonicalPolicy(bytes: Uint8Array, sha256: Sha256): LoadResult {
  return toLoadResult(compileCanonical(bytes, sha256, (condition) => condition))
}

/** What one condition is compiled to; `id` names the rule or signal, null: it is an expression. Equal ones are compiled once. */
export type Keep<T> = (condition: Condition, id: string | null, constants: ReadonlyMap<string, Value>) => T

export type Compiled<T> =
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }
  | {
      readonly ok: true
      readonly bundle: Bundle
      readonly layout: Layout
      readonly digest: string
      readonly canonicalBytes: Uint8Array
      readonly rules: readonly { readonly rule: Rule; readonly order: number; readonly when: T }[]
      readonly signals: readonly (Omit<Signal, "when"> & { readonly when: T })[]
      /** Null: the bundle declares neither histories nor budgets. */
      readonly past: PastOf<T> | null
      readonly usesNow: boolean
    }

export function compileFiles<T>(files: Readonly<Record<string, string>>, sha256: Sha256, keep: Keep<T>): Compiled<T> {
  const merged = mergeFiles(files)
  if ("problems" in merged) return { ok: false, problems: merged.problems }
  return compile(merged.value, merged.locate, sha256, keep)
}

export function compileCanonical<T>(bytes: Uint8Array, sha256: Sha256, keep: Keep<T>): Compiled<T> {
  const nowhere: Locate = (path, message) => ({
    file: "canonical bundle",
    line: 1,
    column: 1,
    message: `${path.replace(KEY, "")}: ${message}`,
  })
  try {
    const value = parseStrictJson(fromUtf8(bytes), { maxDepth: 32, maxNodes: 5_000_000 })
    return compile(fromCanonical(value as JsonObject), nowhere, sha256, keep)
  } catch (error) {
    return { ok: false, problems: [nowhere("", (error as Error).message)] }
  }
}

function toLoadResult(compiled: Compiled<Condition>): LoadResult {
  if (!compiled.ok) return compiled
  const { bundle, rules, signals } = compiled
  const index = new RuleIndex(bundle.types.actions)
  for (const rule of rules) index.add(rule)
  return {
    ok: true,
    policy: createPolicy({ ...compiled, index }),
    bundle,
    conditions: [
      ...rules.map(({ rule, when }) => ({ kind: "rule" as const, id: rule.id, condition: when })),
      ...signals.map(({ id, when }) => ({ kind: "signal" as const, id, condition: when })),
    ],
  }
}

function compile<T>(value: JsonValue, locate: Locate, sha256: Sha256, keep: Keep<T>): Compiled<T> {
  const problems: PolicyProblem[] = []
  const report = (...problem: Parameters<Locate>) => {
    if (problems.length < MAX_PROBLEMS) problems.push(locate(...problem))
  }
  const bundle = parseBundle(value, report)
  if (problems.length > 0) return { ok: false, problems }
  const constants = new Map(Object.entries(constantValues(bundle.constants)))
  const layout = new Layout(bundle.types)
  const scopes = createScopes(bundle, constants, layout)
  const kept = new Map<string, T>()
  const windows = new Map<string, Set<number>>()
  let usesNow = false
  const fault = (path: string, message: string) => report(path, message)
  const expression: CompileOne<T> = (path, source, asked, wants) => {
    const compiled = compileCondition(source, scopes(asked).scope, wants)
    if ("problems" in compiled) {
      for (const problem of compiled.problems) report(path, problem.message, problem.suggestion, problem.offset)
      return undefined
    }
    usesNow ||= compiled.mentions("now")
    return { condition: compiled, kept: keep(compiled, null, constants) }
  }
  const histories = compileHistories(bundle, expression, fault)
  const sums = new Map(histories.map(({ name, sum }) => [name, sum]))
  /** Undefined where there is a problem with it. */
  const condition = (path: string, source: string, id: string, rule: Rule | null): T | undefined => {
    const { key, scope } = scopes(rule)
    const known = kept.get(`${key} ${source}`)
    if (known !== undefined || problems.length >= MAX_PROBLEMS) return known
    const compiled = compileCondition(source, { ...scope, histories: sums })
    if ("problems" in compiled) {
      for (const problem of compiled.problems) report(path, problem.message, problem.suggestion, problem.offset)
      return undefined
    }
    if (compiled.constant === false) {
      report(path, "This is false on every request, so what it decides can never match.")
      return undefined
    }
    usesNow ||= compiled.mentions("now")
    for (const { name, windowMs } of compiled.histories)
      windows.set(name, (windows.get(name) ?? new Set()).add(windowMs))
    const made = keep(compiled, id, constants)
    kept.set(`${key} ${source}`, made)
    return made
  }
  const { rules: ruleList, risk } = value as {
    rules?: readonly JsonObject[]
    risk?: { signals?: readonly JsonObject[] }
  }
  const paths = new Map(ruleList?.map((rule, i) => [rule["id"], `/rules/${i}/when`]))
  const signalPaths = new Map(risk?.signals?.map((signal, i) => [signal["id"], `/risk/signals/${i}/when`]))
  for (const [name, source] of Object.entries(bundle.variables)) {
    const compiled = compileCondition(source, { ...scopes(null).scope, histories: sums }, "anything")
    if ("problems" in compiled)
      for (const problem of compiled.problems)
        report(`/variables/${name}`, problem.message, problem.suggestion, problem.offset)
  }
  const rules = bundle.rules.map((rule, order) => ({
    rule,
    order,
    when: condition(paths.get(rule.id) ?? "", rule.when, rule.id, rule) as T,
  }))
  const signals = bundle.risk.signals.map((signal) => ({
    ...signal,
    when: condition(signalPaths.get(signal.id) ?? "", signal.when, signal.id, null) as T,
  }))
  const budgets = compileBudgets(bundle, expression, fault)
  const past =
    histories.length + budgets.length === 0 ? null : { histories: withWindows(histories, windows, fault), budgets }
  if (problems.length > 0) return { ok: false, problems }
  const canonical = canonicalBytes(toCanonical(bundle))
  return {
    ok: true,
    bundle,
    layout,
    digest: digestOf(bundle, sha256),
    canonicalBytes: canonical,
    rules,
    signals,
    past,
    usesNow,
  }
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
  const rules = (value["rules"] as readonly JsonObject[]).map(({ approve_within_ms, ...rule }) => {
    const token = rule["token"] as JsonObject
    const within = toText(approve_within_ms)
    const ttl = toText(token["ttl_ms"])
    const duration = toText(token["max_duration_ms"])
    return {
      ...rule,
      ...(within && { approve_within: within }),
      token: {
        ...(token["use"] !== undefined && { use: token["use"] }),
        ...(ttl && { ttl }),
        ...(duration && { max_duration: duration }),
      },
    }
  })
  const budgets = Object.entries((value["budgets"] ?? {}) as JsonObject).map(([name, raw]) => {
    const { limit_micros, window_ms, ...budget } = raw as JsonObject
    const window = toText(window_ms)
    return [name, { ...budget, limit: limitText(limit_micros as number), ...(window && { window }) }] as const
  })
  return { ...value, rules, ...(budgets.length > 0 && { budgets: Object.fromEntries(budgets) }) } as JsonValue
}
