/** For what a caller may speak: patterns for each kind of thing that a request names. What is not named is not limited. */
import { WritError } from "../errors.ts"
import { utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import { compileGlob } from "../policy/bundle.ts"
import type { Role } from "./state.ts"

export const DIMENSIONS = ["subjects", "resources", "runtimes", "audiences"] as const
export type Dimension = (typeof DIMENSIONS)[number]
/** Globs as in rules; subjects and resources are matched as TYPE:ID. A dimension that is absent is not limited. */
export type Scope = { readonly [dimension in Dimension]?: readonly string[] }

/** What a scope can limit at all: elsewhere it would be a promise that nothing keeps. */
const SCOPED: Readonly<Partial<Record<Role, readonly Dimension[]>>> = {
  pep: DIMENSIONS,
  executor: ["audiences"],
  runtime: ["runtimes"],
}
export const MAX_PATTERNS = 64
const MAX_PATTERN_BYTES = 512

/** Null: everything. Throws INVALID_REQUEST. */
export function checkScope(role: Role, given: { readonly [dimension in Dimension]?: readonly string[] }): Scope | null {
  const scope: { [dimension in Dimension]?: readonly string[] } = {}
  for (const dimension of DIMENSIONS) {
    const patterns = given[dimension] ?? []
    if (patterns.length === 0) continue
    const limited = SCOPED[role] ?? []
    if (!limited.includes(dimension))
      throw invalid(
        dimension,
        limited.length === 0
          ? `cannot limit role ${role}, which may do its work on everything: leave them out`
          : `cannot limit role ${role}, but ${limited.join(", ")} can`,
      )
    if (patterns.length > MAX_PATTERNS) throw invalid(dimension, `are more than ${MAX_PATTERNS} patterns`)
    if (patterns.some((pattern) => !isPattern(pattern)))
      throw invalid(
        dimension,
        `must be patterns of 1 to ${MAX_PATTERN_BYTES} bytes without control characters, where * stands for anything`,
      )
    scope[dimension] = [...new Set(patterns)].sort()
  }
  return Object.keys(scope).length === 0 ? null : scope
}

/** The bytes of its row: RFC 8785 JSON. */
export function encodeScope(scope: Scope): Uint8Array {
  return utf8(encodeCanonicalJson(scope as JsonObject))
}

/** What a request names; what it does not name is not asked about. */
export type Asked = { readonly [dimension in Dimension]?: string }

/** The first that the scope does not cover; null: it covers all. */
export function findOutside(scope: Scope | null, asked: Asked): Dimension | null {
  if (scope === null) return null
  const matchers = compiled(scope)
  return (
    DIMENSIONS.find((dimension) => {
      const text = asked[dimension]
      return text !== undefined && matchers[dimension]?.some((matches) => matches(text)) === false
    }) ?? null
  )
}

type Matchers = { readonly [dimension in Dimension]?: readonly ((text: string) => boolean)[] }
const known = new WeakMap<Scope, Matchers>()
function compiled(scope: Scope): Matchers {
  let matchers = known.get(scope)
  if (!matchers) {
    matchers = Object.fromEntries(
      DIMENSIONS.flatMap((name) => (scope[name] ? [[name, scope[name].map(compileGlob)]] : [])),
    )
    known.set(scope, matchers)
  }
  return matchers
}

function isPattern(text: string): boolean {
  return text !== "" && Buffer.byteLength(text) <= MAX_PATTERN_BYTES && !/[\p{Cc}\p{Cs}\uFFFD]/u.test(text)
}

function invalid(field: string, what: string): WritError {
  return new WritError("INVALID_REQUEST", `scope.${field} ${what}.`, { details: { field: `scope.${field}` } })
}
