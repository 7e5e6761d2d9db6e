/** The official CEL conformance cases (@bufbuild/cel-spec), read as what this compiler takes. */
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js"
import type { Call, Expr } from "../../src/cel/ast.ts"
import type { Names } from "../../src/cel/check.ts"
import { compile, FUNCTIONS } from "../../src/cel/compile.ts"
import { type Overload, toFunctions } from "../../src/cel/overload.ts"
import { type Macro, parse } from "../../src/cel/parse.ts"
import { SyntaxProblem } from "../../src/cel/problem.ts"
import { textToDuration, textToTimestamp } from "../../src/cel/time.ts"
import { DYN, formatType, opaque, type StructType, type Type, typeOf } from "../../src/cel/type.ts"
import { CelError, CelMap, Double, TypeValue, toInt, Uint, type Value } from "../../src/cel/value.ts"

/** Those of the official suites that work without protobuf messages. */
export const SUITES = [
  "basic",
  "bindings_ext",
  "block_ext",
  "comparisons",
  "conversions",
  "encoders_ext",
  "fields",
  "fp_math",
  "integer_math",
  "lists",
  "logic",
  "macros",
  "macros2",
  "math_ext",
  "namespace",
  "optionals",
  "parse",
  "plumbing",
  "string",
  "string_ext",
  "timestamps",
  "type_deductions",
] as const

type Json = { readonly [key: string]: unknown }
export interface Case {
  readonly suite: string
  /** suite/section/name */
  readonly id: string
  readonly test: Json & { readonly expr: string }
}
interface Suite {
  readonly name: string
  readonly suites?: readonly Suite[]
  readonly tests?: readonly { readonly original: Json & { readonly name?: string; readonly expr: string } }[]
}

/** All cases of the suites above but those that make or read messages. */
export function readCases(): Case[] {
  const found: Case[] = []
  const walk = (suite: Suite, path: readonly string[]) => {
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.name])
    for (const { original } of suite.tests ?? []) {
      const top = path[0] as string
      if ((SUITES as readonly string[]).includes(top) && !needsMessages(original))
        found.push({ suite: top, id: [...path, original.name].join("/"), test: original })
    }
  }
  walk(tests as unknown as Suite, [])
  return found
}

/** What is only checked may name a message that is declared here. */
function needsMessages(test: Json): boolean {
  const { expr, bindings, value, typedResult } = test as { readonly [key: string]: unknown }
  const text = JSON.stringify([(expr as string).replaceAll(/\/\/.*|\s+/g, ""), bindings, value, typedResult])
  if (
    /TestAllTypes\{|conformance\.proto[23]|NestedTestAllTypes|protobuf\.\w+\{|google\.protobuf\.(?!Timestamp|Duration)/.test(
      text,
    )
  )
    return true
  return JSON.stringify(test["typeEnv"] ?? []).includes("messageType") && test["checkOnly"] !== true
}

const PRIMITIVES: Readonly<Record<string, Type["kind"]>> = {
  BOOL: "bool",
  INT64: "int",
  UINT64: "uint",
  DOUBLE: "double",
  STRING: "string",
  BYTES: "bytes",
}
const primitive = (name: string) => ({ kind: PRIMITIVES[name] }) as Type

const FIELDS: Readonly<Record<string, Type>> = {
  single_int64: primitive("INT64"),
  single_int64_wrapper: { kind: "wrapper", of: primitive("INT64") },
  single_string_wrapper: { kind: "wrapper", of: primitive("STRING") },
  single_duration: { kind: "duration" },
  single_timestamp: { kind: "timestamp" },
}
const struct = (name: string, field: (field: string) => Type | undefined): StructType => ({
  kind: "struct",
  name,
  field: (one) => {
    const type = field(one)
    return type && { type, isOptional: false }
  },
  known: () => [],
})
const NESTED = struct("NestedMessage", (field) => (field === "bb" ? primitive("INT64") : undefined))
const message = (name: string) =>
  struct(name, (field) =>
    field === "repeated_nested_message" ? ({ kind: "list", element: NESTED } as const) : FIELDS[field],
  )

export function toType(json: Json): Type {
  const [kind, value] = Object.entries(json)[0] as [string, never]
  switch (kind) {
    case "primitive":
      return primitive(value)
    case "wellKnown":
      return { kind: value === "TIMESTAMP" ? "timestamp" : value === "DURATION" ? "duration" : "dyn" }
    case "wrapper":
      return { kind: "wrapper", of: primitive(value) }
    case "listType":
      return { kind: "list", element: toType((value as Json)["elemType"] as Json) }
    case "mapType":
      return {
        kind: "map",
        key: toType((value as Json)["keyType"] as Json),
        value: toType((value as Json)["valueType"] as Json),
      }
    case "abstractType": {
      const { name, parameterTypes } = value as { name: string; parameterTypes: Json[] }
      return opaque(name, ...parameterTypes.map(toType))
    }
    case "typeParam":
      return { kind: "parameter", name: value }
    case "messageType":
      return message(value)
    case "null":
      return { kind: "null" }
    case "type":
      return typeOf(toType(value))
    default:
      return DYN
  }
}

export function toValue(json: Json): Value {
  const [kind, value] = Object.entries(json)[0] as [string, never]
  switch (kind) {
    case "int64Value":
      return toInt(BigInt(value))
    case "uint64Value":
      return new Uint(BigInt(value))
    case "doubleValue":
      return new Double(Number(value))
    case "bytesValue":
      return Uint8Array.from(Buffer.from(value, "base64"))
    case "typeValue":
      return new TypeValue(value)
    case "listValue":
      return ((value as { values?: Json[] }).values ?? []).map(toValue)
    case "mapValue":
      return CelMap.of(
        ((value as { entries?: { key: Json; value: Json }[] }).entries ?? []).map(
          (entry) => [toValue(entry.key), toValue(entry.value)] as const,
        ),
      )
    case "objectValue": {
      const { "@type": type, value: text } = value as { "@type": string; value: string }
      return type.endsWith("Timestamp") ? textToTimestamp(text) : textToDuration(text)
    }
    default:
      return value
  }
}

/** Where 1, 1u and 1.0 are three things, and NaN is NaN; the order of a map does not count. */
export function describeValue(value: Value): string {
  if (Array.isArray(value)) return `[${value.map((item) => describeValue(item as Value)).join(", ")}]`
  if (value instanceof CelMap)
    return `{${value
      .keys()
      .map((key) => `${describeValue(key)}: ${describeValue(value.get(key) as Value)}`)
      .sort()
      .join(", ")}}`
  if (value instanceof Uint) return `${value.value}u`
  if (value instanceof Double) return `double ${Object.is(value.value, -0) ? "0" : value.value}`
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString("hex")}`
  if (typeof value === "object" && value !== null) return `${value.constructor.name} ${JSON.stringify(value)}`
  return typeof value === "string" ? JSON.stringify(value) : String(value)
}

/** cel.block, cel.index and cel.iterVar: what optimizers write, which only these suites read. */
const BLOCK: Macro = (call: Call): Expr | undefined => {
  const { target, name, args, offset, at } = call
  if (target?.kind !== "ident" || target.name !== "cel") return undefined
  const numbers = args.map((arg) => (arg.kind === "const" ? String(arg.value) : ""))
  if (name === "index" || name === "iterVar") return { kind: "ident", name: `@${name}${numbers.join("_")}`, offset, at }
  if (name !== "block") return undefined
  const [list, body] = args as [Expr, Expr]
  if (list.kind !== "list") return undefined
  return list.items.reduceRight<Expr>((inner, item, i) => {
    // What is optional there is a plain value here: none of these is left out.
    return {
      kind: "comprehension",
      form: "bind",
      range: item.value,
      variables: [`@index${i}`],
      filter: undefined,
      body: inner,
      offset,
      at,
    }
  }, body)
}
const LIMITS = { nesting: 100, nodes: 10_000, tooManyNodes: "too many nodes" }

/** What a case comes out as here: a value with its type, a type alone, or an error. */
export function runCase({ test }: Case): string {
  const container = (test["container"] as string | undefined) ?? ""
  const variables = new Map<string, Type>()
  const overloads: Overload[] = []
  for (const declared of (test["typeEnv"] as readonly Json[] | undefined) ?? []) {
    const name = declared["name"] as string
    if (declared["ident"]) variables.set(name, toType((declared["ident"] as Json)["type"] as Json))
    for (const one of ((declared["function"] as Json | undefined)?.["overloads"] as readonly Json[] | undefined) ??
      []) {
      overloads.push({
        name,
        isMember: one["isInstanceFunction"] === true,
        parameters: ((one["params"] as Json[] | undefined) ?? []).map(toType),
        result: toType(one["resultType"] as Json),
        call: () => {
          throw new CelError("declared only")
        },
        cost: undefined,
      })
    }
  }
  const isUnchecked = test["disableCheck"] === true
  const bindings = (test["bindings"] as { readonly [name: string]: { readonly value: Json } } | undefined) ?? {}
  if (isUnchecked) for (const name of Object.keys(bindings)) variables.set(name, DYN)
  const names: Names = {
    functions: overloads.length > 0 ? toFunctions([...FUNCTIONS.values()].flat(), overloads) : FUNCTIONS,
    variables,
    container,
    isUnchecked,
  }
  try {
    const compiled = compile(parse(test.expr, LIMITS, [BLOCK]), names)
    if ("problems" in compiled) return `does not check: ${compiled.problems.map(({ message }) => message).join(" ")}`
    const type = formatType(compiled.type)
    if (test["checkOnly"] === true) return `of type ${type}`
    const value = compiled.run(
      Object.fromEntries(Object.entries(bindings).map(([name, bound]) => [name, toValue(bound.value)])),
      1_000_000,
    )
    if (value instanceof CelError) return "error"
    return `${describeValue(value)}${test["typedResult"] ? ` of type ${type}` : ""}`
  } catch (error) {
    if (error instanceof SyntaxProblem) return `does not parse: ${error.message}`
    throw error
  }
}

/** What it should come out as. A case that names nothing is true. */
export function expected({ test }: Case): string {
  const typed = test["typedResult"] as { readonly result?: Json; readonly deducedType: Json } | undefined
  if (typed) {
    const type = `of type ${formatType(toType(typed.deducedType))}`
    return typed.result && test["checkOnly"] !== true ? `${describeValue(toValue(typed.result))} ${type}` : type
  }
  if (test["evalError"]) return "error"
  return test["value"] ? describeValue(toValue(test["value"] as Json)) : "true"
}
