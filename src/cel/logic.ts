/** `&&`, `||` and choices: what does not evaluate all of its operands, and what an error of one does not settle. */
import type { Call, Expr } from "./ast.ts"
import type { Code, Context } from "./code.ts"
import { charge, ERROR_COST, type Frame, type Run } from "./frame.ts"
import { CelError, CostExceeded, NO_OVERLOAD, type Value } from "./value.ts"

export function lowerLogic(expr: Call, context: Context): Code | undefined {
  switch (expr.name) {
    case "_&&_":
      return joined(operandsOf(expr, expr.name), false, context)
    case "_||_":
      return joined(operandsOf(expr, expr.name), true, context)
    case "_?_:_":
      return choice(expr.args as readonly [Expr, Expr, Expr], context)
    default:
      return undefined
  }
}
/** `a && b && c` joins three: in which order they were bracketed makes no difference. */
function operandsOf(expr: Expr, name: string): readonly Expr[] {
  return expr.kind === "call" && expr.name === name ? expr.args.flatMap((arg) => operandsOf(arg, name)) : [expr]
}

/** `settled` is what one operand alone makes the outcome, also where others are errors. */
function joined(exprs: readonly Expr[], settled: boolean, context: Context): Code {
  const all = exprs.map((expr) => context.lower(expr))
  if (all.some(({ constant }) => constant === settled)) return context.constant(settled)
  const open = all.filter(({ constant }) => constant !== !settled)
  if (open.length === 0) return context.constant(!settled)
  const runs = open.map(({ run }) => run)
  const isSure =
    open.length === all.length && exprs.every((expr, i) => context.typeOf(expr, all[i] as Code).kind === "bool")
  if (isSure)
    return context.dynamic(
      inTurn(open, settled),
      open.every(({ isTotal }) => isTotal),
    )
  return context.dynamic((frame) => {
    let first: unknown
    for (let i = 0; i < runs.length; i++) {
      let value: Value
      try {
        value = (runs[i] as Run)(frame)
      } catch (error) {
        if (error instanceof CostExceeded) throw error
        if (i < runs.length - 1) charge(frame, ERROR_COST) // nothing comes after the last
        first ??= error
        continue
      }
      if (value === settled) return settled
      if (typeof value !== "boolean") first ??= new CelError(NO_OVERLOAD)
    }
    if (first !== undefined) throw first
    return !settled
  })
}

/** Of what is true or false or an error: nothing is caught but the errors of those that have another one after them. */
function inTurn(codes: readonly Code[], settled: boolean): Run {
  const erring = codes.slice(0, -1).findIndex(({ isTotal }) => !isTotal)
  const before = codes.slice(0, erring < 0 ? codes.length : erring).map(({ run }) => run)
  if (erring >= 0) before.push(guarded((codes[erring] as Code).run, inTurn(codes.slice(erring + 1), settled), settled))
  return before.length === 1 ? (before[0] as Run) : settled ? anyOf(before) : allOf(before)
}
function guarded(run: Run, rest: Run, settled: boolean): Run {
  return (frame) => {
    let value: Value
    try {
      value = run(frame)
    } catch (error) {
      if (error instanceof CostExceeded) throw error
      charge(frame, ERROR_COST)
      return settlesIn(frame, rest, settled, error as CelError)
    }
    return value === settled ? settled : rest(frame)
  }
}
/** After an error: only what settles the outcome makes up for it. */
function settlesIn(frame: Frame, rest: Run, settled: boolean, error: CelError): Value {
  try {
    if (rest(frame) === settled) return settled
  } catch (another) {
    if (another instanceof CostExceeded) throw another
  }
  throw error
}

function allOf(runs: readonly Run[]): Run {
  const [a, b, c, ...more] = runs as [Run, Run, Run, ...Run[]]
  if (runs.length === 2) return (frame) => a(frame) === true && b(frame) === true
  if (runs.length === 3) return (frame) => a(frame) === true && b(frame) === true && c(frame) === true
  const rest = more.length === 1 ? (more[0] as Run) : allOf(more)
  return (frame) => a(frame) === true && b(frame) === true && c(frame) === true && rest(frame) === true
}
function anyOf(runs: readonly Run[]): Run {
  const [a, b, c, ...more] = runs as [Run, Run, Run, ...Run[]]
  if (runs.length === 2) return (frame) => a(frame) === true || b(frame) === true
  if (runs.length === 3) return (frame) => a(frame) === true || b(frame) === true || c(frame) === true
  const rest = more.length === 1 ? (more[0] as Run) : anyOf(more)
  return (frame) => a(frame) === true || b(frame) === true || c(frame) === true || rest(frame) === true
}

function choice(exprs: readonly [Expr, Expr, Expr], context: Context): Code {
  const [condition, yes, no] = exprs.map((expr) => context.lower(expr)) as [Code, Code, Code]
  if (typeof condition.constant === "boolean") return condition.constant ? yes : no
  const [ask, then, otherwise] = [condition.run, yes.run, no.run]
  const isTotal = context.typeOf(exprs[0], condition).kind === "bool" && condition.isTotal && yes.isTotal && no.isTotal
  if (isTotal && yes.constant !== undefined && no.constant !== undefined) {
    const [chosen, other] = [yes.constant, no.constant]
    return context.dynamic((frame) => (ask(frame) === true ? chosen : other), true, yes.isSolid && no.isSolid)
  }
  return context.dynamic(
    (frame) => {
      const value = ask(frame)
      if (value === true) return then(frame)
      if (value === false) return otherwise(frame)
      throw new CelError(NO_OVERLOAD)
    },
    isTotal,
    yes.isSolid && no.isSolid,
  )
}
