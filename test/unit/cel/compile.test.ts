import { describe, expect, test } from "vitest"
import { compile, FUNCTIONS } from "../../../src/cel/compile.ts"
import { parse } from "../../../src/cel/parse.ts"
import { SyntaxProblem } from "../../../src/cel/problem.ts"
import { DYN, type StructType, type Type } from "../../../src/cel/type.ts"
import { CelError, CostExceeded, type Value } from "../../../src/cel/value.ts"

const LIMITS = { nesting: 20, nodes: 1_000, tooManyNodes: "too many nodes" }
const USER: StructType = {
  kind: "struct",
  name: "user",
  known: () => ["name", "team"],
  field: (name) =>
    name === "name" || name === "team" ? { type: { kind: "string" }, isOptional: name === "team" } : undefined,
}
const VARIABLES: Readonly<Record<string, Type>> = {
  user: USER,
  a: { kind: "int" },
  texts: { kind: "list", element: { kind: "string" } },
  x: DYN,
}
const compiled = (source: string) =>
  compile(parse(source, LIMITS), { functions: FUNCTIONS, variables: new Map(Object.entries(VARIABLES)), container: "" })

/** `offset message suggestion` of each problem. */
function problemsOf(source: string): readonly string[] {
  try {
    const program = compiled(source)
    const problems = "problems" in program ? program.problems : program.faults
    return problems.map(({ offset, message, suggestion }) => [offset, message, suggestion].join(" ").trim())
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    return [[error.offset, error.message, error.suggestion].join(" ").trim()]
  }
}

describe("parse", () => {
  test.each([
    [
      "a +",
      "3 This is not CEL: expected a value, found the end. A value is a name, a number, a text in quotes, or something in brackets.",
    ],
    ["(a", '2 This is not CEL: expected ")" to match the bracket, found the end. Write ) here.'],
    [
      "[a, ",
      "4 This is not CEL: expected a value, found the end. A value is a name, a number, a text in quotes, or something in brackets.",
    ],
    ["size(a,)", '7 This is not CEL: expected a value, found ")". Take away the comma.'],
    ["size(a b)", '7 This is not CEL: expected "," or ")", found b. Write ) here, or a comma before what follows.'],
    ["{a 1}", '3 This is not CEL: expected ":" between a key and its value, found 1. Write : here.'],
    ["a ? 1 , 2", '6 This is not CEL: expected ":" of the choice, found ",". Write : here.'],
    ["a[1", '3 This is not CEL: expected "]" of the index, found the end. Write ] here.'],
    [
      "a.+",
      '2 This is not CEL: expected a name after ".", found "+". A field that is no plain name stands in backquotes.',
    ],
    [
      ". + 1",
      '2 This is not CEL: expected a name after ".", found "+". A field that is no plain name stands in backquotes.',
    ],
    ["-!a", '1 This is not CEL: expected a value, found "!". Put brackets around one of the signs.'],
    ["a b", "2 This is not CEL: expected an operator or the end, found b. Join two conditions with && or ||."],
    ["user.`na me`", '5 The types declare no "user.na me". Did you mean "name"?'],
    ["`user`.name", '0 "`user`" is a field: it stands after a dot. Write context.`user`.'],
    ["user.for", '5 The types declare no "user.for". There is name, team.'],
    ["for", '0 "for" is a reserved word. It can stand after a dot only.'],
    ["a # b", '2 "#" cannot stand here. A comment begins with //.'],
    ["a & b", '2 "&" cannot stand here. Write && for both.'],
    ["\u{1F600}", '0 "\u{1F600}" cannot stand here. Texts stand in quotes.'],
    ['"a', '0 This text is not closed. End it with ".'],
    ["'a\n'", "0 This text is not closed on its line. End it with '."],
    ["'\\ud800'", "1 There is no such character. Characters end at 10FFFF, without D800 to DFFF."],
    ["'\\U00110000'", "1 There is no such character. Characters end at 10FFFF, without D800 to DFFF."],
    ["b'\\u00e9'", "2 Bytes have no such escape. Write \\x and two hex digits."],
    [
      "9223372036854775808",
      "0 This number does not fit into an int of 64 bits. Ints are from -9223372036854775808 to 9223372036854775807.",
    ],
    [
      "9223372036854775809",
      "0 This number does not fit into an int of 64 bits. Ints are from -9223372036854775808 to 9223372036854775807.",
    ],
    [
      "18446744073709551616u",
      "0 This number does not fit into a uint of 64 bits. The greatest is 18446744073709551615u.",
    ],
    ["1e999", "0 This number does not fit into a double. A double is below 1.8e308."],
    ["has(a)", "4 has() asks for a field. Write has(a.b)."],
    ["[1].all(a.b, true)", "8 A plain name must stand here. Write a name of your own, such as x."],
    ["[1].all(i, i, true)", "4 The two names must differ. Write (i, v, …)."],
    ["math.greatest()", "5 math.greatest() needs at least one argument. Write math.greatest(a, b)."],
    [
      `${"(".repeat(21)}1${")".repeat(21)}`,
      "20 Brackets may be nested 20 deep. Write several rules, each with a shorter condition.",
    ],
    [`${"1 + ".repeat(600)}1`, "0 too many nodes Write several rules, each with a shorter condition."],
  ])("%s", (source, problem) => {
    expect(problemsOf(source)).toEqual([problem])
  })

  test("choices without end are a problem, not a crash", () => {
    const source = `${"true ? 1 : ".repeat(5_000)}1`
    expect(() => parse(source, { ...LIMITS, nodes: 100_000 })).toThrow(
      expect.objectContaining({ message: "This is nested too deep." }),
    )
  })

  test("comments, raw texts, triple quotes and every escape are read", () => {
    const value = (source: string) => {
      const program = compiled(source)
      if ("problems" in program) throw new Error(source)
      return program.constant
    }
    expect(value("1 // one\n + 1")).toBe(2)
    expect(value("r'\\d' + R\"\\d\" + '\\\\d'")).toBe("\\d\\d\\d")
    expect(value("'''a\n'b'''")).toBe("a\n'b")
    expect(value("'\\x41\\X42\\u0043\\U00000044\\105\\a\\b\\f\\n\\r\\t\\v\\?\\\"\\'\\`'")).toBe(
      "ABCDE\x07\b\f\n\r\t\v?\"'`",
    )
    expect(value("b'\\xff\\377a' == bytes('a')")).toBe(false)
    expect(value("br'\\' + rb'\\' == b'\\\\\\\\'")).toBe(true)
    expect(value("{'a': 1, }.size() + [1, ].size()")).toBe(2)
  })
})

describe("check", () => {
  test.each([
    ["nobody", '0 There is no "nobody" here.'],
    ["usr.name", '0 There is no "usr" here. Did you mean "user"?'],
    ["user.nam", '5 The types declare no "user.nam". Did you mean "name"?'],
    ["user.team", '0 "user.team" may be absent. Write has(user.team) && … before it, or declare it required.'],
    ["a.name", '2 "name" is asked of an int, which has no fields. Take away .name.'],
    ["a && true", '0 "&&" joins what is true or false; this is int. Compare it with ==, < or >.'],
    ["a ? 1 : 2", "0 A choice is made by what is true or false; this is int. Compare it with ==, < or >."],
    ["{1.5: 1}", "1 A key is a string, an int, a uint or a bool; this is double. Convert it with string(…)."],
    ["[?1]", '2 After "?" an optional must stand; this is int. Take away the "?".'],
    ["a.map(t, t)", "0 map() walks a list or a map; this is int. Write lists.range(…) around it."],
    [
      "{1: 2}.sortBy(k, k)",
      "0 sortBy() walks a list or a map; this is map(int, int). Write transformList() before it.",
    ],
    ["a.optMap(t, t)", "2 optMap() is asked of an optional; this is int. Read it with .? or write optional.of(…)."],
    ["optional.of(1).optFlatMap(t, t)", "29 optFlatMap() makes optionals; this is int. Write optMap()."],
    ["[1].transformMapEntry(i, v, v)", "28 transformMapEntry() makes maps; this is int. Write {key: value}."],
    ["texts[user.name]", "5 A list(string) has no index of type string."],
    [
      "[[1], [2]].sort()",
      "11 There is no list(list(int)).sort(). There is list(int).sort(), list(uint).sort(), list(double).sort() and others.",
    ],
    ["sise(texts)", '0 There is no function "sise". Did you mean "size"?'],
    ["texts.sise()", '6 There is no function "sise". Did you mean "size"?'],
    ["-user.name == 'a'", '0 "-" does not take (string).'],
    ["1 + 1.5 == 2.5", '2 "+" does not take (int, double). Convert one with double(…) or int(…).'],
    [
      "timestamp('2026-02-30T00:00:00Z') == timestamp(0)",
      "0 This is always an error: this text is no timestamp (RFC 3339) in the range of 0001 to 9999. Correct what it is made of.",
    ],
    [
      "'a'.matches('(')",
      "12 The pattern is not RE2: error parsing regexp: missing closing ): `(`. RE2 has no look-around and no references to groups.",
    ],
  ])("%s", (source, problem) => {
    expect(problemsOf(source)[0]).toBe(problem)
  })

  test.each([
    ["has(user.team) || user.team == 'a'", 18],
    ["!(has(user.team) && a == 1) && user.team == 'a'", 31],
    ["cel.bind(u, user, u.team == 'a')", 18],
    ["cel.bind(u, user, has(user.team) && u.team == 'a')", 36],
    // The inner `u` is another one than the one that was asked for.
    ["cel.bind(u, user, has(u.team) && [user].all(u, u.team == 'a'))", 47],
    ["[user].exists(u, u.team == 'a')", 17],
    ["texts.filter(t, has(user.team)).all(t, user.team == t)", 39],
  ])("%s reads what may be absent", (source, offset) => {
    expect(problemsOf(source)).toEqual([expect.stringMatching(new RegExp(`^${offset} .* may be absent`))])
  })

  test.each([
    "has(user.team) && user.team == 'a'",
    "user.?team.orValue('') == 'a'",
    "!has(user.team) || user.team == 'a'",
    "has(user.team) ? user.team == 'a' : false",
    "!(!has(user.team) || a == 1) && user.team == 'a'",
    "cel.bind(u, user, has(u.team) && u.team == 'a')",
    "texts.map(t, has(user.team), user.team) == texts",
  ])("%s does not", (source) => {
    expect(problemsOf(source)).toEqual([])
  })
})

describe("run", () => {
  const run = (source: string, bindings: Readonly<Record<string, Value>>) => {
    const program = compiled(source)
    if ("problems" in program) throw new Error(`${source}: ${program.problems[0]?.message}`)
    const before = process.cpuUsage()
    const value = program.run(bindings, 100_000)
    return { value, ms: process.cpuUsage(before).user / 1000 }
  }
  const long = "a".repeat(1_000_000)
  const many = Array.from({ length: 1_000 }, (_, i) => `t${i}`)

  test.each([
    ["x.matches('(a|b|c|d|e|f)*(x|y|z)(a{1,50}){1,10}$')", { x: long }],
    ["texts.all(p, texts.all(q, p != q + 'x'))", { texts: many }],
    ["texts.map(p, texts).flatten().distinct() == texts", { texts: many }],
    ["texts.all(p, texts.map(q, q) == x)", { texts: many, x: many }],
    ["texts.exists(p, x > x + p)", { texts: many, x: long }],
    ["texts.map(p, x.replace('a', x)) == []", { texts: many, x: long.slice(0, 16_000) }],
    ["lists.range(10000).map(i, lists.range(i)).flatten().sort().size() == a", { a: 1 }],
    ["texts.map(p, '%s'.format([texts])).join() == ''", { texts: many }],
    ["sets.equivalent(texts, texts.map(p, p + 'x'))", { texts: many }],
    ["texts.all(p, x.contains(p) == false)", { texts: many, x: long }],
    ["cel.bind(b, x + x, cel.bind(c, b + b, cel.bind(d, c + c, d + d == x)))", { x: long }],
  ] as [string, Record<string, Value>][])("%s is ended by its cost before it takes long", (source, bindings) => {
    const times = [0, 1, 2, 3].map(() => {
      const { value, ms } = run(source, bindings)
      expect(value).toBeInstanceOf(CostExceeded)
      return ms
    })
    // 5 ms on an idle machine; garbage of the test before may be collected in it.
    expect(Math.min(...times)).toBeLessThan(100)
  })

  test("what is made of a dyn is not what its first use asks for", () => {
    expect(run("['b'] + x.distinct().sort() == ['b', 'a']", { x: ["a", "a"] }).value).toBe(true)
  })

  test("what is not bound as declared is an error, not a value", () => {
    expect(run("user.name == 'a'", { user: {} }).value).toBeInstanceOf(CelError)
    expect(run("user.name == 'a'", {}).value).toBeInstanceOf(CelError)
    expect(run("x == 1", {}).value).toBeInstanceOf(CelError)
    expect(run("has(x.a)", { x: { a: 1 } }).value).toBe(true)
    expect(run("has(x.toString) || has(x.__proto__)", { x: { a: 1 } }).value).toBe(false)
    expect(run("x == x && x != {'a': 1} && dyn(user) == user", { x: { a: 1 }, user: { name: "a" } }).value).toBe(true)
  })
})
