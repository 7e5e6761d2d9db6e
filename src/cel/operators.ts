/** Operators whose operands' static types make a simpler closure right. It charges what the overload would. */

import { NO_FIELD, present } from "./access.ts"
import { arithmetic, order } from "./arithmetic.ts"
import type { Code, Made } from "./code.ts"
import { charge } from "./frame.ts"
import { countCost, equalityCost, searchListCost } from "./standard.ts"
import { countCodePoints } from "./text.ts"
import { concatenation, contains, endsWith, startsWith } from "./text-operators.ts"
import type { Type } from "./type.ts"
import { CelError, type CelMap, equals, type Value } from "./value.ts"

/** Where the static types fit, these are never errors. */
export const TOTAL: ReadonlySet<string> = new Set(
  "_==_ _!=_ _<_ _<=_ _>_ _>=_ @in !_ size startsWith endsWith contains".split(" "),
)

/** Undefined where the overload's own function is as good. */
export function lowerOperator(name: string, args: readonly Code[], types: readonly Type[]): Made | undefined {
  const [a, b] = args as [Code, Code]
  const [left, right] = types as [Type, Type]
  if (name === "!_" && left.kind === "bool") return negation(a)
  if (name === "size" && left.kind === "string") {
    const { run } = a
    return {
      run: (frame) => {
        const text = run(frame) as string
        charge(frame, countCost(text))
        return countCodePoints(text)
      },
    }
  }
  if (name === "size" && left.kind === "list") {
    const { run, reads } = a
    if (reads !== undefined) return { run: ({ values }) => (present(values[reads]) as readonly Value[]).length }
    return { run: (frame) => (run(frame) as readonly Value[]).length }
  }
  return args.length === 2 ? OPERATORS[name]?.(a, b, left, right) : undefined
}

type Make = (a: Code, b: Code, left: Type, right: Type) => Made | undefined
const OPERATORS: Readonly<Record<string, Make>> = {
  "_==_": (a, b, left, right) => equality(a, b, left, right, true),
  "_!=_": (a, b, left, right) => equality(a, b, left, right, false),
  "@in": membership,
  "_<_": (a, b, left, right) => order(a, b, left, right, "<"),
  "_<=_": (a, b, left, right) => order(a, b, left, right, "<="),
  "_>_": (a, b, left, right) => order(a, b, left, right, ">"),
  "_>=_": (a, b, left, right) => order(a, b, left, right, ">="),
  "_+_": (a, b, left, right) =>
    left.kind === "string" && right.kind === "string" ? concatenation(a, b) : arithmetic(a, b, left, right, "+"),
  "_-_": (a, b, left, right) => arithmetic(a, b, left, right, "-"),
  "_*_": (a, b, left, right) => arithmetic(a, b, left, right, "*"),
  "_[_]": indexed,
  startsWith: ofTexts(startsWith),
  endsWith: ofTexts(endsWith),
  contains: ofTexts(contains),
}
function ofTexts(make: (text: Code, part: Code) => Made): Make {
  return (a, b, left, right) => (left.kind === "string" && right.kind === "string" ? make(a, b) : undefined)
}
/** Values of these types are the same if JavaScript says so. */
const isPlain = ({ kind }: Type) => kind === "string" || kind === "int" || kind === "bool"

function negation({ run, reads, asks }: Code): Made {
  if (asks !== undefined) return { run: ({ values }) => values[asks] === undefined }
  if (reads !== undefined) return { run: ({ values }) => present(values[reads]) !== true }
  return { run: (frame) => run(frame) !== true }
}

/** Comparing texts is charged where neither is known to be short. */
function mayBeLong({ kind }: Type, ...codes: readonly Code[]): boolean {
  return kind === "string" && !codes.some(({ constant }) => constant !== undefined && equalityCost(constant) === 0)
}
function equality(a: Code, b: Code, left: Type, right: Type, expected: boolean): Made {
  const [x, y] = [a.run, b.run]
  if (!isPlain(left) || left.kind !== right.kind || mayBeLong(left, a, b))
    return {
      run: (frame) => {
        const value = x(frame)
        const other = y(frame)
        charge(frame, equalityCost(value, other))
        return equals(value, other) === expected
      },
    }
  if (b.constant !== undefined) return equalTo(a, b.constant, expected)
  if (a.constant !== undefined) return equalTo(b, a.constant, expected)
  const [i, j] = [a.reads, b.reads]
  if (i !== undefined && j !== undefined)
    return {
      run: expected
        ? ({ values }) => present(values[i]) === present(values[j])
        : ({ values }) => present(values[i]) !== present(values[j]),
    }
  return { run: expected ? (frame) => x(frame) === y(frame) : (frame) => x(frame) !== y(frame) }
}
function equalTo({ run, reads, readsSlot }: Code, constant: Value, expected: boolean): Made {
  if (reads !== undefined)
    return {
      run: expected
        ? ({ values }) => present(values[reads]) === constant
        : ({ values }) => present(values[reads]) !== constant,
    }
  return {
    run: expected ? (frame) => run(frame) === constant : (frame) => run(frame) !== constant,
    ...(readsSlot !== undefined && {
      test: { slot: readsSlot, holds: expected ? (value) => value === constant : (value) => value !== constant },
    }),
  }
}

/** Of a list by an int, of a map by what its keys are. Any other number or sign is no index: undefined. */
function indexed(a: Code, b: Code, left: Type, right: Type): Made | undefined {
  const [of, by] = [a.run, b.run]
  const { constant } = b
  const { reads } = a
  if (left.kind === "list" && right.kind === "int") {
    if (typeof constant === "number" && reads !== undefined)
      return { run: ({ values }) => itemAt((present(values[reads]) as readonly Value[])[constant]) }
    if (typeof constant === "number") return { run: (frame) => itemAt((of(frame) as readonly Value[])[constant]) }
    return { run: (frame) => itemAt((of(frame) as readonly Value[])[by(frame) as number]) }
  }
  if (left.kind !== "map" || !isPlain(right) || left.key.kind !== right.kind) return undefined
  if (typeof constant === "string" && reads !== undefined)
    return { run: ({ values }) => entryAt((present(values[reads]) as CelMap).entries.get(constant)) }
  if (typeof constant === "string") return { run: (frame) => entryAt((of(frame) as CelMap).entries.get(constant)) }
  return { run: (frame) => entryAt((of(frame) as CelMap).entries.get(by(frame) as string)) }
}
function itemAt(value: Value | undefined): Value {
  if (value === undefined) throw new CelError("invalid_argument: index out of bounds")
  return value
}
function entryAt(value: Value | undefined): Value {
  if (value === undefined) throw new CelError(NO_FIELD)
  return value
}

/** So many are compared one by one; more are looked up. */
const FEW = 4
/** What is written out, or constant, is looked up; what is not is walked. Both cost the same. */
function membership(a: Code, b: Code, left: Type, right: Type): Made | undefined {
  if (right.kind !== "list" || !isPlain(left) || right.element.kind !== left.kind) return undefined
  const constants = Array.isArray(b.constant) ? (b.constant as readonly Value[]) : undefined
  if (constants?.every((value) => equalityCost(value) === 0)) return amongConstants(a, constants)
  const { run, constant } = a
  const of = b.run
  if (constant !== undefined)
    return {
      run: (frame) => {
        const list = of(frame) as readonly Value[]
        charge(frame, searchListCost(constant, list))
        return includes(list, constant)
      },
    }
  return {
    run: (frame) => {
      const value = run(frame)
      const list = of(frame) as readonly Value[]
      charge(frame, searchListCost(value, list))
      return includes(list, value)
    },
  }
}
function includes(list: readonly Value[], value: Value): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === value) return true
  return false
}
function amongConstants({ run, reads, readsSlot }: Code, list: readonly Value[]): Made {
  if (list.length > 0 && list.length <= FEW) {
    const [p, q = p, r = q, s = r] = list
    if (reads !== undefined)
      return {
        run: ({ values }) => {
          const value = present(values[reads])
          return value === p || value === q || value === r || value === s
        },
      }
    return {
      run: (frame) => {
        const value = run(frame)
        return value === p || value === q || value === r || value === s
      },
      ...(readsSlot !== undefined && {
        test: {
          slot: readsSlot,
          holds: (value: Value) => value === p || value === q || value === r || value === s,
        },
      }),
    }
  }
  const set = new Set<Value>(list)
  const units = list.length >> 3
  if (units === 0) return { run: (frame) => set.has(run(frame)) }
  return {
    run: (frame) => {
      const value = run(frame)
      charge(frame, units)
      return set.has(value)
    },
  }
}
