/** What other engines make of the official cases, in the words of `describeValue`. Each is given what it takes: its extensions, its own kinds of numbers. */
import {
  CelScalar,
  celEnv,
  celUint,
  isCelError,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
  parse,
  plan,
} from "@bufbuild/cel"
import { strings } from "@bufbuild/cel/ext"
import { create, isMessage } from "@bufbuild/protobuf"
import { isReflectMessage } from "@bufbuild/protobuf/reflect"
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt"
import { Environment } from "@marcbachmann/cel-js"
import { evaluate as evaluateCelJs } from "cel-js"
import { CelMap, Double, Duration, isInt, Timestamp, TypeValue, toInt, Uint, type Value } from "../../src/cel/value.ts"
import { type Case, describeValue, expected, runCase, toValue } from "./cases.ts"

/** The value alone, where a case also tells the type that a checker should deduce: these engines have no public checker. */
const outcomeOf = (outcome: string) => outcome.replace(/ of type .*$/, "")

export interface Engine {
  readonly name: string
  /** Did the case come out as the suite has it? */
  meets(one: Case): boolean
}
/** By its value, of the exact type. What is only to be checked it cannot meet. */
function evaluated(name: string, run: (one: Case, bindings: ReadonlyMap<string, Value>) => string): Engine {
  return {
    name,
    meets(one) {
      if (one.test["checkOnly"] === true) return false
      const given = (one.test["bindings"] as { readonly [name: string]: { readonly value: never } } | undefined) ?? {}
      const bindings = new Map(Object.entries(given).map(([name, { value }]) => [name, toValue(value)]))
      let outcome: string
      try {
        outcome = run(one, bindings)
      } catch {
        outcome = "error"
      }
      return outcome === outcomeOf(expected(one))
    },
  }
}

const OURS: Engine = { name: "Writ", meets: (one) => runCase(one) === expected(one) }

const BUFBUILD = evaluated("@bufbuild/cel", ({ test }, bindings) => {
  const env = celEnv({
    namespace: (test["container"] as string | undefined) ?? "",
    variables: Object.fromEntries([...bindings.keys()].map((name) => [name, CelScalar.DYN])),
    funcs: strings,
  })
  const given = Object.fromEntries([...bindings].map(([name, value]) => [name, toBufbuild(value)]))
  return describeValue(fromBufbuild(plan(env, parse(test.expr))(given as never)))
})
function toBufbuild(value: Value): unknown {
  if (isInt(value)) return BigInt(value)
  if (value instanceof Uint) return celUint(value.value)
  if (value instanceof Double) return value.value
  if (value instanceof Timestamp) return create(TimestampSchema, { seconds: BigInt(value.seconds), nanos: value.nanos })
  if (value instanceof Duration) return create(DurationSchema, { seconds: BigInt(value.seconds), nanos: value.nanos })
  if (Array.isArray(value)) return value.map((item) => toBufbuild(item as Value))
  if (value instanceof CelMap)
    return new Map(value.keys().map((key) => [toBufbuild(key), toBufbuild(value.get(key) as Value)]))
  return value
}
function fromBufbuild(value: unknown): Value {
  if (isCelError(value)) throw value
  if (typeof value === "bigint") return toInt(value)
  if (typeof value === "number") return new Double(value)
  if (isCelUint(value)) return new Uint(value.value)
  if (isCelType(value)) return new TypeValue(value.name)
  if (isCelList(value)) return [...value].map(fromBufbuild)
  if (isCelMap(value))
    return CelMap.of([...value].map(([key, item]) => [fromBufbuild(key), fromBufbuild(item)] as const))
  const message = isReflectMessage(value) ? value.message : value
  if (isMessage(message, TimestampSchema)) return new Timestamp(Number(message.seconds), message.nanos)
  if (isMessage(message, DurationSchema)) return new Duration(Number(message.seconds), message.nanos)
  return value as Value
}

const MARCBACHMANN = evaluated("@marcbachmann/cel-js", ({ test }, bindings) => {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
  const given = Object.fromEntries([...bindings].map(([name, value]) => [name, toMarcbachmann(value)]))
  return describeValue(fromMarcbachmann(environment.evaluate(test.expr, given)))
})
const marcbachmann = new Environment({ unlistedVariablesAreDyn: true })
function toMarcbachmann(value: Value): unknown {
  if (isInt(value)) return BigInt(value)
  if (value instanceof Uint) return marcbachmann.evaluate(`${value.value}u`, {})
  if (value instanceof Double) return value.value
  if (value instanceof Timestamp) return new Date(value.seconds * 1000 + value.nanos / 1e6)
  if (value instanceof Duration)
    return marcbachmann.evaluate(`duration("${value.seconds}s") + duration("${value.nanos}ns")`, {})
  if (Array.isArray(value)) return value.map((item) => toMarcbachmann(item as Value))
  if (value instanceof CelMap)
    return new Map(value.keys().map((key) => [toMarcbachmann(key), toMarcbachmann(value.get(key) as Value)]))
  return value
}
function fromMarcbachmann(value: unknown): Value {
  if (typeof value === "bigint") return toInt(value)
  if (typeof value === "number") return new Double(value)
  if (value instanceof Date) {
    const seconds = Math.floor(value.getTime() / 1000)
    return new Timestamp(seconds, (value.getTime() - seconds * 1000) * 1e6)
  }
  if (Array.isArray(value)) return value.map(fromMarcbachmann)
  if (value instanceof Map)
    return CelMap.of([...value].map(([key, item]) => [fromMarcbachmann(key), fromMarcbachmann(item)] as const))
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value as Value
  const { seconds, nanos, name, value: inner } = value as Record<string, unknown>
  if (typeof seconds === "bigint") return new Duration(Number(seconds), nanos as number)
  if (typeof inner === "bigint") return new Uint(inner)
  if (typeof name === "string") return new TypeValue(name)
  return CelMap.of(Object.entries(value).map(([key, item]) => [key, fromMarcbachmann(item)] as const))
}

/** It has one kind of number: one that is equal passes for any of the three. */
const CEL_JS = evaluated("cel-js", (one, bindings) => {
  const given = Object.fromEntries([...bindings].map(([name, value]) => [name, toCelJs(value)]))
  const value = fromCelJs(evaluateCelJs(one.test.expr, given))
  const wanted = outcomeOf(expected(one))
  return loosely(describeValue(value)) === loosely(wanted) ? wanted : describeValue(value)
})
const loosely = (described: string) => described.replaceAll("double ", "").replaceAll(/(\d)u\b/g, "$1")
function toCelJs(value: Value): unknown {
  if (isInt(value)) return Number(value)
  if (value instanceof Uint || value instanceof Double) return Number(value.value)
  if (value instanceof Timestamp) return new Date(value.seconds * 1000 + value.nanos / 1e6)
  if (Array.isArray(value)) return value.map((item) => toCelJs(item as Value))
  if (value instanceof CelMap)
    return Object.fromEntries(value.keys().map((key) => [String(key), toCelJs(value.get(key) as Value)]))
  return value
}
function fromCelJs(value: unknown): Value {
  if (value instanceof Date) return fromMarcbachmann(value)
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : new Double(value)
  if (Array.isArray(value)) return value.map(fromCelJs)
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value as Value
  return CelMap.of(Object.entries(value).map(([key, item]) => [key, fromCelJs(item)] as const))
}

export const ENGINES: readonly Engine[] = [OURS, BUFBUILD, MARCBACHMANN, CEL_JS]
