/** Operators whose operands' static types make a simpler closure right. It charges what the overload would. */

import { NO_FIELD } from "./access.ts"
import type { Code } from "./code.ts"
import { charge, type Run } from "./frame.ts"
import { addInt, multiplyInt, subtractInt } from "./integer.ts"
import { equalityCost, orderCost, textCost } from "./standard.ts"
import { countCodePoints } from "./text.ts"
import type { Type } from "./type.ts"
import { CelError, type CelMap, compareCodePoints, type Double, equals, type Int, type Value } from "./value.ts"

/** Where the static types fit, these are never errors. */
export const TOTAL: ReadonlySet<string> = new Set(
  "_==_ _!=_ _<_ _<=_ _>_ _>=_ @in !_ size startsWith endsWith contains".split(" "),
)

/** Undefined where the overload's own function is as good. */
export function lowerOperator(name: string, args: readonly Code[], types: readonly Type[]): Run | undefined {
  const [a, b] = args as [Code, Code]
  const [left, right] = types as [Type, Type]
  if (name === "!_" && left.kind === "bool") {
    const { run } = a
    return (frame) => run(frame) !== true
  }
  if (name === "size" && left.kind === "string") {
    const { run } = a
    return (frame) => {
      const text = run(frame) as string
      charge(frame, textCost(text))
      return countCodePoints(text)
    }
  }
  if (name === "size" && left.kind === "list") {
    const { run } = a
    return (frame) => (run(frame) as readonly Value[]).length
  }
  return args.length === 2 ? OPERATORS[name]?.(a, b, left, right) : undefined
}

type Make = (a: Code, b: Code, left: Type, right: Type) => Run | undefined
const OPERATORS: Readonly<Record<string, Make>> = {
  "_==_": (a, b, left, right) => equality(a, b, left, right, true),
  "_!=_": (a, b, left, right) => equality(a, b, left, right, false),
  "@in": membership,
  "_<_": (a, b, left, right) =>
    order(a, b, left, right, { number: (x, y) => x < y, text: (compared) => compared < 0 }, "<"),
  "_<=_": (a, b, left, right) =>
    order(a, b, left, right, { number: (x, y) => x <= y, text: (compared) => compared <= 0 }, "<="),
  "_>_": (a, b, left, right) =>
    order(a, b, left, right, { number: (x, y) => x > y, text: (compared) => compared > 0 }, ">"),
  "_>=_": (a, b, left, right) =>
    order(a, b, left, right, { number: (x, y) => x >= y, text: (compared) => compared >= 0 }, ">="),
  "_+_": (a, b, left, right) => {
    if (left.kind === "string" && right.kind === "string") return concatenation(a, b)
    if (!areInts(left, right)) return undefined
    const [x, y] = [a.run, b.run]
    return (frame) => addInt(x(frame) as Int, y(frame) as Int)
  },
  "_-_": ({ run: a }, { run: b }, left, right) =>
    areInts(left, right) ? (frame) => subtractInt(a(frame) as Int, b(frame) as Int) : undefined,
  "_*_": ({ run: a }, { run: b }, left, right) =>
    areInts(left, right) ? (frame) => multiplyInt(a(frame) as Int, b(frame) as Int) : undefined,
  "_[_]": indexed,
  startsWith: textTest((text, part) => text.startsWith(part), false),
  endsWith: textTest((text, part) => text.endsWith(part), false),
  contains: textTest((text, part) => text.includes(part), true),
}
const areInts = (left: Type, right: Type) => left.kind === "int" && right.kind === "int"
/** Values of these types are the same if JavaScript says so. */
const isPlain = ({ kind }: Type) => kind === "string" || kind === "int" || kind === "bool"

function equality(
  { run: a, constant: x }: Code,
  { run: b, constant: y }: Code,
  left: Type,
  right: Type,
  expected: boolean,
): Run {
  if (isPlain(left) && left.kind === right.kind) {
    if (y !== undefined) return expected ? (frame) => a(frame) === y : (frame) => a(frame) !== y
    if (x !== undefined) return expected ? (frame) => x === b(frame) : (frame) => x !== b(frame)
    return expected ? (frame) => a(frame) === b(frame) : (frame) => a(frame) !== b(frame)
  }
  return (frame) => {
    const value = a(frame)
    const other = b(frame)
    charge(frame, equalityCost(value))
    return equals(value, other) === expected
  }
}

interface Comparison {
  readonly number: (x: Int, y: Int) => boolean
  readonly text: (compared: number) => boolean
}
function order(
  { run: a }: Code,
  { run: b, constant }: Code,
  left: Type,
  right: Type,
  { text }: Comparison,
  sign: "<" | "<=" | ">" | ">=",
): Run | undefined {
  if (left.kind === "int" && right.kind === "int") {
    if (typeof constant === "number") {
      const y = constant
      switch (sign) {
        case "<":
          return (frame) => (a(frame) as Int) < y
        case "<=":
          return (frame) => (a(frame) as Int) <= y
        case ">":
          return (frame) => (a(frame) as Int) > y
        case ">=":
          return (frame) => (a(frame) as Int) >= y
      }
    }
    switch (sign) {
      case "<":
        return (frame) => (a(frame) as Int) < (b(frame) as Int)
      case "<=":
        return (frame) => (a(frame) as Int) <= (b(frame) as Int)
      case ">":
        return (frame) => (a(frame) as Int) > (b(frame) as Int)
      case ">=":
        return (frame) => (a(frame) as Int) >= (b(frame) as Int)
    }
  }
  if (left.kind === "double" && right.kind === "double") {
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
  if (left.kind === "string" && right.kind === "string")
    return (frame) => {
      const x = a(frame) as string
      const y = b(frame) as string
      charge(frame, orderCost(x, y))
      return text(compareCodePoints(x, y))
    }
  return undefined
}

function concatenation({ run: a }: Code, { run: b }: Code): Run {
  return (frame) => {
    const x = a(frame) as string
    const y = b(frame) as string
    charge(frame, (x.length >> 6) + (y.length >> 6))
    return x + y
  }
}

/** Of a list by an int, of a map by what its keys are. Any other number or sign is no index: undefined. */
function indexed({ run: a }: Code, { run: b, constant }: Code, left: Type, right: Type): Run | undefined {
  if (left.kind === "list" && right.kind === "int") {
    if (typeof constant === "number") {
      const i = constant
      return (frame) => itemAt((a(frame) as readonly Value[])[i])
    }
    return (frame) => itemAt((a(frame) as readonly Value[])[b(frame) as number])
  }
  if (left.kind !== "map" || !isPlain(right) || left.key.kind !== right.kind) return undefined
  return (frame) => {
    const found = (a(frame) as CelMap).entries.get(b(frame) as string)
    if (found === undefined) throw new CelError(NO_FIELD)
    return found
  }
}
function itemAt(value: Value | undefined): Value {
  if (value === undefined) throw new CelError("invalid_argument: index out of bounds")
  return value
}

/** What is written out, or constant, is looked up; what is not is walked. Both cost the same. */
function membership({ run: a }: Code, { run: b, constant }: Code, left: Type, right: Type): Run | undefined {
  if (right.kind !== "list" || !isPlain(left) || right.element.kind !== left.kind) return undefined
  if (Array.isArray(constant)) {
    const set = new Set<Value>(constant)
    const units = constant.length >> 3
    if (units === 0) return (frame) => set.has(a(frame))
    return (frame) => {
      const value = a(frame)
      charge(frame, units)
      return set.has(value)
    }
  }
  return (frame) => {
    const value = a(frame)
    const list = b(frame) as readonly Value[]
    charge(frame, list.length >> 3)
    return list.includes(value)
  }
}

function textTest(test: (text: string, part: string) => boolean, isCharged: boolean): Make {
  return ({ run: a }, { run: b, constant }, left, right) => {
    if (left.kind !== "string" || right.kind !== "string") return undefined
    if (isCharged) {
      return (frame) => {
        const text = a(frame) as string
        const part = b(frame) as string
        charge(frame, text.length >> 6)
        return test(text, part)
      }
    }
    if (typeof constant === "string" && textCost(constant) === 0) {
      const part = constant
      return (frame) => test(a(frame) as string, part)
    }
    return (frame) => {
      const text = a(frame) as string
      const part = b(frame) as string
      charge(frame, textCost(part))
      return test(text, part)
    }
  }
}
