/** Fields, indexes and elements of values whose type only the evaluation knows. */
import { CelError, CelMap, Double, isStruct, NO_OVERLOAD, Optional, toInt, Uint, type Value } from "./value.ts"

export const NO_FIELD = "no such key"

/** What the checker lets through is there, or the bindings are not what they were declared to be. */
export function present(value: Value | undefined): Value {
  if (value === undefined) throw new CelError(NO_FIELD)
  return value
}
/** Undefined where it is absent. */
export function fieldOf(value: Value, field: string): Value | undefined {
  if (value instanceof CelMap) return value.entries.get(field)
  if (isStruct(value)) return Object.hasOwn(value, field) ? value[field] : undefined
  throw new CelError(NO_OVERLOAD)
}
/** `a.b`; of an optional it is an optional. */
export function select(value: Value, field: string): Value {
  if (value instanceof Optional) return selectOptional(value, field)
  const found = fieldOf(value, field)
  if (found === undefined) throw new CelError(NO_FIELD)
  return found
}
/** `a.?b`. */
export function selectOptional(value: Value, field: string): Value {
  const inner = value instanceof Optional ? value.value : value
  const found = inner === undefined ? undefined : fieldOf(inner, field)
  if (found === undefined) return Optional.NONE
  return found instanceof Optional ? found : new Optional(found)
}
export function hasField(value: Value, field: string): boolean {
  if (!(value instanceof Optional)) return fieldOf(value, field) !== undefined
  return value.value !== undefined && fieldOf(value.value, field) !== undefined
}

function elementOf(container: Value, key: Value): Value | undefined {
  if (container instanceof CelMap) return container.get(key)
  if (!Array.isArray(container)) throw new CelError(NO_OVERLOAD)
  const index = key instanceof Uint ? toInt(key.value) : key instanceof Double ? key.value : key
  if (typeof index === "bigint") return undefined
  if (typeof index !== "number" || !Number.isInteger(index))
    throw new CelError("invalid_argument: a list has whole indexes")
  return (container as readonly Value[])[index]
}
/** `a[b]`. */
export function index(container: Value, key: Value): Value {
  if (container instanceof Optional) return indexOptional(container, key)
  const found = elementOf(container, key)
  if (found === undefined)
    throw new CelError(container instanceof CelMap ? NO_FIELD : "invalid_argument: index out of bounds")
  return found
}
/** `a[?b]`. */
export function indexOptional(container: Value, key: Value): Value {
  const inner = container instanceof Optional ? container.value : container
  const found = inner === undefined ? undefined : elementOf(inner, key)
  return found === undefined ? Optional.NONE : new Optional(found)
}

/** What a comprehension over one name walks: items of a list, keys of a map. */
export function itemsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof CelMap) return value.keys()
  throw new CelError(NO_OVERLOAD)
}
