/** Untyped data to a Bundle. Refuses what could be read in two ways. */

import { parseTimestamp } from "../cel/time.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { MEASURED, type Measured } from "../formats/runtime-messages.ts"
import { suggest } from "../formats/suggest.ts"
import {
  type ActionType,
  APPROVAL_LIFE_MS,
  type Bundle,
  MAX_APPROVALS,
  MAX_POINTS,
  MAX_REFERENCE_VALUES,
  MAX_RULES,
  MAX_VERSION_CHARS,
  type Properties,
  type Property,
  type Rule,
  type RuntimeRule,
  type Selector,
  type Signal,
  type SubjectType,
  type ValueType,
} from "./bundle.ts"
import { CHOICES, KEYS } from "./keys.ts"
import { actionGlobs, mapValues, NAME } from "./parse-parts.ts"
import { parseBudgets, parseHistories } from "./parse-past.ts"
import { KEY, Reader, type Report } from "./reader.ts"

export const TYPE_NAME = /^[a-z][a-z0-9_.-]{0,63}$/
export const ACTION_NAME = /^[A-Za-z0-9_.:/-]{1,128}$/
export const RULE_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/
/** A digest, or the name of Reference Values. */
export const MEASUREMENT = /^([0-9a-f]{64}|@[a-z0-9_.-]{1,128})$/
const SCALARS = ["string", "int", "double", "bool", "timestamp", "duration"]
export const VALUE_TYPES = [
  ...SCALARS,
  ...SCALARS.map((type) => `list<${type}>`),
  ...SCALARS.map((type) => `map<${type}>`),
]
export function parseBundle(value: JsonValue, report: Report): Bundle {
  const read = new Reader(report)
  const root = read.object("", value, KEYS.bundle)
  const types = read.object("/types", root["types"], KEYS.types)
  const declared = {
    subjects: mapValues(read, "/types/subjects", types["subjects"], TYPE_NAME, (path, raw): SubjectType => {
      const type = read.object(path, raw, KEYS.subjectType)
      return {
        known: read.oneOf(`${path}/known`, type["known"], CHOICES.known, "listed"),
        properties: properties(read, `${path}/properties`, type["properties"]),
      }
    }),
    resources: mapValues(read, "/types/resources", types["resources"], TYPE_NAME, (path, raw) => ({
      properties: properties(read, `${path}/properties`, read.object(path, raw, KEYS.resourceType)["properties"]),
    })),
    actions: mapValues(read, "/types/actions", types["actions"], ACTION_NAME, (path, raw): ActionType => {
      const type = read.object(path, raw, KEYS.actionType)
      return {
        properties: properties(read, `${path}/properties`, type["properties"]),
        parameters:
          type["parameters"] === undefined || type["parameters"] === null
            ? null
            : properties(read, `${path}/parameters`, type["parameters"]),
      }
    }),
    context: properties(read, "/types/context", types["context"]),
  }
  const version = read.text("/version", root["version"])
  if (version.length > MAX_VERSION_CHARS)
    read.fault("/version", `A version has at most ${MAX_VERSION_CHARS} characters.`)
  const rules = read.list("/rules", root["rules"]).map((raw, i) => parseRule(read, `/rules/${i}`, raw, declared))
  if (rules.length > MAX_RULES) read.fault("/rules", `A bundle holds at most ${MAX_RULES} rules.`)
  refuseAmbiguity(read, rules)
  const history = parseHistories(read, root["history"], Object.keys(declared.actions))
  const budgets = parseBudgets(read, root["budgets"], rules)
  return {
    version,
    ...parseWindow(read, root),
    types: declared,
    subjects: parseSubjects(read, root["subjects"], declared.subjects),
    runtimes: parseRuntimes(read, root["runtimes"]),
    constants: parseConstants(read, root["constants"]),
    variables: mapValues(read, "/variables", root["variables"], NAME, (path, raw) => read.text(path, raw)),
    risk: parseRisk(read, root["risk"]),
    ...(history && { history }),
    ...(budgets && { budgets }),
    rules: [...rules].sort((a, b) => compare(a.id, b.id)),
  }
}

function parseWindow(read: Reader, root: JsonObject): Pick<Bundle, "not_before" | "not_after"> {
  const moment = (key: "not_before" | "not_after") => {
    if (root[key] === undefined || root[key] === null) return undefined
    const value = root[key]
    const at = typeof value === "string" ? parseTimestamp(value) : null
    // A record's time has milliseconds: what is finer could not be compared with it.
    if (at && at.nanos % 1_000_000 === 0) return new Date(at.seconds * 1000 + at.nanos / 1_000_000).toISOString()
    read.fault(`/${key}`, "This must be a time such as 2026-01-31T12:00:00Z (RFC 3339, milliseconds at the finest).")
    return undefined
  }
  const notBefore = moment("not_before")
  const notAfter = moment("not_after")
  if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter)
    read.fault("/not_after", "The bundle would end before it begins, so it could never decide.")
  return {
    ...(notBefore !== undefined && { not_before: notBefore }),
    ...(notAfter !== undefined && { not_after: notAfter }),
  }
}

function parseRule(read: Reader, path: string, raw: JsonValue, types: Bundle["types"]): Rule {
  const rule = read.object(path, raw, KEYS.rule)
  const id = read.text(`${path}/id`, rule["id"])
  if (id !== "" && !RULE_ID.test(id)) read.fault(`${path}/id`, "An id is 1 to 128 characters of A-Z a-z 0-9 _ . -")
  const token = read.object(`${path}/token`, rule["token"], KEYS.token)
  const ttl = read.duration(`${path}/token/ttl`, token["ttl"])
  const maxDuration = read.duration(`${path}/token/max_duration`, token["max_duration"])
  const effect = read.oneOf(`${path}/effect`, rule["effect"], CHOICES.effect)
  const budgets = read
    .list(`${path}/budgets`, rule["budgets"])
    .map((item, i) => read.text(`${path}/budgets/${i}`, item))
  return {
    id,
    ...(budgets.length > 0 && { budgets: [...new Set(budgets)].sort(compare) }),
    effect,
    subjects: selectors(read, `${path}/subjects`, rule["subjects"], Object.keys(types.subjects), "subject"),
    actions: actionGlobs(read, `${path}/actions`, rule["actions"], Object.keys(types.actions)),
    resources: selectors(read, `${path}/resources`, rule["resources"], Object.keys(types.resources), "resource"),
    when: read.text(`${path}/when`, rule["when"], "true"),
    runtime: read.oneOf(`${path}/runtime`, rule["runtime"], CHOICES.runtime, "required"),
    parameters: read.oneOf(`${path}/parameters`, rule["parameters"], CHOICES.parameters, "decoded"),
    obligations: read.list(`${path}/obligations`, rule["obligations"]).map((item, i) => {
      const at = `${path}/obligations/${i}`
      const obligation = read.object(at, item, KEYS.obligation)
      return {
        id: read.text(`${at}/id`, obligation["id"]),
        type: read.text(`${at}/type`, obligation["type"]),
        properties: read.object(`${at}/properties`, obligation["properties"], null),
      }
    }),
    token: {
      ...(ttl !== undefined && { ttl_ms: ttl }),
      ...(token["use"] !== undefined && { use: read.oneOf(`${path}/token/use`, token["use"], CHOICES.use) }),
      ...(maxDuration !== undefined && { max_duration_ms: maxDuration }),
    },
    ...parseApproval(read, path, rule, effect),
  }
}

/** Who must approve, and until when. */
function parseApproval(
  read: Reader,
  path: string,
  rule: JsonObject,
  effect: Rule["effect"],
): Pick<Rule, "approvals" | "approve_within_ms"> {
  const { approvals, approve_within } = rule
  if (effect !== "require_approval")
    for (const key of ["approvals", "approve_within"])
      if (rule[key] !== undefined)
        read.fault(`${path}/${key}`, "Only a rule with `effect: require_approval` asks for approvals.")
  if (
    approvals !== undefined &&
    !(Number.isInteger(approvals) && (approvals as number) >= 1 && (approvals as number) <= MAX_APPROVALS)
  )
    read.fault(`${path}/approvals`, `Between 1 and ${MAX_APPROVALS} principals must approve.`)
  const withinMs = read.duration(`${path}/approve_within`, approve_within)
  if (withinMs !== undefined && withinMs > APPROVAL_LIFE_MS)
    read.fault(`${path}/approve_within`, `An approval is good for at most ${APPROVAL_LIFE_MS / 60_000} minutes.`)
  return {
    ...(approvals !== undefined && approvals !== 1 && { approvals: approvals as number }),
    ...(withinMs !== undefined && { approve_within_ms: withinMs }),
  }
}

function selectors(
  read: Reader,
  path: string,
  raw: JsonValue | undefined,
  types: readonly string[],
  what: string,
): readonly Selector[] {
  const list = read.list(path, raw).map((item, i) => {
    const at = `${path}/${i}`
    const selector = read.object(at, item, KEYS.selector)
    const type = read.text(`${at}/type`, selector["type"])
    if (type !== "" && !types.includes(type))
      read.fault(`${at}/type`, `No ${what} type "${type}" is declared, so this can never match.`, suggest(type, types))
    return { type, id: read.text(`${at}/id`, selector["id"], "*") }
  })
  if (list.length === 0)
    read.fault(
      path,
      `A rule names at least one ${what}; otherwise it can never match.`,
      `Add "- { type: ${types[0] ?? "TYPE"} }".`,
    )
  return list
}

/** Two ids alike, or two rules that match and ask the same and answer differently. */
function refuseAmbiguity(read: Reader, rules: readonly Rule[]): void {
  const ids = new Map<string, number>()
  const shapes = new Map<string, Rule>()
  rules.forEach((rule, i) => {
    if (ids.has(rule.id)) read.fault(`/rules/${i}/id`, `Two rules have the id "${rule.id}".`)
    ids.set(rule.id, i)
    const sets = [rule.subjects, rule.actions, rule.resources].map(toSet)
    const shape = encodeCanonicalJson([...sets, rule.when, rule.parameters])
    const twin = shapes.get(shape)
    if (twin && twin.effect !== rule.effect)
      read.fault(
        `/rules/${i}`,
        `Rule "${rule.id}" matches exactly what "${twin.id}" matches, with another effect.`,
        "Keep one of them.",
      )
    shapes.set(shape, rule)
  })
}

/** What a list names, in whatever order and however often. */
function toSet(list: readonly unknown[]): JsonValue {
  return [...new Set(list.map((item) => encodeCanonicalJson(item as JsonValue)))].sort()
}

/** By UTF-16 units: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function parseSubjects(
  read: Reader,
  raw: JsonValue | undefined,
  types: Bundle["types"]["subjects"],
): Bundle["subjects"] {
  const seen = new Set<string>()
  const list = read.list("/subjects", raw).map((item, i) => {
    const at = `/subjects/${i}`
    const subject = read.object(at, item, KEYS.subject)
    const type = read.text(`${at}/type`, subject["type"])
    const id = read.text(`${at}/id`, subject["id"])
    if (!(type in types))
      read.fault(`${at}/type`, `No subject type "${type}" is declared.`, suggest(type, Object.keys(types)))
    if (seen.has(`${type}/${id}`)) read.fault(at, `The subject "${id}" is listed twice.`)
    seen.add(`${type}/${id}`)
    return { type, id, state: read.oneOf(`${at}/state`, subject["state"], CHOICES.state, "active") }
  })
  return list.sort((a, b) => compare(a.type, b.type) || compare(a.id, b.id))
}

function parseRuntimes(read: Reader, raw: JsonValue | undefined): Bundle["runtimes"] {
  const seen = new Set<string>()
  const list = read.list("/runtimes", raw).map((item, i): RuntimeRule => {
    const at = `/runtimes/${i}`
    const entry = read.object(at, item, KEYS.runtime)
    const id = read.text(`${at}/id`, entry["id"])
    if (seen.has(id)) read.fault(`${at}/id`, `The runtime "${id}" is listed twice.`)
    seen.add(id)
    const measure = read.oneOf(`${at}/measure`, entry["measure"], CHOICES.measure, "reference-values")
    const measurements: Record<string, readonly string[]> = {}
    for (const [claim, values] of Object.entries(read.object(`${at}/measurements`, entry["measurements"], MEASURED)))
      measurements[claim] = referenceValues(read, `${at}/measurements/${claim}`, values)
    const named = Object.keys(measurements).length > 0
    if (measure === "trust-on-first-use") {
      if (id.startsWith("*"))
        read.fault(`${at}/id`, "Trust on first use is for runtimes that are named, at least by how their ids begin.")
      if (named) read.fault(`${at}/measurements`, "With trust on first use the first registration gives these.")
    } else if (!named) {
      read.fault(
        at,
        "This says nothing of what the runtime may run.",
        "Give measurements, e.g. { code: [SHA-256] }, or measure: trust-on-first-use.",
      )
    }
    const claims = parseClaims(read, `${at}/claims`, entry["claims"], measure)
    return { id, measure, ...(claims && { claims }), measurements }
  })
  return list.sort((a, b) => compare(a.id, b.id))
}

/** Null: all of them. */
function parseClaims(
  read: Reader,
  path: string,
  raw: JsonValue | undefined,
  measure: RuntimeRule["measure"],
): readonly Measured[] | null {
  if (raw === undefined) return null
  if (measure !== "trust-on-first-use")
    read.fault(path, "With reference values the measurements name the claims.", "Leave claims out.")
  const claims = read.list(path, raw).map((item, i) => read.oneOf(`${path}/${i}`, item, MEASURED, "code"))
  if (claims.length === 0) read.fault(path, "Without a claim nothing would have to stay as it was at first.")
  return MEASURED.filter((claim) => claims.includes(claim))
}

function referenceValues(read: Reader, path: string, raw: JsonValue): readonly string[] {
  const values = read.list(path, raw).map((item, i) => {
    const value = read.text(`${path}/${i}`, item)
    if (value !== "" && !MEASUREMENT.test(value))
      read.fault(
        `${path}/${i}`,
        "A measurement is a SHA-256 digest, 64 digits of lower-case hex, or @ and the name of Reference Values.",
      )
    return value
  })
  if (values.length === 0) read.fault(path, "A claim without a value can never be met.")
  if (values.length > MAX_REFERENCE_VALUES) read.fault(path, `A claim has at most ${MAX_REFERENCE_VALUES} values.`)
  return [...new Set(values)].sort(compare)
}

function parseConstants(read: Reader, raw: JsonValue | undefined): JsonObject {
  const constants = read.object("/constants", raw, null)
  for (const [name, value] of Object.entries(constants)) {
    if (!NAME.test(name)) read.fault(`/constants/${name}${KEY}`, "A constant's name is a CEL identifier.")
    const flat = Array.isArray(value) ? value : [value]
    if (flat.some((item) => item === null || typeof item === "object"))
      read.fault(`/constants/${name}`, "A constant is a text, a number, a truth value, or a list of these.")
  }
  return constants
}

function parseRisk(read: Reader, raw: JsonValue | undefined): Bundle["risk"] {
  const risk = read.object("/risk", raw, KEYS.risk)
  const seen = new Set<string>()
  const signals = read.list("/risk/signals", risk["signals"]).map((item, i): Signal => {
    const at = `/risk/signals/${i}`
    const signal = read.object(at, item, KEYS.signal)
    const id = read.text(`${at}/id`, signal["id"])
    if (seen.has(id)) read.fault(`${at}/id`, `Two signals have the id "${id}".`)
    seen.add(id)
    const points = signal["points"] ?? 0
    if (!Number.isInteger(points) || (points as number) < 0 || (points as number) > MAX_POINTS)
      read.fault(`${at}/points`, `Points are a whole number from 0 to ${MAX_POINTS.toLocaleString("en")}.`)
    return {
      id,
      when: read.text(`${at}/when`, signal["when"]),
      tier: read.oneOf(`${at}/tier`, signal["tier"], CHOICES.tier),
      points: points as number,
    }
  })
  return {
    signals: signals.sort((a, b) => compare(a.id, b.id)),
    deny_at:
      risk["deny_at"] === undefined || risk["deny_at"] === null
        ? null
        : read.oneOf("/risk/deny_at", risk["deny_at"], CHOICES.tier),
  }
}

function properties(read: Reader, path: string, raw: JsonValue | undefined): Properties {
  return mapValues(read, path, raw, NAME, (at, value): Property => {
    const property = typeof value === "string" ? { type: value } : read.object(at, value, KEYS.property)
    const type = property["type" as keyof typeof property] as JsonValue | undefined
    if (typeof type !== "string" || !VALUE_TYPES.includes(type)) {
      read.fault(
        typeof value === "string" ? at : `${at}/type`,
        `A type is one of ${SCALARS.join(", ")}, list<…> or map<…>.`,
        typeof type === "string" ? suggest(type, VALUE_TYPES) : undefined,
      )
    }
    const more = property as JsonObject
    return {
      type: type as ValueType,
      required: read.flag(`${at}/required`, more["required"], false),
      record: read.oneOf(`${at}/record`, more["record"], CHOICES.record, "commit"),
    }
  })
}
