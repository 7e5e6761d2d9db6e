/** The hostile conditions of the bench `cel-worst-case`, each held to its cost: what ends it is charged before it runs. */
import { describe, expect, test } from "vitest"
import { compile, FUNCTIONS } from "../../../src/cel/compile.ts"
import { parse } from "../../../src/cel/parse.ts"
import { CostExceeded } from "../../../src/cel/value.ts"
import {
  MAX_CONDITION_CHARS,
  MAX_CONDITION_NESTING,
  MAX_CONDITION_NODES,
  MAX_COST,
} from "../../../src/policy/bundle.ts"
import { HOSTILE_TYPES, HOSTILE_VALUES, WORST_CASES } from "../../support/cel-worst-cases.ts"

/** Units at its end. Fewer than before means that it takes longer until then: `npm run bench -- cel-worst-case`. */
const UNITS: Readonly<Record<keyof typeof WORST_CASES, number>> = {
  "nested comprehensions": 100004,
  "calls within calls": 100053,
  "errors that || absorbs": 100012,
  "errors that all() keeps": 100014,
  "texts of 16 KiB, equal but for the end": 100048,
  "texts of a megabyte, compared": 101944,
  "texts of 16 KiB, ordered": 102487,
  "a long text in a list of them": 129268,
  "lists within lists, compared": 103020,
  "a list of long texts, sorted": 100114,
  sort: 100066,
  "sort of texts": 260021,
  sortBy: 261014,
  "sets.contains": 500018,
  "sets.equivalent of texts": 500018,
  distinct: 500021,
  contains: 100374,
  "contains, periodic": 100758,
  indexOf: 102541,
  lastIndexOf: 2101269,
  split: 114748,
  "split by a long text": 114748,
  replace: 107305,
  "replace with a long text": 4227355,
  "replace, counted": 116078,
  join: 258024,
  "strings.quote": 106526,
  "format, percents": 102436,
  "format, clauses": 126197,
  "format, doubles": 100152,
  "reverse of a text": 114730,
  upperAscii: 147482,
  trim: 147482,
  "size of a text": 100562,
  "charAt, far into a text": 100613,
  substring: 100664,
  "lists.range": 108054,
  "list concatenation": 100206,
  flatten: 112181,
  slice: 100250,
  "reverse of a list": 100231,
  "maps, made": 100001,
  "maps of entries": 100011,
  "map keys": 100008,
  "maps, compared": 100109,
  "timestamp()": 100082,
  "time zones": 100051,
  offsets: 100012,
  getters: 100012,
  "string(timestamp)": 100052,
  "duration()": 100058,
  "duration() of a value": 100060,
  "int()": 100002,
  "double()": 100002,
  "string(double)": 100038,
  "integers of 64 bits": 100009,
  uints: 100009,
  bits: 100009,
  greatest: 100516,
  base64: 106383,
  "base64.decode": 102568,
  "string(bytes)": 100346,
  "ip()": 100016,
  "cidr()": 100082,
  matches: 106692,
  "matches, long pattern": 162858,
  "matches, classes": 103364,
  optionals: 100003,
}
const limits = { nesting: MAX_CONDITION_NESTING, nodes: MAX_CONDITION_NODES, tooManyNodes: "too many parts" }

describe("the worst conditions found", () => {
  test("are all held to a cost", () => {
    expect(Object.keys(UNITS)).toEqual(Object.keys(WORST_CASES))
  })
  test.each(Object.entries(WORST_CASES))("%s is ended by it", (name, source) => {
    expect(source.length).toBeLessThanOrEqual(MAX_CONDITION_CHARS)
    const variables = new Map(Object.entries(HOSTILE_TYPES))
    const program = compile(parse(source, limits), { functions: FUNCTIONS, variables, container: "" })
    if ("problems" in program) throw new Error(program.problems[0]?.message)
    expect(program.run(HOSTILE_VALUES, MAX_COST)).toBeInstanceOf(CostExceeded)
    expect(program.spent).toBe(UNITS[name])
  })
})
