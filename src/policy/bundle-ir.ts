/**
 * A compiled bundle in pieces of plain JSON: what the thread that compiles hands to the one that decides, which makes a
 * policy of it a piece at a time. Neither stored nor read from outside: it says nothing of the bundle that can be checked.
 */
import type { Ir } from "../cel/ir.ts"
import type { Value } from "../cel/value.ts"
import { fromUtf8, utf8 } from "../formats/bytes.ts"
import type { Sha256 } from "../formats/ports.ts"
import type { Bundle, Rule, Signal } from "./bundle.ts"
import { type Condition, type LinkedCondition, linkCondition } from "./condition.ts"
import type { HistoryRead } from "./history-read.ts"
import { Layout } from "./layout.ts"
import { type Compiled, compileCanonical, compileFiles } from "./load.ts"
import { mapPast, type PastOf } from "./load-past.ts"
import { createPolicy } from "./policy.ts"
import { RuleIndex } from "./rule-index.ts"
import type { Policy, PolicyProblem } from "./types.ts"
import { constantValues } from "./values.ts"

/** Characters of a piece: read in well under a millisecond. */
const PIECE_CHARS = 16 * 1024

export interface BundleIr {
  readonly canonicalBytes: Uint8Array
  /** UTF-8 of JSON: a `Head`, then `Part`s. */
  readonly pieces: readonly Uint8Array[]
}
export type CompileResult =
  | { readonly ok: true; readonly digest: string; readonly ir: BundleIr }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/** Conditions are numbered in the order in which parts hold them. */
type Head = {
  readonly bundle: Omit<Bundle, "rules">
  readonly digest: string
  readonly usesNow: boolean
  readonly signals: readonly (Omit<Signal, "when"> & { readonly when: number })[]
  readonly past: PastOf<number> | null
}
type Part = {
  readonly conditions: readonly {
    readonly source: string
    readonly ir: Ir
    readonly histories?: readonly HistoryRead[]
  }[]
  readonly rules: readonly (readonly [rule: Rule, condition: number])[]
}

/** What else is to be asked of each condition, such as another engine's opinion. */
export type Inspect = (condition: Condition, id: string) => void

export function compileFilesToIr(
  files: Readonly<Record<string, string>>,
  sha256: Sha256,
  inspect?: Inspect,
): CompileResult {
  const writer = new IrWriter(inspect)
  return writer.finish(compileFiles(files, sha256, writer.keep))
}

export function compileCanonicalToIr(content: Uint8Array, sha256: Sha256): CompileResult {
  const writer = new IrWriter()
  return writer.finish(compileCanonical(content, sha256, writer.keep))
}

/** Keeps of each condition only its JSON: a large bundle's conditions would fill the memory. */
class IrWriter {
  readonly #inspect: Inspect | undefined
  readonly #conditions: string[] = []
  #lists: ReadonlyMap<Value, string> | null = null

  constructor(inspect?: Inspect) {
    this.#inspect = inspect
  }

  readonly keep = (condition: Condition, id: string | null, constants: ReadonlyMap<string, Value>): number => {
    if (id !== null) this.#inspect?.(condition, id)
    this.#lists ??= new Map([...listsOf(constants)].map(([name, list]) => [list, name]))
    const { source, histories } = condition
    const ir = condition.toIr(this.#lists)
    return this.#conditions.push(JSON.stringify({ source, ir, ...(histories.length > 0 && { histories }) })) - 1
  }

  finish(compiled: Compiled<number>): CompileResult {
    if (!compiled.ok) return compiled
    const { bundle, digest, canonicalBytes, usesNow, signals, past } = compiled
    const { rules: _, ...rest } = bundle
    const head: Head = { bundle: rest, digest, usesNow, signals, past }
    const pieces = [utf8(JSON.stringify(head))]
    for (const part of this.#parts(compiled.rules)) pieces.push(utf8(part))
    return { ok: true, digest, ir: { canonicalBytes, pieces } }
  }

  /** A rule's condition is in its part, or in one before. */
  *#parts(rules: readonly { readonly rule: Rule; readonly when: number }[]): Generator<string> {
    let conditions: string[] = []
    let texts: string[] = []
    let written = 0
    let chars = 0
    const take = () => {
      const part = `{"conditions":[${conditions.join(",")}],"rules":[${texts.join(",")}]}`
      conditions = []
      texts = []
      chars = 0
      return part
    }
    const addCondition = () => {
      const text = this.#conditions[written++] as string
      conditions.push(text)
      chars += text.length
    }
    for (const { rule, when } of rules) {
      while (written <= when) addCondition()
      const text = JSON.stringify([rule, when])
      texts.push(text)
      chars += text.length
      if (chars >= PIECE_CHARS) yield take()
    }
    while (written < this.#conditions.length) addCondition() // those of signals
    yield take()
  }
}

/** Makes the policy; between two steps, each well under a millisecond, the caller may do something else. */
export function* linkBundle({ canonicalBytes, pieces }: BundleIr): Generator<undefined, Policy> {
  const [first, ...parts] = pieces
  const head = JSON.parse(fromUtf8(first as Uint8Array)) as Head
  const lists = listsOf(new Map(Object.entries(constantValues(head.bundle.constants))))
  const layout = new Layout(head.bundle.types)
  const index = new RuleIndex(head.bundle.types.actions)
  const conditions: LinkedCondition[] = []
  const rules: Rule[] = []
  yield
  for (const piece of parts) {
    const part = JSON.parse(fromUtf8(piece)) as Part
    yield
    for (const { source, ir, histories = [] } of part.conditions) {
      conditions.push(linkCondition(source, ir, layout, lists, histories))
      yield
    }
    for (const [rule, condition] of part.rules) {
      const shared = shareEmpty(rule)
      const order = rules.push(shared) - 1
      index.add({ rule: shared, order, when: conditions[condition] as LinkedCondition })
      yield
    }
  }
  return createPolicy({
    bundle: { ...head.bundle, rules },
    layout,
    digest: head.digest,
    canonicalBytes,
    index,
    past: head.past && mapPast(head.past, (condition) => conditions[condition] as LinkedCondition),
    usesNow: head.usesNow,
    signals: head.signals.map((signal) => ({ ...signal, when: conditions[signal.when] as LinkedCondition })),
  })
}

/** Most rules have neither: one object for all of them stays in the processor's cache. */
const NO_OBLIGATIONS: Rule["obligations"] = []
const NO_TOKEN: Rule["token"] = {}
function shareEmpty(rule: Rule): Rule {
  const { obligations, token } = rule
  return {
    ...rule,
    obligations: obligations.length === 0 ? NO_OBLIGATIONS : obligations,
    token: Object.keys(token).length === 0 ? NO_TOKEN : token,
  }
}

function listsOf(constants: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map([...constants].filter(([, value]) => Array.isArray(value)))
}
