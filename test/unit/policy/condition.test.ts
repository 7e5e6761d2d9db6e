/** CEL as cel-go has it, where the engine behind `condition.ts` could differ. Values come from the request. */
import fc from "fast-check"
import { afterEach, describe, expect, test } from "vitest"
import { CostExceeded, compareCodePoints, type Value } from "../../../src/cel/value.ts"
import { MAX_CONDITION_NESTING, MAX_CONDITION_NODES } from "../../../src/policy/bundle.ts"
import { compileCondition, type Scope } from "../../../src/policy/condition.ts"
import { growthOf } from "../../support/growth.ts"
import { evaluateCondition, NOW_MS } from "../../support/policy.ts"

type Given = Readonly<Record<string, readonly [type: string, value: unknown]>>
/** `$name` stands for a property of the subject. */
const evaluate = (when: string, given: Given = {}, nowMs = NOW_MS) =>
  evaluateCondition(when.replaceAll(/\$(?=[a-z])/g, "subject.properties."), given, nowMs)
const ERROR = "CONDITION_ERROR"
const MAX = ["int", "9223372036854775807"] as const
const MIN = ["int", "-9223372036854775808"] as const

describe("compileCondition: integers", () => {
  test.each([
    ["$a + 1 > 0", { a: MAX }],
    ["$a - 1 < 0", { a: MIN }],
    ["$a * 2 > 0", { a: MAX }],
    ["$a * $a > 0", { a: MIN }],
    ["-$a > 0", { a: MIN }],
    ["$a / -1 > 0", { a: MIN }],
    ["$a / 0 == 0", { a: ["int", 1] }],
    ["$a % 0 == 0", { a: ["int", 1] }],
    ["int($f) > 0", { f: ["double", 9.3e18] }],
    ["int($s) > 0", { s: ["string", "9223372036854775808"] }],
    ["uint($a) > 0u", { a: ["int", -1] }],
    ["uint($a) - 2u > 0u", { a: ["int", 1] }],
  ] as [string, Given][])("%s is an error, never another number", (when, given) => {
    expect(evaluate(when, given)).toBe(ERROR)
  })

  test.each([
    ["$a == 9223372036854775807", { a: MAX }, true],
    ["$a == -9223372036854775808", { a: MIN }, true],
    ["$a - 1 == 9223372036854775806", { a: MAX }, true],
    ["$a + 1 == 9007199254740993", { a: ["int", "9007199254740992"] }, true],
    ["$a == 9007199254740992", { a: ["int", "9007199254740993"] }, false],
    ["$a / 2 == -3 && $a % 2 == -1", { a: ["int", -7] }, true], // towards zero, unlike floor
    ["dyn($a) == 1.0 && $a < 1.5 && dyn($a) in [1.0]", { a: ["int", 1] }, true],
  ] as [string, Given, boolean][])("%s is %s exactly", (when, given, expected) => {
    expect(evaluate(when, given)).toBe(expected)
  })
})

describe("compileCondition: doubles", () => {
  const nan = { z: ["double", 0] } as Given
  test.each([
    ["$z / 0.0 == $z / 0.0", false],
    ["$z / 0.0 != $z / 0.0", true],
    ["$z / 0.0 < 1.0", false],
    ["$z / 0.0 <= 1.0", false],
    ["$z / 0.0 > 1.0", false],
    ["$z / 0.0 >= 1.0", false],
    ["$z / 0.0 in [$z / 0.0]", false],
    ["1.0 / $z > 1.7e308", true],
    ["-1.0 / $z < -1.7e308", true],
    ["$z == -0.0", true],
    ["$z + 0.1 + 0.2 == 0.3", false],
  ] as [string, boolean][])("%s is %s", (when, expected) => {
    expect(evaluate(when, nan)).toBe(expected)
  })
})

describe("compileCondition: strings", () => {
  // U+FFFD is one UTF-16 unit, 0xFFFD; U+1F600 begins with 0xD83D and yet comes after it.
  test.each([
    ['$s < "\\U0001F600"', "\uFFFC", true],
    ['$s > "\\uFFFC"', "\u{1F600}", true],
    ['$s <= "\\uFFFC"', "\u{1F600}", false],
    ['$s >= "\\U0001F600"', "\uFFFC", false],
    ['$s < "\\U0001F601"', "\u{1F600}", true],
    ['$s < "ab"', "a", true],
    ['$s < "a"', "Z", true],
    ['$s == "e\\u0301"', "é", false],
    ["size($s) == 1", "\u{1F600}", true],
    ["size($s) == 2", "e\u0301", true],
    ['$s.startsWith("a") && $s.endsWith("c") && $s.contains("b")', "abc", true],
    ['$s.contains("")', "", true],
    ['$s + $s == "\u{1F600}\u{1F600}"', "\u{1F600}", true],
  ] as [string, string, boolean][])("%s with %j is %s", (when, value, expected) => {
    expect(evaluate(when, { s: ["string", value] })).toBe(expected)
  })

  test("all four comparisons order any two strings by code points", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "b", "é", "\uD7FF", "\uE000", "\uFFFC", "\u{10000}", "\u{1F600}", "\u{10FFFF}"),
      maxLength: 4,
    })
    const points = (value: string) => [...value].map((character) => character.codePointAt(0) as number)
    const byPoints = (a: string, b: string) => {
      const [x, y] = [points(a), points(b)]
      for (let i = 0; i < Math.min(x.length, y.length); i++)
        if (x[i] !== y[i]) return (x[i] as number) - (y[i] as number)
      return x.length - y.length
    }
    const scope: Scope = { presence: () => "required", known: () => [], variables: {} }
    const compiled = ["<", "<=", ">", ">="].map((operator) => {
      const condition = compileCondition(`subject.id ${operator} resource.id`, scope)
      if ("problems" in condition) throw new Error("it compiles")
      return condition
    })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const order = byPoints(a, b)
        expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(order))
        const roots = { subject: { id: a }, resource: { id: b } } as never
        expect(compiled.map((condition) => condition.evaluate(condition.bind(roots)))).toEqual([
          order < 0,
          order <= 0,
          order > 0,
          order >= 0,
        ])
      }),
    )
  })
})

describe("compileCondition: names", () => {
  test.each([
    ['subject.type == "a" && subject.id == "x"', true],
    ['resource.type == "r" && resource.id == "y"', true],
    ['action.name == "go" && audience == "runner"', true],
    ['subject.id == "y" || resource.id == "x" || action.name == "x"', false],
    ["[subject, resource] == [subject, resource]", true], // entities as wholes
    ["dyn(subject) == dyn(resource)", false],
    ["action == action && context == context && parameters == parameters", true],
    ["dyn(subject.properties) == dyn(resource.properties)", true], // both hold nothing
    ["action.properties == action.properties && constants == constants", true],
  ] as [string, boolean][])("%s is %s", (when, value) => {
    expect(evaluate(when)).toBe(value)
  })
})

describe("compileCondition: regular expressions", () => {
  test.each([
    ['$s.matches("b")', "abc", true], // anywhere, not the whole text
    ['$s.matches("^b$")', "abc", false],
    ['$s.matches("(?i)ABC")', "abc", true],
    ['$s.matches("^.$")', "\u{1F600}", true], // a code point, not a unit
    ['$s.matches("^\\\\pL+$")', "Ωж", true],
    ['$s.matches("^\\\\d+$")', "٣", false], // ASCII only in RE2
    ['$s.matches("^a$")', "a\n", false], // $ is the end of the text, not of a line
  ] as [string, string, boolean][])("%s on %j is %s", (when, value, expected) => {
    expect(evaluate(when, { s: ["string", value] })).toBe(expected)
  })

  test("a pattern that makes other engines hang takes linear time", () => {
    const match = (length: number) =>
      expect(evaluate('$s.matches("^(a+)+$")', { s: ["string", `${"a".repeat(length)}b`] })).toBe(false)
    expect(growthOf(4_000, match)).toBeLessThan(9)
  })
})

describe("compileCondition: time", () => {
  const zone = process.env["TZ"]
  afterEach(() => {
    if (zone === undefined) delete process.env["TZ"]
    else process.env["TZ"] = zone
  })
  const instant = { t: ["timestamp", "2026-03-29T01:30:00.123Z"] } as Given

  test.each(["UTC", "Asia/Tokyo", "America/St_Johns", "Europe/Berlin"])("getters say the same where TZ is %s", (tz) => {
    process.env["TZ"] = tz
    expect(new Date(NOW_MS).getTimezoneOffset()).toBe(
      { UTC: 0, "Asia/Tokyo": -540, "America/St_Johns": 210, "Europe/Berlin": -60 }[tz],
    )
    for (const when of [
      '$t.getFullYear("UTC") == 2026 && $t.getMonth("UTC") == 2 && $t.getDate("UTC") == 29 && $t.getDayOfMonth("UTC") == 28',
      '$t.getDayOfWeek("UTC") == 0 && $t.getDayOfYear("UTC") == 87',
      '$t.getHours("UTC") == 1 && $t.getMinutes("UTC") == 30 && $t.getSeconds("UTC") == 0 && $t.getMilliseconds("UTC") == 123',
      '$t.getHours("+05:30") == 7 && $t.getMinutes("+05:30") == 0',
      '$t.getHours("-02:00") == 23 && $t.getDate("-02:00") == 28',
      '$t.getHours("Europe/Berlin") == 3', // the hour after summer time began
      '$t == timestamp("2026-03-29T03:30:00.123+02:00")',
      'now == timestamp("2026-01-01T00:00:00Z") && now.getHours("UTC") == 0',
      'string($t) == "2026-03-29T01:30:00.123Z"',
    ])
      expect([when, evaluate(when, instant)]).toEqual([when, true])
  })

  test("`now` is the call's one clock read, to the millisecond", () => {
    expect(evaluate('now.getMilliseconds("UTC") == 7', {}, NOW_MS + 7)).toBe(true)
    expect(evaluate('now - timestamp("2026-01-01T00:00:00Z") == duration("7ms")', {}, NOW_MS + 7)).toBe(true)
  })

  test.each([
    ['$t + duration("1s") > $t', { t: ["timestamp", "9999-12-31T23:59:59Z"] }],
    ['$t - duration("1s") < $t', { t: ["timestamp", "0001-01-01T00:00:00Z"] }],
    ['$t.getHours("Mars/Olympus") == 1', instant],
    ["timestamp($s) == now", { s: ["string", "yesterday"] }],
    ["duration($s) == duration('1s')", { s: ["string", "1 hour"] }],
  ] as [string, Given][])("%s is an error", (when, given) => {
    expect(evaluate(when, given)).toBe(ERROR)
  })

  test("durations are exact to the nanosecond, with their sign", () => {
    const d = (value: string) => ({ d: ["duration", value] }) as Given
    expect(evaluate('$d > duration("1s")', d("1.000000001s"))).toBe(true)
    expect(evaluate('$d == duration("-500ms")', d("-0.5s"))).toBe(true)
    expect(evaluate('$d == duration("0s")', d("-0s"))).toBe(true)
    expect(evaluate('$d == duration("90m")', d("5400s"))).toBe(true)
  })
})

describe("compileCondition: errors and logic", () => {
  const given = { list: ["list<string>", ["a", "b"]], map: ["map<int>", { a: 1 }], zero: ["int", 0] } as Given
  test.each([
    ["$list[2] == 'a'", ERROR],
    ["$list[-1] == 'a'", ERROR],
    ["$map['b'] == 1", ERROR],
    ["$map.b == 1", ERROR],
    ["!($map['b'] == 1)", ERROR],
    ["$map['b'] == 1 && true", ERROR],
    ["$map['b'] == 1 || false", ERROR],
    ["$map['b'] == 1 ? true : true", ERROR],
    ["1 / $zero == 1 || $map['b'] == 1", ERROR],
    ["$list.all(x, x == 'a' || 1 / $zero == 1)", ERROR],
    ["$list.exists(x, x == 'c' || 1 / $zero == 1)", ERROR],
    ["$list.exists_one(x, 1 / $zero == 1)", ERROR],
    // What settles the outcome absorbs the error, on either side.
    ["$map['b'] == 1 || true", true],
    ["true || $map['b'] == 1", true],
    ["$map['b'] == 1 && $zero == 1", false],
    ["$zero == 1 && $map['b'] == 1", false],
    ["$list.exists(x, x == 'a' || 1 / $zero == 1)", true],
    ["$list.all(x, x == 'c' && 1 / $zero == 1)", false],
    ["false ? $map['b'] == 1 : true", true],
    ["has($map.b)", false],
    ["'a' in $map && !('b' in $map)", true],
    ["$list.map(x, x + x) == ['aa', 'bb']", true],
    ["$list.filter(x, x > 'a').size() == 1", true],
    ["$list + ['c'] == ['a', 'b', 'c']", true],
    ["{'a': 1}['a'] == $map['a']", true],
    ["$list == ['a', 1]", false],
    ["dyn($zero) == 'a'", false],
  ] as [string, boolean | string][])("%s is %s", (when, expected) => {
    expect(evaluate(when, given)).toBe(expected)
  })
})

describe("compileCondition: limits", () => {
  const scope: Scope = {
    presence: () => "required",
    known: () => [],
    variables: { v: "1 == 1 && 2 == 2" },
  }
  const compile = (source: string) => compileCondition(source, scope)
  const problemOf = (source: string) => {
    const compiled = compile(source)
    return "problems" in compiled ? compiled.problems.map(({ message }) => message) : []
  }

  const TOO_MANY = [`A condition has at most ${MAX_CONDITION_NODES} parts, variables included.`]
  test(`${MAX_CONDITION_NODES} parts are compiled, one more is refused; what a variable stands for counts`, () => {
    const sum = (terms: number) => `${Array(terms).fill("1").join(" + ")} == 1` // 2 × terms + 1 parts
    expect(problemOf(`!(${sum((MAX_CONDITION_NODES - 2) / 2)})`)).toEqual([])
    expect(problemOf(sum(MAX_CONDITION_NODES / 2))).toEqual(TOO_MANY)
    // A variable of 7 parts, 62 times, and 61 operators between them; then one more.
    expect(problemOf(Array(62).fill("variables.v").join(" && "))).toEqual([])
    expect(problemOf(Array(63).fill("variables.v").join(" && "))).toEqual(TOO_MANY)
  })

  test("variables that double in each step do not explode", () => {
    const doubling = Array.from({ length: 60 }, (_, i) => [
      `v${i}`,
      i === 0 ? "true" : `variables.v${i - 1} && variables.v${i - 1}`,
    ])
    const compiled = compileCondition("variables.v59", { ...scope, variables: Object.fromEntries(doubling) })
    expect("problems" in compiled && compiled.problems.map(({ message }) => message)).toEqual(TOO_MANY)
  })

  test(`brackets are nested ${MAX_CONDITION_NESTING} deep, no deeper; those in texts do not count`, () => {
    const nest = (depth: number) => `${"(".repeat(depth)}true${")".repeat(depth)}`
    expect(problemOf(nest(MAX_CONDITION_NESTING))).toEqual([])
    expect(problemOf(nest(MAX_CONDITION_NESTING + 1))).toEqual([
      `Brackets may be nested ${MAX_CONDITION_NESTING} deep.`,
    ])
    expect(problemOf(`subject.id == "${"(".repeat(300)}" && subject.id != '${"[\\'".repeat(300)}'`)).toEqual([])
  })

  test.each([
    ["parentheses", `${"(".repeat(2_000)}true${")".repeat(2_000)}`],
    ["brackets that never close", "[".repeat(4_000)],
    ["a path of 2,000 names", `subject${".a".repeat(2_000)} == 1`],
    ["1,300 indexes", `subject${"[0]".repeat(1_300)} == 1`],
    ["calls", `${"size(".repeat(700)}''${")".repeat(700)} == 1`],
    ["choices", `${"true ? true : ".repeat(280)}true`],
    ["additions", `${"1 + ".repeat(1_000)}1 == 1`],
  ])("%s without end are a problem, not a crash", (_, source) => {
    expect(problemOf(source)).toHaveLength(1)
  })

  const spent = (source: string, subject: Value = {}) => {
    const compiled = compile(source)
    if ("problems" in compiled) throw new Error("it compiles")
    const value = compiled.evaluate(compiled.bind({ subject } as never))
    return { value, cost: compiled.spent() }
  }

  test("the cost is one a part, and the parts that a comprehension walks once more for each item", () => {
    expect(spent("subject.id == 'a'", { id: "a" })).toEqual({ value: true, cost: 4 })
    const one = (items: number) => spent("subject.list.all(a, a == 'a')", { list: Array(items).fill("a") }).cost
    expect(one(1) - one(0)).toBe(3)
    expect(one(1_000) - one(0)).toBe(3_000)
    const two = (items: number) =>
      spent("subject.list.all(a, subject.list.all(b, a == b))", { list: Array(items).fill("a") }).cost
    expect(two(10) - two(0)).toBe(10 * 6 + 100 * 3)
  })

  test("what is not walked costs nothing more, and a limit ends the evaluation", () => {
    const list = ["b", ...Array(1_000).fill("a")]
    expect(spent("subject.list.exists(a, a == 'b')", { list }).cost).toBeLessThan(20)
    const all = "subject.list.all(a, subject.list.all(b, a != 'x' && b != 'x'))"
    expect(spent(all, { list }).value).toBeInstanceOf(CostExceeded)
    // No `||` makes it good again.
    expect(spent(`${all} || subject.list[0] == 'b'`, { list }).value).toBeInstanceOf(CostExceeded)
  })

  test("long texts cost what it takes to read them, patterns before they run", () => {
    const text = (source: string, length: number) => spent(source, { id: "a".repeat(length) }).cost
    for (const [source, units] of [
      ["subject.id + 'a' == 'a'", 250],
      ["subject.id.contains('b')", 500],
      ["size(subject.id) == 1", 4_000],
    ] as const)
      expect([source, text(source, 16_000) - text(source, 0)]).toEqual([source, units])
    expect(text("subject.id.matches('^(a+)+$')", 16_000)).toBeGreaterThan(5_000)
  })

  test("mentions sees through variables, calls, lists, maps and comprehensions", () => {
    const compiled = (source: string) => compileCondition(source, { ...scope, variables: { v: "now == now" } })
    const mentions = (source: string, root: string) => {
      const condition = compiled(source)
      if ("problems" in condition) throw new Error("it compiles")
      return condition.mentions(root)
    }
    for (const source of [
      "variables.v",
      "[now] == []",
      "{'a': now} == {}",
      "[1].all(x, now == now)",
      "size(string(now)) > 0",
    ])
      expect([source, mentions(source, "now")]).toEqual([source, true])
    expect(mentions("subject.id == 'now' && context.now == 1", "now")).toBe(false)
  })
})
