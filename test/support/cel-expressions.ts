/** Random expressions that check, made from the very table of overloads that the compiler has. */
import type { Overload } from "../../src/cel/overload.ts"
import { BOOL, formatType, INT, parseType, type Type } from "../../src/cel/type.ts"

/** A number below `count`. */
export type Pick = (count: number) => number

export const VARIABLES: Readonly<Record<string, Type>> = {
  i: parseType("int"),
  j: parseType("int"),
  u: parseType("uint"),
  d: parseType("double"),
  s: parseType("string"),
  b: parseType("bool"),
  y: parseType("bytes"),
  t: parseType("timestamp"),
  p: parseType("duration"),
  li: parseType("list<int>"),
  ls: parseType("list<string>"),
  m: parseType("map<string, int>"),
}
export const INTS =
  "0 1 -1 2 3 7 -5 63 64 4294967296 9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807 -9223372036854775808".split(
    " ",
  )
export const TEXTS = [
  "",
  "a",
  "b",
  "ab",
  "abc",
  "é",
  "\uFFFC",
  "\u{1F600}",
  "\u{10FFFF}a",
  "1",
  "-7",
  "1.5",
  "true",
  "1h",
  "2009-02-13T23:31:30Z",
  "UTC",
  "+01:30",
]
const LITERALS: Readonly<Record<string, readonly string[]>> = {
  // Errors are leaves too, so that what absorbs them is tried.
  int: [...INTS, "(1 / 0)", "m['none']", "(-i % 0)"],
  uint: ["0u", "1u", "2u", "9007199254740993u", "18446744073709551615u"],
  double: ["0.0", "1.0", "-1.5", "2.0", "1e300", "0.1", "4503599627370496.5"],
  string: [...TEXTS.map((text) => JSON.stringify(text)), "ls[7]"],
  bool: ["true", "false", "(m['none'] == 1)", "(li[7] > 0)"],
  bytes: ["b''", "b'a'", "b'\\xff'", "b'ab'"],
  timestamp: [
    "timestamp('2009-02-13T23:31:30.5Z')",
    "timestamp('1972-02-29T00:00:00Z')",
    "timestamp('2262-04-11T23:47:16Z')",
  ],
  duration: ["duration('0s')", "duration('1.5s')", "duration('-90m')", "duration('1ns')", "duration('2562047h')"],
  "list(int)": ["[]", "[1, 2, 3]", "[9223372036854775807, -1]"],
  "list(string)": ["[]", "['a', 'b']", "['\u{1F600}']"],
  "map(string, int)": ["{}", "{'a': 1, 'b': -2}"],
}
/** What a parameter of an overload may stand for. */
const STAND_INS = ["int", "string", "double", "bool", "uint"].map(parseType)

interface Production {
  readonly overload: Overload
  readonly parameters: readonly Type[]
}

export class Expressions {
  readonly #byResult = new Map<string, Production[]>()
  /** How often each overload and macro was written. */
  readonly used = new Map<string, number>()
  #locals = 0

  constructor(overloads: readonly Overload[]) {
    for (const overload of overloads)
      for (const type of STAND_INS) {
        const fill = (one: Type): Type | null => fillIn(one, type)
        const parameters = overload.parameters.map(fill)
        const result = fill(overload.result)
        if (!result || !parameters.every((one) => one !== null && LITERALS[formatType(one)])) continue
        const key = formatType(result)
        const known = this.#byResult.get(key) ?? []
        if (known.some((other) => other.overload === overload && sameTypes(other.parameters, parameters as Type[])))
          continue
        this.#byResult.set(key, [...known, { overload, parameters: parameters as Type[] }])
      }
  }

  /** An expression of the type, at most so deep. */
  make(type: Type, depth: number, pick: Pick, locals: readonly (readonly [string, Type])[] = []): string {
    const key = formatType(type)
    const names = [...Object.entries(VARIABLES), ...locals].filter(([, one]) => formatType(one) === key)
    const leaf = () => {
      const literals = LITERALS[key] as readonly string[]
      const at = pick(literals.length + 2 * names.length)
      return at < literals.length ? (literals[at] as string) : (names[(at - literals.length) >> 1]?.[0] as string)
    }
    if (depth === 0 || pick(6) === 0) return leaf()
    const inner = (of: Type, more: readonly (readonly [string, Type])[] = locals) => {
      const made = this.make(of, depth - 1, pick, more)
      return pick(12) === 0 ? `dyn(${made})` : made
    }
    const choices = this.#byResult.get(key) ?? []
    const special = pick(5)
    if (special === 0) return this.#macro(type, inner, pick, locals) ?? leaf()
    if (special === 1) {
      this.#count("_?_:_")
      return `(${inner(BOOL)} ? ${this.make(type, depth - 1, pick, locals)} : ${this.make(type, depth - 1, pick, locals)})`
    }
    if (special === 2 && key === "bool") {
      const operator = pick(2) === 0 ? "&&" : "||"
      this.#count(operator)
      return `(${inner(BOOL)} ${operator} ${inner(BOOL)})`
    }
    if (choices.length === 0) return leaf()
    const { overload, parameters } = choices[pick(choices.length)] as Production
    this.#count(signatureOf(overload))
    return write(
      overload,
      parameters.map((one) => inner(one)),
    )
  }

  #macro(
    type: Type,
    inner: (of: Type, more?: readonly (readonly [string, Type])[]) => string,
    pick: Pick,
    locals: readonly (readonly [string, Type])[],
  ): string | null {
    const isText = pick(2) === 0
    const element = parseType(isText ? "string" : "int")
    const range = inner(parseType(isText ? "list<string>" : "list<int>"))
    const name = `x${this.#locals++}`
    const within = [...locals, [name, element] as const]
    const key = formatType(type)
    if (key === "bool") {
      const macro = ["all", "exists", "exists_one"][pick(3)] as string
      this.#count(macro)
      return `${range}.${macro}(${name}, ${inner(BOOL, within)})`
    }
    if (key === `list(${formatType(element)})` && pick(2) === 0) {
      this.#count("filter")
      return `${range}.filter(${name}, ${inner(BOOL, within)})`
    }
    if (type.kind === "list") {
      const isFiltered = pick(2) === 0
      this.#count(isFiltered ? "map with a filter" : "map")
      const filter = isFiltered ? `${inner(BOOL, within)}, ` : ""
      return `${range}.map(${name}, ${filter}${inner(type.element, within)})`
    }
    return null
  }
  #count(what: string): void {
    this.used.set(what, (this.used.get(what) ?? 0) + 1)
  }
}

/** `.size(string)`, `_<_(int, double)`. */
export function signatureOf({ name, isMember, parameters }: Overload): string {
  return `${isMember ? "." : ""}${name}(${parameters.map(formatType).join(", ")})`
}
function sameTypes(a: readonly Type[], b: readonly Type[]): boolean {
  return a.map(formatType).join() === b.map(formatType).join()
}
function fillIn(type: Type, by: Type): Type | null {
  switch (type.kind) {
    case "parameter":
      return type.name === "B" ? INT : by
    case "list": {
      const element = fillIn(type.element, by)
      return element && { kind: "list", element }
    }
    case "map": {
      const [key, value] = [fillIn(type.key, by), fillIn(type.value, by)]
      return key && value && { kind: "map", key, value }
    }
    case "opaque":
    case "type":
    case "dyn":
      return null
    default:
      return type
  }
}

function write({ name, isMember }: Overload, args: readonly string[]): string {
  const [a = "", b = ""] = args
  if (name === "@in") return `(${a} in ${b})`
  if (name === "_[_]") return `${a}[${b}]`
  if (name === "!_" || name === "-_") return `${name[0]}(${a})`
  const operator = /^_(.+)_$/.exec(name)?.[1]
  if (operator) return `(${a} ${operator} ${b})`
  return isMember ? `${a}.${name}(${args.slice(1).join(", ")})` : `${name}(${args.join(", ")})`
}
/** Of what types expressions are made. */
export const RESULTS: readonly Type[] = [BOOL, ...Object.values(VARIABLES)]
