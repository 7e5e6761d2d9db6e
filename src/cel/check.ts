/** Every node gets a type, every name and call what it stands for; everything that is wrong is told. */
import { suggest } from "../formats/suggest.ts"
import type { Call, Comprehension, Expr, Ident, Select } from "./ast.ts"
import { pathOf } from "./ast.ts"
import { elementsOf, Inference } from "./infer.ts"
import type { Functions, Overload } from "./overload.ts"
import type { Problem } from "./problem.ts"
import {
  BOOL,
  DYN,
  formatType,
  listOf,
  mapOf,
  optionalOf,
  TYPE_NAMES,
  type Type,
  typeOf,
  unwrapOptional,
} from "./type.ts"
import { typeName, type Value } from "./value.ts"

export interface Names {
  readonly functions: Functions
  readonly variables: ReadonlyMap<string, Type>
  /** Where names without a leading dot are looked for first, `a.b` before `a`; empty for none. */
  readonly container: string
  /** Without static types: what fits no overload is left to the evaluation. */
  readonly isUnchecked?: boolean
  /** What to say after "There is no x here." where no name is near. */
  readonly hint?: string
}

/** What a name or a path stands for. */
export type Reference =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "type"; readonly name: string }
export interface Target {
  /** Those that may fit; one is called without asking unless an argument is `dyn`. */
  readonly overloads: readonly Overload[]
  /** All of the name and number of arguments: for arguments whose static types are not sure. */
  readonly possible: readonly Overload[]
  /** The receiver first. */
  readonly args: readonly Expr[]
}
export interface Checked {
  readonly type: Type
  readonly problems: readonly Problem[]
  typeOf(expr: Expr): Type
  readonly references: ReadonlyMap<Expr, Reference>
  readonly targets: ReadonlyMap<Call, Target>
}

export function check(expr: Expr, names: Names): Checked {
  const checker = new Checker(names)
  const type = checker.visit(expr, NOTHING)
  return {
    type: checker.inference.resolve(type, true),
    problems: checker.problems,
    typeOf: (node) => checker.inference.resolve(checker.types.get(node) ?? DYN, true),
    references: checker.references,
    targets: checker.targets,
  }
}

/** Paths that are surely present here. */
type Guards = ReadonlySet<string>
const NOTHING: Guards = new Set()
const union = (a: Guards, b: Guards): Guards => (b.size === 0 ? a : new Set([...a, ...b]))

class Checker {
  readonly inference = new Inference()
  readonly types = new Map<Expr, Type>()
  readonly references = new Map<Expr, Reference>()
  readonly targets = new Map<Call, Target>()
  readonly problems: Problem[] = []
  readonly #names: Names
  readonly #locals: { readonly name: string; readonly type: Type }[] = []

  constructor(names: Names) {
    this.#names = names
  }

  visit(expr: Expr, guards: Guards): Type {
    const type = this.#typeOf(expr, guards)
    this.types.set(expr, type)
    return type
  }

  #typeOf(expr: Expr, guards: Guards): Type {
    switch (expr.kind) {
      case "const":
        return this.#constantType(expr.value)
      case "ident":
        return this.#ident(expr)
      case "select":
        return this.#select(expr, guards)
      case "call":
        return this.#call(expr, guards)
      case "list": {
        let element: Type | undefined
        for (const { value, isOptional } of expr.items)
          element = this.inference.join(element, this.#unwrapped(value, this.visit(value, guards), isOptional))
        return listOf(element ?? this.inference.fresh())
      }
      case "map": {
        let key: Type | undefined
        let item: Type | undefined
        for (const entry of expr.entries) {
          const keyType = this.visit(entry.key, guards)
          if (!["bool", "int", "uint", "string", "dyn", "parameter"].includes(this.inference.resolve(keyType).kind))
            this.#report(
              entry.key.offset,
              `A key is a string, an int, a uint or a bool; this is ${this.#show(keyType)}.`,
              "Convert it with string(…).",
            )
          key = this.inference.join(key, keyType)
          item = this.inference.join(
            item,
            this.#unwrapped(entry.value, this.visit(entry.value, guards), entry.isOptional),
          )
        }
        return mapOf(key ?? this.inference.fresh(), item ?? this.inference.fresh())
      }
      case "comprehension":
        return this.#comprehension(expr, guards)
    }
  }

  #constantType(value: Value): Type {
    if (!Array.isArray(value)) return TYPE_NAMES.get(typeName(value)) as Type
    const items = value.map((item: Value) => this.#constantType(item))
    const element = items.reduce<Type | undefined>((before, type) => this.inference.join(before, type), undefined)
    return listOf(element ?? this.inference.fresh())
  }

  #ident(expr: Ident): Type {
    const local = this.#locals.findLast(({ name }) => name === expr.name)
    if (local) return local.type
    const found = this.#lookUp(expr, expr.name)
    if (found) return found
    const known = [...this.#names.variables.keys()]
    this.#report(expr.offset, `There is no "${expr.name}" here.`, suggest(expr.name, known) ?? this.#names.hint)
    return DYN
  }
  /** A variable or a type of this name, in the container or outside of it. */
  #lookUp(expr: Expr, path: string): Type | undefined {
    for (const name of candidates(this.#names.container, path)) {
      const variable = this.#names.variables.get(name)
      if (variable) {
        this.references.set(expr, { kind: "variable", name })
        return variable
      }
      const type = TYPE_NAMES.get(name)
      if (type) {
        this.references.set(expr, { kind: "type", name })
        return typeOf(type)
      }
    }
    return undefined
  }

  #select(expr: Select, guards: Guards): Type {
    const path = expr.isTest ? null : pathOf(expr)
    if (path && !this.#isLocal(path[0] as string)) {
      const found = this.#lookUp(expr, path.join("."))
      if (found) return found
    }
    const operand = this.visit(expr.operand, guards)
    const field = this.#field(expr, operand, expr.field, expr.isTest, guards)
    return expr.isTest ? BOOL : field
  }

  /** `isAsked`: under has() or `.?`, where it may be absent. */
  #field(expr: Select | Call, operand: Type, field: string, isAsked: boolean, guards: Guards): Type {
    const type = this.inference.resolve(operand)
    const inner = unwrapOptional(type)
    if (inner) return optionalOf(this.#field(expr, inner, field, true, guards))
    switch (type.kind) {
      case "dyn":
        return DYN
      case "parameter":
        this.inference.bind(type.name, DYN) // whatever else it turns out to be, it has fields
        return DYN
      case "map":
        return type.value
      case "struct": {
        const declared = type.field(field)
        if (!declared) {
          this.#report(
            expr.at,
            `The types declare no "${type.name}.${field}".`,
            type.instead?.(field) ?? suggestField(field, type.known()),
          )
          return DYN
        }
        if (declared.isOptional && !isAsked && !guards.has(this.#guardKey(expr) ?? "")) {
          const path = pathOf(expr)?.join(".") ?? `${type.name}.${field}`
          this.#report(
            expr.offset,
            `"${path}" may be absent.`,
            `Write has(${path}) && … before it, or declare it required.`,
          )
        }
        return declared.type
      }
      default:
        this.#report(
          expr.at,
          `"${field}" is asked of ${withArticle(formatType(type))}, which has no fields.`,
          type.kind === "list" ? "Write [0] for its first item." : `Take away .${field}.`,
        )
        return DYN
    }
  }

  #call(expr: Call, guards: Guards): Type {
    const { name, args } = expr
    const [first, second, third] = args as [Expr, Expr, Expr]
    if (name === "_&&_" || name === "_||_") {
      const given = [
        this.visit(first, guards),
        this.visit(second, union(guards, this.#guardsOf(first, name === "_&&_"))),
      ]
      for (const [i, type] of given.entries())
        this.#wantBool(args[i] as Expr, type, name === "_&&_" ? '"&&" joins' : '"||" joins')
      return BOOL
    }
    if (name === "_?_:_") {
      this.#wantBool(first, this.visit(first, guards), "A choice is made by")
      const yes = this.visit(second, union(guards, this.#guardsOf(first, true)))
      const no = this.visit(third, union(guards, this.#guardsOf(first, false)))
      const branch = this.inference.fresh()
      if (this.inference.fits([branch, branch], [yes, no])) return this.inference.resolve(branch)
      this.#report(
        expr.at,
        `A choice is of one type; these are ${this.#show(yes)} and ${this.#show(no)}.`,
        "Write dyn(…) around one.",
      )
      return DYN
    }
    if (name === "_?._") {
      const type = this.#field(
        expr,
        this.visit(first, guards),
        (second as { value: unknown }).value as string,
        true,
        guards,
      )
      return unwrapOptional(this.inference.resolve(type)) ? type : optionalOf(type)
    }
    return this.#overloaded(expr, guards)
  }

  #overloaded(expr: Call, guards: Guards): Type {
    const { functions, container } = this.#names
    let { name, target } = expr
    const path = target && pathOf(target)
    if (path && !this.#isLocal(path[0] as string)) {
      const qualified = candidates(container, `${path.join(".")}.${name}`).find((full) => functions.has(full))
      if (qualified !== undefined) {
        name = qualified
        target = undefined
      }
    } else if (!target) name = candidates(container, name).find((full) => functions.has(full)) ?? name
    const args = target ? [target, ...expr.args] : expr.args
    const given = args.map((arg) => this.visit(arg, guards))
    const named = functions.get(name)
    if (!named) {
      this.#unknownFunction(expr, name, target !== undefined)
      this.targets.set(expr, { overloads: [], possible: [], args })
      return DYN
    }
    const possible = named.filter(
      ({ isMember, parameters }) => isMember === (target !== undefined) && parameters.length === given.length,
    )
    const fitting: Overload[] = []
    let result: Type | undefined
    for (const candidate of possible) {
      const [returned, ...wanted] = this.inference.instantiate([candidate.result, ...candidate.parameters]) as [
        Type,
        ...Type[],
      ]
      if (!this.inference.fits(wanted, given)) continue
      fitting.push(candidate)
      const type = this.inference.resolve(returned)
      result = result === undefined || formatType(result) === formatType(type) ? type : DYN
    }
    this.targets.set(expr, {
      possible,
      overloads: fitting.length > 0 ? fitting : this.#names.isUnchecked ? possible : [],
      args,
    })
    if (result) return result
    this.#noOverload(expr, name, given, target !== undefined)
    return DYN
  }

  #unknownFunction(expr: Call, name: string, isMember: boolean): void {
    const known = [...this.#names.functions.entries()]
      .filter(([, overloads]) => overloads.some((one) => one.isMember === isMember))
      .map(([one]) => one)
    this.#report(expr.at, `There is no function "${name}".`, suggest(name, known) ?? this.#otherForm(name, isMember))
  }

  #noOverload(expr: Call, name: string, given: readonly Type[], isMember: boolean): void {
    const shown = given.map((type) => this.#show(type))
    const symbol = /^[_@]?-?(.+?)_*$/.exec(name)?.[1] ?? name
    const what = /^[a-z]/i.test(name)
      ? isMember
        ? `${shown[0]}.${name}(${shown.slice(1).join(", ")})`
        : `${name}(${shown.join(", ")})`
      : null
    const message = what
      ? `There is no ${what}.`
      : name === "_[_]" || name === "_[?_]"
        ? `${withArticle(shown[0] as string, true)} has no index of type ${shown[1]}.`
        : `"${name === "-_" ? "-" : symbol}" does not take (${shown.join(", ")}).`
    this.#report(expr.at, message, what ? this.#signatures(name, isMember) : this.#conversion(shown))
  }
  /** How a function is called that is called otherwise. */
  #otherForm(name: string, isMember: boolean): string {
    const isOther = this.#names.functions.get(name)?.some((one) => one.isMember !== isMember)
    return isOther ? (isMember ? `Write ${name}(…).` : `Write ….${name}(…).`) : "docs/policy.md names what there is."
  }
  #signatures(name: string, isMember: boolean): string {
    const known = this.#names.functions.get(name) as readonly Overload[]
    const shown = known.map(({ isMember: isMethod, parameters }) => {
      const [first, ...rest] = parameters.map(formatType)
      return isMethod ? `${first}.${name}(${rest.join(", ")})` : `${name}(${parameters.map(formatType).join(", ")})`
    })
    const alike = known.some((one) => one.isMember === isMember)
    const few = shown.filter((_, i) => !alike || known[i]?.isMember === isMember).slice(0, MAX_SIGNATURES)
    return `There is ${few.join(", ")}${few.length < shown.length ? " and others" : ""}.`
  }
  #conversion(shown: readonly string[]): string | undefined {
    const [a = "", b = ""] = shown
    if (shown.length !== 2 || a === b) return undefined
    if (a.startsWith("optional_type")) return "Write .orValue(…) after the optional."
    const kinds = [a, b.replace(/^list\((\w+)\)$/, "$1")].sort()
    if (kinds.every((kind) => ["int", "uint", "double"].includes(kind)))
      return `Convert one with ${kinds.map((kind) => `${kind}(…)`).join(" or ")}.`
    const other = kinds.find((kind) => ["int", "uint", "double", "bool", "timestamp", "duration"].includes(kind))
    return other && kinds.includes("string")
      ? `Convert the text with ${other}(…), or the other with string(…).`
      : undefined
  }

  #comprehension(expr: Comprehension, guards: Guards): Type {
    const { form, variables, filter, body } = expr
    const range = this.inference.resolve(this.visit(expr.range, guards))
    const bound = this.#boundBy(expr, range)
    variables.forEach((name, i) => this.#locals.push({ name, type: bound[i] as Type }))
    const filterType = filter && this.visit(filter, guards)
    const inside = filter ? union(guards, this.#guardsOf(filter, true)) : guards
    const type = this.visit(body, inside)
    if (filter && filterType) this.#wantBool(filter, filterType, `${form}() asks`)
    if (form === "all" || form === "exists" || form === "existsOne" || form === "filter")
      this.#wantBool(body, type, `${form}() asks`)
    this.#locals.splice(-variables.length)
    switch (form) {
      case "all":
      case "exists":
      case "existsOne":
        return BOOL
      case "filter":
        return listOf(bound[0] as Type)
      case "sortBy":
        return range
      case "map":
      case "transformList":
        return listOf(type)
      case "transformMap":
        return mapOf(bound[0] as Type, type)
      case "transformMapEntry": {
        const entry = mapOf(this.inference.fresh(), this.inference.fresh())
        if (!this.inference.fits([entry], [type]))
          this.#report(
            body.offset,
            `transformMapEntry() makes maps; this is ${this.#show(type)}.`,
            "Write {key: value}.",
          )
        return this.inference.resolve(entry)
      }
      case "bind":
        return type
      case "optMap":
        return optionalOf(type)
      case "optFlatMap": {
        const optional = optionalOf(this.inference.fresh())
        if (!this.inference.fits([optional], [type]))
          this.#report(body.offset, `optFlatMap() makes optionals; this is ${this.#show(type)}.`, "Write optMap().")
        return this.inference.resolve(optional)
      }
    }
  }
  /** Types of the names that it binds. */
  #boundBy({ form, range: expr, at, variables }: Comprehension, range: Type): readonly Type[] {
    if (form === "bind") return [range]
    if (range.kind === "parameter") this.inference.bind(range.name, DYN)
    const known = range.kind === "parameter" ? DYN : range
    if (form === "optMap" || form === "optFlatMap") {
      const inner = known.kind === "dyn" ? DYN : unwrapOptional(known)
      if (!inner)
        this.#report(
          at,
          `${form}() is asked of an optional; this is ${this.#show(range)}.`,
          "Read it with .? or write optional.of(…).",
        )
      return [inner ?? DYN]
    }
    const elements = elementsOf(known)
    if (!elements || (form === "sortBy" && known.kind === "map")) {
      this.#report(
        expr.offset,
        `${form}() walks a list or a map; this is ${this.#show(range)}.`,
        form === "sortBy"
          ? "Write transformList() before it."
          : range.kind === "int"
            ? "Write lists.range(…) around it."
            : "Write […] around it.",
      )
      return [DYN, DYN]
    }
    return variables.length === 2 ? elements : [known.kind === "list" ? elements[1] : elements[0]]
  }

  #wantBool(expr: Expr, type: Type, what: string): void {
    if (!this.inference.fits([BOOL], [type]))
      this.#report(
        expr.offset,
        `${what} what is true or false; this is ${this.#show(type)}.`,
        toTruth(this.inference.resolve(type, true)),
      )
  }
  /** Of an item with `?`: the type of its value. */
  #unwrapped(expr: Expr, type: Type, isOptional: boolean): Type {
    if (!isOptional) return type
    const known = this.inference.resolve(type)
    const inner = unwrapOptional(known)
    if (!inner && known.kind !== "dyn")
      this.#report(expr.offset, `After "?" an optional must stand; this is ${this.#show(type)}.`, 'Take away the "?".')
    return inner ?? DYN
  }

  /** Paths that are surely present where `expr` came out as `outcome`. */
  #guardsOf(expr: Expr, outcome: boolean): Guards {
    if (expr.kind === "select" && expr.isTest) {
      const key = outcome ? this.#guardKey(expr) : null
      return key === null ? NOTHING : new Set([key])
    }
    if (expr.kind !== "call") return NOTHING
    const [first, second] = expr.args as [Expr, Expr]
    if (expr.name === "!_") return this.#guardsOf(first, !outcome)
    if (expr.name === (outcome ? "_&&_" : "_||_"))
      return union(this.#guardsOf(first, outcome), this.#guardsOf(second, outcome))
    return NOTHING
  }
  /** The path, with which of several bindings of its first name is meant; null for what is no path. */
  #guardKey(expr: Select | Call): string | null {
    if (expr.kind !== "select") return null
    const [root, ...rest] = pathOf({ ...expr, isTest: false }) ?? []
    if (root === undefined) return null
    return [`${root}#${this.#locals.findLastIndex(({ name }) => name === root)}`, ...rest].join(".")
  }

  #isLocal(path: string): boolean {
    return this.#locals.some(({ name }) => name === path)
  }
  #show(type: Type): string {
    return formatType(this.inference.resolve(type, true))
  }
  #report(offset: number, message: string, suggestion?: string): void {
    this.problems.push({ offset, message, ...(suggestion !== undefined && { suggestion }) })
  }
}

/** Names of fields, or of overloads, that are told at most. */
const MAX_SIGNATURES = 3
function suggestField(field: string, known: readonly string[]): string {
  const near = suggest(field, known)
  if (near !== undefined) return near
  return known.length === 0
    ? "Nothing is declared there."
    : `There is ${known.slice(0, MAX_SIGNATURES).join(", ")}${known.length > MAX_SIGNATURES ? ", …" : ""}.`
}
/** How what is no truth value becomes one. */
function toTruth(type: Type): string {
  if (unwrapOptional(type)) return "Write .hasValue() or .orValue(false) after it."
  if (type.kind === "list" || type.kind === "map") return "Ask for its size, size(…) > 0."
  return type.kind === "string" ? 'Compare it, … == "…".' : "Compare it with ==, < or >."
}

function withArticle(type: string, isFirst = false): string {
  const article = /^[aeiou]/.test(type) ? "an" : "a"
  return `${isFirst ? article.charAt(0).toUpperCase() + article.slice(1) : article} ${type}`
}

/** `x` in the container `a.b`: a.b.x, a.x, x. */
export function candidates(container: string, name: string): readonly string[] {
  if (name.startsWith(".")) return [name.slice(1)]
  const parts = container === "" ? [] : container.split(".")
  return [...parts.map((_, i) => `${parts.slice(0, parts.length - i).join(".")}.${name}`), name]
}
