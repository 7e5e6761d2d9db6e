/** What random expressions are about: variables with values, and literals of every type, the awkward ones first of all. */
import { parseType, type Type } from "../../src/cel/type.ts"
import { CelMap, Double, Duration, Timestamp, toInt, Uint, type Value } from "../../src/cel/value.ts"
import { one, type Pick } from "./random.ts"

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
export type Values = Readonly<Record<keyof typeof VARIABLES, Value>>

const INTS =
  "0 1 -1 2 3 7 -5 63 64 4294967296 9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807 -9223372036854775808".split(
    " ",
  )
const DOUBLES = [0, -0, 1.5, -2, Number.NaN, Infinity, -Infinity, 1e19, 0.1, 2 ** 63]
const TEXTS = [
  "",
  "a",
  "b",
  "ab",
  "abc",
  "é",
  "\uFFFC",
  "\u{1F600}",
  "\u{10FFFF}a",
  "a\u{1F600}b a",
  " a\t",
  "1",
  "-7",
  "1.5",
  "true",
  "1h",
  "2009-02-13T23:31:30Z",
  "UTC",
  "+01:30",
]

export function makeValues(pick: Pick): Values {
  const int = () => toInt(BigInt(one(pick, INTS)))
  return {
    i: int(),
    j: pick(5) - 2,
    u: new Uint(BigInt(pick(4))),
    d: new Double(one(pick, DOUBLES)),
    s: one(pick, TEXTS),
    b: pick(2) === 0,
    y: Uint8Array.from({ length: pick(3) }, () => pick(256)),
    t: new Timestamp(pick(2e9), pick(1e9)),
    p: new Duration(pick(1e5), pick(1e9)),
    li: [1, 2, int()].slice(0, pick(4)),
    ls: [one(pick, TEXTS), "a"].slice(0, pick(3)),
    m: CelMap.of(
      (
        [
          ["a", 1],
          ["b", int()],
        ] as const
      ).slice(0, pick(3)),
    ),
  }
}

const quoted = (texts: readonly string[]) => texts.map((text) => JSON.stringify(text))
/** By type. Errors are there too, so that what absorbs them is tried. */
export const LITERALS: Readonly<Record<string, readonly string[]>> = {
  int: [...INTS, "(1 / 0)", "{'a': 1}['none']", "(-3 % 0)"],
  uint: ["0u", "1u", "2u", "9007199254740993u", "18446744073709551615u"],
  double: ["0.0", "1.0", "-1.5", "2.0", "2.5", "1e300", "0.1", "4503599627370496.5", "(0.0 / 0.0)", "(1.0 / 0.0)"],
  string: [...quoted(TEXTS), "['a'][7]"],
  bool: ["true", "false", "({'a': 1}['none'] == 1)", "([1][7] > 0)"],
  bytes: ["b''", "b'a'", "b'\\xff'", "b'ab'", "b'\\xf0\\x9f\\x98\\x80'"],
  timestamp: [
    "timestamp('2009-02-13T23:31:30.5Z')",
    "timestamp('1972-02-29T00:00:00Z')",
    "timestamp('2262-04-11T23:47:16Z')",
    "timestamp('0001-01-01T00:00:00Z')",
    "timestamp('9999-12-31T23:59:59.999999999Z')",
    "timestamp('1969-12-31T23:59:59.999999999Z')",
  ],
  duration: ["duration('0s')", "duration('1.5s')", "duration('-90m')", "duration('1ns')", "duration('2562047h')"],
  dyn: ["dyn(1)", "dyn('a')", "dyn(1.5)", "dyn(2u)", "dyn([])", "dyn(false)"],
  "type(int)": ["int", "type(1)"],
  "type(string)": ["string", "type('')"],
  "list(int)": ["[]", "[1, 2, 3]", "[9223372036854775807, -1]", "[2, 1, 2]"],
  "list(uint)": ["[]", "[1u, 2u]", "[18446744073709551615u]"],
  "list(double)": ["[]", "[1.5, -2.0]", "[0.0 / 0.0, 1.0]"],
  "list(string)": ["[]", "['a', 'b']", "['\u{1F600}', '\uFFFC', '']"],
  "list(bool)": ["[]", "[true, false]"],
  "list(bytes)": ["[]", "[b'b', b'', b'a']"],
  "list(duration)": ["[]", "[duration('1.5s'), duration('-90m')]"],
  "list(timestamp)": ["[]", "[timestamp('2009-02-13T23:31:30.5Z'), timestamp('1972-02-29T00:00:00Z')]"],
  "list(dyn)": [
    "[]",
    "[1, 'a']",
    "[1, 2u, 1.5]",
    "[[1], [[2]], 3]",
    "['a', 1.5, {'k': [true]}]",
    "['\u{1F600}', b'a']",
  ],
  "list(list(int))": ["[[]]", "[[1], [2, 3]]", "[]"],
  "list(optional_type(int))": ["[optional.of(1), optional.none()]", "[]"],
  "map(string, int)": ["{}", "{'a': 1, 'b': -2}", "{'': 9223372036854775807}"],
  "map(int, int)": ["{}", "{1: 2, 9223372036854775807: 0}"],
  "optional_type(int)": ["optional.of(1)", "optional.none()", "{'a': 1}[?'a']"],
  "optional_type(string)": ["optional.of('a')", "optional.none()"],
  "optional_type(list(int))": ["optional.of([1, 2])", "optional.none()"],
  "optional_type(map(string, int))": ["optional.of({'a': 1})", "optional.none()"],
  "net.IP": ["ip('10.1.2.3')", "ip('::1')", "ip('fe80::1')", "ip('2001:db8::ff')"],
  "net.CIDR": ["cidr('10.0.0.0/8')", "cidr('::/0')", "cidr('2001:db8::1/32')", "cidr('127.0.0.1/32')"],
}

const ZONES = quoted(["UTC", "America/New_York", "Asia/Kathmandu", "+01:30", "-23:59", "nowhere", "02:00"])
const ADDRESSES = quoted([
  "10.1.2.3",
  "127.0.0.1",
  "::1",
  "fe80::1",
  "ff02::1",
  "224.0.0.1",
  "1.2.3",
  "2001:DB8::1",
  "0.0.0.0",
  "::",
])
const RANGES = quoted([
  "10.0.0.0/8",
  "10.1.2.3/33",
  "::/0",
  "2001:db8::/32",
  "192.168.0.1/24",
  "10.1.0.0/16",
  "1.2.3.4",
])
const COUNTS = ["0", "1", "2", "3", "-1", "5"]
/** What makes an argument meaningful, by function and place (the receiver is the first). */
const HINTS: Readonly<Record<string, readonly (readonly string[] | undefined)[]>> = {
  matches: [undefined, quoted(["a+", "^a", "[", "(a|b)*$", "\\p{L}", "^.$", "", "a{2,3}", "(?i)A", "\\d+"])],
  "timestamp(string)": [
    quoted(["2009-02-13T23:31:30Z", "2009-02-13T23:31:30.123456789+01:00", "2009-02-13", "0000-01-01T00:00:00Z"]),
  ],
  "duration(string)": [quoted(["1h", "-1.5s", "1h30m", "3", "100000000h", "1ms2us3ns", "0"])],
  "int(string)": [quoted(["12", "-7", "9223372036854775808", "+1", "0x1", " 1"])],
  "uint(string)": [quoted(["12", "-7", "18446744073709551616", "1"])],
  "double(string)": [quoted(["1.5", "-1e3", "NaN", "-Inf", "1e400", "0x1", "one"])],
  "bool(string)": [quoted(["true", "false", "TRUE", "1", "t", "yes", "tRue"])],
  "base64.decode": [quoted(["YQ==", "YQ", "8J+YgA==", "*", ""])],
  ip: [ADDRESSES],
  isIP: [ADDRESSES],
  "ip.isCanonical": [ADDRESSES],
  cidr: [RANGES],
  isCIDR: [RANGES],
  "containsIP(net.CIDR, string)": [undefined, ADDRESSES],
  "containsCIDR(net.CIDR, string)": [undefined, RANGES],
  charAt: [undefined, COUNTS],
  substring: [undefined, COUNTS, COUNTS],
  "indexOf(string, string, int)": [undefined, undefined, COUNTS],
  "lastIndexOf(string, string, int)": [undefined, undefined, COUNTS],
  replace: [undefined, quoted(["a", "", "b", "\u{1F600}", "ab"]), undefined, COUNTS],
  split: [undefined, quoted(["a", "", ",", "\u{1F600}"]), COUNTS],
  slice: [undefined, COUNTS, COUNTS],
  flatten: [undefined, COUNTS],
  "math.bitShiftLeft": [undefined, ["0", "1", "63", "64", "-1"]],
  "math.bitShiftRight": [undefined, ["0", "1", "63", "64", "-1"]],
  "_[_]": [undefined, [...COUNTS, "'a'", "'b'"]],
  "_[?_]": [undefined, [...COUNTS, "'a'", "'b'"]],
  "lists.range": [COUNTS],
  format: [
    quoted(["%s", "%d and %s", "%.2f", "%e", "%x", "%X", "%o", "%b", "%%", "no clause", "%s%s%s", "%z", "%.0f %.3e"]),
    ["[1, 'a']", "[1.5]", "['\u{1F600}', 255]", "[true, 2u, b'a']", "[[1, 'x', {'b': 1, 'a': 2.5}], null, 0]", "[]"],
  ],
}
/** Other arguments than these make no sense there, or make a list of that many items. */
const ALWAYS = new Set(["lists.range"])

/** A literal for this argument, or undefined where any expression of its type is as good. */
export function hintFor(name: string, signature: string, at: number, type: string, pick: Pick): string | undefined {
  const pool = /^\.?get[A-Z]/.test(name) && at === 1 ? ZONES : (HINTS[signature] ?? HINTS[name])?.[at]
  if (!pool || (pick(4) === 0 && !ALWAYS.has(name))) return undefined
  const fitting = pool.filter((text) => fits(text, type))
  return fitting.length > 0 ? one(pick, fitting) : undefined
}
function fits(text: string, type: string): boolean {
  if (type === "int") return /^-?\d/.test(text)
  if (type === "string") return /^["']/.test(text)
  return type === "list(dyn)" && text.startsWith("[")
}
