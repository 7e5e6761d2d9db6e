/**
 * A checked expression to closures: each node one function of the frame, made for the static types of its operands.
 * Errors are thrown; `&&`, `||`, all() and exists() catch those that do not settle the outcome. What holds no variable
 * is evaluated once, here.
 */
import { hasField, index, indexOptional, present, select, selectOptional } from "./access.ts"
import type { Call, Expr, List, MapExpr, Select } from "./ast.ts"
import { childrenOf, countNodes, pathOf } from "./ast.ts"
import type { Checked, Target } from "./check.ts"
import type { Code, Context } from "./code.ts"
import { lowerComprehension } from "./comprehensions.ts"
import { charge, type Frame, type NumberOf, type Run } from "./frame.ts"
import { lowerLogic } from "./logic.ts"
import { lowerOperator, TOTAL } from "./operators.ts"
import type { Overload } from "./overload.ts"
import type { Problem } from "./problem.ts"
import { compilePattern, regexCost } from "./regex.ts"
import { accepts, DYN, type Type } from "./type.ts"
import { CelError, CelMap, CostExceeded, NO_OVERLOAD, Optional, TypeValue, type Value } from "./value.ts"

type Fields = { readonly [name: string]: Value | undefined }

export interface Lowered extends Pick<Code, "run" | "constant"> {
  readonly slots: number
  /** Units of one evaluation, without what loops and texts add. */
  readonly nodes: number
  /** Does it read variables by name? Else the bindings need not be handed to it. */
  readonly isNamed: boolean
  /** What can only be an error, wherever it is evaluated. */
  readonly problems: readonly Problem[]
}
/**
 * Is told of every value that a part has while it is evaluated, so that an evaluation can be explained. What is watched
 * is lowered as anything else: a lowering that does not run a part's own closure hides its value.
 */
export interface Watch {
  /** What it is in every evaluation; it is not told of again. */
  constant(expr: Expr, value: Value): void
  value(expr: Expr, value: Value | CelError): void
}
/** Units that evaluating what is constant may cost, when it is lowered. */
const MAX_CONSTANT_COST = 100_000

class Lowering implements Context {
  readonly checked: Checked
  readonly problems: Problem[] = []
  readonly #numberOf: NumberOf
  readonly #watch: Watch | undefined
  readonly #locals: { readonly name: string; readonly isLazy: boolean; readonly isSolid: boolean }[] = []
  slots = 0
  isNamed = false

  constructor(checked: Checked, numberOf: NumberOf, watch?: Watch) {
    this.checked = checked
    this.#numberOf = numberOf
    this.#watch = watch
  }

  typeOf(expr: Expr, { isSolid }: Code): Type {
    return isSolid ? this.checked.typeOf(expr) : DYN
  }
  constant(value: Value, isSolid = true): Code {
    return { run: () => value, constant: value, isTotal: true, isSolid }
  }
  dynamic(run: Run, isTotal = false, isSolid = true): Code {
    return { run, constant: undefined, isTotal, isSolid }
  }

  lower(expr: Expr): Code {
    const code = this.#lower(expr)
    return this.#watch ? watched(expr, code, this.#watch) : code
  }
  #lower(expr: Expr): Code {
    switch (expr.kind) {
      case "const":
        return this.constant(expr.value)
      case "ident":
      case "select":
        return this.#path(expr)
      case "call":
        return this.#call(expr)
      case "list":
        return this.#list(expr)
      case "map":
        return this.#map(expr)
      case "comprehension": {
        const code = lowerComprehension(expr, this)
        return code.constant === undefined && this.#isClosed(expr, []) ? this.#fold(expr, code.run, code.isSolid) : code
      }
    }
  }

  within<T>(names: readonly string[], bound: { isLazy: boolean; isSolid: boolean }, lower: (first: number) => T): T {
    const first = this.#locals.length
    for (const name of names) this.#locals.push({ name, ...bound })
    this.slots = Math.max(this.slots, this.#locals.length)
    const lowered = lower(first)
    this.#locals.splice(first)
    return lowered
  }

  #path(expr: Expr): Code {
    const reference = this.checked.references.get(expr)
    if (reference?.kind === "type") return this.constant(new TypeValue(reference.name))
    if (reference) return this.#variable(reference.name)
    if (expr.kind === "ident") {
      const slot = this.#locals.findLastIndex(({ name }) => name === expr.name)
      if (slot < 0) return this.dynamic(failing(`undeclared reference to "${expr.name}"`))
      const { isLazy = false, isSolid = false } = this.#locals[slot] ?? {}
      if (!isLazy) return { ...this.dynamic((frame) => frame.slots[slot] as Value, true, isSolid), readsSlot: slot }
      const run: Run = (frame) => {
        const value = frame.slots[slot] as Value | CelError
        if (value instanceof CelError) throw value
        return value
      }
      return this.dynamic(run, false, isSolid)
    }
    return this.#select(expr as Select)
  }

  #variable(name: string): Code {
    const number = this.#numberOf(name)
    if (number !== undefined) return this.#numbered(number)
    this.isNamed = true
    return this.dynamic(({ bindings }) => {
      const value = Object.hasOwn(bindings, name) ? bindings[name] : undefined
      if (value === undefined) throw new CelError(`no such attribute: ${name}`)
      return value
    })
  }

  #select(expr: Select): Code {
    const { field, isTest } = expr
    const number = this.#numberOfPath(expr)
    if (number !== undefined) {
      if (isTest) return { ...this.dynamic(({ values }) => values[number] !== undefined, true), asks: number }
      return this.#numbered(number)
    }
    const operand = this.lower(expr.operand)
    const of = operand.run
    const { isTotal, isSolid } = operand
    const type = this.typeOf(expr.operand, operand)
    if (operand.constant !== undefined) {
      const run: Run = isTest ? (frame) => hasField(of(frame), field) : (frame) => select(of(frame), field)
      return this.#fold(expr, run, isSolid)
    }
    // What the checker lets through is there, or the bindings are not what they were declared to be.
    if (type.kind === "struct" && !(field in Object.prototype)) {
      if (isTest) return this.dynamic((frame) => (of(frame) as Fields)[field] !== undefined, isTotal)
      return this.dynamic((frame) => present((of(frame) as Fields)[field]), isTotal)
    }
    if (isTest) return this.dynamic((frame) => hasField(of(frame), field))
    if (type.kind === "map") return this.dynamic((frame) => present((of(frame) as CelMap).entries.get(field)))
    return this.dynamic((frame) => select(of(frame), field), false, isSolid)
  }
  #numbered(number: number): Code {
    return { ...this.dynamic((frame) => present(frame.values[number]), true), reads: number }
  }
  /** Of what a path of names reads, or asks for. */
  #numberOfPath(expr: Select): number | undefined {
    let root: Expr = expr
    while (root.kind === "select") root = root.operand
    if (this.checked.references.get(root)?.kind !== "variable") return undefined
    const path = pathOf({ ...expr, isTest: false })
    return path ? this.#numberOf(path.join(".")) : undefined
  }

  /** Does it read nothing but what it binds itself? */
  #isClosed(expr: Expr, bound: readonly string[]): boolean {
    if (expr.kind === "ident" && bound.includes(expr.name)) return true
    if (expr.kind === "ident" || expr.kind === "select") {
      const reference = this.checked.references.get(expr)
      if (reference || expr.kind === "ident") return reference?.kind === "type"
    }
    if (expr.kind !== "comprehension") return childrenOf(expr).every((child) => this.#isClosed(child, bound))
    const within = [...bound, ...expr.variables]
    return (
      this.#isClosed(expr.range, bound) &&
      this.#isClosed(expr.body, within) &&
      (!expr.filter || this.#isClosed(expr.filter, within))
    )
  }

  /** Evaluates what is constant once; what is an error then is told, and is an error again whenever it is evaluated. */
  #fold(expr: Expr, run: Run, isSolid: boolean): Code {
    const slots = new Array<Value>(this.slots).fill(null)
    const frame: Frame = { bindings: {}, values: [], slots, cost: 0, limit: MAX_CONSTANT_COST }
    try {
      return this.constant(run(frame), isSolid)
    } catch (error) {
      const message =
        error instanceof CostExceeded
          ? `This costs more than ${MAX_CONSTANT_COST} units whatever is asked.`
          : `This is always an error: ${(error as CelError).message}.`
      const suggestion = error instanceof CostExceeded ? "Write out what it comes to." : "Correct what it is made of."
      this.problems.push({ offset: expr.offset, message, suggestion })
      return this.dynamic(run, false, isSolid)
    }
  }

  #call(expr: Call): Code {
    const special = lowerLogic(expr, this)
    if (special) return special
    const checked = this.checked.targets.get(expr) ?? { overloads: [], possible: [], args: expr.args }
    const args = checked.args.map((arg) => this.lower(arg))
    const types = checked.args.map((arg, i) => this.typeOf(arg, args[i] as Code))
    const areSolid = args.every((arg) => arg.isSolid)
    const target = areSolid ? checked : { ...checked, overloads: checked.possible }
    const isSolid = hasOneResult(target.overloads) || (areSolid && types.every(({ kind }) => kind !== "dyn"))
    const isConstant = args.every(({ constant }) => constant !== undefined) && target.overloads.length > 0
    if (isConstant) return this.#fold(expr, this.#invoke(expr, target, args, types), isSolid)
    const isTotal = TOTAL.has(expr.name) && isSure(target.overloads, types) && args.every((arg) => arg.isTotal)
    const made = lowerOperator(expr.name, args, types)
    if (made) return { ...this.dynamic(made.run, isTotal, isSolid), ...made }
    return this.dynamic(this.#invoke(expr, target, args, types), isTotal, isSolid)
  }

  #invoke(expr: Call, { overloads, args: exprs }: Target, args: readonly Code[], types: readonly Type[]): Run {
    const { name } = expr
    const [first, second] = args.map(({ run }) => run) as [Run, Run]
    if (name === "_[_]") return (frame) => index(first(frame), second(frame))
    if (name === "_[?_]") return (frame) => indexOptional(first(frame), second(frame))
    if (name === "_?._") {
      const field = args[1]?.constant as string
      return (frame) => selectOptional(first(frame), field)
    }
    if (name === "matches" && typeof args[1]?.constant === "string") {
      const pattern = this.#matching(exprs[1] as Expr, args[1].constant)
      if (pattern && isSure(overloads, types)) {
        return (frame) => {
          const text = first(frame) as string
          charge(frame, pattern.cost(text))
          return pattern.test(text)
        }
      }
    }
    if (name === "or" || name === "orValue") {
      return (frame) => {
        const optional = first(frame)
        if (!(optional instanceof Optional)) throw new CelError(NO_OVERLOAD)
        if (optional.value !== undefined) return name === "or" ? optional : optional.value
        const other = second(frame)
        if (name === "or" && !(other instanceof Optional)) throw new CelError(NO_OVERLOAD)
        return other
      }
    }
    if (overloads.length === 0) {
      const runs = args.map(({ run }) => run)
      return (frame) => {
        for (const run of runs) run(frame)
        throw new CelError(
          name.includes("_") && !/^\w+$/.test(name) ? NO_OVERLOAD : `unbound function or ${NO_OVERLOAD}: ${name}`,
        )
      }
    }
    const [only] = overloads as readonly [Overload]
    if (overloads.length === 1 && isSure(overloads, types)) return direct(only, args)
    return dispatched(overloads, args)
  }
  #matching(expr: Expr, source: string): { test(text: string): boolean; cost(text: string): number } | undefined {
    try {
      const pattern = compilePattern(source)
      return { test: (text) => pattern.test(text), cost: (text) => regexCost(text, source) }
    } catch (error) {
      const { message } = error as CelError
      this.problems.push({
        offset: expr.offset,
        message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
        suggestion: "RE2 has no look-around and no references to groups.",
      })
      return undefined
    }
  }

  #list({ items, ...expr }: List): Code {
    const codes = items.map(({ value }) => this.lower(value))
    const runs = codes.map(({ run }) => run)
    const run: Run = items.some(({ isOptional }) => isOptional)
      ? (frame) => {
          const list: Value[] = []
          for (let i = 0; i < runs.length; i++) {
            const value = (runs[i] as Run)(frame)
            if (!items[i]?.isOptional) list.push(value)
            else if (!(value instanceof Optional)) throw new CelError(NO_OVERLOAD)
            else if (value.value !== undefined) list.push(value.value)
          }
          return list
        }
      : (frame) => {
          const list = new Array<Value>(runs.length)
          for (let i = 0; i < runs.length; i++) list[i] = (runs[i] as Run)(frame)
          return list
        }
    const isSolid = codes.every((code) => code.isSolid)
    return codes.every(({ constant }) => constant !== undefined)
      ? this.#fold({ ...expr, items }, run, isSolid)
      : this.dynamic(run, false, isSolid)
  }
  #map(expr: MapExpr): Code {
    const entries = expr.entries.map(({ key, value, isOptional }) => ({
      key: this.lower(key),
      value: this.lower(value),
      isOptional,
    }))
    const run: Run = (frame) => {
      const pairs: [Value, Value][] = []
      for (const { key, value, isOptional } of entries) {
        const name = key.run(frame)
        const item = value.run(frame)
        if (!isOptional) pairs.push([name, item])
        else if (!(item instanceof Optional)) throw new CelError(NO_OVERLOAD)
        else if (item.value !== undefined) pairs.push([name, item.value])
      }
      return CelMap.of(pairs)
    }
    const isConstant = entries.every(({ key, value }) => key.constant !== undefined && value.constant !== undefined)
    const isSolid = entries.every(({ key, value }) => key.isSolid && value.isSolid)
    return isConstant ? this.#fold(expr, run, isSolid) : this.dynamic(run, false, isSolid)
  }
}

export function lower(expr: Expr, checked: Checked, numberOf: NumberOf, watch?: Watch): Lowered {
  const lowering = new Lowering(checked, numberOf, watch)
  const { run, constant } = lowering.lower(expr)
  const { slots, isNamed, problems } = lowering
  return { run, constant, slots, isNamed, nodes: countNodes(expr), problems }
}

/** Without what would let a reader of it pass its closure by. */
function watched(expr: Expr, code: Code, watch: Watch): Code {
  const { run, constant, isTotal, isSolid } = code
  if (constant !== undefined) {
    watch.constant(expr, constant)
    return code
  }
  return {
    constant,
    isTotal,
    isSolid,
    run(frame) {
      try {
        const value = run(frame)
        watch.value(expr, value)
        return value
      } catch (error) {
        if (error instanceof CelError) watch.value(expr, error)
        throw error
      }
    },
  }
}

function failing(message: string): Run {
  return () => {
    throw new CelError(message)
  }
}

/** Do the static types say that every argument fits, so that nothing must be asked of the values? */
function isSure([only]: readonly Overload[], types: readonly Type[]): boolean {
  const fits = ({ kind }: Type, i: number) => kind === "dyn" || kind === "parameter" || kind === types[i]?.kind
  return only?.parameters.every(fits) ?? false
}

/** Do all give the same type, one that does not depend on their arguments'? */
function hasOneResult(overloads: readonly Overload[]): boolean {
  const [first] = overloads
  const scalar =
    first && ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"].includes(first.result.kind)
  return scalar === true && overloads.every(({ result }) => result.kind === first.result.kind)
}

/** One overload: no question asked. */
function direct({ call, cost }: Overload, args: readonly Code[]): Run {
  const invoke = call as (...values: Value[]) => Value
  const price = cost as ((...values: Value[]) => number) | undefined
  const [a, b, c] = args.map(({ run }) => run) as [Run, Run, Run]
  if (price) {
    const runs = args.map(({ run }) => run)
    return (frame) => {
      const values = runs.map((run) => run(frame))
      charge(frame, price(...values))
      return invoke(...values)
    }
  }
  switch (args.length) {
    case 0:
      return () => invoke()
    case 1:
      return (frame) => invoke(a(frame))
    case 2:
      return (frame) => invoke(a(frame), b(frame))
    default:
      return (frame) => invoke(a(frame), b(frame), c(frame))
  }
}

/** The first overload that takes what the arguments are. */
function dispatched(overloads: readonly Overload[], args: readonly Code[]): Run {
  const runs = args.map(({ run }) => run)
  return (frame) => {
    const values = runs.map((run) => run(frame))
    const found = overloads.find(({ parameters }) => parameters.every((type, i) => accepts(type, values[i] as Value)))
    if (!found) throw new CelError(NO_OVERLOAD)
    if (found.cost) charge(frame, (found.cost as (...values: Value[]) => number)(...values))
    return (found.call as (...values: Value[]) => Value)(...values)
  }
}
