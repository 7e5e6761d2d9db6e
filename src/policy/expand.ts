/** A condition as a syntax tree of its own: variables, constants and readings of the past put in their places. */
import { countNodes, type Expr, mapChildren } from "../cel/ast.ts"
import { parse, SHORTER } from "../cel/parse.ts"
import { print } from "../cel/print.ts"
import { type Problem, SyntaxProblem } from "../cel/problem.ts"
import { MAX_CONDITION_CHARS, MAX_CONDITION_NESTING, MAX_CONDITION_NODES } from "./bundle.ts"
import type { Scope } from "./condition.ts"
import { asHistoryRead, HistoryReadProblem, toHistoryField } from "./history-read.ts"

const TOO_MANY_PARTS = `A condition has at most ${MAX_CONDITION_NODES} parts, variables included.`

/** Null when it does not parse, or is too long. */
export function parseSource(source: string, problems: Problem[]): Expr | null {
  if (source.length > MAX_CONDITION_CHARS) {
    problems.push({
      offset: 0,
      message: `A condition has at most ${MAX_CONDITION_CHARS} characters.`,
      suggestion: SHORTER,
    })
    return null
  }
  try {
    return parse(source, {
      nesting: MAX_CONDITION_NESTING,
      nodes: MAX_CONDITION_NODES,
      tooManyNodes: TOO_MANY_PARTS,
    })
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    const { offset, message, suggestion } = error
    problems.push({ offset, message, suggestion })
    return null
  }
}

/** `variables.x` becomes the expression of x, `constants.x` its value. */
export class Expansion {
  readonly #scope: Scope
  readonly #problems: Problem[]
  /** Where a variable is used: all that stands for it has this place. */
  readonly #uses = new Map<number, string>()
  /** What stands for a variable, a constant or a reading of the past, and which. */
  readonly names = new Map<Expr, string>()
  readonly #places: "use" | "declaration"
  #room = MAX_CONDITION_NODES

  /** `places`: is what stands for a variable where the variable is used, or where it is declared? */
  constructor(scope: Scope, problems: Problem[], places: "use" | "declaration") {
    this.#scope = scope
    this.#problems = problems
    this.#places = places
  }

  /** Null when a variable is in a circle or does not parse, or there are too many parts. */
  expand(expr: Expr, within: readonly string[] = []): Expr | null {
    this.#room -= countNodes(expr)
    if (this.#room < 0) {
      if (this.#problems.every(({ message }) => message !== TOO_MANY_PARTS))
        this.#problems.push({ offset: 0, message: TOO_MANY_PARTS, suggestion: SHORTER })
      return null
    }
    let isWhole = true
    const visit = (node: Expr): Expr => {
      const read = node.kind === "call" ? asHistoryRead(node, this.#scope.histories) : null
      if (read && !(read instanceof HistoryReadProblem)) {
        const { offset, at } = node
        const operand: Expr = { kind: "ident", name: "history", offset, at: offset }
        const field = toHistoryField(read)
        return this.#named(print(node), { kind: "select", operand, field, isTest: false, offset, at })
      }
      const owner = node.kind === "select" && node.operand.kind === "ident" ? node.operand.name : null
      if (node.kind !== "select" || (owner !== "variables" && owner !== "constants")) return mapChildren(node, visit)
      const { field, offset } = node
      if (owner === "constants") {
        const value = this.#scope.constants?.get(field)
        return value === undefined || node.isTest
          ? node
          : this.#named(`constants.${field}`, { kind: "const", value, offset, at: node.at })
      }
      const inner = this.#variable(field, within)
      if (inner) {
        this.#uses.set(offset, field)
        return this.#named(`variables.${field}`, this.#places === "use" ? moveTo(inner, offset) : inner)
      }
      isWhole = false
      return node
    }
    const expanded = visit(expr)
    return isWhole ? expanded : null
  }

  #variable(name: string, within: readonly string[]): Expr | null {
    const source = Object.hasOwn(this.#scope.variables, name) ? this.#scope.variables[name] : undefined
    if (source === undefined) return null
    if (within.includes(name)) {
      const circle = [...within, name].join(" -> ")
      this.#problems.push({ offset: 0, message: `The variables ${circle} refer to each other in a circle.` })
      return null
    }
    const parsed = parseSource(source, []) // what is wrong with it is told where it is declared
    this.#room += 2 // `variables` and the name give way to what they stand for
    return parsed && this.expand(parsed, [...within, name])
  }

  #named(name: string, expr: Expr): Expr {
    this.names.set(expr, name)
    return expr
  }

  /** Within a variable: at its use, and by its name. */
  locate(problem: Problem): Problem {
    const name = this.#uses.get(problem.offset)
    return name === undefined ? problem : { ...problem, message: `In variables.${name}: ${problem.message}` }
  }
}
function moveTo(expr: Expr, offset: number): Expr {
  return { ...mapChildren(expr, (child) => moveTo(child, offset)), offset, at: offset }
}
