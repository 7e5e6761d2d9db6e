/** One way to call a function: for the checker its types, for the lowering what it does. */
import { parseType, splitTypes, type Type } from "./type.ts"
import type { Value } from "./value.ts"

export interface Overload {
  readonly name: string
  readonly isMember: boolean
  /** The receiver first. */
  readonly parameters: readonly Type[]
  readonly result: Type
  readonly call: (...args: never[]) => Value
  /** Units beyond the call's own, charged before it runs: what grows with its arguments. */
  readonly cost: ((...args: never[]) => number) | undefined
}

/** `size(string): int`, `string->size(): int`. */
export function overload(signature: string, call: Overload["call"], cost?: Overload["cost"]): Overload {
  const match = /^(?:(.+)->)?([\w.@$\-+*/%<>=!?[\]&|]+)\((.*)\): (.+)$/.exec(signature) as RegExpExecArray
  const [, receiver, name = "", parameters = "", result = ""] = match
  return {
    name,
    isMember: receiver !== undefined,
    parameters: [...(receiver === undefined ? [] : [receiver]), ...splitTypes(parameters)].map(parseType),
    result: parseType(result),
    call,
    cost,
  }
}

export type Functions = ReadonlyMap<string, readonly Overload[]>
export function toFunctions(...groups: readonly (readonly Overload[])[]): Functions {
  const functions = new Map<string, Overload[]>()
  for (const one of groups.flat()) {
    const known = functions.get(one.name)
    if (known) known.push(one)
    else functions.set(one.name, [one])
  }
  return functions
}
