/** Source to program: parse, check, lower. */
import type { Expr } from "./ast.ts"
import { type Checked, check, type Names } from "./check.ts"
import { EXTENSIONS } from "./extensions.ts"
import type { Bindings, Frame, NumberOf, Run, Values } from "./frame.ts"
import { decodeIr, encodeIr, type Ir } from "./ir.ts"
import { type Lowered, lower, type Watch } from "./lower.ts"
import { toFunctions } from "./overload.ts"
import type { Problem } from "./problem.ts"
import { STANDARD } from "./standard.ts"
import type { Type } from "./type.ts"
import { CelError, CostExceeded, type Value } from "./value.ts"

/** All that an expression may call. */
export const FUNCTIONS = toFunctions(STANDARD, EXTENSIONS)

export interface Program {
  readonly type: Type
  /** What it is in every evaluation, where that is known. */
  readonly constant: Value | undefined
  /** The value, or the error. Costs at most `limit` units. */
  run(bindings: Bindings, limit: number, values?: Values): Value | CelError
  /** Units that the last run cost. */
  readonly spent: number
}

export interface CheckedProgram extends Program {
  readonly checked: Checked
  /** What is an error whenever it is evaluated. */
  readonly faults: readonly Problem[]
}

/** The problems, or the program. */
export function compile(
  expr: Expr,
  names: Names,
  numberOf: NumberOf = () => undefined,
  watch?: Watch,
): { readonly problems: readonly Problem[] } | CheckedProgram {
  const checked = check(expr, names)
  if (checked.problems.length > 0 && !names.isUnchecked) return { problems: checked.problems }
  const lowered = lower(expr, checked, numberOf, watch)
  return Object.assign(new Compiled(checked.type, lowered), { checked, faults: lowered.problems })
}

/** Of an expression that compiled; `shared` names lists that are not to be written out. */
export function toIr(expr: Expr, checked: Checked, shared?: ReadonlyMap<Value, string>): Ir {
  return encodeIr(expr, checked, FUNCTIONS, shared)
}
/** The program that `compile` made of the expression. */
export function link(ir: Ir, numberOf: NumberOf, shared?: ReadonlyMap<string, Value>): Program {
  const { expr, checked } = decodeIr(ir, FUNCTIONS, shared)
  return new Compiled(checked.type, lower(expr, checked, numberOf))
}

const NONE: Values = []

class Compiled implements Program {
  readonly type: Type
  readonly constant: Value | undefined
  readonly #run: Run
  readonly #nodes: number
  readonly #isNamed: boolean
  readonly #frame: Frame

  constructor(type: Type, lowered: Lowered) {
    this.type = type
    this.constant = lowered.constant
    this.#run = lowered.run
    this.#nodes = lowered.nodes
    this.#isNamed = lowered.isNamed
    this.#frame = { bindings: {}, values: NONE, slots: new Array<Value>(lowered.slots).fill(null), cost: 0, limit: 0 }
  }

  run(bindings: Bindings, limit: number, values: Values = NONE): Value | CelError {
    const frame = this.#frame
    if (this.#isNamed) frame.bindings = bindings
    frame.values = values
    frame.cost = this.#nodes
    frame.limit = limit
    try {
      if (frame.cost > limit) return new CostExceeded()
      return this.#run(frame)
    } catch (error) {
      // Anything else is a fault of ours, or the stack's end; it must not pass for a value either.
      return error instanceof CelError ? error : new CelError(`internal error: ${String(error)}`)
    }
  }
  get spent(): number {
    return this.#frame.cost
  }
}
