/** What the names in a condition mean, by the types that the bundle declares and the rule can match. */
import { DYN, formatType, STRING, type Type } from "../cel/type.ts"
import type { Value } from "../cel/value.ts"
import { type Bundle, createActionMatcher, type Properties } from "./bundle.ts"
import type { Scope } from "./condition.ts"
import type { Layout } from "./layout.ts"
import type { AskedOf } from "./load-past.ts"
import { typeOfProperty } from "./values.ts"

interface Scoped {
  /** Where two rules have the same one, the same condition means the same in both. */
  readonly key: string
  readonly scope: Scope
}
/** One scope for all rules that can match the same types. */
export function createScopes(
  bundle: Bundle,
  constants: ReadonlyMap<string, Value>,
  layout: Layout,
): (rule: AskedOf | null) => Scoped {
  const matching = createActionMatcher(Object.keys(bundle.types.actions))
  const known = new Map<string, Scoped>()
  return (rule) => {
    const actions = rule === null ? null : [...new Set(rule.actions.flatMap(matching))]
    const key = JSON.stringify(
      rule && [rule.subjects.map(({ type }) => type), rule.resources.map(({ type }) => type), actions, rule.parameters],
    )
    const scoped = known.get(key) ?? { key, scope: scopeOf(bundle, rule, actions, constants, layout) }
    known.set(key, scoped)
    return scoped
  }
}

/** What the names in a condition mean: for a rule, by the types that it can match; elsewhere, by all declared types. */
function scopeOf(
  bundle: Bundle,
  rule: AskedOf | null,
  matched: readonly string[] | null,
  constants: ReadonlyMap<string, Value>,
  layout: Layout,
): Scope {
  const { subjects, resources, actions, context } = bundle.types
  const named = (
    table: { readonly [type: string]: { readonly properties: Properties } },
    types: readonly string[] | undefined,
  ) => (types ?? Object.keys(table)).flatMap((type) => (table[type] ? [table[type].properties] : []))
  const actionNames = matched ?? Object.keys(actions)
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
    constants,
    layout,
    typeOf(root, path) {
      const [first = "", second] = path
      if (root === "constants") return DYN // their values stand in their place
      if (root === "context" || root === "parameters") return typeIn(tables[root] ?? [], first)
      if (first !== "properties") return STRING
      return second === undefined ? "group" : typeIn(tables[root] ?? [], second)
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

/** What it is wherever it is declared; anything where that differs. */
function typeIn(all: readonly Properties[], name: string): Type {
  const types = all.flatMap((properties) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined
    return property ? [typeOfProperty(property.type)] : []
  })
  const [first] = types
  return first && types.every((type) => formatType(type) === formatType(first)) ? first : DYN
}
