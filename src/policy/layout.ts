/**
 * Where a request's values stand that conditions read most: by number in one list, since reading by number is several
 * times faster than by name. Follows from the declared types alone, so that every condition of a bundle has the same.
 */
import type { Values } from "../cel/frame.ts"
import type { Value } from "../cel/value.ts"
import type { Bundle, Properties } from "./bundle.ts"

/** The rest is read by name: a list of this length is made for every request. */
export const MAX_NUMBERED = 128

export const ROOTS = [
  "subject",
  "resource",
  "action",
  "context",
  "parameters",
  "audience",
  "now",
  "constants",
  "history",
] as const
export type Root = (typeof ROOTS)[number]
export type Roots = Readonly<Record<Root, Value>>
/** What conditions are evaluated on. */
export interface Bindings {
  readonly roots: Roots
  readonly values: Values
}

/** What every request has. */
const ALWAYS = ["subject.type", "subject.id", "resource.type", "resource.id", "action.name", "audience", "now"]
/** What holds declared properties. */
export type Group = "context" | "subject.properties" | "resource.properties" | "parameters" | "action.properties"

export class Layout {
  readonly #numbers = new Map<string, number>()
  readonly #groups = new Map<Group, ReadonlyMap<string, number>>()

  constructor(types: Bundle["types"]) {
    for (const path of ALWAYS) this.#numbers.set(path, this.#numbers.size)
    const of = (table: { readonly [name: string]: { readonly properties: Properties } }) =>
      Object.values(table).map(({ properties }) => properties)
    this.#add("context", [types.context])
    this.#add("subject.properties", of(types.subjects))
    this.#add("resource.properties", of(types.resources))
    this.#add(
      "parameters",
      Object.values(types.actions).map(({ parameters }) => parameters ?? {}),
    )
    this.#add("action.properties", of(types.actions))
  }
  #add(group: Group, declared: readonly Properties[]): void {
    const names = [...new Set(declared.flatMap((properties) => Object.keys(properties)))].sort()
    const numbers = new Map<string, number>()
    for (const name of names.slice(0, MAX_NUMBERED - this.#numbers.size)) {
      numbers.set(name, this.#numbers.size)
      this.#numbers.set(`${group}.${name}`, this.#numbers.size)
    }
    this.#groups.set(group, numbers)
  }

  readonly numberOf = (path: string): number | undefined => this.#numbers.get(path)

  /** Numbers of the properties in a group, by their names. */
  numbersIn(group: Group): ReadonlyMap<string, number> {
    return this.#groups.get(group) as ReadonlyMap<string, number>
  }
  /** With what every request has; the properties are to be filled in. */
  begin(subject: Named, resource: Named, action: string, audience: string, now: Value): (Value | undefined)[] {
    const values = new Array<Value | undefined>(this.#numbers.size)
    values[0] = subject.type
    values[1] = subject.id
    values[2] = resource.type
    values[3] = resource.id
    values[4] = action
    values[5] = audience
    values[6] = now
    return values
  }
  /** All of them, from values that have their names only. */
  bind(roots: Roots): Bindings {
    const values = Array.from(this.#numbers.keys(), (path) =>
      path
        .split(".")
        .reduce<Value | undefined>(
          (value, name) => (value === undefined ? value : Object.getOwnPropertyDescriptor(value, name)?.value),
          roots as unknown as Value,
        ),
    )
    return { roots, values }
  }
}
export const UNNUMBERED: Pick<Layout, "numberOf" | "bind"> = {
  numberOf: () => undefined,
  bind: (roots) => ({ roots, values: [] }),
}
interface Named {
  readonly type: string
  readonly id: string
}
