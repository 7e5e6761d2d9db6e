/** @bufbuild/cel as an oracle: an expression over the same variables, and its outcome in the words of `describeOutcome`. */
import {
  type CelFunc,
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
import { create, isMessage } from "@bufbuild/protobuf"
import { isReflectMessage } from "@bufbuild/protobuf/reflect"
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt"
import { RE2JS } from "@bufbuild/re2"
import {
  CelError,
  CelMap,
  Cidr,
  Double,
  Duration,
  Ip,
  isInt,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from "../../src/cel/value.ts"
import { FAULTS } from "./cel-faults.ts"
import { VARIABLES } from "./cel-literals.ts"

/** Errors are all alike; 1, 1u and 1.0 are not. */
export function describeOutcome(value: Value | CelError): string {
  if (value instanceof CelError) return "error"
  if (isInt(value)) return `${value}`
  if (value instanceof Uint) return `${value.value}u`
  if (value instanceof Double) return describeDouble(value.value)
  if (value instanceof Timestamp) return `timestamp ${value.seconds} ${value.nanos}`
  if (value instanceof Duration) return `duration ${value.seconds} ${value.nanos}`
  if (value instanceof Optional) return value.value === undefined ? "none" : `optional ${describeOutcome(value.value)}`
  if (value instanceof Ip) return `ip ${value.bytes.join()}`
  if (value instanceof Cidr) return `cidr ${value.bytes.join()}/${value.prefix}`
  if (value instanceof TypeValue) return `type ${value.name}`
  if (value instanceof Uint8Array) return `bytes ${value.join()}`
  if (Array.isArray(value)) return `[${value.map((item) => describeOutcome(item as Value)).join(", ")}]`
  if (value instanceof CelMap)
    return `{${value
      .keys()
      .map((key) => `${describeOutcome(key)}: ${describeOutcome(value.get(key) as Value)}`)
      .sort()
      .join(", ")}}`
  return JSON.stringify(value)
}
export const describeDouble = (value: number) => `double ${value === 0 ? 0 : value}`

function describeTheirs(value: unknown): string {
  if (isCelError(value)) return "error"
  if (typeof value === "bigint") return `${value}`
  if (typeof value === "number") return describeDouble(value)
  if (isCelUint(value)) return `${value.value}u`
  if (isCelType(value)) return `type ${value.name}`
  if (value instanceof Uint8Array) return `bytes ${value.join()}`
  if (isCelList(value)) return `[${[...value].map(describeTheirs).join(", ")}]`
  if (isCelMap(value))
    return `{${[...value]
      .map(([key, item]) => `${describeTheirs(key)}: ${describeTheirs(item)}`)
      .sort()
      .join(", ")}}`
  const message = isReflectMessage(value) ? value.message : value
  if (isMessage(message, TimestampSchema)) return `timestamp ${message.seconds} ${message.nanos}`
  if (isMessage(message, DurationSchema)) return `duration ${message.seconds} ${message.nanos}`
  return JSON.stringify(value)
}

function toTheirs(value: Value): unknown {
  if (isInt(value)) return BigInt(value)
  if (value instanceof Uint) return celUint(value.value)
  if (value instanceof Double) return value.value
  if (value instanceof Timestamp) return create(TimestampSchema, { seconds: BigInt(value.seconds), nanos: value.nanos })
  if (value instanceof Duration) return create(DurationSchema, { seconds: BigInt(value.seconds), nanos: value.nanos })
  if (Array.isArray(value)) return value.map((item) => toTheirs(item as Value))
  if (value instanceof CelMap) return new Map([...value.entries].map(([key, item]) => [key, toTheirs(item)]))
  return value
}

const RE2 = { compile: (pattern: string) => ({ test: (text: string) => RE2JS.compile(pattern).test(text) }) }
const environment = (funcs: readonly CelFunc[]) =>
  celEnv({
    variables: Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, CelScalar.DYN])),
    funcs: [...funcs],
    re2: RE2,
  })
const AS_IT_IS = environment([])
const MENDED = environment(FAULTS.flatMap(({ mended }) => mended))

/** What it says of the expression, with its faults mended or as it is. */
export function evaluateTheirs(source: string, values: Readonly<Record<string, Value>>, isMended = true): string {
  const bindings = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTheirs(value)]))
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // its errors are Errors, and a third of all outcomes
  try {
    return describeTheirs(plan(isMended ? MENDED : AS_IT_IS, parse(source))(bindings as never))
  } catch {
    return "error"
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
