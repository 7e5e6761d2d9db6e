/** What an evaluation runs on: one for each program, used again for each run. */
import { CostExceeded, type Value } from "./value.ts"

/** Variables by name; absent ones are undefined. */
export interface Bindings {
  readonly [name: string]: Value
}
/** Variables, and fields of variables, by the numbers that the caller gave them; absent ones are undefined. */
export type Values = readonly (Value | undefined)[]
/** The number of a path such as `user.name`, where it has one: reading by number is several times faster than by name. */
export type NumberOf = (path: string) => number | undefined
export interface Frame {
  bindings: Bindings
  values: Values
  /** What comprehensions bind, outermost first. */
  readonly slots: Value[]
  /** Units spent in this run. */
  cost: number
  limit: number
}
export type Run = (frame: Frame) => Value

/** Units of an error that is caught because something after it may settle the outcome. */
export const ERROR_COST = 30

export function charge(frame: Frame, units: number): void {
  frame.cost += units
  if (frame.cost > frame.limit) throw new CostExceeded()
}
