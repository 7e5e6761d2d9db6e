/**
 * What an expression can come out as. `int` is a JavaScript number while it is a safe integer and a bigint beyond, never
 * both for the same number, so that `===` compares ints. `double` and `uint` are boxed: so 1, 1u and 1.0 stay three
 * things also where no static type tells them apart.
 */
export type Int = number | bigint
export type Value =
  | null
  | boolean
  | string
  | Int
  | Uint
  | Double
  | Uint8Array
  | Timestamp
  | Duration
  | readonly Value[]
  | CelMap
  | Optional
  | TypeValue
  | Ip
  | Cidr
  | Struct

/** An object with declared fields; an absent field is no own member. */
export interface Struct {
  readonly [field: string]: Value
}

/** Not an `Error`: what an evaluation throws is caught in it, and a stack would cost more than all else. */
export class CelError {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}
/** Ends an evaluation; nothing absorbs it. */
export class CostExceeded extends CelError {
  constructor() {
    super("the cost limit is used up")
  }
}
export const NO_OVERLOAD = "no such overload"

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}
export class Double {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}
/** 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z; `nanos` counts forward from `seconds`. */
export class Timestamp {
  readonly seconds: number
  readonly nanos: number
  constructor(seconds: number, nanos: number) {
    this.seconds = seconds
    this.nanos = nanos
  }
}
/** Both parts have the same sign. What arithmetic makes fits into 64 bits of nanoseconds, as in cel-go. */
export class Duration {
  readonly seconds: number
  readonly nanos: number
  constructor(seconds: number, nanos: number) {
    this.seconds = seconds
    this.nanos = nanos
  }
}
export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}
export class Optional {
  static readonly NONE = new Optional(undefined)
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
}
/** Network order: 4 or 16 bytes. An IPv4 address that is written as IPv6 (::ffff:10.1.2.3) is the IPv4 address it is. */
export class Ip {
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}
export class Cidr {
  readonly bytes: Uint8Array
  readonly prefix: number
  constructor(bytes: Uint8Array, prefix: number) {
    this.bytes = bytes
    this.prefix = prefix
  }
}

/** Keys are strings, bools, ints and uints; a uint and an int of the same number are the same key. */
export type Key = string | boolean | Int
export class CelMap {
  readonly entries: Map<Key, Value>
  /** The keys that are uints, under the ints that they are stored by. */
  readonly uints: ReadonlyMap<Key, Uint> | undefined
  constructor(entries: Map<Key, Value>, uints?: ReadonlyMap<Key, Uint>) {
    this.entries = entries
    this.uints = uints
  }
  static of(pairs: Iterable<readonly [Value, Value]>): CelMap {
    const entries = new Map<Key, Value>()
    let uints: Map<Key, Uint> | undefined
    for (const [key, value] of pairs) {
      const stored = toStoredKey(key)
      if (entries.has(stored)) throw new CelError("Failed with repeated key")
      entries.set(stored, value)
      if (key instanceof Uint) {
        uints ??= new Map()
        uints.set(stored, key)
      }
    }
    return new CelMap(entries, uints)
  }
  get size(): number {
    return this.entries.size
  }
  /** Undefined where there is no such key; doubles find the ints they equal. */
  get(key: Value): Value | undefined {
    const stored = toSearchKey(key)
    return stored === undefined ? undefined : this.entries.get(stored)
  }
  keys(): Value[] {
    const { uints } = this
    return uints ? Array.from(this.entries.keys(), (key) => uints.get(key) ?? key) : [...this.entries.keys()]
  }
}

function toStoredKey(key: Value): Key {
  if (typeof key === "string" || typeof key === "boolean" || typeof key === "number" || typeof key === "bigint")
    return key
  if (key instanceof Uint) return toInt(key.value)
  throw new CelError("unsupported key type")
}
function toSearchKey(key: Value): Key | undefined {
  if (typeof key === "string" || typeof key === "boolean" || typeof key === "number" || typeof key === "bigint")
    return key
  if (key instanceof Uint) return toInt(key.value)
  if (key instanceof Double && Number.isInteger(key.value)) return toInt(BigInt(key.value))
  return undefined
}

/** The one form of this integer, whatever its size. */
export function toInt(value: bigint): Int {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value
}
export function isInt(value: unknown): value is Int {
  return typeof value === "number" || typeof value === "bigint"
}
export function isStruct(value: Value): value is Struct {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(
      value instanceof CelMap ||
      value instanceof Double ||
      value instanceof Uint ||
      value instanceof Timestamp ||
      value instanceof Duration ||
      value instanceof Optional ||
      value instanceof TypeValue ||
      value instanceof Ip ||
      value instanceof Cidr ||
      value instanceof Uint8Array
    )
  )
}

/** The number that an int, uint or double is, so that JavaScript's mixed `<` and `>`, which are exact, compare them. */
export function toNumber(value: Value): Int | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value
  if (value instanceof Double || value instanceof Uint) return value.value
  return undefined
}

export function equals(a: Value, b: Value): boolean {
  // Not of what holds something: NaN is not even itself.
  if (a === b && (typeof a !== "object" || a === null || a === Optional.NONE)) return true
  const x = toNumber(a)
  if (x !== undefined) {
    const y = toNumber(b)
    return y !== undefined && x >= y && x <= y
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equals(item, b[i] as Value))
  if (a instanceof CelMap) {
    if (!(b instanceof CelMap) || a.size !== b.size) return false
    for (const [key, value] of a.entries) {
      const other = b.entries.get(key)
      if (other === undefined || !equals(value, other)) return false
    }
    return true
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0
  if (a instanceof Timestamp) return b instanceof Timestamp && a.seconds === b.seconds && a.nanos === b.nanos
  if (a instanceof Duration) return b instanceof Duration && a.seconds === b.seconds && a.nanos === b.nanos
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name
  if (a instanceof Optional)
    return (
      b instanceof Optional &&
      a.value !== undefined &&
      b.value !== undefined &&
      equals(a.value as Value, b.value as Value)
    )
  if (a instanceof Ip) return b instanceof Ip && compareBytes(a.bytes, b.bytes) === 0
  if (a instanceof Cidr) return b instanceof Cidr && a.prefix === b.prefix && compareBytes(a.bytes, b.bytes) === 0
  if (!isStruct(a) || !isStruct(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equals(a[name] as Value, b[name] as Value))
  )
}

/** By code points, which UTF-16 units do not follow: surrogates stand above all other units. */
export function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    const xs = x >= 0xd800 && x <= 0xdfff
    const ys = y >= 0xd800 && y <= 0xdfff
    return xs === ys ? x - y : xs ? 1 : -1
  }
  return a.length - b.length
}
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return a.length - b.length
}

/** As CEL's `type()` names it. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "string":
      return "string"
    case "boolean":
      return "bool"
    case "number":
    case "bigint":
      return "int"
  }
  if (value === null) return "null_type"
  if (Array.isArray(value)) return "list"
  if (value instanceof CelMap) return "map"
  if (value instanceof Double) return "double"
  if (value instanceof Uint) return "uint"
  if (value instanceof Uint8Array) return "bytes"
  if (value instanceof Timestamp) return "google.protobuf.Timestamp"
  if (value instanceof Duration) return "google.protobuf.Duration"
  if (value instanceof TypeValue) return "type"
  if (value instanceof Optional) return "optional_type"
  if (value instanceof Ip) return "net.IP"
  if (value instanceof Cidr) return "net.CIDR"
  return "struct"
}
