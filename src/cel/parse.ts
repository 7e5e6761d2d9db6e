/** Tokens to an expression: a Pratt parser. It ends at the first problem, and before nesting is a danger to the stack. */
import type { Call, Expr, Form, Item, MapEntry } from "./ast.ts"
import { INT_RANGE, lex, MIN_INT_DIGITS, type Token } from "./lex.ts"
import { SyntaxProblem } from "./problem.ts"
import { Double, toInt } from "./value.ts"

export interface ParseLimits {
  /** Brackets within brackets. */
  readonly nesting: number
  readonly nodes: number
  /** What to say of more nodes. */
  readonly tooManyNodes: string
}
/** Rewrites a call that is not written as it is meant; undefined leaves it. */
export type Macro = (call: Call) => Expr | undefined

const BINARY: Readonly<Record<string, readonly [power: number, name: string]>> = {
  "||": [1, "_||_"],
  "&&": [2, "_&&_"],
  "==": [3, "_==_"],
  "!=": [3, "_!=_"],
  "<": [3, "_<_"],
  "<=": [3, "_<=_"],
  ">": [3, "_>_"],
  ">=": [3, "_>=_"],
  in: [3, "@in"],
  "+": [4, "_+_"],
  "-": [4, "_-_"],
  "*": [5, "_*_"],
  "/": [5, "_/_"],
  "%": [5, "_%_"],
}
/** Words of other languages. */
const WORDS: Readonly<Record<string, string>> = {
  and: "Write && for both.",
  or: "Write || for either.",
  not: "Write ! before what must not hold.",
  is: "Write == to compare.",
}
const VALUE = "A value is a name, a number, a text in quotes, or something in brackets."
const FIELD = "A field that is no plain name stands in backquotes."
export const SHORTER = "Write several rules, each with a shorter condition."
/** Choices within choices, and the like, which brackets do not count. */
const MAX_DEPTH = 1_000

export function parse(source: string, limits: ParseLimits, macros: readonly Macro[] = []): Expr {
  const tokens = lex(source)
  let position = 0
  let nesting = 0
  let depth = 0
  let nodes = 0
  const peek = () => tokens[position] as Token
  const take = () => tokens[position++] as Token
  const isAt = (text: string) => peek().kind === "operator" && peek().text === text
  const skip = (text: string) => isAt(text) && take() !== undefined
  function expect(text: string, after: string): Token {
    if (!isAt(text)) throw unexpected(`expected "${text}" ${after}`, `Write ${text} here.`)
    return take()
  }
  function unexpected(what: string, suggestion?: string): SyntaxProblem {
    const { text, kind, offset } = peek()
    const found = kind === "operator" ? `"${text}"` : text
    const meant = kind === "identifier" && Object.hasOwn(WORDS, text) ? WORDS[text] : undefined
    return new SyntaxProblem(offset, `This is not CEL: ${what}, found ${found}.`, meant ?? suggestion)
  }
  function make<E extends Expr>(expr: E): E {
    if (++nodes > limits.nodes) throw new SyntaxProblem(0, limits.tooManyNodes, SHORTER)
    return expr
  }

  const expr = expression()
  if (peek().kind !== "end") throw unexpected("expected an operator or the end", "Join two conditions with && or ||.")
  return expr

  function expression(): Expr {
    if (++depth > MAX_DEPTH) throw new SyntaxProblem(peek().offset, "This is nested too deep.", SHORTER)
    const condition = binary(0)
    let result = condition
    if (isAt("?")) {
      const at = take().offset
      const yes = binary(0)
      expect(":", "of the choice")
      result = make({
        kind: "call",
        name: "_?_:_",
        target: undefined,
        args: [condition, yes, expression()],
        offset: condition.offset,
        at,
      })
    }
    depth--
    return result
  }

  function binary(above: number): Expr {
    let left = unary()
    for (;;) {
      const token = peek()
      const operator = token.kind === "operator" && Object.hasOwn(BINARY, token.text) ? BINARY[token.text] : undefined
      if (!operator || operator[0] <= above) return left
      take()
      const right = binary(operator[0])
      left = make({
        kind: "call",
        name: operator[1],
        target: undefined,
        args: [left, right],
        offset: left.offset,
        at: token.offset,
      })
    }
  }

  function unary(): Expr {
    const signs: Token[] = []
    while (isAt("!") || isAt("-")) {
      if (signs[0] && signs[0].text !== peek().text) break
      signs.push(take())
    }
    const sign = signs.at(-1)
    if (sign && (isAt("!") || isAt("-"))) throw unexpected("expected a value", "Put brackets around one of the signs.")
    const number = peek()
    let expr: Expr
    if (sign?.text === "-" && number.kind === "literal" && isNumber(number)) {
      signs.pop()
      take()
      const { value } = number
      const negative = value instanceof Double ? new Double(-value.value) : toInt(-BigInt(value as number))
      expr = members(make({ kind: "const", value: negative, offset: sign.offset, at: sign.offset }))
    } else expr = members(primary())
    for (const { text, offset } of signs.reverse()) {
      expr = make({
        kind: "call",
        name: text === "!" ? "!_" : "-_",
        target: undefined,
        args: [expr],
        offset,
        at: offset,
      })
    }
    return expr
  }

  function members(first: Expr): Expr {
    let expr = first
    const { offset } = first
    for (;;) {
      if (isAt(".")) {
        take()
        const isOptional = skip("?")
        const field = take()
        const at = field.offset
        if (field.kind !== "identifier" && field.kind !== "quoted") {
          position--
          throw unexpected('expected a name after "."', FIELD)
        }
        if (isOptional) {
          const name = make({ kind: "const", value: field.text, offset: at, at } as const)
          expr = make({ kind: "call", name: "_?._", target: undefined, args: [expr, name], offset, at })
        } else if (field.kind === "identifier" && isAt("(")) {
          expr = expand({ kind: "call", name: field.text, target: expr, args: bracketed(")", argument), offset, at })
        } else expr = make({ kind: "select", operand: expr, field: field.text, isTest: false, offset, at })
      } else if (isAt("[")) {
        const at = open()
        const isOptional = skip("?")
        const index = expression()
        close("]", "of the index")
        const name = isOptional ? "_[?_]" : "_[_]"
        expr = make({ kind: "call", name, target: undefined, args: [expr, index], offset, at })
      } else return expr
    }
  }

  function primary(): Expr {
    const token = take()
    const { kind, text, offset } = token
    if (kind === "literal") {
      if (token.value === MIN_INT_DIGITS)
        throw new SyntaxProblem(offset, "This number does not fit into an int of 64 bits.", INT_RANGE)
      return make({ kind: "const", value: token.value ?? null, offset, at: offset })
    }
    if (kind === "identifier") return name(token, "")
    if (kind === "operator") {
      position--
      if (skip(".")) {
        if (peek().kind === "identifier") return name(take(), ".")
        throw unexpected('expected a name after "."', FIELD)
      }
      if (isAt("(")) {
        open()
        const inner = expression()
        close(")", "to match the bracket")
        return inner
      }
      if (isAt("[")) return make({ kind: "list", items: bracketed("]", () => item()), offset, at: offset })
      if (isAt("{")) return make({ kind: "map", entries: bracketed("}", () => entry()), offset, at: offset })
      throw unexpected("expected a value", VALUE)
    }
    position--
    if (kind === "quoted")
      throw new SyntaxProblem(offset, `"\`${text}\`" is a field: it stands after a dot.`, `Write context.\`${text}\`.`)
    throw unexpected("expected a value", VALUE)
  }

  function name({ text, offset }: Token, dot: string): Expr {
    if (isAt("("))
      return expand({
        kind: "call",
        name: dot + text,
        target: undefined,
        args: bracketed(")", argument),
        offset,
        at: offset,
      })
    return make({ kind: "ident", name: dot + text, offset, at: offset })
  }

  function item(): Item {
    const isOptional = skip("?")
    return { value: expression(), isOptional }
  }
  function entry(): MapEntry {
    const isOptional = skip("?")
    const key = expression()
    expect(":", "between a key and its value")
    return { key, value: expression(), isOptional }
  }
  function argument(): Expr {
    return expression()
  }

  function open(): number {
    const { offset } = take()
    if (++nesting > limits.nesting)
      throw new SyntaxProblem(offset, `Brackets may be nested ${limits.nesting} deep.`, SHORTER)
    return offset
  }
  function close(bracket: string, after: string): void {
    expect(bracket, after)
    nesting--
  }
  /** What stands between brackets, with commas; lists and maps may end with one. */
  function bracketed<T>(bracket: ")" | "]" | "}", read: () => T): T[] {
    open()
    const found: T[] = []
    while (!isAt(bracket)) {
      found.push(read())
      if (!isAt(bracket)) {
        if (!isAt(","))
          throw unexpected(`expected "," or "${bracket}"`, `Write ${bracket} here, or a comma before what follows.`)
        take()
        if (isAt(bracket) && bracket === ")") throw unexpected("expected a value", "Take away the comma.")
      }
    }
    close(bracket, "")
    return found
  }

  function expand(call: Call): Expr {
    for (const macro of [...macros, standardMacro]) {
      const expanded = macro(call)
      if (expanded) return make(expanded)
    }
    return make(call)
  }
}

function isNumber({ value }: Token): boolean {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Double
}

/** Arguments of each macro: names first; `filter` may stand before the last. */
const FORMS: Readonly<Record<string, readonly (readonly [Form, names: number, hasFilter: boolean])[]>> = {
  all: [
    ["all", 1, false],
    ["all", 2, false],
  ],
  exists: [
    ["exists", 1, false],
    ["exists", 2, false],
  ],
  exists_one: [
    ["existsOne", 1, false],
    ["existsOne", 2, false],
  ],
  existsOne: [
    ["existsOne", 1, false],
    ["existsOne", 2, false],
  ],
  map: [
    ["map", 1, false],
    ["map", 1, true],
  ],
  filter: [["filter", 1, false]],
  sortBy: [["sortBy", 1, false]],
  transformList: [
    ["transformList", 2, false],
    ["transformList", 2, true],
  ],
  transformMap: [
    ["transformMap", 2, false],
    ["transformMap", 2, true],
  ],
  transformMapEntry: [
    ["transformMapEntry", 2, false],
    ["transformMapEntry", 2, true],
  ],
  optMap: [["optMap", 1, false]],
  optFlatMap: [["optFlatMap", 1, false]],
}

const standardMacro: Macro = (call) => {
  const { target, args, name, offset, at } = call
  if (!target && name === "has" && args.length === 1) {
    const [of] = args as [Expr]
    if (of.kind !== "select" || of.isTest)
      throw new SyntaxProblem(of.offset, "has() asks for a field.", "Write has(a.b).")
    return { ...of, isTest: true }
  }
  if (!target) return undefined
  if (target.kind === "ident" && target.name === "cel" && name === "bind" && args.length === 3) {
    const [variable, range, body] = args as [Expr, Expr, Expr]
    return {
      kind: "comprehension",
      form: "bind",
      range,
      variables: [nameOf(variable)],
      filter: undefined,
      body,
      offset,
      at,
    }
  }
  if (
    target.kind === "ident" &&
    target.name === "math" &&
    (name === "greatest" || name === "least") &&
    args.length !== 1
  ) {
    if (args.length === 0)
      throw new SyntaxProblem(at, `math.${name}() needs at least one argument.`, `Write math.${name}(a, b).`)
    if (args.length === 2) return undefined
    const items = args.map((value) => ({ value, isOptional: false }))
    return { ...call, args: [{ kind: "list", items, offset, at }] }
  }
  const forms = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined
  const found = forms?.find(([, names, hasFilter]) => args.length === names + (hasFilter ? 2 : 1))
  if (!found) return undefined
  const [form, names, hasFilter] = found
  const variables = args.slice(0, names).map(nameOf)
  if (new Set(variables).size < names) throw new SyntaxProblem(at, "The two names must differ.", "Write (i, v, …).")
  return {
    kind: "comprehension",
    form,
    range: target,
    variables,
    filter: hasFilter ? args[names] : undefined,
    body: args.at(-1) as Expr,
    offset,
    at,
  }
}

function nameOf(expr: Expr): string {
  if (expr.kind !== "ident" || expr.name.startsWith("."))
    throw new SyntaxProblem(expr.offset, "A plain name must stand here.", "Write a name of your own, such as x.")
  return expr.name
}
