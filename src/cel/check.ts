/** Every node gets a type, every name and call what it stands for; everything that is wrong is told. */
import { suggest } from "../formats/suggest.ts"
import type { Call, Comprehension, Expr, Ident, Select } from "./ast.ts"
import { pathOf } from "./ast.ts"
import { type Complaint, noOverload, suggestField, toTruth, unknownFunction, withArticle } from "./complaints.ts"
import { type Guards, guardKey, guardsOf, NOTHING, union } from "./guards.ts"
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

class Checker {
  readonly inference = new Inference()
  readonly types = new Map<Expr, Type>()
  readonly references = new Map<Expr, Reference>()
  readonly targets = new Map<Call, Target>()
  readonly problems: Problem[] = []
  readonly #names: Names
  readonly #locals: { readonly name: string; readonly type: Type }[] = []
  /** Which of several bindings of a name is meant. */
  readonly #bindingOf = (root: string) => this.#locals.findLastIndex(({ name }) => name === root)

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
        if (declared.isOptional && !isAsked && !guards.has(guardKey(expr, this.#bindingOf) ?? "")) {
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
        this.visit(second, union(guards, guardsOf(first, name === "_&&_", this.#bindingOf))),
      ]
      for (const [i, type] of given.entries())
        this.#wantBool(args[i] as Expr, type, name === "_&&_" ? '"&&" joins' : '"||" joins')
      return BOOL
    }
    if (name === "_?_:_") {
      this.#wantBool(first, this.visit(first, guards), "A choice is made by")
      const yes = this.visit(second, union(guards, guardsOf(first, true, this.#bindingOf)))
      const no = this.visit(third, union(guards, guardsOf(first, false, this.#bindingOf)))
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
      this.#complain(expr.at, unknownFunction(functions, name, target !== undefined))
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
      // What a dyn left open is dyn as well: as a parameter it would become what its first use asks for.
      const type = this.inference.resolve(
        returned,
        given.some(({ kind }) => kind === "dyn"),
      )
      result = result === undefined || formatType(result) === formatType(type) ? type : DYN
    }
    this.targets.set(expr, {
      possible,
      overloads: fitting.length > 0 ? fitting : this.#names.isUnchecked ? possible : [],
      args,
    })
    if (result) return result
    const shown = given.map((type) => this.#show(type))
    this.#complain(expr.at, noOverload(functions, name, shown, target !== undefined))
    return DYN
  }

  #comprehension(expr: Comprehension, guards: Guards): Type {
    const { form, variables, filter, body } = expr
    const range = this.inference.resolve(this.visit(expr.range, guards))
    const bound = this.#boundBy(expr, range)
    variables.forEach((name, i) => this.#locals.push({ name, type: bound[i] as Type }))
    const filterType = filter && this.visit(filter, guards)
    const inside = filter ? union(guards, guardsOf(filter, true, this.#bindingOf)) : guards
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

  #isLocal(path: string): boolean {
    return this.#locals.some(({ name }) => name === path)
  }
  #show(type: Type): string {
    return formatType(this.inference.resolve(type, true))
  }
  #complain(offset: number, { message, suggestion }: Complaint): void {
    this.#report(offset, message, suggestion)
  }
  #report(offset: number, message: string, suggestion?: string): void {
    this.problems.push({ offset, message, ...(suggestion !== undefined && { suggestion }) })
  }
}

/** `x` in the container `a.b`: a.b.x, a.x, x. */
export function candidates(container: string, name: string): readonly string[] {
  if (name.startsWith(".")) return [name.slice(1)]
  const parts = container === "" ? [] : container.split(".")
  return [...parts.map((_, i) => `${parts.slice(0, parts.length - i).join(".")}.${name}`), name]
}
