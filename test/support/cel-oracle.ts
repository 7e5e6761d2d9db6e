/** @bufbuild/cel as an oracle: an expression over the same variables, and its outcome in the words of `describeOutcome`. */
import {
  CelScalar,
  celEnv,
  celFunc,
  celUint,
  isCelError,
  isCelList,
  isCelMap,
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
  compareCodePoints,
  Double,
  Duration,
  isInt,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from "../../src/cel/value.ts"

/** Errors are all alike; 1, 1u and 1.0 are not. */
export function describeOutcome(value: Value | CelError): string {
  if (value instanceof CelError) return "error"
  if (isInt(value)) return `${value}`
  if (value instanceof Uint) return `${value.value}u`
  if (value instanceof Double) return describeDouble(value.value)
  if (value instanceof Timestamp) return `timestamp ${value.seconds} ${value.nanos}`
  if (value instanceof Duration) return `duration ${value.seconds} ${value.nanos}`
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
const describeDouble = (value: number) => `double ${value === 0 ? 0 : value}`

function describeTheirs(value: unknown): string {
  if (isCelError(value)) return "error"
  if (typeof value === "bigint") return `${value}`
  if (typeof value === "number") return describeDouble(value)
  if (isCelUint(value)) return `${value.value}u`
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

/** What it gets wrong and cannot be mended from outside, by signature: no expression that is compared calls these. */
export const FAULTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds"
      .split(" ")
      .flatMap((name) => [`.${name}(timestamp)`, `.${name}(timestamp, string)`])
      .map((signature) => [signature, "rounds to milliseconds, and reads the hour after midnight as the 24th"]),
  ),
  "string(timestamp)": "writes three digits of a fraction at least",
  "int(string)": "reads an empty text as 0",
  "uint(string)": "reads an empty text as 0",
  "duration(string)": "reads an empty text as 0",
  "_/_(uint, uint)": "has no greatest uint",
  "timestamp(int)": "takes milliseconds; CEL has seconds",
  "double(string)": "reads what is no number as 0 or NaN instead of an error",
  "string(double)": "writes as JavaScript does; cel-go as %g does",
  "string(duration)": "writes three digits of a fraction at least",
  "matches(string, string)": "has it as a method only",
}

/** Its faults, mended where its functions can be replaced; each has a test of its own among the unit tests of `cel`. */
const ORDERS = ["_<_", "_<=_", "_>_", "_>=_"] as const
const holds = (name: (typeof ORDERS)[number], order: number) =>
  ({ "_<_": order < 0, "_<=_": order <= 0, "_>_": order > 0, "_>=_": order >= 0 })[name]
const FUNCTIONS = ORDERS.map((name) =>
  // It orders strings by UTF-16 units.
  celFunc(name, [CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, (a: string, b: string) =>
    holds(name, compareCodePoints(a, b)),
  ),
)

export function evaluateTheirs(source: string, variables: Readonly<Record<string, Value>>): string {
  const env = celEnv({
    variables: Object.fromEntries(Object.keys(variables).map((name) => [name, CelScalar.DYN])),
    funcs: FUNCTIONS,
    re2: { compile: (pattern) => ({ test: (text) => RE2JS.compile(pattern).test(text) }) },
  })
  const bindings = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toTheirs(value)]))
  try {
    return describeTheirs(plan(env, parse(source))(bindings as never))
  } catch {
    return "error"
  }
}
