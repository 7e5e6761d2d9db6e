/** What lowering one node gives, and what the lowering of a node may ask for. */
import type { Expr } from "./ast.ts"
import type { Run } from "./frame.ts"
import type { Type } from "./type.ts"
import type { Value } from "./value.ts"

export interface Code {
  readonly run: Run
  /** What it is in every evaluation; undefined where that depends on them, or is an error. */
  readonly constant: Value | undefined
  /** Is it never an error that something could absorb? Then nothing has to catch one. */
  readonly isTotal: boolean
  /** Is it surely of its static type? What `dyn` has passed through may be of another. */
  readonly isSolid: boolean
  /** The number of the value that it reads, where reading it is all that it does. */
  readonly reads?: number
  /** The number of the value whose presence it asks for, where that is all that it does. */
  readonly asks?: number
  /** As `reads`, of a slot that a comprehension binds. */
  readonly readsSlot?: number
  /** Where what it asks is asked of one slot alone, and costs nothing that only the evaluation knows. */
  readonly test?: { readonly slot: number; readonly holds: (value: Value) => boolean }
  /** Of texts joined: the parts, in order. */
  readonly parts?: readonly Code[]
}
/** An operator's closure, and what the operators around it may make of it. */
export type Made = Pick<Code, "run" | "test" | "parts">
export interface Context {
  lower(expr: Expr): Code
  /** Its static type where it surely has it, else dyn. */
  typeOf(expr: Expr, code: Code): Type
  constant(value: Value, isSolid?: boolean): Code
  dynamic(run: Run, isTotal?: boolean, isSolid?: boolean): Code
  /** Lowers what stands within, where these names are bound to the slots from `first` on. */
  within<T>(names: readonly string[], bound: { isLazy: boolean; isSolid: boolean }, lower: (first: number) => T): T
}
