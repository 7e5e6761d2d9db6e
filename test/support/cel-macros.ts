/** What is written otherwise than as a call of an overload: macros, choices, literals of collections, fields. */
import { BOOL, formatType, INT, optionalOf, parseType, STRING, type Type, unwrapOptional } from "../../src/cel/type.ts"
import type { Pick } from "./random.ts"

export type Locals = readonly (readonly [name: string, type: Type])[]
export interface Making {
  readonly pick: Pick
  /** An expression of this type, one step less deep, where these names are bound too. */
  readonly make: (type: Type, locals?: Locals) => string
  readonly fresh: () => string
}
export interface Form {
  readonly name: string
  /** Does it make expressions of this type? */
  readonly fits: (type: Type) => boolean
  readonly write: (type: Type, making: Making) => string
}

const LIST_INT = parseType("list<int>")
const LIST_STRING = parseType("list<string>")
const MAP = parseType("map<string, int>")
const OPTIONAL = parseType("optional<int>")
const is = (...texts: readonly string[]) => {
  const names = new Set(texts.map((text) => formatType(parseType(text))))
  return (type: Type) => names.has(formatType(type))
}
const isBool = is("bool")
const isPlainList = is("list<int>", "list<string>", "list<double>", "list<bool>", "list<uint>")
const any = ({ kind }: Type) => !["dyn", "type", "opaque"].includes(kind)
const elementOf = (type: Type) => (type as { element: Type }).element
/** Over what it goes, and of what type its items are. */
const walk = ({ pick, make }: Making): readonly [range: string, element: Type] => {
  const over = pick(3)
  return over === 0 ? [make(MAP), STRING] : over === 1 ? [make(LIST_STRING), STRING] : [make(LIST_INT), INT]
}
const walkPairs = ({ pick, make }: Making): readonly [range: string, first: Type, second: Type] => {
  const over = pick(3)
  return over === 0
    ? [make(MAP), STRING, INT]
    : over === 1
      ? [make(LIST_STRING), INT, STRING]
      : [make(LIST_INT), INT, INT]
}
const asks = (macro: string): Form => ({
  name: macro,
  fits: isBool,
  write(_, making) {
    const [range, element] = walk(making)
    const x = making.fresh()
    return `${range}.${macro}(${x}, ${making.make(BOOL, [[x, element]])})`
  },
})
const asksPairs = (macro: string): Form => ({
  name: `${macro} of two`,
  fits: isBool,
  write(_, making) {
    const [range, first, second] = walkPairs(making)
    const [k, v] = [making.fresh(), making.fresh()]
    const inside: Locals = [
      [k, first],
      [v, second],
    ]
    return `${range}.${macro}(${k}, ${v}, ${making.make(BOOL, inside)})`
  },
})
const joins = (operator: string): Form => ({
  name: operator,
  fits: isBool,
  write: (_, { make }) => `(${make(BOOL)} ${operator} ${make(BOOL)})`,
})
const maps = (isFiltered: boolean): Form => ({
  name: isFiltered ? "map with a filter" : "map",
  fits: isPlainList,
  write(type, making) {
    const [range, element] = walk(making)
    const x = making.fresh()
    const filter = isFiltered ? `${making.make(BOOL, [[x, element]])}, ` : ""
    return `${range}.map(${x}, ${filter}${making.make(elementOf(type), [[x, element]])})`
  },
})
const transforms = (macro: string, fits: (type: Type) => boolean, isFiltered: boolean): Form => ({
  name: isFiltered ? `${macro} with a filter` : macro,
  fits,
  write(type, making) {
    // What makes a map<string, int> of pairs walks one: its keys stay.
    const isMap = type.kind === "map"
    const [range, first, second] = isMap ? ([making.make(MAP), STRING, INT] as const) : walkPairs(making)
    const [k, v] = [making.fresh(), making.fresh()]
    const inside: Locals = [
      [k, first],
      [v, second],
    ]
    const filter = isFiltered ? `${making.make(BOOL, inside)}, ` : ""
    const made = isMap ? making.make(INT, inside) : making.make(elementOf(type), inside)
    const body = macro === "transformMapEntry" ? `{${k}: ${made}}` : made
    return `${range}.${macro}(${k}, ${v}, ${filter}${body})`
  },
})

/** Those of the language definition, without optionals and names in pairs: @bufbuild/cel has no others. */
export const STANDARD_FORMS: readonly Form[] = [
  joins("&&"),
  joins("||"),
  {
    name: "_?_:_",
    fits: any,
    write: (type, { make }) => `(${make(BOOL)} ? ${make(type)} : ${make(type)})`,
  },
  asks("all"),
  asks("exists"),
  asks("exists_one"),
  {
    name: "filter",
    fits: is("list<int>", "list<string>"),
    write(type, { make, fresh }) {
      const x = fresh()
      return `${make(type)}.filter(${x}, ${make(BOOL, [[x, elementOf(type)]])})`
    },
  },
  maps(false),
  maps(true),
  {
    name: "has",
    fits: isBool,
    write: (_, { pick, make }) => `has(${make(MAP)}.${["a", "b", "none"][pick(3)]})`,
  },
  {
    name: "field",
    fits: is("int"),
    write: (_, { pick, make }) => `${make(MAP)}.${["a", "b", "none"][pick(3)]}`,
  },
  {
    name: "[…]",
    fits: isPlainList,
    write: (type, { pick, make }) => `[${Array.from({ length: pick(3) }, () => make(elementOf(type))).join(", ")}]`,
  },
  {
    name: "{…}",
    fits: is("map<string, int>"),
    write: (_, { pick, make }) =>
      `{${Array.from({ length: pick(3) }, () => `${make(STRING)}: ${make(INT)}`).join(", ")}}`,
  },
]

/** What cel-go's extensions add. */
export const EXTENSION_FORMS: readonly Form[] = [
  asksPairs("all"),
  asksPairs("exists"),
  asksPairs("existsOne"),
  transforms("transformList", isPlainList, false),
  transforms("transformList", isPlainList, true),
  transforms("transformMap", is("map<string, int>"), false),
  transforms("transformMap", is("map<string, int>"), true),
  transforms("transformMapEntry", is("map<string, int>"), false),
  transforms("transformMapEntry", is("map<string, int>"), true),
  {
    name: "sortBy",
    fits: is("list<int>", "list<string>"),
    write(type, { pick, make, fresh }) {
      const x = fresh()
      return `${make(type)}.sortBy(${x}, ${make(pick(2) === 0 ? INT : STRING, [[x, elementOf(type)]])})`
    },
  },
  {
    name: "cel.bind",
    fits: any,
    write(type, { pick, make, fresh }) {
      const x = fresh()
      const bound = [INT, STRING, BOOL, LIST_INT][pick(4)] as Type
      return `cel.bind(${x}, ${make(bound)}, ${make(type, [[x, bound]])})`
    },
  },
  {
    name: "optMap",
    fits: is("optional<int>", "optional<string>"),
    write(type, { make, fresh }) {
      const x = fresh()
      return `${make(OPTIONAL)}.optMap(${x}, ${make(unwrapOptional(type) as Type, [[x, INT]])})`
    },
  },
  {
    name: "optFlatMap",
    fits: is("optional<int>", "optional<string>"),
    write(type, { make, fresh }) {
      const x = fresh()
      return `${make(OPTIONAL)}.optFlatMap(${x}, ${make(type, [[x, INT]])})`
    },
  },
  {
    name: "_?._",
    fits: is("optional<int>"),
    write: (_, { pick, make }) => `${make(pick(2) === 0 ? MAP : optionalOf(MAP))}.?${["a", "none"][pick(2)]}`,
  },
  {
    name: "[?…]",
    fits: is("list<int>", "list<string>"),
    write: (type, { make }) => `[?${make(optionalOf(elementOf(type)))}, ${make(elementOf(type))}]`,
  },
  {
    name: "{?…}",
    fits: is("map<string, int>"),
    write: (_, { make }) => `{?${make(STRING)}: ${make(OPTIONAL)}}`,
  },
]
