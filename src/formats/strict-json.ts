/**
 * JSON (RFC 8259) from an attacker: no duplicate keys, no lone surrogates, no number that a double does not hold, no
 * depth or size past the limits. Objects have no prototype, so a key named `__proto__` is only a key.
 */
import { WritError } from "../errors.ts"
import type { JsonValue } from "./ports.ts"

export interface JsonLimits {
  readonly maxDepth: number
  /** Values and members together. */
  readonly maxNodes: number
}

/** Throws INVALID_REQUEST naming the position (from 0, in UTF-16 units). */
export function parseStrictJson(text: string, limits: JsonLimits): JsonValue {
  const parser = new Parser(text, limits)
  const value = parser.value(0)
  parser.end()
  return value
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const PLAIN = /[^"\\\u0000-\u001f]*/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}

class Parser {
  readonly #text: string
  readonly #limits: JsonLimits
  #at = 0
  #nodes = 0

  constructor(text: string, limits: JsonLimits) {
    this.#text = text
    this.#limits = limits
  }

  value(depth: number): JsonValue {
    if (depth > this.#limits.maxDepth) throw this.#error(`is nested deeper than ${this.#limits.maxDepth} levels`)
    if (++this.#nodes > this.#limits.maxNodes) throw this.#error(`has more than ${this.#limits.maxNodes} values`)
    this.#space()
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth)
      case "[":
        return this.#array(depth)
      case '"':
        return this.#string()
      case "t":
        return this.#word("true", true)
      case "f":
        return this.#word("false", false)
      case "n":
        return this.#word("null", null)
      default:
        return this.#number()
    }
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#error("goes on after its end")
  }

  #object(depth: number): JsonValue {
    const object: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>
    this.#at++
    if (this.#taken("}")) return object
    do {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#error("needs a quoted key")
      const key = this.#string()
      if (key in object) throw this.#error(`has the key ${JSON.stringify(key)} twice`)
      this.#expect(":")
      object[key] = this.value(depth + 1)
    } while (this.#taken(","))
    this.#expect("}")
    return object
  }

  #array(depth: number): JsonValue {
    const values: JsonValue[] = []
    this.#at++
    if (this.#taken("]")) return values
    do values.push(this.value(depth + 1))
    while (this.#taken(","))
    this.#expect("]")
    return values
  }

  #string(): string {
    let value = ""
    this.#at++
    for (;;) {
      PLAIN.lastIndex = this.#at
      const plain = (PLAIN.exec(this.#text) as RegExpExecArray)[0]
      value += plain
      this.#at += plain.length
      const next = this.#text[this.#at]
      if (next === '"') break
      if (next !== "\\")
        throw this.#error(next === undefined ? "ends inside a string" : "has a control character in a string")
      value += this.#escape()
    }
    this.#at++
    if (!value.isWellFormed()) throw this.#error("has a lone surrogate in a string")
    return value
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? ""
    if (letter === "u") {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#error("has a bad \\u escape")
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const value = ESCAPES[letter]
    if (value === undefined) throw this.#error("has an unknown escape")
    this.#at += 2
    return value
  }

  #number(): number {
    NUMBER.lastIndex = this.#at
    const match = NUMBER.exec(this.#text)
    if (!match) throw this.#error(this.#at >= this.#text.length ? "ends too early" : "has an unexpected character")
    const value = Number(match[0])
    if (!Number.isFinite(value)) throw this.#error("has a number that is too large")
    if (Object.is(value, -0)) throw this.#error("has a negative zero")
    // Beyond 2^53 only what RFC 8785 itself writes for a double: our own records are read here too.
    if (!/[.eE]/.test(match[0]) && !Number.isSafeInteger(value) && String(value) !== match[0])
      throw this.#error("has an integer beyond 2^53 that a double does not hold; write it as a string")
    this.#at += match[0].length
    return value
  }

  #word<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error("has an unexpected character")
    this.#at += word.length
    return value
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.#at++
    }
  }

  #taken(mark: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #expect(mark: string): void {
    if (!this.#taken(mark)) throw this.#error(`needs a ${mark}`)
  }

  #error(what: string): WritError {
    return new WritError("INVALID_REQUEST", `The JSON ${what}, at position ${this.#at}.`)
  }
}
