/** A policy bundle as data: what the YAML says, validated, with defaults filled in. Its canonical JSON is its identity. */
import type { JsonObject } from "../formats/ports.ts"
import type { Measured } from "../formats/runtime-messages.ts"

export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024
export const MAX_FILES = 1_000
export const MAX_RULES = 100_000
/** That are told of one bundle. */
export const MAX_PROBLEMS = 100
export const MAX_CONDITION_CHARS = 4_096
export const MAX_CONDITION_NODES = 500
/** Brackets within brackets. */
export const MAX_CONDITION_NESTING = 100
/** Comprehensions within comprehensions. */
export const MAX_COMPREHENSION_DEPTH = 2
/** Units of the cost model a decision may use: one a node, times the sizes that comprehensions walk. */
export const MAX_COST = 100_000
/** Of one request; all are named in the record, which is limited. */
export const MAX_MATCHED_RULES = 256
/** How many principals a rule may ask for. */
export const MAX_APPROVALS = 8
/** How long an approval may wait for its decisions, and to be used; a rule may say less. */
export const APPROVAL_LIFE_MS = 15 * 60_000
/** `version` is in every record too. */
export const MAX_VERSION_CHARS = 128
/** Of one bundle: each row that a decision touches is locked and written by its append. */
export const MAX_HISTORIES = 16
export const MAX_BUDGETS = 16
/** Of one risk signal. */
export const MAX_POINTS = 1_000_000
/** Windows that conditions ask of one history. */
export const MAX_WINDOWS = 8
/** What a history or a budget is counted for, UTF-8. */
export const MAX_KEY_BYTES = 512
/** What is counted and spent is whole millionths; up to here a number holds them exactly. */
export const MICROS = 1_000_000
export const MAX_MICROS = Number.MAX_SAFE_INTEGER
export const MAX_UNIT_CHARS = 32
export const MAX_STRING_BYTES = 16 * 1024
export const MAX_COLLECTION_SIZE = 1_000
/** Before the name of a set of Reference Values, where else a digest stands. */
export const REFERENCE = "@"
/** Digests of one claim of one entry of `runtimes`. */
export const MAX_REFERENCE_VALUES = 256

export type ScalarType = "string" | "int" | "double" | "bool" | "timestamp" | "duration"
export type ValueType = ScalarType | `list<${ScalarType}>` | `map<${ScalarType}>`

export type Property = {
  readonly type: ValueType
  readonly required: boolean
  /** never: the recorded request says "[not recorded]" instead. */
  readonly record: "commit" | "never"
}
export type Properties = { readonly [name: string]: Property }

export type SubjectType = { readonly known: "listed" | "any"; readonly properties: Properties }
export type ResourceType = { readonly properties: Properties }
export type ActionType = { readonly properties: Properties; readonly parameters: Properties | null }

export type Effect = "allow" | "deny" | "require_approval"
export type Tier = "low" | "medium" | "high" | "critical"

export type Selector = { readonly type: string; readonly id: string }

export type Rule = {
  readonly id: string
  readonly effect: Effect
  /** Any of these; ids are globs: `*` stands for any run of characters. */
  readonly subjects: readonly Selector[]
  /** Globs. */
  readonly actions: readonly string[]
  readonly resources: readonly Selector[]
  /** CEL; "true" when the bundle gives none. */
  readonly when: string
  readonly runtime: "required" | "none"
  readonly parameters: "decoded" | "opaque"
  readonly obligations: readonly { readonly id: string; readonly type: string; readonly properties: JsonObject }[]
  /** Of an allow: the budgets that it draws on, sorted; absent: none. */
  readonly budgets?: readonly string[]
  readonly token: { readonly ttl_ms?: number; readonly use?: "redeem" | "offline"; readonly max_duration_ms?: number }
  /** Of require_approval: how many principals must approve; absent: one. */
  readonly approvals?: number
  /** Of require_approval: how long the approval is good; absent: APPROVAL_LIFE_MS. */
  readonly approve_within_ms?: number
}

export type Signal = { readonly id: string; readonly when: string; readonly tier: Tier; readonly points: number }

export type Counted = "allow" | "deny" | "require_approval"
/** Decisions that are counted from the activation of the bundle on that declares it. */
export type History = {
  /** Globs. */
  readonly actions: readonly string[]
  readonly decisions: readonly Counted[]
  /** CEL, a text: what it is counted for; absent: it is counted once. */
  readonly key?: string
  /** CEL, int or double: what `history.sum` adds up; absent: it has no sum. */
  readonly value?: string
}
export type Budget = {
  readonly unit: string
  readonly limit_micros: number
  /** What is spent counts within windows of this length, from the Unix epoch on; absent: for ever. */
  readonly window_ms?: number
  /** CEL, a text: what it is counted for; absent: it is counted once. */
  readonly key?: string
  /** CEL, int or double, in the unit: what one execution draws. */
  readonly amount: string
}

/** Which runtimes may register, and what they may run. Digests are lower-case hex SHA-256. */
export type RuntimeRule = {
  /** A glob; with trust on first use each id that matches has a first use of its own. */
  readonly id: string
  readonly measure: "reference-values" | "trust-on-first-use"
  /** Which claims have to stay as they were at first; absent: all. Only with trust on first use. */
  readonly claims?: readonly Measured[]
  /** Each claim that is named must be measured and be one of these, or in one of the sets that are named by `@NAME`. */
  readonly measurements: { readonly [claim in Measured]?: readonly string[] }
}

export type Bundle = {
  readonly version: string
  /** From when on, and until when, it counts: RFC 3339 UTC with milliseconds. Absent: always. */
  readonly not_before?: string
  readonly not_after?: string
  readonly types: {
    readonly subjects: { readonly [type: string]: SubjectType }
    readonly resources: { readonly [type: string]: ResourceType }
    readonly actions: { readonly [name: string]: ActionType }
    readonly context: Properties
  }
  readonly subjects: readonly { readonly type: string; readonly id: string; readonly state: "active" | "suspended" }[]
  readonly runtimes: readonly RuntimeRule[]
  readonly constants: JsonObject
  readonly variables: { readonly [name: string]: string }
  readonly risk: { readonly signals: readonly Signal[]; readonly deny_at: Tier | null }
  /** Absent where none are declared, so that the digest is that of a bundle which knows of neither. */
  readonly history?: { readonly [name: string]: History }
  readonly budgets?: { readonly [name: string]: Budget }
  /** Sorted by id. */
  readonly rules: readonly Rule[]
}

/** `*` in a glob stands for any run of characters, also an empty one; everything else for itself. */
export function compileGlob(glob: string): (text: string) => boolean {
  if (glob === "*") return () => true
  const parts = glob.split("*")
  if (parts.length === 1) return (text) => text === glob
  const first = parts[0] as string
  const last = parts.at(-1) as string
  const middle = parts.slice(1, -1)
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (const part of middle) {
      const found = text.indexOf(part, at) // leftmost is enough: no backtracking, linear
      if (found < 0) return false
      at = found + part.length
    }
    return at <= text.length - last.length
  }
}

/** The names that a glob matches; each glob is looked at once, since many rules share it. */
export function createActionMatcher(names: readonly string[]): (glob: string) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return (glob) => {
    const found = known.get(glob) ?? names.filter(compileGlob(glob))
    known.set(glob, found)
    return found
  }
}
