/**
 * Random expressions as questions for Cerbos. JSON is all that goes there and comes back, and has one kind of number, so
 * each variable is made of JSON first, and each value written as a list of its type and a text.
 */
import { EXTENSIONS } from "../../src/cel/extensions.ts"
import { parseCidr, parseIp } from "../../src/cel/net.ts"
import { STANDARD } from "../../src/cel/standard.ts"
import { formatType, parseType } from "../../src/cel/type.ts"
import {
  CelError,
  CelMap,
  Double,
  Duration,
  Optional,
  type Timestamp,
  typeName,
  Uint,
  type Value,
} from "../../src/cel/value.ts"
import { Expressions } from "./cel-expressions.ts"
import { LITERALS, makeValues, VARIABLES, type Values } from "./cel-literals.ts"
import { EXTENSION_FORMS, STANDARD_FORMS } from "./cel-macros.ts"
import { describeDouble, describeOutcome } from "./cel-oracle.ts"
import type { Answer, Question } from "./cerbos.ts"
import type { Pick } from "./random.ts"

export function expressionsForCerbos(): Expressions {
  return new Expressions({
    overloads: [...STANDARD, ...EXTENSIONS],
    forms: [...STANDARD_FORMS, ...EXTENSION_FORMS],
    literal,
  })
}

/** More than other tests have. Added to a value they change nothing, but it is no constant. */
const NEUTRAL: Readonly<Record<string, readonly [name: string, value: Value]>> = {
  int: ["zero", 0],
  uint: ["uzero", new Uint(0n)],
  double: ["dzero", new Double(0)],
  string: ["nothing", ""],
  bytes: ["none", new Uint8Array()],
}
const NEUTRALS = Object.entries(NEUTRAL).map(([type, [name, value]]) => ({ name, value, type: parseType(type) }))
export const CERBOS_VARIABLES: typeof VARIABLES = {
  ...VARIABLES,
  ...Object.fromEntries(NEUTRALS.map(({ name, type }) => [name, type])),
}
export function makeCerbosValues(pick: Pick): Values {
  return { ...makeValues(pick), ...Object.fromEntries(NEUTRALS.map(({ name, value }) => [name, value])) }
}

/**
 * Cerbos evaluates constants when it compiles, and refuses all of an expression where one errs: so what could err is none.
 * What is empty has the type of its place.
 */
function literal(type: string, source: string): string {
  if (EMPTY.has(source)) {
    const other = LITERALS[type]?.find((text) => !EMPTY.has(text)) as string
    if (type.startsWith("list")) return `${other}.filter(x, zero > 0)`
    if (type.startsWith("map")) return `${other}.transformMap(k, v, zero > 0, v)`
    return `${other.replace(/^optional\.of\((.+)\)$/, "[$1]")}[?7 + zero]`
  }
  // math.least() and math.greatest() refuse a list of anything, but only where it is written out.
  if (type === "list(dyn)") return `(${source} + [])`
  const [call] = /^(timestamp|duration|ip|cidr)\(/.exec(source) ?? []
  if (call) return source.replace("(", "(nothing + ")
  if (source === "true") return "(zero < 1)"
  if (source === "false") return "(zero > 0)"
  const neutral = NEUTRAL[type]?.[0]
  const open = source
    .replace(/(?<=[/%] )0\b(?!\.)/, "zero")
    .replace("[7]", "[7 + zero]")
    .replace("['none']", "[nothing + 'none']")
  return neutral ? `(${open} + ${neutral})` : open
}
const EMPTY = new Set(["[]", "{}", "optional.none()"])

/** How a variable is made of its attribute, and the attribute of a value. Ints as texts: a double has not all of them. */
const FROM_JSON: Readonly<
  Record<string, readonly [conversion: (attribute: string) => string, toJson: (value: never) => unknown]>
> = {
  int: [(a) => `int(${a})`, String],
  uint: [(a) => `uint(${a})`, ({ value }: Uint) => String(value)],
  double: [(a) => `double(${a})`, ({ value }: Double) => String(value)],
  string: [(a) => `string(${a})`, (text: string) => text],
  bool: [(a) => `bool(${a})`, (truth: boolean) => truth],
  bytes: [(a) => `base64.decode(${a})`, (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")],
  timestamp: [
    (a) => `timestamp(${a})`,
    ({ seconds, nanos }: Timestamp) =>
      new Date(seconds * 1000).toISOString().replace("000Z", `${String(nanos).padStart(9, "0")}Z`),
  ],
  duration: [
    (a) => `duration(${a})`,
    ({ seconds, nanos }: Duration) => `${seconds}.${String(nanos).padStart(9, "0")}s`,
  ],
  "list(int)": [(a) => `${a}.map(x, int(x))`, (list: readonly Value[]) => list.map(String)],
  "list(string)": [(a) => `${a}.map(x, string(x))`, (list: readonly string[]) => list],
  "map(string, int)": [
    (a) => `${a}.transformMap(k, v, int(v))`,
    (map: CelMap) => Object.fromEntries(map.keys().map((key) => [key, String(map.get(key))])),
  ],
}

/** `mine`: what it is here. */
export function questionFor(source: string, values: Values, mine: Value | CelError): Question {
  const content =
    mine instanceof CelError ? "['no error', true, string(type(outcome) == type)]" : write(mine, "outcome")
  let expression = `cel.bind(outcome, dyn(${source}), ${content})`
  const attributes: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(CERBOS_VARIABLES)) {
    if (!new RegExp(`\\b${name}\\b`).test(expression)) continue
    const [conversion, toJson] = FROM_JSON[formatType(type)] as (typeof FROM_JSON)[string]
    expression = `cel.bind(${name}, ${conversion(`R.attr.${name}`)}, ${expression})`
    attributes[name] = toJson(values[name] as never)
  }
  return { expression, attributes }
}

const asText = (v: string) => `string(${v})`
/** By CEL type: how a value is written as a text, or as a list of truth values. */
const SCALARS: Readonly<Record<string, (v: string) => string>> = {
  int: asText,
  uint: asText,
  double: asText,
  string: asText,
  bool: asText,
  bytes: (v) => `base64.encode(${v})`,
  "google.protobuf.Timestamp": (v) => `[string(int(${v})), string(${v} - timestamp(int(${v})))]`,
  "net.IP": asText,
  "net.CIDR": asText,
  null_type: () => "''",
  type: (v) => `[${TYPES.map((name) => `${v} == ${name}`).join(", ")}]`,
}
const TYPES = [...Object.keys(SCALARS), "google.protobuf.Duration", "list", "map", "optional_type"]

/**
 * CEL for a value that should be this one: the name of its type, whether it is of it, and the value as a text, or the values
 * in it. Where its shape is another, that is an error or reads as another value. No ternaries: cel-go's parser takes long
 * for some within others.
 */
function write(expected: Value, v: string): string {
  const name = typeName(expected)
  return `['${name}', type(${v}) == ${name}, ${writeContent(expected, name, v)}]`
}
function writeContent(expected: Value, name: string, v: string): string {
  const scalar = SCALARS[name]
  if (scalar) return scalar(v)
  // Its text is rounded there where it is long, and so is a constant.
  if (expected instanceof Duration)
    return `[${v} == duration(nothing + '${expected.seconds}s') + duration(nothing + '${expected.nanos}ns'), '${describeOutcome(expected)}', string(${v})]`
  if (expected instanceof Optional)
    return expected.value === undefined ? `${v}.hasValue()` : write(expected.value, `dyn(${v}.value())`)
  const items =
    expected instanceof CelMap
      ? expected.keys().map((key) => {
          const literal = writeKey(key)
          return `[${write(key, `${v}.filter(key, key == ${literal})[0]`)}, ${write(expected.get(key) as Value, `${v}[${literal}]`)}]`
        })
      : (expected as readonly Value[]).map((item, i) => write(item, `${v}[${i}]`))
  return `[size(${v}), [${items.join(", ")}]]`
}
function writeKey(key: Value): string {
  return key instanceof Uint ? `${key.value}u` : typeof key === "string" ? JSON.stringify(key) : String(key)
}

/** What was answered, in the words of `describeOutcome`. */
export function describeAnswer(answer: Answer): string {
  if ("refused" in answer) return "refused"
  return "error" in answer ? "error" : describeWritten(answer.value)
}
function describeWritten(written: unknown): string {
  const [name, isOfIt, content] = written as readonly [name: string, isOfIt: boolean, content: never]
  return isOfIt ? (DESCRIPTIONS[name] as (typeof DESCRIPTIONS)[string])(content) : `no ${name}`
}
const DESCRIPTIONS: Readonly<Record<string, (content: never) => string>> = {
  "no error": () => "no error",
  int: (text: string) => text,
  uint: (text: string) => `${text}u`,
  double: (text: string) => describeDouble(Number(text.replace("Inf", "Infinity"))),
  string: (text: string) => JSON.stringify(text),
  bool: (text: string) => text,
  bytes: (text: string) => `bytes ${[...Buffer.from(text, "base64")].join()}`,
  "google.protobuf.Timestamp": ([seconds, rest]: readonly [string, string]) =>
    `timestamp ${seconds} ${Math.round(Number(rest.replace("s", "")) * 1e9)}`,
  "google.protobuf.Duration": ([isIt, it, text]: readonly [boolean, string, string]) =>
    isIt ? it : `duration ${text}`,
  "net.IP": (text: string) => describeOutcome(parseIp(text) as Value),
  "net.CIDR": (text: string) => describeOutcome(parseCidr(text) as Value),
  null_type: () => "null",
  type: (isIt: readonly boolean[]) => `type ${TYPES[isIt.indexOf(true)]}`,
  optional_type: (content: boolean | readonly unknown[]) =>
    content === false ? "none" : `optional ${content === true ? "with a value" : describeWritten(content)}`,
  list: ([size, items]: readonly [size: number, items: readonly unknown[]]) =>
    `[${items.map(describeWritten).join(", ")}]${describeSize(size, items)}`,
  map: ([size, entries]: readonly [size: number, entries: readonly (readonly [unknown, unknown])[]]) =>
    `{${entries
      .map(([key, item]) => `${describeWritten(key)}: ${describeWritten(item)}`)
      .sort()
      .join(", ")}}${describeSize(size, entries)}`,
}
function describeSize(size: number, asked: readonly unknown[]): string {
  return size === asked.length ? "" : ` of ${size}`
}
