/** Random expressions that check, made from the very table of overloads that the compiler has. */
import type { Overload } from "../../src/cel/overload.ts"
import { BOOL, formatType, parseType, type Type } from "../../src/cel/type.ts"
import { hintFor, LITERALS, VARIABLES } from "./cel-literals.ts"
import type { Form, Locals } from "./cel-macros.ts"
import { one, type Pick } from "./random.ts"

/** What a parameter of an overload may stand for. */
const STAND_INS = [
  ...["int", "string", "double", "bool", "uint", "bytes", "timestamp", "duration", "dyn", "type<int>", "list<int>"],
  ...["map<string, int>", "optional<int>", "net.IP", "net.CIDR"],
].map(parseType)

export interface Dialect {
  readonly overloads: readonly Overload[]
  readonly forms: readonly Form[]
  /** Types that it has not: no expression is of one. */
  readonly without?: (type: Type) => boolean
  /** How a literal is written, an empty collection too. */
  readonly literal?: (type: string, source: string) => string
}
interface Production {
  readonly name: string
  readonly write: (pick: Pick, inner: (type: Type, locals?: Locals) => string) => string
}

export class Expressions {
  /** How often each overload and form was written. */
  readonly used = new Map<string, number>()
  /** Of what types expressions are made. */
  readonly types: readonly Type[]
  readonly #byType = new Map<string, { readonly calls: readonly Production[]; readonly forms: readonly Production[] }>()
  readonly #variables: Locals
  #locals = 0

  readonly #literal: (type: string, source: string) => string

  constructor({ overloads, forms, ...dialect }: Dialect) {
    const { without = () => false } = dialect
    this.#literal = dialect.literal ?? ((_, source) => source)
    const isKnown = (type: Type) => Object.hasOwn(LITERALS, formatType(type)) && !without(type)
    this.types = [
      ...STAND_INS,
      ...["list<string>", "list<uint>", "list<double>", "list<bool>", "list<bytes>", "list<duration>"].map(parseType),
      ...["list<timestamp>", "list<dyn>", "type<string>"].map(parseType),
      ...["list<list<int>>", "list<optional<int>>", "map<int, int>", "optional<string>", "optional<list<int>>"].map(
        parseType,
      ),
      parseType("optional<map<string, int>>"),
    ].filter(isKnown)
    this.#variables = Object.entries(VARIABLES)
    for (const name of [...overloads.map(signatureOf), ...forms.map((form) => form.name)]) this.used.set(name, 0)
    for (const type of this.types)
      this.#byType.set(formatType(type), {
        calls: overloads.flatMap((overload) => this.#callsOf(overload, type, isKnown)),
        forms: forms.filter(({ fits }) => fits(type)).map((form) => this.#formOf(form, type)),
      })
  }

  #callsOf(overload: Overload, type: Type, isKnown: (type: Type) => boolean): Production[] {
    const seen = new Set<string>()
    const signature = signatureOf(overload)
    return STAND_INS.flatMap((standIn) => {
      const parameters = overload.parameters.map((one) => fillIn(one, standIn))
      const key = parameters.map(formatType).join()
      if (seen.has(key) || formatType(fillIn(overload.result, standIn)) !== formatType(type)) return []
      seen.add(key)
      if (!parameters.every(isKnown)) return []
      return [
        {
          name: signature,
          write: (pick: Pick, inner: (of: Type) => string) =>
            write(
              overload,
              parameters.map((of, i) => {
                const type = formatType(of)
                const hint = hintFor(overload.name, signature.replace(/^\./, ""), i, type, pick)
                return hint === undefined ? inner(of) : this.#literal(type, hint)
              }),
            ),
        },
      ]
    })
  }
  #formOf(form: Form, type: Type): Production {
    return {
      name: form.name,
      write: (pick, make) => form.write(type, { pick, make, fresh: () => `x${this.#locals++}` }),
    }
  }

  /** An expression of the type, at most so deep. */
  make(type: Type, depth: number, pick: Pick, locals: Locals = []): string {
    const made = this.#make(type, depth, pick, locals)
    return made === "[]" || made === "{}" ? this.#literal(formatType(type), made) : made
  }
  #make(type: Type, depth: number, pick: Pick, locals: Locals): string {
    const key = formatType(type)
    const { calls, forms } = this.#byType.get(key) as { calls: readonly Production[]; forms: readonly Production[] }
    const from = forms.length > 0 && (calls.length === 0 || pick(3) === 0) ? forms : calls
    if (depth === 0 || from.length === 0 || pick(8) === 0) return this.#leaf(key, pick, locals)
    const production = this.#rarer(one(pick, from), one(pick, from))
    this.used.set(production.name, (this.used.get(production.name) ?? 0) + 1)
    return production.write(pick, (of, bound = []) => {
      const made = this.make(of, depth - 1, pick, [...locals, ...bound])
      return pick(16) === 0 && of.kind !== "type" ? `dyn(${made})` : made
    })
  }
  /** An expression of some type. */
  makeAny(depth: number, pick: Pick): readonly [source: string, type: Type] {
    const type = pick(4) === 0 ? BOOL : one(pick, this.types)
    return [this.make(type, depth, pick), type]
  }
  #leaf(key: string, pick: Pick, locals: Locals): string {
    const literals = LITERALS[key] as readonly string[]
    const names = [...this.#variables, ...locals].filter(([, type]) => formatType(type) === key)
    const at = pick(literals.length + 2 * names.length)
    return at < literals.length
      ? this.#literal(key, literals[at] as string)
      : (names[(at - literals.length) >> 1]?.[0] as string)
  }
  /** So that all of them are tried, also those that few types ask for. */
  #rarer(a: Production, b: Production): Production {
    return (this.used.get(a.name) as number) <= (this.used.get(b.name) as number) ? a : b
  }
}

/** `.size(string)`, `_<_(int, double)`. */
export function signatureOf({ name, isMember, parameters }: Overload): string {
  return `${isMember ? "." : ""}${name}(${parameters.map(formatType).join(", ")})`
}
export function hasOptional(type: Type): boolean {
  if (type.kind === "list") return hasOptional(type.element)
  return type.kind === "opaque"
}
/** Every parameter of an overload becomes the same type, but for what a map holds. */
function fillIn(type: Type, by: Type): Type {
  switch (type.kind) {
    case "parameter":
      return type.name === "B" ? parseType("int") : by
    case "list":
      return { kind: "list", element: fillIn(type.element, by) }
    case "map":
      return { kind: "map", key: fillIn(type.key, by), value: fillIn(type.value, by) }
    case "type":
      return { kind: "type", of: fillIn(type.of, by) }
    case "opaque":
      return { ...type, parameters: type.parameters.map((one) => fillIn(one, by)) }
    default:
      return type
  }
}

function write({ name, isMember }: Overload, args: readonly string[]): string {
  const [a = "", b = ""] = args
  if (name === "@in") return `(${a} in ${b})`
  if (name === "_[_]") return `${a}[${b}]`
  if (name === "_[?_]") return `${a}[?${b}]`
  if (name === "!_" || name === "-_") return `${name[0]}(${a})`
  const operator = /^_(.+)_$/.exec(name)?.[1]
  if (operator) return `(${a} ${operator} ${b})`
  return isMember ? `${receiver(a)}.${name}(${args.slice(1).join(", ")})` : `${name}(${args.join(", ")})`
}
/** `-1.f()` and `1.f()` read as something else. */
function receiver(text: string): string {
  return /^[-!\d]/.test(text) ? `(${text})` : text
}
