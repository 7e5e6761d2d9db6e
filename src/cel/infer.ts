/** Type parameters and what they stand for, and which type may stand where another is asked for (as cel-go has it). */
import { DYN, listOf, mapOf, type Type, typeOf } from "./type.ts"

export class Inference {
  readonly #bound = new Map<string, Type>()
  /** Names bound since the last attempt began, with what they stood for, to take it back. */
  #trail: (readonly [name: string, before: Type | undefined])[] = []
  #count = 0

  fresh(): Type {
    return { kind: "parameter", name: `T${this.#count++}` }
  }
  /** The same types over parameters that nothing else names. */
  instantiate(types: readonly Type[]): Type[] {
    const names = new Map<string, Type>()
    const rename = (type: Type): Type => {
      if (type.kind !== "parameter") return mapType(type, rename)
      const known = names.get(type.name) ?? this.fresh()
      names.set(type.name, known)
      return known
    }
    return types.map(rename)
  }

  /** Binds what it must to make each `given` fit; all or nothing. */
  fits(wanted: readonly Type[], given: readonly Type[]): boolean {
    this.#trail = []
    if (wanted.length === given.length && wanted.every((type, i) => this.#assign(type, given[i] as Type))) return true
    for (const [name, before] of this.#trail.reverse()) {
      if (before) this.#bound.set(name, before)
      else this.#bound.delete(name)
    }
    return false
  }
  bind(name: string, type: Type): void {
    this.#trail.push([name, this.#bound.get(name)])
    this.#bound.set(name, type)
  }
  /** What the type stands for; what is still open is `dyn` when `isFinal`. */
  resolve(type: Type, isFinal = false): Type {
    if (type.kind === "parameter") {
      const bound = this.#bound.get(type.name)
      return bound ? this.resolve(bound, isFinal) : isFinal ? DYN : type
    }
    return mapType(type, (inner) => this.resolve(inner, isFinal))
  }
  /** The type of a list that holds both, or `dyn`. */
  join(before: Type | undefined, type: Type): Type {
    if (!before) return type
    return this.fits([before], [type]) ? moreGeneral(before, type) : DYN
  }

  #assign(wanted: Type, given: Type): boolean {
    if (wanted === given) return true
    if (given.kind === "parameter") {
      const settled = this.#substitute(wanted, given.name)
      if (settled !== undefined) return settled
    }
    if (wanted.kind === "parameter") return this.#substitute(given, wanted.name) ?? false
    if (wanted.kind === "dyn" || given.kind === "dyn") return true
    if (wanted.kind === "null") return isNullable(given)
    if (given.kind === "null") return isNullable(wanted)
    const a = wanted.kind === "wrapper" ? wanted.of : wanted
    const b = given.kind === "wrapper" ? given.of : given
    if (a.kind === "list") return b.kind === "list" && this.#assign(a.element, b.element)
    if (a.kind === "map") return b.kind === "map" && this.#assign(a.key, b.key) && this.#assign(a.value, b.value)
    if (a.kind === "opaque")
      return (
        b.kind === "opaque" &&
        a.name === b.name &&
        a.parameters.every((parameter, i) => this.#assign(parameter, b.parameters[i] as Type))
      )
    if (a.kind === "struct") return b.kind === "struct" && a.name === b.name
    return a.kind === b.kind
  }

  /** May the parameter stand for this? Undefined: it would stand for something that holds itself. */
  #substitute(type: Type, name: string): boolean | undefined {
    if (type.kind === "parameter" && type.name === name) return true
    const bound = this.#bound.get(name)
    if (bound) {
      if (type === bound) return true
      if (!this.#assign(type, bound)) return false
      const general = moreGeneral(type, bound)
      if (!this.#holds(general, name)) this.bind(name, general)
      return true
    }
    if (this.#holds(type, name)) return undefined
    this.bind(name, type)
    return true
  }
  #holds(type: Type, name: string): boolean {
    if (type.kind === "parameter") {
      const bound = this.#bound.get(type.name)
      return type.name === name || (bound !== undefined && this.#holds(bound, name))
    }
    return partsOf(type).some((part) => this.#holds(part, name))
  }
}

function isNullable({ kind }: Type): boolean {
  return (
    kind === "null" ||
    kind === "wrapper" ||
    kind === "timestamp" ||
    kind === "duration" ||
    kind === "struct" ||
    kind === "opaque"
  )
}
function moreGeneral(a: Type, b: Type): Type {
  return isNoMoreSpecific(a, b) ? a : b
}
function isNoMoreSpecific(a: Type, b: Type): boolean {
  if (a.kind === "dyn" || a.kind === "parameter") return true
  if (b.kind === "dyn" || b.kind === "parameter") return false
  if (a.kind === "wrapper" || b.kind === "wrapper" || b.kind === "null")
    return a.kind === "wrapper" || b.kind === "null"
  if (a.kind === "null") return false
  const [x, y] = [partsOf(a), partsOf(b)]
  return x.every((part, i) => isNoMoreSpecific(part, y[i] as Type))
}

function partsOf(type: Type): readonly Type[] {
  switch (type.kind) {
    case "list":
      return [type.element]
    case "map":
      return [type.key, type.value]
    case "opaque":
      return type.parameters
    case "type":
    case "wrapper":
      return [type.of]
    default:
      return []
  }
}
function mapType(type: Type, change: (part: Type) => Type): Type {
  switch (type.kind) {
    case "list":
      return listOf(change(type.element))
    case "map":
      return mapOf(change(type.key), change(type.value))
    case "opaque":
      return type.parameters.length === 0 ? type : { ...type, parameters: type.parameters.map(change) }
    case "type":
      return typeOf(change(type.of))
    case "wrapper":
      return { kind: "wrapper", of: change(type.of) }
    default:
      return type
  }
}

/** What elements a type gives to a comprehension: for a map keys, then values. */
export function elementsOf(type: Type): readonly [first: Type, second: Type] | undefined {
  if (type.kind === "list") return [{ kind: "int" }, type.element]
  if (type.kind === "map") return [type.key, type.value]
  return type.kind === "dyn" ? [DYN, DYN] : undefined
}
