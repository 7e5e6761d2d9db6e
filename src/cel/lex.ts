/** Source text to tokens (CEL language definition, "Syntax"). */
import { utf8 } from "../formats/bytes.ts"
import { SyntaxProblem } from "./problem.ts"
import { Double, toInt, Uint, type Value } from "./value.ts"

export interface Token {
  readonly kind: "identifier" | "quoted" | "literal" | "operator" | "end"
  readonly text: string
  readonly offset: number
  readonly end: number
  readonly value?: Value
}

const RESERVED = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(" "),
)
const OPERATORS = ["&&", "||", "==", "!=", "<=", ">=", ..."<>+-*/%!?:.,()[]{}"]
const SPACE = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const QUOTED = /`([A-Za-z0-9_.\-/ ]+)`/y
const NUMBER = /(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|0x[0-9a-fA-F]+[uU]?|\d+[uU]?/y
const STRING = /([bB][rR]?|[rR][bB]?)?("""|'''|"|')/y
const MAX_INT = 2n ** 63n - 1n
const MAX_UINT = 2n ** 64n - 1n
const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, null: null }
/** The one integer that only a minus sign makes valid. */
export const MIN_INT_DIGITS = 2n ** 63n

export function lex(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  for (;;) {
    at += match(SPACE)?.[0].length ?? 0
    if (at >= source.length) break
    const token = next()
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: "end", text: "the end", offset: source.length, end: source.length })
  return tokens

  function next(): Token {
    const offset = at
    const make = (kind: Token["kind"], text: string, rest?: Partial<Token>): Token => ({
      kind,
      text,
      offset,
      end: offset + text.length,
      ...rest,
    })
    const string = match(STRING)
    if (string) {
      const { value, end } = readString(source, offset, string[1] ?? "", string[2] as string)
      return make("literal", "a text", { value, end })
    }
    const word = match(WORD)?.[0]
    if (word !== undefined) {
      if (Object.hasOwn(WORDS, word)) return make("literal", word, { value: WORDS[word] as Value })
      if (word === "in") return make("operator", word)
      if (RESERVED.has(word)) {
        // After a dot it is a field like any other.
        const before = tokens.at(-1)
        if (before?.text !== "." && !(before?.text === "?" && tokens.at(-2)?.text === "."))
          throw new SyntaxProblem(offset, `"${word}" is a reserved word.`, "It can stand after a dot only.")
      }
      return make("identifier", word)
    }
    const quoted = match(QUOTED)
    if (quoted) return make("quoted", quoted[1] as string, { end: offset + quoted[0].length })
    const number = match(NUMBER)?.[0]
    if (number !== undefined) return make("literal", number, { value: readNumber(number, offset) })
    const operator = OPERATORS.find((candidate) => source.startsWith(candidate, offset))
    if (operator !== undefined) return make("operator", operator)
    const stray = String.fromCodePoint(source.codePointAt(offset) as number)
    throw new SyntaxProblem(offset, `"${stray}" cannot stand here.`, HINTS[stray] ?? "Texts stand in quotes.")
  }
}

/** What to say of an int that is too large. */
export const INT_RANGE = `Ints are from -${MIN_INT_DIGITS} to ${MAX_INT}.`
const HINTS: Readonly<Record<string, string>> = {
  "&": "Write && for both.",
  "|": "Write || for either.",
  "=": "Write == to compare.",
  "#": "A comment begins with //.",
}

function readNumber(text: string, offset: number): Value {
  if (/^(?!0x).*[.eE]/.test(text)) {
    const value = Number(text)
    if (!Number.isFinite(value))
      throw new SyntaxProblem(offset, "This number does not fit into a double.", "A double is below 1.8e308.")
    return new Double(value)
  }
  if (/[uU]$/.test(text)) {
    const value = BigInt(text.slice(0, -1))
    if (value > MAX_UINT)
      throw new SyntaxProblem(
        offset,
        "This number does not fit into a uint of 64 bits.",
        `The greatest is ${MAX_UINT}u.`,
      )
    return new Uint(value)
  }
  const value = BigInt(text)
  if (value > MAX_INT && value !== MIN_INT_DIGITS)
    throw new SyntaxProblem(offset, "This number does not fit into an int of 64 bits.", INT_RANGE)
  return toInt(value)
}

const SIMPLE: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "?": 63,
  '"': 34,
  "'": 39,
  "`": 96,
}
const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([abfnrtv\\?"'`]))/y

function readString(source: string, offset: number, prefix: string, quote: string): { value: Value; end: number } {
  const isRaw = /r/i.test(prefix)
  const isBytes = /b/i.test(prefix)
  const bytes: number[] = []
  let text = ""
  let at = offset + prefix.length + quote.length
  const add = (plain: string) => {
    if (isBytes) bytes.push(...utf8(plain))
    else text += plain
  }
  for (;;) {
    if (at >= source.length) throw new SyntaxProblem(offset, "This text is not closed.", `End it with ${quote}.`)
    if (source.startsWith(quote, at)) return { value: isBytes ? Uint8Array.from(bytes) : text, end: at + quote.length }
    const character = source[at] as string
    if (quote.length === 1 && (character === "\n" || character === "\r"))
      throw new SyntaxProblem(offset, "This text is not closed on its line.", `End it with ${quote}.`)
    if (character !== "\\" || isRaw) {
      // A raw text may hold its own quote after a backslash, which stays.
      const size = (source.codePointAt(at) as number) > 0xffff ? 2 : 1
      add(source.slice(at, at + size))
      at += size
      continue
    }
    ESCAPE.lastIndex = at
    const found = ESCAPE.exec(source)
    if (!found)
      throw new SyntaxProblem(at, `"${source.slice(at, at + 2)}" is no escape.`, "Write \\\\ for a backslash.")
    at += found[0].length
    const [, lower, upper, short, long, octal, simple] = found
    const hex = lower ?? upper ?? short ?? long
    const code =
      simple !== undefined
        ? (SIMPLE[simple] as number)
        : hex !== undefined
          ? Number.parseInt(hex, 16)
          : Number.parseInt(octal as string, 8)
    if (isBytes) {
      if (short !== undefined || long !== undefined)
        throw new SyntaxProblem(at - found[0].length, "Bytes have no such escape.", "Write \\x and two hex digits.")
      bytes.push(code)
    } else if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new SyntaxProblem(
        at - found[0].length,
        "There is no such character.",
        "Characters end at 10FFFF, without D800 to DFFF.",
      )
    } else text += String.fromCodePoint(code)
  }
}
