/** What an evaluation runs on: one for each program, used again for each run. */
import { CostExceeded, type Value } from "./value.ts"

/** Variables by name; absent ones are undefined. */
export interface Bindings {
  readonly [name: string]: Value
}
export interface Frame {
  bindings: Bindings
  /** What comprehensions bind, outermost first. */
  readonly slots: Value[]
  /** Units spent in this run. */
  cost: number
  limit: number
}
export type Run = (frame: Frame) => Value

export function charge(frame: Frame, units: number): void {
  frame.cost += units
  if (frame.cost > frame.limit) throw new CostExceeded()
}
