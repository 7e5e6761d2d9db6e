/** `+ - *` of ints, and the order of ints, doubles and texts, in closures made for what their operands are. */

import { present } from "./access.ts"
import type { Code, Made } from "./code.ts"
import { charge, type Run } from "./frame.ts"
import { addInt, multiplyInt, subtractInt } from "./integer.ts"
import { orderCost } from "./standard.ts"
import type { Type } from "./type.ts"
import { compareCodePoints, Double, type Int } from "./value.ts"

/** Undefined for what is not of two ints. */
export function arithmetic(a: Code, b: Code, left: Type, right: Type, sign: "+" | "-" | "*"): Made | undefined {
  if (left.kind !== "int" || right.kind !== "int") return undefined
  const [x, y] = [a.run, b.run]
  const by = b.constant as Int | undefined
  switch (sign) {
    case "+":
      return by === undefined
        ? { run: (frame) => addInt(x(frame) as Int, y(frame) as Int) }
        : { run: (frame) => addInt(x(frame) as Int, by) }
    case "-":
      return by === undefined
        ? { run: (frame) => subtractInt(x(frame) as Int, y(frame) as Int) }
        : { run: (frame) => subtractInt(x(frame) as Int, by) }
    case "*":
      return by === undefined
        ? { run: (frame) => multiplyInt(x(frame) as Int, y(frame) as Int) }
        : { run: (frame) => multiplyInt(x(frame) as Int, by) }
  }
}

export type Sign = "<" | "<=" | ">" | ">="
const MIRRORED: Readonly<Record<Sign, Sign>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" }

/** Undefined for other types than these. */
export function order(a: Code, b: Code, left: Type, right: Type, sign: Sign): Made | undefined {
  if (left.kind !== right.kind) return undefined
  if (left.kind === "string") return { run: orderTexts(a.run, b.run, sign) }
  if (left.kind !== "int" && left.kind !== "double") return undefined
  const isBound = (code: Code) => typeof code.constant === "number" || code.constant instanceof Double
  if (isBound(a) && !isBound(b)) return order(b, a, right, left, MIRRORED[sign])
  const bound = b.constant
  if (bound instanceof Double && a.reads !== undefined) return { run: boundDouble(a.reads, bound.value, sign) }
  if (left.kind === "double") return { run: orderDoubles(a.run, b.run, sign) }
  if (typeof bound !== "number") return { run: orderInts(a.run, b.run, sign) }
  return { run: a.reads === undefined ? boundInt(a.run, bound, sign) : boundNumber(a.reads, bound, sign) }
}

// Two branches of one meaning: where numbers meet numbers V8 compares them as such, also after a bigint has been here.
const isLess = (x: Int, y: Int) => (typeof x === "number" && typeof y === "number" ? x < y : x < y)
const isAtMost = (x: Int, y: Int) => (typeof x === "number" && typeof y === "number" ? x <= y : x <= y)

function orderInts(a: Run, b: Run, sign: Sign): Run {
  switch (sign) {
    case "<":
      return (frame) => isLess(a(frame) as Int, b(frame) as Int)
    case "<=":
      return (frame) => isAtMost(a(frame) as Int, b(frame) as Int)
    case ">":
      return (frame) => !isAtMost(a(frame) as Int, b(frame) as Int)
    case ">=":
      return (frame) => !isLess(a(frame) as Int, b(frame) as Int)
  }
}
function boundInt(a: Run, bound: number, sign: Sign): Run {
  switch (sign) {
    case "<":
      return (frame) => isLess(a(frame) as Int, bound)
    case "<=":
      return (frame) => isAtMost(a(frame) as Int, bound)
    case ">":
      return (frame) => !isAtMost(a(frame) as Int, bound)
    case ">=":
      return (frame) => !isLess(a(frame) as Int, bound)
  }
}
function boundNumber(reads: number, bound: number, sign: Sign): Run {
  switch (sign) {
    case "<":
      return ({ values }) => isLess(present(values[reads]) as Int, bound)
    case "<=":
      return ({ values }) => isAtMost(present(values[reads]) as Int, bound)
    case ">":
      return ({ values }) => !isAtMost(present(values[reads]) as Int, bound)
    case ">=":
      return ({ values }) => !isLess(present(values[reads]) as Int, bound)
  }
}
/** Each sign for itself: with a NaN all four are false. */
function orderDoubles(a: Run, b: Run, sign: Sign): Run {
  switch (sign) {
    case "<":
      return (frame) => (a(frame) as Double).value < (b(frame) as Double).value
    case "<=":
      return (frame) => (a(frame) as Double).value <= (b(frame) as Double).value
    case ">":
      return (frame) => (a(frame) as Double).value > (b(frame) as Double).value
    case ">=":
      return (frame) => (a(frame) as Double).value >= (b(frame) as Double).value
  }
}
function boundDouble(reads: number, bound: number, sign: Sign): Run {
  switch (sign) {
    case "<":
      return ({ values }) => (present(values[reads]) as Double).value < bound
    case "<=":
      return ({ values }) => (present(values[reads]) as Double).value <= bound
    case ">":
      return ({ values }) => (present(values[reads]) as Double).value > bound
    case ">=":
      return ({ values }) => (present(values[reads]) as Double).value >= bound
  }
}
function orderTexts(a: Run, b: Run, sign: Sign): Run {
  const compare: (frame: Parameters<Run>[0]) => number = (frame) => {
    const x = a(frame) as string
    const y = b(frame) as string
    charge(frame, orderCost(x, y))
    return compareCodePoints(x, y)
  }
  switch (sign) {
    case "<":
      return (frame) => compare(frame) < 0
    case "<=":
      return (frame) => compare(frame) <= 0
    case ">":
      return (frame) => compare(frame) > 0
    case ">=":
      return (frame) => compare(frame) >= 0
  }
}
