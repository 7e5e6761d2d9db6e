/** Comprehensions as loops. all() and exists() go on after an error: an item may still settle the outcome. */
import { itemsOf } from "./access.ts"
import { type Comprehension, countNodes } from "./ast.ts"
import type { Code, Context } from "./code.ts"
import { sortByKeys, sortCost } from "./extensions.ts"
import { charge, ERROR_COST, type Frame, type Run } from "./frame.ts"
import { CelError, CelMap, CostExceeded, NO_OVERLOAD, Optional, type Value } from "./value.ts"

/** Units of each entry that a comprehension puts into a map. */
const ENTRY_COST = 12
/** Visits the items of the range, bound to their slots; stops where it is told to. */
type Walk = (frame: Frame, visit: () => boolean) => void

export function lowerComprehension(expr: Comprehension, lowering: Context): Code {
  const { form, variables } = expr
  const range = lowering.lower(expr.range)
  return lowering.within(variables, { isLazy: form === "bind", isSolid: range.isSolid }, (slot) => {
    const filter = expr.filter && lowering.lower(expr.filter).run
    const inside = lowering.lower(expr.body)
    const body = inside.run
    if (form === "bind") return bind(range, slot, inside, lowering)
    if (form === "optMap" || form === "optFlatMap")
      return lowering.dynamic(overOptional(range.run, slot, body, form === "optMap"), false, inside.isSolid)
    const units = countNodes(expr.body) + (expr.filter ? countNodes(expr.filter) : 0)
    const settled = form === "all" ? false : form === "exists" ? true : undefined
    if (
      settled !== undefined &&
      variables.length === 1 &&
      inside.isTotal &&
      lowering.typeOf(expr.body, inside).kind === "bool"
    )
      return lowering.dynamic(
        inside.test?.slot === slot
          ? tested(range.run, units, inside.test.holds, settled)
          : searched(range.run, slot, units, body, settled),
      )
    const walk = variables.length === 2 ? walkPairs(range.run, slot, units) : walkItems(range.run, slot, units)
    const isSolid = form === "filter" || form === "sortBy" || (range.isSolid && inside.isSolid)
    return lowering.dynamic(overItems(form, walk, slot, body, filter), false, isSolid && range.isSolid)
  })
}

function walkItems(range: Run, slot: number, units: number): Walk {
  return (frame, visit) => {
    const items = itemsOf(range(frame))
    const { slots } = frame
    for (let i = 0; i < items.length; i++) {
      charge(frame, units)
      slots[slot] = items[i] as Value
      if (!visit()) return
    }
  }
}
/** Of a list index and item, of a map key and value. */
function walkPairs(range: Run, slot: number, units: number): Walk {
  return (frame, visit) => {
    const over = range(frame)
    const items = itemsOf(over)
    const { slots } = frame
    for (let i = 0; i < items.length; i++) {
      charge(frame, units)
      const item = items[i] as Value
      slots[slot] = over instanceof CelMap ? item : i
      slots[slot + 1] = over instanceof CelMap ? (over.get(item) as Value) : item
      if (!visit()) return
    }
  }
}
function truth(value: Value): boolean {
  if (typeof value !== "boolean") throw new CelError(NO_OVERLOAD)
  return value
}

function overItems(form: Comprehension["form"], walk: Walk, slot: number, body: Run, filter: Run | undefined): Run {
  const passes = (frame: Frame) => !filter || truth(filter(frame))
  switch (form) {
    case "all":
      return untilSettled(walk, body, false)
    case "exists":
      return untilSettled(walk, body, true)
    case "existsOne":
      return (frame) => {
        let count = 0
        walk(frame, () => {
          if (truth(body(frame))) count++
          return true
        })
        return count === 1
      }
    case "filter":
      return (frame) => {
        const kept: Value[] = []
        walk(frame, () => {
          if (truth(body(frame))) kept.push(frame.slots[slot] as Value)
          return true
        })
        return kept
      }
    case "map":
    case "transformList":
      return (frame) => {
        const made: Value[] = []
        walk(frame, () => {
          if (passes(frame)) made.push(body(frame))
          return true
        })
        return made
      }
    case "sortBy":
      return (frame) => {
        const items: Value[] = []
        const keys: Value[] = []
        walk(frame, () => {
          items.push(frame.slots[slot] as Value)
          keys.push(body(frame))
          return true
        })
        charge(frame, sortCost(keys))
        return items.length === 0 ? items : sortByKeys(items, keys)
      }
    default:
      return (frame) => {
        const made: [Value, Value][] = []
        walk(frame, () => {
          if (!passes(frame)) return true
          charge(frame, ENTRY_COST)
          const value = body(frame)
          if (form === "transformMap") made.push([frame.slots[slot] as Value, value])
          else if (value instanceof CelMap) for (const key of value.keys()) made.push([key, value.get(key) as Value])
          else throw new CelError(NO_OVERLOAD)
          return true
        })
        return CelMap.of(made)
      }
  }
}

/** all() and exists() of what is never an error. */
function searched(range: Run, slot: number, units: number, body: Run, settled: boolean): Run {
  return (frame) => {
    const items = itemsOf(range(frame))
    const { slots } = frame
    for (let i = 0; i < items.length; i++) {
      charge(frame, units)
      slots[slot] = items[i] as Value
      if (body(frame) === settled) return settled
    }
    return !settled
  }
}

/** The same of what is asked of the item alone: what it costs is known before it is asked. */
function tested(range: Run, units: number, holds: (item: Value) => boolean, settled: boolean): Run {
  return (frame) => {
    const items = itemsOf(range(frame))
    let { cost } = frame
    for (let i = 0; i < items.length; i++) {
      cost += units
      if (cost > frame.limit) break
      if (holds(items[i] as Value) === settled) {
        frame.cost = cost
        return settled
      }
    }
    charge(frame, cost - frame.cost)
    return !settled
  }
}

function untilSettled(walk: Walk, body: Run, settled: boolean): Run {
  return (frame) => {
    let outcome = !settled
    let first: unknown
    walk(frame, () => {
      try {
        outcome = truth(body(frame))
      } catch (error) {
        if (error instanceof CostExceeded) throw error
        charge(frame, ERROR_COST)
        first ??= error
      }
      return outcome !== settled
    })
    if (outcome !== settled && first !== undefined) throw first
    return outcome
  }
}

/** What is bound is evaluated once; if it is an error, that is the error of whatever reads it. */
function bind(range: Code, slot: number, body: Code, lowering: Context): Code {
  if (body.constant !== undefined) return body
  const [value, inside] = [range.run, body.run]
  const run: Run = (frame) => {
    try {
      frame.slots[slot] = value(frame)
    } catch (error) {
      if (error instanceof CostExceeded) throw error
      charge(frame, ERROR_COST)
      ;(frame.slots as unknown[])[slot] = error
    }
    return inside(frame)
  }
  return lowering.dynamic(run, false, body.isSolid)
}

function overOptional(range: Run, slot: number, body: Run, isWrapped: boolean): Run {
  return (frame) => {
    const optional = range(frame)
    if (!(optional instanceof Optional)) throw new CelError(NO_OVERLOAD)
    if (optional.value === undefined) return Optional.NONE
    frame.slots[slot] = optional.value
    const value = body(frame)
    if (isWrapped) return new Optional(value)
    if (!(value instanceof Optional)) throw new CelError(NO_OVERLOAD)
    return value
  }
}
