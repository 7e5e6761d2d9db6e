/** An expression as it would be written: what parses to it again. */
import type { Call, Comprehension, Expr, Item } from "./ast.ts"
import { Double, Uint, type Value } from "./value.ts"

/** What a part is called instead of being written out. */
export type NameOf = (expr: Expr) => string | undefined

/** How strongly an operator binds; what binds less than it has to needs brackets. */
const POWERS: Readonly<Record<string, readonly [power: number, sign: string]>> = {
  "_||_": [1, "||"],
  "_&&_": [2, "&&"],
  "_==_": [3, "=="],
  "_!=_": [3, "!="],
  "_<_": [3, "<"],
  "_<=_": [3, "<="],
  "_>_": [3, ">"],
  "_>=_": [3, ">="],
  "@in": [3, "in"],
  "_+_": [4, "+"],
  "_-_": [4, "-"],
  "_*_": [5, "*"],
  "_/_": [5, "/"],
  "_%_": [5, "%"],
}
const CHOICE = 0
const UNARY = 6
const MEMBER = 7
const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/

export function print(expr: Expr, nameOf: NameOf = () => undefined): string {
  return write(expr, CHOICE)

  /** In brackets where it binds less than `least`. */
  function write(part: Expr, least: number): string {
    const name = nameOf(part)
    if (name !== undefined) return name
    const [text, power] = plain(part)
    return power < least ? `(${text})` : text
  }

  function plain(part: Expr): readonly [text: string, power: number] {
    switch (part.kind) {
      case "const":
        return [printValue(part.value), MEMBER]
      case "ident":
        return [part.name, MEMBER]
      case "select": {
        const path = `${write(part.operand, MEMBER)}.${fieldName(part.field)}`
        return [part.isTest ? `has(${path})` : path, MEMBER]
      }
      case "call":
        return call(part)
      case "list":
        return [`[${part.items.map(item).join(", ")}]`, MEMBER]
      case "map":
        return [
          `{${part.entries.map(({ key, ...value }) => `${value.isOptional ? "?" : ""}${write(key, CHOICE)}: ${write(value.value, CHOICE)}`).join(", ")}}`,
          MEMBER,
        ]
      case "comprehension":
        return [comprehension(part), MEMBER]
    }
  }

  function call({ name, target, args }: Call): readonly [text: string, power: number] {
    const [first, second, third] = args as [Expr, Expr, Expr]
    const operator = POWERS[name]
    if (operator) {
      const [power, sign] = operator
      return [`${write(first, power)} ${sign} ${write(second, power + 1)}`, power]
    }
    switch (name) {
      case "_?_:_":
        return [`${write(first, 1)} ? ${write(second, 1)} : ${write(third, CHOICE)}`, CHOICE]
      case "!_":
        return [`!${write(first, MEMBER)}`, UNARY]
      case "-_":
        return [first.kind === "const" ? `-(${write(first, MEMBER)})` : `-${write(first, MEMBER)}`, UNARY]
      case "_[_]":
        return [`${write(first, MEMBER)}[${write(second, CHOICE)}]`, MEMBER]
      case "_[?_]":
        return [`${write(first, MEMBER)}[?${write(second, CHOICE)}]`, MEMBER]
      case "_?._":
        return [`${write(first, MEMBER)}.?${fieldName((second as { readonly value: string }).value)}`, MEMBER]
      default:
        return [`${target ? `${write(target, MEMBER)}.` : ""}${name}(${list(args)})`, MEMBER]
    }
  }

  function comprehension({ form, range, variables, filter, body }: Comprehension): string {
    const inside = [...(filter ? [filter] : []), body].map((part) => write(part, CHOICE))
    if (form === "bind") return `cel.bind(${variables.join()}, ${write(range, CHOICE)}, ${inside.join(", ")})`
    return `${write(range, MEMBER)}.${form}(${[...variables, ...inside].join(", ")})`
  }

  function item({ value, isOptional }: Item): string {
    return `${isOptional ? "?" : ""}${write(value, CHOICE)}`
  }
  function list(exprs: readonly Expr[]): string {
    return exprs.map((part) => write(part, CHOICE)).join(", ")
  }
}

function fieldName(field: string): string {
  return WORD.test(field) ? field : `\`${field}\``
}

/** What a literal can say, and lists of it: what a constant can be. */
export function printValue(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value)
  if (value instanceof Uint) return `${value.value}u`
  if (value instanceof Double) return printDouble(value.value)
  if (value instanceof Uint8Array)
    return `b"${Array.from(value, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`
  if (Array.isArray(value)) return `[${value.map(printValue).join(", ")}]`
  return String(value)
}

function printDouble(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
